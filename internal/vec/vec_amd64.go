//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

// The levels above generic, worst first.
const (
	avx2 = 1 + iota
	avx512
)

var levelNames = []string{"generic", "avx2", "avx512"}

// best is the highest level that the processor and the system support.
var best = func() int {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA || !x.HasBMI2:
		return generic
	case x.HasAVX512F && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512BW:
		return avx512
	}
	return avx2
}()

func dot(x, y []float32) float32 {
	switch level {
	case avx512:
		return dotAVX512(x, y)
	case avx2:
		return dotAVX2(x, y)
	}
	return dotGeneric(x, y)
}

func sum(x []float32) float32 {
	switch level {
	case avx512:
		return sumAVX512(x)
	case avx2:
		return sumAVX2(x)
	}
	return sumGeneric(x)
}

func sumSq(x []float32) float64 {
	switch level {
	case avx512:
		return sumSqAVX512(x)
	case avx2:
		return sumSqAVX2(x)
	}
	return sumSqGeneric(x)
}

func maximum(x []float32) float32 {
	switch level {
	case avx512:
		return maxAVX512(x)
	case avx2:
		return maxAVX2(x)
	}
	return maxGeneric(x)
}

func axpy(a float32, x, y []float32) {
	switch level {
	case avx512:
		axpyAVX512(a, x, y)
	case avx2:
		axpyAVX2(a, x, y)
	default:
		axpyGeneric(a, x, y)
	}
}

func scale(a float32, x []float32) {
	switch level {
	case avx512:
		scaleAVX512(a, x)
	case avx2:
		scaleAVX2(a, x)
	default:
		scaleGeneric(a, x)
	}
}

func add(dst, x []float32) {
	switch level {
	case avx512:
		addAVX512(dst, x)
	case avx2:
		addAVX2(dst, x)
	default:
		addGeneric(dst, x)
	}
}

func mul(dst, x []float32) {
	switch level {
	case avx512:
		mulAVX512(dst, x)
	case avx2:
		mulAVX2(dst, x)
	default:
		mulGeneric(dst, x)
	}
}

func mulAdd(dst, x, y []float32) {
	switch level {
	case avx512:
		mulAddAVX512(dst, x, y)
	case avx2:
		mulAddAVX2(dst, x, y)
	default:
		mulAddGeneric(dst, x, y)
	}
}

func maxIndex(dst []float32, idx []int32, x []float32, at int32) {
	switch level {
	case avx512:
		maxIndexAVX512(dst, idx, x, at)
	case avx2:
		maxIndexAVX2(dst, idx, x, at)
	default:
		maxIndexGeneric(dst, idx, x, at)
	}
}

func addRows(dst []float32, n int, x []float32, ldx int) {
	switch level {
	case avx512:
		addRowsAVX512(dst, n, x, ldx)
	case avx2:
		addRowsAVX2(dst, n, x, ldx)
	default:
		addRowsGeneric(dst, n, x, ldx)
	}
}

func transpose(k, n int, dst []float32, ldd int, src []float32, lds int, add bool) {
	const side = 8
	strips, squares := k/side*side, n/side
	if level == generic || squares == 0 {
		strips = 0
	}
	for i := 0; i < strips; i += side {
		if d, s := &dst[i], &src[i*lds]; add {
			addTransposeAVX2(squares, d, ldd, s, lds)
		} else {
			transposeAVX2(squares, d, ldd, s, lds)
		}
	}
	if right := squares * side; strips > 0 && right < n {
		transposeGeneric(strips, n-right, dst[right*ldd:], ldd, src[right:], lds, add)
	}
	if strips < k {
		transposeGeneric(k-strips, n, dst[strips:], ldd, src[strips*lds:], lds, add)
	}
}

func exp(dst, x []float32, shift float32) {
	switch level {
	case avx512:
		expAVX512(dst, x, shift)
	case avx2:
		expAVX2(dst, x, shift)
	default:
		expGeneric(dst, x, shift)
	}
}

func tanh(dst, x []float32) {
	switch level {
	case avx512:
		tanhAVX512(dst, x)
	case avx2:
		tanhAVX2(dst, x)
	default:
		tanhGeneric(dst, x)
	}
}

func sigmoid(dst, x []float32) {
	switch level {
	case avx512:
		sigmoidAVX512(dst, x)
	case avx2:
		sigmoidAVX2(dst, x)
	default:
		sigmoidGeneric(dst, x)
	}
}

func adam(w, g, m, v []float32, k *adamArgs) {
	switch level {
	case avx512:
		adamAVX512(w, g, m, v, &k.lr)
	case avx2:
		adamAVX2(w, g, m, v, &k.lr)
	default:
		adamGeneric(w, g, m, v, k)
	}
}

func cellForward(pre, cPrev, c, h, peep []float32) {
	switch level {
	case avx512:
		cellForwardAVX512(len(c), &pre[0], first(cPrev), &c[0], &h[0], first(peep))
	case avx2:
		cellForwardAVX2(len(c), &pre[0], first(cPrev), &c[0], &h[0], first(peep))
	default:
		cellForwardGeneric(pre, cPrev, c, h, peep)
	}
}

func cellBackward(gates, cPrev, c, dH, dC, peep []float32) {
	switch level {
	case avx512:
		cellBackwardAVX512(len(c), &gates[0], first(cPrev), &c[0], &dH[0], &dC[0], first(peep))
	case avx2:
		cellBackwardAVX2(len(c), &gates[0], first(cPrev), &c[0], &dH[0], &dC[0], first(peep))
	default:
		cellBackwardGeneric(gates, cPrev, c, dH, dC, peep)
	}
}
