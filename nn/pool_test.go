package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
)

var everyPooling = []nn.Pooling{nn.Max, nn.Last, nn.Attention, nn.Mean}

func newPool(t testing.TB, cfg nn.PoolConfig) *nn.Pool {
	t.Helper()
	p, err := nn.NewPool("pool", cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Init(rand.New(rand.NewPCG(9, 0)))
	for _, q := range p.Params() {
		q.NeedGrad()
	}
	return p
}

// A sequence's vector and gradient are the same bits alone and in company.
func TestPoolIgnoresBatchMates(t *testing.T) {
	const D = 40
	rng := rand.New(rand.NewPCG(5, 0))
	for _, cfg := range []nn.PoolConfig{{}, {Bidirectional: true}, {Bidirectional: true, Merge: nn.Product}, {Bidirectional: true, Padded: 8}} {
		cfg.Size, cfg.Kinds, cfg.Hidden = D, everyPooling, 13
		p := newPool(t, cfg)
		out := p.OutSize()
		lengths := []int{7, 0, 3, 12, 7, 1, 30}
		groups := []int{0, 1, 2, 0, 3, 2, 0} // texts of one, two and three chunks, one empty
		seqs := make([][]float32, len(lengths))
		for b, n := range lengths {
			seqs[b] = normals(rng, n*D)
		}
		dpooled := normals(rng, 4*out)

		// run pools the texts listed and returns their vectors and, by sequence,
		// the gradients.
		run := func(texts []int, workers int) (pooled []float32, dseqs map[int][]float32) {
			var ls, gs, ids []int
			for b, g := range groups {
				if i := slices.Index(texts, g); i >= 0 {
					ls, gs, ids = append(ls, lengths[b]), append(gs, i), append(ids, b)
				}
			}
			var l nn.Layout
			l.Reset(ls)
			y := make([]float32, l.Rows()*D)
			for i, b := range ids {
				for s := range ls[i] {
					copy(y[l.Row(s, i)*D:], seqs[b][s*D:(s+1)*D])
				}
			}
			p.Workers = workers
			var ws nn.PoolWorkspace
			pooled = make([]float32, len(texts)*out)
			p.Forward(pooled, y, &l, gs, &ws)
			dy := make([]float32, len(y))
			var d []float32
			for _, g := range texts {
				d = append(d, dpooled[g*out:(g+1)*out]...)
			}
			p.Backward(dy, d, y, &l, gs, &ws)
			dseqs = make(map[int][]float32)
			for i, b := range ids {
				for s := range ls[i] {
					r := l.Row(s, i)
					dseqs[b] = append(dseqs[b], dy[r*D:(r+1)*D]...)
				}
			}
			return pooled, dseqs
		}

		all, dall := run([]int{0, 1, 2, 3}, 1)
		for _, texts := range [][]int{{0}, {1}, {2}, {3}, {3, 0}, {1, 2}} {
			pooled, dseqs := run(texts, 2)
			for i, g := range texts {
				if !slices.Equal(pooled[i*out:(i+1)*out], all[g*out:(g+1)*out]) {
					t.Errorf("text %d pooled in the batch %v is not what it is among all", g, texts)
				}
			}
			for b, d := range dseqs {
				if !slices.Equal(d, dall[b]) {
					t.Errorf("gradient of sequence %d in the batch %v is not what it is among all", b, texts)
				}
			}
		}
	}
}

// Attention over enough rows to be shared out gives the same bits for any
// number of workers.
func TestPoolIgnoresWorkers(t *testing.T) {
	const D = 16
	rng := rand.New(rand.NewPCG(6, 0))
	var l nn.Layout
	l.Reset([]int{100, 40, 90, 77})
	y, d := normals(rng, l.Rows()*D), normals(rng, 4*D)
	run := func(workers int) (out [][]float32) {
		p := newPool(t, nn.PoolConfig{Size: D, Kinds: []nn.Pooling{nn.Attention}, Hidden: 150})
		p.Workers = workers
		var ws nn.PoolWorkspace
		pooled, dy := make([]float32, 4*D), make([]float32, len(y))
		p.Forward(pooled, y, &l, nil, &ws)
		weights := slices.Clone(ws.Weights())
		p.Backward(dy, d, y, &l, nil, &ws)
		out = append(out, pooled, dy, weights)
		for _, q := range p.Params() {
			out = append(out, q.Grad)
		}
		return out
	}
	if diff := cmp.Diff(run(1), run(4)); diff != "" {
		t.Errorf("one worker and four differ:\n%s", diff)
	}
}

// A text cut into chunks pools to what the whole text does.
func TestPoolChunks(t *testing.T) {
	const D, n = 6, 23
	rng := rand.New(rand.NewPCG(7, 0))
	text := normals(rng, n*D)
	for _, bidirectional := range []bool{false, true} {
		p := newPool(t, nn.PoolConfig{Size: D, Kinds: everyPooling, Bidirectional: bidirectional})
		pooled := func(lengths []int) []float32 {
			var l nn.Layout
			l.Reset(lengths)
			y, at := make([]float32, n*D), 0
			for b, k := range lengths {
				for s := range k {
					copy(y[l.Row(s, b)*D:], text[at*D:(at+1)*D])
					at++
				}
			}
			dst := make([]float32, p.OutSize())
			p.Forward(dst, y, &l, make([]int, len(lengths)), new(nn.PoolWorkspace))
			return dst
		}
		near(t, "chunks of 5", pooled([]int{5, 5, 5, 5, 3}), pooled([]int{n}), 1e-6)
		near(t, "odd chunks", pooled([]int{0, 1, 9, 0, 13}), pooled([]int{n}), 1e-6)
	}
}

// A text in parts, in any order, pools to what it does as a whole.
func TestPoolParts(t *testing.T) {
	const D, n = 6, 23
	text := normals(rand.New(rand.NewPCG(7, 0)), n*D)
	for i := range text { // scores of the attention that an exponential would not hold
		text[i] *= 40
		if i%D%3 == 0 && text[i] > 0 { // columns whose maximum padding changes
			text[i] = -text[i]
		}
	}
	for _, cfg := range []nn.PoolConfig{
		{}, {Bidirectional: true}, {Reverse: true}, {Padded: n}, {Bidirectional: true, Padded: n + 1},
		{Bidirectional: true, Merge: nn.Sum}, {Bidirectional: true, Merge: nn.Average}, {Bidirectional: true, Merge: nn.Product},
	} {
		cfg.Size, cfg.Kinds = D, everyPooling
		p := newPool(t, cfg)
		for i := range p.Context.Data {
			p.Context.Data[i] *= 100
		}
		var l nn.Layout
		var ws nn.PoolWorkspace
		want, got := make([]float32, p.OutSize()), make([]float32, p.OutSize())
		l.Reset([]int{n})
		p.Forward(want, text, &l, nil, &ws)
		var parts nn.PoolParts
		for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
			parts.Reset(p)
			for _, k := range order {
				from, to := k*5, min(k*5+5, n)
				l.Reset([]int{to - from})
				parts.Add(k, text[from*D:to*D], &l, &ws)
			}
			l.Reset([]int{0})
			parts.Add(9, nil, &l, &ws)
			parts.Vector(got)
			near(t, "parts", got, want, 1e-6)
			if exact := len(everyPooling) / 2 * cfg.Width(); !slices.Equal(got[:exact], want[:exact]) { // max and last
				t.Errorf("%v: other bits of max or last", order)
			}
		}
	}
	var parts nn.PoolParts
	p := newPool(t, nn.PoolConfig{Size: 1, Kinds: everyPooling})
	parts.Reset(p)
	got := []float32{1, 1, 1, 1}
	if parts.Vector(got); !slices.Equal(got, make([]float32, 4)) {
		t.Errorf("no rows pool to %v, want zeros", got)
	}
	nan := float32(math.NaN())
	var l nn.Layout
	l.Reset([]int{1})
	for k, v := range []float32{1, nan, 2} {
		parts.Add(k, []float32{v}, &l, new(nn.PoolWorkspace))
	}
	if parts.Vector(got); got[0] == got[0] || got[2] == got[2] || got[3] == got[3] {
		t.Errorf("a NaN pools to %v", got)
	}
}

// What is pooled of merged directions is what is pooled of the rows that they make, but
// for the last states, which are of different rows.
func TestPoolMerge(t *testing.T) {
	f, b := [][]float32{{1, -2}, {3, 4}}, [][]float32{{-5, 6}, {7, 0.5}}
	var l nn.Layout
	l.Reset([]int{2})
	y := slices.Concat(f[0], b[0], f[1], b[1])
	for _, tt := range []struct {
		merge           nn.Merge
		last, max, mean []float32
	}{
		{nn.Sum, []float32{-2, 10}, []float32{10, 4.5}, []float32{3, 4.25}},
		{nn.Average, []float32{-1, 5}, []float32{5, 2.25}, []float32{1.5, 2.125}},
		{nn.Product, []float32{-15, 24}, []float32{21, 2}, []float32{8, -5}},
	} {
		p := newPool(t, nn.PoolConfig{Size: 4, Kinds: []nn.Pooling{nn.Last, nn.Max, nn.Mean}, Bidirectional: true, Merge: tt.merge})
		dst := make([]float32, p.OutSize())
		p.Forward(dst, y, &l, nil, new(nn.PoolWorkspace))
		near(t, string(tt.merge), dst, slices.Concat(tt.last, tt.max, tt.mean), 1e-6)
	}
}

// Padding counts as zeros for Max, and for nothing else.
func TestPoolPadded(t *testing.T) {
	var l nn.Layout
	l.Reset([]int{1, 2})
	y := []float32{-1, -2, -3, -4, -5, -6}
	p := newPool(t, nn.PoolConfig{Size: 2, Kinds: []nn.Pooling{nn.Max, nn.Mean, nn.Last}, Bidirectional: true, Padded: 2})
	dst := make([]float32, 2*p.OutSize())
	p.Forward(dst, y, &l, nil, new(nn.PoolWorkspace))
	// The second sequence is the longer one, and so the first rows are its own, then the other's.
	near(t, "padded", dst, []float32{0, 0, -3, -4, -3, -4, -1, -2, -3, -4, -5, -2}, 1e-6)
}

// The activations are what their comments say.
func TestActivations(t *testing.T) {
	x := []float32{-3, -0.5, 0, 0.5, 2}
	for a, want := range map[nn.Activation][]float32{
		nn.Sigmoid: {0.047425874, 0.37754068, 0.5, 0.62245935, 0.8807971},
		nn.GELU:    {-0.0040496942, -0.15426877, 0, 0.34573123, 1.9544997},
		nn.SiLU:    {-0.14227761, -0.18877034, 0, 0.31122968, 1.7615942},
		nn.ELU:     {-0.95021293, -0.39346933, 0, 0.5, 2},
		nn.ReLU:    {0, 0, 0, 0.5, 2},
	} {
		y := slices.Clone(x)
		a.Forward(y)
		near(t, string(a), y, want, 1e-6)
	}
}

func TestPoolEmptyTexts(t *testing.T) {
	p := newPool(t, nn.PoolConfig{Size: 2, Kinds: everyPooling})
	var l nn.Layout
	var ws nn.PoolWorkspace
	l.Reset([]int{0, 0})
	dst := slices.Repeat([]float32{7}, 2*p.OutSize())
	p.Forward(dst, nil, &l, nil, &ws)
	if slices.ContainsFunc(dst, func(v float32) bool { return v != 0 }) {
		t.Errorf("empty texts pool to %v, want zeros", dst)
	}
	p.Backward(nil, dst, nil, &l, nil, &ws)
	l.Reset(nil)
	p.Forward(nil, nil, &l, nil, &ws)
	p.Backward(nil, nil, nil, &l, nil, &ws)
}

func TestAttentionWeights(t *testing.T) {
	const D = 5
	p := newPool(t, nn.PoolConfig{Size: D, Kinds: []nn.Pooling{nn.Attention}})
	var l nn.Layout
	lengths := []int{4, 0, 9}
	l.Reset(lengths)
	var ws nn.PoolWorkspace
	y := normals(rand.New(rand.NewPCG(8, 0)), l.Rows()*D)
	p.Forward(make([]float32, 3*D), y, &l, nil, &ws)
	for b, n := range lengths {
		sum := 0.0
		for s := range n {
			sum += float64(ws.Weights()[l.Row(s, b)])
		}
		if n > 0 && math.Abs(sum-1) > 1e-6 {
			t.Errorf("attention over sequence %d sums to %v, want 1", b, sum)
		}
	}
	newPool(t, nn.PoolConfig{Size: D}).Forward(make([]float32, 3*D), y, &l, nil, &ws)
	if len(ws.Weights()) != 0 {
		t.Errorf("%d attention weights without attention", len(ws.Weights()))
	}
}

// A NaN in the states must show in the result, not be pooled away.
func TestPoolShowsNaN(t *testing.T) {
	nan := float32(math.NaN())
	var l nn.Layout
	l.Reset([]int{3})
	for _, kind := range everyPooling {
		dst := make([]float32, 1)
		newPool(t, nn.PoolConfig{Size: 1, Kinds: []nn.Pooling{kind}}).Forward(dst, []float32{nan, nan, nan}, &l, nil, new(nn.PoolWorkspace))
		if dst[0] == dst[0] {
			t.Errorf("%s of NaN = %v", kind, dst[0])
		}
	}
}

func TestPoolAllocatesNothingInSteadyState(t *testing.T) {
	const D = 4
	p := newPool(t, nn.PoolConfig{Size: D, Kinds: []nn.Pooling{nn.Max, nn.Mean, nn.Last}})
	var l nn.Layout
	l.Reset([]int{3, 1, 2})
	var ws nn.PoolWorkspace
	y, dst := make([]float32, l.Rows()*D), make([]float32, 3*p.OutSize())
	if n := testing.AllocsPerRun(10, func() {
		p.Forward(dst, y, &l, nil, &ws)
		p.Backward(y, dst, y, &l, nil, &ws)
	}); n != 0 {
		t.Errorf("%v allocations per pass, want 0", n)
	}
}

func TestPoolConfigValidate(t *testing.T) {
	err := nn.PoolConfig{Size: 0, Hidden: -1, Kinds: []nn.Pooling{"median", nn.Max, nn.Max}}.Validate()
	for _, want := range []string{"Size is 0", "Hidden is -1", `"median"`, `"max" is listed twice`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if err := (nn.PoolConfig{Size: 3, Bidirectional: true}).Validate(); err == nil {
		t.Error("an odd row split between two directions was accepted")
	}
	for _, cfg := range []nn.PoolConfig{
		{Size: 2, Merge: "max"}, {Size: 2, Merge: nn.Sum}, {Size: 2, Padded: -1},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
	if _, err := nn.NewPool("", nn.PoolConfig{}); err == nil {
		t.Error("NewPool accepted a zero Size")
	}
	want := nn.PoolConfig{Size: 3, Kinds: []nn.Pooling{nn.Max}, Hidden: 3}
	if diff := cmp.Diff(want, newPool(t, nn.PoolConfig{Size: 3}).Config()); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

// Forward packs changed weights once, whichever goroutine comes first.
func TestDenseConcurrentForward(t *testing.T) {
	const n, in, out = 3, 8, 4
	rng := rand.New(rand.NewPCG(10, 0))
	d := nn.NewDense("", in, out)
	x := normals(rng, n*in)
	for range 3 {
		d.Init(rng)
		want := make([]float32, n*out)
		alone := nn.NewDense("", in, out)
		copy(alone.Weight.Data, d.Weight.Data)
		copy(alone.Bias.Data, d.Bias.Data)
		alone.Forward(want, x, n)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got := make([]float32, n*out)
				d.Forward(got, x, n)
				if !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
		wg.Wait()
	}
}

func TestPanicsOnWrongSizes(t *testing.T) {
	d, p := nn.NewDense("", 2, 3), newPool(t, nn.PoolConfig{Size: 2})
	var l nn.Layout
	l.Reset([]int{1, 2})
	y, ws := make([]float32, 6), new(nn.PoolWorkspace)
	for name, f := range map[string]func(){
		"dense input":       func() { d.Forward(make([]float32, 6), make([]float32, 3), 2) },
		"dense gradient":    func() { d.Backward(nil, make([]float32, 5), make([]float32, 4), 2) },
		"pooled":            func() { p.Forward(make([]float32, 3), y, &l, nil, ws) },
		"rows":              func() { p.Forward(make([]float32, 4), y[:5], &l, nil, ws) },
		"groups":            func() { p.Forward(make([]float32, 4), y, &l, []int{0}, ws) },
		"text out of range": func() { p.Forward(make([]float32, 4), y, &l, []int{0, 2}, ws) },
		"fresh workspace": func() {
			p.Backward(make([]float32, 6), make([]float32, 4), y, &l, nil, new(nn.PoolWorkspace))
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// The draws are PyTorch's Linear's: uniform in ±1/sqrt(in).
func TestDenseInit(t *testing.T) {
	d := nn.NewDense("", 16, 2000)
	d.Init(rand.New(rand.NewPCG(11, 0)))
	for _, p := range d.Params() {
		lo, hi := slices.Min(p.Data), slices.Max(p.Data)
		if lo < -0.25 || lo > -0.24 || hi > 0.25 || hi < 0.24 {
			t.Errorf("%s drawn in [%v, %v], want close to ±1/4", p.Name, lo, hi)
		}
	}
	p := nn.NewParam("p", 10000)
	nn.Normal(p, 0.5, rand.New(rand.NewPCG(12, 0)))
	if sd := math.Sqrt(dot(p.Data, p.Data) / 10000); math.Abs(sd-0.5) > 0.02 {
		t.Errorf("standard deviation %v, want 0.5", sd)
	}
}

func TestDenseAllocatesNothingInSteadyState(t *testing.T) {
	d := nn.NewDense("", 4, 3)
	x, y := make([]float32, 8), make([]float32, 6)
	if n := testing.AllocsPerRun(10, func() { d.Forward(y, x, 2) }); n != 0 {
		t.Errorf("%v allocations per Forward, want 0", n)
	}
}

func TestActivationValidate(t *testing.T) {
	for _, a := range append(nn.Activations(), "") {
		if err := a.Validate(); err != nil {
			t.Error(err)
		}
	}
	if nn.Activation("maxout").Validate() == nil {
		t.Error("maxout was accepted")
	}
}
