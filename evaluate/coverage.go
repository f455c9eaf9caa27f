package evaluate

import (
	"cmp"
	"fmt"
	"slices"
)

// An OperatingPoint is what a head gives that answers only where its confidence
// is at least Threshold.
type OperatingPoint struct {
	Threshold float64 `json:"threshold"`
	Answered  int     `json:"answered"` // rows
	Coverage  float64 `json:"coverage"` // share of rows answered
	Accuracy  Score   `json:"accuracy"` // of the rows answered; not defined if there are none
	Risk      Score   `json:"risk"`     // 1 - Accuracy
}

func newOperatingPoint(threshold float64, answered, right, n int) OperatingPoint {
	accuracy := Score(right) / Score(answered) // 0/0 where nothing is answered
	return OperatingPoint{threshold, answered, float64(answered) / float64(n), accuracy, 1 - accuracy}
}

// operatingPoints returns the point of every distinct confidence, by falling
// confidence.
func (s *scorer) operatingPoints() []OperatingPoint {
	rows := make([]int, s.n)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(s.conf[b], s.conf[a]) })
	var out []OperatingPoint
	right := 0
	for j, i := range rows {
		if s.right(i) {
			right++
		}
		if j+1 < s.n && s.conf[rows[j+1]] == s.conf[i] {
			continue
		}
		out = append(out, newOperatingPoint(s.conf[i], j+1, right, s.n))
	}
	return out
}

// riskCoverage picks from points the smallest coverage that reaches each of
// 100 %, 95 %, 90 %, 80 %, ... 10 %.
func riskCoverage(points []OperatingPoint) []OperatingPoint {
	var out []OperatingPoint
	for _, want := range []float64{1, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1} {
		k, _ := slices.BinarySearchFunc(points, want, func(p OperatingPoint, c float64) int { return cmp.Compare(p.Coverage, c) })
		k = min(k, len(points)-1)
		if len(out) == 0 || out[len(out)-1] != points[k] {
			out = append(out, points[k])
		}
	}
	return out
}

// ThresholdFor returns the operating point with the highest coverage whose
// answers are right at least that share of the time, and whether there is one.
// Choose it on dev rows: on the rows it was chosen on, its accuracy is a little
// too good. It needs probabilities.
func (p *Predictions) ThresholdFor(accuracy float64) (OperatingPoint, bool, error) {
	if err := p.Validate(); err != nil {
		return OperatingPoint{}, false, err
	}
	if p.Probs == nil {
		return OperatingPoint{}, false, fmt.Errorf("evaluate: a threshold for accuracy %v needs probabilities", accuracy)
	}
	points := newScorer(p).operatingPoints()
	for _, pt := range slices.Backward(points) {
		if float64(pt.Accuracy) >= accuracy {
			return pt, true, nil
		}
	}
	return OperatingPoint{}, false, nil
}

// operatingPoint is what the head gives with that threshold.
func (s *scorer) operatingPoint(threshold float64) OperatingPoint {
	answered, right := 0, 0
	for i, c := range s.conf {
		if c < threshold {
			continue
		}
		answered++
		if s.right(i) {
			right++
		}
	}
	return newOperatingPoint(threshold, answered, right, s.n)
}

// A LabelPoint is what one label gives where it counts as predicted from
// Threshold on.
type LabelPoint struct {
	Label     string `json:"label"`
	Threshold Score  `json:"threshold"` // not defined if no threshold gives the precision
	Predicted int    `json:"predicted"` // rows
	Precision Score  `json:"precision"` // not defined without predicted rows
	Recall    Score  `json:"recall"`    // 0 without gold rows
}

// labelPoints returns for each label the point with the most predicted rows that
// has at least the wanted precision.
func labelPoints(labels []string, order []ranking, probs []float64, precision float64) []LabelPoint {
	c := len(labels)
	var out []LabelPoint
	for k, label := range labels {
		best := LabelPoint{Label: label, Threshold: undefined(), Precision: undefined()}
		tp, hits := 0, 0
		for j, e := range order[k] {
			if e.positive() {
				tp++
			}
			if e.last() && float64(tp)/float64(j+1) >= precision {
				best.Threshold, best.Predicted = Score(probs[e.row()*c+k]), j+1
				best.Precision = ratio(tp, j+1)
				hits = tp
			}
		}
		best.Recall = ratio(hits, tp)
		out = append(out, best)
	}
	return out
}
