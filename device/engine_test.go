package device

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bare returns an engine without a network.
func bare(t *testing.T) *engine {
	t.Helper()
	ctx, err := found(t).d.Open()
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{ctx: ctx}
	e.none, e.parts = e.array(1), e.array(1)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// fill writes random numbers to a new array.
func fill(e *engine, r *rand.Rand, n int) (*array, []float32) {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	a := e.array(n)
	write(e, a, x)
	return a, x
}

// Products of all shapes, transposes and splits are those of a loop.
func TestProduct(t *testing.T) {
	e, r := bare(t), rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{{1, 1, 1}, {64, 64, 16}, {65, 63, 17}, {3, 130, 0}, {130, 70, 33}, {70, 5, 300}, {33, 40, 511}, {33, 40, 512}, {9, 66, 3001}} {
		M, N, K := size[0], size[1], size[2]
		for variant := range 16 {
			beta := []float32{0, 1, 0.5}[r.IntN(3)]
			a, x := fill(e, r, M*K+7)
			b, y := fill(e, r, K*N)
			ldc, c0 := N+r.IntN(3), r.IntN(5)
			c, before := fill(e, r, c0+M*ldc)
			var bias *array
			v := make([]float32, N)
			if variant&4 != 0 {
				bias, v = fill(e, r, N)
			}
			A, B := rows(a, K), rows(b, N)
			if variant&1 != 0 {
				A = transposed(a, M)
			}
			if variant&2 != 0 {
				B = transposed(b, K)
			}
			if variant&8 != 0 {
				A.first = 7
			}
			e.product(M, N, K, A, B, bias, beta, c, c0, ldc)
			got := make([]float32, len(before))
			if read(e, got, c); e.err != nil {
				t.Fatal(e.err)
			}
			for i := range got {
				want, scale := float64(before[i]), 0.0
				if m, n := (i-c0)/ldc, (i-c0)%ldc; i >= c0 && n < N {
					want = float64(beta)*want + float64(v[n])
					for k := range K {
						p := float64(x[A.first+m*A.row+k*A.column]) * float64(y[n*B.column+k*B.row])
						want, scale = want+p, scale+math.Abs(p)
					}
				}
				if d := math.Abs(float64(got[i]) - want); !(d <= 1e-6*(scale+1)) {
					t.Fatalf("%d x %d over %d, variant %d, beta %v: number %d is %v, want %v", M, N, K, variant, beta, i, got[i], want)
				}
			}
		}
	}
}

func TestSumColumns(t *testing.T) {
	e, r := bare(t), rand.New(rand.NewPCG(3, 4))
	for _, size := range [][2]int{{0, 3}, {1, 1}, {7, 33}, {256, 32}, {257, 31}, {2000, 65}} {
		n, columns := size[0], size[1]
		x, numbers := fill(e, r, n*columns)
		dst, want := fill(e, r, columns)
		e.sumColumns(dst, n, columns, x)
		got := make([]float32, columns)
		if read(e, got, dst); e.err != nil {
			t.Fatal(e.err)
		}
		for j := range got {
			sum := float64(want[j])
			for i := range n {
				sum += float64(numbers[i*columns+j])
			}
			if math.Abs(float64(got[j])-sum) > 1e-4 {
				t.Errorf("%d rows: column %d of %d is %v, want %v", n, j, columns, got[j], sum)
			}
		}
	}
}
