package answer

import (
	"strconv"

	"github.com/textlstm/textlstm/classify"
)

// appendScore appends the answer of a head as an object.
func (n Naming) appendScore(b []byte, head *classify.Head, s classify.Score) []byte {
	if !head.Labelled() {
		return append(appendNumber(append(b, `{"value":`...), s.Value), '}')
	}
	b = append(b, `{"label":`...)
	if label, ok := n.Label(head, s); ok {
		b = appendJSON(b, label)
	} else {
		b = append(b, "null"...)
	}
	if head.MultiLabel() {
		b = appendJSON(append(b, `,"labels":`...), head.PredictedLabels(s))
	}
	b = appendProb(append(b, `,"prob":`...), s.Prob())
	b = append(b, `,"probs":`...)
	return append(appendProbs(b, head.Labels, s.Probs), '}')
}

// columns are the names of the columns of a head.
func columns(head *classify.Head) []string {
	if !head.Labelled() {
		return []string{head.Name}
	}
	return []string{head.Name, head.Name + "_prob"}
}

// cells are the answer of a head in its columns.
func (n Naming) cells(head *classify.Head, s classify.Score) []any {
	if !head.Labelled() {
		return []any{string(appendNumber(nil, s.Value))}
	}
	label, _ := n.Label(head, s)
	return []any{label, string(appendProb(nil, s.Prob()))}
}

// appendProbs appends an object with a number for each label.
func appendProbs(b []byte, labels []string, probs []float32) []byte {
	b = append(b, '{')
	for c, label := range labels {
		if c > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, label), ':')
		b = appendProb(b, probs[c])
	}
	return append(b, '}')
}

// appendNumber appends the answer of a regression.
func appendNumber(b []byte, v float32) []byte { return strconv.AppendFloat(b, float64(v), 'g', 7, 32) }

func appendProb(b []byte, p float32) []byte { return strconv.AppendFloat(b, float64(p), 'f', 4, 32) }
