package classify_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

func TestConfigResolve(t *testing.T) {
	c := classify.Config{Heads: tiny().Heads}.Resolve()
	want := classify.Config{
		Pipeline: classify.DefaultPipeline,
		Embed:    100,
		LSTM:     lstm.Config{InputSize: 100, HiddenSize: 128, Direction: lstm.Bidirectional},
		Pool:     []nn.Pooling{nn.Max, nn.Mean},
		Heads:    tiny().Heads,
	}
	want.Vocab.MinCount, want.Vocab.MaxSize = 2, 30_000
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the defaults (-documented +resolved):\n%s", diff)
	}
	if c.HasWide() {
		t.Error("the default has a wide branch")
	}
	for _, k := range kinds {
		c := tiny()
		k.set(&c)
		c = c.Resolve()
		if diff := cmp.Diff(c, c.Resolve()); diff != "" {
			t.Errorf("%s: resolving again changes (-once +twice):\n%s", k.name, diff)
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again classify.Config
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("%s (-before +after JSON):\n%s", k.name, diff)
		}
	}
	// What is set stays.
	c = classify.Config{LSTM: lstm.Config{HiddenSize: 7}, Ngrams: ngram.Config{Words: 1}}.Resolve()
	if c.LSTM.Direction != lstm.Forward || c.LSTM.HiddenSize != 7 || c.Ngrams.Bits != 20 || !c.HasWide() {
		t.Errorf("resolved to %+v", c)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, tt := range []struct {
		want string
		set  func(*classify.Config)
	}{
		{"rot13", func(c *classify.Config) { c.Pipeline = "rot13" }},
		{`languages: number 1 is "English"`, func(c *classify.Config) { c.Languages = []string{"English"} }},
		{`languages: number 2 is "en"`, func(c *classify.Config) { c.Languages = []string{"en", "en"} }},
		{"languages: number 201", func(c *classify.Config) {
			for i := range 201 {
				c.Languages = append(c.Languages, string([]byte{'a', 'a' + byte(i/26), 'a' + byte(i%26)}))
			}
		}},
		{"MinCount", func(c *classify.Config) { c.Vocab.MinCount = -1 }},
		{"embed = -3", func(c *classify.Config) { c.Embed, c.LSTM.InputSize = -3, -3 }},
		{"input_size = 9, embed = 6", func(c *classify.Config) { c.LSTM.InputSize = 9 }},
		{"hidden_size = -1", func(c *classify.Config) { c.LSTM.HiddenSize = -1 }},
		{"beside a stack", func(c *classify.Config) { c.LSTM.Stack = []nn.Layer{{Units: 3}} }},
		{"stack[1]: units = 0", func(c *classify.Config) {
			c.LSTM = lstm.Config{InputSize: c.Embed, Stack: []nn.Layer{{Units: 3}, {}}}
		}},
		{"directions of the members beside lstm.stack", func(c *classify.Config) {
			c.LSTM = lstm.Config{InputSize: c.Embed, Stack: []nn.Layer{{Units: 3}}}
			c.Members, c.Directions = 2, []nn.Direction{nn.Forward, nn.Reverse}
		}},
		{"layers[0].units = -2", func(c *classify.Config) {
			c.Heads[0].Hidden, c.Heads[0].Layers = 0, []classify.HiddenLayer{{Units: -2}}
		}},
		{`unknown activation "maxout"`, func(c *classify.Config) {
			c.Heads[0].Hidden, c.Heads[0].Layers = 0, []classify.HiddenLayer{{Units: 2, Activation: "maxout"}}
		}},
		{"want one of the two", func(c *classify.Config) {
			c.Heads[0].Hidden, c.Heads[0].Layers = 3, []classify.HiddenLayer{{Units: 2}}
		}},
		{"Padded is -1", func(c *classify.Config) { c.Padded = -1 }},
		{"members = 1 of a deep branch", func(c *classify.Config) { c.NoDeep, c.Members = true, 1 }},
		{"layers = -1", func(c *classify.Config) { c.LSTM.Layers = -1 }},
		{"chunk = -1", func(c *classify.Config) { c.Chunk = -1 }},
		{`"median"`, func(c *classify.Config) { c.Pool = []nn.Pooling{"median"} }},
		{"dropout = 1", func(c *classify.Config) { c.Dropout = 1 }},
		{"word_dropout = -0.1", func(c *classify.Config) { c.WordDropout = -0.1 }},
		{"words = -1", func(c *classify.Config) { c.Ngrams.Words = -1 }},
		{"nothing is left", func(c *classify.Config) { deepOnly(c); c.NoDeep = true }},
		{"no heads", func(c *classify.Config) { c.Heads = nil }},
		{`head name "" is empty`, func(c *classify.Config) { c.Heads[0].Name = "" }},
		{`head name "topic"`, func(c *classify.Config) { c.Heads[0].Name = "topic" }},
		{`label ""`, func(c *classify.Config) { c.Heads[0].Labels[1] = "" }},
		{`label "negative"`, func(c *classify.Config) { c.Heads[0].Labels[1] = "negative" }},
		{"has 1 labels, want at least 2", func(c *classify.Config) { c.Heads[0].Labels = c.Heads[0].Labels[:1] }},
		{"has 0 labels", func(c *classify.Config) { multi(c); c.Heads[0].Labels = nil }},
		{"2 LabelWeights for 3 labels", func(c *classify.Config) { c.Heads[0].Loss.LabelWeights = []float32{1, 2} }},
		{"leave labels, lexicon and thresholds out", func(c *classify.Config) { c.Heads[0].Loss.Kind = nn.SquaredError }},
		{"leave labels, lexicon and thresholds out", func(c *classify.Config) { number(c); c.Heads[1].Thresholds = []float64{0.5} }},
		{"scale = -1", func(c *classify.Config) { number(c); c.Heads[1].Scale = -1 }},
		{"mean = NaN", func(c *classify.Config) { number(c); c.Heads[1].Mean = math.NaN() }},
		{"mean = 1, scale = 0 are for the losses", func(c *classify.Config) { c.Heads[0].Mean = 1 }},
		{"2 LabelWeights for 1 labels", func(c *classify.Config) { number(c); c.Heads[1].Loss.LabelWeights = []float32{1, 2} }},
		{"1 weights of the lexicon for 3 labels", func(c *classify.Config) { c.Heads[0].Lexicon = []float64{0.5} }},
		{"leave stem:en out", func(c *classify.Config) {
			c.Pipeline, c.Heads[0].Lexicon = "words|lower|stem:en", make([]float64, len(c.Heads[0].Labels))
		}},
		{"lexicon NaN", func(c *classify.Config) { c.Heads[0].Lexicon = []float64{0, math.NaN(), 0} }},
		{"1 thresholds for", func(c *classify.Config) {
			c.Heads[0].Loss.Kind, c.Heads[0].Thresholds = nn.BinaryCrossEntropy, []float64{0.5}
		}},
		{"want one for each and loss", func(c *classify.Config) { c.Heads[0].Thresholds = make([]float64, len(c.Heads[0].Labels)) }},
		{"threshold 2", func(c *classify.Config) {
			c.Heads[0].Loss.Kind = nn.BinaryCrossEntropy
			c.Heads[0].Thresholds = make([]float64, len(c.Heads[0].Labels))
			c.Heads[0].Thresholds[0] = 2
		}},
		{"hidden = -1", func(c *classify.Config) { c.Heads[0].Hidden = -1 }},
		{"deep = NaN", func(c *classify.Config) { c.Heads[0].Deep = math.NaN() }},
		{"wide = -2", func(c *classify.Config) { c.Heads[0].Wide = -2 }},
		{"weight = -1", func(c *classify.Config) { c.Heads[0].Weight = -1 }},
		{"name of the hidden layer of head sentiment", func(c *classify.Config) { c.Heads[1].Name = "sentiment.hidden" }},
	} {
		c := tiny().Resolve()
		tt.set(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("err = %v, want it to say %q", err, tt.want)
		}
		if _, err := classify.NewNetwork(c, 10); err == nil {
			t.Errorf("NewNetwork accepts what is wrong with %q", tt.want)
		}
	}
	c := tiny().Resolve()
	c.Chunk, c.Dropout, c.Heads[0].Hidden = -1, 2, -1
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("err = %v, want all three faults", err)
	}
}

func TestGiven(t *testing.T) {
	multi := classify.Head{Labels: []string{"a", "b", "c"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}
	some := multi
	some.Thresholds = []float64{0.25, 0.75, 0.875}
	s := classify.Score{Label: 1, Probs: []float32{0.25, 0.75, 0.5}}
	for _, tt := range []struct {
		name string
		head classify.Head
		want []string
	}{
		{"one label", classify.Head{Labels: multi.Labels}, []string{"b"}},
		{"half", multi, []string{"b", "c"}},
		{"thresholds", some, []string{"a", "b"}},
	} {
		if diff := cmp.Diff(tt.want, tt.head.PredictedLabels(s)); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}
