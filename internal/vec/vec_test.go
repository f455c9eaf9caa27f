package vec

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// specials are the values that go wrong first.
var specials = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1,
	float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
	1e-45, -1e-45, 1e-39, 1.1754944e-38, math.MaxFloat32, -math.MaxFloat32,
	88.8, -88.8, 104, -104, 1e-20, 1e20,
}

// mixed returns n values, of which about one in ten is special if odd is set.
func mixed(rng *rand.Rand, n int, odd bool) []float32 {
	x := normals(rng, n)
	for i := range x {
		if odd && rng.IntN(10) == 0 {
			x[i] = specials[rng.IntN(len(specials))]
		}
	}
	return x
}

// equal says whether two floats have the same bits, or are both NaN.
func equal(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// elementwise lists the kernels that are exact, each on the slices that it takes.
var elementwise = []struct {
	name   string
	slices int
	run    func(x [][]float32)
}{
	{"Axpy", 2, func(x [][]float32) { Axpy(0.7, x[0], x[1]) }},
	{"Axpy/alias", 1, func(x [][]float32) { Axpy(0.7, x[0], x[0]) }},
	{"Scale", 1, func(x [][]float32) { Scale(-1.3, x[0]) }},
	{"Add", 2, func(x [][]float32) { Add(x[0], x[1]) }},
	{"Mul", 2, func(x [][]float32) { Mul(x[0], x[1]) }},
	{"MulAdd", 3, func(x [][]float32) { MulAdd(x[0], x[1], x[2]) }},
	{"MulAdd/alias", 2, func(x [][]float32) { MulAdd(x[0], x[0], x[1]) }},
	{"Dot", 3, func(x [][]float32) { set(x[2], Dot(x[0], x[1])) }},
	{"Sum", 2, func(x [][]float32) { set(x[1], Sum(x[0])) }},
	{"SumSq", 3, func(x [][]float32) {
		sum := SumSq(x[0])
		if math.IsNaN(sum) {
			sum = math.NaN() // of several NaNs any one may be what comes out
		}
		bits := math.Float64bits(sum)
		set(x[1], float32(bits>>40))
		set(x[2], float32(bits>>16&0xffffff))
	}},
	{"Max", 2, func(x [][]float32) { set(x[1], Max(x[0])+0) }},
	{"AddRows", 4, func(x [][]float32) {
		n := len(x[0])
		rows := append(append(append([]float32{}, x[1]...), x[2]...), x[3]...)
		AddRows(x[0], 3, rows, n)
	}},
	{"MaxIndex", 3, func(x [][]float32) {
		idx := make([]int32, len(x[0])+2)
		idx[0], idx[len(idx)-1] = -7, -7
		MaxIndex(x[0], idx[1:len(idx)-1], x[1], 5)
		for i := range x[0] {
			x[2][i] = float32(idx[i+1])
		}
		if idx[0] != -7 || idx[len(idx)-1] != -7 {
			panic("wrote outside idx")
		}
	}},
	{"Adam", 4, func(x [][]float32) {
		for i, v := range x[3] { // the second moment is not negative
			x[3][i] = float32(math.Abs(float64(v)))
		}
		Adam(x[0], x[1], x[2], x[3], 1e-3, 0.9, 0.999, 1e-8, 1e-2, 1/(1-0.9), 1/(1-0.999))
	}},
}

// set stores a kernel's result where the comparison sees it.
func set(x []float32, v float32) {
	if len(x) > 0 {
		x[0] = v
	}
}

// lengths runs test for every length to 300 (140 in short mode), and a few beyond, at
// changing offsets.
func lengths(test func(n, offset int)) {
	most := 300
	if testing.Short() {
		most = 140
	}
	for n := range most + 1 {
		test(n, n%17)
		test(n, 0)
	}
	for _, n := range []int{511, 512, 513, 1030, 4099} {
		test(n, 3)
	}
}

// guarded returns a copy of x that lies offset elements into a slice full of guards.
func guarded(x []float32, offset int) (all, part []float32) {
	const margin = 24
	all = make([]float32, offset+len(x)+2*margin)
	for i := range all {
		all[i] = guard
	}
	part = all[margin+offset : margin+offset+len(x) : margin+offset+len(x)]
	copy(part, x)
	return all, part
}

// checkGuards fails if anything was written outside part, the slice that guarded made.
func checkGuards(t *testing.T, name string, n int, all, part []float32) {
	t.Helper()
	start := cap(all) - len(part) - 24
	for i, v := range all {
		if (i < start || i >= start+len(part)) && v != guard {
			t.Fatalf("%s: n = %d: wrote %d elements outside", name, n, i-start)
		}
	}
}

func TestElementwiseEqualsGeneric(t *testing.T) {
	for _, level := range assembly() {
		for _, k := range elementwise {
			t.Run(level+"/"+k.name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				lengths(func(n, offset int) {
					for _, odd := range []bool{false, true} {
						var want, got, all [][]float32
						for range k.slices {
							x := mixed(rng, n, odd)
							want = append(want, append([]float32(nil), x...))
							whole, part := guarded(x, offset)
							all, got = append(all, whole), append(got, part)
						}
						setLevel(t, "generic")
						k.run(want)
						setLevel(t, level)
						k.run(got)
						for s := range got {
							checkGuards(t, k.name, n, all[s], got[s])
							for i, v := range got[s] {
								if !equal(v, want[s][i]) {
									t.Fatalf("n = %d, offset %d: slice %d [%d] = %v, want %v", n, offset, s, i, v, want[s][i])
								}
							}
						}
					}
				})
			})
		}
	}
}

// TestBlocks: a slice so long that it goes into several calls gives what its parts give.
func TestBlocks(t *testing.T) {
	kernels := slices.Clone(elementwise)
	for _, a := range activations {
		k := elementwise[0]
		k.name, k.slices, k.run = a.name, 2, func(x [][]float32) { a.run(x[0], x[1]) }
		kernels = append(kernels, k)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels {
		switch k.name {
		case "Dot", "Sum", "SumSq", "Max", "AddRows", "MaxIndex":
			continue // not element by element, or of whole slices
		}
		whole, parts := make([][]float32, k.slices), make([][]float32, k.slices)
		for i := range whole {
			whole[i] = normals(rng, 2*block+70)
			parts[i] = slices.Clone(whole[i])
		}
		k.run(whole)
		for at := 0; at < 2*block+70; at += 1000 {
			part := make([][]float32, k.slices)
			for i, x := range parts {
				part[i] = x[at:min(at+1000, len(x))]
			}
			k.run(part)
		}
		for i := range whole {
			if !slices.EqualFunc(whole[i], parts[i], equal) {
				t.Errorf("%s: slice %d differs", k.name, i)
			}
		}
	}
}

// TestReductions holds the reductions to a sum in float64.
func TestReductions(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, n := range []int{0, 1, 7, 64, 100, 1000} {
			x, y := normals(rng, n), normals(rng, n)
			var dot, sum, sq float64
			top := math.Inf(-1)
			for i, v := range x {
				dot += float64(v) * float64(y[i])
				sum += float64(v)
				sq += float64(v) * float64(v)
				top = max(top, float64(v))
			}
			for _, c := range []struct {
				name      string
				got, want float64
				tol       float64
			}{
				{"Dot", float64(Dot(x, y)), dot, 1e-4},
				{"Sum", float64(Sum(x)), sum, 1e-4},
				{"SumSq", SumSq(x), sq, 1e-12 * (1 + sq)},
				{"Max", float64(Max(x)), top, 0},
			} {
				if c.got != c.want && math.Abs(c.got-c.want) > c.tol {
					t.Errorf("%s of %d: got %v, want %v", c.name, n, c.got, c.want)
				}
			}
		}
	})
}

func TestMaxPassesOverNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		nan := float32(math.NaN())
		for n := 2; n < 150; n++ {
			x := make([]float32, n)
			for i := range x {
				x[i] = nan
			}
			x[n/2] = -3
			if got := Max(x); got != -3 {
				t.Fatalf("n = %d: got %v, want -3", n, got)
			}
		}
	})
}

// TestWrongLengthsPanic: every check names the kernel, the slice and both numbers.
func TestWrongLengthsPanic(t *testing.T) {
	x, y := make([]float32, 4), make([]float32, 3)
	var p Packed
	p.Pack(2, 2, x, 2)
	tests := []struct {
		name, want string
		run        func()
	}{
		{"Dot", "vec: Dot: len(y) = 3, want 4", func() { Dot(x, y) }},
		{"MulAdd", "vec: MulAdd: len(y) = 3, want 4", func() { MulAdd(x, x, y) }},
		{"Adam", "vec: Adam: len(m) = 3, want 4", func() { Adam(x, x, y, x, 1, 1, 1, 1, 1, 1, 1) }},
		{"AddRows", "vec: AddRows: len(x) = 4, want at least 6", func() { AddRows(y, 2, x, 3) }},
		{"Pack", "vec: Pack: len(b) = 3, want at least 4", func() { p.Pack(2, 2, y, 2) }},
		{"MatMul a", "vec: MatMul: len(a) = 3, want at least 4", func() { MatMul(2, y, 2, &p, 0, x, 2) }},
		{"MatMul c", "vec: MatMul: len(c) = 3, want at least 4", func() { MatMul(2, x, 2, &p, 0, y, 2) }},
		{"MatMul beta", "vec: MatMul: beta = 2, want 0 or 1", func() { MatMul(2, x, 2, &p, 2, x, 2) }},
		{"CellForward", "vec: CellForward: len(c) = 3, want at least 4", func() { CellForward(1, 4, make([]float32, 16), 16, nil, y, x, 4, nil) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}()
			test.run()
		})
	}
}

// TestNoAllocations: kernels in the inner loops of training and inference allocate
// nothing once their operands have their size.
func TestNoAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const m, k, n = 5, 40, 70 // edges at every level
	a, c := normals(rng, m*k), make([]float32, m*n)
	_, _, _, q := quantizedWeight(rng, n, k)
	var p Packed
	var r RowsInt8
	w := normals(rng, n*k)
	d := newCellData(rng, 2, 20, true, true)
	everyLevel(t, func(t *testing.T) {
		for name, run := range map[string]func(){
			"MatMul":      func() { MatMul(m, a, k, &p, 0, c, n) },
			"PackT":       func() { p.PackT(k, n, w, k) },
			"MatMulInt8":  func() { r.Quantize(m, k, a, k); MatMulInt8(&r, q, 0, c, n) },
			"CellForward": func() { CellForward(2, 20, d.pre, d.ldPre, d.cPrev, d.c, d.h, d.ldH, d.peep) },
			"Softmax":     func() { Softmax(c) },
			"Adam":        func() { Adam(a, a, a, a, 0, 0, 0, 1, 0, 1, 1) },
		} {
			p.PackT(k, n, w, k)
			run()
			if got := testing.AllocsPerRun(10, run); got != 0 {
				t.Errorf("%s: %v allocations", name, got)
			}
		}
	})
}

// FuzzVectors compares the levels on floats of any bits, exact kernels with the Go code
// and activations between the assembly levels.
func FuzzVectors(f *testing.F) {
	var seed []byte
	for _, v := range specials {
		seed = binary.LittleEndian.AppendUint32(seed, math.Float32bits(v))
	}
	f.Add(seed, uint8(3))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, offset uint8) {
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		for _, k := range elementwise {
			run := func(level string) (out [][]float32) {
				setLevel(t, level)
				n := len(x) / k.slices
				for s := range k.slices {
					_, part := guarded(x[s*n:][:n], int(offset%16))
					out = append(out, part)
				}
				k.run(out)
				return out
			}
			want := run("generic")
			for _, level := range assembly() {
				for s, got := range run(level) {
					for i := range got {
						if !equal(got[i], want[s][i]) {
							t.Fatalf("%s at level %s: slice %d [%d] = %v, want %v", k.name, level, s, i, got[i], want[s][i])
						}
					}
				}
			}
		}
		for _, a := range activations {
			var first []float32
			for _, level := range assembly() {
				setLevel(t, level)
				y := make([]float32, len(x))
				a.run(y, x)
				if first == nil {
					first = y
				}
				for i := range y {
					if !equal(y[i], first[i]) {
						t.Fatalf("%s(%v) at level %s: %v, want %v", a.name, x[i], level, y[i], first[i])
					}
				}
			}
		}
	})
}

func TestAddTransposed(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			k, n := rng.IntN(40), rng.IntN(150)
			lds, ldd := n+rng.IntN(3), k+rng.IntN(3)
			src, dst := normals(rng, span(k, n, lds)), normals(rng, span(n, k, ldd))
			want := slices.Clone(dst)
			for i := range k {
				for j := range n {
					want[j*ldd+i] += src[i*lds+j]
				}
			}
			AddTransposed(k, n, dst, ldd, src, lds)
			if !slices.Equal(dst, want) {
				t.Fatalf("[%d][%d], rows %d and %d apart: not the sum", k, n, lds, ldd)
			}
		}
	})
}
