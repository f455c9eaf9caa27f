package rnntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// A Network is a recurrent network as a package has it for its users, with a workspace.
// States of networks whose state is the output have no C.
type Network struct {
	Params   []*nn.Param
	Forward  func(in nn.Batch, init *rnn.State, mode nn.Mode) (rnn.Output, error)
	Backward func(dY []float32, dFinal *rnn.State) (dX []float32, dInit rnn.State, err error)
}

// A golden is what a network of PyTorch does with a batch; testdata/pytorch/gen.py of a
// package makes them and describes them.
type golden[C any] struct {
	Config  C                  `json:"config"`
	Lengths []int              `json:"lengths"`
	Labels  []int32            `json:"labels"`
	Weights map[string]*tensor `json:"weights"`
	X       *tensor            `json:"x"`
	H0      *tensor            `json:"h0"`
	C0      *tensor            `json:"c0"`
	Y       *tensor            `json:"y"`
	HN      *tensor            `json:"h_n"`
	CN      *tensor            `json:"c_n"`
	R1      *tensor            `json:"r1"`
	R2      *tensor            `json:"r2"`
	R3      *tensor            `json:"r3"`
	Grads   map[string]*tensor `json:"grads"`
	Losses  []float64          `json:"losses"`
}

type tensor struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

func (t *tensor) float32() []float32 {
	if t == nil {
		return nil
	}
	v := make([]float32, len(t.Data))
	for i, x := range t.Data {
		v[i] = float32(x)
	}
	return v
}

// readGolden reads the cases of a file, which has one or a list.
func readGolden[C any](t *testing.T, path string) []golden[C] {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("[")) {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	var cases []golden[C]
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return cases
}

// biasOf is the name that PyTorch has for the first of its biases, where a network has
// their sum.
func biasOf(name string) string { return strings.Replace(name, "bias_", "bias_ih_", 1) }

// network makes one with PyTorch's weights. Where there is no tensor of the name of a
// bias, it is the sum of PyTorch's two.
func (g *golden[C]) network(t *testing.T, make func(C) (Network, error)) Network {
	t.Helper()
	m, err := make(g.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params {
		w := g.Weights[p.Name].float32()
		if w == nil {
			w = g.Weights[biasOf(p.Name)].float32()
			for i, v := range g.Weights[strings.Replace(p.Name, "bias_", "bias_hh_", 1)].Data {
				w[i] = float32(g.Weights[biasOf(p.Name)].Data[i] + v)
			}
		}
		if n := copy(p.Data, w); n != len(p.Data) || n != len(w) {
			t.Fatalf("%s: %d values, want %d", p.Name, len(w), len(p.Data))
		}
		p.Changed()
	}
	return m
}

// pack brings a padded tensor [T][B][width] into packed rows.
func (g *golden[C]) pack(lay *nn.Layout, t *tensor) []float32 {
	T, width := t.Shape[0], t.Shape[2]
	rows := make([]float32, lay.Rows()*width)
	lay.Pack(rows, t.float32(), T, width)
	return rows
}

// PyTorch wants the outputs, the states and every gradient of the cases in a file.
func PyTorch[C any](t *testing.T, path string, make func(C) (Network, error)) {
	for i, g := range readGolden[C](t, path) {
		t.Run(fmt.Sprint(i), func(t *testing.T) { g.check(t, g.network(t, make)) })
	}
}

func (g *golden[C]) check(t *testing.T, m Network) {
	const tolerance = 1e-5 // relative to the tensor's largest value
	lay := new(nn.Layout)
	lay.Reset(g.Lengths)
	compare := func(what string, got []float32, want *tensor) {
		t.Helper()
		if want == nil || len(got) != len(want.Data) {
			t.Fatalf("%s: %d values, want those of %v", what, len(got), want)
		}
		if d := Far(got, want.Data); !(d <= tolerance) {
			t.Errorf("%s: off by %.2g relative, want at most %g", what, d, tolerance)
		}
	}
	padded := func(rows []float32, like *tensor) []float32 {
		x := make([]float32, len(like.Data))
		lay.Unpack(x, rows, like.Shape[0], like.Shape[2])
		return x
	}
	var init *rnn.State
	if g.H0 != nil {
		init = &rnn.State{H: g.H0.float32(), C: g.C0.float32()}
	}
	for _, train := range []bool{false, true} {
		out, err := m.Forward(nn.Batch{Layout: lay, X: g.pack(lay, g.X)}, init, nn.Mode{Train: train})
		if err != nil {
			t.Fatal(err)
		}
		compare("y", padded(out.Y, g.Y), g.Y)
		compare("h_n", out.Final.H, g.HN)
		if out.Final.C != nil {
			compare("c_n", out.Final.C, g.CN)
		}
	}
	dX, dInit, err := m.Backward(g.pack(lay, g.R1), &rnn.State{H: g.R2.float32(), C: g.R3.float32()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params {
		name := p.Name
		if g.Grads[name] == nil {
			name = biasOf(name)
		}
		compare("gradient of "+name, p.Grad, g.Grads[name])
	}
	compare("gradient of x", padded(dX, g.Grads["x"]), g.Grads["x"])
	if init != nil {
		compare("gradient of h0", dInit.H, g.Grads["h0"])
		if dInit.C != nil {
			compare("gradient of c0", dInit.C, g.Grads["c0"])
		}
	}
}

// TrainingLikePyTorch takes ten steps of Adam on the batch of a file and wants PyTorch's
// ten losses. As there, the final states of both directions lead to a linear layer.
func TrainingLikePyTorch[Config any](t *testing.T, path string, make func(Config) (Network, error)) {
	g := readGolden[Config](t, path)[0]
	m := g.network(t, make)
	B, C, H := len(g.Lengths), g.Weights["fc.weight"].Shape[0], g.Weights["fc.weight"].Shape[1]/2
	fc := nn.NewDense("fc", 2*H, C)
	for _, p := range fc.Params() {
		copy(p.Data, g.Weights[p.Name].float32())
		p.Changed()
	}
	params := slices.Concat(m.Params, fc.Params())
	for _, p := range params {
		p.NeedGrad()
	}
	adam, err := nn.NewOptimizer(nn.OptimizerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	lay := new(nn.Layout)
	lay.Reset(g.Lengths)
	in := nn.Batch{Layout: lay, X: g.pack(lay, g.X)}
	numbers := func(n int) []float32 { return slices.Repeat([]float32{0}, n) }
	logits, dLogits, both, dBoth := numbers(B*C), numbers(B*C), numbers(B*2*H), numbers(B*2*H)
	for step, want := range g.Losses {
		out, err := m.Forward(in, nil, nn.Mode{Train: true})
		if err != nil {
			t.Fatal(err)
		}
		for b := range B {
			copy(both[b*2*H:], out.Final.H[b*H:(b+1)*H])
			copy(both[b*2*H+H:], out.Final.H[(B+b)*H:(B+b+1)*H])
		}
		fc.Forward(logits, both, B)
		loss := new(nn.Loss).Eval(dLogits, logits, B, C, &nn.Targets{Labels: g.Labels}, 0)
		if math.Abs(loss-want) > 1e-5*want {
			t.Errorf("step %d: loss %.8f, want %.8f", step, loss, want)
		}
		nn.ZeroGrad(params)
		fc.Backward(dBoth, dLogits, both, B)
		dFinal := rnn.State{H: numbers(2 * B * H), C: numbers(2 * B * H)}
		for b := range B {
			copy(dFinal.H[b*H:(b+1)*H], dBoth[b*2*H:])
			copy(dFinal.H[(B+b)*H:(B+b+1)*H], dBoth[b*2*H+H:])
		}
		if _, _, err := m.Backward(nil, &dFinal); err != nil {
			t.Fatal(err)
		}
		if err := adam.Step(params, 1e-2); err != nil {
			t.Fatal(err)
		}
	}
}
