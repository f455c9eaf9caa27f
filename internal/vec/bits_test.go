package vec

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// numbers returns n values that are the same on every architecture, which those of
// NormFloat64 need not be: between -4 and 4, of which about one in ten is special if odd
// is set.
func numbers(rng *rand.Rand, n int, odd bool) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.Int32N(1<<24)-1<<23) / (1 << 21)
		if odd && rng.IntN(10) == 0 {
			x[i] = specials[rng.IntN(len(specials))]
		}
	}
	return x
}

// bitsOf runs the kernels on fixed numbers and returns a hash of the bits of each one's
// results, NaNs taken for the same. exact leaves out the kernels that are not.
func bitsOf(exact bool) map[string]string {
	hashes := map[string]string{}
	run := func(name string, kernel func(rng *rand.Rand) [][]float32) {
		h := fnv.New64a()
		for _, x := range kernel(rand.New(rand.NewPCG(1, 2))) {
			for _, v := range x {
				if v != v {
					v = float32(math.NaN())
				}
				fmt.Fprintf(h, "%08x\n", math.Float32bits(v))
			}
		}
		hashes[name] = fmt.Sprintf("%016x", h.Sum64())
	}
	for _, k := range elementwise {
		run(k.name, func(rng *rand.Rand) (all [][]float32) {
			for n := range 150 {
				var x [][]float32
				for range k.slices {
					x = append(x, numbers(rng, n, n%3 == 0))
				}
				k.run(x)
				all = append(all, x...)
			}
			return all
		})
	}
	run("MatMulInt8", func(rng *rand.Rand) (all [][]float32) {
		for _, s := range bitsShapes {
			m, n, k := s[0], s[1], s[2]
			w, q, scale := numbers(rng, n*k, false), make([]int8, n*k), make([]float32, n)
			QuantizeRows(n, k, w, k, q, k, scale)
			var p PackedInt8
			p.PackT(k, n, q, k, scale)
			var a RowsInt8
			a.Quantize(m, k, numbers(rng, m*k, false), k)
			c := numbers(rng, m*n, false)
			MatMulInt8(&a, &p, 1, c, n)
			all = append(all, c)
		}
		return all
	})
	if exact {
		return hashes
	}
	for _, a := range activations {
		run(a.name, func(rng *rand.Rand) (all [][]float32) {
			for n := range 150 {
				x := numbers(rng, n, n%3 == 0)
				Scale(20, x)
				a.run(x, x)
				all = append(all, x)
			}
			return all
		})
	}
	run("Softmax", func(rng *rand.Rand) [][]float32 {
		x := numbers(rng, 1000, false)
		Softmax(x)
		return [][]float32{x}
	})
	run("MatMul", func(rng *rand.Rand) (all [][]float32) {
		for _, s := range bitsShapes {
			m, n, k := s[0], s[1], s[2]
			var p Packed
			p.Pack(k, n, numbers(rng, k*n, false), n)
			a, bias, c := numbers(rng, m*k, false), numbers(rng, n, false), make([]float32, m*n)
			MatMulFrom(m, a, k, &p, bias, 0, c, n)
			MatMulTA(m, a, m, &p, 1, c, n)
			all = append(all, c)
		}
		return all
	})
	run("Cell", func(rng *rand.Rand) (all [][]float32) {
		for H := 1; H < 40; H++ {
			for mode := range 4 {
				pre, c, h, dC := numbers(rng, 4*H, false), make([]float32, H), make([]float32, H), numbers(rng, H, false)
				var prev, peep []float32
				if mode&1 != 0 {
					prev = numbers(rng, H, false)
				}
				if mode&2 != 0 {
					peep = numbers(rng, 3*H, false)
				}
				CellForward(1, H, pre, 4*H, prev, c, h, H, peep)
				all = append(all, slices.Clone(pre), c, slices.Clone(h))
				CellBackward(1, H, pre, 4*H, prev, c, h, H, dC, peep)
				all = append(all, pre, dC)
			}
		}
		return all
	})
	return hashes
}

// bitsShapes meet every tile of the products, m, n and k.
var bitsShapes = [][3]int{
	{1, 200, 90}, {2, 100, 41}, {3, 100, 33}, {3, 16, 7}, {4, 40, 8}, {5, 33, 270}, {6, 64, 12}, {7, 65, 300}, {13, 70, 520},
}

// TestBits holds every level of every architecture to the bits in testdata/bits.txt,
// which are those of AVX2: a model gives the same numbers on any machine with assembly.
// The Go code has them too where it is exact.
func TestBits(t *testing.T) {
	data, err := os.ReadFile("testdata/bits.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[name] = hash
	}
	everyLevel(t, func(t *testing.T) {
		got := bitsOf(Kernel() == "generic")
		if Kernel() != "generic" && len(got) != len(want) {
			t.Errorf("%d kernels, want %d", len(got), len(want))
		}
		for name, hash := range got {
			if hash != want[name] {
				t.Errorf("%s %s, want %q", name, hash, want[name])
			}
		}
	})
}

// TestRounding: the levels that TestBits finds equal have one name, the Go code another,
// and an architecture whose compiler fuses multiply and add one of its own.
func TestRounding(t *testing.T) {
	const third = float32(1) / 3
	fused := multiplyAdd(third, third, -float32(third*third)) != 0
	names := map[string]bool{}
	everyLevel(t, func(t *testing.T) {
		names[Rounding()] = true
		if _, arch, _ := strings.Cut(Rounding(), " "); (arch != "") != fused {
			t.Errorf("%q, and the compiler fuses: %v", Rounding(), fused)
		}
	})
	if want := 1 + min(1, len(assembly())); len(names) != want {
		t.Errorf("names %v, want %d", names, want)
	}
}

// multiplyAdd is what the compiler makes of x*y + z.
//
//go:noinline
func multiplyAdd(x, y, z float32) float32 { return x*y + z }
