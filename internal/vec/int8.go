package vec

import (
	"fmt"
	"math"
)

// Kernel8 returns the instructions that MatMulInt8 uses: "avx512vnni", "avxvnni" or
// "avx2", "neon+sdot" or "neon", or "generic".
func Kernel8() string { return kernel8Name() }

// Quantised numbers are symmetric: x is scale*q with a whole q between -127 and 127,
// and one scale for a row of a matrix. Weights stored as [out][in] so have a scale for
// each output, activations one for each row of a batch, found anew for each batch.

// QuantizeRows quantises the rows of x [m][k], ldx apart, into q, rows ldq apart:
//
//	for i := range m {
//		top := the largest |x[i*ldx+p]|
//		scale[i] = top / 127
//		for p := range k {
//			q[i*ldq+p] = round to even(x[i*ldx+p] * (127 / top))
//		}
//	}
//
// A row whose top is below 2^-100 becomes zeros with scale 0. A row that has an
// infinity or a NaN becomes zeros with scale NaN, which makes every product with it
// NaN. Exact.
func QuantizeRows(m, k int, x []float32, ldx int, q []int8, ldq int, scale []float32) {
	if m <= 0 || k <= 0 {
		return
	}
	need("QuantizeRows", "x", len(x), span(m, k, ldx))
	need("QuantizeRows", "q", len(q), span(m, k, ldq))
	need("QuantizeRows", "scale", len(scale), m)
	for i := range m {
		scale[i], _ = quantizeRow(q[i*ldq:][:k], x[i*ldx:][:k])
	}
}

// quantizeRow quantises one row and returns its scale and the sum of q.
func quantizeRow(q []int8, x []float32) (scale float32, sum int32) {
	const (
		infinity = 0x7f800000
		tiny     = (127 - 100) << 23 // 2^-100: the inverse of less could overflow
	)
	// As whole numbers, the absolute values' bits are in order, infinity and NaN last.
	top := absMax(x)
	switch {
	case top >= infinity:
		clear(q)
		return float32(math.NaN()), 0
	case top < tiny:
		clear(q)
		return 0, 0
	}
	t := math.Float32frombits(top)
	return t / 127, quantize(q, x, 127/t)
}

// RowsInt8 is the left-hand operand of a quantised product: the rows of a batch. The
// zero value is empty; Quantize fills it and reuses its storage. It belongs to one
// goroutine while it is filled, and may then be read by any number.
type RowsInt8 struct {
	M, K  int
	ld    int // K rounded up to whole groups of summands
	q     []int8
	scale []float32
	add   []int32 // -offset * the sum of the row: what the offset of PackedInt8 is worth
}

// Quantize copies x [m][k], rows ldx apart, as QuantizeRows does.
func (r *RowsInt8) Quantize(m, k int, x []float32, ldx int) {
	need("Quantize", "x", len(x), span(m, k, ldx))
	r.M, r.K, r.ld = m, k, (k+group-1)/group*group
	if n := m * r.ld; cap(r.q) < n {
		r.q = make([]int8, n)
	}
	if cap(r.scale) < m {
		r.scale, r.add = make([]float32, m), make([]int32, m)
	}
	r.q, r.scale, r.add = r.q[:m*r.ld], r.scale[:m], r.add[:m]
	for i := range m {
		scale, sum := quantizeRow(r.q[i*r.ld:][:k], x[i*ldx:][:k])
		r.scale[i], r.add[i] = scale, -offset*sum
	}
}

const (
	// group is the number of summands that lie side by side for one column.
	group = 4

	// maxInt8K keeps a sum of products 255*127 within 32 bits.
	maxInt8K = 65536
)

// PackedInt8 is the right-hand operand of a quantised product, B [K][N] with a scale
// for each column: a quarter of the memory of a Packed, and what it costs to read that
// bounds the speed of small batches. The zero value is empty; PackT fills it and
// reuses its storage. Once filled it may be read by any number of goroutines.
type PackedInt8 struct {
	K, N   int
	panels []weight8 // panels of 32 columns, each [K/4][32][4], offset added, padded with zeros
	scale  []float32
}

// PackT copies B = qᵀ, where q [n][k] has rows ldq >= k apart and row j of it stands
// for scale[j] times its numbers: a weight [out][in] as QuantizeRows leaves it. k is
// at most 65536; q holds no -128.
func (p *PackedInt8) PackT(k, n int, q []int8, ldq int, scale []float32) {
	if k < 0 || n < 0 || k > maxInt8K {
		panic(fmt.Sprintf("vec: PackedInt8: shape [%d][%d], want sizes of at least 0 and at most %d summands", k, n, maxInt8K))
	}
	need("PackedInt8", "q", len(q), span(n, k, ldq))
	need("PackedInt8", "scale", len(scale), n)
	groups := (k + group - 1) / group
	wide := (n + panel - 1) / panel * panel
	size := groups * group * wide
	if cap(p.panels) < size {
		p.panels = make([]weight8, size)
	}
	if cap(p.scale) < wide {
		p.scale = make([]float32, wide)
	}
	p.K, p.N, p.panels, p.scale = k, n, p.panels[:size], p.scale[:wide]
	clear(p.panels)
	clear(p.scale[copy(p.scale, scale[:n]):])
	if k == 0 {
		return
	}
	for j := range n {
		dst := p.panels[j/panel*panel*groups*group+j%panel*group:]
		for i, v := range q[j*ldq:][:k] {
			dst[i/group*panel*group+i%group] = weight8(int(v) + offset)
		}
	}
}

// MatMulInt8 is C = beta*C + A·B, C [m][N] with rows ldc apart, where m is the number of
// rows in a:
//
//	for i := range m {
//		for j := range b.N {
//			s := int32(0)
//			for p := range b.K {
//				s += int32(A.q[i][p]) * int32(B.q[p][j])
//			}
//			c[i*ldc+j] = beta*c[i*ldc+j] + float32(s)*A.scale[i]*B.scale[j]
//		}
//	}
//
// Exact. beta is 0 or 1; 0 does not read C.
func MatMulInt8(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	if a.M <= 0 || b.N == 0 {
		return
	}
	need("MatMulInt8", "c", len(c), span(a.M, b.N, ldc))
	if a.K != b.K {
		panic(fmt.Sprintf("vec: MatMulInt8: a.K = %d, b.K = %d, want the same", a.K, b.K))
	}
	if beta != 0 && beta != 1 {
		panic(fmt.Sprintf("vec: MatMulInt8: beta = %v, want 0 or 1", beta))
	}
	if a.K == 0 {
		if beta == 0 {
			for i := range a.M {
				clear(c[i*ldc:][:b.N])
			}
		}
		return
	}
	matMulInt8(a, b, beta, c, ldc)
}

func absMaxGeneric(x []float32) uint32 {
	var top uint32
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31))
	}
	return top
}

func quantizeGeneric(q []int8, x []float32, inverse float32) (sum int32) {
	for i, v := range x {
		n := int32(math.Float32bits(float32(v*inverse)+magic)) - magicBits
		q[i] = int8(n)
		sum += n
	}
	return sum
}

func matMulInt8Generic(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	groups := a.ld / group
	for j := range b.N {
		col := b.panels[j/panel*panel*a.ld+j%panel*group:]
		for i := range a.M {
			s := a.add[i]
			row := a.q[i*a.ld:]
			for p := range groups {
				x, y := (*[group]int8)(row[p*group:]), (*[group]weight8)(col[p*group*panel:])
				s += int32(x[0])*int32(y[0]) + int32(x[1])*int32(y[1]) + int32(x[2])*int32(y[2]) + int32(x[3])*int32(y[3])
			}
			v := float32(float32(float32(s)*a.scale[i]) * b.scale[j])
			if beta != 0 {
				v = c[i*ldc+j] + v
			}
			c[i*ldc+j] = v
		}
	}
}
