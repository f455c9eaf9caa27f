//go:build arm64 && !noasm

package vec

// The level above generic; every arm64 has it.
const (
	neon = 1
	best = neon
)

var levelNames = []string{"generic", "neon"}

func dot(x, y []float32) float32 {
	if level == neon {
		return dotNEON(x, y)
	}
	return dotGeneric(x, y)
}

func sum(x []float32) float32 {
	if level == neon {
		return sumNEON(x)
	}
	return sumGeneric(x)
}

func sumSq(x []float32) float64 {
	if level == neon {
		return sumSqNEON(x)
	}
	return sumSqGeneric(x)
}

func maximum(x []float32) float32 {
	if level == neon {
		return maxNEON(x)
	}
	return maxGeneric(x)
}

func axpy(a float32, x, y []float32) {
	if level == neon {
		axpyNEON(a, x, y)
	} else {
		axpyGeneric(a, x, y)
	}
}

func scale(a float32, x []float32) {
	if level == neon {
		scaleNEON(a, x)
	} else {
		scaleGeneric(a, x)
	}
}

func add(dst, x []float32) {
	if level == neon {
		addNEON(dst, x)
	} else {
		addGeneric(dst, x)
	}
}

func mul(dst, x []float32) {
	if level == neon {
		mulNEON(dst, x)
	} else {
		mulGeneric(dst, x)
	}
}

func mulAdd(dst, x, y []float32) {
	if level == neon {
		mulAddNEON(dst, x, y)
	} else {
		mulAddGeneric(dst, x, y)
	}
}

func maxIndex(dst []float32, idx []int32, x []float32, at int32) {
	if level == neon {
		maxIndexNEON(dst, idx, x, at)
	} else {
		maxIndexGeneric(dst, idx, x, at)
	}
}

func addRows(dst []float32, n int, x []float32, ldx int) {
	if level == neon {
		addRowsNEON(dst, n, x, ldx)
	} else {
		addRowsGeneric(dst, n, x, ldx)
	}
}

func transpose(k, n int, dst []float32, ldd int, src []float32, lds int, add bool) {
	transposeGeneric(k, n, dst, ldd, src, lds, add)
}

func exp(dst, x []float32, shift float32) {
	if level == neon {
		expNEON(dst, x, shift)
	} else {
		expGeneric(dst, x, shift)
	}
}

func tanh(dst, x []float32) {
	if level == neon {
		tanhNEON(dst, x)
	} else {
		tanhGeneric(dst, x)
	}
}

func sigmoid(dst, x []float32) {
	if level == neon {
		sigmoidNEON(dst, x)
	} else {
		sigmoidGeneric(dst, x)
	}
}

func adam(w, g, m, v []float32, k *adamArgs) {
	if level == neon {
		adamNEON(w, g, m, v, &k.lr)
	} else {
		adamGeneric(w, g, m, v, k)
	}
}

func cellForward(pre, cPrev, c, h, peep []float32) {
	if level == neon {
		cellForwardNEON(len(c), &pre[0], first(cPrev), &c[0], &h[0], first(peep))
	} else {
		cellForwardGeneric(pre, cPrev, c, h, peep)
	}
}

func cellBackward(gates, cPrev, c, dH, dC, peep []float32) {
	if level == neon {
		cellBackwardNEON(len(c), &gates[0], first(cPrev), &c[0], &dH[0], &dC[0], first(peep))
	} else {
		cellBackwardGeneric(gates, cPrev, c, dH, dC, peep)
	}
}
