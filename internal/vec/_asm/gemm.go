package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panelBytes is the size of a panel's row of 32 float32.
const panelBytes = 128

// gemm writes the micro-kernels of the matrix product: tiles of so many rows by so
// many vectors. Eight accumulators or more keep both multipliers busy.
func gemm() {
	for _, l := range levels {
		packRows(l)
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
	panels := max(1, vecs*l.bytes/panelBytes)
	perPanel := vecs / panels
	TEXT(fmt.Sprintf("tile%dx%d%s", rows, vecs*l.lanes(), l.name), NOSPLIT,
		"func(tiles, k int, a *float32, rs, ks, next int, b *float32, ps int, c *float32, ldc int, mask uint32, init *float32, ldi int)")
	Doc(fmt.Sprintf("tile%dx%d%s computes tiles of %d rows and %d columns; see tile%s.",
		rows, vecs*l.lanes(), l.name, rows, vecs*l.lanes(), l.name))
	Pragma("noescape")
	a, rs, ks := arg("a"), arg("rs"), arg("ks")
	b, c, ldc := arg("b"), arg("c"), arg("ldc")
	SHLQ(Imm(2), rs)
	SHLQ(Imm(2), ks)
	SHLQ(Imm(2), ldc)
	var last reg.Register // mask of the last vector
	if l.avx512 {
		last = K()
		m := Load(Param("mask"), GP32())
		KMOVW(m.(reg.GPVirtual), last)
	}

	// The panels of B lie ps apart.
	var ps, ps3 reg.GPVirtual
	if panels > 1 {
		ps = arg("ps")
		SHLQ(Imm(2), ps)
		if panels > 3 {
			ps3 = GP64()
			LEAQ(Mem{Base: ps, Index: ps, Scale: 2}, ps3)
		}
	}
	// Row i of A is at rowPtr[i/5] + {0, 1, 2, 3, 4}[i%5] * rs: the multiple 3 has a
	// register of its own.
	const group = 5
	var rs3 reg.GPVirtual
	if rows > 3 {
		rs3 = GP64()
		LEAQ(Mem{Base: rs, Index: rs, Scale: 2}, rs3)
	}
	offset := func(ptr reg.GPVirtual, i int) Mem {
		switch i {
		case 0:
			return Mem{Base: ptr}
		case 3:
			return Mem{Base: ptr, Index: rs3, Scale: 1}
		}
		return Mem{Base: ptr, Index: rs, Scale: uint8(i)}
	}

	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = make([]reg.VecVirtual, vecs)
		for v := range acc[i] {
			acc[i][v] = l.vec()
		}
	}

	Label("tile")
	ip := arg("init")
	TESTQ(ip, ip)
	JNE(LabelRef("load"))
	for i := range acc {
		for v := range acc[i] {
			l.zero(acc[i][v])
		}
	}
	JMP(LabelRef("start"))
	Label("load")
	ldi := arg("ldi")
	SHLQ(Imm(2), ldi)
	for i := range acc {
		for v := range acc[i] {
			src := at(ip, v*l.bytes)
			if l.avx512 && v == vecs-1 {
				VMOVUPS_Z(src, last, acc[i][v])
			} else {
				VMOVUPS(src, acc[i][v])
			}
		}
		ADDQ(ldi, ip)
	}
	Store(ip, Param("init"))
	Label("start")
	ap := make([]reg.GPVirtual, (rows+group-1)/group)
	for g := range ap {
		ap[g] = GP64()
		if g == 0 {
			MOVQ(a, ap[0])
		} else {
			LEAQ(offset(ap[g-1], 4), ap[g])
			ADDQ(rs, ap[g])
		}
	}
	bp, n := GP64(), GP64()
	MOVQ(b, bp)
	Load(Param("k"), n)
	TESTQ(n, n)
	JZ(LabelRef("store"))

	// B comes straight from memory where it is used once, or the registers run out.
	inRegister := func(v int) bool {
		return rows > 1 && (l.avx512 || rows*vecs+v+1 < 16)
	}
	Label("sum")
	bv := make([]reg.VecVirtual, vecs)
	bm := make([]Mem, vecs)
	for v := range bm {
		m := Mem{Base: bp, Disp: v % perPanel * l.bytes}
		switch v / perPanel {
		case 1:
			m.Index, m.Scale = ps, 1
		case 2:
			m.Index, m.Scale = ps, 2
		case 3:
			m.Index, m.Scale = ps3, 1
		}
		bm[v] = m
		if inRegister(v) {
			bv[v] = l.vec()
			VMOVUPS(m, bv[v])
		}
	}
	for i := range rows {
		src := offset(ap[i/group], i%group)
		if vecs == 1 && l.avx512 && rows > 1 {
			VFMADD231PS_BCST(src, bv[0], acc[i][0])
			continue
		}
		av := l.vec()
		VBROADCASTSS(src, av)
		for v := range vecs {
			if inRegister(v) {
				VFMADD231PS(bv[v], av, acc[i][v])
			} else {
				VFMADD231PS(bm[v], av, acc[i][v])
			}
		}
	}
	for _, p := range ap {
		ADDQ(ks, p)
	}
	ADDQ(Imm(panelBytes), bp)
	DECQ(n)
	JNZ(LabelRef("sum"))

	Label("store")
	for i := range acc {
		for v := range acc[i] {
			dst := at(c, v*l.bytes)
			if l.avx512 && v == vecs-1 {
				VMOVUPS(acc[i][v], last, dst)
			} else {
				VMOVUPS(acc[i][v], dst)
			}
		}
		ADDQ(ldc, c)
	}
	next := arg("next")
	LEAQ(Mem{Base: a, Index: next, Scale: 4}, a)
	DECQ(NewParamAddr("tiles", 0))
	JNZ(LabelRef("tile"))
	l.done()
}

// packRows writes the copy of a block of a transposed A into tiles.
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
	Label("row")
	s, d, t := GP64(), GP64(), GP64()
	MOVQ(a, s)
	MOVQ(dst, d)
	Load(Param("tiles"), t)
	Label("tile")
	v := l.vec()
	l.loadMask(at(s, 0), mask, v)
	l.storeMask(v, mask, at(d, 0))
	ADDQ(rows, s)
	ADDQ(next, d)
	DECQ(t)
	JNZ(LabelRef("tile"))
	ADDQ(ks, a)
	ADDQ(rows, dst)
	DECQ(k)
	JNZ(LabelRef("row"))
	l.done()
}
