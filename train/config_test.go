package train_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

func TestConfigResolve(t *testing.T) {
	for name, c := range map[string]train.Config{"zero": {}, "small": small(), "joint": joint()} {
		once := c.Resolve()
		if diff := cmp.Diff(once, once.Resolve()); diff != "" {
			t.Errorf("%s: resolving again changes (-once +twice):\n%s", name, diff)
		}
	}
	c := train.Config{}.Resolve()
	c.Model.Heads = []classify.Head{{Name: "x", Labels: []string{"a", "b"}}}
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
	if c.Schedule.Kind != nn.OneCycle || c.Epochs != 8 || c.BatchSize != 32 || c.BatchTokens != 8192 || c.ClipNorm != 1 || c.Metric != "macro_f1" {
		t.Errorf("the defaults are %+v, not those documented", c)
	}
}

func TestConfigJSON(t *testing.T) {
	c := joint()
	c.Model.Heads = []classify.Head{{
		Name: "x", Labels: []string{"a", "b"}, Hidden: 3, Weight: 0.5,
		Loss: nn.Loss{Kind: nn.BinaryCrossEntropy, LabelWeights: []float32{1, 2}, Smoothing: 0.1, Gamma: 2},
	}}
	c.Crop, c.EMA.Decay, c.Metric, c.Patience = 0.5, 0.99, "x:log_loss", 3
	c.NBSVM.Tolerance = 0.5
	for name, c := range map[string]train.Config{"zero": {}, "written": c, "resolved": c.Resolve()} {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.DisallowUnknownFields()
		var got train.Config
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s (-before +after JSON):\n%s", name, diff)
		}
		if name == "zero" && string(text) != "{}" {
			t.Errorf("the zero config is %s, want {}", text)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	valid := func() train.Config {
		c := joint()
		c.Model.Heads = []classify.Head{{Name: "x", Labels: []string{"a", "b"}}}
		return c.Resolve()
	}
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		want string
		set  func(*train.Config)
	}{
		{"epochs = -1", func(c *train.Config) { c.Epochs = -1 }},
		{"batch_size = -2", func(c *train.Config) { c.BatchSize = -2 }},
		{"batch_tokens = -3", func(c *train.Config) { c.BatchTokens = -3 }},
		{"patience = -1", func(c *train.Config) { c.Patience = -1 }},
		{"crop = 1.5", func(c *train.Config) { c.Crop = 1.5 }},
		{"crop = NaN", func(c *train.Config) { c.Crop = math.NaN() }},
		{"clip_norm = -1", func(c *train.Config) { c.ClipNorm = -1 }},
		{"sgdd", func(c *train.Config) { c.Optimizer.Kind = "sgdd" }},
		{"triangle", func(c *train.Config) { c.Schedule.Kind = "triangle" }},
		{"Decay is 1", func(c *train.Config) { c.EMA.Decay = 1 }},
		{"Eps is 1e-320", func(c *train.Config) { c.Optimizer.Eps = 1e-320 }},
		{"ngram: c = 1e-320", func(c *train.Config) { c.NBSVM.C = 1e-320 }},
		{"ngram: alpha = 1e+10", func(c *train.Config) { c.NBSVM.Alpha = 1e10 }},
		{"ngram: c = -1", func(c *train.Config) { c.NBSVM.C = -1 }},
		{`"f1"`, func(c *train.Config) { c.Metric = "f1" }},
		{`"y:accuracy"`, func(c *train.Config) { c.Metric = "y:accuracy" }},
		{"embed = -1", func(c *train.Config) { c.Model.Embed, c.Model.LSTM.InputSize = -1, -1 }},
		{"dropout = 1", func(c *train.Config) { c.Model.Dropout = 1 }},
		{"word_dropout = NaN", func(c *train.Config) { c.Model.WordDropout = math.NaN() }},
		{"chunk = -1", func(c *train.Config) { c.Model.Chunk = -1 }},
		{"no heads", func(c *train.Config) { c.Model.Heads = nil }},
		{"leave labels, lexicon and thresholds out", func(c *train.Config) { c.Model.Heads[0].Loss.Kind = nn.SquaredError }},
		{`"r2" is of numbers`, func(c *train.Config) { c.Metric = "r2" }},
		{"weight = -1", func(c *train.Config) { c.Model.Heads[0].Weight = -1 }},
		{"bits = 50", func(c *train.Config) { c.Model.Ngrams.Bits = 50 }},
	} {
		c := valid()
		tt.set(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("err = %v, want it to say %q", err, tt.want)
		}
	}
	c := valid()
	c.Epochs, c.Patience, c.Model.Chunk = -1, -1, -1
	err := c.Validate()
	if _, ok := errors.AsType[*train.ConfigError](err); !ok || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("err = %v, want a ConfigError of all three faults", err)
	}
}
