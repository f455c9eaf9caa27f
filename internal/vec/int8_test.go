package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// quantizedWeight returns a weight [n][k], its quantised form and the operand.
func quantizedWeight(rng *rand.Rand, n, k int) (w []float32, q []int8, scale []float32, p *PackedInt8) {
	w, q, scale, p = normals(rng, n*k), make([]int8, n*k), make([]float32, n), new(PackedInt8)
	QuantizeRows(n, k, w, k, q, k, scale)
	p.PackT(k, n, q, k, scale)
	return w, q, scale, p
}

// TestMatMulInt8 holds every kind to the documented loop, in every bit.
func TestMatMulInt8(t *testing.T) {
	for _, kind := range int8Kinds() {
		t.Run(kind, func(t *testing.T) {
			setInt8(t, kind)
			rng := rand.New(rand.NewPCG(1, 2))
			var a RowsInt8
			for m := 1; m <= 30; m++ {
				for _, n := range []int{1, 15, 16, 17, 31, 32, 33, 48, 64, 65, 128, 130, 200} {
					k, beta := 1+rng.IntN(70), float32(rng.IntN(2))
					ldx, ldc := k+rng.IntN(3), n+rng.IntN(3)
					x := normals(rng, span(m, k, ldx))
					_, q, scale, p := quantizedWeight(rng, n, k)
					a.Quantize(m, k, x, ldx)
					aq, aScale := make([]int8, m*k), make([]float32, m)
					QuantizeRows(m, k, x, ldx, aq, k, aScale)

					old := normals(rng, span(m, n, ldc))
					all, c := guarded(old, 3)
					MatMulInt8(&a, p, beta, c, ldc)
					checkGuards(t, "MatMulInt8", n, all, c)
					for at, got := range c {
						i, j := at/ldc, at%ldc
						want := old[at]
						if j < n {
							var s int32
							for l := range k {
								s += int32(aq[i*k+l]) * int32(q[j*k+l])
							}
							v := float32(float32(float32(s)*aScale[i]) * scale[j])
							want = v
							if beta != 0 {
								want = old[at] + v
							}
						}
						if !equal(got, want) {
							t.Fatalf("m=%d n=%d k=%d beta=%v: C[%d][%d] = %v, want %v", m, n, k, beta, i, j, got, want)
						}
					}
				}
			}
		})
	}
}

// TestMatMulInt8Extremes: the largest products do not saturate on the way.
func TestMatMulInt8Extremes(t *testing.T) {
	for _, kind := range int8Kinds() {
		t.Run(kind, func(t *testing.T) {
			setInt8(t, kind)
			const k, n = 1000, 40
			for _, signs := range [][2]float32{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
				x, w := make([]float32, 5*k), make([]float32, n*k)
				for i := range x {
					x[i] = signs[0]
				}
				for i := range w {
					w[i] = signs[1]
				}
				q, scale := make([]int8, n*k), make([]float32, n)
				QuantizeRows(n, k, w, k, q, k, scale)
				var p PackedInt8
				p.PackT(k, n, q, k, scale)
				var a RowsInt8
				a.Quantize(5, k, x, k)
				c := make([]float32, 5*n)
				MatMulInt8(&a, &p, 0, c, n)
				for i, v := range c {
					if want := signs[0] * signs[1] * k; math.Abs(float64(v-want)) > 1e-3 {
						t.Fatalf("signs %v: [%d] = %v, want %v", signs, i, v, want)
					}
				}
			}
		})
	}
}

// TestMatMulInt8IsClose: the product of random numbers is within the error that eight
// bits allow.
func TestMatMulInt8IsClose(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const m, k, n = 7, 256, 512
	x := normals(rng, m*k)
	w, _, _, p := quantizedWeight(rng, n, k)
	var a RowsInt8
	a.Quantize(m, k, x, k)
	c := make([]float32, m*n)
	MatMulInt8(&a, p, 0, c, n)
	var diff, size float64
	for i := range m {
		for j := range n {
			var want float64
			for l := range k {
				want += float64(x[i*k+l]) * float64(w[j*k+l])
			}
			diff += (float64(c[i*n+j]) - want) * (float64(c[i*n+j]) - want)
			size += want * want
		}
	}
	// Rounding errors of a step are uniform: step/sqrt(12) each side, with steps of
	// about 3/127 for normals of unit variance.
	if rel := math.Sqrt(diff / size); rel > 0.015 {
		t.Errorf("relative error %.4f, want at most 0.015", rel)
	}
}

func TestQuantizeRows(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for n := 1; n <= 300; n++ {
			x := mixed(rng, n, false)
			q, scale := make([]int8, n+2), make([]float32, 1)
			q[0], q[n+1] = 77, 77
			QuantizeRows(1, n, x, n, q[1:n+1], n, scale)
			top := float32(0)
			for _, v := range x {
				top = max(top, float32(math.Abs(float64(v))))
			}
			if scale[0] != top/127 || q[0] != 77 || q[n+1] != 77 {
				t.Fatalf("n = %d: scale %v, want %v; guards %d %d", n, scale[0], top/127, q[0], q[n+1])
			}
			for i, v := range x {
				if want := math.RoundToEven(float64(v * (127 / top))); float64(q[i+1]) != want {
					t.Fatalf("n = %d: q[%d] = %d, want %v", n, i, q[i+1], want)
				}
			}
		}
		for _, c := range []struct {
			name string
			bad  float32
			want float32
		}{{"infinity", -inf, nan}, {"NaN", nan, nan}, {"zero", 0, 0}, {"subnormal", 1e-40, 0}} {
			x, q, scale := make([]float32, 37), make([]int8, 37), make([]float32, 1)
			q[5], x[20] = 3, c.bad
			QuantizeRows(1, 37, x, 37, q, 37, scale)
			if !equal(scale[0], c.want) || q[5] != 0 || q[20] != 0 {
				t.Errorf("%s: scale %v q %v, want scale %v and zeros", c.name, scale[0], q, c.want)
			}
		}
	})
}

// TestNaNReachesTheProduct: an activation that is not finite is not hidden by
// quantising it.
func TestNaNReachesTheProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x := normals(rng, 3*20)
	x[25] = float32(math.NaN())
	_, _, _, p := quantizedWeight(rng, 5, 20)
	var a RowsInt8
	a.Quantize(3, 20, x, 20)
	c := make([]float32, 15)
	MatMulInt8(&a, p, 0, c, 5)
	for i, v := range c {
		if (v != v) != (i/5 == 1) {
			t.Errorf("C[%d][%d] = %v", i/5, i%5, v)
		}
	}
}

// FuzzMatMulInt8 compares the kinds on sizes of the fuzzer's choice.
func FuzzMatMulInt8(f *testing.F) {
	f.Add(uint8(1), uint8(128), uint16(20), uint64(1))
	f.Add(uint8(13), uint8(33), uint16(130), uint64(2))
	f.Add(uint8(2), uint8(40), uint16(0), uint64(3))
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		K := int(k % 600)
		_, _, _, p := quantizedWeight(rng, int(n), K)
		var a RowsInt8
		a.Quantize(int(m), K, mixed(rng, int(m)*K, seed%2 == 0), K)
		var first []float32
		for _, kind := range int8Kinds() {
			setInt8(t, kind)
			c := make([]float32, int(m)*int(n))
			MatMulInt8(&a, p, 0, c, int(n))
			if first == nil {
				first = c
			}
			for i := range c {
				if !equal(c[i], first[i]) {
					t.Fatalf("m=%d n=%d k=%d %s: [%d] = %v, want %v", m, n, K, kind, i, c[i], first[i])
				}
			}
		}
	})
}
