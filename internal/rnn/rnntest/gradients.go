package rnntest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// A problem is a small network with inputs and a linear loss over everything that
// Forward returns: loss = Σ Y·rY + Σ hN·rH + Σ cN·rC.
type problem struct {
	Kind
	m       *rnn.Stack
	cfg     rnn.Config
	shape   nn.Shape
	lay     *nn.Layout
	x       []float32 // [Rows][I]
	init    *rnn.State
	rY      []float32 // [Rows][D*H]
	rFinal  *rnn.State
	mode    nn.Mode
	workers int
}

// eachCell calls f for each layer and direction, with the units of the cells before it.
func (p *problem) eachCell(f func(l, d int, layer nn.Layer, before int)) {
	before := 0
	for l := range p.shape.Layers {
		layer := p.shape.Layer(l)
		for d := range layer.NumDirections() {
			f(l, d, layer, before)
			before += layer.Units
		}
	}
}

// units is the number of those of all cells.
func (p *problem) units() (n int) {
	p.eachCell(func(_, _ int, layer nn.Layer, _ int) { n += layer.Units })
	return n
}

func newProblem(k Kind, c Case, lengths []int, withInit bool, mode nn.Mode) *problem {
	m := c.New()
	r := rand.New(rand.NewPCG(7, 11))
	m.Init(r, nil)
	uniform := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = 2*r.Float32() - 1
		}
		return v
	}
	for _, p := range m.Params() {
		if !p.Quantize { // biases and the like start at zero, where they would hide mistakes
			copy(p.Data, uniform(len(p.Data)))
			p.Changed()
		}
	}
	p := &problem{Kind: k, m: m, cfg: c.Config, shape: c.Config.Shape(), lay: new(nn.Layout), mode: mode, workers: 1}
	p.lay.Reset(lengths)
	n := p.units() * len(lengths)
	p.x = uniform(p.lay.Rows() * p.shape.Input)
	p.rY = uniform(p.lay.Rows() * p.shape.OutputSize())
	p.rFinal = &rnn.State{H: uniform(n), C: uniform(n)}
	if withInit {
		p.init = &rnn.State{H: uniform(n), C: uniform(n)}
		if k.OneState {
			p.init.C = slices.Clone(p.init.H)
		}
	}
	return p
}

// A result is everything that a Forward and a Backward give.
type result struct {
	out   rnn.Output
	dX    []float32
	dInit rnn.State
	grads [][]float32
}

// all is the result in one slice.
func (r *result) all() []float32 {
	return slices.Concat(append([][]float32{r.out.Y, r.out.Final.H, r.out.Final.C, r.dX, r.dInit.H, r.dInit.C}, r.grads...)...)
}

// fast runs Forward and Backward.
func (p *problem) fast(t *testing.T, ws *rnn.Workspace) *result {
	t.Helper()
	ws.Workers = p.workers
	for _, q := range p.m.Params() {
		q.NeedGrad()
		q.ZeroGrad()
	}
	out, err := p.m.Forward(ws, nn.Batch{Layout: p.lay, X: p.x}, p.init, p.mode)
	if err != nil {
		t.Fatal(err)
	}
	r := &result{out: rnn.Output{
		Y:     slices.Clone(out.Y),
		Final: rnn.State{H: slices.Clone(out.Final.H), C: slices.Clone(out.Final.C)},
	}}
	dX, dInit, err := p.m.Backward(ws, p.rY, p.rFinal)
	if err != nil {
		t.Fatal(err)
	}
	r.dX, r.dInit = slices.Clone(dX), dInit
	for _, q := range p.m.Params() {
		r.grads = append(r.grads, slices.Clone(q.Grad))
	}
	return r
}

// values is everything the loss depends on, as float64 that can be moved.
type values struct {
	w      map[string][]float64
	x      []float64 // packed rows
	h0, c0 []float64 // as State, or nil; the same slice where there is one state
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
		if p.OneState {
			v.c0 = v.h0
		}
	}
	return v
}

// Far reports the largest difference between got and want relative to the
// largest value wanted.
func Far(got []float32, want []float64) float64 {
	scale, worst := 1e-3, 0.0
	for i := range want {
		scale = max(scale, math.Abs(want[i]))
		worst = max(worst, math.Abs(float64(got[i])-want[i]))
	}
	return worst / scale
}

// Gradients holds outputs and every gradient against the definition: values
// directly, gradients by central differences (h = 1e-5) in float64.
func Gradients(t *testing.T, k Kind) {
	const (
		tolerance = 2e-5
		h         = 1e-5
	)
	lengths := []int{2, 0, 5, 1, 3, 5}
	for _, c := range k.Cases {
		if c.Config.Shape().Hidden > 20 {
			continue // differences of so many weights take minutes
		}
		for _, withInit := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s init %v", c.Name, withInit), func(t *testing.T) {
				p := newProblem(k, c, lengths, withInit, nn.Mode{Train: true, Seed: 3})
				got := p.fast(t, new(rnn.Workspace))
				v := p.values()
				y, hN, cN, _ := p.slow(v)
				compare := func(what string, got []float32, want []float64) {
					t.Helper()
					if len(got) != len(want) {
						t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
					}
					if d := Far(got, want); !(d <= tolerance) {
						t.Errorf("%s: off by %.2g relative, want at most %g", what, d, tolerance)
					}
				}
				compare("Y", got.out.Y, y)
				compare("Final.H", got.out.Final.H, hN)
				compare("Final.C", got.out.Final.C, cN)

				numeric := func(what string, got []float32, at []float64) {
					t.Helper()
					every := 1
					if testing.Short() {
						every = max(1, len(at)/20)
					}
					var some []float32
					var want []float64
					for i := 0; i < len(at); i += every {
						old := at[i]
						at[i] = old + h
						_, _, _, up := p.slow(v)
						at[i] = old - h
						_, _, _, down := p.slow(v)
						at[i] = old
						some, want = append(some, got[i]), append(want, (up-down)/(2*h))
					}
					compare(what, some, want)
				}
				for i, q := range p.m.Params() {
					numeric("gradient of "+q.Name, got.grads[i], v.w[q.Name])
				}
				numeric("dX", got.dX, v.x)
				switch {
				case withInit && k.OneState:
					for i, d := range got.dInit.C {
						got.dInit.H[i] += d
					}
					numeric("dInit", got.dInit.H, v.h0)
				case withInit:
					numeric("dInit.H", got.dInit.H, v.h0)
					numeric("dInit.C", got.dInit.C, v.c0)
				}
			})
		}
	}
}
