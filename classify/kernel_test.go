package classify_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/vec"
)

// The kernels of assembly and those of Go answer alike: to 1e-3 in eight bits, where an
// activation that rounds otherwise becomes the next of 255 values, and to 1e-5 else; with
// the same label unless two are as close as that.
func TestKernelsAgree(t *testing.T) {
	best := vec.Kernel()
	if best == "generic" {
		t.Skip("no kernels of assembly")
	}
	file, err := os.ReadFile(defaultModel)
	if err != nil {
		t.Fatal(err)
	}
	n := 300
	if testing.Short() {
		n = 60
	}
	float := newModel(t, func(c *classify.Config) {
		c.Embed, c.LSTM.HiddenSize = 128, 64
		c.LSTM.Layers = 2
	})
	for _, tt := range []struct {
		name  string
		model []byte
		bound float64
	}{
		{"the embedded model", file, 1e-3},
		{"weights by chance, in eight bits", encode(t, quantized(t, float)), 1e-3},
		{"weights by chance", encode(t, float), 1e-5},
	} {
		answers := func(kernel string) (all []classify.Prediction, m *classify.Model) {
			was, ok := vec.UseKernel(kernel)
			if !ok {
				t.Fatalf("no kernel %s", kernel)
			}
			defer vec.UseKernel(was)
			m, err := classify.Decode(tt.model)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			var texts, tokens []string
			for _, token := range m.Vocab().All() {
				tokens = append(tokens, token)
			}
			for range n {
				words := make([]string, 1+r.IntN(60))
				for i := range words {
					words[i] = tokens[r.IntN(len(tokens))]
				}
				texts = append(texts, strings.Join(words, " "))
			}
			if all, err = m.PredictBatch(t.Context(), texts); err != nil {
				t.Fatal(err)
			}
			return all, m
		}
		got, m := answers(best)
		want, _ := answers("generic")
		worst, numbers, changed := 0.0, 0, 0
		for i := range want {
			for h := range want[i].Scores {
				g, w := got[i].Scores[h], want[i].Scores[h]
				for k := range w.Probs {
					worst = max(worst, math.Abs(float64(g.Probs[k]-w.Probs[k])))
					numbers++
				}
				if len(w.Probs) > 0 && g.Label != w.Label {
					changed++
					if d := w.Probs[w.Label] - w.Probs[g.Label]; float64(d) > tt.bound {
						t.Errorf("%s: text %d: label %d becomes %d, which had %v less", tt.name, i, w.Label, g.Label, d)
					}
				}
			}
		}
		t.Logf("%s of %d heads: %.1e at most between %s and Go, of %d probabilities; %d labels changed", tt.name, len(m.Heads()), worst, best, numbers, changed)
		if worst > tt.bound || numbers < n {
			t.Errorf("%s: %d probabilities differ by up to %v, want at most %v", tt.name, numbers, worst, tt.bound)
		}
	}
}
