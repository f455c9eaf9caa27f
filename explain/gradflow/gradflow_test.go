package gradflow_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// TestOnlyTheRecurrentWeightsCarryH: with them at zero the norm of dL/dh is 0
// before the last step, for h has no other way forward. (The cell state has.)
func TestOnlyTheRecurrentWeightsCarryH(t *testing.T) {
	m, err := lstm.New(lstm.Config{InputSize: 2, HiddenSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	m.Init(rand.New(rand.NewPCG(1, 1)))
	for _, p := range m.Params() {
		if p.Name == "weight_hh_l0" {
			clear(p.Data)
			p.Changed()
		}
	}
	curves, err := gradflow.Trained("by hand", m, gradflow.Noise(2, 5, 2, 1, 1), gradflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := curves[0]
	if math.Abs(c.Norms[0]-1) > 1e-6 {
		t.Errorf("norm at the last step %v, want 1", c.Norms[0])
	}
	if diff := cmp.Diff([]float64{0, 0, 0, 0}, c.Norms[1:]); diff != "" {
		t.Errorf("norms before it (-want +got):\n%s", diff)
	}
}

// TestOneUnit compares with the derivative of a cell of one unit, written out.
func TestOneUnit(t *testing.T) {
	m, err := lstm.New(lstm.Config{InputSize: 1, HiddenSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	wx := []float64{0.5, -0.3, 0.8, 0.2} // i, f, g, o
	wh := []float64{0.4, 0.6, -0.7, 0.9}
	bias := []float64{0.1, 1, -0.2, 0.3}
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] = float32(map[string][]float64{"weight_ih_l0": wx, "weight_hh_l0": wh, "bias_l0": bias}[p.Name][i])
		}
		p.Changed()
	}
	xs := []float64{0.3, -0.9, 0.7, 0.2, -0.4, 1.1}
	sequence := make([]float32, len(xs))
	for i, x := range xs {
		sequence[i] = float32(x)
	}
	curves, err := gradflow.Trained("one unit", m, [][]float32{sequence}, gradflow.Options{})
	if err != nil {
		t.Fatal(err)
	}

	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	// last is h after all steps from the given one on, from a state.
	last := func(from int, h, c float64) float64 {
		for _, x := range xs[from:] {
			pre := func(g int) float64 { return wx[g]*x + wh[g]*h + bias[g] }
			c = sigmoid(pre(1))*c + sigmoid(pre(0))*math.Tanh(pre(2))
			h = sigmoid(pre(3)) * math.Tanh(c)
		}
		return h
	}
	h, c := 0.0, 0.0
	for at, x := range xs {
		pre := func(g int) float64 { return wx[g]*x + wh[g]*h + bias[g] }
		hNext, cNext := 0.0, sigmoid(pre(1))*c+sigmoid(pre(0))*math.Tanh(pre(2))
		hNext = sigmoid(pre(3)) * math.Tanh(cNext)
		h, c = hNext, cNext
		const step = 1e-6
		want := math.Abs(last(at+1, h+step, c)-last(at+1, h-step, c)) / (2 * step)
		got := curves[0].Norms[len(xs)-1-at]
		if math.Abs(got-want) > 1e-5*max(want, 1e-3) {
			t.Errorf("step %d: norm %v, want %v", at, got, want)
		}
	}
}

// TestForgetBias is what the package is for: the bias lets the gradient live
// longer, and neither curve depends on clipping.
func TestForgetBias(t *testing.T) {
	cfg := lstm.Config{InputSize: 8, HiddenSize: 24}
	curves, err := gradflow.Fresh(cfg, gradflow.Noise(4, 120, 8, 0.5, 7), gradflow.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	without, with := curves[0], curves[1]
	if !(without.Factor < with.Factor && with.Factor < 1) {
		t.Errorf("factors %v without and %v with forget bias, want both below 1 and the second larger", without.Factor, with.Factor)
	}
	if !(without.Left(50) < 1e-6 && with.Left(50) > 100*without.Left(50)) {
		t.Errorf("left after 50 steps: %v without, %v with forget bias", without.Left(50), with.Left(50))
	}
	if without.Reach(0.01) >= with.Reach(0.01) {
		t.Errorf("reach %d without, %d with forget bias", without.Reach(0.01), with.Reach(0.01))
	}
}

// TestExplosion wants large recurrent weights to blow the gradient up, and
// clipping to bring its norm to the limit.
func TestExplosion(t *testing.T) {
	cfg := lstm.Config{InputSize: 4, HiddenSize: 16}
	curves, err := gradflow.Fresh(cfg, gradflow.Noise(2, 60, 4, 1, 3), gradflow.Options{Forget: []float64{1}, Gain: []float64{1, 6}, Clip: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	tame, wild := curves[0], curves[1]
	if !(wild.Factor > 1 && wild.Factor > tame.Factor) {
		t.Errorf("factors %v and %v", tame.Factor, wild.Factor)
	}
	if math.Abs(wild.Weights*wild.Scale-0.5) > 1e-9 {
		t.Errorf("clipped to %v, want 0.5", wild.Weights*wild.Scale)
	}
}

// TestShapes wants a curve for each direction of each layer, the top one first,
// from sequences of different lengths, and the same again.
func TestShapes(t *testing.T) {
	cfg := lstm.Config{InputSize: 3, HiddenSize: 5, Layers: 2, Direction: lstm.Bidirectional, Dropout: 0.5}
	sequences := append(gradflow.Noise(2, 9, 3, 1, 1), gradflow.Noise(1, 4, 3, 1, 2)...)
	run := func() []gradflow.Curve {
		curves, err := gradflow.Fresh(cfg, sequences, gradflow.Options{Forget: []float64{1}})
		if err != nil {
			t.Fatal(err)
		}
		return curves
	}
	curves := run()
	for i, c := range curves {
		if c.Layer != 1-i/2 || c.Reverse != (i%2 == 1) || len(c.Norms) != 9 {
			t.Errorf("curve %d: %+v", i, c)
		}
		if c.Layer == 1 && math.Abs(c.Norms[0]-1) > 1e-6 {
			t.Errorf("curve %d: norm at the end %v, want 1", i, c.Norms[0])
		}
	}
	if len(curves) != 4 {
		t.Errorf("%d curves, want 4", len(curves))
	}
	if diff := cmp.Diff(curves, run()); diff != "" {
		t.Errorf("again (-first +second):\n%s", diff)
	}
}

// TestPooled wants curves for the model's own score: with the mean pooled, every
// step gets a gradient of its own, however far from the end.
func TestPooled(t *testing.T) {
	c := classify.Config{
		Embed: 8, LSTM: lstm.Config{HiddenSize: 8, Direction: lstm.Bidirectional}, Pool: []nn.Pooling{nn.Mean},
		Heads: []classify.Head{{Name: "a", Labels: []string{"x", "y"}}},
	}.Resolve()
	v, err := vocab.New([]string{"a", "b", "c"}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	net, err := classify.NewDeep(c, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	net.Init(rand.New(rand.NewPCG(1, 2)))
	m, err := classify.New(c, v, classify.Card{}, net)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := m.Encode(t.Context(), []string{strings.Repeat("a b c ", 40), ""})
	if err != nil {
		t.Fatal(err)
	}
	curves, err := gradflow.Pooled("pooled", m, texts)
	if err != nil {
		t.Fatal(err)
	}
	var sequences [][]float32
	x := make([]float32, len(texts[0].IDs)*c.Embed)
	m.Embed().Gather(x, texts[0].IDs)
	last, err := gradflow.Trained("last", m.Deep().Members()[0].Encoder().(*lstm.LSTM), append(sequences, x), gradflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(curves) != 2 || curves[0].Reverse || !curves[1].Reverse || len(curves[0].Norms) != 120 {
		t.Fatalf("%d curves: %+v", len(curves), curves)
	}
	for i := range curves {
		if curves[i].Left(100) < 0.3 || last[i].Left(100) > 0.01 {
			t.Errorf("curve %d: %v left after 100 steps with the mean pooled, %v with the last state", i, curves[i].Left(100), last[i].Left(100))
		}
	}
	if none, err := gradflow.Pooled("none", m, texts[1:2]); err != nil || none != nil {
		t.Errorf("curves of an empty text: %v, %v", none, err)
	}
}

func TestErrors(t *testing.T) {
	if _, err := gradflow.Fresh(lstm.Config{InputSize: 3, HiddenSize: 5}, [][]float32{{1, 2}}, gradflow.Options{}); err == nil {
		t.Error("no error for half an input")
	}
	if _, err := gradflow.Fresh(lstm.Config{}, nil, gradflow.Options{}); err == nil {
		t.Error("no error for an empty config")
	}
	var c gradflow.Curve
	if c.Left(3) != 0 || c.Reach(0.5) != 0 {
		t.Error("an empty curve has something left")
	}
}
