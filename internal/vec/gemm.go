package vec

import (
	"fmt"
	"sync"
)

// panel is the width of a column panel of a Packed.
const panel = 32

// Packed is the right-hand operand B [K][N] of a product, copied into the order in
// which the kernels read it: column panels 32 wide, each [K][32], the last one padded
// with zeros. It takes 4*K*N bytes, N rounded up to 32.
//
// Fill it once and multiply by it often: a layer's weights change once per step of
// the optimiser, and never in a model at work. The zero value is empty; Pack and
// PackT fill it and reuse its storage. Once filled it may be read by any number of
// goroutines.
type Packed struct {
	K, N   int // the shape of B: K summands, N columns
	panels []float32
}

// Pack copies B [k][n], row-major with rows ldb >= n apart.
func (p *Packed) Pack(k, n int, b []float32, ldb int) {
	need("Pack", "b", len(b), span(k, n, ldb))
	p.resize(k, n)
	for j := 0; j < n; j += panel {
		dst := p.panels[j*k:]
		w := min(panel, n-j)
		for i := range k {
			row := dst[i*panel:][:panel]
			copy(row, b[i*ldb+j:][:w])
			clear(row[w:])
		}
	}
}

// PackT copies B = btᵀ, where bt [n][k] is row-major with rows ldb >= k apart. With a
// weight stored as [out][in], as PyTorch stores it, PackT(in, out, weight, in) gives
// the operand of x·Wᵀ.
func (p *Packed) PackT(k, n int, bt []float32, ldb int) {
	const rows = 32 // of the panel that are filled at a time, few enough to stay in the first-level cache
	need("PackT", "bt", len(bt), span(n, k, ldb))
	p.resize(k, n)
	for j := 0; j < n; j += panel {
		dst := p.panels[j*k:][:k*panel]
		w := min(panel, n-j)
		for lo := 0; lo < k; lo += rows {
			hi := min(lo+rows, k)
			for l := range w {
				at := lo*panel + l
				for _, v := range bt[(j+l)*ldb:][lo:hi] {
					dst[at] = v
					at += panel
				}
			}
		}
		if w < panel {
			for i := range k {
				clear(dst[i*panel+w:][:panel-w])
			}
		}
	}
}

func (p *Packed) resize(k, n int) {
	if k < 0 || n < 0 {
		panic(fmt.Sprintf("vec: Packed: shape [%d][%d], want no negative size", k, n))
	}
	size := k * ((n + panel - 1) / panel * panel)
	if cap(p.panels) < size {
		p.panels = make([]float32, size)
	}
	p.K, p.N, p.panels = k, n, p.panels[:size]
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
	init, ldi := accumulate("MatMul", beta, c, ldc)
	product("MatMul", m, a, lda, 1, b, init, ldi, c, ldc)
}

// MatMulBias is MatMul that begins with a bias [N] instead of C:
//
//	s := bias[j]
//
// It saves a pass over C.
func MatMulBias(m int, a []float32, lda int, b *Packed, bias, c []float32, ldc int) {
	if m <= 0 || b.N == 0 {
		return
	}
	need("MatMulBias", "a", len(a), span(m, b.K, lda))
	need("MatMulBias", "bias", len(bias), b.N)
	product("MatMulBias", m, a, lda, 1, b, bias[:b.N:b.N], 0, c, ldc)
}

// accumulate is where a product begins: with nothing or with C.
func accumulate(kernel string, beta float32, c []float32, ldc int) (init []float32, ldi int) {
	if beta != 0 && beta != 1 {
		panic(fmt.Sprintf("vec: %s: beta = %v, want 0 or 1", kernel, beta))
	}
	if beta == 0 {
		return nil, 0
	}
	return c, ldc
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
	init, ldi := accumulate("MatMulTA", beta, c, ldc)
	product("MatMulTA", m, a, 1, lda, b, init, ldi, c, ldc)
}

// product checks what the products have in common and computes; element (i, p) of the
// left operand is a[i*rs+p*ks], and row i of C begins as init[i*ldi:], or as zeros.
func product(kernel string, m int, a []float32, rs, ks int, b *Packed, init []float32, ldi int, c []float32, ldc int) {
	need(kernel, "c", len(c), span(m, b.N, ldc))
	if b.K > 0 {
		matMul(m, a, rs, ks, b, init, ldi, c, ldc)
		return
	}
	for i := range m {
		if init == nil {
			clear(c[i*ldc:][:b.N])
		} else {
			copy(c[i*ldc:][:b.N], init[i*ldi:])
		}
	}
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
