package explain

import (
	"context"
	"math"
)

// leaveOut asks the model for the score without each word in turn. A word makes
// way for a space, and the rest is read anew, so that what the pipeline made
// of the word's neighbours goes with it.
func (e *Explainer) leaveOut(ctx context.Context, q *question, x *Explanation) error {
	const window = 256 // texts at a time
	score := func(texts []string) ([]float64, error) {
		encoded, err := e.model.Encode(ctx, texts)
		if err != nil {
			return nil, err
		}
		logits, err := e.model.Logits(ctx, encoded)
		if err != nil {
			return nil, err
		}
		C := len(q.direction)
		out := make([]float64, len(texts))
		for i := range out {
			for c, d := range q.direction {
				out[i] += float64(d) * float64(logits[q.head][i*C+c])
			}
		}
		return out, nil
	}
	whole, err := score([]string{q.text})
	if err != nil {
		return err
	}
	for from := 0; from < len(x.Words); from += window {
		words := x.Words[from:min(from+window, len(x.Words))]
		texts := make([]string, len(words))
		for i, w := range words {
			texts[i] = q.text[:w.Start] + " " + q.text[w.End:]
		}
		without, err := score(texts)
		if err != nil {
			return err
		}
		for i := range words {
			loss := whole[0] - without[i]
			words[i].LeftOut = &loss
		}
	}
	if r := correlation(x.Words); !math.IsNaN(r) {
		x.Agreement = &r
	}
	return nil
}

// correlation is Pearson's of the words' parts and of what leaving them out
// takes; NaN where one of them does not vary.
func correlation(words []Word) float64 {
	n := float64(len(words))
	var meanA, meanB float64
	for _, w := range words {
		meanA += w.Score / n
		meanB += *w.LeftOut / n
	}
	var ab, aa, bb float64
	for _, w := range words {
		a, b := w.Score-meanA, *w.LeftOut-meanB
		ab += a * b
		aa += a * a
		bb += b * b
	}
	return ab / math.Sqrt(aa*bb)
}
