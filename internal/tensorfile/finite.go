package tensorfile

import (
	"encoding/binary"
	"math"

	"github.com/textlstm/textlstm/internal/half"
)

// firstNonFinite returns the index of the first NaN or infinity among the
// elements of data, -1 if there is none or the type has none. A C64 counts as
// non-finite if either part is.
//
// A float is finite unless all bits of its exponent are set, that is unless
// adding one to the exponent carries into the (cleared) sign bit. Eight bytes
// are tested at once; a carry cannot cross into the next lane, since the sign
// bit it goes to was zero.
func firstNonFinite(d DType, data []byte) int {
	var exp, one uint64 // per lane: the exponent's bits, the lowest of them
	switch d {
	case F32, C64:
		exp, one = 0x7f800000_7f800000, 0x00800000_00800000
	case F64:
		exp, one = 0x7ff00000_00000000, 0x00100000_00000000
	case F16:
		exp, one = 0x7c007c00_7c007c00, 0x04000400_04000400
	case BF16:
		exp, one = 0x7f807f80_7f807f80, 0x00800080_00800080
	case F8E5M2:
		exp, one = 0x7c7c7c7c_7c7c7c7c, 0x04040404_04040404
	case F8E4M3: // no infinities; NaN is all ones but for the sign
		exp, one = 0x7f7f7f7f_7f7f7f7f, 0x01010101_01010101
	default:
		return -1
	}
	size := d.Size()
	i := 0
	for ; i+64 <= len(data); i += 64 {
		b := data[i : i+64 : i+64]
		var carry uint64
		for j := 0; j < 64; j += 8 {
			carry |= (binary.LittleEndian.Uint64(b[j:]) & exp) + one
		}
		if carry&signs(one, exp) != 0 {
			break
		}
	}
	for ; i+size <= len(data); i += size {
		var lane [8]byte
		copy(lane[:], data[i:i+size])
		if ((binary.LittleEndian.Uint64(lane[:])&exp)+one)&signs(one, exp) != 0 {
			return i / size
		}
	}
	return -1
}

// signs are the bits just above the exponents.
func signs(one, exp uint64) uint64 { return exp + one }

// value returns element i of floating-point data, for a message.
func value(d DType, data []byte, i int) any {
	at := i * d.Size()
	switch d {
	case F32:
		return math.Float32frombits(binary.LittleEndian.Uint32(data[at:]))
	case F64:
		return math.Float64frombits(binary.LittleEndian.Uint64(data[at:]))
	case C64:
		return complex(math.Float32frombits(binary.LittleEndian.Uint32(data[at:])),
			math.Float32frombits(binary.LittleEndian.Uint32(data[at+4:])))
	case F16:
		return half.Float(binary.LittleEndian.Uint16(data[at:]))
	case BF16:
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[at:])) << 16)
	}
	return "NaN or infinite"
}

// position returns the indices of element i in an array of the given shape.
func position(i int, shape []int) []int {
	pos := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		pos[k] = i % shape[k]
		i /= shape[k]
	}
	return pos
}
