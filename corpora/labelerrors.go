package corpora

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A LabelError is an example whose label is probably wrong.
type LabelError struct {
	Index     int     // of the example
	Given     int     // its label
	Suggested int     // the label that the model is confident of
	Margin    float64 // probability of Suggested minus that of Given, in (0, 1]
}

// A WrongLabel is a LabelError of a data set, by name.
type WrongLabel struct {
	Index     int    // of the example
	Head      string // of the label
	Given     string
	Suggested string
	Margin    float64
}

// LabelErrors finds examples that are probably mislabelled, the surest first, by
// confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning:
// Estimating Uncertainty in Dataset Labels", eq. 1 and 2, "off-diagonals of the
// confident joint").
//
// gold[i] is the label of example i, probs[i][j] the probability of label j that
// a model gives which has not seen example i: those of the test folds of a
// cross-validation. A label is believed where its probability is at least the
// mean probability of that label over the examples that have it; an example is an
// error if the most probable label that is believed is not its own.
//
// It returns an error if the shapes disagree or a probability is not finite.
func LabelErrors(gold []int, probs [][]float32) ([]LabelError, error) {
	if len(gold) != len(probs) {
		return nil, fmt.Errorf("corpora: %d labels and %d rows of probabilities", len(gold), len(probs))
	}
	if len(gold) == 0 {
		return nil, nil
	}
	labels := len(probs[0])
	sum, count := make([]float64, labels), make([]int, labels)
	for i, p := range probs {
		if len(p) != labels {
			return nil, fmt.Errorf("corpora: row %d has %d probabilities, row 0 has %d", i, len(p), labels)
		}
		if gold[i] < 0 || gold[i] >= labels {
			return nil, fmt.Errorf("corpora: example %d has label %d, want 0 to %d", i, gold[i], labels-1)
		}
		for _, v := range p {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("corpora: row %d has the probability %v", i, v)
			}
		}
		sum[gold[i]] += float64(p[gold[i]])
		count[gold[i]]++
	}
	var out []LabelError
	for i, p := range probs {
		best := -1
		for j, v := range p {
			if count[j] > 0 && float64(v) >= sum[j]/float64(count[j])-1e-6 && (best < 0 || v > p[best]) {
				best = j
			}
		}
		if best < 0 || best == gold[i] || p[best] <= p[gold[i]] {
			continue
		}
		out = append(out, LabelError{Index: i, Given: gold[i], Suggested: best, Margin: float64(p[best]) - float64(p[gold[i]])})
	}
	slices.SortStableFunc(out, func(a, b LabelError) int { return cmp.Compare(b.Margin, a.Margin) })
	return out, nil
}
