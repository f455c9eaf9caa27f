package classify_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// three members, one of which reads backwards.
func three(c *classify.Config) {
	c.Members, c.Directions = 3, []lstm.Direction{lstm.Forward, lstm.Bidirectional, lstm.Reverse}
	c.Pool = []nn.Pooling{nn.Attention, nn.Mean}
}

// The scores of an ensemble are the means of those that its members have as
// models of their own, in every form that it can take.
func TestEnsembleIsTheMean(t *testing.T) {
	for _, set := range []func(*classify.Config){
		three,
		func(c *classify.Config) { c.Members = 2; multi(c) },
		func(c *classify.Config) { c.Members = 2; c.Chunk = 3; deepOnly(c) },
	} {
		m := newModel(t, set)
		q, err := m.Quantize()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*classify.Model{m, q, m.WithoutCache()} {
			m = m.Only("deep")
			encoded, err := m.Encode(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			K := m.Config().NumMembers()
			var mean [][]float64
			params := 0
			for k := range K {
				one, err := classify.Decode(encode(t, m.Member(k))) // a model by itself
				if err != nil {
					t.Fatal(err)
				}
				params += one.NumParams()
				logits, err := one.Logits(t.Context(), encoded)
				if err != nil {
					t.Fatal(err)
				}
				if mean == nil {
					mean = make([][]float64, len(logits))
				}
				for h := range logits {
					if mean[h] == nil {
						mean[h] = make([]float64, len(logits[h]))
					}
					for i, v := range logits[h] {
						mean[h][i] += float64(v) / float64(K)
					}
				}
			}
			if params != m.NumParams() {
				t.Errorf("%d parameters, its members have %d", m.NumParams(), params)
			}
			for range 2 { // the second time from the cache
				logits, err := m.Logits(t.Context(), encoded)
				if err != nil {
					t.Fatal(err)
				}
				for h := range logits {
					for i, v := range logits[h] {
						if math.Abs(float64(v)-mean[h][i]) > 1e-5 {
							t.Fatalf("head %d, score %d: %v, the mean is %v", h, i, v, mean[h][i])
						}
					}
				}
			}
		}
	}
}

func TestEnsembleFile(t *testing.T) {
	m := newModel(t, three)
	for _, m := range []*classify.Model{m, quantized(t, m), m.Only("wide")} {
		b := encode(t, m)
		loaded, err := classify.Decode(slices.Clone(b))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, encode(t, loaded)) {
			t.Error("a loaded model is written with other bytes")
		}
		checkAnswers(t, "loaded", answers(t, m), answers(t, loaded))
	}
	names := map[string]bool{}
	for _, tensor := range open(t, encode(t, m)).Tensors {
		names[tensor.Name] = true
	}
	for k := range 3 {
		if name := fmt.Sprintf("members.%d.embedding.weight", k); !names[name] {
			t.Errorf("no %s in the file", name)
		}
		if name := fmt.Sprintf("members.%d.encoder.weight_ih_l0_reverse", k); names[name] && k == 0 {
			t.Errorf("%s is in the file of a member that reads forward", name)
		}
	}
	if first := answers(t, m.Member(0)); slices.EqualFunc(first, answers(t, m.Member(2)), func(a, b classify.Prediction) bool {
		return slices.Equal(a.Scores[0].Probs, b.Scores[0].Probs)
	}) {
		t.Error("two members give the same answers")
	}
}

// A trace of an ensemble says of its scores what one of a network says of that
// network's: where they end, and how they change with the scale.
func TestEnsembleTrace(t *testing.T) {
	m := newModel(t, three)
	encoded, err := m.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	logits, err := m.Only("deep").Logits(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	direction := []float32{-0.5, -0.5, 1}
	scale := m.Heads()[0].Deep
	if scale == 0 {
		scale = 1
	}
	const step = 1e-2
	tracer := m.NewTracer()
	for i, e := range encoded {
		traces, err := tracer.Trace(new(classify.Workspace), []classify.Point{
			{IDs: e.IDs, Scale: 1}, {IDs: e.IDs, Scale: 1 - step}, {IDs: e.IDs, Scale: 1 + step},
		}, 0, direction)
		if err != nil {
			t.Fatal(err)
		}
		want := 0.0
		for c, d := range direction {
			want += float64(d * logits[0][3*i+c])
		}
		if got := scale * float64(traces[0].Score); math.Abs(got-want) > 1e-4 {
			t.Errorf("text %d: traced score %v, want %v", i, got, want)
		}
		slope, attention := 0.0, 0.0
		for k, v := range traces[0].Products {
			slope += v
			attention += float64(traces[0].Attention[k])
		}
		if numeric := float64(traces[2].Score-traces[1].Score) / (2 * step); math.Abs(slope-numeric) > 1e-2*max(1, math.Abs(numeric)) {
			t.Errorf("text %d: slope %v, by differences %v", i, slope, numeric)
		}
		if len(e.IDs) > 0 && math.Abs(attention-1) > 1e-5 {
			t.Errorf("text %d: attention sums to %v", i, attention)
		}
	}
	tracer.Norms = true
	if _, err := tracer.Trace(new(classify.Workspace), []classify.Point{{IDs: encoded[1].IDs, Scale: 1}}, 0, direction); err == nil {
		t.Error("norms of the states of several networks")
	}
}

func TestEnsembleConfig(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*classify.Config)
		want string
	}{
		{"none negative", func(c *classify.Config) { c.Members = -1 }, "members = -1"},
		{"not too many", func(c *classify.Config) { c.Members = 1 << 30 }, "members = 1073741824"},
		{"a deep branch", func(c *classify.Config) { c.Members, c.NoDeep = 2, true }, "no_deep"},
		{"a direction for each", func(c *classify.Config) {
			c.Members, c.Directions = 3, []lstm.Direction{lstm.Forward, lstm.Reverse}
		}, "2 directions for 3 members"},
		{"directions need members", func(c *classify.Config) { c.Directions = []lstm.Direction{lstm.Forward, lstm.Reverse} }, "2 directions"},
		{"a known direction", func(c *classify.Config) { c.Members, c.Directions = 2, []lstm.Direction{0, 77} }, "member 1"},
	} {
		c := tiny()
		tt.set(&c)
		if err := c.Resolve().Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", tt.name, err, tt.want)
		}
	}
	c := tiny()
	c.Members, c.Directions = 1, []lstm.Direction{lstm.Reverse}
	if c = c.Resolve(); c.Members != 0 || c.Directions != nil || c.LSTM.Direction != lstm.Reverse {
		t.Errorf("one member resolves to %+v", c)
	}
	one, several := newModel(t, deepOnly), newModel(t, func(c *classify.Config) { deepOnly(c); c.Members = 2 })
	if _, err := classify.New(several.Config(), one.Vocab(), classify.Card{}, one.Deep()); err == nil || !strings.Contains(err.Error(), "1 members, the config says 2") {
		t.Errorf("a network for an ensemble: %v", err)
	}
	if _, err := classify.NewNetwork(several.Config(), 20); err == nil || !strings.Contains(err.Error(), "2 members") {
		t.Errorf("one network for the config of two: %v", err)
	}
}
