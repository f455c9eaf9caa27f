package main

import (
	"fmt"
	"slices"
)

// panelBytes is the size of a panel's row: 32 float32, or 32 groups of four bytes.
const panelBytes = 128

// shapes are the tiles that there are, rows by columns. Sixteen sums or more hide the
// latency of a multiplication.
var shapes = [][2]int{{1, 64}, {1, 32}, {2, 32}, {3, 32}, {3, 16}, {4, 16}, {5, 16}, {6, 16}}

// gemm writes the micro-kernels of the matrix product.
func gemm(f *file) {
	for rows := 1; rows <= 6; rows++ {
		f.packRows(rows)
	}
	for _, trans := range []bool{false, true} {
		for _, s := range shapes {
			f.tile(s[0], s[1], trans)
		}
	}
}

// tile writes one micro-kernel of the float32 product, of A as it is or transposed. For
// each of the tiles it is
//
//	for i := range rows {
//		for j := range cols {
//			s := init[i*ldi+j], or 0 if init is nil
//			for p := range k {
//				s = fma(a[i*stride+p], b[j/32*ps+p*32+j%32], s) // a[i+p*stride] of a transposed A
//			}
//			c[i*ldc+j] = s
//		}
//	}
func (f *file) tile(rows, cols int, trans bool) {
	name := "tile"
	if trans {
		name = "tileT"
	}
	k := f.kernel(fmt.Sprintf("%s%dx%dNEON", name, rows, cols),
		"func(tiles, k int, a *float32, stride, next int, b *float32, ps int, c *float32, ldc int, init *float32, ldi int)",
		fmt.Sprintf("computes tiles of %d rows and %d columns; see %sNEON", rows, cols, name))
	t := newTile(k, rows, cols)
	t.trans, t.stride, t.next, t.ps = trans, k.elements("stride"), k.elements("next"), k.elements("ps")
	init, ldi := k.arg("init"), k.elements("ldi")
	t.write("k", func() {
		k.do("CBNZ %v, init", init)
		t.clear(t.sums)
		k.do("B start")
		k.label("init")
		for i := range rows {
			for v := 0; v < t.width; v += 2 {
				k.do("FLDPQ %d(%v), (%s, %s)", 16*v, init, t.sums[i][v].f(), t.sums[i][v+1].f())
			}
			k.do("ADD %v, %v", ldi, init)
		}
		k.label("start")
	}, func(i, v int, b, a V, lane int) {
		k.fmlaLane(t.sums[i][v], b, a, lane)
	}, func(i int) {
		for v := 0; v < t.width; v += 2 {
			k.do("FSTPQ (%s, %s), %d(%v)", t.sums[i][v].f(), t.sums[i][v+1].f(), 16*v, t.c)
		}
	})
}

// A tile is what the micro-kernels of products have in common. The tile of C stays in
// registers while the outer products of columns of A and rows of B are added to it, in
// order.
type tile struct {
	*kernel
	rows, width  int   // width in vectors
	sums         [][]V // [rows][width]
	a, b, c, ldc R
	stride, next R    // in bytes: of A's rows, or of its columns, and of its tiles
	ps           R    // in bytes, of B's panels
	trans        bool // A's columns lie apart, not its rows
}

func newTile(k *kernel, rows, cols int) *tile {
	t := &tile{kernel: k, rows: rows, width: cols / 4, a: k.arg("a"), b: k.arg("b"), c: k.arg("c"), ldc: k.elements("ldc")}
	for range rows {
		t.sums = append(t.sums, k.vecs(t.width))
	}
	return t
}

// clear begins sums with 0.
func (t *tile) clear(sums [][]V) {
	for _, row := range sums {
		for _, v := range row {
			t.zero(v)
		}
	}
}

// write writes the kernel, four summands at a time and then one: begin gives the sums their first values, multiply adds the
// product of vector v of B's row, in b, and of row i of A, in element lane of a, and
// finish stores row i at c. count is the parameter that says how many summands there are.
func (t *tile) write(count string, begin func(), multiply func(i, v int, b, a V, lane int), finish func(i int)) {
	tiles := t.arg("tiles")
	t.label("tile")
	begin()
	t.scope(func() {
		n, bp := t.arg(count), []R{t.reg()}
		t.do("MOVD %v, %v", t.b, bp[0])
		if t.width > 8 {
			bp = append(bp, t.reg())
			t.do("ADD %v, %v, %v", t.ps, t.b, bp[1])
		}
		load, at := t.left()
		var pairs [][]V // of B's vectors, by turns
		for len(t.vectors) > 1 && 2*len(pairs) < t.width {
			pairs = append(pairs, t.vecs(2))
		}
		turn := 0
		take := func(summands int) {
			for p := range summands {
				load(p, summands)
				for v := 0; v < t.width; v += 2 {
					b := pairs[turn%len(pairs)]
					turn++
					t.do("FLDPQ %d(%v), (%s, %s)", panelBytes*p+v%8*16, bp[v/8], b[0].f(), b[1].f())
					for i := range t.rows {
						a, lane := at(i, p)
						multiply(i, v, b[0], a, lane)
						multiply(i, v+1, b[1], a, lane)
					}
				}
			}
			for _, p := range bp {
				t.do("ADD $%d, %v", summands*panelBytes, p)
			}
		}
		t.do("SUBS $4, %v", n)
		t.do("BLT rest")
		t.label("sum")
		take(4)
		t.do("SUBS $4, %v", n)
		t.do("BGE sum")
		t.label("rest")
		t.do("ADDS $4, %v", n)
		t.do("BEQ store")
		t.label("sum1")
		take(1)
		t.do("SUBS $1, %v", n)
		t.do("BNE sum1")
	})
	t.label("store")
	for i := range t.rows {
		finish(i)
		t.do("ADD %v, %v", t.ldc, t.c)
	}
	t.do("ADD %v, %v", t.next, t.a)
	t.do("SUBS $1, %v", tiles)
	t.do("BNE tile")
	t.do("RET")
}

// left points to the beginning of a tile's rows of A. load loads what summand p of so
// many needs, unless it is there; at says in what element of what register row i is.
func (t *tile) left() (load func(p, summands int), at func(i, p int) (V, int)) {
	if t.trans {
		return t.leftT()
	}
	rows, a := []R{t.reg()}, t.vecs(t.rows)
	t.do("MOVD %v, %v", t.a, rows[0])
	for i := 1; i < t.rows; i++ {
		rows = append(rows, t.reg())
		t.do("ADD %v, %v, %v", t.stride, rows[i-1], rows[i])
	}
	load = func(p, summands int) {
		if p > 0 {
			return
		}
		for i, ptr := range rows {
			if summands == 4 {
				t.do("FMOVQ.P 16(%v), %s", ptr, a[i].f())
			} else {
				t.do("FMOVS.P 4(%v), %s", ptr, a[i].f())
			}
		}
	}
	return load, func(i, p int) (V, int) { return a[i], p }
}

// A part is a load or store of 4, 2 or 1 of the rows that lie side by side.
type part struct{ row, size int }

func parts(rows int) (p []part) {
	for row, size := 0, 4; size > 0; size /= 2 {
		if rows-row >= size {
			p = append(p, part{row, size})
			row += size
		}
	}
	return p
}

// move is the part's instruction.
func (p part) move() string { return map[int]string{4: "FMOVQ", 2: "FMOVD", 1: "FMOVS"}[p.size] }

// leftT is left of a transposed A, whose rows lie side by side in each summand.
func (t *tile) leftT() (load func(p, summands int), at func(i, p int) (V, int)) {
	ptr, parts := t.reg(), parts(t.rows)
	t.do("MOVD %v, %v", t.a, ptr)
	a := t.vecs(len(parts))
	load = func(_, _ int) {
		for i, q := range slices.Backward(parts) {
			if q.size == 4 { // comes last, and moves on
				t.do("VLD1.P (%v)(%v), [%v.S4]", ptr, t.stride, a[i])
			} else {
				t.do("%s %d(%v), %s", q.move(), 4*q.row, ptr, a[i].f())
			}
		}
		if parts[0].size < 4 {
			t.do("ADD %v, %v", t.stride, ptr)
		}
	}
	return load, func(i, _ int) (V, int) {
		for j, q := range slices.Backward(parts) {
			if i >= q.row {
				return a[j], i - q.row
			}
		}
		panic("no row before the first")
	}
}

// packRows writes the copy of a block of a transposed A into tiles of so many rows.
func (f *file) packRows(rows int) {
	k := f.kernel(fmt.Sprintf("packRows%dNEON", rows), "func(tiles, k int, dst *float32, next int, a *float32, ks int)",
		fmt.Sprintf("is packRows of %d rows", rows))
	n, dst, next, a, ks := k.arg("k"), k.arg("dst"), k.elements("next"), k.arg("a"), k.elements("ks")
	s, d, t := k.reg(), k.reg(), k.reg()
	k.label("row")
	k.do("MOVD %v, %v", a, s)
	k.do("MOVD %v, %v", dst, d)
	k.do("MOVD %s, %v", k.param("tiles"), t)
	k.label("tile")
	for i, p := range parts(rows) {
		k.do("%s %d(%v), %s", p.move(), 4*p.row, s, V(i).f())
		k.do("%s %s, %d(%v)", p.move(), V(i).f(), 4*p.row, d)
	}
	k.do("ADD $%d, %v", 4*rows, s)
	k.do("ADD %v, %v", next, d)
	k.do("SUBS $1, %v", t)
	k.do("BNE tile")
	k.do("ADD %v, %v", ks, a)
	k.do("ADD $%d, %v", 4*rows, dst)
	k.do("SUBS $1, %v", n)
	k.do("BNE row")
	k.do("RET")
}
