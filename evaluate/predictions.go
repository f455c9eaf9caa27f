package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Predictions are the answers of one head, one label per row, beside the gold
// labels.
type Predictions struct {
	Head   string
	Labels []string // C distinct names
	Gold   []int    // [n], indices into Labels

	// Predicted holds the answers [n]; nil means the label of the highest
	// probability, the first of equals.
	Predicted []int

	// Probs is [n][C] row-major, every row summing to 1 within SumTolerance;
	// nil if only the answers are known, and then the metrics that need
	// probabilities are not defined.
	Probs []float64

	// Rows describes the rows [n] for slices and lists of errors; nil if
	// nothing is known of them.
	Rows []Row
}

// SumTolerance is how far a row of probabilities may sum from 1: room for
// files that give two decimals. Rows are used as they are, not rescaled.
const SumTolerance = 0.02

// A Row says where one prediction came from. Any field may be left empty.
type Row struct {
	ID       string  `json:"id,omitempty"`
	Text     string  `json:"text,omitempty"`
	Source   string  `json:"source,omitempty"`   // file or corpus
	Language string  `json:"language,omitempty"` // BCP 47
	Tokens   int     `json:"tokens,omitempty"`   // length of the text
	Unknown  float64 `json:"unknown,omitempty"`  // share of tokens not in the vocabulary, [0, 1]
}

// Add appends one row: its gold label, its probabilities by label, and what is
// known of it. Nothing is checked before [New].
func (p *Predictions) Add(gold int, probs []float32, row Row) {
	p.Gold = append(p.Gold, gold)
	for _, v := range probs {
		p.Probs = append(p.Probs, float64(v))
	}
	p.Rows = append(p.Rows, row)
}

// Len is the number of rows.
func (p *Predictions) Len() int { return len(p.Gold) }

// Validate reports what is wrong with p: sizes that do not fit, indices out of
// range, probabilities that are not numbers in [0, 1] or do not sum to 1.
func (p *Predictions) Validate() error {
	n, c := len(p.Gold), len(p.Labels)
	if n == 0 {
		return errors.New("evaluate: no rows")
	}
	if c == 0 {
		return errors.New("evaluate: no labels")
	}
	if err := distinct(p.Labels); err != nil {
		return err
	}
	if p.Predicted == nil && p.Probs == nil {
		return errors.New("evaluate: neither predicted labels nor probabilities")
	}
	if p.Predicted != nil && len(p.Predicted) != n {
		return fmt.Errorf("evaluate: %d predicted labels for %d gold labels", len(p.Predicted), n)
	}
	if p.Probs != nil && len(p.Probs) != n*c {
		return fmt.Errorf("evaluate: %d probabilities, want %d rows * %d labels = %d", len(p.Probs), n, c, n*c)
	}
	if p.Rows != nil && len(p.Rows) != n {
		return fmt.Errorf("evaluate: %d row descriptions for %d gold labels", len(p.Rows), n)
	}
	for i, g := range p.Gold {
		if g < 0 || g >= c {
			return fmt.Errorf("evaluate: row %d: gold label %d, want 0 to %d", i, g, c-1)
		}
	}
	for i, g := range p.Predicted {
		if g < 0 || g >= c {
			return fmt.Errorf("evaluate: row %d: predicted label %d, want 0 to %d", i, g, c-1)
		}
	}
	for i := range p.Probs {
		if v := p.Probs[i]; !(v >= 0 && v <= 1) {
			return fmt.Errorf("evaluate: row %d, label %q: probability %v, want 0 to 1", i/c, p.Labels[i%c], v)
		}
	}
	for i := 0; p.Probs != nil && i < n; i++ {
		sum := 0.0
		for _, v := range p.Probs[i*c : (i+1)*c] {
			sum += v
		}
		if math.Abs(sum-1) > SumTolerance {
			return fmt.Errorf("evaluate: row %d: probabilities sum to %v, want 1", i, sum)
		}
	}
	return nil
}

// distinct is the error of a label that is listed twice.
func distinct(labels []string) error {
	for i, l := range labels {
		if j := slices.Index(labels[:i], l); j >= 0 {
			return fmt.Errorf("evaluate: labels %d and %d are both %q", j, i, l)
		}
	}
	return nil
}

// subset returns the given rows, without their descriptions.
func (p *Predictions) subset(rows []int) *Predictions {
	c := len(p.Labels)
	q := &Predictions{Labels: p.Labels}
	for _, i := range rows {
		q.Gold = append(q.Gold, p.Gold[i])
		if p.Predicted != nil {
			q.Predicted = append(q.Predicted, p.Predicted[i])
		}
		if p.Probs != nil {
			q.Probs = append(q.Probs, p.Probs[i*c:(i+1)*c]...)
		}
	}
	return q
}

// answers returns the predicted label of every row.
func (p *Predictions) answers() []int {
	if p.Predicted != nil {
		return p.Predicted
	}
	c := len(p.Labels)
	out := make([]int, len(p.Gold))
	for i := range out {
		out[i] = argmax(p.Probs[i*c : (i+1)*c])
	}
	return out
}

// argmax is the index of the first largest element.
func argmax(x []float64) int { return slices.Index(x, slices.Max(x)) }

// Restrict returns the predictions over a subset of the labels, as a head with
// only those labels would have made them: rows of other gold labels are left
// out and the rest of the probability is spread in proportion (evenly if the
// kept labels had none). It needs probabilities. Labels keep the order given.
func (p *Predictions) Restrict(labels ...string) (*Predictions, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if p.Probs == nil {
		return nil, errors.New("evaluate: restricting the labels needs probabilities")
	}
	if err := distinct(labels); err != nil {
		return nil, err
	}
	c := len(p.Labels)
	keep := make([]int, len(labels)) // new index -> old
	at := make(map[int]int)          // old index -> new
	for i, l := range labels {
		j := slices.Index(p.Labels, l)
		if j < 0 {
			return nil, fmt.Errorf("evaluate: no label %q, want one of %q", l, p.Labels)
		}
		keep[i], at[j] = j, i
	}
	r := &Predictions{Head: p.Head, Labels: slices.Clone(labels)}
	for i, g := range p.Gold {
		gold, ok := at[g]
		if !ok {
			continue
		}
		row := p.Probs[i*c : (i+1)*c]
		sum := 0.0
		for _, j := range keep {
			sum += row[j]
		}
		for _, j := range keep {
			if sum > 0 {
				r.Probs = append(r.Probs, row[j]/sum)
			} else {
				r.Probs = append(r.Probs, 1/float64(len(keep)))
			}
		}
		r.Gold = append(r.Gold, gold)
		if p.Rows != nil {
			r.Rows = append(r.Rows, p.Rows[i])
		}
	}
	if len(r.Gold) == 0 {
		return nil, fmt.Errorf("evaluate: no row has a label of %q", labels)
	}
	return r, nil
}
