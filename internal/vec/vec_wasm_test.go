//go:build wasm && simd

package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sameBits says whether numbers have the same bits, NaNs but for their payload.
func sameBits(x, y []float32) bool {
	return slices.EqualFunc(x, y, func(a, b float32) bool {
		return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
	})
}

// The kernels of WebAssembly have the bits of the Go code. To run it:
//
//	GOOS=js GOARCH=wasm go test -tags simd -exec "node $PWD/web/node.js" -run Wasm ./internal/vec
func TestWasmKernelsAreTheGoCode(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 400 {
		m, k, n := 1+rng.IntN(9), 1+rng.IntN(70), 1+rng.IntN(100)
		if trial%2 == 0 {
			n = 16 * (1 + n/16)
		}
		a, b := numbers(rng, m*k, trial%5 == 0), numbers(rng, k*n, false)
		before := numbers(rng, m*n, false)
		var packed Packed
		packed.Pack(k, n, b, n)
		want, got := slices.Clone(before), slices.Clone(before)
		var init start
		switch trial % 4 {
		case 0:
			for row := range slices.Chunk(before, n) {
				init.rows = append(init.rows, row)
			}
		case 1, 2:
			init = start{flat: before, ld: n}
		}
		matMulGeneric(m, a, k, 1, &packed, init, want, n)
		matMul(m, a, k, 1, &packed, init, got, n)
		if !sameBits(want, got) {
			t.Fatalf("matMul [%d][%d][%d] differs", m, k, n)
		}

		q, scales := make([]int8, n*k), make([]float32, n)
		QuantizeRows(n, k, b, k, q, k, scales)
		var right PackedInt8
		right.PackT(k, n, q, k, scales)
		var left RowsInt8
		left.Quantize(m, k, a, k)
		beta := float32(trial % 2)
		want, got = slices.Clone(before), slices.Clone(before)
		matMulInt8Generic(&left, &right, beta, want, n)
		matMulInt8(&left, &right, beta, got, n)
		if !sameBits(want, got) {
			t.Fatalf("matMulInt8 [%d][%d][%d] differs", m, k, n)
		}

		h := 4 * (1 + rng.IntN(20))
		var prev []float32
		if trial%3 > 0 {
			prev = numbers(rng, h, false)
		}
		pre := numbers(rng, 4*h, trial%5 == 0)
		for i := range pre {
			pre[i] *= 30
		}
		pre2 := slices.Clone(pre)
		c, c2, out, out2 := make([]float32, h), make([]float32, h), make([]float32, h), make([]float32, h)
		cellForwardGeneric(pre, prev, c, out, nil)
		cellForward(pre2, prev, c2, out2, nil)
		if !sameBits(pre, pre2) || !sameBits(c, c2) || !sameBits(out, out2) {
			t.Fatalf("cellForward [%d] differs", h)
		}
	}
}
