package score

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/evaluate"
)

// Predictions are the answers of one head: Single where a text has one label,
// Multi where it may have any number, Values where it has a number.
type Predictions struct {
	Head   string
	Single *evaluate.Predictions
	Multi  *evaluate.MultiPredictions
	Values *evaluate.ValuePredictions

	// Foreign counts the rows of the labels that the head does not know, by label; nil if
	// there are none.
	Foreign map[string]int
}

// newPredictions returns those of a head without rows; foreign are labels that it does not
// know.
func newPredictions(head *classify.Head, foreign []string) Predictions {
	p := Predictions{Head: head.Name}
	labels := slices.Concat(head.Labels, foreign)
	if foreign != nil {
		p.Foreign = map[string]int{}
	}
	switch {
	case !head.Labelled():
		p.Values = &evaluate.ValuePredictions{Head: head.Name}
	case head.MultiLabel():
		p.Multi = &evaluate.MultiPredictions{Head: head.Name, Labels: labels, Thresholds: slices.Clone(head.Thresholds)}
		for range foreign {
			if head.Thresholds != nil {
				p.Multi.Thresholds = append(p.Multi.Thresholds, 0.5)
			}
		}
	default:
		p.Single = &evaluate.Predictions{Head: head.Name, Labels: labels}
	}
	return p
}

// add appends the answer to a text and its true labels. The error is one of a label that
// is not for the head.
func (p Predictions) add(head *classify.Head, gold []string, s classify.Score, row evaluate.Row) error {
	for _, l := range gold {
		if p.Values == nil && !slices.Contains(head.Labels, l) {
			p.Foreign[l]++
		}
	}
	switch {
	case p.Values != nil:
		v, err := head.ParseValue(gold[0])
		if err != nil {
			return err
		}
		p.Values.Add(float64(v), float64(s.Value), row)
	case p.Multi != nil:
		var set []int
		for _, l := range gold {
			set = append(set, slices.Index(p.Multi.Labels, l))
		}
		p.Multi.Add(set, widened(s.Probs, len(p.Multi.Labels)), row)
	default:
		p.Single.Add(slices.Index(p.Single.Labels, gold[0]), widened(s.Probs, len(p.Single.Labels)), row)
	}
	return nil
}

// widened is probabilities with zeros for labels that the head does not know.
func widened(probs []float32, n int) []float32 {
	if len(probs) == n {
		return probs
	}
	return append(slices.Clone(probs), make([]float32, n-len(probs))...)
}

// Labelled says whether the answers are labels.
func (p Predictions) Labelled() bool { return p.Values == nil }

// Rows are those of Single, Multi or Values.
func (p Predictions) Rows() []evaluate.Row {
	switch {
	case p.Values != nil:
		return p.Values.Rows
	case p.Multi != nil:
		return p.Multi.Rows
	}
	return p.Single.Rows
}

// Evaluate computes the metrics of p.
func (p Predictions) Evaluate(o evaluate.Options) (*evaluate.Evaluation, error) {
	switch {
	case p.Values != nil:
		return evaluate.NewValues(p.Values, o)
	case p.Multi != nil:
		return evaluate.NewMulti(p.Multi, o)
	}
	return evaluate.New(p.Single, o)
}

// metrics lists what heads that answer with something are judged by, by the names in
// package evaluate.
var metrics = []struct {
	of    string
	suits func(*classify.Head) bool
	names []string
}{
	{"labels", (*classify.Head).Labelled, evaluate.LabelledNames()},
	{"numbers", func(h *classify.Head) bool { return !h.Labelled() }, evaluate.ValueNames()},
}

// CheckMetric reports a metric that none of the heads, one at least, is judged by.
func CheckMetric(heads []classify.Head, name string) error {
	var of, other string
	var names []string
	for _, m := range metrics {
		suited := slices.ContainsFunc(heads, func(h classify.Head) bool { return m.suits(&h) })
		switch known := slices.Contains(m.names, name); {
		case known && suited:
			return nil
		case known:
			of = m.of
		case suited:
			other, names = m.of, m.names
		}
	}
	return fmt.Errorf("metric %q is of %s, the model's heads answer with %s: want one of %q", name, of, other, names)
}

// DefaultMetric is the metric that chooses the best epoch of a model with those heads: the
// macro-F1 where any has labels, else the error of one head, and whatever the units the
// share of the variance that several explain.
func DefaultMetric(heads []classify.Head) string {
	switch {
	case len(heads) == 0 || slices.ContainsFunc(heads, func(h classify.Head) bool { return h.Labelled() }):
		return "macro_f1"
	case len(heads) == 1:
		return "rmse" // of a single dev text too
	}
	return "r2"
}

// Choose returns o with the threshold from which on a share of the answers of dev is
// right, for a precision above 0; found is false if there is none. For a head of several
// labels to a text it sets the thresholds of p to the best ones for dev, where that is
// not p itself.
func (p Predictions) Choose(dev Predictions, precision float64, o evaluate.Options) (_ evaluate.Options, found bool, err error) {
	if p.Multi != nil {
		if dev.Multi != p.Multi {
			p.Multi.Thresholds, err = p.bestThresholds(dev)
		}
		return o, true, err
	}
	if precision == 0 || p.Single == nil { // numbers have no threshold: Evaluate says so
		return o, true, nil
	}
	at, found, err := dev.Single.ThresholdFor(precision)
	if err != nil {
		return o, false, err
	}
	o.Abstain = at.Threshold
	return o, found, nil
}

// bestThresholds returns those for the labels of p that are best for dev, which may have
// other labels that the head does not know.
func (p Predictions) bestThresholds(dev Predictions) ([]float64, error) {
	best, err := dev.Multi.BestThresholds()
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(p.Multi.Labels))
	for c, l := range p.Multi.Labels {
		out[c] = 0.5
		if at := slices.Index(dev.Multi.Labels, l); at >= 0 {
			out[c] = best[at]
		}
	}
	return out, nil
}
