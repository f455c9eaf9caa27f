package interop_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// draw returns n numbers around 0.
func draw(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64() * 0.4)
	}
	return v
}

func matrix(r *rand.Rand, rows, cols int) interop.Matrix {
	return interop.Matrix{Rows: rows, Cols: cols, Data: draw(r, rows*cols)}
}

// layer draws a layer of H units for an input of I numbers.
func layer(r *rand.Rand, kind string, d nn.Direction, I, H int, peephole bool) interop.Layer {
	l := interop.Layer{Name: kind, Kind: kind, Direction: d}
	G := map[string]int{interop.LSTM: 4, interop.GRU: 3}[kind]
	for range 1 + d/nn.Bidirectional {
		c := interop.Cell{Input: matrix(r, G*H, I), Recurrent: matrix(r, G*H, H), Bias: draw(r, G*H)}
		if kind == interop.GRU {
			c.RecurrentBias = draw(r, G*H)
		}
		if peephole {
			c.Peephole = draw(r, 3*H)
		}
		l.Cells = append(l.Cells, c)
	}
	return l
}

func dense(r *rand.Rand, in, out int, a nn.Activation) interop.Dense {
	return interop.Dense{Name: "dense", Weight: matrix(r, out, in), Bias: draw(r, out), Activation: a}
}

// classifier draws a model of a config over five words.
func classifier(t *testing.T, cfg classify.Config) *classify.Model {
	t.Helper()
	v, err := vocab.New([]string{"a", "good", "bad", "film", "indeed"}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.Resolve()
	d, err := classify.NewDeep(cfg, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range d.Params() {
		copy(p.Data, draw(r, len(p.Data)))
		p.Changed()
	}
	m, err := classify.New(cfg, v, classify.Card{}, d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var texts = []string{"", "good", "a bad film indeed", "a good film , a film", "unknown words all the way"}

// A network made of a model and back answers with the same bits.
func TestRoundTrip(t *testing.T) {
	labels := []string{"neg", "pos", "so"}
	heads := []classify.Head{{Name: "label", Labels: labels}}
	for name, cfg := range map[string]classify.Config{
		"lstm":       {Embed: 6, LSTM: lstm.Config{HiddenSize: 5}, Pool: []nn.Pooling{nn.Last}, Heads: heads},
		"peepholes":  {Embed: 6, LSTM: lstm.Config{HiddenSize: 5, Layers: 2, Direction: nn.Bidirectional, Peephole: true}, Heads: heads},
		"gru":        {Embed: 6, Encoder: "gru", GRU: gru.Config{HiddenSize: 5, Direction: nn.Reverse, Layers: 3}, Heads: heads},
		"attention":  {Embed: 6, LSTM: lstm.Config{HiddenSize: 4}, Pool: []nn.Pooling{nn.Attention, nn.Max}, Heads: heads},
		"hidden":     {Embed: 3, LSTM: lstm.Config{HiddenSize: 4}, Heads: []classify.Head{{Name: "x", Labels: labels, Hidden: 7}}},
		"multilabel": {Embed: 3, LSTM: lstm.Config{HiddenSize: 4}, Heads: []classify.Head{{Name: "x", Labels: labels, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}}},
		"layers":     {Embed: 3, LSTM: lstm.Config{Stack: []nn.Layer{{Units: 3, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 5, Direction: nn.Reverse}, {Units: 4, Direction: nn.Bidirectional, Merge: nn.Product}}}, Pool: []nn.Pooling{nn.Last, nn.Mean}, Heads: []classify.Head{{Name: "x", Labels: labels, Layers: []classify.HiddenLayer{{Units: 3, Activation: nn.GELU}, {Units: 4}}}}},
		"gru layers": {Embed: 3, Encoder: "gru", GRU: gru.Config{Stack: []nn.Layer{{Units: 3}, {Units: 5, Direction: nn.Bidirectional}}}, Pool: []nn.Pooling{nn.Max}, Padded: 7, Heads: heads},
		"number":     {Embed: 3, LSTM: lstm.Config{HiddenSize: 4}, Heads: []classify.Head{{Name: "x", Loss: nn.Loss{Kind: nn.SquaredError}}, {Name: "y", Labels: labels}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier(t, cfg)
			back, err := interop.Of(m)[0].Model(classify.Card{})
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				want, got := m.Predict(text), back.Predict(text)
				for h := range want.Scores {
					w, g := want.Scores[h], got.Scores[h]
					if !slices.Equal(w.Probs, g.Probs) || w.Value != g.Value {
						t.Errorf("%q: %v, want %v", text, g, w)
					}
				}
			}
		})
	}
}

// One sigmoid unit is the probability of the second of two labels.
func TestOneUnit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n := &interop.Network{
		Embedding: &interop.Matrix{Rows: 4, Cols: 3, Data: draw(r, 12)},
		Layers:    []interop.Layer{layer(r, interop.LSTM, nn.Forward, 3, 5, false)},
		Heads:     []interop.Head{{Layers: []interop.Dense{dense(r, 5, 1, interop.Sigmoid)}}},
	}
	m, err := n.Model(classify.Card{})
	if err != nil {
		t.Fatal(err)
	}
	// The same network as one that gives the score itself.
	n.Heads[0].Layers[0].Activation = ""
	number, err := n.Model(classify.Card{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"0 3 2", "", "1", "77"} {
		p, s := m.Predict(text).Prob("", "1"), float64(number.Predict(text).Value(""))
		if want := 1 / (1 + math.Exp(-s)); math.Abs(float64(p)-want) > 1e-6 {
			t.Errorf("%q: %v, want %v", text, p, want)
		}
	}
	if a, b := m.Predict("0").Prob("", "1"), m.Predict("3").Prob("", "1"); a == b {
		t.Error("the rows of the embedding are all alike")
	}
}

// Rows of padding and unknown words may stand anywhere in the table.
func TestVocabulary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	n := &interop.Network{
		Text:      interop.Text{Pipeline: "words|lower", Tokens: []string{"film", "<unk>", "good", "<pad>"}},
		Embedding: &interop.Matrix{Rows: 5, Cols: 1, Data: []float32{1, 2, 3, 4, 5}},
		Layers:    []interop.Layer{layer(r, interop.GRU, nn.Forward, 1, 2, false)},
		Heads:     []interop.Head{{Layers: []interop.Dense{dense(r, 2, 2, "")}}},
	}
	m, err := n.Model(classify.Card{})
	if err != nil {
		t.Fatal(err)
	}
	enc, err := m.Encode(context.Background(), []string{"Film: good, well"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Vectors(enc[0]), []float32{1, 2, 3, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("vectors %v, want %v", got, want)
	}
	n.Text.Tokens = []string{"a", "b", "a"}
	if _, err := n.Model(classify.Card{}); err == nil {
		t.Error("a token that is there twice is no error")
	}
}

func series(r *rand.Rand) *interop.Network {
	return &interop.Network{
		Layers: []interop.Layer{
			layer(r, interop.LSTM, nn.Bidirectional, 2, 3, true),
			layer(r, interop.GRU, nn.Forward, 6, 4, false),
		},
		Pool:  []nn.Pooling{nn.Last, nn.Mean},
		Heads: []interop.Head{{Layers: []interop.Dense{dense(r, 8, 5, nn.Tanh), dense(r, 5, 1, "")}}},
	}
}

// The gradients of a network of numbers are those of its loss, and its description
// carries its weights.
func TestSequential(t *testing.T) {
	for name, n := range map[string]*interop.Network{"two kinds": series(rand.New(rand.NewPCG(7, 8))), "merged": mergedSeries()} {
		t.Run(name, func(t *testing.T) { checkSequential(t, n) })
	}
}

// mergedSeries is a network whose directions are merged, with an activation of each kind.
func mergedSeries() *interop.Network {
	r := rand.New(rand.NewPCG(9, 8))
	n := &interop.Network{
		Layers: []interop.Layer{
			layer(r, interop.LSTM, nn.Bidirectional, 2, 3, false),
			layer(r, interop.GRU, nn.Bidirectional, 3, 2, false),
			layer(r, interop.LSTM, nn.Bidirectional, 2, 4, false),
		},
		Heads: []interop.Head{{Layers: []interop.Dense{dense(r, 4, 5, nn.GELU), dense(r, 5, 3, nn.Sigmoid), dense(r, 3, 2, "")}}},
	}
	n.Layers[0].Merge, n.Layers[1].Merge, n.Layers[2].Merge = nn.Sum, nn.Product, nn.Average
	return n
}

func checkSequential(t *testing.T, n *interop.Network) {
	r := rand.New(rand.NewPCG(17, 8))
	s, err := n.Sequential()
	if err != nil {
		t.Fatal(err)
	}
	var lay nn.Layout
	lay.Reset([]int{4, 0, 2})
	in := nn.Batch{Layout: &lay, X: draw(r, lay.Rows()*s.InputSize())}
	input := &nn.Param{Name: "input", Shape: []int{lay.Rows(), 2}, Data: in.X}
	dY := draw(r, 3*s.OutputSize())
	var pass interop.Pass
	loss := func() float64 {
		for _, p := range s.Params() {
			p.Changed()
		}
		y, err := s.Forward(&pass, in, nn.Mode{Train: true})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, v := range y {
			sum += float64(v) * float64(dY[i])
		}
		return sum
	}
	loss()
	dX, err := s.Backward(&pass, dY)
	if err != nil {
		t.Fatal(err)
	}
	input.Grad = slices.Clone(dX)
	gradcheck.Check(t, append([]*nn.Param{input}, s.Params()...), loss, 1e-2)

	other, err := s.Network().Sequential()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := s.Forward(&pass, in, nn.Mode{})
	got, err := other.Forward(new(interop.Pass), in, nn.Mode{})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestRefusals(t *testing.T) {
	for want, change := range map[string]func(n *interop.Network){
		"layer gru: weights":                     func(n *interop.Network) {},
		"value 1 is NaN":                         func(n *interop.Network) { n.Layers[0].Cells[0].Bias[1] = float32(math.NaN()) },
		"no recurrent layer":                     func(n *interop.Network) { n.Layers = nil },
		"2 cells, want 1":                        func(n *interop.Network) { n.Layers[0].Direction = nn.Reverse },
		"layer dense: activation softmax before": func(n *interop.Network) { n.Heads[0].Layers[0].Activation = interop.Softmax },
		"layer dense: weights [5 8], want [5 10]": func(n *interop.Network) {
			n.Layers[1] = layer(rand.New(rand.NewPCG(1, 1)), interop.GRU, nn.Forward, 6, 5, false)
		},
		"layer dense: weights [5 8], want [5 16]": func(n *interop.Network) { n.Pool = append(n.Pool, nn.Max, nn.Max) },
	} {
		n := series(rand.New(rand.NewPCG(7, 8)))
		change(n)
		if want == "layer gru: weights" {
			n.Layers[1].Cells[0].Input.Cols++
			want = "layer gru input weights: weights [12 7], want [12 6]"
		}
		_, err := n.Sequential()
		var refusal *interop.Error
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := series(rand.New(rand.NewPCG(7, 8))).Model(classify.Card{}); err == nil || !strings.Contains(err.Error(), "no embedding") {
		t.Error(err)
	}
}
