//go:build (amd64 || arm64) && !noasm

package vec

// int8Longest is how many products go into one call of a kernel, so that the runtime need
// not wait for it; see block.
const int8Longest = 1 << 24

func matMulInt8(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	if int8Kind == generic {
		matMulInt8Generic(a, b, beta, c, ldc)
		return
	}
	rows, big, small := split(a.M, int8Rows())
	for j := 0; j < b.N; {
		cols := int8Columns(rows, b.N-j)
		int8Tiles(rows, cols, big, 0, j, a, b, int(beta), c, ldc)
		if small > 0 {
			int8Tiles(rows-1, cols, small, big*rows, j, a, b, int(beta), c, ldc)
		}
		j += cols
	}
}

// int8Tiles computes so many tiles of rows rows and cols columns from row i and column j
// on.
func int8Tiles(rows, cols, tiles, i, j int, a *RowsInt8, b *PackedInt8, add int, c []float32, ldc int) {
	w := min(cols, b.N-j)
	if w == cols || int8Masks() {
		step := max(1, int8Longest/(rows*cols*a.ld))
		for ; tiles > 0; tiles -= step {
			int8Kernel(rows, cols, min(tiles, step), i, j, w, a, b, add, &c[i*ldc+j], ldc)
			i += step * rows
		}
		return
	}
	// The kernel takes whole tiles: go by way of a copy.
	var edge [6 * panel]float32
	for ; tiles > 0; tiles-- {
		for r := range rows {
			copy(edge[r*cols:][:w], c[(i+r)*ldc+j:])
		}
		int8Kernel(rows, cols, 1, i, j, cols, a, b, add, &edge[0], cols)
		for r := range rows {
			copy(c[(i+r)*ldc+j:][:w], edge[r*cols:])
		}
		i += rows
	}
}
