package vec

import "math"

// The Go code of the kernels: their definition, the fallback where there is no
// assembly, and what the tests hold the assembly to. A product that is added to
// something is written float32(a*b) + c, which forbids the compiler to fuse the two
// as it would on some architectures.

// lanes is the number of partial sums of a reduction.
const lanes = 64

func fold(lane *[lanes]float32) float32 {
	for half := lanes / 2; half > 0; half /= 2 {
		for l := range half {
			lane[l] += lane[l+half]
		}
	}
	return lane[0]
}

func dotGeneric(x, y []float32) float32 {
	var lane [lanes]float32
	for i, v := range x {
		lane[i%lanes] += float32(v * y[i])
	}
	return fold(&lane)
}

func sumGeneric(x []float32) float32 {
	var lane [lanes]float32
	for i, v := range x {
		lane[i%lanes] += v
	}
	return fold(&lane)
}

func sumSqGeneric(x []float32) float64 {
	var lane [32]float64
	for i, v := range x {
		lane[i%32] += float64(v) * float64(v) // the square is exact, fused or not
	}
	for half := 16; half > 0; half /= 2 {
		for l := range half {
			lane[l] += lane[l+half]
		}
	}
	return lane[0]
}

func maxGeneric(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

func axpyGeneric(a float32, x, y []float32) {
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

func scaleGeneric(a float32, x []float32) {
	for i := range x {
		x[i] *= a
	}
}

func addGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

func mulGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] *= v
	}
}

func mulAddGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] += float32(v * y[i])
	}
}

func maxIndexGeneric(dst []float32, idx []int32, x []float32, at int32) {
	for i, v := range x {
		if v > dst[i] {
			dst[i], idx[i] = v, at
		}
	}
}

func addRowsGeneric(dst []float32, n int, x []float32, ldx int) {
	for i := range n {
		row := x[i*ldx:]
		for j := range dst {
			dst[j] += row[j]
		}
	}
}

// matMulGeneric is the product of an operand whose element (i, p) is a[i*rs+p*ks]
// with the panels of b, added to init.
func matMulGeneric(m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	const cols = 8 // sums that stay in registers
	for j := 0; j < b.N; j += cols {
		panelJ := b.panels[j/b.width*b.width*b.K+j%b.width:]
		n := min(cols, b.N-j)
		for i := range m {
			ci := c[i*ldc+j:][:n]
			var s [cols]float32
			if row := init.row(i); row != nil {
				copy(s[:], row[j:][:n])
			}
			s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
			at := i * rs
			for p := 0; p < b.K*b.width; p += b.width {
				v, w := a[at], (*[cols]float32)(panelJ[p:])
				s0 += float32(v * w[0])
				s1 += float32(v * w[1])
				s2 += float32(v * w[2])
				s3 += float32(v * w[3])
				s4 += float32(v * w[4])
				s5 += float32(v * w[5])
				s6 += float32(v * w[6])
				s7 += float32(v * w[7])
				at += ks
			}
			s = [cols]float32{s0, s1, s2, s3, s4, s5, s6, s7}
			copy(ci, s[:n])
		}
	}
}

// Constants of the activations; Exp names the method.
const (
	log2e     = 1.44269504088896341
	ln2Hi     = 0.693359375             // 355/512: a multiple n*ln2Hi is exact for |n| < 2^15
	ln2Lo     = -2.12194440054690583e-4 // ln 2 - ln2Hi
	magic     = 12582912                // 1.5 * 2^23: adding it rounds to an integer
	magicBits = 0x4b400000              // of magic as a float32
	expMin    = -104                    // exp(x) is 0 below
	expMax    = 89                      // and +Inf above
	sigMax    = 87.33                   // sigmoid stays where it is outside +-sigMax
	tanMax    = 9.1                     // tanh is 1 above

	// exp(r) = 1 + r + r*r*(exp2 + exp3*r + exp4*r*r + ...), |r| <= ln(2)/2
	// (testdata/gen_exp.py)
	exp2 = 0.49999994
	exp3 = 0.166665167
	exp4 = 0.0416681021
	exp5 = 0.00836919248
	exp6 = 0.00138389017
)

// reduce writes x as n*ln(2) + r. The low bits of t hold the integer n.
func reduce(x float32) (t uint32, r float32) {
	s := float32(x*log2e) + magic
	n := s - magic
	r = x - float32(n*ln2Hi)
	r -= float32(n * ln2Lo)
	return math.Float32bits(s), r
}

// exp2i is 2^n for the n held in t, -127 < n < 128.
func exp2i(t uint32) float32 { return math.Float32frombits(t<<23 + 0x3f800000) }

// expTail is (exp(r) - 1 - r) / r^2.
func expTail(r float32) float32 {
	p := float32(float32(exp6*r) + exp5)
	p = float32(p*r) + exp4
	p = float32(p*r) + exp3
	return float32(p*r) + exp2
}

// clamp keeps x within lo and hi, and NaN as it is.
func clamp(x, lo, hi float32) float32 {
	if x < lo {
		x = lo
	}
	if x > hi {
		x = hi
	}
	return x
}

func expGeneric1(x float32) float32 {
	t, r := reduce(clamp(x, expMin, expMax))
	p := float32(expTail(r)*r) + 1
	p = float32(p*r) + 1
	// 2^n in two steps, because n may leave the range of the exponent.
	n := int32(t - magicBits)
	return p * exp2i(uint32(n>>1)) * exp2i(uint32(n-n>>1))
}

func sigmoidGeneric1(x float32) float32 {
	t, r := reduce(clamp(-x, -sigMax, sigMax))
	p := float32(expTail(r)*r) + 1
	p = float32(p*r) + 1
	return 1 / (float32(p*exp2i(t)) + 1)
}

func tanhGeneric1(x float32) float32 {
	u := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	t, r := reduce(2 * clamp(u, 0, tanMax))
	p := float32(expTail(r)*float32(r*r)) + r // exp(r) - 1
	s := exp2i(t)
	e := float32(s*p) + (s - 1) // exp(2|x|) - 1
	y := e / (e + 2)
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&(1<<31))
}

// expGeneric is dst[i] = exp(x[i] - shift).
func expGeneric(dst, x []float32, shift float32) {
	for i, v := range x {
		dst[i] = expGeneric1(v - shift)
	}
}

func tanhGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = tanhGeneric1(v)
	}
}

func sigmoidGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = sigmoidGeneric1(v)
	}
}

// cellForwardGeneric is one row of CellForward. cPrev and peep may be nil.
func cellForwardGeneric(pre, cPrev, c, h, peep []float32) {
	H := len(c)
	gi, gf, gg, gO := pre[:H], pre[H:2*H], pre[2*H:3*H], pre[3*H:4*H]
	for j := range H {
		var prev float32
		if cPrev != nil {
			prev = cPrev[j]
		}
		i, f, o := gi[j], gf[j], gO[j]
		if peep != nil {
			i += float32(peep[j] * prev)
			f += float32(peep[H+j] * prev)
		}
		i = sigmoidGeneric1(i)
		f = sigmoidGeneric1(f)
		g := tanhGeneric1(gg[j])
		ct := float32(f*prev) + float32(i*g)
		if peep != nil {
			o += float32(peep[2*H+j] * ct)
		}
		o = sigmoidGeneric1(o)
		gi[j], gf[j], gg[j], gO[j] = i, f, g, o
		c[j] = ct
		h[j] = o * tanhGeneric1(ct)
	}
}

// cellBackwardGeneric is one row of CellBackward. cPrev and peep may be nil.
func cellBackwardGeneric(gates, cPrev, c, dH, dC, peep []float32) {
	H := len(c)
	gi, gf, gg, gO := gates[:H], gates[H:2*H], gates[2*H:3*H], gates[3*H:4*H]
	for j := range H {
		var prev float32
		if cPrev != nil {
			prev = cPrev[j]
		}
		i, f, g, o := gi[j], gf[j], gg[j], gO[j]
		tc := tanhGeneric1(c[j])
		do := float32(dH[j]*tc) * float32(o-float32(o*o))
		dc := float32(float32(dH[j]*o)*(1-float32(tc*tc))) + dC[j]
		if peep != nil {
			dc += float32(do * peep[2*H+j])
		}
		di := float32(dc*g) * (i - float32(i*i))
		df := float32(dc*prev) * (f - float32(f*f))
		dg := float32(dc*i) * (1 - float32(g*g))
		dp := dc * f
		if peep != nil {
			dp += float32(di * peep[j])
			dp += float32(df * peep[H+j])
		}
		gi[j], gf[j], gg[j], gO[j] = di, df, dg, do
		dC[j] = dp
	}
}

func adamGeneric(w, g, m, v []float32, k *adamArgs) {
	for i, gi := range g {
		mi := float32(k.b1*m[i]) + float32(k.b1c*gi)
		vi := float32(k.b2*v[i]) + float32(k.b2c*float32(gi*gi))
		m[i], v[i] = mi, vi
		root := float32(math.Sqrt(float64(float32(vi * k.c2)))) // exact: one rounding of a float32's root
		step := float32(mi*k.c1)/(root+k.eps) + float32(k.decay*w[i])
		w[i] -= float32(k.lr * step)
	}
}

// packPanelsGeneric copies the first n columns, a multiple of width, of b [k][n] to panels.
func packPanelsGeneric(panels []float32, width, k, n int, b []float32, ldb int) {
	for i := range k {
		row := b[i*ldb:][:n]
		for j := 0; j < n; j += width {
			copy(panels[j*k+i*width:][:width], row[j:])
		}
	}
}

// transposeGeneric sets dst [n][k] to the transpose of src [k][n] or adds it. Neither k nor n is 0.
func transposeGeneric(k, n int, dst []float32, ldd int, src []float32, lds int, add bool) {
	for j := range n {
		row, at := dst[j*ldd:][:k], j
		for i := range row {
			if add {
				row[i] += src[at]
			} else {
				row[i] = src[at]
			}
			at += lds
		}
	}
}
