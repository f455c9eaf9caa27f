package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// shapes are the products of an LSTM, rows x sum x columns, and the square one.
var shapes = []struct{ m, k, n int }{
	{1024, 1024, 1024}, {6400, 100, 512}, {32, 128, 512}, {1, 128, 512}, {8, 128, 512}, {1, 256, 1024}, {32, 256, 1024},
}

func BenchmarkMatMul(b *testing.B) {
	for _, s := range shapes {
		b.Run(fmt.Sprintf("%dx%dx%d", s.m, s.k, s.n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			x, w, c := normals(rng, s.m*s.k), normals(rng, s.n*s.k), make([]float32, s.m*s.n)
			var p Packed
			p.PackT(s.k, s.n, w, s.k)
			for b.Loop() {
				MatMul(s.m, x, s.k, &p, 0, c, s.n)
			}
			gflops(b, 2*s.m*s.n*s.k)
		})
	}
}

// BenchmarkMatMulTA is the gradient of a weight [512][100] or [512][128] over a batch of
// 32 texts of 200 steps, with the packing of its right-hand side.
func BenchmarkMatMulTA(b *testing.B) {
	for _, n := range []int{100, 128} {
		const m, k = 512, 6400
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			dy, x, c := normals(rng, k*m), normals(rng, k*n), make([]float32, m*n)
			var p Packed
			for b.Loop() {
				p.Pack(k, n, x, n)
				MatMulTA(m, dy, m, &p, 1, c, n)
			}
			gflops(b, 2*m*n*k)
		})
	}
}

func BenchmarkPackT(b *testing.B) {
	w := make([]float32, 512*128)
	var p Packed
	for b.Loop() {
		p.PackT(128, 512, w, 128)
	}
	perElement(b, len(w))
}

// BenchmarkPack copies what lies in the memory, not in the cache.
func BenchmarkPack(b *testing.B) {
	const k, n, blocks = 256, 512, 25
	x := make([]float32, blocks*k*n)
	var p Packed
	i := 0
	for b.Loop() {
		p.Pack(k, n, x[i%blocks*k*n:], n)
		i++
	}
	perElement(b, k*n)
}

func BenchmarkAddTransposed(b *testing.B) {
	const k, n = 512, 2048
	x, y := make([]float32, k*n), make([]float32, k*n)
	for b.Loop() {
		AddTransposed(k, n, x, k, y, n)
	}
	perElement(b, k*n)
}

// gflops reports the rate of a benchmark that takes so many operations an iteration.
func gflops(b *testing.B, operations int) {
	b.ReportMetric(float64(operations)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

// perElement reports the time per element.
func perElement(b *testing.B, elements int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(elements), "ns/element")
}

func BenchmarkActivations(b *testing.B) {
	x, y := normals(rand.New(rand.NewPCG(1, 2)), 4096), make([]float32, 4096)
	for _, a := range activations {
		b.Run(a.name, func(b *testing.B) {
			for b.Loop() {
				a.run(y, x)
			}
			perElement(b, len(x))
		})
	}
	b.Run("Softmax", func(b *testing.B) {
		for b.Loop() {
			copy(y, x)
			Softmax(y)
		}
		perElement(b, len(x))
	})
}

// BenchmarkCell reports the time per unit: four gates, c and h.
func BenchmarkCell(b *testing.B) {
	const n, H = 32, 128
	d := newCellData(rand.New(rand.NewPCG(1, 2)), n, H, true, false)
	pre := append([]float32(nil), d.pre...)
	b.Run("forward", func(b *testing.B) {
		for b.Loop() {
			CellForward(n, H, d.pre, d.ldPre, d.cPrev, d.c, d.h, d.ldH, nil)
		}
		perElement(b, n*H)
	})
	b.Run("backward", func(b *testing.B) {
		copy(d.pre, pre)
		for b.Loop() {
			CellBackward(n, H, d.pre, d.ldPre, d.cPrev, d.c, d.dH, d.ldH, d.dC, nil)
			copy(d.pre, pre)
			clear(d.dC)
		}
		perElement(b, n*H)
	})
}

func BenchmarkVectors(b *testing.B) {
	const n = 4096
	rng := rand.New(rand.NewPCG(1, 2))
	w, x, y, z := normals(rng, n), normals(rng, n), normals(rng, n), make([]float32, n)
	idx := make([]int32, n)
	var keep float32
	for _, k := range []struct {
		name string
		run  func()
	}{
		{"Dot", func() { keep += Dot(x, y) }},
		{"Sum", func() { keep += Sum(x) }},
		{"SumSq", func() { keep += float32(SumSq(x)) }},
		{"Max", func() { keep += Max(x) }},
		{"Axpy", func() { Axpy(1e-9, x, y) }},
		{"MulAdd", func() { MulAdd(z, x, y) }},
		{"MaxIndex", func() { MaxIndex(z, idx, x, 1) }},
		{"AddRows", func() { AddRows(z[:512], 8, x, 512) }},
		{"Adam", func() { Adam(w, x, y, z, 1e-3, 0.9, 0.999, 1e-8, 0, 1, 1) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			clear(z)
			for b.Loop() {
				k.run()
			}
			perElement(b, n)
		})
	}
	_ = keep
}

func BenchmarkMatMulInt8(b *testing.B) {
	for _, s := range shapes[1:] {
		b.Run(fmt.Sprintf("%dx%dx%d", s.m, s.k, s.n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			x, c := normals(rng, s.m*s.k), make([]float32, s.m*s.n)
			_, _, _, p := quantizedWeight(rng, s.n, s.k)
			var a RowsInt8
			for b.Loop() { // with the quantising of the activations
				a.Quantize(s.m, s.k, x, s.k)
				MatMulInt8(&a, p, 0, c, s.n)
			}
			gflops(b, 2*s.m*s.n*s.k)
		})
	}
}
