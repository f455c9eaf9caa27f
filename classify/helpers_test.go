package classify_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// words are the vocabulary of the tests' models.
var words = strings.Fields("the a film is was not good bad really very story long short and but . ! ?")

// texts are of many lengths; some words of them are unknown.
var texts = []string{
	"", "good", "not good", "The film is not really good , but the story was .", "   \t\n",
	strings.Repeat("the film was very very long and ", 30), "unknown words alone", "bad !", "!",
	"a short story , not bad ", strings.Repeat("good ", 7), "not good", "\xff\xfe", "a",
}

// tiny is a small joint model with two heads.
func tiny() classify.Config {
	return classify.Config{
		Embed:  6,
		LSTM:   lstm.Config{HiddenSize: 5, Direction: lstm.Bidirectional},
		Ngrams: ngram.Config{Words: 2, CharMin: 3, CharMax: 4, Bits: 7},
		Heads: []classify.Head{
			{Name: "sentiment", Labels: []string{"negative", "neutral", "positive"}, Hidden: 4},
			{Name: "topic", Labels: []string{"film", "book"}, Deep: 0.5, Wide: 2},
		},
	}
}

func deepOnly(c *classify.Config) { c.Ngrams = ngram.Config{} }
func wideOnly(c *classify.Config) { c.NoDeep = true }
func multi(c *classify.Config) {
	c.Heads[0].Loss.Kind = nn.BinaryCrossEntropy
	c.Heads[1].Loss.Kind = nn.BinaryCrossEntropy
}

func number(c *classify.Config) {
	c.Heads[1] = classify.Head{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}, Hidden: 4, Mean: 3.5, Scale: 1.25, Deep: 0.5}
}

// kinds are the ways to put a model together.
var kinds = []struct {
	name string
	set  func(*classify.Config)
}{
	{"joint", func(*classify.Config) {}},
	{"deep", deepOnly},
	{"wide", wideOnly},
	{"multi-label", multi},
	{"one label of a multi-label head", func(c *classify.Config) {
		multi(c)
		c.Heads[1].Labels = []string{"film"}
	}},
	{"stacked, attention, peepholes", func(c *classify.Config) {
		deepOnly(c)
		c.LSTM.Layers, c.LSTM.Peephole = 2, true
		c.Pool = []nn.Pooling{nn.Attention, nn.Last}
	}},
	{"chunked", func(c *classify.Config) { c.Chunk = 3 }},
	{"ensemble", func(c *classify.Config) { c.Members = 2 }},
	{"subwords", func(c *classify.Config) { c.Subword.Bits = 6 }},
	{"ensemble with subwords", func(c *classify.Config) { c.Members, c.Subword.Bits = 2, 6 }},
	{"subwords, deep, chunked", func(c *classify.Config) {
		deepOnly(c)
		c.Subword, c.Chunk = embed.SubwordConfig{Min: 2, Max: 3, Bits: 5}, 3
	}},
	{"thresholds", func(c *classify.Config) {
		multi(c)
		c.Heads[0].Thresholds = []float64{0.25, 0.5, 0.75}
	}},
	{"number", number},
	{"number, wide", func(c *classify.Config) { number(c); wideOnly(c) }},
	{"lexicon", func(c *classify.Config) { c.Heads[0].Lexicon = []float64{-0.75, 0, 0.5} }},
	{"norm", func(c *classify.Config) { c.Heads[0].WideNorm, c.Heads[1].WideNorm = 0.375, 1 }},
	{"hash buckets", func(c *classify.Config) { c.Vocab.Buckets = 5 }},
}

// newModel returns a model with random weights.
func newModel(t testing.TB, set func(*classify.Config)) *classify.Model {
	t.Helper()
	c := tiny()
	set(&c)
	c = c.Resolve()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	v, err := vocab.New(words, nil, c.Vocab.Buckets)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var branches []classify.Branch
	if !c.NoDeep {
		net, err := classify.NewDeep(c, v.Len())
		if err != nil {
			t.Fatal(err)
		}
		branches = append(branches, net)
		net.Init(r)
		for _, p := range net.Params() {
			if strings.HasPrefix(p.Name, "heads.") {
				nn.Uniform(p, 1, r)
			}
		}
	}
	if c.HasWide() {
		branches = append(branches, newWide(c, r))
	}
	m, err := classify.New(c, v, classify.Card{
		Name: "tiny", Data: []string{"nothing"}, Seed: 1, Figures: map[string]float64{"b": 2, "a": 1},
	}, branches...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newWide knows the words and has random weights.
func newWide(c classify.Config, r *rand.Rand) *classify.Wide {
	x := ngram.NewExtractor(c.Ngrams)
	var all []ngram.Hash
	for _, w := range words {
		all = x.AppendFeatures(all, []tokenize.Token{{Text: w}})
	}
	counter := ngram.NewCounter(1, 1)
	slices.Sort(all)
	counter.Add(1, slices.Compact(all))
	w := &classify.Wide{Dictionary: counter.Dictionary(c.Ngrams.Bits)}
	for _, h := range c.Heads {
		l := h.Linear()
		l.Weights = make([]float32, w.Dictionary.Rows()*l.Columns())
		for i := range l.Weights {
			l.Weights[i] = r.Float32() - 0.5
		}
		l.Bias = make([]float32, l.Columns())
		for i := range l.Bias {
			l.Bias[i] = r.Float32() - 0.5
		}
		w.Heads = append(w.Heads, l)
	}
	return w
}

func encode(t testing.TB, m *classify.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if int(n) != b.Len() {
		t.Errorf("WriteTo returned %d, wrote %d bytes", n, b.Len())
	}
	return b.Bytes()
}

// checkAnswers wants the same bits.
func checkAnswers(t *testing.T, name string, want, got []classify.Prediction) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// checkProbs wants numbers from 0 to 1 that sum to 1, but for a multi-label head.
func checkProbs(t *testing.T, m *classify.Model, p classify.Prediction) {
	t.Helper()
	if len(p.Scores) != len(m.Heads()) {
		t.Fatalf("%d scores for %d heads", len(p.Scores), len(m.Heads()))
	}
	for h, head := range m.Heads() {
		s := p.Scores[h]
		if !head.Labelled() {
			if v := float64(s.Value); math.IsNaN(v) || math.IsInf(v, 0) || s.Probs != nil || s.Prob() != 0 {
				t.Errorf("head %s: number %v, probabilities %v", head.Name, v, s.Probs)
			}
			continue
		}
		if len(s.Probs) != len(head.Labels) {
			t.Fatalf("head %s: %d probabilities for %d labels", head.Name, len(s.Probs), len(head.Labels))
		}
		sum := 0.0
		for c, v := range s.Probs {
			if !(v >= 0 && v <= 1) {
				t.Errorf("head %s: probability %v of label %d", head.Name, v, c)
			}
			if v > s.Probs[s.Label] || v == s.Probs[s.Label] && c < s.Label {
				t.Errorf("head %s: label %d is not the first of the likeliest: %v", head.Name, s.Label, s.Probs)
			}
			sum += float64(v)
		}
		if !head.MultiLabel() && math.Abs(sum-1) > 1e-6 {
			t.Errorf("head %s: probabilities sum to %v", head.Name, sum)
		}
		if s.Prob() != s.Probs[s.Label] {
			t.Errorf("Prob() = %v, want %v", s.Prob(), s.Probs[s.Label])
		}
	}
}
