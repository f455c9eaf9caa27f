//go:build arm64 && !noasm

package vec

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// The instructions for quantised products in assembly, worst first.
const (
	int8NEON = 1 + iota
	int8SDOT
)

// The numbers of PackedInt8 keep their sign.
type weight8 = int8

const offset = 0

var int8Names = []string{"generic", "neon", "neon+sdot"}

// hasInt8 says whether the machine has them, level allowing. Every Mac has SDOT, but
// macOS 12 does not always say so.
func hasInt8(kind int) bool {
	switch kind {
	case int8NEON:
		return level >= neon
	case int8SDOT:
		return level >= neon && (cpu.ARM64.HasASIMDDP || runtime.GOOS == "darwin")
	}
	return true
}

func absMax(x []float32) uint32 {
	if level == neon {
		return absMaxNEON(x)
	}
	return absMaxGeneric(x)
}

func quantize(q []int8, x []float32, inverse float32) int32 {
	if level == neon {
		return quantizeNEON(q, x, inverse)
	}
	return quantizeGeneric(q, x, inverse)
}

// int8TileSDOT runs one micro-kernel, rows x cols, over a column of tiles, each over k4
// groups of four summands; row i of the tiles is at a[i*lda:], and
//
//	c[i*ldc+j] = add*c[i*ldc+j] + float32(sum)*rowScale[i]*colScale[j]
//
// ps is the distance of B's panels in bytes.
func int8TileSDOT(rows, cols, tiles, k4 int, a *int8, lda int, b *int8, ps int, rowScale, colScale, c *float32, ldc, add int) {
	switch rows<<8 | cols {
	case 1<<8 | 64:
		int8Tile1x64SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 1<<8 | 32:
		int8Tile1x32SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 2<<8 | 32:
		int8Tile2x32SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 3<<8 | 32:
		int8Tile3x32SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 3<<8 | 16:
		int8Tile3x16SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 4<<8 | 16:
		int8Tile4x16SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 5<<8 | 16:
		int8Tile5x16SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 6<<8 | 16:
		int8Tile6x16SDOT(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	}
}

// int8TileNEON is int8TileSDOT for processors without SDOT.
func int8TileNEON(rows, cols, tiles, k4 int, a *int8, lda int, b *int8, ps int, rowScale, colScale, c *float32, ldc, add int) {
	switch rows<<8 | cols {
	case 1<<8 | 32:
		int8Tile1x32NEON(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 1<<8 | 16:
		int8Tile1x16NEON(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	case 2<<8 | 16:
		int8Tile2x16NEON(tiles, k4, a, lda, b, ps, rowScale, colScale, c, ldc, add)
	}
}

// int8Rows is the largest number of rows of a tile.
func int8Rows() int { return [...]int{int8NEON: 2, int8SDOT: 6}[int8Kind] }

// int8Columns is the width of the tile to use for rows rows where w columns are left,
// padding included.
func int8Columns(rows, w int) int {
	switch {
	case int8Kind == int8SDOT:
		return columns6(rows, w)
	case rows > 1:
		return 16
	}
	return 32
}

// int8Masks says whether tiles may have fewer columns than their width.
func int8Masks() bool { return false }

// int8Kernel computes so many tiles from row i and column j on.
func int8Kernel(rows, cols, tiles, i, j, w int, a *RowsInt8, b *PackedInt8, add int, c *float32, ldc int) {
	k4, ap, ps := a.ld/group, &a.q[i*a.ld], a.ld*panel
	bp := &b.panels[j/panel*ps+j%panel*group]
	if int8Kind == int8SDOT {
		int8TileSDOT(rows, cols, tiles, k4, ap, a.ld, bp, ps, &a.scale[i], &b.scale[j], c, ldc, add)
	} else {
		int8TileNEON(rows, cols, tiles, k4, ap, a.ld, bp, ps, &a.scale[i], &b.scale[j], c, ldc, add)
	}
}
