package lstm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// A problem is a small LSTM with inputs and a linear loss over everything that
// Forward returns: loss = Σ Y·rY + Σ hN·rH + Σ cN·rC.
type problem struct {
	m          *LSTM
	lay        *nn.Layout
	x          []float32 // [Rows][I]
	init       *State
	rY         []float32 // [Rows][D*H]
	rFinal     *State
	mode       Mode
	workers    int
	sequences  int
	parameters []*nn.Param
}

func newProblem(t *testing.T, cfg Config, lengths []int, withInit bool, mode Mode) *problem {
	t.Helper()
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 11))
	m.Init(r, 1)
	uniform := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = 2*r.Float32() - 1
		}
		return v
	}
	for _, p := range m.Params() {
		if p.Shape[0] == 3 { // peepholes start at zero, where they would hide mistakes
			copy(p.Data, uniform(len(p.Data)))
			p.Changed()
		}
	}
	p := &problem{m: m, lay: new(nn.Layout), mode: mode, workers: 1, sequences: len(lengths), parameters: m.Params()}
	p.lay.Reset(lengths)
	n := cfg.NumLayers() * cfg.NumDirections() * len(lengths) * cfg.HiddenSize
	p.x = uniform(p.lay.Rows() * cfg.InputSize)
	p.rY = uniform(p.lay.Rows() * cfg.OutputSize())
	p.rFinal = &State{H: uniform(n), C: uniform(n)}
	if withInit {
		p.init = &State{H: uniform(n), C: uniform(n)}
	}
	return p
}

// fast runs Forward and Backward.
func (p *problem) fast(t *testing.T, ws *Workspace) (out Output, dX []float32, dInit State) {
	t.Helper()
	ws.Workers = p.workers
	for _, q := range p.m.Params() {
		q.NeedGrad()
		q.ZeroGrad()
	}
	out, err := p.m.Forward(ws, Batch{Layout: p.lay, X: p.x}, p.init, p.mode)
	if err != nil {
		t.Fatal(err)
	}
	out.Y = append([]float32(nil), out.Y...)
	out.Final = State{append([]float32(nil), out.Final.H...), append([]float32(nil), out.Final.C...)}
	dX, dInit, err = p.m.Backward(ws, p.rY, p.rFinal)
	if err != nil {
		t.Fatal(err)
	}
	return out, dX, dInit
}

// values is everything the loss depends on, as float64 that can be moved.
type values struct {
	w      map[string][]float64
	x      []float64 // packed rows
	h0, c0 []float64 // as State, or nil
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, f := range v {
		w[i] = float64(f)
	}
	return w
}

func (p *problem) values() values {
	v := values{w: map[string][]float64{}, x: widen(p.x)}
	for _, q := range p.m.Params() {
		v.w[q.Name] = widen(q.Data)
	}
	if p.init != nil {
		v.h0, v.c0 = widen(p.init.H), widen(p.init.C)
	}
	return v
}

// masks returns the dropout masks of the mode, got by dropping ones.
func (p *problem) masks(o *oracle) {
	if !p.mode.Train {
		return
	}
	cfg := p.m.cfg
	ws := &Workspace{mode: p.mode, batch: Batch{Layout: p.lay}, layers: make([]layerTape, len(p.m.cells))}
	o.wMask = map[string][]float64{}
	for l, layer := range p.m.cells {
		in := layer[0].in
		ones := make([]float32, p.lay.Rows()*in)
		for i := range ones {
			ones[i] = 1
		}
		p.m.dropInput(ws, l, ones)
		o.inMask = append(o.inMask, nil)
		for b := range p.sequences {
			o.inMask[l] = append(o.inMask[l], p.sequence(widen(ones), b, in))
		}
		for d, c := range layer {
			if cfg.WeightDrop > 0 {
				p.m.dropWeights(ws, l, d)
				o.wMask[c.whh.Name] = widen(ws.layers[l].dirs[d].drop.mask)
			}
		}
	}
}

// sequence cuts sequence b out of packed rows of the given width.
func (p *problem) sequence(rows []float64, b, width int) [][]float64 {
	seq := make([][]float64, p.lay.Length(b))
	for t := range seq {
		r := p.lay.Row(t, b)
		seq[t] = rows[r*width : (r+1)*width]
	}
	return seq
}

// slow runs the oracle on v: the outputs in the layout of Forward.
func (p *problem) slow(v values) (y, hN, cN []float64, loss float64) {
	cfg := p.m.cfg
	o := &oracle{cfg: cfg, w: v.w}
	p.masks(o)
	H, W, B := cfg.HiddenSize, cfg.OutputSize(), p.sequences
	slots := cfg.NumLayers() * cfg.NumDirections()
	y = make([]float64, p.lay.Rows()*W)
	hN, cN = make([]float64, slots*B*H), make([]float64, slots*B*H)
	for b := range B {
		state := func(s []float64) [][]float64 {
			if s == nil {
				return nil
			}
			var rows [][]float64
			for k := range slots {
				rows = append(rows, s[(k*B+b)*H:(k*B+b+1)*H])
			}
			return rows
		}
		yb, hb, cb := o.run(b, p.sequence(v.x, b, cfg.InputSize), state(v.h0), state(v.c0))
		for t := range yb {
			copy(y[p.lay.Row(t, b)*W:], yb[t])
		}
		for k := range slots {
			copy(hN[(k*B+b)*H:], hb[k])
			copy(cN[(k*B+b)*H:], cb[k])
		}
	}
	dot := func(a []float64, r []float32) {
		for i := range a {
			loss += a[i] * float64(r[i])
		}
	}
	dot(y, p.rY)
	dot(hN, p.rFinal.H)
	dot(cN, p.rFinal.C)
	return y, hN, cN, loss
}

// far reports the largest difference between got and want relative to the
// largest value wanted.
func far(got []float32, want []float64) float64 {
	scale, worst := 1e-3, 0.0
	for i := range want {
		scale = max(scale, math.Abs(want[i]))
		worst = max(worst, math.Abs(float64(got[i])-want[i]))
	}
	return worst / scale
}

var configs = []Config{
	{InputSize: 3, HiddenSize: 2},
	{InputSize: 3, HiddenSize: 4, Direction: Reverse},
	{InputSize: 2, HiddenSize: 3, Direction: Bidirectional},
	{InputSize: 2, HiddenSize: 3, Layers: 3},
	{InputSize: 2, HiddenSize: 3, Layers: 2, Direction: Bidirectional},
	{InputSize: 3, HiddenSize: 2, Peephole: true},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Peephole: true},
	{InputSize: 3, HiddenSize: 3, InputDropout: 0.4},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Dropout: 0.5},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Dropout: 0.5, InputDropout: 0.3, Locked: true},
	{InputSize: 3, HiddenSize: 4, Layers: 2, Direction: Bidirectional, WeightDrop: 0.5},
	{InputSize: 4, HiddenSize: 17, Direction: Bidirectional, Peephole: true, WeightDrop: 0.3}, // past one vector of 16
}

func (c Config) testName() string {
	s := fmt.Sprintf("I%d H%d L%d %s", c.InputSize, c.HiddenSize, c.NumLayers(), c.Direction)
	if c.Peephole {
		s += " peephole"
	}
	if c.InputDropout+c.Dropout > 0 {
		s += fmt.Sprintf(" dropout %v %v locked %v", c.InputDropout, c.Dropout, c.Locked)
	}
	if c.WeightDrop > 0 {
		s += " weight drop"
	}
	return s
}

// TestGradients holds outputs and every gradient against the oracle: values
// directly, gradients by central differences (h = 1e-5) in float64.
func TestGradients(t *testing.T) {
	const (
		tolerance = 2e-5
		h         = 1e-5
	)
	lengths := []int{2, 0, 5, 1, 3, 5}
	for _, cfg := range configs {
		for _, withInit := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s init %v", cfg.testName(), withInit), func(t *testing.T) {
				p := newProblem(t, cfg, lengths, withInit, Mode{Train: true, Seed: 3})
				out, dX, dInit := p.fast(t, new(Workspace))
				v := p.values()
				y, hN, cN, _ := p.slow(v)
				compare := func(what string, got []float32, want []float64) {
					t.Helper()
					if len(got) != len(want) {
						t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
					}
					if d := far(got, want); !(d <= tolerance) {
						t.Errorf("%s: off by %.2g relative, want at most %g", what, d, tolerance)
					}
				}
				compare("Y", out.Y, y)
				compare("Final.H", out.Final.H, hN)
				compare("Final.C", out.Final.C, cN)

				numeric := func(at []float64) []float64 {
					g := make([]float64, len(at))
					for i, old := range at {
						at[i] = old + h
						_, _, _, up := p.slow(v)
						at[i] = old - h
						_, _, _, down := p.slow(v)
						at[i] = old
						g[i] = (up - down) / (2 * h)
					}
					return g
				}
				if cfg.HiddenSize < 10 || !testing.Short() {
					for _, q := range p.m.Params() {
						compare("gradient of "+q.Name, q.Grad, numeric(v.w[q.Name]))
					}
				}
				compare("dX", dX, numeric(v.x))
				if withInit {
					compare("dInit.H", dInit.H, numeric(v.h0))
					compare("dInit.C", dInit.C, numeric(v.c0))
				}
			})
		}
	}
}
