// Package zoo has small models of every kind with random weights, and texts, for tests of
// what reads and writes them.
package zoo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Kind is a name and the config of a model.
type Kind struct {
	Name   string
	Config classify.Config
}

var (
	words  = strings.Fields("a the film plot actor song ending was is felt not never very quite good bad dull bright long short and but with without any real charm")
	labels = []string{"negative", "neutral", "positive"}
	head   = []classify.Head{{Name: "label", Labels: labels}}
	two    = []classify.Head{{Name: "label", Labels: []string{"no", "yes"}, Deep: 0.75, Wide: 0.5}}
	grams  = ngram.Config{Words: 2, Bits: 10, MinCount: 1}
)

// Kinds lists the models. They have what a training can ask for, each at least once.
func Kinds() []Kind {
	return []Kind{
		{"forward", classify.Config{LSTM: lstm.Config{HiddenSize: 9}, Pool: []nn.Pooling{nn.Last}, Heads: head}},
		{"reverse", classify.Config{LSTM: lstm.Config{HiddenSize: 9, Direction: nn.Reverse}, Pool: []nn.Pooling{nn.Last, nn.Mean}, Heads: head}},
		{"bidirectional", classify.Config{LSTM: lstm.Config{HiddenSize: 8, Direction: nn.Bidirectional}, Pool: []nn.Pooling{nn.Last, nn.Max}, Heads: head}},
		{"stacked", classify.Config{LSTM: lstm.Config{HiddenSize: 7, Layers: 3, Direction: nn.Bidirectional}, Heads: two}},
		{"peepholes", classify.Config{LSTM: lstm.Config{HiddenSize: 7, Layers: 2, Direction: nn.Bidirectional, Peephole: true}, Heads: head}},
		{"attention", classify.Config{LSTM: lstm.Config{HiddenSize: 6, Direction: nn.Bidirectional}, Pool: []nn.Pooling{nn.Attention, nn.Last}, Heads: head}},
		{"gru", classify.Config{Encoder: "gru", GRU: gru.Config{HiddenSize: 9}, Pool: []nn.Pooling{nn.Last}, Heads: head}},
		{"gru-stacked", classify.Config{Encoder: "gru", GRU: gru.Config{HiddenSize: 7, Layers: 2, Direction: nn.Bidirectional}, Pool: []nn.Pooling{nn.Attention, nn.Mean}, Heads: head}},
		{"chunked", classify.Config{LSTM: lstm.Config{HiddenSize: 8, Direction: nn.Bidirectional}, Chunk: 4, Pool: []nn.Pooling{nn.Last, nn.Mean, nn.Max}, Heads: head}},
		{"ensemble", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Members: 3, Directions: []nn.Direction{nn.Forward, nn.Reverse, nn.Bidirectional}, Heads: two}},
		{"wide", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Ngrams: grams, Heads: append([]classify.Head{
			{Name: "tone", Labels: labels, Deep: 0.5, Wide: 1.5, Lexicon: []float64{-0.75, 0, 0.5}}}, two...)}},
		{"wide-norm", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Ngrams: grams, Heads: []classify.Head{
			{Name: "tone", Labels: labels, Deep: 0.5, Wide: 1.5, WideNorm: 0.375}, {Name: "label", Labels: []string{"no", "yes"}, WideNorm: 0.5}}}},
		{"wide-alone", classify.Config{NoDeep: true, Ngrams: grams, Heads: head}},
		{"multilabel", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Ngrams: grams, Heads: []classify.Head{
			{Name: "tags", Labels: labels, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}, Thresholds: []float64{0.25, 0.5, 0.75}, Hidden: 5}}}},
		{"number", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Heads: []classify.Head{
			{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}, Mean: 3, Scale: 1.25}, {Name: "label", Labels: labels, Hidden: 4}}}},
		{"layers", classify.Config{LSTM: lstm.Config{Stack: []nn.Layer{
			{Units: 9, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 5, Direction: nn.Reverse}, {Units: 7, Direction: nn.Bidirectional, Merge: nn.Product}}},
			Pool: []nn.Pooling{nn.Last, nn.Max}, Padded: 9, Heads: []classify.Head{{Name: "label", Labels: labels, Layers: []classify.HiddenLayer{
				{Units: 8, Activation: nn.GELU}, {Units: 7, Activation: nn.SiLU}, {Units: 6, Activation: nn.ELU}, {Units: 5, Activation: nn.Sigmoid}}}}}},
		{"average", classify.Config{Encoder: "gru", GRU: gru.Config{Stack: []nn.Layer{{Units: 9}, {Units: 6, Direction: nn.Bidirectional, Merge: nn.Average}}}, Heads: head}},
		{"subwords", classify.Config{LSTM: lstm.Config{HiddenSize: 8}, Subword: embed.SubwordConfig{Bits: 7}, Heads: head}},
		{"int8", classify.Config{LSTM: lstm.Config{HiddenSize: 8, Direction: nn.Bidirectional}, Ngrams: grams, Int8: true, Heads: head}},
	}
}

// Make returns a model with weights drawn from a seed.
func Make(k Kind, seed uint64) (*classify.Model, error) {
	cfg := k.Config
	quantize := cfg.Int8
	cfg.Int8 = false
	cfg.Embed = 8
	cfg = cfg.Resolve()
	r := rand.New(rand.NewPCG(seed, 1))
	v, err := vocab.New(words[:len(words)-4], nil, 0)
	if err != nil {
		return nil, err
	}
	var branches []classify.Branch
	if !cfg.NoDeep {
		d, err := classify.NewDeep(cfg, v.Len())
		if err != nil {
			return nil, err
		}
		for _, p := range d.Params() {
			draw(r, p.Data)
			p.Changed()
		}
		branches = append(branches, d)
	}
	if cfg.HasWide() {
		branches = append(branches, wide(cfg, r))
	}
	m, err := classify.New(cfg, v, classify.Card{}, branches...)
	if err == nil && quantize {
		return m.Quantize()
	}
	return m, err
}

func draw(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = float32(r.NormFloat64() * 0.5)
	}
}

// wide draws a wide branch whose features are those of some texts.
func wide(cfg classify.Config, r *rand.Rand) *classify.Wide {
	x, count := ngram.NewExtractor(cfg.Ngrams), ngram.NewSmallCounter(1, 100)
	for _, text := range Texts(100) {
		var tokens []tokenize.Token
		for f := range strings.FieldsSeq(text) {
			tokens = append(tokens, tokenize.Token{Text: f})
		}
		features := x.AppendFeatures(nil, tokens)
		slices.Sort(features)
		count.Add(1, slices.Compact(features))
	}
	d := count.Dictionary(cfg.Ngrams.Bits)
	w := &classify.Wide{Dictionary: d}
	for _, h := range cfg.Heads {
		l := h.Linear()
		l.Weights = make([]float32, d.Rows()*l.Columns())
		l.Bias = make([]float32, l.Columns())
		draw(r, l.Weights)
		draw(r, l.Bias)
		w.Heads = append(w.Heads, l)
	}
	return w
}

// Texts returns n texts of 0 to 29 words, the first one empty, some words unknown to the models.
func Texts(n int) []string {
	r := rand.New(rand.NewPCG(9, 9))
	out := make([]string, n)
	for i := range out {
		var text []string
		for range min(i, r.IntN(30)) {
			w := words[r.IntN(len(words))]
			if r.IntN(12) == 0 {
				w = fmt.Sprintf("%s%d", w, r.IntN(9))
			}
			text = append(text, w)
		}
		out[i] = strings.Join(text, " ")
	}
	return out
}
