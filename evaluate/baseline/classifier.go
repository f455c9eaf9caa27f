package baseline

import (
	"context"
	"fmt"
	"runtime"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/par"
)

// A Classifier gives each text one of its labels. Any number of goroutines may
// use it at once.
type Classifier interface {
	// Labels lists the labels. The list must not be changed.
	Labels() []string

	// Classify returns the index of the text's label, and appends to dst a
	// probability for each label: nothing if the classifier has none.
	Classify(dst []float32, text string) (label int, probs []float32)
}

// Predict asks c for the labels of texts, whose gold labels are indices into
// c.Labels(). rows describes the texts, or is nil. The errors are ctx's, and
// sizes that do not fit.
func Predict(ctx context.Context, c Classifier, texts []string, gold []int, rows []evaluate.Row) (*evaluate.Predictions, error) {
	labels := c.Labels()
	if len(texts) != len(gold) {
		return nil, fmt.Errorf("baseline: %d texts, %d gold labels", len(texts), len(gold))
	}
	const block = 64 // texts of one piece of work
	blocks := (len(texts) + block - 1) / block
	answers := make([]int, len(texts))
	probs := make([][]float32, blocks)
	par.For(runtime.GOMAXPROCS(0), blocks, func(b int) {
		for i := b * block; i < min(len(texts), (b+1)*block) && ctx.Err() == nil; i++ {
			answers[i], probs[b] = c.Classify(probs[b], texts[i])
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &evaluate.Predictions{Labels: labels, Gold: gold, Predicted: answers, Rows: rows}
	for _, some := range probs {
		for _, v := range some {
			p.Probs = append(p.Probs, float64(v))
		}
	}
	return p, p.Validate()
}
