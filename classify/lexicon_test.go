package classify_test

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/classify"
)

// The lexicon adds a multiple of the polarity to the scores of its head, and
// is in neither branch.
func TestLexicon(t *testing.T) {
	weights := []float64{-0.75, 0, 0.5}
	for _, k := range kinds {
		with := newModel(t, func(c *classify.Config) {
			k.set(c)
			c.Heads[0].Lexicon = weights
		})
		plain := newModel(t, func(c *classify.Config) {
			k.set(c)
			c.Heads[0].Lexicon = nil
		})
		const text = "not good , really"
		polarity := -0.74 * 1.9 / 2 // "good" is rated 1.9
		a, b := logits(t, plain, text), logits(t, with, text)
		for h := range a {
			for c := range a[h] {
				want := float64(a[h][c])
				if h == 0 {
					want += weights[c] * polarity
				}
				if math.Abs(float64(b[h][c])-want) > 1e-5 {
					t.Errorf("%s: score %d of head %d is %v, want %v", k.name, c, h, b[h][c], want)
				}
			}
		}
		for name, m := range map[string]*classify.Model{"deep": with.Only("deep"), "wide": with.Only("wide")} {
			if m != nil && m.Config().HasLexicon() {
				t.Errorf("%s: the %s branch alone looks at the lexicon", k.name, name)
			}
		}
		if !with.Config().HasLexicon() {
			t.Errorf("%s: the model has lost its lexicon", k.name)
		}
	}
}

func logits(t *testing.T, m *classify.Model, text string) [][]float32 {
	t.Helper()
	encoded, err := m.Encode(t.Context(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.Logits(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
