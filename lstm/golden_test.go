package lstm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn/rnntest"
	"github.com/textlstm/textlstm/nn"
)

// A tensor of a golden file; testdata/pytorch/gen.py makes them and describes them.
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

type golden struct {
	Config  Config             `json:"config"`
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

func readGolden(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "pytorch", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// load copies PyTorch's weights into m, adding up its two biases.
func (g *golden) load(t *testing.T, m *LSTM) {
	t.Helper()
	for _, p := range m.Params() {
		if len(p.Shape) == 1 {
			suffix := p.Name[len("bias"):]
			a, b := g.Weights["bias_ih"+suffix].Data, g.Weights["bias_hh"+suffix].Data
			for i := range p.Data {
				p.Data[i] = float32(a[i] + b[i])
			}
		} else if n := copy(p.Data, g.Weights[p.Name].float32()); n != len(p.Data) {
			t.Fatalf("%s: %d values, want %d", p.Name, n, len(p.Data))
		}
		p.Changed()
	}
}

// pack brings a padded tensor [T][B][width] into packed rows.
func (g *golden) pack(lay *nn.Layout, t *tensor) []float32 {
	T, width := t.Shape[0], t.Shape[2]
	rows := make([]float32, lay.Rows()*width)
	lay.Pack(rows, t.float32(), T, width)
	return rows
}

func (g *golden) check(t *testing.T) {
	const tolerance = 1e-5 // relative to the tensor's largest value
	m, err := New(g.Config)
	if err != nil {
		t.Fatal(err)
	}
	g.load(t, m)
	lay := new(nn.Layout)
	lay.Reset(g.Lengths)
	var init *State
	if g.H0 != nil {
		init = &State{H: g.H0.float32(), C: g.C0.float32()}
	}
	ws := new(Workspace)
	batch := Batch{Layout: lay, X: g.pack(lay, g.X)}
	compare := func(what string, got []float32, want *tensor) {
		t.Helper()
		if len(got) != len(want.Data) {
			t.Fatalf("%s: %d values, want %d", what, len(got), len(want.Data))
		}
		if d := rnntest.Far(got, want.Data); !(d <= tolerance) {
			t.Errorf("%s: off by %.2g relative, want at most %g", what, d, tolerance)
		}
	}
	padded := func(rows []float32, like *tensor) []float32 {
		x := make([]float32, len(like.Data))
		lay.Unpack(x, rows, like.Shape[0], like.Shape[2])
		return x
	}
	for _, train := range []bool{false, true} {
		out, err := m.Forward(ws, batch, init, Mode{Train: train})
		if err != nil {
			t.Fatal(err)
		}
		compare("y", padded(out.Y, g.Y), g.Y)
		compare("h_n", out.Final.H, g.HN)
		compare("c_n", out.Final.C, g.CN)
	}
	dX, dInit, err := m.Backward(ws, g.pack(lay, g.R1), &State{H: g.R2.float32(), C: g.R3.float32()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		name := p.Name
		if len(p.Shape) == 1 {
			name = "bias_ih" + name[len("bias"):]
		}
		compare("gradient of "+name, p.Grad, g.Grads[name])
	}
	compare("gradient of x", padded(dX, g.Grads["x"]), g.Grads["x"])
	if init != nil {
		compare("gradient of h0", dInit.H, g.Grads["h0"])
		compare("gradient of c0", dInit.C, g.Grads["c0"])
	}
}

func TestPyTorch(t *testing.T) {
	for _, name := range []string{"forward", "reverse", "bidirectional", "stacked", "lengths", "states", "wide"} {
		t.Run(name, func(t *testing.T) {
			var g golden
			readGolden(t, name+".json", &g)
			g.check(t)
		})
	}
}

// TestPeephole holds peepholes against an explicit cell in PyTorch, which the
// script has checked against ONNX Runtime's LSTM.
func TestPeephole(t *testing.T) {
	var cases []golden
	readGolden(t, "peephole.json", &cases)
	for i := range cases {
		t.Run(cases[i].Config.testName(), cases[i].check)
	}
}
