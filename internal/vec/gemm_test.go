package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func normals(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// everyLevel runs a test under each level that this machine has.
func everyLevel(t *testing.T, test func(t *testing.T)) {
	for _, name := range append([]string{"generic"}, assembly()...) {
		t.Run(name, func(t *testing.T) {
			setLevel(t, name)
			test(t)
		})
	}
}

// guard is what the tests put around and between the rows of results.
const guard = 12345.678

// matMulCase computes one product by the kernel and in float64, with A as it is or
// transposed, rows further apart than they need be, and guards around C.
func matMulCase(t *testing.T, rng *rand.Rand, m, n, k int, transA, transB bool, beta float32) {
	t.Helper()
	rows, width := m, k
	if transA {
		rows, width = k, m
	}
	lda := width + rng.IntN(5)
	a := normals(rng, span(rows, width, lda))
	var p Packed
	bAt := func(i, j int) float32 { return 0 }
	if transB {
		ldb := k + rng.IntN(5)
		b := normals(rng, span(n, k, ldb))
		p.PackT(k, n, b, ldb)
		bAt = func(i, j int) float32 { return b[j*ldb+i] }
	} else {
		ldb := n + rng.IntN(5)
		b := normals(rng, span(k, n, ldb))
		p.Pack(k, n, b, ldb)
		bAt = func(i, j int) float32 { return b[i*ldb+j] }
	}
	const front, back = 7, 40
	ldc := n + rng.IntN(5)
	size := span(m, n, ldc)
	all := make([]float32, front+size+back)
	for i := range all {
		all[i] = guard
	}
	c := all[front : front+size]
	want := make([]float64, size)
	for i := range m {
		for j := range n {
			if beta != 0 {
				c[i*ldc+j] = float32(rng.NormFloat64())
				want[i*ldc+j] = float64(c[i*ldc+j])
			} else {
				c[i*ldc+j] = float32(math.NaN())
			}
			for p := range k {
				v := a[:]
				x := float32(0)
				if transA {
					x = v[p*lda+i]
				} else {
					x = v[i*lda+p]
				}
				want[i*ldc+j] += float64(x) * float64(bAt(p, j))
			}
		}
	}
	if transA {
		MatMulTA(m, a, lda, &p, beta, c, ldc)
	} else {
		MatMul(m, a, lda, &p, beta, c, ldc)
	}
	tol := 2e-6 * math.Sqrt(float64(k)+1) * math.Sqrt(math.Sqrt(float64(k)+1))
	for i, v := range all {
		at := i - front
		if at < 0 || at >= size || at%ldc >= n {
			if v != guard {
				t.Fatalf("m=%d n=%d k=%d: wrote at %d, outside C", m, n, k, at)
			}
			continue
		}
		if math.Abs(float64(v)-want[at]) > tol || v != v {
			t.Fatalf("m=%d n=%d k=%d lda=%d ldc=%d transA=%v transB=%v beta=%v: C[%d][%d] = %v, want %v",
				m, n, k, lda, ldc, transA, transB, beta, at/ldc, at%ldc, v, want[at])
		}
	}
}

func TestMatMul(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for m := 1; m <= 40; m++ {
			for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 97, 128, 130, 150} {
				matMulCase(t, rng, m, n, rng.IntN(20), rng.IntN(2) == 0, rng.IntN(2) == 0, float32(rng.IntN(2)))
			}
		}
		for _, s := range [][3]int{{1, 130, 700}, {2, 70, 513}, {300, 20, 600}, {250, 33, 257}, {481, 16, 256}, {5, 33, 1000}} {
			for trans := range 2 {
				matMulCase(t, rng, s[0], s[1], s[2], trans == 1, true, 1)
			}
		}
	})
}

// product shapes of an LSTM, and the square.
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
			b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
