package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// slots moves one vector, whole or under a mask, between registers and the place that
// a loop has reached in each of its slices.
type slots struct {
	level
	disp int
	mask reg.Register // nil for a whole vector
}

func (s slots) load(ptr reg.Register) reg.VecVirtual {
	v := s.vec()
	if s.mask != nil {
		s.loadMask(at(ptr, s.disp), s.mask, v)
	} else {
		VMOVUPS(at(ptr, s.disp), v)
	}
	return v
}

func (s slots) store(v reg.VecVirtual, ptr reg.Register) {
	if s.mask != nil {
		s.storeMask(v, s.mask, at(ptr, s.disp))
	} else {
		VMOVUPS(v, at(ptr, s.disp))
	}
}

// each writes a loop over n elements that lie at every one of ptrs: unroll vectors at
// a time, then one at a time, then the rest under a mask.
func (l level) each(n reg.GPVirtual, unroll int, ptrs []reg.GPVirtual, body func(slots)) {
	step := func(name, next string, vecs int) {
		Label(name)
		CMPQ(n, Imm(uint64(vecs*l.lanes())))
		JLT(LabelRef(next))
		for u := range vecs {
			body(slots{l, u * l.bytes, nil})
		}
		for _, p := range ptrs {
			ADDQ(I32(vecs*l.bytes), p)
		}
		SUBQ(Imm(uint64(vecs*l.lanes())), n)
		JMP(LabelRef(name))
	}
	if unroll > 1 {
		step("block", "vector", unroll)
	}
	step("vector", "rest", 1)
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	body(slots{l, 0, l.mask(n)})
	Label("done")
	l.done()
}

// kernel starts a function whose generic twin is name+"Generic".
func (l level) kernel(name, params string) {
	full := name + l.name
	TEXT(full, NOSPLIT, "func("+params+")")
	Doc(fmt.Sprintf("%s is %sGeneric.", full, name))
	Pragma("noescape")
}

// fill broadcasts a scalar parameter.
func (l level) fill(param string) reg.VecVirtual {
	v := l.vec()
	p, err := Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(p.Addr, v)
	return v
}

// vector writes the element-wise kernels, the reductions and the transposes.
func vector() {
	transpose("transpose", false)
	transpose("addTranspose", true)
	for _, l := range levels {
		l.kernel("axpy", "a float32, x, y []float32")
		a, x, y, n := l.fill("a"), base("x"), base("y"), length("x")
		l.each(n, 4, []reg.GPVirtual{x, y}, func(s slots) {
			v, w := s.load(x), s.load(y)
			VMULPS(v, a, v)
			VADDPS(v, w, w)
			s.store(w, y)
		})

		l.kernel("scale", "a float32, x []float32")
		a, x, n = l.fill("a"), base("x"), length("x")
		l.each(n, 4, []reg.GPVirtual{x}, func(s slots) {
			v := s.load(x)
			VMULPS(v, a, v)
			s.store(v, x)
		})

		l.pair("add", func(v, w reg.VecVirtual) { VADDPS(v, w, w) })
		l.pair("mul", func(v, w reg.VecVirtual) { VMULPS(v, w, w) })

		l.kernel("mulAdd", "dst, x, y []float32")
		dst, x, y, n := base("dst"), base("x"), base("y"), length("x")
		l.each(n, 4, []reg.GPVirtual{dst, x, y}, func(s slots) {
			v, w, d := s.load(x), s.load(y), s.load(dst)
			VMULPS(v, w, w)
			VADDPS(w, d, d)
			s.store(d, dst)
		})

		l.maxIndex()
		l.addRows()
		l.adam()
		l.dot()
		l.sum()
		l.sumSq()
		l.maximum()
	}
}

// length loads the length of a slice parameter.
func length(name string) reg.GPVirtual { return Load(Param(name).Len(), GP64()).(reg.GPVirtual) }

// pair writes a kernel dst[i] = op(x[i], dst[i]); op leaves the result in its second
// register.
func (l level) pair(name string, op func(v, w reg.VecVirtual)) {
	l.kernel(name, "dst, x []float32")
	dst, x, n := base("dst"), base("x"), length("x")
	l.each(n, 4, []reg.GPVirtual{dst, x}, func(s slots) {
		v, w := s.load(x), s.load(dst)
		op(v, w)
		s.store(w, dst)
	})
}

func (l level) maxIndex() {
	l.kernel("maxIndex", "dst []float32, idx []int32, x []float32, at int32")
	a, dst, idx, x, n := l.fill("at"), base("dst"), base("idx"), base("x"), length("x")
	l.each(n, 1, []reg.GPVirtual{dst, idx, x}, func(s slots) {
		v, d, i := s.load(x), s.load(dst), s.load(idx)
		const greater = 0x1e // GT_OQ: false for NaN
		if l.avx512 {
			k := K()
			VCMPPS(Imm(greater), d, v, k)
			VMOVAPS(v, k, d)
			VMOVAPS(a, k, i)
		} else {
			m := l.vec()
			VCMPPS(Imm(greater), d, v, m)
			VBLENDVPS(m, v, d, d)
			VBLENDVPS(m, a, i, i)
		}
		s.store(d, dst)
		s.store(i, idx)
	})
}

// addRows takes 4 vectors of columns at a time down all rows, then 1, then the rest.
func (l level) addRows() {
	l.kernel("addRows", "dst []float32, n int, x []float32, ldx int")
	dst, cols, x, ldx := base("dst"), length("dst"), base("x"), arg("ldx")
	SHLQ(Imm(2), ldx)
	down := func(name string, vecs int, mask reg.Register) {
		acc := make([]reg.VecVirtual, vecs)
		for v := range acc {
			acc[v] = slots{l, v * l.bytes, mask}.load(dst)
		}
		p, rows := GP64(), GP64()
		MOVQ(x, p)
		Load(Param("n"), rows)
		Label(name + "Row")
		for v := range acc {
			if mask != nil {
				VADDPS(slots{l, 0, mask}.load(p), acc[v], acc[v])
			} else {
				VADDPS(at(p, v*l.bytes), acc[v], acc[v])
			}
		}
		ADDQ(ldx, p)
		DECQ(rows)
		JNZ(LabelRef(name + "Row"))
		for v := range acc {
			slots{l, v * l.bytes, mask}.store(acc[v], dst)
		}
	}
	for _, vecs := range []int{4, 1} {
		name, next := fmt.Sprintf("cols%d", vecs), map[int]string{4: "cols1", 1: "rest"}[vecs]
		Label(name)
		CMPQ(cols, Imm(uint64(vecs*l.lanes())))
		JLT(LabelRef(next))
		down(name, vecs, nil)
		ADDQ(I32(vecs*l.bytes), dst)
		ADDQ(I32(vecs*l.bytes), x)
		SUBQ(Imm(uint64(vecs*l.lanes())), cols)
		JMP(LabelRef(name))
	}
	Label("rest")
	TESTQ(cols, cols)
	JZ(LabelRef("done"))
	down("rest", 1, l.mask(cols))
	Label("done")
	l.done()
}

func (l level) adam() {
	l.kernel("adam", "w, g, m, v []float32, k *float32")
	k := arg("k")
	field := func(i int) reg.VecVirtual {
		v := l.vec()
		VBROADCASTSS(at(k, 4*i), v)
		return v
	}
	lr, b1, b1c, b2, b2c, eps, decay, c1, c2 := field(0), field(1), field(2), field(3), field(4), field(5), field(6), field(7), field(8)
	wp, gp, mp, vp, n := base("w"), base("g"), base("m"), base("v"), length("g")
	l.each(n, 1, []reg.GPVirtual{wp, gp, mp, vp}, func(s slots) {
		g, m, v := s.load(gp), s.load(mp), s.load(vp)
		t := l.vec()
		VMULPS(m, b1, m)
		VMULPS(g, b1c, t)
		VADDPS(t, m, m)
		s.store(m, mp)
		VMULPS(g, g, g)
		VMULPS(g, b2c, g)
		VMULPS(v, b2, v)
		VADDPS(g, v, v)
		s.store(v, vp)
		VMULPS(v, c2, v)
		VSQRTPS(v, v)
		VADDPS(eps, v, v)
		VMULPS(m, c1, m)
		VDIVPS(v, m, m)
		w := s.load(wp)
		VMULPS(w, decay, t)
		VADDPS(t, m, m)
		VMULPS(m, lr, m)
		VSUBPS(m, w, w)
		s.store(w, wp)
	})
}

// partial writes the loop of a reduction with 64 lanes (32 of float64): body takes the
// elements at a displacement of the pointers, or under a mask, into accumulator v.
func (l level) partial(n reg.GPVirtual, ptrs []reg.GPVirtual, accs, lanes, bytes int, body func(v int, s slots)) {
	Label("block")
	CMPQ(n, Imm(uint64(accs*lanes)))
	JLT(LabelRef("vectors"))
	for v := range accs {
		body(v, slots{l, v * bytes, nil})
	}
	for _, p := range ptrs {
		ADDQ(I32(accs*bytes), p)
	}
	SUBQ(Imm(uint64(accs*lanes)), n)
	JMP(LabelRef("block"))
	Label("vectors")
	for v := range accs - 1 { // fewer than accs vectors are left
		CMPQ(n, Imm(uint64(lanes)))
		JLT(LabelRef(fmt.Sprintf("rest%d", v)))
		body(v, slots{l, v * bytes, nil})
		SUBQ(Imm(uint64(lanes)), n)
	}
	JMP(LabelRef(fmt.Sprintf("rest%d", accs-1)))
	for v := range accs {
		Label(fmt.Sprintf("rest%d", v))
		TESTQ(n, n)
		JZ(LabelRef("fold"))
		body(v, slots{l, v * bytes, l.mask(n)})
		JMP(LabelRef("fold"))
	}
	Label("fold")
}

// zeros returns n cleared registers.
func (l level) zeros(n int) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, n)
	for v := range acc {
		acc[v] = l.vec()
		l.zero(acc[v])
	}
	return acc
}

// fold folds accumulators in halves, down to the first element of the register that it
// returns. wide is the size of an element, 4 or 8 bytes.
func (l level) fold(acc []reg.VecVirtual, wide int, op func(...Op)) reg.VecPhysical {
	for half := len(acc) / 2; half > 0; half /= 2 {
		for v := range half {
			op(acc[v+half], acc[v], acc[v])
		}
	}
	y0, y1, x0, x1 := reg.Y0, reg.Y1, reg.X0, reg.X1
	if l.avx512 {
		VMOVAPS(acc[0], reg.Z0)
		VEXTRACTF64X4(Imm(1), reg.Z0, y1)
		op(y1, y0, y0)
	} else {
		VMOVAPS(acc[0], y0)
	}
	VEXTRACTF128(Imm(1), y0, x1)
	op(x1, x0, x0)
	VPERMILPD(Imm(1), x0, x1)
	op(x1, x0, x0)
	if wide == 4 {
		VPSHUFD(Imm(1), x0, x1)
		op(x1, x0, x0)
	}
	return x0
}

func (l level) ret(x reg.VecPhysical) {
	Store(x, ReturnIndex(0))
	l.done()
}

func (l level) dot() {
	l.kernel("dot", "x, y []float32) (r float32")
	x, y, n := base("x"), base("y"), length("x")
	acc := l.zeros(64 / l.lanes())
	l.partial(n, []reg.GPVirtual{x, y}, len(acc), l.lanes(), l.bytes, func(v int, s slots) {
		a, b := s.load(x), s.load(y)
		VMULPS(a, b, b)
		VADDPS(b, acc[v], acc[v])
	})
	l.ret(l.fold(acc, 4, VADDPS))
}

func (l level) sum() {
	l.kernel("sum", "x []float32) (r float32")
	x, n := base("x"), length("x")
	acc := l.zeros(64 / l.lanes())
	l.partial(n, []reg.GPVirtual{x}, len(acc), l.lanes(), l.bytes, func(v int, s slots) {
		VADDPS(s.load(x), acc[v], acc[v])
	})
	l.ret(l.fold(acc, 4, VADDPS))
}

func (l level) sumSq() {
	l.kernel("sumSq", "x []float32) (r float64")
	x, n := base("x"), length("x")
	acc := l.zeros(64 / l.lanes())
	l.partial(n, []reg.GPVirtual{x}, len(acc), l.lanes()/2, l.bytes/2, func(v int, s slots) {
		a := l.vec()
		src := at(x, s.disp)
		switch {
		case s.mask == nil:
			VCVTPS2PD(src, a)
		case l.avx512:
			VCVTPS2PD_Z(src, s.mask, a)
		default:
			h := XMM()
			VMASKMOVPS(src, s.mask.(reg.VecVirtual).AsX(), h)
			VCVTPS2PD(h, a)
		}
		VMULPD(a, a, a)
		VADDPD(a, acc[v], acc[v])
	})
	l.ret(l.fold(acc, 8, VADDPD))
}

func (l level) maximum() {
	l.kernel("max", "x []float32) (r float32")
	x, n := base("x"), length("x")
	inf := l.vec()
	VBROADCASTSS(scalar("minusInf", 0xff800000), inf)
	acc := make([]reg.VecVirtual, 64/l.lanes())
	for v := range acc {
		acc[v] = l.vec()
		VMOVAPS(inf, acc[v])
	}
	l.partial(n, []reg.GPVirtual{x}, len(acc), l.lanes(), l.bytes, func(v int, s slots) {
		switch {
		case s.mask == nil:
			a := s.load(x)
			VMAXPS(acc[v], a, acc[v]) // acc where a is NaN
		case l.avx512:
			a := s.load(x)
			VMAXPS(acc[v], a, s.mask, acc[v])
		default:
			a := s.load(x)
			VBLENDVPS(s.mask.(reg.VecVirtual), a, inf, a)
			VMAXPS(acc[v], a, acc[v])
		}
	})
	l.ret(l.fold(acc, 4, VMAXPS))
}

var scalars = map[string]Mem{}

// scalar is a read-only word.
func scalar(name string, bits uint32) Mem {
	m, ok := scalars[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		DATA(0, U32(bits))
		scalars[name] = m
	}
	return m
}

// transpose writes the transpose of eight rows, in squares of 8 x 8, which is set or added.
// Halves of rows i and i+4 share a register from the start, so that no lane is crossed later.
func transpose(name string, add bool) {
	l := levels[0] // wider vectors would gain nothing
	TEXT(name+l.name, NOSPLIT, "func(squares int, dst *float32, ldd int, src *float32, lds int)")
	Doc(name + l.name + " is transposeGeneric for one strip of eight rows.")
	Pragma("noescape")
	n, dst, ldd, src, lds := arg("squares"), arg("dst"), arg("ldd"), arg("src"), arg("lds")
	SHLQ(Imm(2), ldd)
	SHLQ(Imm(2), lds)
	lds3, lower := GP64(), GP64()
	LEAQ(Mem{Base: lds, Index: lds, Scale: 2}, lds3)
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, lower) // rows 4 to 7
	row := func(base reg.GPVirtual, i, disp int) Mem {
		m := Mem{Base: base, Disp: disp}
		switch i {
		case 1, 2:
			m.Index, m.Scale = lds, uint8(i)
		case 3:
			m.Index, m.Scale = lds3, 1
		}
		return m
	}
	Label("square")
	for half := 0; half < 32; half += 16 { // four columns of src, rows of dst
		var in, t [4]reg.VecVirtual
		for i := range in {
			in[i] = YMM()
			VMOVUPS(row(src, i, half), in[i].AsX())
			VINSERTF128(Imm(1), row(lower, i, half), in[i], in[i])
			t[i] = YMM()
		}
		VUNPCKLPS(in[1], in[0], t[0])
		VUNPCKHPS(in[1], in[0], t[1])
		VUNPCKLPS(in[3], in[2], t[2])
		VUNPCKHPS(in[3], in[2], t[3])
		for i := range 4 {
			lo, control := t[i/2], uint64(0x44)
			if i%2 == 1 {
				control = 0xee
			}
			out := YMM()
			VSHUFPS(Imm(control), t[i/2+2], lo, out)
			if add {
				VADDPS(at(dst, 0), out, out)
			}
			VMOVUPS(out, at(dst, 0))
			ADDQ(ldd, dst)
		}
	}
	ADDQ(Imm(32), src)
	ADDQ(Imm(32), lower)
	DECQ(n)
	JNZ(LabelRef("square"))
	l.done()
}
