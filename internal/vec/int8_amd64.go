//go:build amd64 && !noasm

package vec

import "golang.org/x/sys/cpu"

// The instructions for quantised products in assembly, worst first.
const (
	int8AVX2 = 1 + iota
	int8VNNI
	int8VNNI512
)

// The numbers of PackedInt8 have an offset that makes them bytes without a sign, as the
// instructions want one of their operands.
type weight8 = uint8

const offset = 128

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
func int8Rows() int { return [...]int{int8AVX2: 2, int8VNNI: 3, int8VNNI512: 12}[int8Kind] }

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

// int8Masks says whether tiles may have fewer columns than their width.
func int8Masks() bool { return int8Kind == int8VNNI512 }

// int8Kernel computes the first w of cols columns of so many tiles from row i and column
// j on; w is cols without masks.
func int8Kernel(rows, cols, tiles, i, j, w int, a *RowsInt8, b *PackedInt8, add int, c *float32, ldc int) {
	k4, ap, ps := a.ld/group, &a.q[i*a.ld], a.ld*panel
	bp := &b.panels[j/panel*ps+j%panel*group]
	switch int8Kind {
	case int8VNNI512:
		mask := uint32(uint64(1)<<(w-cols+panel) - 1)
		int8TileVNNI512(rows, cols, tiles, k4, ap, a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], c, ldc, mask, add)
	case int8VNNI:
		int8TileVNNI(rows, cols, tiles, k4, ap, a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], c, ldc, 0, add)
	default:
		int8TileAVX2(rows, cols, tiles, k4, ap, a.ld, bp, ps, &a.scale[i], &a.add[i], &b.scale[j], c, ldc, 0, add)
	}
}
