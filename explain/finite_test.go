package explain_test

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
)

// TestWeightsOfAbsurdSize wants an error, or an explanation in finite numbers,
// whichever parameter of a model is huge.
func TestWeightsOfAbsurdSize(t *testing.T) {
	refused := 0
	for k := range random(t, 1, func(*classify.Config) {}).Deep().Params() {
		m := random(t, 1, func(*classify.Config) {})
		p := m.Deep().Params()[k]
		for i := range p.Data {
			p.Data[i] = float32(math.Copysign(3e38, float64(i%3)-0.5))
		}
		p.Changed()
		x, err := explain.New(m).Explain(t.Context(), "good but not bad", explain.Options{})
		if err != nil {
			refused++
			continue
		}
		for _, v := range []float64{x.Score, x.Base, x.Prob, x.Deep.Score, x.Path.Sum, x.Path.Error} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: an explanation with %v", p.Name, v)
			}
		}
	}
	if refused == 0 {
		t.Error("no parameter was too large")
	}
}
