package evaluate_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/textlstm/textlstm/evaluate"
)

// randomPredictions draws n rows whose gold label gets a head start of 1.5 in
// the logits.
func randomPredictions(seed uint64, n, labels int) *evaluate.Predictions {
	r := rand.New(rand.NewPCG(seed, 0))
	p := &evaluate.Predictions{Head: "head"}
	for k := range labels {
		p.Labels = append(p.Labels, fmt.Sprintf("label %d", k))
	}
	probs := make([]float32, labels)
	for i := range n {
		gold := r.IntN(labels)
		sum := 0.0
		for k := range probs {
			z := r.NormFloat64()
			if k == gold {
				z += 1.5
			}
			probs[k] = float32(math.Exp(z))
			sum += float64(probs[k])
		}
		for k := range probs {
			probs[k] /= float32(sum)
		}
		p.Add(gold, probs, evaluate.Row{ID: fmt.Sprint(i), Tokens: r.IntN(300), Unknown: r.Float64() / 10, Source: fmt.Sprint("source ", i%3)})
	}
	return p
}
