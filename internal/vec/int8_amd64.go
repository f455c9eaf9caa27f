//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

//go:generate go -C _asm run . -group int8 -pkg vec -out ../int8_amd64.s -stubs ../int8_stubs_amd64.go

// The instructions for quantised products, worst first.
const (
	int8Generic = iota
	int8AVX2
	int8VNNI
	int8VNNI512
)

var int8Names = []string{"generic", "avx2", "avxvnni", "avx512vnni"}

// hasInt8 says whether the machine has them, level allowing.
func hasInt8(kind int) bool {
	switch kind {
	case int8AVX2:
		return level >= avx2
	case int8VNNI:
		return level >= avx2 && cpu.X86.HasAVXVNNI
	case int8VNNI512:
		return level >= avx512 && cpu.X86.HasAVX512VNNI
	}
	return true
}

// int8Kind is the kind in use. It is written before main starts, and by tests.
var int8Kind = bestInt8()

func bestInt8() int {
	kind := int8VNNI512
	for !hasInt8(kind) {
		kind--
	}
	return kind
}

func kernel8Name() string { return int8Names[int8Kind] }

func absMax(x []float32) uint32 {
	switch level {
	case avx512:
		return absMaxAVX512(x)
	case avx2:
		return absMaxAVX2(x)
	}
	return absMaxGeneric(x)
}

func quantize(q []int8, x []float32, inverse float32) int32 {
	switch level {
	case avx512:
		return quantizeAVX512(q, x, inverse)
	case avx2:
		whole := len(x) &^ 7
		return quantizeAVX2(q[:whole], x[:whole], inverse) + quantizeGeneric(q[whole:], x[whole:], inverse)
	}
	return quantizeGeneric(q, x, inverse)
}

// int8TileVNNI512 runs one micro-kernel, rows x cols, over a column of tiles, each over
// k4 groups of four summands; row i of the tiles is at a[i*lda:], and
//
//	c[i*ldc+j] = add*c[i*ldc+j] + float32(rowAdd[i] + sum)*rowScale[i]*colScale[j]
//
// ps is the distance of B's panels in bytes. It touches only the columns of C whose bit
// is set in mask, which holds for the last 32.
func int8TileVNNI512(rows, cols, tiles, k4 int, a *int8, lda int, b *uint8, ps int, rowScale *float32, rowAdd *int32, colScale *float32, c *float32, ldc int, mask uint32, add int) {
	switch rows<<8 | cols {
	case 1<<8 | 32:
		int8Tile1x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 2<<8 | 32:
		int8Tile2x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 3<<8 | 32:
		int8Tile3x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 4<<8 | 32:
		int8Tile4x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 5<<8 | 32:
		int8Tile5x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 6<<8 | 32:
		int8Tile6x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 7<<8 | 32:
		int8Tile7x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 8<<8 | 32:
		int8Tile8x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 9<<8 | 32:
		int8Tile9x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 10<<8 | 32:
		int8Tile10x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 11<<8 | 32:
		int8Tile11x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 12<<8 | 32:
		int8Tile12x32VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 1<<8 | 128:
		int8Tile1x128VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 2<<8 | 64:
		int8Tile2x64VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 3<<8 | 64:
		int8Tile3x64VNNI512(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	}
}

// int8TileVNNI is int8TileVNNI512 without the mask: it takes all columns.
func int8TileVNNI(rows, cols, tiles, k4 int, a *int8, lda int, b *uint8, ps int, rowScale *float32, rowAdd *int32, colScale *float32, c *float32, ldc int, mask uint32, add int) {
	switch rows<<8 | cols {
	case 1<<8 | 64:
		int8Tile1x64VNNI(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 1<<8 | 32:
		int8Tile1x32VNNI(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 2<<8 | 32:
		int8Tile2x32VNNI(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 3<<8 | 32:
		int8Tile3x32VNNI(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	}
}

// int8TileAVX2 is int8TileVNNI for processors without VNNI.
func int8TileAVX2(rows, cols, tiles, k4 int, a *int8, lda int, b *uint8, ps int, rowScale *float32, rowAdd *int32, colScale *float32, c *float32, ldc int, mask uint32, add int) {
	switch rows<<8 | cols {
	case 1<<8 | 32:
		int8Tile1x32AVX2(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 1<<8 | 16:
		int8Tile1x16AVX2(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	case 2<<8 | 16:
		int8Tile2x16AVX2(tiles, k4, a, lda, b, ps, rowScale, rowAdd, colScale, c, ldc, mask, add)
	}
}

// int8Rows is the largest number of rows of a tile.
var int8Rows = [...]int{int8AVX2: 2, int8VNNI: 3, int8VNNI512: 12}

// int8Columns is the width of the tile to use for rows rows where w columns are left,
// padding included.
func int8Columns(rows, w int) int {
	switch int8Kind {
	case int8VNNI512:
		switch {
		case rows == 1 && w >= 128:
			return 128
		case (rows == 2 || rows == 3) && w >= 64:
			return 64
		}
	case int8VNNI:
		if rows == 1 && w >= 64 {
			return 64
		}
	case int8AVX2:
		if rows > 1 {
			return 16
		}
	}
	return 32
}

func matMulInt8(a *RowsInt8, b *PackedInt8, beta float32, c []float32, ldc int) {
	if int8Kind == int8Generic {
		matMulInt8Generic(a, b, beta, c, ldc)
		return
	}
	rows, big, small := split(a.M, int8Rows[int8Kind])
	for j := 0; j < b.N; {
		cols := int8Columns(rows, b.N-j)
		int8Tiles(rows, cols, 0, big, j, a, b, int(beta), c, ldc)
		if small > 0 {
			int8Tiles(rows-1, cols, big*rows, small, j, a, b, int(beta), c, ldc)
		}
		j += cols
	}
}

// int8Tiles computes tiles of rows rows from row i on, and cols columns from column j
// on.
func int8Tiles(rows, cols, i, tiles, j int, a *RowsInt8, b *PackedInt8, add int, c []float32, ldc int) {
	k4, ps := a.ld/group, a.ld*panel
	bp := &b.panels[j/panel*ps+j%panel*group]
	w := min(cols, b.N-j)
	if int8Kind == int8VNNI512 {
		mask := uint32(uint64(1)<<(w-cols+panel) - 1)
		int8TileVNNI512(rows, cols, tiles, k4, &a.q[i*a.ld], a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], &c[i*ldc+j], ldc, mask, add)
		return
	}
	tile := func(i, tiles int, c *float32, ldc int) {
		if int8Kind == int8VNNI {
			int8TileVNNI(rows, cols, tiles, k4, &a.q[i*a.ld], a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], c, ldc, 0, add)
		} else {
			int8TileAVX2(rows, cols, tiles, k4, &a.q[i*a.ld], a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], c, ldc, 0, add)
		}
	}
	if w == cols {
		tile(i, tiles, &c[i*ldc+j], ldc)
		return
	}
	// The kernel takes whole tiles: go by way of a copy.
	var edge [3 * panel]float32
	for ; tiles > 0; tiles-- {
		for r := range rows {
			copy(edge[r*cols:][:w], c[(i+r)*ldc+j:])
		}
		tile(i, 1, &edge[0], cols)
		for r := range rows {
			copy(c[(i+r)*ldc+j:][:w], edge[r*cols:])
		}
		i += rows
	}
}
