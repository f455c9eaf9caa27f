package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// int8Kernels writes the products of quantised numbers.
func int8Kernels() {
	for _, l := range levels {
		l.absMax()
		l.quantize()
	}
	for rows := 1; rows <= 12; rows++ {
		tileVNNI512(rows, 2)
	}
	tileVNNI512(1, 8)
	tileVNNI512(2, 4)
	tileVNNI512(3, 4)
	tileVNNI(1, 8)
	for rows := 1; rows <= 3; rows++ {
		tileVNNI(rows, 4)
	}
	tileMADD(1, 4)
	tileMADD(1, 2)
	tileMADD(2, 2)
}

func (l level) absMax() {
	l.kernel("absMax", "x []float32) (r uint32")
	x, n := base("x"), length("x")
	abs := newPoly(l, "abs")
	acc := l.zeros(4)
	l.partial(n, []reg.GPVirtual{x}, len(acc), l.lanes(), l.bytes, func(v int, s slots) {
		a := s.load(x)
		VANDPS(abs.c("abs"), a, a)
		VPMAXUD(a, acc[v], acc[v])
	})
	top, r := l.fold(acc, 4, VPMAXUD), GP32()
	VMOVD(top, r)
	Store(r, ReturnIndex(0))
	l.done()
}

// quantize takes whole vectors; what is left, fewer than eight, is for its caller if
// there are no masks.
func (l level) quantize() {
	l.kernel("quantize", "q []int8, x []float32, inverse float32) (r int32")
	inverse, q, x, n := l.fill("inverse"), base("q"), base("x"), length("x")
	acc := l.zeros(1)[0]
	take := func(s slots) {
		v := s.load(x)
		VMULPS(inverse, v, v)
		VCVTPS2DQ(v, v)
		VPADDD(v, acc, acc)
		switch {
		case s.mask != nil:
			VPMOVSDB(v, s.mask, at(q, 0))
		case l.avx512:
			VPMOVSDB(v, at(q, 0))
		default:
			lo, hi := v.AsX(), XMM()
			VEXTRACTI128(Imm(1), v, hi)
			VPACKSSDW(hi, lo, lo)
			VPACKSSWB(lo, lo, lo)
			VMOVQ(lo, at(q, 0))
		}
	}
	Label("vector")
	CMPQ(n, Imm(uint64(l.lanes())))
	JLT(LabelRef("rest"))
	take(slots{l, 0, nil})
	ADDQ(Imm(uint64(l.bytes)), x)
	ADDQ(Imm(uint64(l.lanes())), q)
	SUBQ(Imm(uint64(l.lanes())), n)
	JMP(LabelRef("vector"))
	Label("rest")
	if l.avx512 {
		TESTQ(n, n)
		JZ(LabelRef("sum"))
		take(slots{l, 0, l.mask(n)})
		Label("sum")
	}
	total, r := l.fold([]reg.VecVirtual{acc}, 4, VPADDD), GP32()
	VMOVD(total, r)
	Store(r, ReturnIndex(0))
	l.done()
}

// groupBytes is the size of a panel's row of 32 groups of four summands.
const groupBytes = 128

// An int8Tile is what the micro-kernels have in common: the loops over tiles and over
// groups of four summands.
type int8Tile struct {
	name                       string
	rows, cols, vecs, width    int // vectors of width columns
	a, lda, lda3, b, ps, ps3   reg.GPVirtual
	rowScale, rowAdd, colScale reg.GPVirtual
	c, ldc                     reg.GPVirtual
	panels                     int
}

func newInt8Tile(level string, rows, vecs, width int) *int8Tile {
	t := &int8Tile{rows: rows, cols: vecs * width, vecs: vecs, width: width}
	t.name = fmt.Sprintf("int8Tile%dx%d%s", rows, t.cols, level)
	TEXT(t.name, NOSPLIT, "func(tiles, k4 int, a *int8, lda int, b *uint8, ps int, rowScale *float32, rowAdd *int32, colScale *float32, c *float32, ldc int, mask uint32, add int)")
	Doc(fmt.Sprintf("%s computes tiles of %d rows and %d columns; see int8Tile%s.", t.name, rows, t.cols, level))
	Pragma("noescape")
	t.a, t.lda, t.b = arg("a"), arg("lda"), arg("b")
	t.rowScale, t.rowAdd, t.colScale = arg("rowScale"), arg("rowAdd"), arg("colScale")
	t.c, t.ldc = arg("c"), arg("ldc")
	SHLQ(Imm(2), t.ldc)
	if rows > 3 {
		t.lda3 = GP64()
		LEAQ(Mem{Base: t.lda, Index: t.lda, Scale: 2}, t.lda3)
	}
	t.panels = max(1, t.cols/32)
	if t.panels > 1 {
		t.ps = arg("ps")
		if t.panels > 3 {
			t.ps3 = GP64()
			LEAQ(Mem{Base: t.ps, Index: t.ps, Scale: 2}, t.ps3)
		}
	}
	return t
}

// bMem is vector v of the panels' row at ptr.
func (t *int8Tile) bMem(ptr reg.GPVirtual, v int) Mem {
	perPanel := t.vecs / t.panels
	m := Mem{Base: ptr, Disp: v % perPanel * t.width * 4}
	switch v / perPanel {
	case 1:
		m.Index, m.Scale = t.ps, 1
	case 2:
		m.Index, m.Scale = t.ps, 2
	case 3:
		m.Index, m.Scale = t.ps3, 1
	}
	return m
}

// loop writes the kernel: begin clears the sums, group adds four summands of row
// pointers rows and of B at bp, finish turns the sums of row i into C.
func (t *int8Tile) loop(begin func(), group func(row func(i int) Mem, bp reg.GPVirtual), finish func(i int)) {
	Label("tile")
	begin()
	// Rows 0 to 4, 5 to 9 and 10 to 11 have a pointer each.
	row := func(ptrs []reg.GPVirtual) func(i int) Mem {
		return func(i int) Mem {
			m := Mem{Base: ptrs[i/5]}
			switch i % 5 {
			case 0:
			case 3:
				m.Index, m.Scale = t.lda3, 1
			default:
				m.Index, m.Scale = t.lda, uint8(i%5)
			}
			return m
		}
	}
	ptrs := make([]reg.GPVirtual, (t.rows+4)/5)
	for g := range ptrs {
		ptrs[g] = GP64()
		if g == 0 {
			MOVQ(t.a, ptrs[0])
		} else {
			LEAQ(Mem{Base: ptrs[g-1], Index: t.lda, Scale: 4}, ptrs[g])
			ADDQ(t.lda, ptrs[g])
		}
	}
	bp, n := GP64(), GP64()
	MOVQ(t.b, bp)
	Load(Param("k4"), n)
	Label("sum")
	group(row(ptrs), bp)
	for _, p := range ptrs {
		ADDQ(Imm(4), p)
	}
	ADDQ(Imm(groupBytes), bp)
	DECQ(n)
	JNZ(LabelRef("sum"))
	for i := range t.rows {
		finish(i)
		ADDQ(Imm(4), t.rowScale)
		ADDQ(Imm(4), t.rowAdd)
		ADDQ(t.ldc, t.c)
		ADDQ(t.lda, t.a)
	}
	tiles := NewParamAddr("tiles", 0)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// ifAdd writes code that runs if the add parameter is set.
func ifAdd(label string, body func()) {
	add := arg("add")
	TESTQ(add, add)
	JZ(LabelRef(label))
	body()
	Label(label)
}

// tileVNNI512 multiplies sixteen columns by four summands in one instruction, which
// avo does not know.
func tileVNNI512(rows, vecs int) {
	t := newInt8Tile("VNNI512", rows, vecs, 16)
	l := levels[1]
	// The mask's low half is for the even vectors, the high half for the odd ones.
	even, odd := K(), K()
	m := arg32("mask")
	KMOVW(m, even)
	SHRL(Imm(16), m)
	KMOVW(m, odd)
	mask := func(v int) reg.Register { return []reg.Register{even, odd}[v%2] }
	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = make([]reg.VecVirtual, vecs)
		for v := range acc[i] {
			acc[i][v] = ZMM()
		}
	}
	t.loop(func() {
		for i := range acc {
			for v := range acc[i] {
				l.zero(acc[i][v])
			}
		}
	}, func(row func(i int) Mem, bp reg.GPVirtual) {
		bv := make([]reg.VecVirtual, vecs)
		for v := range bv {
			bv[v] = ZMM()
			VMOVDQU32(t.bMem(bp, v), bv[v])
		}
		for i := range rows {
			av := ZMM()
			VPBROADCASTD(row(i), av)
			for v := range vecs {
				Instruction(&ir.Instruction{
					Opcode:   "VPDPBUSD",
					Operands: []Op{av, bv[v], acc[i][v]},
					Inputs:   []Op{av, bv[v], acc[i][v]},
					Outputs:  []Op{acc[i][v]},
					ISA:      []string{"AVX512VNNI"},
				})
			}
		}
	}, func(i int) {
		for v := range vecs {
			s := acc[i][v]
			VPADDD_BCST(at(t.rowAdd, 0), s, s)
			VCVTDQ2PS(s, s)
			VMULPS_BCST(at(t.rowScale, 0), s, s)
			scale := ZMM()
			VMOVUPS_Z(at(t.colScale, 64*v), mask(v), scale)
			VMULPS(scale, s, s)
		}
		ifAdd(fmt.Sprintf("store%d", i), func() {
			for v := range vecs {
				old := ZMM()
				VMOVUPS_Z(at(t.c, 64*v), mask(v), old)
				VADDPS(acc[i][v], old, acc[i][v])
			}
		})
		for v := range vecs {
			VMOVUPS(acc[i][v], mask(v), at(t.c, 64*v))
		}
	})
}

func arg32(name string) reg.GPVirtual { return Load(Param(name), GP32()).(reg.GPVirtual) }

// scaled turns eight sums in s into C at vector v of the row; tmp is free.
func (t *int8Tile) scaled(i, v int, s, tmp reg.VecPhysical) {
	VPBROADCASTD(at(t.rowAdd, 0), tmp)
	VPADDD(tmp, s, s)
	VCVTDQ2PS(s, s)
	VBROADCASTSS(at(t.rowScale, 0), tmp)
	VMULPS(tmp, s, s)
	VMULPS(at(t.colScale, 32*v), s, s)
	ifAdd(fmt.Sprintf("store%d_%d", i, v), func() {
		VADDPS(at(t.c, 32*v), s, s)
	})
	VMOVUPS(s, at(t.c, 32*v))
}

// tileVNNI is for processors that have VNNI but not AVX-512. Neither avo nor the
// assembler knows the instruction in this encoding, so that registers are chosen by
// hand and it is written as bytes.
func tileVNNI(rows, vecs int) {
	t := newInt8Tile("VNNI", rows, vecs, 8)
	y := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	b, a := 12, 13 // then the sums are 0 to 11
	t.loop(func() {
		for i := range rows * vecs {
			VXORPS(y[i], y[i], y[i])
		}
	}, func(row func(i int) Mem, bp reg.GPVirtual) {
		for i := range rows {
			VPBROADCASTD(row(i), y[a+i])
		}
		for v := range vecs {
			VMOVDQU(t.bMem(bp, v), y[b])
			for i := range rows {
				vpdpbusd(a+i, b, i*vecs+v)
			}
		}
	}, func(i int) {
		for v := range vecs {
			t.scaled(i, v, y[i*vecs+v], y[b])
		}
	})
}

// vpdpbusd is VPDPBUSD Ysigned, Yunsigned, Ysum in the VEX encoding,
// VEX.256.66.0F38.W0 50 /r.
func vpdpbusd(signed, unsigned, sum int) {
	inverted := func(r int) int { return 1 - r>>3 }
	Comment(fmt.Sprintf("VPDPBUSD Y%d, Y%d, Y%d", signed, unsigned, sum))
	for _, b := range []int{
		0xc4,
		inverted(sum)<<7 | 1<<6 | inverted(signed)<<5 | 2,
		(15-unsigned)<<3 | 1<<2 | 1,
		0x50,
		0xc0 | sum&7<<3 | signed&7,
	} {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}})
	}
}

// tileMADD is for AVX2 alone: it widens both operands to sixteen bits, four columns of
// four summands to a register, and adds pairs of products. No sum can overflow, as it
// can with the instruction that takes bytes.
func tileMADD(rows, vecs int) {
	t := newInt8Tile("AVX2", rows, vecs, 8)
	y := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11}
	x := []reg.VecPhysical{reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7, reg.X8, reg.X9, reg.X10, reg.X11}
	halves := 2 * vecs // sums are 0 to 7
	a, b, p := 8, 10, 11
	t.loop(func() {
		for i := range rows * halves {
			VXORPS(y[i], y[i], y[i])
		}
	}, func(row func(i int) Mem, bp reg.GPVirtual) {
		for i := range rows {
			VPBROADCASTD(row(i), x[a+i])
			VPMOVSXBW(x[a+i], y[a+i])
		}
		for h := range halves {
			VPMOVZXBW(at(bp, 16*h), y[b])
			for i := range rows {
				s := y[i*halves+h]
				VPMADDWD(y[a+i], y[b], y[p])
				VPADDD(y[p], s, s)
			}
		}
	}, func(i int) {
		for v := range vecs {
			s, s1 := y[i*halves+2*v], y[i*halves+2*v+1]
			VPHADDD(s1, s, s)
			VPERMQ(Imm(0xd8), s, s)
			t.scaled(i, v, s, y[b])
		}
	})
}
