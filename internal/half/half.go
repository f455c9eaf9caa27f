// Package half converts numbers of half precision, IEEE 754 binary16: eleven
// bits of precision, up to 65504.
package half

import "math"

// Float returns the value of the bits h, exactly.
func Float(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 31
	frac := uint32(h & 0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*(1.0/(1<<24))))
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// From returns the bits of the number nearest to v, ties to even. What is beyond
// 65504 becomes infinite.
func From(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits>>16) & 0x8000
	bits &= 0x7fffffff
	switch {
	case bits > 0x7f800000: // NaN stays NaN
		return sign | 0x7e00
	case bits >= 0x477ff000: // 65520 and above round to infinity
		return sign | 0x7c00
	case bits < 0x38800000: // below 2^-14: subnormal, in units of 2^-24
		// Adding 2^-1 leaves exactly these units in the lowest bits, and the
		// addition itself rounds to nearest even.
		sum := math.Float32bits(math.Float32frombits(bits) + 0.5)
		return sign | uint16(sum-0x3f000000)
	}
	bits += 0xfff + bits>>13&1 // round the 13 bits to be dropped
	return sign | uint16((bits-112<<23)>>13)
}
