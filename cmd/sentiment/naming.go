package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
)

// A naming says what a score is called where the model is not sure.
type naming struct{ abstain, neutral float64 }

func (n *naming) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float64Var(&n.abstain, "abstain", 0, "give no label below this `probability`")
	f.Float64Var(&n.neutral, "neutral", 0, "neutral below this `probability`, where a head knows negative and positive alone")
}

func (n *naming) check() error {
	if !(n.abstain >= 0 && n.abstain <= 1) {
		return usagef("--abstain %g: want 0 to 1", n.abstain)
	}
	if !(n.neutral >= 0 && n.neutral <= 1) {
		return usagef("--neutral %g: want 0 to 1", n.neutral)
	}
	return nil
}

// label returns the label of a score, and false if there is none.
func (n *naming) label(h *classify.Head, s classify.Score) (string, bool) {
	p := float64(s.Prob())
	switch {
	case p < n.abstain:
		return "", false
	case p < n.neutral && len(h.Labels) == 2 && slices.Contains(h.Labels, "negative") && slices.Contains(h.Labels, "positive"):
		return "neutral", true
	}
	return h.Labels[s.Label], true
}
