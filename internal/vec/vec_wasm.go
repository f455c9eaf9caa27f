//go:build wasm && simd

package vec

import "unsafe"

// The kernels of WebAssembly are a module of their own, web/kernels.c, that shares Go's
// memory: whoever starts a program with the build tag simd must give it the imports
// below. Each is the loop that its Go code is, in the same order, and gives the same bits.

//go:wasmimport textlstm matmul8
func wasmMatMul8(m, ld int32, q, scale, add, panels, scales unsafe.Pointer, n int32, beta float32, c unsafe.Pointer, ldc int32)

//go:wasmimport textlstm matmul
func wasmMatMul(m int32, a unsafe.Pointer, lda, k int32, panels, init unsafe.Pointer, ldi int32, c unsafe.Pointer, ldc, n int32)

//go:wasmimport textlstm cell
func wasmCell(n int32, pre, cPrev, c, h unsafe.Pointer)

func pointer[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

func matMulInt8(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	if beta != 0 && beta != 1 || a.M == 0 || b.N == 0 || a.ld == 0 {
		matMulInt8Generic(a, b, beta, c, ldc)
		return
	}
	wasmMatMul8(int32(a.M), int32(a.ld), pointer(a.q), pointer(a.scale), pointer(a.add), pointer(b.panels), pointer(b.scale), int32(b.N), beta, pointer(c), int32(ldc))
}

func matMul(m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	if ks != 1 || b.N%16 != 0 || m == 0 || b.N == 0 {
		matMulGeneric(m, a, rs, ks, b, init, c, ldc)
		return
	}
	if init.rows != nil {
		init = init.set(m, b.N, c, ldc)
	}
	wasmMatMul(int32(m), pointer(a), int32(rs), int32(b.K), pointer(b.panels), pointer(init.flat), int32(init.ld), pointer(c), int32(ldc), int32(b.N))
}

func cellForward(pre, cPrev, c, h, peep []float32) {
	if peep != nil || len(c)%4 != 0 {
		cellForwardGeneric(pre, cPrev, c, h, peep)
		return
	}
	wasmCell(int32(len(c)), pointer(pre), pointer(cPrev), pointer(c), pointer(h))
}
