package main

import "fmt"

// slots moves one vector, or with the rest of a slice one element, between registers
// and the place that a loop has reached in each of its slices. The load of an element
// makes the others 0.
type slots struct {
	*kernel
	disp int
	rest bool
}

func (s slots) load(ptr R) V {
	v := s.vec()
	if s.rest {
		s.do("FMOVS %d(%v), %s", s.disp, ptr, v.f())
	} else {
		s.do("FMOVQ %d(%v), %s", s.disp, ptr, v.f())
	}
	return v
}

func (s slots) store(v V, ptr R) {
	if s.rest {
		s.do("FMOVS %s, %d(%v)", v.f(), s.disp, ptr)
	} else {
		s.do("FMOVQ %s, %d(%v)", v.f(), s.disp, ptr)
	}
}

// each writes a loop over n elements that lie at every one of ptrs: unroll vectors at a
// time, then one, then single elements.
func (k *kernel) each(n R, unroll int, ptrs []R, body func(slots)) {
	step := func(name, after string, vecs, elements int) {
		k.loop(name, after, n, elements, func() {
			for u := range vecs {
				k.scope(func() { body(slots{k, 16 * u, elements == 1}) })
			}
			for _, p := range ptrs {
				k.do("ADD $%d, %v", 4*elements, p)
			}
		})
	}
	if unroll > 1 {
		step("block", "vector", unroll, 4*unroll)
	}
	step("vector", "rest", 1, 4)
	step("rest", "done", 1, 1)
	k.label("done")
	k.do("RET")
}

// generic starts a kernel whose twin in Go is name+"Generic".
func (f *file) generic(name, signature string) *kernel {
	return f.kernel(name+"NEON", signature, "is "+name+"Generic")
}

// vector writes the element-wise kernels and the reductions.
func vector(f *file) {
	k := f.generic("axpy", "func(a float32, x []float32, y []float32)")
	a, x, y, n := k.fill("a"), k.arg("x_base"), k.arg("y_base"), k.arg("x_len")
	k.each(n, 4, []R{x, y}, func(s slots) {
		v, w := s.load(x), s.load(y)
		s.op("fmul", v, v, a)
		s.op("fadd", w, w, v)
		s.store(w, y)
	})

	k = f.generic("scale", "func(a float32, x []float32)")
	a, x, n = k.fill("a"), k.arg("x_base"), k.arg("x_len")
	k.each(n, 4, []R{x}, func(s slots) {
		v := s.load(x)
		s.op("fmul", v, v, a)
		s.store(v, x)
	})

	f.pair("add", "fadd")
	f.pair("mul", "fmul")

	k = f.generic("mulAdd", "func(dst []float32, x []float32, y []float32)")
	dst, x, y, n := k.arg("dst_base"), k.arg("x_base"), k.arg("y_base"), k.arg("x_len")
	k.each(n, 4, []R{dst, x, y}, func(s slots) {
		v, w, d := s.load(x), s.load(y), s.load(dst)
		s.op("fmul", v, v, w)
		s.op("fadd", d, d, v)
		s.store(d, dst)
	})

	f.maxIndex()
	f.addRows()
	f.adam()
	f.dot()
	f.sum()
	f.sumSq()
	f.maximum()
}

// pair writes a kernel dst[i] = op(dst[i], x[i]).
func (f *file) pair(name, op string) {
	k := f.generic(name, "func(dst []float32, x []float32)")
	dst, x, n := k.arg("dst_base"), k.arg("x_base"), k.arg("x_len")
	k.each(n, 4, []R{dst, x}, func(s slots) {
		v, d := s.load(x), s.load(dst)
		s.op(op, d, d, v)
		s.store(d, dst)
	})
}

func (f *file) maxIndex() {
	k := f.generic("maxIndex", "func(dst []float32, idx []int32, x []float32, at int32)")
	at, dst, idx, x, n := k.fill("at"), k.arg("dst_base"), k.arg("idx_base"), k.arg("x_base"), k.arg("x_len")
	k.each(n, 1, []R{dst, idx, x}, func(s slots) {
		v, d, i, greater := s.load(x), s.load(dst), s.load(idx), s.vec()
		s.op("fcmgt", greater, v, d) // false for NaN
		s.op("bit", d, v, greater)
		s.op("bit", i, at, greater)
		s.store(d, dst)
		s.store(i, idx)
	})
}

// addRows takes 4 vectors of columns at a time down all rows, then 1, then single
// columns.
func (f *file) addRows() {
	k := f.generic("addRows", "func(dst []float32, n int, x []float32, ldx int)")
	dst, cols, x, ldx, n := k.arg("dst_base"), k.arg("dst_len"), k.arg("x_base"), k.elements("ldx"), k.arg("n")
	down := func(name, after string, vecs, elements int) {
		k.loop(name, after, cols, elements, func() {
			at := func(v int) slots { return slots{k, 16 * v, elements == 1} }
			sums := make([]V, vecs)
			for v := range sums {
				sums[v] = at(v).load(dst)
			}
			p, rows := k.reg(), k.reg()
			k.do("MOVD %v, %v", x, p)
			k.do("MOVD %v, %v", n, rows)
			k.label(name + "Row")
			for v := range sums {
				k.op("fadd", sums[v], sums[v], at(v).load(p))
			}
			k.do("ADD %v, %v", ldx, p)
			k.do("SUBS $1, %v", rows)
			k.do("BNE %sRow", name)
			for v := range sums {
				at(v).store(sums[v], dst)
			}
			k.do("ADD $%d, %v", 4*elements, dst)
			k.do("ADD $%d, %v", 4*elements, x)
		})
	}
	down("block", "vector", 4, 16)
	down("vector", "rest", 1, 4)
	down("rest", "done", 1, 1)
	k.label("done")
	k.do("RET")
}

func (f *file) adam() {
	k := f.generic("adam", "func(w []float32, g []float32, m []float32, v []float32, k *float32)")
	args := k.arg("k")
	c := k.vecs(9) // the fields of adamArgs
	for _, v := range c {
		k.do("VLD1R.P 4(%v), [%v.S4]", args, v)
	}
	lr, b1, b1c, b2, b2c, eps, decay, c1, c2 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
	wp, gp, mp, vp, n := k.arg("w_base"), k.arg("g_base"), k.arg("m_base"), k.arg("v_base"), k.arg("g_len")
	k.each(n, 1, []R{wp, gp, mp, vp}, func(s slots) {
		w, g, m, v, t := s.load(wp), s.load(gp), s.load(mp), s.load(vp), s.vec()
		s.op("fmul", m, m, b1)
		s.op("fmul", t, g, b1c)
		s.op("fadd", m, m, t)
		s.store(m, mp)
		s.op("fmul", g, g, g)
		s.op("fmul", g, g, b2c)
		s.op("fmul", v, v, b2)
		s.op("fadd", v, v, g)
		s.store(v, vp)
		s.op("fmul", v, v, c2)
		s.op("fsqrt", v, v)
		s.op("fadd", v, v, eps)
		s.op("fmul", m, m, c1)
		s.op("fdiv", m, m, v)
		s.op("fmul", t, w, decay)
		s.op("fadd", m, m, t)
		s.op("fmul", m, m, lr)
		s.op("fsub", w, w, m)
		s.store(w, wp)
	})
}

// partial writes the loop of a reduction over n elements at ptrs, four at a time, in
// steps steps that each have partial sums of their own: term makes what four elements
// are worth, in place of the first of the registers that they are in, and add takes it
// to the sums of a step. Elements that are missing in the last four are as in empty.
func (k *kernel) partial(n R, ptrs []R, steps int, empty V, term func(x []V), add func(step int, term V)) {
	take := func(step int) {
		k.scope(func() {
			x := make([]V, len(ptrs))
			for i, p := range ptrs {
				x[i] = slots{k, 16 * step, false}.load(p)
			}
			term(x)
			add(step, x[0])
		})
	}
	k.loop("block", "last", n, 4*steps, func() {
		for step := range steps {
			take(step)
		}
		for _, p := range ptrs {
			k.do("ADD $%d, %v", 16*steps, p)
		}
	})
	// What the last four are worth waits in a register for the step that it belongs to.
	k.label("last")
	last, whole, p := make([]V, len(ptrs)), k.reg(), k.reg()
	for i := range ptrs {
		last[i] = k.copied(empty)
	}
	k.do("AND $%d, %v, %v", 4*steps-4, n, whole)
	k.do("SUB %v, %v", whole, n)
	for i, ptr := range ptrs {
		after := fmt.Sprintf("loaded%d", i)
		k.do("ADD %v<<2, %v, %v", whole, ptr, p)
		for e := range 3 {
			k.do("CMP $%d, %v", e, n)
			k.do("BEQ %s", after)
			k.do("VLD1.P 4(%v), %v.S[%d]", p, last[i], e)
		}
		k.label(after)
	}
	term(last)
	for step := range steps {
		k.do("CBZ %v, last%d", whole, step)
		if step < steps-1 { // then fewer than steps are left
			take(step)
			k.do("SUB $4, %v", whole)
		}
	}
	for step := range steps {
		k.label(fmt.Sprintf("last%d", step))
		add(step, last[0])
		k.do("B fold")
	}
	k.label("fold")
}

// sums takes n registers, cleared.
func (k *kernel) sums(n int) []V {
	v := k.vecs(n)
	for _, v := range v {
		k.zero(v)
	}
	return v
}

// fold folds sums in halves, down to the first element of the register that it returns,
// which takes bytes.
func (k *kernel) fold(sums []V, bytes int, add func(d, x V)) V {
	for half := len(sums) / 2; half > 0; half /= 2 {
		for v := range half {
			add(sums[v], sums[v+half])
		}
	}
	for half := 8; half >= bytes; half /= 2 {
		k.scope(func() {
			v := k.vec()
			k.do("VEXT $%d, %v.B16, %v.B16, %v.B16", half, sums[0], sums[0], v)
			add(sums[0], v)
		})
	}
	return sums[0]
}

func (k *kernel) fadd(d, x V) { k.op("fadd", d, d, x) }

func (k *kernel) ret(move string, v V) {
	k.do("%s %s, %s", move, v.f(), k.param("r"))
	k.do("RET")
}

func (f *file) dot() {
	k := f.generic("dot", "func(x []float32, y []float32) (r float32)")
	x, y, n := k.arg("x_base"), k.arg("y_base"), k.arg("x_len")
	sums, zero := k.sums(16), k.sums(1)[0]
	k.partial(n, []R{x, y}, 16, zero,
		func(x []V) { k.op("fmul", x[0], x[0], x[1]) },
		func(step int, v V) { k.fadd(sums[step], v) })
	k.ret("FMOVS", k.fold(sums, 4, k.fadd))
}

func (f *file) sum() {
	k := f.generic("sum", "func(x []float32) (r float32)")
	x, n := k.arg("x_base"), k.arg("x_len")
	sums, zero := k.sums(16), k.sums(1)[0]
	k.partial(n, []R{x}, 16, zero, func([]V) {}, func(step int, v V) { k.fadd(sums[step], v) })
	k.ret("FMOVS", k.fold(sums, 4, k.fadd))
}

func (f *file) sumSq() {
	k := f.generic("sumSq", "func(x []float32) (r float64)")
	x, n := k.arg("x_base"), k.arg("x_len")
	sums, zero := k.sums(16), k.sums(1)[0]
	add := func(d, x V) { k.op("fadd 2d", d, d, x) }
	k.partial(n, []R{x}, 8, zero, func([]V) {}, func(step int, v V) {
		k.scope(func() {
			low, high := k.vec(), k.vec()
			k.op("fcvtl", low, v)
			k.op("fcvtl2", high, v)
			for i, v := range []V{low, high} {
				k.op("fmul 2d", v, v, v)
				add(sums[2*step+i], v)
			}
		})
	})
	k.ret("FMOVD", k.fold(sums, 8, add))
}

func (f *file) maximum() {
	k := f.generic("max", "func(x []float32) (r float32)")
	x, n := k.arg("x_base"), k.arg("x_len")
	infinity, tops := k.vec(), k.vecs(16)
	bits := k.reg()
	k.do("MOVD $0xff800000, %v", bits) // -Inf
	k.do("VDUP %v, %v.S4", bits, infinity)
	for _, v := range tops {
		k.op("mov", v, infinity)
	}
	take := func(d, x V) {
		k.scope(func() {
			greater := k.vec()
			k.op("fcmgt", greater, x, d) // false for NaN
			k.op("bit", d, x, greater)
		})
	}
	k.partial(n, []R{x}, 16, infinity, func([]V) {}, func(step int, v V) { take(tops[step], v) })
	k.ret("FMOVS", k.fold(tops, 4, take))
}
