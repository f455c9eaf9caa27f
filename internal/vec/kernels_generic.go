//go:build (!(amd64 || arm64) || noasm) && !(wasm && simd)

package vec

// What WebAssembly has kernels for; see vec_wasm.go.

func matMul(m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	matMulGeneric(m, a, rs, ks, b, init, c, ldc)
}

func cellForward(pre, cPrev, c, h, peep []float32) { cellForwardGeneric(pre, cPrev, c, h, peep) }

func matMulInt8(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	matMulInt8Generic(a, b, beta, c, ldc)
}
