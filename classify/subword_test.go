package classify_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

func subwords(c *classify.Config) { c.Subword.Bits = 6 }

// The gradients of word rows and n-gram vectors, with unknown words in several
// texts and all that tells words apart.
func TestSubwordGradients(t *testing.T) {
	m := newModel(t, func(c *classify.Config) {
		deepOnly(c)
		c.Subword = embed.SubwordConfig{Min: 2, Max: 3, Bits: 5}
		c.Chunk, c.WordDropout, c.LSTM.InputDropout = 3, 0.2, 0.2
		c.Pool = []nn.Pooling{nn.Mean}
		c.Heads = c.Heads[1:]
	})
	n := m.Deep().Members()[0]
	for _, p := range n.Params() {
		if strings.HasPrefix(p.Name, "embedding.") {
			nn.Uniform(p, 1, rand.New(rand.NewPCG(1, 1)))
		}
	}
	texts, err := m.Encode(t.Context(), []string{"a godo film", "unheard of and goood", "", "the story was looong"})
	if err != nil {
		t.Fatal(err)
	}
	var ws classify.Workspace
	targets := nn.Targets{Labels: []int32{0, 1, 1, 0}}
	loss := func(backward bool) float64 {
		logits, err := n.Forward(&ws, texts, lstm.Mode{Train: true, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		d := make([]float32, len(logits[0]))
		var cross nn.Loss
		l := cross.Eval(d, logits[0], len(texts), 2, &targets, 1)
		if backward {
			if err := n.Backward(&ws, [][]float32{d}); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	loss(true)
	params := slices.DeleteFunc(slices.Clone(n.Params()), func(p *nn.Param) bool { return !strings.HasPrefix(p.Name, "embedding.") })
	if len(params) != 2 {
		t.Fatalf("%d parameters of word vectors, want 2", len(params))
	}
	gradcheck.Check(t, params, func() float64 { return loss(false) }, 1e-2)
	for _, p := range params { // the optimiser looks at touched rows alone
		w := p.RowLen()
		for r := range p.Shape[0] {
			row := p.Grad[r*w : (r+1)*w]
			if slices.ContainsFunc(row, func(v float32) bool { return v != 0 }) && !slices.Contains(p.Touched, int32(r)) {
				t.Errorf("%s: row %d has a gradient and is not touched", p.Name, r)
			}
		}
	}
}

// Training and inference read the same vectors, which are the sum of their
// parts; what is unknown in other texts of the batch changes nothing.
func TestSubwordVectors(t *testing.T) {
	m := newModel(t, func(c *classify.Config) { deepOnly(c); subwords(c) })
	encoded, err := m.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	n := m.Deep().Members()[0]
	logits := func(batch []classify.Encoded, train bool) []float32 {
		var ws classify.Workspace
		l, err := n.Forward(&ws, batch, lstm.Mode{Train: train})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(l[0])
	}
	all := logits(encoded, false)
	if diff := cmp.Diff(logits(encoded, true), all); diff != "" {
		t.Errorf("-training +inference:\n%s", diff)
	}
	C := len(m.Heads()[0].Labels)
	unknown := 0
	for i, e := range encoded {
		unknown += len(e.Unknown)
		if diff := cmp.Diff(logits(encoded[i:i+1], false), all[i*C:(i+1)*C]); diff != "" {
			t.Errorf("%q (-alone +in the batch):\n%s", texts[i], diff)
		}
	}
	if unknown < 3 {
		t.Errorf("%d unknown words in the texts: too few to say much", unknown)
	}

	// An unknown word: the row of unknown words, and the mean of its n-grams'.
	e := m.EncodeTokens([]tokenize.Token{{Text: "good"}, {Text: "goood"}})
	got, buckets := m.Vectors(e), n.Params()[len(n.Params())-1]
	if e.IDs[1] != ^vocab.ID(0) || len(e.Unknown) != 1 || buckets.Name != "embedding.subword" {
		t.Fatalf("%+v, last parameter %s", e, buckets.Name)
	}
	D := m.Embed().Dim()
	grams := m.Config().Subword.AppendBuckets(nil, "goood")
	for j := range D {
		want := float64(m.Embed().Row(vocab.Unk)[j])
		for _, b := range grams {
			want += float64(buckets.Data[int(b)*D+j]) / float64(len(grams))
		}
		if d := want - float64(got[D+j]); d > 1e-6 || d < -1e-6 {
			t.Errorf("value %d of an unknown word's vector is %v, want %v", j, got[D+j], want)
		}
	}
}

func TestSubwordConfig(t *testing.T) {
	for want, set := range map[string]func(*classify.Config){
		"subword.min = 5, max = 4": func(c *classify.Config) { c.Subword.Min, c.Subword.Max = 5, 4 },
		"subword.bits = 25":        func(c *classify.Config) { c.Subword.Bits = 25 },
		"vocab.buckets = 3":        func(c *classify.Config) { c.Subword.Bits, c.Vocab.Buckets = 5, 3 },
	} {
		c := tiny()
		set(&c)
		if err := c.Resolve().Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want it to say %q", err, want)
		}
	}
}
