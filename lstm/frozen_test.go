package lstm

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
)

// frozenConfigs have every option that touches the gradient of the input.
var frozenConfigs = []Config{
	{InputSize: 3, HiddenSize: 5},
	{InputSize: 4, HiddenSize: 6, Layers: 2, Direction: Bidirectional, Peephole: true},
	{InputSize: 2, HiddenSize: 4, Direction: Reverse},
}

// TestFrozen wants of a frozen view the bits of a training without dropout,
// and that the weights' gradients stay as they are.
func TestFrozen(t *testing.T) {
	lengths := []int{4, 0, 7, 1, 7}
	for _, cfg := range frozenConfigs {
		p := newProblem(t, cfg, lengths, true, Mode{Train: true, Seed: 3})
		out, dX, dInit := p.fast(t, new(Workspace))
		out.Y, dX = slices.Clone(out.Y), slices.Clone(dX)

		// The same weights in an LSTM that would drop much.
		cfg.InputDropout, cfg.Dropout, cfg.WeightDrop = 0.5, 0.5, 0.5
		m, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range m.Params() {
			q.Data = p.m.Params()[i].Data
		}
		f := m.Frozen()
		for _, workers := range []int{1, 3} {
			ws := Workspace{Workers: workers}
			got, err := f.Forward(&ws, Batch{Layout: p.lay, X: p.x}, p.init, p.mode)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(out.Y, got.Y); diff != "" {
				t.Errorf("%+v: outputs (-training +frozen):\n%s", cfg, diff)
			}
			dX2, dInit2, err := f.Backward(&ws, p.rY, p.rFinal)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(dX, dX2); diff != "" {
				t.Errorf("%+v: gradient of the input (-training +frozen):\n%s", cfg, diff)
			}
			if diff := cmp.Diff(dInit, dInit2); diff != "" {
				t.Errorf("%+v: gradient of the initial state (-training +frozen):\n%s", cfg, diff)
			}
		}
		for _, q := range append(m.Params(), f.Params()...) {
			if q.Grad != nil {
				t.Errorf("%+v: parameter %s has a gradient", cfg, q.Name)
			}
		}
	}
}

// TestFrozenConcurrently is for the race detector.
func TestFrozenConcurrently(t *testing.T) {
	p := newProblem(t, Config{InputSize: 3, HiddenSize: 5, Layers: 2}, []int{3, 5}, false, Mode{Train: true})
	f := p.m.Frozen()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var ws Workspace
			for range 3 {
				if _, err := f.Forward(&ws, Batch{Layout: p.lay, X: p.x}, nil, p.mode); err != nil {
					t.Error(err)
				}
				if _, _, err := f.Backward(&ws, p.rY, nil); err != nil {
					t.Error(err)
				}
				if _, err := p.m.Forward(new(Workspace), Batch{Layout: p.lay, X: p.x}, nil, Mode{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestStepNorms wants the norm of the difference quotients of the loss with
// respect to each step's hidden state, and the same bits of everything else.
func TestStepNorms(t *testing.T) {
	cfg := Config{InputSize: 3, HiddenSize: 4, Layers: 2, Direction: Bidirectional}
	lengths := []int{5, 0, 3, 9, 2, 6, 6, 1, 4}
	run := func(norms bool, workers int) ([]float32, [][]float64) {
		p := newProblem(t, cfg, lengths, false, Mode{Train: true, Seed: 1})
		p.workers = workers
		ws := Workspace{Norms: norms}
		_, dX, _ := p.fast(t, &ws)
		all := slices.Clone(dX)
		for _, q := range p.m.Params() {
			all = append(all, q.Grad...)
		}
		var n [][]float64
		if norms {
			for l := range 2 {
				for d := range 2 {
					n = append(n, slices.Clone(ws.StepNorms(l, d)))
				}
			}
		}
		return all, n
	}
	want, _ := run(false, 1)
	got, norms := run(true, 1)
	if !slices.Equal(want, got) {
		t.Error("Norms changes the gradients")
	}
	if _, parallel := run(true, 8); !cmp.Equal(norms, parallel) {
		t.Error("Workers change the norms")
	}

	// The gradient of the last step of a forward cell in the last layer is that
	// of the output and of the final state; nothing comes later.
	p := newProblem(t, cfg, lengths, false, Mode{Train: true, Seed: 1})
	H, width := cfg.HiddenSize, cfg.OutputSize()
	for b, n := range lengths {
		if n == 0 {
			continue
		}
		row := p.lay.Row(n-1, b)
		sum := 0.0
		for j := range H {
			// L*D slots of [B][H]: layer 1, direction 0 is the third.
			v := float64(p.rY[row*width+j] + p.rFinal.H[(2*len(lengths)+b)*H+j])
			sum += v * v
		}
		if w := math.Sqrt(sum); math.Abs(norms[2][row]-w) > 1e-6*w {
			t.Errorf("sequence %d: norm %v at its last step, want %v", b, norms[2][row], w)
		}
	}
}

func layoutOf(lengths ...int) *nn.Layout {
	lay := new(nn.Layout)
	lay.Reset(lengths)
	return lay
}

// TestStepNormsAreDerivatives compares with differences: a change of h_t is a
// change of the initial state of what comes after t.
func TestStepNormsAreDerivatives(t *testing.T) {
	const T, H = 6, 3
	cfg := Config{InputSize: 2, HiddenSize: H}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	m.Init(r, 1)
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] = 1.5*r.Float32() - 0.75
		}
		p.Changed()
	}
	x := make([]float32, T*2)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	// The loss is the sum of the last hidden state.
	last := func(from int, init *State) (sum float64) {
		lay := layoutOf(T - from)
		out, err := m.Forward(new(Workspace), Batch{Layout: lay, X: x[from*2:]}, init, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.Final.H {
			sum += float64(v)
		}
		return sum
	}
	ws := Workspace{Norms: true}
	lay := layoutOf(T)
	if _, err := m.Forward(&ws, Batch{Layout: lay, X: x}, nil, Mode{Train: true}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Backward(&ws, nil, &State{H: []float32{1, 1, 1}, C: make([]float32, H)}); err != nil {
		t.Fatal(err)
	}
	norms := ws.StepNorms(0, 0)
	for at := 1; at < T; at++ {
		// The state after step at-1.
		out, err := m.Forward(new(Workspace), Batch{Layout: layoutOf(at), X: x[:at*2]}, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		state := State{slices.Clone(out.Final.H), slices.Clone(out.Final.C)}
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
			t.Errorf("step %d: norm %v, differences give %v", at-1, norms[at-1], want)
		}
	}
}
