package vec

import (
	"fmt"
	"sync"
)

// panel is the width of a column panel of a Packed, where the kernels do not ask for half of it.
const panel = 32

// Packed is the right-hand operand B [K][N] of a product, copied into the order in
// which the kernels read it: column panels, each [K][width], padded
// with zeros. It takes 4*K*N bytes, N rounded up to 32.
//
// Fill it once and multiply by it often: a layer's weights change once per step of
// the optimiser, and never in a model at work. The zero value is empty; Pack and
// PackT fill it and reuse its storage. Once filled it may be read by any number of
// goroutines.
type Packed struct {
	K, N   int // the shape of B: K summands, N columns
	width  int // of a panel
	panels []float32
}

// Pack copies B [k][n], row-major with rows ldb >= n apart.
func (p *Packed) Pack(k, n int, b []float32, ldb int) {
	need("Pack", "b", len(b), span(k, n, ldb))
	wide := p.resize(k, n)
	whole := n / p.width * p.width
	packPanels(p.panels, p.width, k, whole, b, ldb)
	for j := whole; j < wide; j += p.width {
		w := max(n-j, 0)
		for i := range k {
			row := p.panels[j*k+i*p.width:][:p.width]
			copy(row, b[i*ldb+min(j, n):][:w])
			clear(row[w:])
		}
	}
}

// PackT copies B = btᵀ, where bt [n][k] is row-major with rows ldb >= k apart. With a
// weight stored as [out][in], as PyTorch stores it, PackT(in, out, weight, in) gives
// the operand of x·Wᵀ.
func (p *Packed) PackT(k, n int, bt []float32, ldb int) {
	need("PackT", "bt", len(bt), span(n, k, ldb))
	wide := p.resize(k, n)
	width := p.width
	for j := 0; j < wide; j += width {
		dst := p.panels[j*k:][:k*width]
		w := max(min(width, n-j), 0)
		if w > 0 {
			transposed(w, k, dst, width, bt[j*ldb:], ldb, false)
		}
		if w < width {
			for i := range k {
				clear(dst[i*width+w:][:width-w])
			}
		}
	}
}

// resize makes room for a shape and returns the number of columns with those of the padding.
func (p *Packed) resize(k, n int) (wide int) {
	if k < 0 || n < 0 {
		panic(fmt.Sprintf("vec: Packed: shape [%d][%d], want no negative size", k, n))
	}
	wide = (n + panel - 1) / panel * panel
	size := k * wide
	if cap(p.panels) < size {
		p.panels = make([]float32, size)
	}
	p.K, p.N, p.width, p.panels = k, n, panelWidth(), p.panels[:size]
	return wide
}

// MatMul is C = beta*C + A·B for A [m][K] with rows lda apart and C [m][N] with rows
// ldc apart:
//
//	for i := range m {
//		for j := range b.N {
//			s := beta * c[i*ldc+j]
//			for p := range b.K {
//				s += a[i*lda+p] * B[p][j]
//			}
//			c[i*ldc+j] = s
//		}
//	}
//
// The sum runs in that order whatever m, the place of the element and the blocking,
// and however K is cut into several calls; assembly fuses each multiplication with
// its addition. beta is 0 or 1; 0 does not read C. c must not overlap a.
func MatMul(m int, a []float32, lda int, b *Packed, beta float32, c []float32, ldc int) {
	if m <= 0 || b.N == 0 {
		return
	}
	need("MatMul", "a", len(a), span(m, b.K, lda))
	product("MatMul", m, a, lda, 1, b, accumulate("MatMul", beta, c, ldc), c, ldc)
}

// MatMulFrom is MatMul that begins with rows of N, ldi apart, instead of C, or with zeros
// where from is nil:
//
//	s := from[i*ldi+j]
//
// Rows that are 0 apart are one, such as a bias. It saves a pass over C.
func MatMulFrom(m int, a []float32, lda int, b *Packed, from []float32, ldi int, c []float32, ldc int) {
	if m <= 0 || b.N == 0 {
		return
	}
	need("MatMulFrom", "a", len(a), span(m, b.K, lda))
	if from != nil {
		size := span(m, b.N, ldi)
		need("MatMulFrom", "from", len(from), size)
		from = from[:size:size]
	}
	product("MatMulFrom", m, a, lda, 1, b, start{flat: from, ld: ldi}, c, ldc)
}

// MatMulRows is MatMul that begins with m rows of N from anywhere instead of C:
//
//	s := rows[i][j]
//
// It saves a copy of them.
func MatMulRows(m int, a []float32, lda int, b *Packed, rows [][]float32, c []float32, ldc int) {
	if m <= 0 || b.N == 0 {
		return
	}
	need("MatMulRows", "a", len(a), span(m, b.K, lda))
	for _, row := range rows[:m] {
		need("MatMulRows", "row", len(row), b.N)
	}
	product("MatMulRows", m, a, lda, 1, b, start{rows: rows[:m]}, c, ldc)
}

// A start is where a product begins: row i with rows[i] from column col on, with flat[i*ld:], or
// with zeros.
type start struct {
	rows [][]float32
	col  int
	flat []float32
	ld   int
}

// accumulate begins with nothing or with C.
func accumulate(kernel string, beta float32, c []float32, ldc int) start {
	if beta != 0 && beta != 1 {
		panic(fmt.Sprintf("vec: %s: beta = %v, want 0 or 1", kernel, beta))
	}
	if beta == 0 {
		return start{}
	}
	return start{flat: c, ld: ldc}
}

// row is where row i begins, nil for zeros.
func (s start) row(i int) []float32 {
	switch {
	case s.rows != nil:
		return s.rows[i][s.col:]
	case s.flat != nil:
		return s.flat[i*s.ld:]
	}
	return nil
}

// at makes s what o is without the rows before i and the columns before j. For tiles of one
// row a copy that is returned would show in the time of a product.
func (s *start) at(o *start, i, j int) {
	*s = *o
	switch {
	case s.rows != nil:
		s.rows, s.col = s.rows[i:], s.col+j
	case s.flat != nil:
		s.flat = s.flat[i*s.ld+j:]
	}
}

// set writes the first n columns of m rows to C, and begins there.
func (s start) set(m, n int, c []float32, ldc int) start {
	for i := range m {
		if row := s.row(i); row != nil {
			copy(c[i*ldc:][:n], row)
		} else {
			clear(c[i*ldc:][:n])
		}
	}
	return start{flat: c, ld: ldc}
}

// MatMulTA is MatMul with the left operand transposed: A is [K][m] row-major with
// rows lda apart, so that
//
//	s += a[p*lda+i] * B[p][j]
//
// It serves the gradients of weights, dW = dYᵀ·X.
func MatMulTA(m int, a []float32, lda int, b *Packed, beta float32, c []float32, ldc int) {
	if m <= 0 || b.N == 0 {
		return
	}
	need("MatMulTA", "a", len(a), span(b.K, m, lda))
	product("MatMulTA", m, a, 1, lda, b, accumulate("MatMulTA", beta, c, ldc), c, ldc)
}

// product checks what the products have in common and computes; element (i, p) of the
// left operand is a[i*rs+p*ks].
func product(kernel string, m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	need(kernel, "c", len(c), span(m, b.N, ldc))
	if b.K > 0 {
		matMul(m, a, rs, ks, b, init, c, ldc)
		return
	}
	init.set(m, b.N, c, ldc)
}

var packs = sync.Pool{New: func() any { return new(Packed) }}

// Gemm is the general product C = alpha*op(A)·op(B) + beta*C, where op transposes if
// asked to, op(A) is [m][k], op(B) is [k][n] and C is [m][n]; all are row-major with
// the given strides. beta = 0 does not read C; other values scale C first. alpha is
// multiplied into B. It packs B at every call: use a Packed where B stays.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if m <= 0 || n <= 0 {
		return
	}
	need("Gemm", "c", len(c), span(m, n, ldc))
	if beta != 0 && beta != 1 {
		for i := range m {
			Scale(beta, c[i*ldc:][:n])
		}
		beta = 1
	}
	p := packs.Get().(*Packed)
	defer packs.Put(p)
	if alpha == 0 {
		k = 0
	}
	if transB {
		p.PackT(k, n, b, ldb)
	} else {
		p.Pack(k, n, b, ldb)
	}
	if alpha != 1 {
		Scale(alpha, p.panels)
	}
	if transA {
		MatMulTA(m, a, lda, p, beta, c, ldc)
	} else {
		MatMul(m, a, lda, p, beta, c, ldc)
	}
}
