package rnntest

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// frozen wants of a frozen network the bits of a training without dropout, the
// gradient of the initial state among them, and no gradient of the weights.
func frozen(t *testing.T, k Kind) {
	lengths := []int{4, 0, 7, 1, 7}
	for _, c := range k.Cases {
		if c.Config.InputDropout+c.Config.Dropout+c.Config.WeightDrop > 0 {
			continue
		}
		p := newProblem(k, c, lengths, true, nn.Mode{Train: true, Seed: 3})
		want := p.fast(t, new(rnn.Workspace))
		f := c.New()
		f.Freeze(p.m.Params())
		for _, workers := range []int{1, 3} {
			ws := &rnn.Workspace{Workers: workers}
			got, err := f.Forward(ws, nn.Batch{Layout: p.lay, X: p.x}, p.init, p.mode)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.out.Y, got.Y); diff != "" {
				t.Errorf("%s: outputs (-training +frozen):\n%s", c.Name, diff)
			}
			dX, dInit, err := f.Backward(ws, p.rY, p.rFinal)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.dX, dX); diff != "" {
				t.Errorf("%s: gradient of the input (-training +frozen):\n%s", c.Name, diff)
			}
			if diff := cmp.Diff(want.dInit, dInit); diff != "" {
				t.Errorf("%s: gradient of the initial state (-training +frozen):\n%s", c.Name, diff)
			}
		}
		for _, q := range f.Params() {
			if q.Grad != nil {
				t.Errorf("%s: parameter %s has a gradient", c.Name, q.Name)
			}
		}
	}
}

// stepNorms wants the norms of the derivatives of the loss with respect to each
// step's hidden state, and the same bits of everything else.
func stepNorms(t *testing.T, k Kind) {
	c := k.Cases[len(k.Cases)-1]
	lengths := []int{5, 0, 3, 9, 2, 6, 6, 1, 4}
	run := func(norms bool, workers int) (*problem, []float32, [][]float64) {
		p := newProblem(k, c, lengths, false, nn.Mode{Train: true, Seed: 1})
		p.workers = workers
		ws := rnn.Workspace{Norms: norms}
		all := p.fast(t, &ws).all()
		var n [][]float64
		if norms {
			p.eachCell(func(l, d int, _ nn.Layer, _ int) { n = append(n, slices.Clone(ws.StepNorms(l, d))) })
		}
		return p, all, n
	}
	_, want, _ := run(false, 1)
	p, got, norms := run(true, 1)
	if !slices.Equal(want, got) {
		t.Error("Norms changes the gradients")
	}
	if _, _, parallel := run(true, 8); !cmp.Equal(norms, parallel) {
		t.Error("Workers change the norms")
	}

	// The gradient of the last step of a forward cell in the last layer is that
	// of the output and of the final state; nothing comes later.
	H, width, slot := p.shape.Hidden, p.shape.OutputSize(), (p.shape.Layers-1)*p.shape.NumDirections()
	for b, n := range lengths {
		if n == 0 {
			continue
		}
		row := p.lay.Row(n-1, b)
		sum := 0.0
		for j := range H {
			at := (slot*len(lengths)+b)*H + j
			v := float64(p.rY[row*width+j] + p.rFinal.H[at])
			if k.OneState {
				v += float64(p.rFinal.C[at])
			}
			sum += v * v
		}
		if w := math.Sqrt(sum); math.Abs(norms[slot][row]-w) > 1e-6*w {
			t.Errorf("sequence %d: norm %v at its last step, want %v", b, norms[slot][row], w)
		}
	}
}

// stepNormsAreDerivatives compares with differences: a change of h_t is a change
// of the initial state of what comes after t.
func stepNormsAreDerivatives(t *testing.T, k Kind) {
	const T = 6
	for _, c := range k.Cases {
		if s := c.Config.Shape(); s.Layers > 1 || s.Direction != nn.Forward || c.Config.InputDropout > 0 {
			continue
		}
		p := newProblem(k, c, []int{T}, false, nn.Mode{Train: true})
		I, H := p.shape.Input, p.shape.Hidden
		forward := func(from, to int, init *rnn.State) rnn.Output {
			lay := new(nn.Layout)
			lay.Reset([]int{to - from})
			out, err := p.m.Forward(new(rnn.Workspace), nn.Batch{Layout: lay, X: p.x[from*I : to*I]}, init, nn.Mode{})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		// The loss is the sum of the last hidden state.
		last := func(from int, init *rnn.State) (sum float64) {
			for _, v := range forward(from, T, init).Final.H {
				sum += float64(v)
			}
			return sum
		}
		p.rY, p.rFinal = nil, &rnn.State{H: ones(H), C: make([]float32, H)}
		ws := rnn.Workspace{Norms: true}
		p.fast(t, &ws)
		norms := ws.StepNorms(0, 0)
		for at := 1; at < T; at++ {
			final := forward(0, at, nil).Final
			state := rnn.State{H: slices.Clone(final.H), C: slices.Clone(final.C)}
			if k.OneState {
				state.C = state.H
			}
			sum := 0.0
			for j := range H {
				const step = 1.0 / 64
				h := state.H[j]
				state.H[j] = h + step
				up := last(at, &state)
				state.H[j] = h - step
				down := last(at, &state)
				state.H[j] = h
				d := (up - down) / (2 * step)
				sum += d * d
			}
			if want := math.Sqrt(sum); math.Abs(norms[at-1]-want) > 1e-2*want+1e-5 {
				t.Errorf("%s: step %d: norm %v, differences give %v", c.Name, at-1, norms[at-1], want)
			}
		}
	}
}
