package classify_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// gruModel is a model of two members whose encoders are GRUs.
func gruModel(t *testing.T) *classify.Model {
	t.Helper()
	cfg := classify.Config{
		Embed: 6, Encoder: "gru", LSTM: lstm.Config{HiddenSize: 9, Layers: 2, Dropout: 0.1, Locked: true},
		GRU: gru.Config{InputDropout: 0.2}, Members: 2, Directions: []nn.Direction{nn.Forward, nn.Bidirectional},
		Heads: []classify.Head{{Name: "a", Labels: []string{"x", "y"}}},
	}.Resolve()
	v, err := vocab.New([]string{"good", "bad", "film"}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	net, err := classify.NewDeep(cfg, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	net.Init(rand.New(rand.NewPCG(1, 2)))
	m, err := classify.New(cfg, v, classify.Card{}, net)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGRUFollowsLSTM wants the sizes and dropouts of model.lstm for what model.gru
// leaves out, the members' directions, and a config that stays as it is.
func TestGRUFollowsLSTM(t *testing.T) {
	c := gruModel(t).Config()
	want := gru.Config{InputSize: 6, HiddenSize: 9, Layers: 2, InputDropout: 0.2, Dropout: 0.1, Locked: true}
	if !cmp.Equal(c.GRU, want) || !cmp.Equal(c.LSTM, lstm.Config{}) {
		t.Errorf("model.gru = %+v, model.lstm = %+v, want %+v and nothing", c.GRU, c.LSTM, want)
	}
	for k, d := range c.Directions {
		if got := c.Member(k).EncoderShape().Direction; got != d {
			t.Errorf("member %d reads %s, want %s", k, got, d)
		}
	}
	if again := c.Resolve(); !cmp.Equal(again.GRU, c.GRU) || !cmp.Equal(again.LSTM, c.LSTM) {
		t.Errorf("resolved again: %+v", again)
	}
	if d := (classify.Config{Encoder: "gru"}).Resolve(); d.GRU.HiddenSize != 128 || d.GRU.Direction != nn.Bidirectional {
		t.Errorf("the default is %+v, want 128 units in both directions", d.GRU)
	}
}

// TestGRUFile wants a model with GRUs back from its file, with PyTorch's names, in
// float32 and in eight bits.
func TestGRUFile(t *testing.T) {
	m := gruModel(t)
	const text = "good film bad thing"
	want := m.Predict(text).Scores[0].Probs
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"members.0.encoder.weight_hh_l1", "members.1.encoder.bias_hh_l0_reverse"} {
		if !strings.Contains(b.String(), `"`+name+`"`) {
			t.Errorf("no tensor %s", name)
		}
	}
	back, err := classify.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Predict(text).Scores[0].Probs; !slices.Equal(got, want) {
		t.Errorf("answer %v from the file, want %v", got, want)
	}
	q, err := m.Quantize()
	if err != nil {
		t.Fatal(err)
	}
	got := q.Predict(text).Scores[0].Probs
	if d := got[0] - want[0]; d == 0 || d > 0.02 || d < -0.02 {
		t.Errorf("in eight bits %v, want near %v", got, want)
	}
}

// TestLayersFile wants a model whose layers differ back from its file, which names each,
// and a file without one of them refused.
func TestLayersFile(t *testing.T) {
	cfg := classify.Config{
		Embed: 6,
		LSTM: lstm.Config{Stack: []nn.Layer{
			{Units: 5, Direction: nn.Bidirectional, Merge: nn.Product}, {Units: 3, Direction: nn.Reverse}, {Units: 4, Direction: nn.Bidirectional, Merge: nn.Sum}}},
		Pool: []nn.Pooling{nn.Last, nn.Max},
		Heads: []classify.Head{
			{Name: "a", Labels: []string{"x", "y"}, Layers: []classify.HiddenLayer{{Units: 7, Activation: nn.Tanh}, {Units: 2, Activation: nn.SiLU}}}},
	}.Resolve()
	v, err := vocab.New([]string{"good", "bad", "film"}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	net, err := classify.NewDeep(cfg, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	net.Init(rand.New(rand.NewPCG(1, 2)))
	m, err := classify.New(cfg, v, classify.Card{}, net)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"encoder.weight_hh_l0_reverse", "encoder.bias_ih_l1_reverse", "encoder.weight_ih_l2", "heads.a.hidden.0.weight", "heads.a.hidden.1.bias",
	} {
		if !strings.Contains(b.String(), `"`+name+`"`) {
			t.Errorf("no tensor %s", name)
		}
		other := strings.Replace(b.String(), `"`+name+`"`, `"`+strings.ToUpper(name)+`"`, 1)
		if _, err := classify.Decode([]byte(other)); err == nil {
			t.Errorf("a file without %s: no error", name)
		}
	}
	if strings.Contains(b.String(), `"encoder.weight_ih_l1"`) {
		t.Error("a layer that reads backwards has a cell that reads forward")
	}
	back, err := classify.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "good film bad thing"} {
		if got, want := back.Predict(text).Scores[0].Probs, m.Predict(text).Scores[0].Probs; !slices.Equal(got, want) {
			t.Errorf("%q: %v from the file, want %v", text, got, want)
		}
	}
}

// TestUnknownEncoder wants a name that is none to be refused, also of a file.
func TestUnknownEncoder(t *testing.T) {
	c := gruModel(t).Config()
	c.Encoder = "transformer"
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), `"transformer", want gru or lstm`) {
		t.Errorf("got %v", err)
	}
}

// TestTooMuch wants a config that asks for more than a model may have to be refused
// at once, in one line, and one with many faults to name ten of them.
func TestTooMuch(t *testing.T) {
	heads := func(n, labels int) []classify.Head {
		list := make([]classify.Head, n)
		for i := range list {
			list[i].Name = strings.Repeat("h", i%7+1)
			for c := range labels {
				list[i].Labels = append(list[i].Labels, strings.Repeat("l", c%5))
			}
		}
		return list
	}
	for _, tt := range []struct {
		want string
		set  func(*classify.Config)
	}{
		{"100000 heads, want at most 1024", func(c *classify.Config) { c.Heads = heads(100_000, 0) }},
		{"3000000 labels, want at most 65536", func(c *classify.Config) { c.Heads = heads(1, 3_000_000) }},
		{"numbers for the labels", func(c *classify.Config) { c.Heads[0].Thresholds = make([]float64, 1<<20) }},
		{"20000 kinds of pooling", func(c *classify.Config) { c.Pool = slices.Repeat([]nn.Pooling{"x"}, 20_000) }},
		{"65 directions", func(c *classify.Config) { c.Directions = make([]nn.Direction, 65) }},
		{"40000 bytes of a pipeline", func(c *classify.Config) { c.Pipeline = strings.Repeat("|", 40_000) }},
	} {
		c := gruModel(t).Config()
		c.Heads = slices.Clone(c.Heads)
		tt.set(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %.200v, want one line with %q", err, tt.want)
		}
	}
	c := gruModel(t).Config()
	c.Heads = heads(1000, 2)
	err := c.Validate()
	if err == nil || strings.Count(err.Error(), "\n") != 10 || !strings.Contains(err.Error(), "\nclassify: and 1") {
		t.Errorf("got %.2000v, want ten errors and a count of the others", err)
	}
}
