package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
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
	var bAt func(i, j int) float32
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
				x := a[min(i*lda+p, len(a)-1)]
				if transA {
					x = a[p*lda+i]
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

// Rows from anywhere, in an order of their own and some of them twice, are what C would be.
func TestMatMulRows(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for m := 1; m <= 40; m++ {
			for _, n := range []int{1, 15, 16, 17, 33, 64, 97, 130} {
				k := rng.IntN(300)
				a, b, from := normals(rng, m*k), normals(rng, k*n), normals(rng, (m+3)*n)
				var p Packed
				p.Pack(k, n, b, n)
				want, got := make([]float32, m*n), normals(rng, m*n)
				rows := make([][]float32, m)
				for i := range rows {
					r := rng.IntN(m + 3)
					rows[i] = from[r*n : (r+1)*n : (r+1)*n]
					copy(want[i*n:], rows[i])
				}
				before := slices.Clone(from)
				MatMul(m, a, k, &p, 1, want, n)
				MatMulRows(m, a, k, &p, rows, got, n)
				if !slices.Equal(want, got) || !slices.Equal(before, from) {
					t.Fatalf("[%d][%d][%d]: rows from a table give other bits", m, k, n)
				}
			}
		}
	})
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

// reference is the product in the defined order with fused multiply-adds, as the
// assembly computes it.
func reference(m, n, k int, a []float32, rs, ks int, b []float32, c []float32) {
	for i := range m {
		for j := range n {
			s := c[i*n+j]
			for p := range k {
				s = fma(a[i*rs+p*ks], b[p*n+j], s)
			}
			c[i*n+j] = s
		}
	}
}

// fma is x*y + z with one rounding. The product is exact in float64; the sum is rounded
// to odd there, so that rounding it again to float32 gives what one rounding would.
func fma(x, y, z float32) float32 {
	p, w := float64(x)*float64(y), float64(z)
	s := p + w
	t := s - p
	if low := (p - (s - t)) + (w - t); low != 0 {
		bits := math.Float64bits(s)
		if bits&1 == 0 {
			if (low > 0) == (s > 0) {
				bits++
			} else {
				bits--
			}
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}

// TestMatMulOrder holds the assembly to the order of operations that MatMul documents,
// in every bit: whatever the tile, the block and the level.
func TestMatMulOrder(t *testing.T) {
	for _, level := range assembly() {
		t.Run(level, func(t *testing.T) {
			setLevel(t, level)
			rng := rand.New(rand.NewPCG(1, 2))
			for _, s := range [][3]int{{1, 200, 90}, {2, 100, 40}, {3, 100, 33}, {7, 65, 300}, {13, 40, 520}, {25, 17, 70}, {250, 70, 60}} {
				m, n, k := s[0], s[1], s[2]
				a, b, c := normals(rng, m*k), normals(rng, k*n), normals(rng, m*n)
				var p Packed
				p.Pack(k, n, b, n)
				for _, transA := range []bool{false, true} {
					want, got := append([]float32(nil), c...), append([]float32(nil), c...)
					if transA {
						reference(m, n, k, a, 1, m, b, want)
						MatMulTA(m, a, m, &p, 1, got, n)
					} else {
						reference(m, n, k, a, k, 1, b, want)
						MatMul(m, a, k, &p, 1, got, n)
					}
					for i := range got {
						if got[i] != want[i] {
							t.Fatalf("%v transA=%v: C[%d][%d] = %v, want %v", s, transA, i/n, i%n, got[i], want[i])
						}
					}
				}
			}
		})
	}
}

// TestMatMulRowAlone: a row of A gives the same bits alone and in any batch, at any
// place of it, and the columns of B do not know of each other.
func TestMatMulRowAlone(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const most, k, n = 70, 300, 150
		a, b := normals(rng, most*k), normals(rng, k*n)
		var p, q Packed
		p.Pack(k, n, b, n)
		q.Pack(k, 37, b[40:], n) // some of the columns
		alone := make([]float32, most*n)
		for i := range most {
			MatMul(1, a[i*k:], k, &p, 0, alone[i*n:], n)
		}
		for m := 1; m <= most; m++ {
			first := rng.IntN(most - m + 1)
			c, d := make([]float32, m*n), make([]float32, m*37)
			MatMul(m, a[first*k:], k, &p, 0, c, n)
			MatMul(m, a[first*k:], k, &q, 0, d, 37)
			for i, v := range c {
				if want := alone[first*n+i]; v != want {
					t.Fatalf("m = %d: C[%d][%d] = %v, alone %v", m, i/n, i%n, v, want)
				}
			}
			for i, v := range d {
				if want := alone[(first+i/37)*n+40+i%37]; v != want {
					t.Fatalf("m = %d: C[%d][%d] of some columns = %v, want %v", m, i/37, i%37, v, want)
				}
			}
		}
	})
}

// TestMatMulInParts: cutting the sum into several calls changes no bit.
func TestMatMulInParts(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const m, k, n, cut = 9, 600, 50, 123
		a, b := normals(rng, m*k), normals(rng, k*n)
		var whole, first, second Packed
		whole.Pack(k, n, b, n)
		first.Pack(cut, n, b, n)
		second.Pack(k-cut, n, b[cut*n:], n)
		want, got := make([]float32, m*n), make([]float32, m*n)
		MatMul(m, a, k, &whole, 0, want, n)
		MatMul(m, a, k, &first, 0, got, n)
		MatMul(m, a[cut:], k, &second, 1, got, n)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("[%d] = %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// TestMatMulPropagates: NaN and infinity reach the row or column that they belong to,
// and no other.
func TestMatMulPropagates(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		for _, m := range []int{1, 2, 5, 12, 30} {
			const k, n = 20, 45
			a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			for i := range a {
				a[i] = 1
			}
			for i := range b {
				b[i] = 1
			}
			a[(m-1)*k+3] = float32(math.NaN())
			b[7*n+n-1] = float32(math.Inf(1))
			var p Packed
			p.Pack(k, n, b, n)
			MatMul(m, a, k, &p, 0, c, n)
			for i, v := range c {
				want := float32(k)
				switch {
				case i/n == m-1:
					want = float32(math.NaN())
				case i%n == n-1:
					want = float32(math.Inf(1))
				}
				if !equal(v, want) {
					t.Fatalf("m = %d: C[%d][%d] = %v, want %v", m, i/n, i%n, v, want)
				}
			}
		}
	})
}

// TestGemmAgainstBLAS holds Gemm to gonum's.
func TestGemmAgainstBLAS(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			m, n, k := 1+rng.IntN(40), 1+rng.IntN(70), rng.IntN(60)
			transA, transB := rng.IntN(2) == 0, rng.IntN(2) == 0
			alpha := []float32{0, 1, -0.5}[rng.IntN(3)]
			beta := []float32{0, 1, 2}[rng.IntN(3)]
			ar, ac, br, bc := m, k, k, n
			if transA {
				ar, ac = k, m
			}
			if transB {
				br, bc = n, k
			}
			lda, ldb, ldc := max(1, ac)+rng.IntN(3), max(1, bc)+rng.IntN(3), n+rng.IntN(3)
			a, b, c := normals(rng, ar*lda), normals(rng, br*ldb), normals(rng, m*ldc)
			want := append([]float32(nil), c...)
			blas.Sgemm(op(transA), op(transB), m, n, k, alpha, a, lda, b, ldb, beta, want, ldc)
			Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
			for i := range c {
				if math.Abs(float64(c[i]-want[i])) > 1e-4 {
					t.Fatalf("m=%d n=%d k=%d transA=%v transB=%v alpha=%v beta=%v: C[%d][%d] = %v, want %v",
						m, n, k, transA, transB, alpha, beta, i/ldc, i%ldc, c[i], want[i])
				}
			}
		}
	})
}

var blas gonum.Implementation

func op(trans bool) gonumblas.Transpose {
	if trans {
		return gonumblas.Trans
	}
	return gonumblas.NoTrans
}

// FuzzMatMul compares the levels on sizes and numbers of the fuzzer's choice.
func FuzzMatMul(f *testing.F) {
	f.Add(uint8(1), uint8(128), uint16(20), uint64(1), false)
	f.Add(uint8(13), uint8(33), uint16(300), uint64(2), true)
	f.Add(uint8(3), uint8(200), uint16(5), uint64(3), true)
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, seed uint64, transA bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		K := int(k % 700)
		a, b, c := mixed(rng, int(m)*K, false), mixed(rng, K*int(n), false), normals(rng, int(m)*int(n))
		var first []float32
		for _, level := range append(assembly(), "generic") {
			setLevel(t, level) // which decides how Pack lays out
			var p Packed
			p.Pack(K, int(n), b, int(n))
			got := append([]float32(nil), c...)
			if transA {
				MatMulTA(int(m), a, int(m), &p, 1, got, int(n))
			} else {
				MatMul(int(m), a, K, &p, 1, got, int(n))
			}
			if first == nil {
				first = got
			}
			tol := 0.0 // between assembly levels
			if level == "generic" {
				tol = 1e-5 * float64(K+1)
			}
			for i := range got {
				if math.Abs(float64(got[i]-first[i])) > tol {
					t.Fatalf("m=%d n=%d k=%d transA=%v level %s: [%d] = %v, want %v", m, n, K, transA, level, i, got[i], first[i])
				}
			}
		}
	})
}

// What a product begins with, a bias for all rows or rows that lie apart, gives the bits that it
// gives in C.
func TestMatMulFrom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	everyLevel(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 1, 1}, {1, 130, 7}, {5, 33, 0}, {7, 48, 300}, {13, 17, 20}, {31, 512, 100}, {260, 40, 260}} {
			m, n, k := s[0], s[1], s[2]
			a, w := normals(rng, m*k), normals(rng, k*n)
			var b Packed
			b.Pack(k, n, w, n)
			ldc := n + 3
			for _, ldi := range []int{0, n, n + 5} {
				from := normals(rng, (m-1)*ldi+n)
				want, got := make([]float32, m*ldc), make([]float32, m*ldc)
				for i := range m {
					copy(want[i*ldc:][:n], from[i*ldi:])
				}
				MatMul(m, a, k, &b, 1, want, ldc)
				MatMulFrom(m, a, k, &b, from, ldi, got, ldc)
				if !slices.Equal(got, want) {
					t.Errorf("%d x %d x %d, rows %d apart: differs", m, n, k, ldi)
				}
			}
			want, got := make([]float32, m*n), normals(rng, m*n)
			MatMul(m, a, k, &b, 0, want, n)
			MatMulFrom(m, a, k, &b, nil, 0, got, n)
			if !slices.Equal(got, want) {
				t.Errorf("%d x %d x %d, from nothing: differs", m, n, k)
			}
		}
	})
}
