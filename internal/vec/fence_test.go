//go:build linux

package vec

import (
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// A fence hands out slices that end, or begin, where a page begins, or ends, that nobody
// may touch: a kernel that reads or writes outside them faults.
type fence struct {
	areas [][]byte
	next  int
	front bool // slices begin at a border, rather than end at one
}

func newFence(t *testing.T) *fence {
	const areas, size = 8, 1 << 19
	page := syscall.Getpagesize()
	f := new(fence)
	for range areas {
		m, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Munmap(m) })
		area := m[page : page+size]
		if err := syscall.Mprotect(area, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
			t.Fatal(err)
		}
		f.areas = append(f.areas, area)
	}
	return f
}

// fenced is a copy of x that is overwritten eight copies later; a nil x stays nil.
func fenced[E any](f *fence, x []E) []E {
	if x == nil {
		return nil
	}
	area := f.areas[f.next%len(f.areas)]
	f.next++
	size := len(x) * int(unsafe.Sizeof(*new(E)))
	if !f.front {
		area = area[len(area)-size:]
	}
	y := unsafe.Slice((*E)(unsafe.Pointer(&area[:1][0])), len(x))
	copy(y, x)
	return y
}

// inside runs a kernel and says so if it faults.
func inside(t *testing.T, name string, kernel func()) {
	t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if err := recover(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	kernel()
}

// TestKernelsStayInside: no kernel reads or writes outside its slices, at any level, with
// lengths that leave every rest.
func TestKernelsStayInside(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		f := newFence(t)
		rng := rand.New(rand.NewPCG(1, 2))
		for _, f.front = range []bool{false, true} {
			for n := 1; n <= 150; n++ {
				for _, k := range elementwise {
					x := make([][]float32, k.slices)
					for i := range x {
						x[i] = fenced(f, normals(rng, n))
					}
					inside(t, k.name, func() { k.run(x) })
				}
				for _, a := range activations {
					x, y := fenced(f, normals(rng, n)), fenced(f, make([]float32, n))
					inside(t, a.name, func() { a.run(y, x) })
				}
				x, q := fenced(f, normals(rng, n)), fenced(f, make([]int8, n))
				inside(t, "Quantize", func() { quantizeRow(q, x) })
				d := newCellData(rng, 1, n, n&1 != 0, n&2 != 0)
				pre, prev, c, h, dC, peep := fenced(f, d.pre[:4*n]), fenced(f, d.cPrev), fenced(f, d.c), fenced(f, d.h[:n]), fenced(f, d.dC), fenced(f, d.peep)
				inside(t, "Cell", func() {
					CellForward(1, n, pre, 4*n, prev, c, h, n, peep)
					CellBackward(1, n, pre, 4*n, prev, c, h, n, dC, peep)
				})
			}
			for m := 1; m <= 13; m++ {
				for _, n := range []int{1, 16, 17, 32, 48, 64, 70, 128, 130} {
					k := 1 + rng.IntN(20)
					var p Packed
					p.Pack(k, n, normals(rng, k*n), n)
					p.panels = fenced(f, p.panels)
					a, bias, c := fenced(f, normals(rng, m*k)), fenced(f, normals(rng, n)), fenced(f, normals(rng, m*n))
					inside(t, "MatMul", func() { MatMul(m, a, k, &p, 1, c, n) })
					inside(t, "MatMulFrom", func() { MatMulFrom(m, a, k, &p, bias, 0, c, n) })
					inside(t, "MatMulFrom", func() { MatMulFrom(m, a, k, &p, fenced(f, normals(rng, m*n)), n, c, n) })
					inside(t, "MatMulRows", func() {
						rows := make([][]float32, m)
						for i := range rows {
							rows[i] = bias
						}
						MatMulRows(m, a, k, &p, rows, c, n)
					})
					inside(t, "Transpose", func() {
						AddTransposed(m, n, fenced(f, make([]float32, m*n)), m, c, n)
						new(Packed).PackT(n, m, c, n)
						new(Packed).Pack(m, n, c, n)
					})
					inside(t, "MatMulTA", func() { MatMulTA(m, a, m, &p, 1, c, n) })
				}
			}
		}
	})
	for _, kind := range int8Kinds() {
		t.Run("int8/"+kind, func(t *testing.T) {
			setInt8(t, kind)
			f := newFence(t)
			rng := rand.New(rand.NewPCG(1, 2))
			for _, f.front = range []bool{false, true} {
				for m := 1; m <= 13; m++ {
					for _, n := range []int{1, 16, 17, 32, 48, 64, 70, 128, 130} {
						k := 1 + rng.IntN(40)
						_, _, _, p := quantizedWeight(rng, n, k)
						var a RowsInt8
						a.Quantize(m, k, normals(rng, m*k), k)
						p.panels, p.scale = fenced(f, p.panels), fenced(f, p.scale)
						a.q, a.scale, a.add = fenced(f, a.q), fenced(f, a.scale), fenced(f, a.add)
						c := fenced(f, normals(rng, m*n))
						inside(t, "MatMulInt8", func() { MatMulInt8(&a, p, 1, c, n) })
					}
				}
			}
		})
	}
}
