package nn

import (
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/vec"
)

// Dropout sets values to zero with probability P and multiplies the rest by
// 1/(1-P), so that means stay as they are ("inverted" dropout, Srivastava et
// al. 2014).
//
// A mask is a function of Seed and a position alone: the same call on a
// gradient is the backward pass, nothing is stored, and neither the order of
// calls nor the number of goroutines matters. Use a fresh Seed for every step
// and place, such as a hash of both. P is rounded to a multiple of 2^-16 and
// the factor is that of the rounded P. A zero Dropout does nothing.
type Dropout struct {
	P    float64 // in [0, 1)
	Seed uint64
}

// Validate reports a P outside [0, 1).
func (d Dropout) Validate() error {
	if !(d.P >= 0 && d.P < 1) {
		return fmt.Errorf("nn: dropout: P is %v, want it in [0, 1)", d.P)
	}
	return nil
}

// Apply drops values of x one by one. x[i] has position first+i, so slices of
// one array, each with its own first, may be done in any order.
func (d Dropout) Apply(x []float32, first int) {
	drop, keep := d.Threshold()
	if drop == 0 {
		return
	}
	// The factor, keep or 0, is chosen without a branch: nobody could predict it.
	bits := math.Float32bits(keep)
	factor := func(draw uint64) float32 {
		dropped := uint32((int32(draw&0xffff) - drop) >> 31)
		return math.Float32frombits(bits &^ dropped)
	}
	n := uint64(first)
	for len(x) > 0 {
		draws := d.hash(n / 4)
		if n%4 == 0 && len(x) >= 4 {
			x[0] *= factor(draws)
			x[1] *= factor(draws >> 16)
			x[2] *= factor(draws >> 32)
			x[3] *= factor(draws >> 48)
			x, n = x[4:], n+4
			continue
		}
		x[0] *= factor(draws >> (16 * (n % 4)))
		x, n = x[1:], n+1
	}
}

// Locked drops columns of packed rows x [Rows][D]: each sequence draws one
// mask [D] and keeps it at all its steps (Gal & Ghahramani 2016). groups, if
// not nil, maps each sequence to the text whose mask it shares; first is the
// number of the first sequence or text, as in Apply.
func (d Dropout) Locked(x []float32, l *Layout, D int, groups []int, first int) {
	if drop, _ := d.Threshold(); drop == 0 || l.Rows() == 0 {
		return
	}
	mask := make([]float32, l.Active(0)*D)
	for s, b := range l.Order()[:l.Active(0)] {
		if groups != nil {
			b = groups[b]
		}
		m := mask[s*D : (s+1)*D]
		for j := range m {
			m[j] = 1
		}
		d.Apply(m, (first+b)*D)
	}
	for t := range l.T() {
		n := l.Active(t) * D
		vec.Mul(x[l.Offset(t)*D:l.Offset(t)*D+n], mask[:n])
	}
}

// Types drops whole rows of x [len(ids)][D] by what they stand for: all rows
// with the same id stay or go together, so a word is absent from the whole
// batch (Gal & Ghahramani 2016; "embedding dropout" of Merity et al. 2018).
func (d Dropout) Types(x []float32, D int, ids []int32) {
	drop, keep := d.Threshold()
	if drop == 0 {
		return
	}
	for r, id := range ids {
		row := x[r*D : (r+1)*D]
		n := uint64(uint32(id))
		if int32(d.hash(n/4)>>(16*(n%4))&0xffff) < drop {
			clear(row)
		} else {
			vec.Scale(keep, row)
		}
	}
}

// Threshold is the number of the 2^16 equally likely draws that drop a value,
// and the factor for the values that stay.
func (d Dropout) Threshold() (drop int32, keep float32) {
	n := min(max(math.Round(d.P*(1<<16)), 0), 1<<16-1)
	return int32(n), float32((1 << 16) / ((1 << 16) - n))
}

// hash are four draws of 16 bits: SplitMix64's n-th output (Steele, Lea &
// Flood 2014).
func (d Dropout) hash(n uint64) uint64 {
	z := d.Seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
