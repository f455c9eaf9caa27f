package main

import "fmt"

// int8Kernels writes the products of quantised numbers.
func int8Kernels(f *file) {
	f.absMax()
	f.quantize()
	for _, s := range shapes {
		f.tileSDOT(s[0], s[1])
	}
	for _, s := range [][2]int{{1, 32}, {1, 16}, {2, 16}} {
		f.tileSMULL(s[0], s[1])
	}
}

func (f *file) absMax() {
	k := f.generic("absMax", "func(x []float32) (r uint32)")
	x, n := k.arg("x_base"), k.arg("x_len")
	tops, zero := k.sums(4), k.sums(1)[0]
	take := func(d, x V) { k.op("umax", d, d, x) }
	k.partial(n, []R{x}, len(tops), zero,
		func(x []V) { k.op("fabs", x[0], x[0]) },
		func(step int, v V) { take(tops[step], v) })
	k.ret("FMOVS", k.fold(tops, 4, take))
}

// quantize takes 16 elements at a time, then single ones.
func (f *file) quantize() {
	k := f.generic("quantize", "func(q []int8, x []float32, inverse float32) (r int32)")
	inverse, q, x, n := k.fill("inverse"), k.arg("q_base"), k.arg("x_base"), k.arg("x_len")
	sum := k.sums(1)[0]
	take := func(s slots) V {
		v := s.load(x)
		s.op("fmul", v, v, inverse)
		s.op("fcvtns", v, v)
		s.op("add", sum, sum, v)
		return v
	}
	k.loop("block", "rest", n, 16, func() {
		var v [4]V
		for i := range v {
			v[i] = take(slots{k, 16 * i, false})
		}
		k.op("uzp1 8h", v[0], v[0], v[1])
		k.op("uzp1 8h", v[2], v[2], v[3])
		k.op("uzp1 16b", v[0], v[0], v[2])
		k.do("FMOVQ.P %s, 16(%v)", v[0].f(), q)
		k.do("ADD $64, %v", x)
	})
	k.loop("rest", "sum", n, 1, func() {
		v := take(slots{k, 0, true})
		k.do("VST1.P %v.B[0], 1(%v)", v, q)
		k.do("ADD $4, %v", x)
	})
	k.label("sum")
	k.ret("FMOVS", k.fold([]V{sum}, 4, func(d, x V) { k.op("add", d, d, x) }))
}

// newInt8Tile starts a micro-kernel; finish turns the sums of row i into C.
func (f *file) newInt8Tile(rows, cols int, level string) (t *tile, finish func(i int)) {
	k := f.kernel(fmt.Sprintf("int8Tile%dx%d%s", rows, cols, level),
		"func(tiles, k4 int, a *int8, lda int, b *int8, ps int, rowScale, colScale, c *float32, ldc, add int)",
		fmt.Sprintf("computes tiles of %d rows and %d columns; see int8Tile%s", rows, cols, level))
	t = newTile(k, rows, cols)
	t.stride, t.next, t.ps = k.arg("lda"), k.reg(), k.arg("ps")
	k.do("MOVD $%d, %v", rows, t.next)
	k.do("MUL %v, %v", t.stride, t.next)
	rowScale, colScale, add := k.arg("rowScale"), k.arg("colScale"), k.arg("add")
	return t, func(i int) {
		k.scope(func() {
			row, col, old := k.vec(), k.vecs(2), k.vecs(2)
			k.do("VLD1R.P 4(%v), [%v.S4]", rowScale, row)
			for v := 0; v < t.width; v += 2 {
				s := t.sums[i][v:][:2]
				k.do("FLDPQ %d(%v), (%s, %s)", 16*v, colScale, col[0].f(), col[1].f())
				for j := range s {
					k.op("scvtf", s[j], s[j])
					k.op("fmul", s[j], s[j], row)
					k.op("fmul", s[j], s[j], col[j])
				}
				k.unless(add, fmt.Sprintf("store%d_%d", i, v), func() {
					k.do("FLDPQ %d(%v), (%s, %s)", 16*v, t.c, old[0].f(), old[1].f())
					for j := range s {
						k.fadd(s[j], old[j])
					}
				})
				k.do("FSTPQ (%s, %s), %d(%v)", s[0].f(), s[1].f(), 16*v, t.c)
			}
		})
	}
}

// tileSDOT multiplies four columns by four summands in one instruction.
func (f *file) tileSDOT(rows, cols int) {
	t, finish := f.newInt8Tile(rows, cols, "SDOT")
	t.write("k4", func() { t.clear(t.sums) }, func(i, v int, b, a V, lane int) {
		t.sdotLane(t.sums[i][v], b, a, lane)
	}, finish)
}

// tileSMULL is for processors without SDOT: products of two columns fill a register of
// 16 bits each, and pairs of them are added to sums of 32 bits, two for each column.
func (f *file) tileSMULL(rows, cols int) {
	t, finish := f.newInt8Tile(rows, cols, "NEON")
	k := t.kernel
	var upper [][]V // the sums of the third and fourth column of each vector
	for range rows {
		upper = append(upper, k.vecs(t.width))
	}
	group, product := k.vecs(rows), k.vecs(2)
	t.write("k4", func() { t.clear(t.sums); t.clear(upper) }, func(i, v int, b, a V, lane int) {
		if v == 0 {
			k.do("VDUP %v.S[%d], %v.S4", a, lane, group[i])
		}
		k.op("smull", product[0], b, group[i])
		k.op("smull2", product[1], b, group[i])
		k.op("sadalp", t.sums[i][v], product[0])
		k.op("sadalp", upper[i][v], product[1])
	}, func(i int) {
		for v, s := range t.sums[i] {
			k.op("addp", s, s, upper[i][v])
		}
		finish(i)
	})
}
