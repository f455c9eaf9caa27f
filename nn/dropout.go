package nn

import "math"

// Mix derives a seed from seed and what it is for (SplitMix64 steps), so that
// streams of different purposes, layers and steps are independent.
func Mix(seed uint64, parts ...uint64) uint64 {
	for _, p := range parts {
		seed = scramble(seed ^ scramble(p+0x9e3779b97f4a7c15))
	}
	return seed
}

// scramble is the output function of SplitMix64 (Steele, Lea & Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Dropout zeroes values with probability P and multiplies the rest by 1/(1-P)
// (Srivastava et al. 2014). The mask is a function of Seed and of the place
// alone, so Backward draws it again by applying the same Dropout to the
// gradient. P is rounded to a multiple of 2^-16. P = 0 copies.
type Dropout struct {
	P      float32
	Locked bool // ApplyRows: one mask for all steps of a sequence (Gal & Ghahramani 2016)
	Seed   uint64
}

func (d Dropout) threshold() (cut uint64, scale float32) {
	cut = uint64(math.RoundToEven(float64(d.P) * (1 << 16)))
	return cut, 1 / (1 - d.P)
}

// Apply is dst[i] = mask_i * src[i]. dst may be src.
func (d Dropout) Apply(dst, src []float32) {
	if d.P == 0 {
		copy(dst, src)
		return
	}
	d.apply(dst, src, d.Seed)
}

func (d Dropout) apply(dst, src []float32, seed uint64) {
	cut, scale := d.threshold()
	dst = dst[:len(src)]
	for i := 0; i < len(src); i += 4 {
		bits := scramble(seed + uint64(i))
		for j := i; j < min(i+4, len(src)); j++ {
			v := src[j] * scale
			if bits&0xffff < cut {
				v = 0
			}
			dst[j] = v
			bits >>= 16
		}
	}
}

// ApplyRows drops values of the packed rows src [Rows][width] of lay; with
// Locked every step of a sequence loses the same ones. dst may be src.
func (d Dropout) ApplyRows(dst, src []float32, lay *Layout, width int) {
	if d.P == 0 || !d.Locked {
		d.Apply(dst, src[:lay.Rows()*width])
		return
	}
	const block = 64 // columns whose mask is kept while walking down the steps
	var ones, mask [block]float32
	for i := range ones {
		ones[i] = 1
	}
	for s, b := range lay.Order() {
		seed := Mix(d.Seed, uint64(b))
		for lo := 0; lo < width; lo += block {
			n := min(block, width-lo)
			d.apply(mask[:n], ones[:n], seed+uint64(lo))
			for t := range lay.Length(b) {
				at := (lay.Offset(t)+s)*width + lo
				from := src[at : at+n]
				to := dst[at : at+n]
				for j, m := range mask[:n] {
					to[j] = from[j] * m
				}
			}
		}
	}
}
