package vec

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// ulps is the distance of got from want in units of the last place of a float32 at want.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	if equal(got, w) {
		return 0
	}
	if math.IsInf(float64(w), 0) || math.IsNaN(want) || got != got || math.IsInf(float64(got), 0) {
		return math.Inf(1)
	}
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e-24, -149))
}

var activations = []struct {
	name  string
	run   func(dst, x []float32)
	exact func(float64) float64
	bound float64 // in ULP
}{
	{"Exp", Exp, math.Exp, 1.25},
	{"Tanh", Tanh, math.Tanh, 2.75},
	{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-max(x, -float64(float32(sigMax))))) }, 2},
}

// TestActivations walks through the float32 numbers, one in 5003 or in
// TEXTLSTM_STRIDE; 1 takes minutes.
func TestActivations(t *testing.T) {
	stride := uint64(5003)
	if s := os.Getenv("TEXTLSTM_STRIDE"); s != "" {
		var err error
		if stride, err = strconv.ParseUint(s, 10, 32); err != nil || stride == 0 {
			t.Fatalf("TEXTLSTM_STRIDE = %q, want a positive number", s)
		}
	}
	for _, a := range activations {
		t.Run(a.name, func(t *testing.T) {
			everyLevel(t, func(t *testing.T) {
				x, y := make([]float32, 4096), make([]float32, 4096)
				worst, at := 0.0, float32(0)
				for bits := uint64(0); bits < 1<<32; {
					n := 0
					for ; n < len(x) && bits < 1<<32; n++ {
						x[n] = math.Float32frombits(uint32(bits))
						bits += stride
					}
					a.run(y[:n], x[:n])
					for i, v := range x[:n] {
						if v != v {
							if y[i] == y[i] {
								t.Fatalf("of NaN (%#x): %v", math.Float32bits(v), y[i])
							}
							continue
						}
						if u := ulps(y[i], a.exact(float64(v))); u > worst {
							worst, at = u, v
						}
					}
				}
				t.Logf("worst error %.3f ULP, at %v", worst, at)
				if worst > a.bound {
					t.Errorf("error %v ULP at %v, want at most %v", worst, at, a.bound)
				}
			})
		})
	}
}

func TestActivationsAtTheEnds(t *testing.T) {
	inf := float32(math.Inf(1))
	negZero := float32(math.Copysign(0, -1))
	everyLevel(t, func(t *testing.T) {
		for _, c := range []struct {
			name    string
			run     func(dst, x []float32)
			x, want float32
		}{
			{"Exp", Exp, -inf, 0}, {"Exp", Exp, inf, inf}, {"Exp", Exp, 0, 1}, {"Exp", Exp, negZero, 1}, {"Exp", Exp, 88.73, inf}, {"Exp", Exp, -103.98, 0},
			{"Tanh", Tanh, -inf, -1}, {"Tanh", Tanh, inf, 1}, {"Tanh", Tanh, 0, 0}, {"Tanh", Tanh, negZero, negZero}, {"Tanh", Tanh, 1e-45, 1e-45}, {"Tanh", Tanh, -1e-30, -1e-30},
			{"Sigmoid", Sigmoid, inf, 1}, {"Sigmoid", Sigmoid, 0, 0.5}, {"Sigmoid", Sigmoid, negZero, 0.5}, {"Sigmoid", Sigmoid, 20, 1},
		} {
			x := []float32{c.x}
			c.run(x, x)
			if !equal(x[0], c.want) {
				t.Errorf("%s(%v) = %v, want %v", c.name, c.x, x[0], c.want)
			}
		}
	})
}

// TestActivationsAgree: the two assembly levels agree in every bit at every length, and
// write nothing outside dst.
func TestActivationsAgree(t *testing.T) {
	names := assembly()
	for _, a := range activations {
		t.Run(a.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			lengths(func(n, offset int) {
				x := mixed(rng, n, true)
				for i := range x {
					x[i] *= 10
				}
				var first []float32
				for _, level := range names {
					setLevel(t, level)
					all, got := guarded(x, offset)
					a.run(got, got)
					checkGuards(t, a.name, n, all, got)
					if first == nil {
						first = got
					}
					for i, v := range got {
						if !equal(v, first[i]) {
							t.Fatalf("n = %d: %s(%v) = %v, at level %s %v", n, a.name, x[i], first[i], level, v)
						}
					}
				}
			})
		})
	}
}

func TestSoftmax(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{1, 2, 3, 16, 17, 1000} {
			x := normals(rng, n)
			want, total := make([]float64, n), 0.0
			for i, v := range x {
				want[i] = math.Exp(float64(v))
				total += want[i]
			}
			Softmax(x)
			for i, v := range x {
				if math.Abs(float64(v)/(want[i]/total)-1) > 1e-6 {
					t.Fatalf("n = %d: [%d] = %v, want %v", n, i, v, want[i]/total)
				}
			}
		}
		big := []float32{1000, -1000, 1000, float32(math.Inf(-1))}
		Softmax(big)
		for i, want := range []float32{0.5, 0, 0.5, 0} {
			if big[i] != want {
				t.Errorf("large: [%d] = %v, want %v", i, big[i], want)
			}
		}
		for _, x := range [][]float32{{1, float32(math.NaN())}, {1, float32(math.Inf(1))}, {float32(math.Inf(-1))}} {
			in := append([]float32(nil), x...)
			Softmax(x)
			for i, v := range x {
				if v == v {
					t.Errorf("of %v: [%d] = %v, want NaN", in, i, v)
				}
			}
		}
		Softmax(nil)
	})
}
