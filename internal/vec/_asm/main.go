// Command asm writes the assembly of package vec with avo. Run it through go generate
// in that package; -group names the file that is wanted.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	group := flag.String("group", "", "what to generate: gemm, vector, math or int8")
	flag.Parse()
	ConstraintExpr("amd64")
	ConstraintExpr("!noasm")
	switch *group {
	case "gemm":
		gemm()
	case "vector":
		vector()
	case "math":
		math()
	case "int8":
		int8Kernels()
	default:
		log.Fatalf("unknown group %q", *group)
	}
	Generate()
}

// A level is one of the instruction sets that the kernels are written for.
type level struct {
	name   string
	avx512 bool
	bytes  int // of a vector register
}

var levels = []level{{"AVX2", false, 32}, {"AVX512", true, 64}}

// lanes is the number of float32 in a vector register.
func (l level) lanes() int { return l.bytes / 4 }

// vec returns a new vector register.
func (l level) vec() reg.VecVirtual {
	if l.avx512 {
		return ZMM()
	}
	return YMM()
}

// zero clears a vector register.
func (l level) zero(v reg.VecVirtual) {
	if l.avx512 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// mask returns a mask of the first n elements of a vector, 0 <= n < lanes.
func (l level) mask(n reg.GPVirtual) reg.Register {
	if l.avx512 {
		bits, k := GP64(), K()
		MOVQ(I64(-1), bits)
		SHLXQ(n, bits, bits)
		NOTQ(bits)
		KMOVW(bits.As32(), k)
		return k
	}
	table, k := GP64(), YMM()
	LEAQ(maskTable(), table)
	off := GP64()
	MOVQ(n, off)
	NEGQ(off)
	VMOVDQU(Mem{Base: table, Index: off, Scale: 4, Disp: 32}, k)
	return k
}

var table Mem

// maskTable is eight words of ones followed by eight of zeros.
func maskTable() Mem {
	if table.Base == nil {
		table = GLOBL("firstLanes", RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(0xffffffff))
		}
		for i := range 8 {
			DATA(32+4*i, U32(0))
		}
	}
	return table
}

// loadMask loads the elements in mask and makes the others 0.
func (l level) loadMask(src Mem, mask reg.Register, v reg.VecVirtual) {
	if l.avx512 {
		VMOVUPS_Z(src, mask, v)
	} else {
		VMASKMOVPS(src, mask, v)
	}
}

// storeMask stores the elements in mask alone.
func (l level) storeMask(v reg.VecVirtual, mask reg.Register, dst Mem) {
	if l.avx512 {
		VMOVUPS(v, mask, dst)
	} else {
		VMASKMOVPS(v, mask, dst)
	}
}

func (l level) done() {
	VZEROUPPER()
	RET()
}

// arg loads a parameter into a new general register.
func arg(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// base loads the first element's address of a slice parameter.
func base(name string) reg.GPVirtual { return Load(Param(name).Base(), GP64()).(reg.GPVirtual) }

// at is the memory operand ptr+disp.
func at(ptr reg.Register, disp int) Mem { return Mem{Base: ptr, Disp: disp} }
