package main

import (
	"fmt"
	stdmath "math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/textlstm/textlstm/internal/vec/_asm/coeff"
)

var bits = map[string]uint32{"sign": 1 << 31, "abs": 1<<31 - 1}

// A poly writes the activations of one function. With AVX-512 it keeps the constants
// in registers; AVX2 has too few and reads them from memory.
type poly struct {
	level
	regs map[string]reg.VecVirtual
}

var constTables = map[string]Mem{}

// newPoly loads the named constants, those that the function uses.
func newPoly(l level, names ...string) poly {
	p := poly{l, map[string]reg.VecVirtual{}}
	if l.avx512 {
		for _, n := range names {
			v := l.vec()
			VBROADCASTSS(constant(n), v)
			p.regs[n] = v
		}
	}
	return p
}

// constant is a constant repeated over the 32 bytes of an AVX2 register.
func constant(name string) Mem {
	m, ok := constTables[name]
	if !ok {
		b, isBits := bits[name]
		if !isBits {
			f, known := coeff.Values[name]
			if !known {
				panic("no constant " + name)
			}
			b = stdmath.Float32bits(float32(f))
		}
		m = GLOBL("const_"+name, RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(b))
		}
		constTables[name] = m
	}
	return m
}

// c is a constant as the operand of an instruction.
func (p poly) c(name string) Op {
	if p.avx512 {
		v, ok := p.regs[name]
		if !ok {
			panic("constant not loaded: " + name)
		}
		return v
	}
	return constant(name)
}

// r is a constant in a register.
func (p poly) r(name string) reg.VecVirtual {
	if p.avx512 {
		return p.c(name).(reg.VecVirtual)
	}
	v := p.vec()
	VMOVUPS(constant(name), v)
	return v
}

var (
	expConsts     = []string{"log2e", "ln2Hi", "ln2Lo", "magic", "exp2", "exp3", "exp4", "exp5", "exp6", "one"}
	sigmoidConsts = append([]string{"sign", "sigMin", "sigMax"}, expConsts...)
	tanhConsts    = append([]string{"sign", "abs", "tanMax", "two"}, expConsts...)
)

// A chain is a computation whose instructions wait for each other. Woven with others it
// leaves the processor something to do meanwhile, which cannot look far enough ahead for that.
type chain []func()

// weave writes the chains' instructions by turns.
func weave(chains ...chain) {
	for i, n := 0, len(chains); n > 0; i++ {
		n = 0
		for _, c := range chains {
			if i < len(c) {
				c[i]()
				n++
			}
		}
	}
}

// reduce leaves x = n*ln(2) + r: r in x, the bits of n + magic in t.
func (p poly) reduce(x, t, n reg.VecVirtual) chain {
	return chain{
		func() { VMOVAPS(x, t) },
		func() { VFMADD213PS(p.c("magic"), p.r("log2e"), t) },
		func() { VSUBPS(p.c("magic"), t, n) },
		func() { VFNMADD231PS(p.c("ln2Hi"), n, x) },
		func() { VFNMADD231PS(p.c("ln2Lo"), n, x) },
	}
}

// tail sets q to expTail of r.
func (p poly) tail(r, q reg.VecVirtual) chain {
	c := chain{func() { VMOVUPS(p.c("exp6"), q) }}
	for _, name := range []string{"exp5", "exp4", "exp3", "exp2"} {
		c = append(c, func() { VFMADD213PS(p.c(name), r, q) })
	}
	return c
}

// power turns the bits of n + magic into 2^n.
func (p poly) power(t reg.VecVirtual) chain {
	return chain{
		func() { VPSLLD(Imm(23), t, t) },
		func() { VPADDD(p.c("one"), t, t) },
	}
}

// exp overwrites x with exp(x).
func (p poly) exp(x reg.VecVirtual) reg.VecVirtual {
	t, n, q := p.vec(), p.vec(), p.vec()
	VMAXPS(x, p.r("expMin"), x) // the second operand, x, where it is NaN
	VMINPS(x, p.r("expMax"), x)
	weave(p.reduce(x, t, n))
	weave(p.tail(x, q))
	VFMADD213PS(p.c("one"), x, q)
	VFMADD213PS(p.c("one"), x, q)
	if p.avx512 {
		VSCALEFPS(n, q, q)
		return q
	}
	half := p.vec()
	VPSUBD(constant("magic"), t, t)
	VPSRAD(Imm(1), t, half)
	VPSUBD(half, t, t)
	weave(p.power(t))
	weave(p.power(half))
	VMULPS(half, q, q)
	VMULPS(t, q, q)
	return q
}

// sigmoid overwrites x and sets y to sigmoid(x).
func (p poly) sigmoid(x reg.VecVirtual) (y reg.VecVirtual, c chain) {
	y = p.vec()
	t, q := p.vec(), p.vec()
	c = chain{
		func() { VXORPS(p.c("sign"), x, x) },
		func() { VMAXPS(x, p.r("sigMin"), x) },
		func() { VMINPS(x, p.r("sigMax"), x) },
	}
	c = append(c, p.reduce(x, t, q)...)
	c = append(c, p.tail(x, q)...)
	c = append(c,
		func() { VFMADD213PS(p.c("one"), x, q) },
		func() { VFMADD213PS(p.c("one"), x, q) },
	)
	c = append(c, p.power(t)...)
	return y, append(c,
		func() { VFMADD213PS(p.c("one"), t, q) },
		func() { VDIVPS(q, p.r("one"), y) },
	)
}

// tanh sets y to tanh(x) and keeps x.
func (p poly) tanh(x reg.VecVirtual) (y reg.VecVirtual, c chain) {
	y = p.vec()
	t, u, q := p.vec(), p.vec(), p.vec()
	c = chain{
		func() { VANDPS(p.c("abs"), x, u) },
		func() { VMINPS(u, p.r("tanMax"), u) },
		func() { VADDPS(u, u, u) },
	}
	c = append(c, p.reduce(u, t, q)...)
	c = append(c, p.tail(u, q)...)
	c = append(c,
		func() { VMULPS(u, u, y) },
		func() { VFMADD213PS(u, y, q) }, // exp(r) - 1
	)
	c = append(c, p.power(t)...)
	c = append(c,
		func() { VSUBPS(p.c("one"), t, y) },
		func() { VFMADD231PS(q, t, y) },
		func() { VADDPS(p.c("two"), y, q) },
		func() { VDIVPS(q, y, y) },
	)
	if p.avx512 {
		return y, append(c, func() { VPTERNLOGD(Imm(0xf8), p.c("sign"), x, y) }) // y | x&sign
	}
	return y, append(c,
		func() { VANDPS(p.c("sign"), x, q) },
		func() { VORPS(q, y, y) },
	)
}

// math writes the activations and the LSTM cell.
func math() {
	for _, l := range levels {
		l.kernel("exp", "dst, x []float32, shift float32")
		p := newPoly(l, append([]string{"expMin", "expMax"}, expConsts...)...)
		shift, dst, x, n := l.fill("shift"), base("dst"), base("x"), length("x")
		l.each(n, 1, []reg.GPVirtual{dst, x}, func(s slots) {
			v := s.load(x)
			VSUBPS(shift, v, v)
			s.store(p.exp(v), dst)
		})

		l.kernel("sigmoid", "dst, x []float32")
		p = newPoly(l, sigmoidConsts...)
		dst, x, n = base("dst"), base("x"), length("x")
		l.each(n, 1, []reg.GPVirtual{dst, x}, func(s slots) {
			y, c := p.sigmoid(s.load(x))
			weave(c)
			s.store(y, dst)
		})

		l.kernel("tanh", "dst, x []float32")
		p = newPoly(l, tanhConsts...)
		dst, x, n = base("dst"), base("x"), length("x")
		l.each(n, 1, []reg.GPVirtual{dst, x}, func(s slots) {
			y, c := p.tanh(s.load(x))
			weave(c)
			s.store(y, dst)
		})

		l.cellForward()
		l.cellBackward()
	}
}

// unless jumps over body if the pointer is nil.
func unless(ptr reg.GPVirtual, label string, body func()) {
	TESTQ(ptr, ptr)
	JZ(LabelRef(label))
	body()
	Label(label)
}

// gates are the four quarters of a row of 4*H elements.
type gates struct{ i, f, g, o reg.GPVirtual }

func newGates(row, H reg.GPVirtual) gates {
	r := gates{row, GP64(), GP64(), GP64()}
	LEAQ(Mem{Base: r.i, Index: H, Scale: 4}, r.f)
	LEAQ(Mem{Base: r.f, Index: H, Scale: 4}, r.g)
	LEAQ(Mem{Base: r.g, Index: H, Scale: 4}, r.o)
	return r
}

// eachUnit is each for the cell, where some pointers may be nil: those stay so.
func (l level) eachUnit(n reg.GPVirtual, ptrs, nilable []reg.GPVirtual, body func(slots, string)) {
	Label("vector")
	CMPQ(n, Imm(uint64(l.lanes())))
	JLT(LabelRef("rest"))
	body(slots{l, 0, nil}, "Vector")
	for _, p := range ptrs {
		ADDQ(I32(l.bytes), p)
	}
	for i, p := range nilable {
		unless(p, fmt.Sprintf("next%d", i), func() { ADDQ(I32(l.bytes), p) })
	}
	SUBQ(Imm(uint64(l.lanes())), n)
	JMP(LabelRef("vector"))
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	body(slots{l, 0, l.mask(n)}, "Rest")
	Label("done")
	l.done()
}

// peepholes loads the three quarters of the peephole weights at ptr, H4 = 4*H bytes
// apart.
func (s slots) peephole(ptr, H4 reg.GPVirtual, gate int) reg.VecVirtual {
	m := Mem{Base: ptr}
	if gate > 0 {
		m.Index, m.Scale = H4, uint8(gate)
	}
	v := s.vec()
	if s.mask != nil {
		s.loadMask(m, s.mask, v)
	} else {
		VMOVUPS(m, v)
	}
	return v
}

func (l level) cellForward() {
	l.kernel("cellForward", "H int, pre, cPrev, c, h, peep *float32")
	p := newPoly(l, union(sigmoidConsts, tanhConsts)...)
	n, pre, cPrev, c, h, peep := arg("H"), arg("pre"), arg("cPrev"), arg("c"), arg("h"), arg("peep")
	H4 := GP64()
	MOVQ(n, H4)
	SHLQ(Imm(2), H4)
	g := newGates(pre, n)
	l.eachUnit(n, []reg.GPVirtual{g.i, g.f, g.g, g.o, c, h}, []reg.GPVirtual{cPrev, peep}, func(s slots, name string) {
		prev := l.vec()
		l.zero(prev)
		unless(cPrev, "noPrev"+name, func() { VMOVAPS(s.load(cPrev), prev) })

		i, f := s.load(g.i), s.load(g.f)
		unless(peep, "noPeep"+name, func() {
			VFMADD231PS(s.peephole(peep, H4, 0), prev, i)
			VFMADD231PS(s.peephole(peep, H4, 1), prev, f)
		})
		i, ofI := p.sigmoid(i)
		f, ofF := p.sigmoid(f)
		z, ofZ := p.tanh(s.load(g.g))
		weave(ofF, ofI, ofZ)
		s.store(f, g.f)
		VMULPS(prev, f, f)
		s.store(i, g.i)
		s.store(z, g.g)
		VFMADD231PS(z, i, f)
		s.store(f, c)

		o := s.load(g.o)
		unless(peep, "noPeepOut"+name, func() {
			VFMADD231PS(s.peephole(peep, H4, 2), f, o)
		})
		o, ofO := p.sigmoid(o)
		t, ofT := p.tanh(f)
		weave(ofT, ofO)
		s.store(o, g.o)
		VMULPS(o, t, t)
		s.store(t, h)
	})
}

func (l level) cellBackward() {
	l.kernel("cellBackward", "H int, gates, cPrev, c, dH, dC, peep *float32")
	p := newPoly(l, tanhConsts...)
	n, row, cPrev, c, dH, dC, peep := arg("H"), arg("gates"), arg("cPrev"), arg("c"), arg("dH"), arg("dC"), arg("peep")
	H4 := GP64()
	MOVQ(n, H4)
	SHLQ(Imm(2), H4)
	g := newGates(row, n)
	l.eachUnit(n, []reg.GPVirtual{g.i, g.f, g.g, g.o, c, dH, dC}, []reg.GPVirtual{cPrev, peep}, func(s slots, name string) {
		if s.mask == nil { // what the row after the next has, long since out of the cache
			for _, gate := range []reg.GPVirtual{g.i, g.f, g.g, g.o} {
				PREFETCHT0(Mem{Base: gate, Index: H4, Scale: 8})
			}
			PREFETCHT0(Mem{Base: c, Index: H4, Scale: 2})
		}
		t, ofT := p.tanh(s.load(c))
		weave(ofT)
		o, dh := s.load(g.o), s.load(dH)
		dc, do, u := l.vec(), l.vec(), l.vec()

		VMULPS(o, dh, dc) // dH*o
		VMULPS(t, dh, do) // dH*t
		VMOVAPS(o, u)
		VFNMADD213PS(o, o, u) // o - o*o
		VMULPS(u, do, do)
		s.store(do, g.o)
		u = p.r("one")
		one := l.vec()
		VMOVAPS(u, one)
		VFNMADD231PS(t, t, one) // 1 - t*t
		VFMADD213PS(s.load(dC), one, dc)
		unless(peep, "noPeepOut"+name, func() {
			VFMADD231PS(s.peephole(peep, H4, 2), do, dc)
		})

		i, z := s.load(g.i), s.load(g.g)
		di, dz := l.vec(), l.vec()
		VMULPS(z, dc, di)
		VMULPS(i, dc, dz)
		w := l.vec()
		VMOVAPS(i, w)
		VFNMADD213PS(i, i, w)
		VMULPS(w, di, di)
		s.store(di, g.i)
		w = l.vec()
		VMOVAPS(p.r("one"), w)
		VFNMADD231PS(z, z, w)
		VMULPS(w, dz, dz)
		s.store(dz, g.g)

		prev, f, df := l.vec(), s.load(g.f), l.vec()
		l.zero(prev)
		unless(cPrev, "noPrev"+name, func() { VMOVAPS(s.load(cPrev), prev) })
		VMULPS(prev, dc, df)
		w = l.vec()
		VMOVAPS(f, w)
		VFNMADD213PS(f, f, w)
		VMULPS(w, df, df)
		s.store(df, g.f)
		VMULPS(f, dc, dc)
		unless(peep, "noPeep"+name, func() {
			VFMADD231PS(s.peephole(peep, H4, 0), di, dc)
			VFMADD231PS(s.peephole(peep, H4, 1), df, dc)
		})
		s.store(dc, dC)
	})
}

// union joins two lists of names, each name once.
func union(a, b []string) []string {
	out := append([]string(nil), a...)
	for _, n := range b {
		found := false
		for _, m := range out {
			found = found || m == n
		}
		if !found {
			out = append(out, n)
		}
	}
	return out
}
