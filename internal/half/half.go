// Package half converts numbers of half precision, IEEE 754 binary16: eleven
// bits of precision, up to 65504.
package half

import "math"

// Float returns the value of the bits h, exactly.
func Float(h uint16) float32 {
	e := h >> 10 & 63
	if e&31 == 31 { // infinite or no number
		return math.Float32frombits(uint32(h&0x8000)<<16 | 0x7f800000 | uint32(h&0x3ff)<<13)
	}
	return float32(int32(h&0x3ff|leading[e])) * units[e]
}

// Leading and units have, by sign and exponent, the bit that leads a fraction and what its
// last bit is worth. Looking them up, without a branch, saves two fifths of the time of weights
// that are now subnormal and now not.
var leading, units = func() (leading [64]uint16, units [64]float32) {
	for e := range 31 {
		leading[e] = uint16(min(e, 1)) << 10
		units[e] = float32(math.Ldexp(1, max(e, 1)-25))
		leading[e+32], units[e+32] = leading[e], -units[e]
	}
	return leading, units
}()

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
