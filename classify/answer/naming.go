package answer

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
)

// A Naming says what a score is called where the model is not sure. The zero value
// always gives the likeliest label.
type Naming struct {
	// Abstain is the probability below which a score has no label, 0 to 1.
	Abstain float64

	// Neutral is the probability below which a score is called neutral, 0 to 1, where
	// its head has the labels negative and positive alone.
	Neutral float64
}

// Validate reports a number that is no probability, beginning with its name in lower case.
func (n Naming) Validate() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"abstain", n.Abstain}, {"neutral", n.Neutral}} {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("%s %g: want 0 to 1", p.name, p.value)
		}
	}
	return nil
}

// Label returns the label of a score that h gave, as the training texts spell it, and
// false if there is none.
func (n Naming) Label(h *classify.Head, s classify.Score) (string, bool) {
	p := float64(s.Prob())
	switch {
	case p < n.Abstain:
		return "", false
	case p < n.Neutral && len(h.Labels) == 2 && slices.Contains(h.Labels, "negative") && slices.Contains(h.Labels, "positive"):
		return "neutral", true
	}
	return h.Spell(h.Labels[s.Label]), true
}

// Labels returns the labels of a score that h gave, as the training texts spell them: for a
// multi-label head those that reach their thresholds and are as likely as Abstain asks, in
// the order of the head, else what Label returns. It may be empty, and is not nil.
func (n Naming) Labels(h *classify.Head, s classify.Score) []string {
	labels := []string{}
	if !h.MultiLabel() {
		if label, ok := n.Label(h, s); ok {
			labels = append(labels, label)
		}
		return labels
	}
	for _, l := range h.PredictedLabels(s) {
		if float64(s.Probs[slices.Index(h.Labels, l)]) >= n.Abstain {
			labels = append(labels, h.Spell(l))
		}
	}
	return labels
}
