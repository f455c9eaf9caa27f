//go:build (amd64 || arm64) && !noasm

package vec

import (
	"os"
	"slices"
)

// generic is the level of the Go code; levelNames goes on with those in assembly, up to
// best, the highest that the processor and the system support.
const generic = 0

// level is the level in use. It is written before main starts, and by tests.
var level = func() int {
	if l := slices.Index(levelNames, os.Getenv("TEXTLSTM_KERNEL")); l >= 0 && l <= best {
		return l
	}
	return best
}()

// UseKernel makes the products of this process use the level of that name, for a test
// that compares two. It returns the level that it was, and false if there is no such one
// here. Weights are to be packed anew, and nothing may be going on.
func UseKernel(name string) (was string, ok bool) {
	was = kernelName()
	l := slices.Index(levelNames, name)
	if ok = l >= 0 && l <= best; ok {
		level = l
	}
	return was, ok
}

func kernelName() string { return levelNames[level] }

// int8Kind is the entry of int8Names, worst first, whose instructions quantised products
// use. It is written before main starts, and by tests.
var int8Kind = bestInt8()

func bestInt8() int {
	kind := len(int8Names) - 1
	for !hasInt8(kind) {
		kind--
	}
	return kind
}

func kernel8Name() string { return int8Names[int8Kind] }

func matMul(m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	if level == generic {
		matMulGeneric(m, a, rs, ks, b, init, c, ldc)
		return
	}
	matMulTiles(m, a, rs, ks, b, init, c, ldc)
}
