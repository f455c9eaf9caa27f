package language_test

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/pretrained/language"
	"github.com/textlstm/textlstm/train"
)

// The embedded language model is one that a training can start from, with the
// vectors of words that the training texts lack.
func TestModel(t *testing.T) {
	if testing.Short() {
		t.Skip("trains an LSTM of 512 units")
	}
	m, err := language.Model()
	if err != nil {
		t.Fatal(err)
	}
	c := m.Config()
	if c.LSTM.HiddenSize != 512 || c.LSTM.Direction != lstm.Bidirectional || m.Vocab().Known() != 20_000 {
		t.Errorf("%v LSTM of %d units, %d words", c.LSTM.Direction, c.LSTM.HiddenSize, m.Vocab().Known())
	}
	// What a language model learns above all: words of one use are near each other.
	near := func(a, b string) float64 {
		x, known := m.Vocab().Lookup(a)
		y, also := m.Vocab().Lookup(b)
		if !known || !also {
			t.Fatalf("%q or %q is unknown", a, b)
		}
		return cosine(m.Embed().Row(x), m.Embed().Row(y))
	}
	if a, b := near("good", "great"), near("good", "table"); a < b+0.2 {
		t.Errorf("good is %.2f near great, %.2f near table", a, b)
	}
	d := &corpora.Dataset{Heads: []string{"label"}}
	for _, row := range [][2]string{{"yes", "a great film"}, {"no", "an awful film"}, {"yes", "great acting"}, {"no", "awful acting"}} {
		d.Examples = append(d.Examples, corpora.Example{Text: row[1], Labels: []string{row[0]}})
	}
	tr := train.Trainer{Start: train.FromLanguageModel(m)}
	tr.Config = train.Config{Epochs: 1}.From(tr.Start, 0)
	r, err := tr.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, known := r.Model.Vocab().Lookup("wonderful"); !known {
		t.Error("a word of the language model is not in the vocabulary")
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
