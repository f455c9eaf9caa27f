package classify

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

// ofLabels is what the kinds of heads that answer with labels have in common.
type ofLabels struct{}

func (ofLabels) width(h *Head) int { return len(h.Labels) }

// answer turns scores into probabilities, in place, and finds the best.
func (ofLabels) answer(h *Head, probs []float32) Score {
	h.Loss.Kind.Activate(probs, len(probs))
	s := Score{Probs: probs}
	for i, p := range probs {
		if p > probs[s.Label] {
			s.Label = i
		}
	}
	return s
}

func (ofLabels) checkAnswer(h *Head, s Score) error {
	if C := len(h.Labels); len(s.Probs) != C || s.Label < 0 || s.Label >= C {
		return fmt.Errorf("head %s: label %d and %d probabilities of %d labels", h.Name, s.Label, len(s.Probs), C)
	}
	for _, p := range s.Probs {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("head %s: probability %v, want 0 to 1", h.Name, p)
		}
	}
	return nil
}

func (ofLabels) name(h *Head, s Score) string { return h.Labels[s.Label] }

func (ofLabels) standardize(*Head, func(*Head) (nn.Targets, error), []float32) error { return nil }

// unit is the direction of the score of a label alone, if against is not "" less that of
// the other one.
func (h *Head) unit(label, against string) []float32 {
	d := make([]float32, len(h.Labels))
	if c := slices.Index(h.Labels, against); c >= 0 {
		d[c] = -1
	}
	d[slices.Index(h.Labels, label)] = 1
	return d
}

// places returns what finds the index of a label.
func (h *Head) places() func(label string) (int, error) {
	index := make(map[string]int, len(h.Labels))
	for c, l := range h.Labels {
		index[l] = c
	}
	return func(label string) (int, error) {
		c, ok := index[label]
		if !ok {
			return 0, fmt.Errorf("label %q is not one of head %s, which has %q", label, h.Name, h.Labels)
		}
		return c, nil
	}
}

// oneLabel is the kind of a head that gives each text one of its labels.
type oneLabel struct{ ofLabels }

func (oneLabel) losses() []nn.LossKind { return []nn.LossKind{"", nn.CrossEntropy} }

func (oneLabel) traits() traits { return traits{labelled: true, wide: ngram.Exclusive} }

func (oneLabel) check(h *Head) error {
	var errs []error
	if len(h.Labels) < 2 {
		errs = append(errs, fmt.Errorf(" has %d labels, want at least 2", len(h.Labels)))
	}
	if n := len(h.Thresholds); n > 0 {
		errs = append(errs, fmt.Errorf(" has %d thresholds for %d labels, want one for each and loss %s, or none", n, len(h.Labels), nn.BinaryCrossEntropy))
	}
	return errors.Join(errs...)
}

func (oneLabel) labels(h *Head, s Score) []string { return []string{h.Labels[s.Label]} }

func (oneLabel) reader(h *Head, t *nn.Targets) func([]string) error {
	place := h.places()
	return func(labels []string) error {
		y := int32(-1)
		for _, l := range labels {
			c, err := place(l)
			if err != nil {
				return err
			}
			y = int32(c)
		}
		t.Labels = append(t.Labels, y)
		return nil
	}
}

func (k oneLabel) addAnswer(h *Head, t *nn.Targets, scores []float32) {
	t.Labels = append(t.Labels, int32(k.answer(h, slices.Clone(scores)).Label))
}

// direction is the score of label less the mean of the others, or that of against.
func (oneLabel) direction(h *Head, label, against string) []float32 {
	d := h.unit(label, against)
	for c := range d {
		if against == "" && d[c] == 0 {
			d[c] = -1 / float32(len(d)-1)
		}
	}
	return d
}

// labelSet is the kind of a multi-label head.
type labelSet struct{ ofLabels }

func (labelSet) losses() []nn.LossKind { return []nn.LossKind{nn.BinaryCrossEntropy} }

func (labelSet) traits() traits {
	return traits{labelled: true, several: true, wide: ngram.Independent, about: "labels of which a text may have several"}
}

func (labelSet) check(h *Head) error {
	var errs []error
	if len(h.Labels) < 1 {
		errs = append(errs, errors.New(" has 0 labels, want at least 1"))
	}
	if n := len(h.Thresholds); n > 0 && n != len(h.Labels) {
		errs = append(errs, fmt.Errorf(" has %d thresholds for %d labels, want one for each and loss %s, or none", n, len(h.Labels), nn.BinaryCrossEntropy))
	}
	return errors.Join(errs...)
}

// has says whether a text has label c by a score.
func (labelSet) has(h *Head, s Score, c int) bool {
	threshold := 0.5
	if len(h.Thresholds) > 0 {
		threshold = h.Thresholds[c]
	}
	return float64(s.Probs[c]) >= threshold
}

func (k labelSet) labels(h *Head, s Score) []string {
	labels := []string{}
	for c := range s.Probs {
		if k.has(h, s, c) {
			labels = append(labels, h.Labels[c])
		}
	}
	return labels
}

func (labelSet) reader(h *Head, t *nn.Targets) func([]string) error {
	place, C := h.places(), len(h.Labels)
	return func(labels []string) error {
		none := float32(0)
		if labels == nil {
			none = float32(math.NaN())
		}
		t.Values = append(t.Values, slices.Repeat([]float32{none}, C)...)
		row := t.Values[len(t.Values)-C:]
		for _, l := range labels {
			c, err := place(l)
			if err != nil {
				return err
			}
			row[c] = 1
		}
		return nil
	}
}

func (k labelSet) addAnswer(h *Head, t *nn.Targets, scores []float32) {
	s := k.answer(h, slices.Clone(scores))
	for c := range s.Probs {
		v := float32(0)
		if k.has(h, s, c) {
			v = 1
		}
		t.Values = append(t.Values, v)
	}
}

// direction is the score of label alone, or less that of against.
func (labelSet) direction(h *Head, label, against string) []float32 { return h.unit(label, against) }
