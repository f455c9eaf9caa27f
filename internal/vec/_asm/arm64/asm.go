package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// V and R are a vector register and a general one.
type (
	V int
	R int
)

func (v V) String() string { return fmt.Sprintf("V%d", int(v)) }
func (r R) String() string { return fmt.Sprintf("R%d", int(r)) }

// f is the name of a vector register in the loads and stores of all or a part of it.
func (v V) f() string { return fmt.Sprintf("F%d", int(v)) }

// A kernel is a function that is being written.
type kernel struct {
	*file
	offset  map[string]int // of the parameters from FP, those of a slice as x_base and x_len
	vectors []V            // that are free
	general []R
}

// kernel starts a function. doc says what it is, behind its name; signature is its
// type, as in func(a float32, x []float32) (r float32).
func (f *file) kernel(name, signature, doc string) *kernel {
	k := &kernel{file: f}
	for v := range V(32) {
		k.vectors = append(k.vectors, v)
	}
	// R16 and R17 are the linker's, R18 the system's, R26 to R30 Go's.
	for r := range R(26) {
		if r < 16 || r > 18 {
			k.general = append(k.general, r)
		}
	}
	var size int
	k.offset, size = layout(signature)
	fmt.Fprintf(&f.stubs, "\n// %s %s.\n//\n//go:noescape\nfunc %s%s\n", name, doc, name, strings.TrimPrefix(signature, "func"))
	fmt.Fprintf(&f.text, "\n// func %s%s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, strings.TrimPrefix(signature, "func"), name, size)
	return k
}

// layout is where the parameters and results of a function lie in its frame, and the
// size of them all.
func layout(signature string) (offset map[string]int, size int) {
	offset = map[string]int{}
	in, out, _ := strings.Cut(strings.TrimPrefix(signature, "func("), ")")
	for i, list := range []string{in, strings.Trim(out, " ()")} {
		if list == "" {
			continue
		}
		if i == 1 {
			size = (size + 7) &^ 7
		}
		fields := strings.Split(list, ", ")
		kinds := make([]string, len(fields))
		kind := ""
		for i, field := range slices.Backward(fields) { // x, y int: the type stands behind the last
			name, own, typed := strings.Cut(field, " ")
			if typed {
				kind = own
			}
			fields[i], kinds[i] = name, kind
		}
		for i, name := range fields {
			bytes := 8 // int, float64 and pointers
			switch kind := kinds[i]; {
			case kind == "float32" || kind == "int32" || kind == "uint32":
				bytes = 4
			case strings.HasPrefix(kind, "[]"):
				size = (size + 7) &^ 7
				offset[name+"_base"], offset[name+"_len"] = size, size+8
				size += 24
				continue
			}
			size = (size + bytes - 1) &^ (bytes - 1)
			offset[name] = size
			size += bytes
		}
	}
	return offset, size
}

// param is a parameter as an operand.
func (k *kernel) param(name string) string {
	at, ok := k.offset[name]
	if !ok {
		panic("no parameter " + name)
	}
	return fmt.Sprintf("%s+%d(FP)", name, at)
}

// do writes an instruction of Go's assembler.
func (k *kernel) do(format string, args ...any) {
	fmt.Fprintf(&k.text, "\t"+format+"\n", args...)
}

func (k *kernel) label(name string) { fmt.Fprintf(&k.text, "\n%s:\n", name) }

// vec takes a vector register that is free.
func (k *kernel) vec() V {
	v := k.vectors[0]
	k.vectors = k.vectors[1:]
	return v
}

// vecs takes n vector registers.
func (k *kernel) vecs(n int) []V {
	v := make([]V, n)
	for i := range v {
		v[i] = k.vec()
	}
	return v
}

// reg takes a general register that is free.
func (k *kernel) reg() R {
	r := k.general[0]
	k.general = k.general[1:]
	return r
}

// scope runs body, then frees the registers that it took.
func (k *kernel) scope(body func()) {
	vectors, general := k.vectors, k.general
	body()
	k.vectors, k.general = vectors, general
}

// arg loads a parameter into a general register: an int, a pointer, or x_base or x_len
// of a slice.
func (k *kernel) arg(name string) R {
	r := k.reg()
	k.do("MOVD %s, %v", k.param(name), r)
	return r
}

// elements loads a parameter that counts float32 and makes it a number of bytes.
func (k *kernel) elements(name string) R {
	r := k.arg(name)
	k.do("LSL $2, %v", r)
	return r
}

// fill repeats a parameter of 32 bits in all of a vector.
func (k *kernel) fill(name string) V {
	v := k.vec()
	k.do("FMOVS %s, %s", k.param(name), v.f())
	k.do("VDUP %v.S[0], %v.S4", v, v)
	return v
}

// A form is an instruction on vectors. Go's assembler has some; the others are written
// as the word that they are, with a comment that the tests hold to a disassembler.
type form struct {
	shape string // the arrangement of each operand, of the result first
	bits  uint32 // with register 0 everywhere
	asm   string // or the name in Go's assembler
}

// The name may go on, behind a space, with what tells it from others of its kind.
var forms = map[string]form{
	"fadd":   {"4s 4s 4s", 0x4e20d400, ""},
	"fsub":   {"4s 4s 4s", 0x4ea0d400, ""},
	"fmul":   {"4s 4s 4s", 0x6e20dc00, ""},
	"fdiv":   {"4s 4s 4s", 0x6e20fc00, ""},
	"fmax":   {"4s 4s 4s", 0x4e20f400, ""},
	"fmin":   {"4s 4s 4s", 0x4ea0f400, ""},
	"fcmgt":  {"4s 4s 4s", 0x6ea0e400, ""},
	"fmla":   {"4s 4s 4s", 0, "VFMLA"}, // d += n*m, rounded once
	"fmls":   {"4s 4s 4s", 0, "VFMLS"}, // d -= n*m, rounded once
	"fabs":   {"4s 4s", 0x4ea0f800, ""},
	"fneg":   {"4s 4s", 0x6ea0f800, ""},
	"fsqrt":  {"4s 4s", 0x6ea1f800, ""},
	"scvtf":  {"4s 4s", 0x4e21d800, ""},
	"fcvtns": {"4s 4s", 0x4e21a800, ""}, // to the nearest whole number, ties to even

	"fadd 2d": {"2d 2d 2d", 0x4e60d400, ""},
	"fmul 2d": {"2d 2d 2d", 0x6e60dc00, ""},
	"fcvtl":   {"2d 2s", 0x0e617800, ""}, // the lower two to float64
	"fcvtl2":  {"2d 4s", 0x4e617800, ""}, // the upper two

	"mov":      {"16b 16b", 0, "VMOV"},
	"eor":      {"16b 16b 16b", 0, "VEOR"},
	"bit":      {"16b 16b 16b", 0, "VBIT"}, // the bits of n where those of m are set
	"add":      {"4s 4s 4s", 0, "VADD"},
	"sub":      {"4s 4s 4s", 0, "VSUB"},
	"addp":     {"4s 4s 4s", 0, "VADDP"}, // sums of pairs of n, then of m
	"umax":     {"4s 4s 4s", 0, "VUMAX"},
	"uzp1 8h":  {"8h 8h 8h", 0, "VUZP1"}, // the even elements of n, then of m
	"uzp1 16b": {"16b 16b 16b", 0, "VUZP1"},
	"smull":    {"8h 8b 8b", 0x0e20c000, ""}, // products of the lower eight, twice as wide
	"smull2":   {"8h 16b 16b", 0x4e20c000, ""},
	"sadalp":   {"4s 8h", 0x4e606800, ""}, // d += sums of pairs
}

// op writes an instruction, in Arm's order of operands: the result first.
func (k *kernel) op(name string, reg ...V) {
	form, ok := forms[name]
	shape := strings.Fields(form.shape)
	if !ok || len(shape) != len(reg) {
		panic(fmt.Sprintf("no %s of %d registers", name, len(reg)))
	}
	operands := make([]string, len(reg))
	if form.asm != "" {
		for i, v := range reg { // Go's order is the other one, and S4 means 4s
			last := len(shape[i]) - 1
			operands[len(reg)-1-i] = fmt.Sprintf("%v.%s%s", v, strings.ToUpper(shape[i][last:]), shape[i][:last])
		}
		k.do("%s %s", form.asm, strings.Join(operands, ", "))
		return
	}
	mnemonic, _, _ := strings.Cut(name, " ")
	bits := form.bits
	for i, v := range reg {
		bits |= uint32(v) << []int{0, 5, 16}[i]
		operands[i] = fmt.Sprintf("v%d.%s", int(v), shape[i])
	}
	k.word(bits, "%s %s", mnemonic, strings.Join(operands, ", "))
}

func (k *kernel) word(bits uint32, format string, args ...any) {
	k.do("WORD $0x%08x // %s", bits, fmt.Sprintf(format, args...))
}

// lane is the bits that choose element i of four in the second factor.
func lane(i int) uint32 { return uint32(i&1<<21 | i>>1<<11) }

// fmlaLane is d += n * m[i], rounded once.
func (k *kernel) fmlaLane(d, n, m V, i int) {
	k.word(0x4f801000|lane(i)|uint32(m)<<16|uint32(n)<<5|uint32(d), "fmla v%d.4s, v%d.4s, v%d.s[%d]", d, n, m, i)
}

// sdotLane adds to each of the four elements of d the sum of four products: of its four
// bytes in n with the four bytes of m[i].
func (k *kernel) sdotLane(d, n, m V, i int) {
	k.word(0x4f80e000|lane(i)|uint32(m)<<16|uint32(n)<<5|uint32(d), "sdot v%d.4s, v%d.16b, v%d.4b[%d]", d, n, m, i)
}

// half is d = n >> 1, with the sign.
func (k *kernel) half(d, n V) {
	k.word(0x4f3f0400|uint32(n)<<5|uint32(d), "sshr v%d.4s, v%d.4s, #1", d, n)
}

// zero clears a vector.
func (k *kernel) zero(v V) { k.op("eor", v, v, v) }

// copied is a new register with what v has.
func (k *kernel) copied(v V) V {
	d := k.vec()
	k.op("mov", d, v)
	return d
}

// loop writes a loop that ends when n, which it counts down by step, is below step.
func (k *kernel) loop(name, after string, n R, step int, body func()) {
	k.label(name)
	k.do("CMP $%d, %v", step, n)
	k.do("BLT %s", after)
	k.scope(body)
	k.do("SUB $%d, %v", step, n)
	k.do("B %s", name)
}

// unless runs body unless r is 0.
func (k *kernel) unless(r R, label string, body func()) {
	k.do("CBZ %v, %s", r, label)
	body()
	k.label(label)
}

// constant loads a vector of the file's data: value, four times.
func (k *kernel) constant(table R, name string, value float32) V {
	at, ok := k.offsets[name]
	if !ok {
		at = 16 * len(k.offsets)
		k.offsets[name] = at
		fmt.Fprintf(&k.data, "\n// %s\n", name)
		for i := range 4 {
			fmt.Fprintf(&k.data, "DATA constants<>+%d(SB)/4, $0x%08x\n", at+4*i, math.Float32bits(value))
		}
	}
	v := k.vec()
	k.do("FMOVQ %d(%v), %s", at, table, v.f())
	return v
}

// constants starts a function's use of the data; the file ends with endConstants.
func (k *kernel) constants() R {
	r := k.reg()
	k.do("MOVD $constants<>(SB), %v", r)
	return r
}

func (f *file) endConstants() {
	fmt.Fprintf(&f.data, "\nGLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 16*len(f.offsets))
}
