package train_test

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train"
)

// subword is small with vectors of character n-grams.
func subword() train.Config {
	c := small()
	c.Model.Subword = embed.SubwordConfig{Min: 2, Max: 4, Bits: 12}
	return c
}

// vector is that of one word.
func vector(m *classify.Model, word string) []float32 {
	return m.Vectors(m.EncodeTokens([]tokenize.Token{{Text: word}}))
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// A misspelling is nearer to its word than other words are, and is understood.
func TestMisspellings(t *testing.T) {
	d := reviews(300, 1)
	c := subword()
	m := fit(t, train.Trainer{Config: c}, d, nil).Model
	for word, wrong := range map[string]string{
		"superb": "superbb", "lovely": "lovley", "awful": "awfull", "great": "grreat", "dull": "duull",
	} {
		if _, known := m.Vocab().Lookup(wrong); known {
			t.Fatalf("%s is a word of the training texts", wrong)
		}
		near := cosine(vector(m, word), vector(m, wrong))
		sum := 0.0
		for _, other := range fillers {
			sum += cosine(vector(m, word), vector(m, other))
		}
		if mean := sum / float64(len(fillers)); !(near > mean+0.1) {
			t.Errorf("%s: similarity %.2f to %s, %.2f to other words", word, near, wrong, mean)
		}
		head := m.Head("sentiment")
		right, got := m.Predict("the film was "+word), m.Predict("the film was "+wrong)
		if right.Scores[head].Label != got.Scores[head].Label || got.Unknown != 1 {
			t.Errorf("%s: %v, %s: %v", word, right.Scores[head], wrong, got.Scores[head])
		}
	}
}

// A training with n-grams of characters goes on from any checkpoint, with any
// number of workers, in all ways that texts reach it.
func TestResumeSubword(t *testing.T) {
	c := adversarial()
	c.Model.Subword.Bits = 8
	c.Model.Vocab.MinCount = 6 // many words are unknown
	c.Crop = 1
	d, dev, more := reviews(40, 1), reviews(20, 2), reviews(30, 3)
	d.Examples[3].Text += ". " + d.Examples[4].Text + ". it goes on and on and on and on and on and on and on and on and on and on and on and on and on and on and on."
	want := modelBytes(t, fit(t, train.Trainer{Config: c, Workers: 1, Unlabelled: more}, d, dev).Model)
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), Resume: true, CheckpointInterval: always, Unlabelled: more, Workers: 3}
	for stopped := true; stopped; {
		var r *train.Result
		if r, stopped = interrupted(t, tr, d, dev, 4); !stopped && !bytes.Equal(want, modelBytes(t, r.Model)) {
			t.Error("another model after interruptions")
		}
	}
	m, err := classify.Decode(want)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{d.Examples[3].Text, "never heard of", ""}
	a, err := m.PredictBatch(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if a[0].Unknown == 0 || a[1].Unknown == 0 {
		t.Errorf("%d and %d unknown words", a[0].Unknown, a[1].Unknown)
	}
}
