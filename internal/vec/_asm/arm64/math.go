package main

import (
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/vec/_asm/coeff"
)

// A poly writes the activations of one function, with the constants in registers.
type poly struct {
	*kernel
	c map[string]V
}

// newPoly loads the named constants, those that the function uses.
func newPoly(k *kernel, names ...string) poly {
	p := poly{k, map[string]V{}}
	table := k.constants()
	for _, name := range names {
		value, ok := coeff.Values[name]
		switch {
		case name == "sign":
			value = math.Copysign(0, -1)
		case !ok:
			panic("no constant " + name)
		}
		p.c[name] = k.constant(table, name, float32(value))
	}
	return p
}

var (
	expConsts     = []string{"log2e", "ln2Hi", "ln2Lo", "magic", "exp2", "exp3", "exp4", "exp5", "exp6", "one"}
	sigmoidConsts = []string{"sigMin", "sigMax"}
	tanhConsts    = []string{"sign", "tanMax", "two"}
)

// reduce leaves x = n*ln(2) + r: r in x, the bits of n + magic in t.
func (p poly) reduce(x V) (t V) {
	t, n := p.copied(p.c["magic"]), p.vec()
	p.op("fmla", t, x, p.c["log2e"])
	p.op("fsub", n, t, p.c["magic"])
	p.op("fmls", x, n, p.c["ln2Hi"])
	p.op("fmls", x, n, p.c["ln2Lo"])
	return t
}

// horner returns q*r + c.
func (p poly) horner(q, r V, c string) V {
	d := p.copied(p.c[c])
	p.op("fmla", d, q, r)
	return d
}

// tail is expTail.
func (p poly) tail(r V) V {
	q := p.c["exp6"]
	for _, c := range []string{"exp5", "exp4", "exp3", "exp2"} {
		q = p.horner(q, r, c)
	}
	return q
}

// power turns the bits of n + magic into 2^n.
func (p poly) power(t V) {
	p.do("VSHL $23, %v.S4, %v.S4", t, t)
	p.op("add", t, t, p.c["one"])
}

// expOf returns exp(r) of the r that reduce left.
func (p poly) expOf(r V) V { return p.horner(p.horner(p.tail(r), r, "one"), r, "one") }

// clamp keeps x within the constants lo and hi, and NaN as it is.
func (p poly) clamp(x V, lo, hi string) {
	p.op("fmax", x, x, p.c[lo])
	p.op("fmin", x, x, p.c[hi])
}

// exp overwrites x with exp(x).
func (p poly) exp(x V) {
	p.scope(func() {
		p.clamp(x, "expMin", "expMax")
		t := p.reduce(x)
		q, half := p.expOf(x), p.vec()
		// 2^n in two steps, because n may leave the range of the exponent.
		p.op("sub", t, t, p.c["magic"])
		p.half(half, t)
		p.op("sub", t, t, half)
		p.power(t)
		p.power(half)
		p.op("fmul", q, q, half)
		p.op("fmul", x, q, t)
	})
}

// sigmoid overwrites x with sigmoid(x).
func (p poly) sigmoid(x V) {
	p.scope(func() {
		p.op("fneg", x, x)
		p.clamp(x, "sigMin", "sigMax")
		t := p.reduce(x)
		q := p.expOf(x)
		p.power(t)
		p.op("fdiv", x, p.c["one"], p.horner(q, t, "one"))
	})
}

// tanh overwrites x with tanh(x).
func (p poly) tanh(x V) {
	p.scope(func() {
		u := p.vec()
		p.op("fabs", u, x)
		p.op("fmin", u, u, p.c["tanMax"])
		p.op("fadd", u, u, u)
		t := p.reduce(u)
		q, square, e := p.tail(u), p.vec(), p.vec()
		p.op("fmul", square, u, u)
		p.op("fmla", u, q, square) // exp(r) - 1
		p.power(t)
		p.op("fsub", e, t, p.c["one"])
		p.op("fmla", e, u, t)
		p.op("fadd", u, e, p.c["two"])
		p.op("fdiv", e, e, u)
		p.op("bit", e, x, p.c["sign"])
		p.op("mov", x, e)
	})
}

// activations writes them and the LSTM cell.
func activations(f *file) {
	k := f.generic("exp", "func(dst []float32, x []float32, shift float32)")
	p := newPoly(k, append([]string{"expMin", "expMax"}, expConsts...)...)
	shift, dst, x, n := k.fill("shift"), k.arg("dst_base"), k.arg("x_base"), k.arg("x_len")
	k.each(n, 1, []R{dst, x}, func(s slots) {
		v := s.load(x)
		s.op("fsub", v, v, shift)
		p.exp(v)
		s.store(v, dst)
	})
	f.activation("sigmoid", sigmoidConsts, poly.sigmoid)
	f.activation("tanh", tanhConsts, poly.tanh)
	f.cellForward()
	f.cellBackward()
	f.endConstants()
}

func (f *file) activation(name string, consts []string, overwrite func(p poly, x V)) {
	k := f.generic(name, "func(dst []float32, x []float32)")
	p := newPoly(k, append(consts, expConsts...)...)
	dst, x, n := k.arg("dst_base"), k.arg("x_base"), k.arg("x_len")
	k.each(n, 1, []R{dst, x}, func(s slots) {
		v := s.load(x)
		overwrite(p, v)
		s.store(v, dst)
	})
}

// A cell is what the two kernels of the LSTM cell have in common: pointers to the place
// that they have reached in each gate of H units and in the slices of units, of which
// cPrev and the three peepholes may be nil and stay so.
type cell struct {
	*kernel
	n          R
	i, f, g, o R
	cPrev      R
	peep       [3]R
	units      []R
}

func newCell(k *kernel, gates string, units ...string) *cell {
	c := &cell{kernel: k, n: k.arg("H"), i: k.arg(gates), f: k.reg(), g: k.reg(), o: k.reg(), cPrev: k.arg("cPrev")}
	c.peep = [3]R{k.arg("peep"), k.reg(), k.reg()}
	for _, row := range [][]R{{c.i, c.f, c.g, c.o}, c.peep[:]} {
		for i, r := range row[1:] {
			k.do("ADD %v<<2, %v, %v", c.n, row[i], r)
		}
	}
	for _, name := range units {
		c.units = append(c.units, k.arg(name))
	}
	return c
}

// each is kernel.each over the units; body gets a suffix for its labels.
func (c *cell) each(body func(s slots, name string)) {
	step := func(name, after string, elements int) {
		c.loop(name, after, c.n, elements, func() {
			body(slots{c.kernel, 0, elements == 1}, "_"+name)
			move := func(ptrs ...R) {
				for _, p := range ptrs {
					c.do("ADD $%d, %v", 4*elements, p)
				}
			}
			move(c.i, c.f, c.g, c.o)
			move(c.units...)
			c.unless(c.cPrev, "moved_prev_"+name, func() { move(c.cPrev) })
			c.unless(c.peep[0], "moved_"+name, func() { move(c.peep[:]...) })
		})
	}
	step("vector", "rest", 4)
	step("rest", "done", 1)
	c.label("done")
	c.do("RET")
}

// prev loads cPrev, zeros if that is nil.
func (c *cell) prev(s slots, name string) V {
	v := c.vec()
	c.zero(v)
	c.unless(c.cPrev, "no_prev"+name, func() {
		c.scope(func() { c.op("mov", v, s.load(c.cPrev)) })
	})
	return v
}

// peephole is d += x * the peephole's weights, if there are any.
func (c *cell) peephole(s slots, d, x V, gate int, name string) {
	c.unless(c.peep[0], fmt.Sprintf("no_peep%d%s", gate, name), func() {
		c.scope(func() { c.op("fmla", d, x, s.load(c.peep[gate])) })
	})
}

func (f *file) cellForward() {
	k := f.generic("cellForward", "func(H int, pre *float32, cPrev *float32, c *float32, h *float32, peep *float32)")
	p := newPoly(k, append(append(sigmoidConsts, tanhConsts...), expConsts...)...)
	c := newCell(k, "pre", "c", "h")
	cp, hp := c.units[0], c.units[1]
	c.each(func(s slots, name string) {
		prev, i, f := c.prev(s, name), s.load(c.i), s.load(c.f)
		c.peephole(s, i, prev, 0, name)
		c.peephole(s, f, prev, 1, name)
		p.sigmoid(f)
		s.store(f, c.f)
		p.sigmoid(i)
		s.store(i, c.i)
		g := s.load(c.g)
		p.tanh(g)
		s.store(g, c.g)
		s.op("fmul", f, f, prev)
		s.op("fmla", f, g, i) // c
		s.store(f, cp)

		o := s.load(c.o)
		c.peephole(s, o, f, 2, name)
		p.sigmoid(o)
		s.store(o, c.o)
		p.tanh(f)
		s.op("fmul", f, f, o)
		s.store(f, hp)
	})
}

func (f *file) cellBackward() {
	k := f.generic("cellBackward", "func(H int, gates *float32, cPrev *float32, c *float32, dH *float32, dC *float32, peep *float32)")
	p := newPoly(k, append(tanhConsts, expConsts...)...)
	c := newCell(k, "gates", "c", "dH", "dC")
	cp, dHp, dCp := c.units[0], c.units[1], c.units[2]
	c.each(func(s slots, name string) {
		// slope is d *= x - x*x, the derivative of a sigmoid that is x.
		slope := func(d, x V) {
			s.scope(func() {
				u := s.copied(x)
				s.op("fmls", u, x, x)
				s.op("fmul", d, d, u)
			})
		}
		// rest returns 1 - x*x, the derivative of a tanh that is x.
		rest := func(x V) V {
			u := s.copied(p.c["one"])
			s.op("fmls", u, x, x)
			return u
		}
		t, o, dH := s.load(cp), s.load(c.o), s.load(dHp)
		p.tanh(t)
		do, dc := s.vec(), s.load(dCp)
		s.op("fmul", do, dH, t)
		slope(do, o)
		s.store(do, c.o)
		s.op("fmul", dH, dH, o)
		s.op("fmla", dc, dH, rest(t))
		c.peephole(s, dc, do, 2, name)

		i, g, di, dg := s.load(c.i), s.load(c.g), s.vec(), s.vec()
		s.op("fmul", di, dc, g)
		slope(di, i)
		s.store(di, c.i)
		s.op("fmul", dg, dc, i)
		s.op("fmul", dg, dg, rest(g))
		s.store(dg, c.g)

		prev, f, df := c.prev(s, name), s.load(c.f), s.vec()
		s.op("fmul", df, dc, prev)
		slope(df, f)
		s.store(df, c.f)
		s.op("fmul", dc, dc, f)
		c.peephole(s, dc, di, 0, name)
		c.peephole(s, dc, df, 1, name)
		s.store(dc, dCp)
	})
}
