package vec

// Exp is
//
//	for i, v := range x {
//		dst[i] = exp(v)
//	}
//
// within 1.25 ULP of the true value, over the whole range: subnormal results, 0 and +Inf
// are where they belong. dst may be x; the lengths must be equal.
//
// All three activations write x as n*ln(2) + r with |r| <= ln(2)/2 (Cody & Waite 1980)
// and take a polynomial in r.
func Exp(dst, x []float32) {
	same("Exp", "x", len(x), len(dst))
	inBlocks(dst, x, func(dst, x []float32) { exp(dst, x, 0) })
}

// Tanh is
//
//	for i, v := range x {
//		dst[i] = tanh(v)
//	}
//
// within 2.75 ULP, computed as e/(e+2) with e = exp(2|v|) - 1. dst may be x; the lengths
// must be equal.
func Tanh(dst, x []float32) {
	same("Tanh", "x", len(x), len(dst))
	inBlocks(dst, x, tanh)
}

// Sigmoid is
//
//	for i, v := range x {
//		dst[i] = 1 / (1 + exp(-v))
//	}
//
// within 2.5 ULP for v >= -87.33; below, the result stays at its value there, 1.2e-38.
// dst may be x; the lengths must be equal.
func Sigmoid(dst, x []float32) {
	same("Sigmoid", "x", len(x), len(dst))
	inBlocks(dst, x, sigmoid)
}

// Softmax is, in place,
//
//	m := Max(x)
//	for i, v := range x {
//		x[i] = exp(v - m)
//	}
//	Scale(1/Sum(x), x)
//
// A NaN anywhere, or +Inf, makes every element NaN, and so do elements that are all
// -Inf.
func Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	_, s := ExpSum(x, x)
	scale(1/s, x)
}

// ExpSum makes dst, which may be x, the exponentials of x less its greatest element top,
// of which there must be one, and returns that and their sum: log Σ exp(x) is top + log s.
func ExpSum(dst, x []float32) (top, s float32) {
	top = maximum(x)
	dst = dst[:len(x)]
	inBlocks(dst, x, func(dst, x []float32) { exp(dst, x, top) })
	return top, sum(dst)
}
