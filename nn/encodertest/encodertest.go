// Package encodertest is the test that every encoder is put through: what the
// comments of nn.Encoder and nn.Pass promise.
package encodertest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/nn"
)

// A Case is one encoder with a given input size.
type Case struct {
	Name  string
	Input int

	// New makes it with weights in float32, still to be drawn; where int8s is set
	// its inference multiplies with eight bits.
	New func(int8s bool) nn.Encoder

	// NewInt8 makes it with weights in eight bits, still to be given.
	NewInt8 func() nn.Encoder

	// Bare makes it without dropout; nil where it has none.
	Bare func() nn.Encoder
}

// Run runs the tests on each case.
func Run(t *testing.T, cases []Case) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Run("gradients", c.gradients)
			t.Run("shared inputs", c.sharedInputs)
			t.Run("workers", c.workers)
			t.Run("neighbours", c.neighbours)
			t.Run("wanted", c.wanted)
			t.Run("input cache", c.inputCache)
			t.Run("eight bits", c.eightBits)
			t.Run("weights in eight bits", c.weightsInEightBits)
			t.Run("frozen", c.frozen)
			t.Run("long sequence", c.longSequence)
			t.Run("pieces", c.pieces)
			t.Run("wrong sizes", c.wrongSizes)
		})
	}
	t.Run("storage of others", func(t *testing.T) { storage(t, cases) })
}

// drawn is the encoder with weights.
func (c Case) drawn(int8s bool) nn.Encoder {
	m := c.New(int8s)
	c.draw(m)
	return m
}

// draw draws the weights of m, those among them that start at zero, which would
// hide mistakes.
func (c Case) draw(m nn.Encoder) {
	r := rand.New(rand.NewPCG(3, 4))
	m.Init(r)
	for _, p := range m.Params() {
		if !p.Quantize {
			for i := range p.Data {
				p.Data[i] += r.Float32() - 0.5
			}
			p.Changed()
		}
	}
}

// batch is a batch of random inputs.
func (c Case) batch(lengths ...int) nn.Batch {
	lay := new(nn.Layout)
	lay.Reset(lengths)
	return nn.Batch{Layout: lay, X: normal(lay.Rows() * c.Input)}
}

func normal(n int) []float32 {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// forward returns what a new pass gives.
func forward(t *testing.T, m nn.Encoder, in nn.Batch, mode nn.Mode, workers int) []float32 {
	t.Helper()
	y, err := m.Pass(nil).Forward(in, mode, workers)
	if err != nil {
		t.Fatal(err)
	}
	if want := in.Layout.Rows() * m.OutputSize(); len(y) != want {
		t.Fatalf("%d values, want Rows*OutputSize = %d", len(y), want)
	}
	return slices.Clone(y)
}

// train runs a pass forward and back, and returns the output, the gradient of the
// input and those of the parameters, which are cleared first.
func train(t *testing.T, m nn.Encoder, pass nn.Pass, in nn.Batch, want nn.Want, workers int) (y, dX []float32, grads [][]float32) {
	t.Helper()
	for _, p := range m.Params() {
		p.Grad = nil
		if want.Params {
			p.NeedGrad()
		}
	}
	y, err := pass.Forward(in, nn.Mode{Train: true, Seed: 9}, workers)
	if err != nil {
		t.Fatal(err)
	}
	y = slices.Clone(y)
	dX, err = pass.Backward(normal(len(y)), want)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		grads = append(grads, slices.Clone(p.Grad))
	}
	return y, slices.Clone(dX), grads
}

// gradients holds them against differences of a linear loss.
func (c Case) gradients(t *testing.T) { c.checkGradients(t, c.batch(3, 0, 5, 1)) }

func (c Case) checkGradients(t *testing.T, in nn.Batch) {
	m := c.drawn(false)
	_, dX, grads := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
	params := slices.Clone(m.Params())
	for i, p := range params {
		p.Grad = grads[i]
	}
	params = append(params, &nn.Param{Name: "input", Shape: []int{len(in.X)}, Data: in.X, Grad: dX})
	pass := m.Pass(nil)
	gradcheck.Check(t, params, func() (loss float64) {
		y, err := pass.Forward(in, nn.Mode{Train: true, Seed: 9}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range normal(len(y)) {
			loss += float64(r) * float64(y[i])
		}
		return loss
	}, 1e-2)
}

// workers wants the same bits from any number of workers.
func (c Case) workers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	lengths := make([]int, 37)
	for i := range lengths {
		lengths[i] = r.IntN(30)
	}
	for _, lengths := range [][]int{lengths, {90, 3, 2, 1, 1, 2, 3, 2}} {
		m, in := c.drawn(false), c.batch(lengths...)
		bits := func(workers int) []float32 {
			y, dX, grads := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, workers)
			return slices.Concat(append(grads, y, dX, forward(t, m, in, nn.Mode{}, workers))...)
		}
		one := bits(1)
		for _, workers := range []int{2, 3, 7, 16} {
			if !slices.Equal(bits(workers), one) {
				t.Errorf("%d workers give other bits than 1", workers)
			}
		}
	}
}

// neighbours wants the same bits of a sequence alone and in any batch, in
// training without dropout and in inference, with and without an Index, in
// float32 and in eight bits.
func (c Case) neighbours(t *testing.T) {
	const distinct = 150 // inputs: more than are multiplied at a time
	vectors := normal(distinct * c.Input)
	r := rand.New(rand.NewPCG(3, 4))
	sequences := make([][]int32, 40)
	for b := range sequences {
		sequences[b] = make([]int32, r.IntN(25))
		for i := range sequences[b] {
			sequences[b][i] = r.Int32N(distinct)
		}
	}
	run := func(m nn.Encoder, sequences [][]int32, train, index bool) (*nn.Layout, []float32) {
		lay, lengths := new(nn.Layout), make([]int, len(sequences))
		for b, s := range sequences {
			lengths[b] = len(s)
		}
		lay.Reset(lengths)
		in := nn.Batch{Layout: lay, Index: make([]int32, lay.Rows())}
		for b, s := range sequences {
			for at, v := range s {
				in.Index[lay.Row(at, b)] = v
			}
		}
		if index {
			in.X = vectors
		} else {
			for _, v := range in.Index {
				in.X = append(in.X, vectors[int(v)*c.Input:(int(v)+1)*c.Input]...)
			}
			in.Index = nil
		}
		return lay, forward(t, m, in, nn.Mode{Train: train}, 1)
	}
	check := func(m nn.Encoder, train, index bool) {
		W := m.OutputSize()
		lay, all := run(m, sequences, train, index)
		for b, s := range sequences {
			_, alone := run(m, [][]int32{s}, train, false)
			for step := range s {
				row := lay.Row(step, b)
				if !slices.Equal(all[row*W:(row+1)*W], alone[step*W:(step+1)*W]) {
					t.Fatalf("train %t, index %t: sequence %d differs at step %d from itself alone", train, index, b, step)
				}
			}
		}
	}
	for _, index := range []bool{false, true} {
		check(c.drawn(false), false, index)
		check(c.drawn(true), false, index)
		check(c.bare(), true, index)
	}
}

// sharedInputs wants the gradients of a batch whose rows share inputs, many or few of
// them: those of the differences; without dropout the bits of the output that rows of
// their own have, and almost their gradients; and the same bits from any number of workers.
func (c Case) sharedInputs(t *testing.T) {
	for _, inputs := range []int{3, 300} {
		lay := new(nn.Layout)
		lay.Reset([]int{40, 0, 7, 300, 1, 23})
		in := nn.Batch{Layout: lay, X: normal(inputs * c.Input), Index: make([]int32, lay.Rows())}
		apart := nn.Batch{Layout: lay}
		for r := range in.Index {
			u := r * r * 7 % (inputs - 1) // the last input is of no row
			in.Index[r] = int32(u)
			apart.X = append(apart.X, in.X[u*c.Input:(u+1)*c.Input]...)
		}
		m := c.bare()
		y, dX, grads := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
		wantY, dRows, wantGrads := train(t, m, m.Pass(nil), apart, nn.Want{Params: true}, 1)
		if !slices.Equal(y, wantY) {
			t.Errorf("%d inputs: sharing changes the output", inputs)
		}
		sums := make([]float32, len(in.X))
		for r, u := range in.Index {
			for j := range c.Input {
				sums[int(u)*c.Input+j] += dRows[r*c.Input+j]
			}
		}
		for i, got := range append(grads, dX) {
			want := append(wantGrads, sums)[i]
			worst, scale := 0.0, 0.0
			for j := range want {
				worst = max(worst, math.Abs(float64(got[j]-want[j])))
				scale = max(scale, math.Abs(float64(want[j])))
			}
			if len(got) != len(want) || !(worst <= 2e-5*scale) {
				t.Errorf("%d inputs: gradient %d is off by %g of %g", inputs, i, worst, scale)
			}
		}
		m = c.drawn(false)
		bits := func(workers int) []float32 {
			y, dX, grads := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, workers)
			return slices.Concat(append(grads, y, dX)...)
		}
		one := bits(1)
		for _, workers := range []int{2, 3, 16} {
			if !slices.Equal(bits(workers), one) {
				t.Errorf("%d inputs: %d workers give other bits than 1", inputs, workers)
			}
		}
		_, dX, _ = train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
		if _, only, _ := train(t, m, m.Pass(nil), in, nn.Want{}, 1); !slices.Equal(only, dX) {
			t.Errorf("%d inputs: without Params the gradient of the input has other bits", inputs)
		}
	}
	in := c.batch(3, 0, 5, 1)
	in.X, in.Index = in.X[:4*c.Input], []int32{0, 3, 1, 0, 0, 1, 3, 0, 1}
	c.checkGradients(t, in)
}

// bare is the encoder with weights and without dropout.
func (c Case) bare() nn.Encoder {
	if c.Bare == nil {
		return c.drawn(false)
	}
	m := c.Bare()
	c.draw(m)
	return m
}

// wanted wants the same gradients whatever else is wanted, and norms that are
// those of the derivatives; the last step is checked against that of the output.
func (c Case) wanted(t *testing.T) {
	m, in := c.drawn(false), c.batch(7, 2, 0, 4)
	pass := m.Pass(nil)
	_, dX, grads := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
	_, normX, normGrads := train(t, m, pass, in, nn.Want{Params: true, Norms: true}, 3)
	if !slices.Equal(dX, normX) || !slices.EqualFunc(grads, normGrads, slices.Equal[[]float32]) {
		t.Error("Norms changes the gradients")
	}
	norms := pass.StepNorms()
	if len(norms) == 0 {
		t.Error("no norms")
	}
	for _, n := range norms {
		if len(n) != in.Layout.Rows() || slices.Contains(n, 0) {
			t.Errorf("norms %v, want %d above 0", n, in.Layout.Rows())
		}
	}
	_, onlyX, none := train(t, m, m.Pass(nil), in, nn.Want{}, 1)
	if !slices.Equal(dX, onlyX) {
		t.Error("without Params the gradient of the input has other bits")
	}
	for i, g := range none {
		if g != nil {
			t.Errorf("%s has a gradient that was not wanted", m.Params()[i].Name)
		}
	}
}

// inputCache wants the same bits with a cache, cold and warm, as without.
func (c Case) inputCache(t *testing.T) {
	for _, int8s := range []bool{false, true} {
		m := c.drawn(int8s)
		const words = 9
		lay := new(nn.Layout)
		lay.Reset([]int{7, 3})
		r := rand.New(rand.NewPCG(3, 4))
		in := nn.Batch{Layout: lay, X: normal(words * c.Input), Index: make([]int32, lay.Rows())}
		for i := range in.Index {
			in.Index[i] = r.Int32N(words)
		}
		want := forward(t, m, in, nn.Mode{}, 1)
		cache := m.NewInputCache(5) // for words 0 to 4
		in.Cache, in.Keys = cache, []int32{0, 1, 2, 3, 4, 5, 6, -1, -1}
		if got := forward(t, m, in, nn.Mode{}, 1); !slices.Equal(got, want) {
			t.Error("a cold cache changes the answer")
		}
		warm := slices.Clone(in.Index)
		for i, w := range warm {
			if cache.Has(int(w)) {
				warm[i] = ^w
			}
		}
		if slices.Equal(warm, in.Index) {
			t.Error("the cache has none of the words")
		}
		in.Index = warm
		if got := forward(t, m, in, nn.Mode{}, 1); !slices.Equal(got, want) {
			t.Error("a warm cache changes the answer")
		}
		m.Params()[0].Changed()
		if _, err := m.Pass(nil).Forward(in, nn.Mode{}, 1); err == nil {
			t.Error("a cache of older weights: no error")
		}
	}
}

// eightBits wants products of eight bits to stay close to those of float32, and
// to be as independent of the workers as they are, and training to ignore them.
func (c Case) eightBits(t *testing.T) {
	exact, rounded, in := c.drawn(false), c.drawn(true), c.batch(40, 3, 17, 25, 40)
	want, got := forward(t, exact, in, nn.Mode{}, 1), forward(t, rounded, in, nn.Mode{}, 1)
	worst, scale := 0.0, 1e-3
	for i, v := range want {
		worst = max(worst, math.Abs(float64(v)-float64(got[i])))
		scale = max(scale, math.Abs(float64(v)))
	}
	if d := worst / scale; !(d <= 0.03 && d > 0) {
		t.Errorf("eight bits are off by %g relative, want above 0 and at most 0.03", d)
	}
	if !slices.Equal(forward(t, rounded, in, nn.Mode{}, 4), got) {
		t.Error("4 workers give other bits than 1")
	}
	mode := nn.Mode{Train: true, Seed: 2}
	if !slices.Equal(forward(t, rounded, in, mode, 1), forward(t, exact, in, mode, 1)) {
		t.Error("eight bits change a training Forward")
	}
}

// weightsInEightBits wants an encoder whose weights are kept in eight bits to give
// the bits of one that has the same weights in float32, also where a scale is not
// the one that quantising would choose.
func (c Case) weightsInEightBits(t *testing.T) {
	q, f := c.NewInt8(), c.drawn(true)
	r := rand.New(rand.NewPCG(5, 6))
	for i, p := range q.Params() {
		w := p.Int8
		if (w != nil) != p.Quantize {
			t.Fatalf("%s: in eight bits %t, Quantize %t", p.Name, w != nil, p.Quantize)
		}
		if w == nil {
			copy(p.Data, f.Params()[i].Data)
			continue
		}
		for range p.Shape[0] {
			w.Scale = append(w.Scale, r.Float32()/100)
			top := 1 + r.IntN(127)
			for range p.RowLen() {
				w.Q = append(w.Q, int8(r.IntN(2*top+1)-top))
			}
		}
		copy(f.Params()[i].Data, p.Values())
		f.Params()[i].Changed()
	}
	in := c.batch(5, 1, 8)
	if !slices.Equal(forward(t, q, in, nn.Mode{}, 1), forward(t, f, in, nn.Mode{}, 1)) {
		t.Error("weights in eight bits give other bits")
	}
	frozen := func(weights []*nn.Param) []float32 {
		m := c.bare()
		m.Freeze(weights)
		return forward(t, m, in, nn.Mode{Train: true}, 1)
	}
	if !slices.Equal(frozen(q.Params()), frozen(f.Params())) {
		t.Error("frozen, weights in eight bits give other bits")
	}
}

// frozen wants of a frozen encoder the bits of a training without dropout, that
// the weights' gradients stay as they are, and that any number may use it at once.
func (c Case) frozen(t *testing.T) {
	m, in := c.bare(), c.batch(4, 0, 7, 1, 7)
	y, dX, _ := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
	for _, p := range m.Params() {
		p.Grad = nil
	}
	f := c.bare()
	f.Freeze(m.Params())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			pass := f.Pass(nil)
			for range 3 {
				got, err := pass.Forward(in, nn.Mode{Train: true, Seed: 9}, worker)
				if err != nil || !slices.Equal(got, y) {
					t.Errorf("the output has other bits; error %v", err)
				}
				d, err := pass.Backward(normal(len(y)), nn.Want{Params: true})
				if err != nil || !slices.Equal(d, dX) {
					t.Errorf("the gradient of the input has other bits; error %v", err)
				}
				if _, err := m.Pass(nil).Forward(in, nn.Mode{}, 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, p := range append(slices.Clone(m.Params()), f.Params()...) {
		if p.Grad != nil {
			t.Errorf("parameter %s has a gradient", p.Name)
		}
	}
}

// longSequence wants finite numbers over 2,000 steps: outputs from a saturated
// network too, and gradients from one as it is initialised.
func (c Case) longSequence(t *testing.T) {
	m, in := c.drawn(false), c.batch(2000)
	finite := func(what string, values []float32) {
		t.Helper()
		for i, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("%s[%d] is %v", what, i, v)
			}
		}
	}
	_, dX, _ := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
	finite("dX", dX)
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] *= 1000
		}
		p.Changed()
	}
	finite("y", forward(t, m, in, nn.Mode{}, 1))
}

// pieces wants of a sequence in pieces the bits that it has as a whole.
func (c Case) pieces(t *testing.T) {
	const steps, step = 23, 5
	for _, int8s := range []bool{false, true} {
		m, in := c.drawn(int8s), c.batch(steps)
		W := m.OutputSize()
		want := forward(t, m, in, nn.Mode{}, 1)
		var lay nn.Layout
		piece := func(k int) (nn.Batch, error) {
			end := min((k+1)*step, steps)
			lay.Reset([]int{end - k*step})
			return nn.Batch{Layout: &lay, X: in.X[k*step*c.Input : end*c.Input]}, nil
		}
		pass, got, n := m.Pass(nil), make([]float32, len(want)), 0
		for range 2 {
			n = 0
			err := pass.ForwardPieces((steps+step-1)/step, piece, func(k int, y []float32) {
				copy(got[k*step*W:], y)
				n += len(y)
			}, 2)
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != len(want) || !slices.Equal(got, want) {
			t.Errorf("eight bits %t: %d states in pieces, %d in the whole sequence, or other bits", int8s, n/W, steps)
		}
		stop := errors.New("enough")
		broken := func(k int) (nn.Batch, error) { return nn.Batch{}, stop }
		if err := pass.ForwardPieces(2, broken, func(int, []float32) { t.Error("states of no piece") }, 1); err != stop {
			t.Errorf("error %v, want that of piece", err)
		}
	}
}

func (c Case) wrongSizes(t *testing.T) {
	m := c.drawn(false)
	good := c.batch(2, 1)
	X, cache := good.X, m.NewInputCache(2)
	for name, in := range map[string]nn.Batch{
		"no layout":                       {},
		"short X":                         {Layout: good.Layout, X: X[1:]},
		"short Index":                     {Layout: good.Layout, X: X, Index: []int32{0}},
		"ragged X with Index":             {Layout: good.Layout, X: X[:len(X)-1], Index: []int32{0, 1, 0}},
		"Index out of range":              {Layout: good.Layout, X: X, Index: []int32{0, 3, 0}},
		"Index below 0 without a cache":   {Layout: good.Layout, X: X, Index: []int32{0, -1, 0}},
		"Index of what is not in a cache": {Layout: good.Layout, X: X, Index: []int32{0, -1, 0}, Cache: cache, Keys: []int32{0, 1, -1}},
		"fewer Keys than inputs":          {Layout: good.Layout, X: X, Index: []int32{0, 1, 0}, Cache: cache, Keys: []int32{0}},
	} {
		if _, err := m.Pass(nil).Forward(in, nn.Mode{}, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	pass := m.Pass(nil)
	if _, err := pass.Backward(nil, nn.Want{}); err == nil {
		t.Error("Backward without a Forward: no error")
	}
	if _, err := pass.Forward(good, nn.Mode{Train: true}, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := pass.Backward(make([]float32, 1), nn.Want{}); err == nil {
		t.Error("a short dY: no error")
	}
}

// storage wants the bits of a new pass from one that has served others before.
func storage(t *testing.T, cases []Case) {
	var pass nn.Pass
	for round := range 2 {
		for _, c := range cases {
			m, in := c.drawn(false), c.batch([][]int{{6, 2, 9}, {1, 0, 3}}[round]...)
			pass = m.Pass(pass)
			y, dX, grads := train(t, m, pass, in, nn.Want{Params: true}, 1)
			y2, dX2, grads2 := train(t, m, m.Pass(nil), in, nn.Want{Params: true}, 1)
			if fmt.Sprint(y, dX, grads) != fmt.Sprint(y2, dX2, grads2) {
				t.Errorf("%s: other bits in the storage of another's pass", c.Name)
			}
		}
	}
}
