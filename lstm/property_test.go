package lstm

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// TestWorkers wants the same bits from any number of workers.
func TestWorkers(t *testing.T) {
	cfg := Config{InputSize: 10, HiddenSize: 24, Layers: 2, Direction: Bidirectional, Peephole: true, Dropout: 0.3, WeightDrop: 0.2}
	r := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int, 37)
	for i := range lengths {
		lengths[i] = r.IntN(30)
	}
	var want []float32
	for _, workers := range []int{1, 2, 3, 4, 7, 16} {
		p := newProblem(t, cfg, lengths, true, Mode{Train: true, Seed: 9})
		p.workers = workers
		out, dX, dInit := p.fast(t, new(Workspace))
		got := slices.Concat(out.Y, out.Final.H, out.Final.C, dX, dInit.H, dInit.C)
		for _, q := range p.m.Params() {
			got = append(got, q.Grad...)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers give other bits than 1", workers)
		}
	}
	// With one sequence longer than all others, it is the work of one alone.
	for _, lengths := range [][]int{lengths, {90, 3, 2, 1, 1, 2, 3, 2}} {
		p := newProblem(t, cfg, lengths, true, Mode{})
		for _, init := range []*State{nil, p.init} {
			want = nil
			for _, workers := range []int{1, 2, 3, 4, 7, 16} {
				out, err := p.m.Forward(&Workspace{Workers: workers}, Batch{Layout: p.lay, X: p.x}, init, Mode{})
				if err != nil {
					t.Fatal(err)
				}
				got := slices.Concat(out.Y, out.Final.H, out.Final.C)
				if want == nil {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Errorf("inference on %d sequences: %d workers give other bits than 1", len(lengths), workers)
				}
			}
		}
	}
}

// TestNeighbours wants the same bits of a sequence alone and in any batch, in
// training and in inference, with and without an Index.
func TestNeighbours(t *testing.T) {
	cfg := Config{InputSize: 5, HiddenSize: 20, Layers: 2, Direction: Bidirectional}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	m.Init(r, 1)
	const distinct = 150 // inputs: more than are multiplied at a time
	vectors := make([]float32, distinct*cfg.InputSize)
	for i := range vectors {
		vectors[i] = 2*r.Float32() - 1
	}
	sequences := make([][]int32, 40)
	lengths := make([]int, len(sequences))
	for b := range sequences {
		sequences[b] = make([]int32, r.IntN(25))
		lengths[b] = len(sequences[b])
		for t := range sequences[b] {
			sequences[b][t] = r.Int32N(distinct)
		}
	}
	run := func(seqs [][]int32, train, index bool) (lay *nn.Layout, y []float32) {
		lay = new(nn.Layout)
		var lens []int
		for _, s := range seqs {
			lens = append(lens, len(s))
		}
		lay.Reset(lens)
		in := Batch{Layout: lay}
		ids := make([]int32, lay.Rows())
		for b, s := range seqs {
			for t, id := range s {
				ids[lay.Row(t, b)] = id
			}
		}
		if index {
			in.X, in.Index = vectors, ids
		} else {
			for _, id := range ids {
				in.X = append(in.X, vectors[int(id)*cfg.InputSize:(int(id)+1)*cfg.InputSize]...)
			}
		}
		out, err := m.Forward(new(Workspace), in, nil, Mode{Train: train})
		if err != nil {
			t.Fatal(err)
		}
		return lay, out.Y
	}
	W := cfg.OutputSize()
	for _, train := range []bool{false, true} {
		for _, index := range []bool{false, true} {
			lay, all := run(sequences, train, index)
			for b, s := range sequences {
				_, alone := run([][]int32{s}, false, false)
				for step := range s {
					row := lay.Row(step, b)
					if !slices.Equal(all[row*W:(row+1)*W], alone[step*W:(step+1)*W]) {
						t.Fatalf("train %v, index %v: sequence %d differs at step %d from itself alone", train, index, b, step)
					}
				}
			}
		}
	}
}

// TestWorkspaceIsReused wants the bits of a new workspace from one that has
// served another LSTM, other sizes, an initial state and a training before.
func TestWorkspaceIsReused(t *testing.T) {
	used := new(Workspace)
	for i, cfg := range []Config{
		{InputSize: 5, HiddenSize: 20, Layers: 2, Direction: Bidirectional, InputDropout: 0.2, WeightDrop: 0.3},
		{InputSize: 3, HiddenSize: 4, Peephole: true},
		{InputSize: 7, HiddenSize: 24, Layers: 3, Direction: Reverse},
		{InputSize: 5, HiddenSize: 20, Layers: 2, Direction: Bidirectional},
		{InputSize: 5, HiddenSize: 40, Layers: 2, Direction: Bidirectional},
	} {
		for _, mode := range []Mode{{Train: true, Seed: 4}, {}} {
			for _, init := range []bool{i < 4, i == 4} { // the largest begins without
				p := newProblem(t, cfg, [][]int{{6, 2, 9}, {1, 0, 3}}[i%2], init, mode)
				var state *State
				if init {
					state = p.init
				}
				in := Batch{Layout: p.lay, X: p.x}
				want, err := p.m.Forward(new(Workspace), in, state, mode)
				if err != nil {
					t.Fatal(err)
				}
				got, err := p.m.Forward(used, in, state, mode)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Y, want.Y) || !slices.Equal(got.Final.H, want.Final.H) || !slices.Equal(got.Final.C, want.Final.C) {
					t.Errorf("config %d, %+v, initial state %t: other bits", i, mode, init)
				}
				if !mode.Train {
					continue
				}
				p.init = state
				for _, final := range []*State{p.rFinal, nil} {
					p.rFinal = final
					backward := func(ws *Workspace) []float32 {
						_, dX, dInit := p.fast(t, ws)
						all := slices.Concat(dX, dInit.H, dInit.C)
						for _, q := range p.m.Params() {
							all = append(all, q.Grad...)
						}
						if _, _, err := p.m.Backward(ws, p.rY, p.rFinal); !errors.Is(err, ErrNoTape) {
							t.Errorf("a second Backward of one Forward: %v, want ErrNoTape", err)
						}
						return all
					}
					if !slices.Equal(backward(used), backward(new(Workspace))) {
						t.Errorf("config %d, initial state %t, gradient of the final state %t: other gradients", i, init, final != nil)
					}
				}
			}
		}
	}
}

// TestInputCache wants the same bits with a cache, cold and warm, as without.
func TestInputCache(t *testing.T) {
	cfg := Config{InputSize: 6, HiddenSize: 20, Direction: Bidirectional}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	m.Init(r, 1)
	const words = 9
	x := make([]float32, words*cfg.InputSize)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	lay := new(nn.Layout)
	lay.Reset([]int{7, 3})
	index := make([]int32, lay.Rows())
	for i := range index {
		index[i] = r.Int32N(words)
	}
	run := func(in Batch) []float32 {
		t.Helper()
		in.Layout = lay
		out, err := m.Forward(new(Workspace), in, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out.Y)
	}
	want := run(Batch{X: x, Index: index})
	cache := m.NewInputCache(5) // for words 0 to 4
	keys := []int32{0, 1, 2, 3, 4, 5, 6, -1, -1}
	if got := run(Batch{X: x, Index: index, Cache: cache, Keys: keys}); !slices.Equal(got, want) {
		t.Error("a cold cache changes the answer")
	}
	warm := slices.Clone(index)
	for i, w := range warm {
		if cache.Has(int(w)) {
			warm[i] = ^w
		}
	}
	if slices.Equal(warm, index) {
		t.Error("the cache has none of the words")
	}
	if got := run(Batch{X: x, Index: warm, Cache: cache, Keys: keys}); !slices.Equal(got, want) {
		t.Error("a warm cache changes the answer")
	}
	m.Params()[0].Changed()
	if _, err := m.Forward(new(Workspace), Batch{Layout: lay, X: x, Index: warm, Cache: cache, Keys: keys}, nil, Mode{}); !errors.Is(err, ErrShape) {
		t.Errorf("a cache of older weights: got %v, want ErrShape", err)
	}
}

// TestInt8 wants products of eight bits to stay close to those of float32, and
// to be as independent of neighbours and workers as they are.
func TestInt8(t *testing.T) {
	cfg := Config{InputSize: 30, HiddenSize: 64, Layers: 2, Direction: Bidirectional}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	m.Init(r, 1)
	lengths := []int{40, 3, 17, 25, 40}
	lay := new(nn.Layout)
	lay.Reset(lengths)
	x := make([]float32, lay.Rows()*cfg.InputSize)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	run := func(lay *nn.Layout, x []float32, workers int) []float32 {
		t.Helper()
		out, err := m.Forward(&Workspace{Workers: workers}, Batch{Layout: lay, X: x}, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out.Y)
	}
	exact := run(lay, x, 1)
	m.Int8 = true
	got := run(lay, x, 1)
	if d := far(got, widen(exact)); d > 0.03 || d == 0 {
		t.Errorf("eight bits are off by %g relative, want above 0 and at most 0.03", d)
	}
	if !slices.Equal(run(lay, x, 4), got) {
		t.Error("4 workers give other bits than 1")
	}
	alone := new(nn.Layout)
	alone.Reset(lengths[2:3])
	var own []float32
	for t := range lengths[2] {
		row := lay.Row(t, 2)
		own = append(own, x[row*30:(row+1)*30]...)
	}
	y := run(alone, own, 1)
	for s := range lengths[2] {
		row := lay.Row(s, 2)
		if !slices.Equal(y[s*128:(s+1)*128], got[row*128:(row+1)*128]) {
			t.Fatalf("step %d differs alone", s)
		}
	}
	// Training goes on in float32.
	out, err := m.Forward(new(Workspace), Batch{Layout: lay, X: x}, nil, Mode{Train: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Y, exact) {
		t.Error("Int8 changes a training Forward")
	}
}

// TestNewInt8 wants an LSTM whose weights are kept in eight bits to give the
// bits of one that has the same weights in float32, also where a scale is not
// the one that quantising would choose.
func TestNewInt8(t *testing.T) {
	cfg := Config{InputSize: 9, HiddenSize: 12, Layers: 2, Direction: Bidirectional, Peephole: true}
	q, err := NewInt8(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Int8 = true
	r := rand.New(rand.NewPCG(5, 6))
	f.Init(r, 1)
	for i, p := range q.Params() {
		if w := p.Int8; w != nil {
			for range p.Shape[0] {
				w.Scale = append(w.Scale, r.Float32()/100)
				top := 1 + r.IntN(127)
				for range p.RowLen() {
					w.Q = append(w.Q, int8(r.IntN(2*top+1)-top))
				}
			}
			copy(f.Params()[i].Data, p.Values())
		} else {
			copy(p.Data, f.Params()[i].Data)
		}
	}
	lay := new(nn.Layout)
	lay.Reset([]int{5, 1, 8})
	x := make([]float32, lay.Rows()*cfg.InputSize)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	run := func(m *LSTM, mode Mode) []float32 {
		t.Helper()
		out, err := m.Forward(new(Workspace), Batch{Layout: lay, X: x}, nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(out.Y, out.Final.H, out.Final.C)
	}
	if !slices.Equal(run(q, Mode{}), run(f, Mode{})) {
		t.Error("weights in eight bits give other bits")
	}
	if !slices.Equal(run(q.Frozen(), Mode{Train: true}), run(f.Frozen(), Mode{Train: true})) {
		t.Error("frozen, weights in eight bits give other bits")
	}
	if _, err := NewInt8(Config{}); err == nil {
		t.Error("a config without sizes is accepted")
	}
}

// TestReverse wants a reverse LSTM on reversed input to equal a forward one.
func TestReverse(t *testing.T) {
	const T, I, H = 9, 4, 6
	forward, err := New(Config{InputSize: I, HiddenSize: H})
	if err != nil {
		t.Fatal(err)
	}
	reverse, err := New(Config{InputSize: I, HiddenSize: H, Direction: Reverse})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	forward.Init(r, 1)
	for i, p := range reverse.Params() {
		copy(p.Data, forward.Params()[i].Data)
		p.Changed()
	}
	x := make([]float32, T*I)
	for i := range x {
		x[i] = r.Float32()
	}
	var turned []float32
	for t := T - 1; t >= 0; t-- {
		turned = append(turned, x[t*I:(t+1)*I]...)
	}
	lay := new(nn.Layout)
	lay.Reset([]int{T})
	a, err := forward.Forward(new(Workspace), Batch{Layout: lay, X: x}, nil, Mode{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := reverse.Forward(new(Workspace), Batch{Layout: lay, X: turned}, nil, Mode{})
	if err != nil {
		t.Fatal(err)
	}
	for t1 := range T {
		if !slices.Equal(a.Y[t1*H:(t1+1)*H], b.Y[(T-1-t1)*H:(T-t1)*H]) {
			t.Fatalf("step %d differs", t1)
		}
	}
	if !slices.Equal(a.Final.C, b.Final.C) {
		t.Error("final cell states differ")
	}
}

// TestStep wants Step to give what Forward gives.
func TestStep(t *testing.T) {
	cfg := Config{InputSize: 3, HiddenSize: 18, Layers: 2, Peephole: true}
	p := newProblem(t, cfg, []int{7, 7}, true, Mode{})
	for _, p.m.Int8 = range []bool{false, true} {
		out, err := p.m.Forward(new(Workspace), Batch{Layout: p.lay, X: p.x}, p.init, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		s := &State{H: slices.Clone(p.init.H), C: slices.Clone(p.init.C)}
		ws := new(Workspace)
		for k := range 7 {
			y, err := p.m.Step(ws, s, p.x[k*2*3:(k+1)*2*3])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(y, out.Y[k*2*18:(k+1)*2*18]) {
				t.Fatalf("int8 %t: step %d differs from Forward", p.m.Int8, k)
			}
		}
		if !slices.Equal(s.C, out.Final.C) {
			t.Errorf("int8 %t: the last cell state differs from Forward's", p.m.Int8)
		}
	}
}

// TestFirstStepIgnoresPeepholes: with c0 = 0, p_i and p_f have nothing to see.
func TestFirstStepIgnoresPeepholes(t *testing.T) {
	p := newProblem(t, Config{InputSize: 2, HiddenSize: 3, Peephole: true}, []int{1}, false, Mode{})
	run := func() []float32 {
		out, err := p.m.Forward(new(Workspace), Batch{Layout: p.lay, X: p.x}, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out.Final.C)
	}
	before := run()
	peep := p.m.Params()[3]
	for j := range 6 {
		peep.Data[j] += 3
	}
	peep.Changed()
	if after := run(); !slices.Equal(before, after) {
		t.Errorf("c_1 changed from %v to %v", before, after)
	}
}

// TestLongSequence wants finite numbers over 2,000 steps: outputs from a
// saturated network too, and gradients from one as it is initialised.
func TestLongSequence(t *testing.T) {
	p := newProblem(t, Config{InputSize: 4, HiddenSize: 16, Direction: Bidirectional}, []int{2000}, false, Mode{Train: true})
	finite := func(what string, values []float32) {
		t.Helper()
		for i, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("%s[%d] is %v", what, i, v)
			}
		}
	}
	_, dX, _ := p.fast(t, new(Workspace))
	finite("dX", dX)
	for _, q := range p.m.Params() {
		for i := range q.Data {
			q.Data[i] *= 1000
		}
		q.Changed()
	}
	out, _, _ := p.fast(t, new(Workspace))
	finite("Y", out.Y)
}

func TestOrthogonalInit(t *testing.T) {
	const n = 33
	w := make([]float32, n*n)
	orthogonal(w, n, rand.New(rand.NewPCG(1, 1)))
	for i := range n {
		for j := range n {
			dot := 0.0
			for k := range n {
				dot += float64(w[i*n+k]) * float64(w[j*n+k])
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 1e-6 {
				t.Fatalf("rows %d and %d have product %g, want %g", i, j, dot, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	m, err := New(Config{InputSize: 2, HiddenSize: 3, Direction: Bidirectional})
	if err != nil {
		t.Fatal(err)
	}
	lay := new(nn.Layout)
	lay.Reset([]int{2, 1})
	forward := func(in Batch, init *State) error {
		_, err := m.Forward(new(Workspace), in, init, Mode{})
		return err
	}
	taped := new(Workspace)
	if _, err := m.Forward(taped, Batch{Layout: lay, X: make([]float32, 6)}, nil, Mode{Train: true}); err != nil {
		t.Fatal(err)
	}
	_, _, noTape := m.Backward(new(Workspace), nil, nil)
	_, _, badDY := m.Backward(taped, make([]float32, 5), nil)
	_, _, badFinal := m.Backward(taped, nil, &State{})
	_, badStep := m.Step(new(Workspace), m.NewState(1), make([]float32, 2))
	uni, err := New(Config{InputSize: 2, HiddenSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	_, badX := uni.Step(new(Workspace), uni.NewState(1), make([]float32, 3))
	_, badState := uni.Step(new(Workspace), uni.NewState(2), make([]float32, 2))
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"no layout", forward(Batch{}, nil), ErrShape},
		{"short X", forward(Batch{Layout: lay, X: make([]float32, 5)}, nil), ErrShape},
		{"short Index", forward(Batch{Layout: lay, X: make([]float32, 6), Index: []int32{0}}, nil), ErrShape},
		{"ragged X with Index", forward(Batch{Layout: lay, X: make([]float32, 5), Index: []int32{0, 1, 0}}, nil), ErrShape},
		{"Index out of range", forward(Batch{Layout: lay, X: make([]float32, 4), Index: []int32{0, 2, 0}}, nil), ErrShape},
		{"Index below 0 without a cache", forward(Batch{Layout: lay, X: make([]float32, 4), Index: []int32{0, -1, 0}}, nil), ErrShape},
		{"fewer Keys than inputs", forward(Batch{Layout: lay, X: make([]float32, 4), Index: []int32{0, 1, 0}, Cache: m.NewInputCache(2), Keys: []int32{0}}, nil), ErrShape},
		{"wrong state", forward(Batch{Layout: lay, X: make([]float32, 6)}, m.NewState(1)), ErrShape},
		{"a state with a short H", forward(Batch{Layout: lay, X: make([]float32, 6)}, &State{H: make([]float32, 11), C: make([]float32, 12)}), ErrShape},
		{"a state with a short C", forward(Batch{Layout: lay, X: make([]float32, 6)}, &State{H: make([]float32, 12), C: make([]float32, 11)}), ErrShape},
		{"Backward without Forward", noTape, ErrNoTape},
		{"wrong dY", badDY, ErrShape},
		{"wrong dFinal", badFinal, ErrShape},
		{"Step of a bidirectional LSTM", badStep, ErrConfig},
		{"Step with a ragged x", badX, ErrShape},
		{"Step with a wrong state", badState, ErrShape},
		{"Validate", Config{InputSize: 0, HiddenSize: -1, Layers: -1, Direction: 7, Dropout: 1, InputDropout: -1, WeightDrop: 2}.Validate(), ErrConfig},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("New of the zero Config: no error")
	}
}

func TestDirectionText(t *testing.T) {
	for _, d := range []Direction{Forward, Reverse, Bidirectional} {
		text, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Direction
		if err := back.UnmarshalText(text); err != nil || back != d {
			t.Errorf("%s reads back as %s, %v", d, back, err)
		}
	}
	if _, err := Direction(9).MarshalText(); err == nil {
		t.Error("Direction(9): no error")
	}
	if err := new(Direction).UnmarshalText([]byte("sideways")); err == nil {
		t.Error("sideways: no error")
	}
}

func TestNumParams(t *testing.T) {
	for _, cfg := range configs {
		m, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, p := range m.Params() {
			n += len(p.Data)
		}
		if cfg.NumParams() != n {
			t.Errorf("%s: NumParams = %d, want %d", cfg.testName(), cfg.NumParams(), n)
		}
	}
}
