package explain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// texts have words that the tests' models know, and others.
var texts = []string{
	"good", "not good at all", "The film was really good , but the story was bad .", "unknown words alone", "bad!",
	"a very very very long film , and good", strings.Repeat("the story is not bad and the film is good . ", 6),
	"Don't watch <b>it</b>: http://example.org/x is 😀 better &amp; shorter",
}

// random returns a deep model with weights large enough to saturate its gates.
func random(t testing.TB, gain float32, set func(*classify.Config)) *classify.Model {
	t.Helper()
	c := classify.Config{
		Pipeline: "html|words|lower|stem:en", Embed: 6,
		LSTM:  lstm.Config{HiddenSize: 5, Direction: lstm.Bidirectional},
		Heads: []classify.Head{{Name: "sentiment", Labels: []string{"negative", "neutral", "positive"}}, {Name: "topic", Labels: []string{"film", "book"}, Deep: 0.5}},
	}
	set(&c)
	c = c.Resolve()
	v, err := vocab.New(strings.Fields("the a film is was not good bad realli veri stori long and but . ! , it http better"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	net, err := classify.NewDeep(c, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	net.Init(r)
	for _, p := range net.Params() {
		for i := range p.Data {
			if strings.Contains(p.Name, "bias") {
				p.Data[i] += r.Float32() - 0.5
			} else {
				p.Data[i] *= gain
			}
		}
		p.Changed()
	}
	m, err := classify.New(c, v, classify.Card{}, net)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// kinds are the shapes of a deep branch.
var kinds = []struct {
	name string
	set  func(*classify.Config)
}{
	{"max, mean", func(*classify.Config) {}},
	{"last", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Last} }},
	{"attention", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Attention, nn.Max} }},
	{"two layers, peepholes", func(c *classify.Config) { c.LSTM.Layers, c.LSTM.Peephole = 2, true }},
	{"chunks", func(c *classify.Config) { c.Chunk = 3 }},
	{"ensemble", func(c *classify.Config) { c.Members, c.Directions = 2, []lstm.Direction{lstm.Forward, lstm.Reverse} }},
	{"hidden layer", func(c *classify.Config) { c.Heads[0].Hidden = 4 }},
	{"multi-label", func(c *classify.Config) { c.Heads[0].Loss.Kind = nn.BinaryCrossEntropy }},
	{"character pairs", func(c *classify.Config) { c.Pipeline = "chars:2-3|lower" }},
	{"bigrams", func(c *classify.Config) { c.Pipeline = "words|lower|ngrams:2" }},
	{"dropout in training", func(c *classify.Config) {
		c.Dropout, c.WordDropout, c.LSTM.InputDropout, c.LSTM.WeightDrop = 0.5, 0.5, 0.5, 0.5
	}},
	{"subwords", func(c *classify.Config) { c.Subword.Bits = 6 }},
}

// labelled are texts whose label is that of the one word that tells.
func labelled() *corpora.Dataset {
	d := &corpora.Dataset{Heads: []string{"sentiment"}}
	for i := range 96 {
		label := []string{"negative", "neutral", "positive"}[i%3]
		word := map[string][]string{
			"negative": {"awful", "bad", "boring"}, "neutral": {"average", "usual", "plain"}, "positive": {"good", "superb", "lovely"},
		}[label][i/3%3]
		frame := []string{"the film was %s .", "what a %s story , really", "I found it %s and long", "%s !"}[i/9%4]
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprintf(frame, word), Labels: []string{label}})
	}
	return d
}

// trained is a joint model of labelled, made once.
var trained = sync.OnceValues(func() (*classify.Model, error) {
	tr := train.Trainer{Config: train.Config{
		Seed: 1, Epochs: 20, BatchSize: 16,
		Model: classify.Config{
			Pipeline: "html|words|lower|urls|stem:en", Vocab: vocab.Options{MinCount: 1}, Embed: 12,
			LSTM:   lstm.Config{HiddenSize: 10, Direction: lstm.Bidirectional},
			Ngrams: ngram.Config{Words: 2, CharMin: 3, CharMax: 4, Bits: 12, MinCount: 1},
		},
		Schedule: nn.Schedule{Rate: 0.02},
	}}
	r, err := tr.Fit(context.Background(), labelled(), labelled())
	if err != nil {
		return nil, err
	}
	return r.Model, nil
})

func trainedModel(t testing.TB) *classify.Model {
	t.Helper()
	m, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
