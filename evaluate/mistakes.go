package evaluate

import (
	"cmp"
	"slices"
)

// A Mistake is a row that got a wrong label.
type Mistake struct {
	Index int `json:"index"` // of the row
	Row
	Gold        []string `json:"gold"`        // one label, or any number for a multi-label head
	Predicted   []string `json:"predicted"`   // likewise
	Probability Score    `json:"probability"` // of the predicted label
	Loss        Score    `json:"loss"`        // nats
}

// worst returns at most k mistakes, the highest loss first, rows in order where
// the loss is equal or not known.
func worst(n, k int, wrong func(i int) bool, loss func(i int) float64, at func(i int) Mistake) []Mistake {
	if k <= 0 {
		return nil
	}
	var rows []int
	for i := range n {
		if wrong(i) {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(loss(b), loss(a)) })
	var out []Mistake
	for _, i := range rows[:min(k, len(rows))] {
		out = append(out, at(i))
	}
	return out
}

// mistakes returns the wrong rows with the highest loss, at most n.
func (p *Predictions) mistakes(s *scorer, n int) []Mistake {
	c := len(p.Labels)
	loss := func(int) float64 { return 0 }
	if s.probs {
		loss = func(i int) float64 { return s.loss[i] }
	}
	return worst(s.n, n, func(i int) bool { return !s.right(i) }, loss, func(i int) Mistake {
		m := Mistake{
			Index:     i,
			Gold:      []string{p.Labels[p.Gold[i]]},
			Predicted: []string{p.Labels[int(s.cell[i])%c]},
			Loss:      undefined(), Probability: undefined(),
		}
		if s.probs {
			m.Loss, m.Probability = Score(s.loss[i]), Score(s.conf[i])
		}
		if p.Rows != nil {
			m.Row = p.Rows[i]
		}
		return m
	})
}
