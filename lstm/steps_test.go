package lstm

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/nn"
)

// stepsBatch is a batch of sequences of some lengths, with an initial state.
func stepsBatch(m *LSTM, r *rand.Rand, lengths ...int) (Batch, *State) {
	lay := new(nn.Layout)
	lay.Reset(lengths)
	in := Batch{Layout: lay, X: make([]float32, lay.Rows()*m.cfg.InputSize)}
	init := m.NewState(len(lengths))
	for _, x := range [][]float32{in.X, init.H, init.C} {
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
	}
	return in, init
}

// Step by step, results and gradients are to the last bit those of layer by layer,
// whatever the workers.
func TestStepsAreForward(t *testing.T) {
	c := Config{InputSize: 5, HiddenSize: 6, Layers: 3, Dropout: 0.3, WeightDrop: 0.2, Peephole: true}
	m, r := must(New, c), rand.New(rand.NewPCG(1, 2))
	m.Init(r)
	in, init := stepsBatch(m, r, 3, 7, 0, 1, 4, 4, 2, 7, 5)
	mode := Mode{Train: true, Seed: 9}
	dY := make([]float32, in.Layout.Rows()*c.HiddenSize)
	for i := range dY {
		dY[i] = float32(r.NormFloat64())
	}
	type result struct{ y, final, cell, dX, dH, dC, grads []float32 }
	run := func(workers int, steps bool) (out result) {
		ws := &Workspace{Workers: workers}
		nn.ZeroGrad(m.Params())
		var o Output
		var dX []float32
		var d State
		var err error
		if steps {
			if o, err = m.ForwardSteps(ws, in, init, mode, func(int, int, int, []float32) {}); err == nil {
				out = result{y: slices.Clone(o.Y), final: slices.Clone(o.Final.H), cell: slices.Clone(o.Final.C)}
				dX, d, err = m.BackwardSteps(ws, dY, func(int, int, int, []float32) {})
			}
		} else if o, err = m.Forward(ws, in, init, mode); err == nil {
			out = result{y: slices.Clone(o.Y), final: slices.Clone(o.Final.H), cell: slices.Clone(o.Final.C)}
			dX, d, err = m.Backward(ws, dY, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		out.dX, out.dH, out.dC = slices.Clone(dX), d.H, d.C
		for _, p := range m.Params() {
			out.grads = append(out.grads, p.Grad...)
		}
		return out
	}
	want := run(1, false)
	for _, workers := range []int{1, 2, 3} {
		got := run(workers, true)
		for _, tt := range []struct {
			name      string
			got, want []float32
		}{
			{"y", got.y, want.y}, {"final state", got.final, want.final}, {"final cell", got.cell, want.cell},
			{"gradient of x", got.dX, want.dX}, {"gradient of the state", got.dH, want.dH}, {"gradient of the cell", got.dC, want.dC},
			{"gradients of weights", got.grads, want.grads},
		} {
			if !slices.Equal(tt.got, tt.want) {
				t.Errorf("%d workers: %s differs", workers, tt.name)
			}
		}
	}
}

// Inputs that are made of outputs have the gradients of finite differences.
func TestStepsThatFeed(t *testing.T) {
	const H = 4
	m, r := must(New, Config{InputSize: H, HiddenSize: H, Layers: 2}), rand.New(rand.NewPCG(3, 4))
	m.Init(r)
	in, init := stepsBatch(m, r, 4, 2, 3)
	first := &nn.Param{Name: "x", Shape: []int{in.Layout.Active(0), H}, Data: slices.Clone(in.X[:in.Layout.Active(0)*H])}
	h0 := &nn.Param{Name: "h0", Shape: []int{len(init.H)}, Data: init.H}
	c0 := &nn.Param{Name: "c0", Shape: []int{len(init.C)}, Data: init.C}
	params := append(m.Params(), first, h0, c0)
	loss := func() float64 {
		ws := new(Workspace)
		nn.ZeroGrad(params)
		copy(in.X, first.Data)
		// The input of a step is the output of the one before.
		out, err := m.ForwardSteps(ws, in, init, Mode{Train: true}, func(step, row, n int, y []float32) {
			if step+1 < in.Layout.T() {
				next := in.Layout.Offset(step + 1)
				copy(in.X[next*H:(next+in.Layout.Active(step+1))*H], y[row*H:])
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		sum, dY := 0.0, make([]float32, len(out.Y))
		for i, y := range out.Y {
			sum += float64(y) * float64(y)
			dY[i] = 2 * y
		}
		dX, d, err := m.BackwardSteps(ws, dY, func(step, row, n int, dX []float32) {
			if step+1 < in.Layout.T() {
				next := in.Layout.Offset(step + 1)
				for i := range in.Layout.Active(step+1) * H {
					dY[row*H+i] += dX[next*H+i]
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		first.Grad = slices.Clone(dX[:len(first.Data)])
		h0.Grad, c0.Grad = d.H, d.C
		return sum
	}
	loss()
	gradcheck.Check(t, params, loss, 1e-2)
}

// What cannot go step by step is refused.
func TestStepsRefuse(t *testing.T) {
	for name, c := range map[string]Config{
		"both ways":       {InputSize: 3, HiddenSize: 3, Direction: Bidirectional},
		"a locked mask":   {InputSize: 3, HiddenSize: 3, Layers: 2, Dropout: 0.5, Locked: true},
		"dropped inputs":  {InputSize: 3, HiddenSize: 3, InputDropout: 0.5},
		"the wrong width": {InputSize: 4, HiddenSize: 3},
	} {
		m := must(New, c)
		lay := new(nn.Layout)
		lay.Reset([]int{2, 1})
		if _, err := m.ForwardSteps(new(Workspace), Batch{Layout: lay, X: make([]float32, 9)}, nil, Mode{}, nil); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
	m := must(New, Config{InputSize: 3, HiddenSize: 3})
	if _, _, err := m.BackwardSteps(new(Workspace), nil, nil); err == nil {
		t.Error("BackwardSteps without ForwardSteps is no error")
	}
}
