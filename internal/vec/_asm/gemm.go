package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panelBytes is the size of a panel's row: of 32 float32, with AVX2 of 16.
func (l level) panelBytes() int {
	if l.avx512 {
		return 128
	}
	return 64
}

// gemm writes the micro-kernels of the matrix product: tiles of so many rows by so
// many vectors. Eight accumulators or more keep both multipliers busy.
func gemm() {
	for _, l := range levels {
		packRows(l)
		packPanels(l)
		if l.avx512 {
			for rows := 1; rows <= 12; rows++ {
				tile(l, rows, 1)
				tile(l, rows, 2)
			}
			tile(l, 1, 8)
			tile(l, 2, 4)
			tile(l, 3, 4)
			continue
		}
		tile(l, 1, 8)
		for rows := 1; rows <= 3; rows++ {
			tile(l, rows, 4)
		}
		for rows := 3; rows <= 6; rows++ {
			tile(l, rows, 2)
		}
	}
}

// tile writes one micro-kernel. Its accumulators are a tile of C; it adds the outer
// products of k columns of A and k rows of B to them, in order.
func tile(l level, rows, vecs int) {
	TEXT(fmt.Sprintf("tile%dx%d%s", rows, vecs*l.lanes(), l.name), NOSPLIT,
		"func(tiles, k int, a *float32, rs, ks, next int, b *float32, ps int, c *float32, ldc int, mask uint32, init *float32, ldi int)")
	Doc(fmt.Sprintf("tile%dx%d%s computes tiles of %d rows and %d columns; see tile%s.",
		rows, vecs*l.lanes(), l.name, rows, vecs*l.lanes(), l.name))
	Pragma("noescape")
	t := newFloatTile(l, rows, vecs)
	Label("tile")
	t.loadAcc()
	Label("start")
	ap := t.rowPointers()
	bp, n := GP64(), GP64()
	MOVQ(t.b, bp)
	Load(Param("k"), n)
	TESTQ(n, n)
	JZ(LabelRef("store"))
	align()
	Label("sum")
	t.addProduct(ap, bp)
	for _, p := range ap {
		ADDQ(t.ks, p)
	}
	ADDQ(I32(t.panelBytes()), bp)
	DECQ(n)
	JNZ(LabelRef("sum"))
	Label("store")
	t.storeAcc()
	next := arg("next")
	LEAQ(Mem{Base: t.a, Index: next, Scale: 4}, t.a)
	DECQ(NewParamAddr("tiles", 0))
	JNZ(LabelRef("tile"))
	l.done()
}

// align puts the next instruction at the beginning of a line of memory, as a short loop
// should begin.
func align() { Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(64)}}) }

// A floatTile holds what stays in registers from one tile to the next.
type floatTile struct {
	level
	rows, vecs int

	a, rs, ks reg.GPVirtual // A, and how far its rows and columns lie apart in bytes
	rs3       reg.GPVirtual // 3*rs, with more than three rows
	b         reg.GPVirtual
	ps, ps3   reg.GPVirtual // how far the panels of B lie apart, and three times that
	c, ldc    reg.GPVirtual
	last      reg.Register // mask of the last vector, with AVX-512
	acc       [][]reg.VecVirtual
}

// panels is the number of panels of B that a tile takes part of.
func (t *floatTile) panels() int { return max(1, t.vecs*t.bytes/t.panelBytes()) }

func newFloatTile(l level, rows, vecs int) *floatTile {
	t := &floatTile{level: l, rows: rows, vecs: vecs}
	t.a, t.rs, t.ks = arg("a"), arg("rs"), arg("ks")
	t.b, t.c, t.ldc = arg("b"), arg("c"), arg("ldc")
	SHLQ(Imm(2), t.rs)
	SHLQ(Imm(2), t.ks)
	SHLQ(Imm(2), t.ldc)
	if l.avx512 {
		t.last = K()
		m := Load(Param("mask"), GP32())
		KMOVW(m.(reg.GPVirtual), t.last)
	}
	if t.panels() > 1 {
		t.ps = arg("ps")
		SHLQ(Imm(2), t.ps)
		if t.panels() > 3 {
			t.ps3 = GP64()
			LEAQ(Mem{Base: t.ps, Index: t.ps, Scale: 2}, t.ps3)
		}
	}
	if rows > 3 {
		t.rs3 = GP64()
		LEAQ(Mem{Base: t.rs, Index: t.rs, Scale: 2}, t.rs3)
	}
	t.acc = make([][]reg.VecVirtual, rows)
	for i := range t.acc {
		t.acc[i] = make([]reg.VecVirtual, vecs)
		for v := range t.acc[i] {
			t.acc[i][v] = l.vec()
		}
	}
	return t
}

// loadAcc sets the accumulators to the tile of init, to zero without one. A negative ldi
// stands for a table of slices.
func (t *floatTile) loadAcc() {
	ip := arg("init")
	TESTQ(ip, ip)
	JNE(LabelRef("load"))
	for i := range t.acc {
		for v := range t.acc[i] {
			t.zero(t.acc[i][v])
		}
	}
	JMP(LabelRef("start"))
	Label("load")
	ldi := arg("ldi")
	TESTQ(ldi, ldi)
	JS(LabelRef("table"))
	SHLQ(Imm(2), ldi)
	for i := range t.acc {
		t.loadRow(i, ip)
		t.prefetchRow(ip)
		ADDQ(ldi, ip)
	}
	Store(ip, Param("init"))
	JMP(LabelRef("start"))
	Label("table")
	NOTQ(ldi)
	for i := range t.acc {
		row := GP64()
		MOVQ(Mem{Base: ip}, row)
		LEAQ(Mem{Base: row, Index: ldi, Scale: 4}, row)
		t.loadRow(i, row)
		t.prefetchRow(row)
		ADDQ(Imm(24), ip)
	}
	Store(ip, Param("init"))
}

// loadRow sets the accumulators of row i to what is at ptr.
func (t *floatTile) loadRow(i int, ptr reg.GPVirtual) {
	for v := range t.acc[i] {
		src := at(ptr, v*t.bytes)
		if t.avx512 && v == t.vecs-1 {
			VMOVUPS_Z(src, t.last, t.acc[i][v])
		} else {
			VMOVUPS(src, t.acc[i][v])
		}
	}
}

// prefetchRow fetches what is behind the tile's part of a row, as rows may lie anywhere: with
// AVX-512, whose tiles are wider, to the second-level cache, as the first is full of A and B.
func (t *floatTile) prefetchRow(ptr reg.GPVirtual) {
	for line := 0; line < t.vecs*t.bytes; line += 64 {
		if next := at(ptr, t.vecs*t.bytes+line); t.avx512 {
			PREFETCHT1(next)
		} else {
			PREFETCHT0(next)
		}
	}
}

// rowGroup is the number of rows of A that share a pointer: row i is at
// rowPointers[i/5] + {0, 1, 2, 3, 4}[i%5] * rs, where the multiple 3 has a register
// of its own.
const rowGroup = 5

// rowPointers points to the first column of A.
func (t *floatTile) rowPointers() []reg.GPVirtual {
	ap := make([]reg.GPVirtual, (t.rows+rowGroup-1)/rowGroup)
	for g := range ap {
		ap[g] = GP64()
		if g == 0 {
			MOVQ(t.a, ap[0])
		} else {
			LEAQ(t.aMem(ap[g-1], 4), ap[g])
			ADDQ(t.rs, ap[g])
		}
	}
	return ap
}

// aMem is the i-th row of the group at ptr.
func (t *floatTile) aMem(ptr reg.GPVirtual, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: ptr}
	case 3:
		return Mem{Base: ptr, Index: t.rs3, Scale: 1}
	}
	return Mem{Base: ptr, Index: t.rs, Scale: uint8(i)}
}

// bMem is vector v of the row of B at bp.
func (t *floatTile) bMem(bp reg.GPVirtual, v int) Mem {
	perPanel := t.vecs / t.panels()
	m := Mem{Base: bp, Disp: v % perPanel * t.bytes}
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

// addProduct adds the product of a column of A and a row of B.
func (t *floatTile) addProduct(ap []reg.GPVirtual, bp reg.GPVirtual) {
	// B comes straight from memory where it is used once, or the registers run out.
	inRegister := func(v int) bool {
		return t.rows > 1 && (t.avx512 || t.rows*t.vecs+v+1 < 16)
	}
	bv := make([]reg.VecVirtual, t.vecs)
	for v := range bv {
		if inRegister(v) {
			bv[v] = t.vec()
			VMOVUPS(t.bMem(bp, v), bv[v])
		}
	}
	for i := range t.rows {
		src := t.aMem(ap[i/rowGroup], i%rowGroup)
		if t.vecs == 1 && t.avx512 && t.rows > 1 {
			VFMADD231PS_BCST(src, bv[0], t.acc[i][0])
			continue
		}
		av := t.vec()
		VBROADCASTSS(src, av)
		for v := range t.vecs {
			if inRegister(v) {
				VFMADD231PS(bv[v], av, t.acc[i][v])
			} else {
				VFMADD231PS(t.bMem(bp, v), av, t.acc[i][v])
			}
		}
	}
}

// storeAcc stores the accumulators in C and goes on to the next tile of it.
func (t *floatTile) storeAcc() {
	for i := range t.acc {
		for v := range t.acc[i] {
			dst := at(t.c, v*t.bytes)
			if t.avx512 && v == t.vecs-1 {
				VMOVUPS(t.acc[i][v], t.last, dst)
			} else {
				VMOVUPS(t.acc[i][v], dst)
			}
		}
		ADDQ(t.ldc, t.c)
	}
}

// packRows writes the copy of a block of a transposed A into tiles. AVX2 is slow to store
// through a mask, so that it does so in the last row alone: what a whole vector reads and
// writes too much before is of the next row, where tiles have as many rows as make up for it.
func packRows(l level) {
	name := "packRows" + l.name
	TEXT(name, NOSPLIT, "func(tiles, rows, k int, dst *float32, next int, a *float32, ks int)")
	Doc(name + " copies tiles; see packRows.")
	Pragma("noescape")
	rows, k, dst, next, a, ks := arg("rows"), arg("k"), arg("dst"), arg("next"), arg("a"), arg("ks")
	SHLQ(Imm(2), next)
	SHLQ(Imm(2), ks)
	mask := l.mask(rows)
	SHLQ(Imm(2), rows)
	// loop copies n rows of all tiles.
	loop := func(suffix string, n reg.GPVirtual, masked bool) {
		Label("row" + suffix)
		s, d, t := GP64(), GP64(), GP64()
		MOVQ(a, s)
		MOVQ(dst, d)
		Load(Param("tiles"), t)
		Label("tile" + suffix)
		v := l.vec()
		if masked {
			l.loadMask(at(s, 0), mask, v)
			l.storeMask(v, mask, at(d, 0))
		} else {
			VMOVUPS(at(s, 0), v)
			VMOVUPS(v, at(d, 0))
		}
		ADDQ(rows, s)
		ADDQ(next, d)
		DECQ(t)
		JNZ(LabelRef("tile" + suffix))
		ADDQ(ks, a)
		ADDQ(rows, dst)
		DECQ(n)
		JNZ(LabelRef("row" + suffix))
	}
	if !l.avx512 {
		CMPQ(rows, Imm(uint64(l.bytes/2)))
		JL(LabelRef("row"))
		whole := GP64()
		MOVQ(k, whole)
		DECQ(whole)
		JZ(LabelRef("row"))
		MOVQ(U32(1), k)
		loop("Whole", whole, false)
	}
	loop("", k, true)
	l.done()
}

// packPanels writes the copy of whole panels, row by row: a row of B is read once, from one end
// to the other, while lines of the panels are written whole.
func packPanels(l level) {
	name := "packPanels" + l.name
	TEXT(name, NOSPLIT, "func(panels, k int, dst *float32, next int, b *float32, ldb int)")
	Doc(name + " copies panels; see packPanels.")
	Pragma("noescape")
	k, dst, next, b, ldb := arg("k"), arg("dst"), arg("next"), arg("b"), arg("ldb")
	SHLQ(Imm(2), next)
	SHLQ(Imm(2), ldb)
	Label("row")
	s, d, n := GP64(), GP64(), GP64()
	MOVQ(b, s)
	MOVQ(dst, d)
	Load(Param("panels"), n)
	Label("panel")
	for at := 0; at < l.panelBytes(); at += l.bytes {
		v := l.vec()
		VMOVUPS(Mem{Base: s, Disp: at}, v)
		VMOVUPS(v, Mem{Base: d, Disp: at})
	}
	ADDQ(I32(l.panelBytes()), s)
	ADDQ(next, d)
	DECQ(n)
	JNZ(LabelRef("panel"))
	ADDQ(ldb, b)
	ADDQ(I32(l.panelBytes()), dst)
	DECQ(k)
	JNZ(LabelRef("row"))
	l.done()
}
