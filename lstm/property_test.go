package lstm

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

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
	forward.Init(r)
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

// peepholes returns an LSTM with peepholes that are not zero, and a batch.
func peepholes(c Config, lengths ...int) (*LSTM, Batch) {
	m, r := must(New, c), rand.New(rand.NewPCG(7, 11))
	m.Init(r)
	for _, p := range m.Params() {
		if p.Shape[0] == 3 {
			for i := range p.Data {
				p.Data[i] = 2*r.Float32() - 1
			}
		}
	}
	in := Batch{Layout: new(nn.Layout)}
	in.Layout.Reset(lengths)
	for range in.Layout.Rows() * c.InputSize {
		in.X = append(in.X, 2*r.Float32()-1)
	}
	return m, in
}

// TestFrozen wants a frozen view to drop nothing and to share the weights.
func TestFrozen(t *testing.T) {
	m, in := peepholes(Config{InputSize: 4, HiddenSize: 6, Layers: 2, Peephole: true, InputDropout: 0.5, Dropout: 0.5, WeightDrop: 0.5}, 4, 0, 7)
	f := m.Frozen()
	for range 2 {
		want, err := m.Forward(new(Workspace), in, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Forward(new(Workspace), in, nil, Mode{Train: true, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Y, want.Y) {
			t.Error("the frozen view answers with other bits")
		}
		for _, n := range []*LSTM{m, f} {
			n.Params()[0].Data[0] = 0.5
			n.Params()[0].Changed()
		}
	}
}

// TestStep wants Step to give what Forward gives.
func TestStep(t *testing.T) {
	m, in := peepholes(Config{InputSize: 3, HiddenSize: 18, Layers: 2, Peephole: true}, 7, 7)
	init := m.NewState(2)
	for i := range init.H {
		init.H[i], init.C[i] = float32(i%7)/7, float32(i%5)-2
	}
	for _, m.Int8 = range []bool{false, true} {
		out, err := m.Forward(new(Workspace), in, init, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		s := &State{H: slices.Clone(init.H), C: slices.Clone(init.C)}
		ws := new(Workspace)
		for k := range 7 {
			y, err := m.Step(ws, s, in.X[k*2*3:(k+1)*2*3])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(y, out.Y[k*2*18:(k+1)*2*18]) {
				t.Fatalf("int8 %t: step %d differs from Forward", m.Int8, k)
			}
		}
		if !slices.Equal(s.C, out.Final.C) {
			t.Errorf("int8 %t: the last cell state differs from Forward's", m.Int8)
		}
	}
}

// Products of columns of the input, one after the other, are those of all of it.
func TestStepProducts(t *testing.T) {
	m, in := peepholes(Config{InputSize: 3, HiddenSize: 18, Layers: 2, Peephole: true}, 7, 7)
	out, err := m.Forward(new(Workspace), in, nil, Mode{})
	if err != nil {
		t.Fatal(err)
	}
	ih := nn.Dense{Weight: m.Params()[0]}
	first, rest := ih.Columns(0, 1), ih.Columns(1, 3)
	first.Bias = m.Params()[2]
	s, ws := m.NewState(2), new(Workspace)
	for k := range 7 {
		x := in.X[k*2*3 : (k+1)*2*3]
		products := make([]float32, 2*4*18)
		first.Forward(products, []float32{x[0], x[3]}, 2)
		rest.Add(products, []float32{x[1], x[2], x[4], x[5]}, 2)
		y, err := m.StepProducts(ws, s, products)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(y, out.Y[k*2*18:(k+1)*2*18]) {
			t.Fatalf("step %d differs from Forward", k)
		}
	}
}

// TestFirstStepIgnoresPeepholes: with c0 = 0, p_i and p_f have nothing to see.
func TestFirstStepIgnoresPeepholes(t *testing.T) {
	m, in := peepholes(Config{InputSize: 2, HiddenSize: 3, Peephole: true}, 1)
	run := func() []float32 {
		out, err := m.Forward(new(Workspace), in, nil, Mode{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out.Final.C)
	}
	before := run()
	peep := m.Params()[3]
	for j := range 6 {
		peep.Data[j] += 3
	}
	peep.Changed()
	if after := run(); !slices.Equal(before, after) {
		t.Errorf("c_1 changed from %v to %v", before, after)
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
	_, badProducts := uni.StepProducts(new(Workspace), uni.NewState(1), make([]float32, 13))
	_, badStepProducts := m.StepProducts(new(Workspace), m.NewState(1), make([]float32, 12))
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
		{"StepProducts of ragged rows", badProducts, ErrShape},
		{"StepProducts of a bidirectional LSTM", badStepProducts, ErrConfig},
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
		if cfg.NumParams() != float64(n) {
			t.Errorf("%s: NumParams = %v, want %d", cfg.testName(), cfg.NumParams(), n)
		}
	}
}
