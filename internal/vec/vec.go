package vec

import (
	"fmt"
	"runtime"
)

// Kernel returns the level in use: "avx512", "avx2", "neon" or "generic".
func Kernel() string { return kernelName() }

// Rounding names the machines that give the same bits as this one with the level in use:
// "fma" for those with assembly, "generic" for those without. Where Go's compiler fuses
// multiply and add in the code around the kernels, which it does not on amd64 and 386, the
// name goes on with the architecture.
func Rounding() string {
	name := "fma"
	if kernelName() == "generic" {
		name = "generic"
	}
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "386" {
		name += " " + runtime.GOARCH
	}
	return name
}

// need panics unless a slice of length got can hold want elements.
func need(kernel, slice string, got, want int) {
	if got < want {
		panic(fmt.Sprintf("vec: %s: len(%s) = %d, want at least %d", kernel, slice, got, want))
	}
}

// same panics unless two slices that run in step have the same length.
func same(kernel, slice string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("vec: %s: len(%s) = %d, want %d", kernel, slice, got, want))
	}
}

// span is the length that rows rows of width elements, stride apart, reach over.
func span(rows, width, stride int) int {
	if rows == 0 {
		return 0
	}
	return (rows-1)*stride + width
}

// block is how many elements go into one call of a kernel: the runtime cannot stop a
// goroutine inside assembly, and should not have to wait for a millisecond. Only the
// reductions, which read memory and no more, take all at once.
const block = 1 << 17

// inBlocks calls a kernel for a block of elements at a time.
func inBlocks(x, y []float32, kernel func(x, y []float32)) {
	for len(x) > block {
		kernel(x[:block], y[:block])
		x, y = x[block:], y[block:]
	}
	kernel(x, y)
}

// Dot is
//
//	for i, v := range x {
//		lane[i%64] += v * y[i]
//	}
//
// followed by the sum of the lanes (see the package comment). Exact. The lengths
// must be equal.
func Dot(x, y []float32) float32 {
	same("Dot", "y", len(y), len(x))
	return dot(x, y)
}

// Sum is
//
//	for i, v := range x {
//		lane[i%64] += v
//	}
//
// followed by the sum of the lanes. Exact.
func Sum(x []float32) float32 { return sum(x) }

// SumSq is
//
//	for i, v := range x {
//		lane[i%32] += float64(v) * float64(v)
//	}
//
// followed by the sum of the 32 lanes, all of it in float64. Exact.
func SumSq(x []float32) float64 { return sumSq(x) }

// Max is
//
//	m := -Inf
//	for _, v := range x {
//		if v > m {
//			m = v
//		}
//	}
//
// so NaNs are passed over and no elements give -Inf. Exact, but for the sign of a zero.
func Max(x []float32) float32 { return maximum(x) }

// Axpy is
//
//	for i, v := range x {
//		y[i] += a * v
//	}
//
// Exact. The lengths must be equal. x and y may be the same slice.
func Axpy(a float32, x, y []float32) {
	same("Axpy", "y", len(y), len(x))
	inBlocks(x, y, func(x, y []float32) { axpy(a, x, y) })
}

// Scale is
//
//	for i := range x {
//		x[i] *= a
//	}
//
// Exact.
func Scale(a float32, x []float32) {
	inBlocks(x, x, func(x, _ []float32) { scale(a, x) })
}

// Add is
//
//	for i, v := range x {
//		dst[i] += v
//	}
//
// Exact. The lengths must be equal. dst and x may be the same slice.
func Add(dst, x []float32) {
	same("Add", "x", len(x), len(dst))
	inBlocks(dst, x, add)
}

// Mul is
//
//	for i, v := range x {
//		dst[i] *= v
//	}
//
// Exact. The lengths must be equal. dst and x may be the same slice.
func Mul(dst, x []float32) {
	same("Mul", "x", len(x), len(dst))
	inBlocks(dst, x, mul)
}

// MulAdd is
//
//	for i, v := range x {
//		dst[i] += v * y[i]
//	}
//
// Exact. The lengths must be equal. The slices may be the same.
func MulAdd(dst, x, y []float32) {
	same("MulAdd", "x", len(x), len(dst))
	same("MulAdd", "y", len(y), len(dst))
	inBlocks(dst, x, func(dst, x []float32) {
		n := len(x)
		mulAdd(dst, x, y[:n])
		y = y[n:]
	})
}

// MaxIndex is one step of max pooling,
//
//	for i, v := range x {
//		if v > dst[i] {
//			dst[i], idx[i] = v, at
//		}
//	}
//
// Exact. The lengths must be equal.
func MaxIndex(dst []float32, idx []int32, x []float32, at int32) {
	same("MaxIndex", "idx", len(idx), len(dst))
	same("MaxIndex", "x", len(x), len(dst))
	maxIndex(dst, idx, x, at)
}

// AddRows adds the rows of x, an [n][len(dst)] matrix with rows ldx apart, to dst:
//
//	for i := range n {
//		for j := range dst {
//			dst[j] += x[i*ldx+j]
//		}
//	}
//
// Exact.
func AddRows(dst []float32, n int, x []float32, ldx int) {
	if n <= 0 || len(dst) == 0 {
		return
	}
	need("AddRows", "x", len(x), span(n, len(dst), ldx))
	for step := max(1, block/len(dst)); n > 0; n -= step {
		addRows(dst, min(n, step), x, ldx)
		x = x[min(len(x), step*ldx):]
	}
}

// AddTransposed adds the transpose of src [k][n], with rows lds apart, to dst [n][k], with
// rows ldd apart:
//
//	for j := range n {
//		for i := range k {
//			dst[j*ldd+i] += src[i*lds+j]
//		}
//	}
//
// Exact.
func AddTransposed(k, n int, dst []float32, ldd int, src []float32, lds int) {
	need("AddTransposed", "src", len(src), span(k, n, lds))
	need("AddTransposed", "dst", len(dst), span(n, k, ldd))
	transposed(k, n, dst, ldd, src, lds, true)
}

// transposed sets dst to the transpose of src or adds it, in blocks of columns that the
// first-level cache holds while it sees all rows.
func transposed(k, n int, dst []float32, ldd int, src []float32, lds int, add bool) {
	const columns = 64
	for j := 0; j < n && k > 0; j += columns {
		transpose(k, min(columns, n-j), dst[j*ldd:], ldd, src[j:], lds, add)
	}
}
