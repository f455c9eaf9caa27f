package answer

import (
	"strconv"

	"github.com/textlstm/textlstm/classify"
)

// appendScore appends the answer of a head as an object; that for a blank text has
// neither label nor number, and no probabilities where there are none.
func (n Naming) appendScore(b []byte, head *classify.Head, s classify.Score, blank bool) []byte {
	switch {
	case !head.Labelled() && blank:
		return append(b, `{"value":null}`...)
	case !head.Labelled():
		return append(appendNumber(append(b, `{"value":`...), s.Value), '}')
	}
	b = append(b, `{"label":`...)
	label, ok := "", false
	if !blank {
		label, ok = n.Label(head, s)
	}
	if ok {
		b = appendJSON(b, label)
	} else {
		b = append(b, "null"...)
	}
	if head.MultiLabel() {
		labels := []string{}
		if !blank {
			labels = n.Labels(head, s)
		}
		b = appendJSON(append(b, `,"labels":`...), labels)
	}
	b = append(b, `,"prob":`...)
	if blank {
		b = append(b, "null"...)
	} else {
		b = appendProb(b, s.Prob())
	}
	b = append(b, `,"probs":`...)
	if s.Probs == nil {
		return append(b, "null}"...)
	}
	return append(appendProbs(b, head, s.Probs), '}')
}

// appendProbs appends an object with a number for each label of h.
func appendProbs(b []byte, h *classify.Head, probs []float32) []byte {
	b = append(b, '{')
	for c, label := range h.Labels {
		if c > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, h.Spell(label)), ':')
		b = appendProb(b, probs[c])
	}
	return append(b, '}')
}

// appendNumber appends the answer of a regression.
func appendNumber(b []byte, v float32) []byte { return strconv.AppendFloat(b, float64(v), 'g', 7, 32) }

func appendProb(b []byte, p float32) []byte { return strconv.AppendFloat(b, float64(p), 'f', 4, 32) }
