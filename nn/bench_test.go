package nn_test

import (
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// A batch as the default classifier sees it: 32 texts of 200 steps, 256
// values per row.
const benchB, benchT, benchD = 32, 200, 256

func benchRows() (*nn.Layout, []float32) {
	lengths := make([]int, benchB)
	for b := range lengths {
		lengths[b] = benchT
	}
	l := new(nn.Layout)
	l.Reset(lengths)
	return l, normals(rand.New(rand.NewPCG(1, 0)), l.Rows()*benchD)
}

func BenchmarkDropout(b *testing.B) {
	l, x := benchRows()
	d := nn.Dropout{P: 0.5, Seed: 1}
	ids := make([]int32, l.Rows())
	for i := range ids {
		ids[i] = int32(i)
	}
	mask := make([]byte, len(x))
	for i := range mask {
		mask[i] = byte(i) & 1
	}
	for name, f := range map[string]func(){
		"elementwise": func() { d.Apply(x, 0) },
		"locked":      func() { d.Locked(x, l, benchD, nil, 0) },
		"types":       func() { d.Types(x, benchD, ids) },
		"stored": func() { // for comparison: a mask kept as bytes
			for i, m := range mask {
				x[i] *= float32(m) * 1.0001
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkPool(b *testing.B) {
	l, y := benchRows()
	for _, kind := range []nn.Pooling{nn.Last, nn.Mean, nn.Max, nn.Attention} {
		p, err := nn.NewPool("", nn.PoolConfig{Size: benchD, Kinds: []nn.Pooling{kind}})
		if err != nil {
			b.Fatal(err)
		}
		p.Init(rand.New(rand.NewPCG(1, 0)))
		for _, q := range p.Params() {
			q.NeedGrad()
		}
		var ws nn.PoolWorkspace
		pooled, dy := make([]float32, benchB*benchD), make([]float32, len(y))
		b.Run(string(kind)+"/forward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Forward(pooled, y, l, nil, &ws)
			}
		})
		b.Run(string(kind)+"/both", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Forward(pooled, y, l, nil, &ws)
				p.Backward(dy, pooled, y, l, nil, &ws)
			}
		})
	}
}

func BenchmarkDense(b *testing.B) {
	const n, in, out = 32, 512, 3
	d := nn.NewDense("", in, out)
	rng := rand.New(rand.NewPCG(1, 0))
	d.Init(rng)
	d.Weight.NeedGrad()
	d.Bias.NeedGrad()
	x, y, dx := normals(rng, n*in), make([]float32, n*out), make([]float32, n*in)
	b.ReportAllocs()
	for b.Loop() {
		d.Forward(y, x, n)
		d.Backward(dx, y, x, n)
	}
}

func BenchmarkLoss(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 0))
	for _, bb := range []struct {
		name string
		B, C int
		loss nn.Loss
	}{
		{"3 labels", 32, 3, nn.Loss{}},
		{"3 labels, smoothing", 32, 3, nn.Loss{Smoothing: 0.1}},
		{"90 labels, sigmoid", 32, 90, nn.Loss{Kind: nn.BinaryCrossEntropy}},
		{"4096 labels", 32, 4096, nn.Loss{}},
	} {
		x, d := normals(rng, bb.B*bb.C), make([]float32, bb.B*bb.C)
		t := nn.Targets{Labels: make([]int32, bb.B)}
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.loss.Eval(d, x, bb.B, bb.C, &t, 0)
			}
		})
	}
}

// A table of 30 000 words with 128 values each, of which 3000 are touched.
func benchTable() *nn.Param {
	p := param("table", nil, 30000, 128)
	p.Sparse = true
	for i := range 3000 {
		p.Touch(int32(i * 10))
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for _, r := range p.Touched {
		copy(p.Grad[int(r)*128:], normals(rng, 128))
	}
	return p
}

func BenchmarkOptimizer(b *testing.B) {
	for _, kind := range []nn.OptimizerKind{nn.Adam, nn.SGD, nn.RMSprop} {
		for _, name := range []string{"dense", "sparse"} {
			p := param("w", nil, 512, 384)
			if name == "sparse" {
				p = benchTable()
			}
			opt, err := nn.NewOptimizer(nn.OptimizerConfig{Kind: kind})
			if err != nil {
				b.Fatal(err)
			}
			b.Run(string(kind)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := opt.Step([]*nn.Param{p}, 1e-3); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkClipNorm(b *testing.B) {
	params := []*nn.Param{param("w", normals(rand.New(rand.NewPCG(1, 0)), 512*384), 512, 384), benchTable()}
	b.ReportAllocs()
	for b.Loop() {
		nn.ClipNorm(params, 1e9)
	}
}

func BenchmarkEMA(b *testing.B) {
	for name, p := range map[string]*nn.Param{"dense": param("w", nil, 512, 384), "sparse": benchTable()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				e, err := nn.NewEMA([]*nn.Param{p}, nn.EMAConfig{})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				for range 10 {
					e.Update()
				}
			}
		})
	}
}
