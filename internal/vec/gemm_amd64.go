//go:build amd64 && !noasm

package vec

import "unsafe"

// tileAVX512 runs one micro-kernel, rows x cols, over a column of tiles:
//
//	for t := range tiles {
//		for i := range rows {
//			for j := range cols {
//				s := init[(t*rows+i)*ldi+j], or 0 if init is nil
//				for p := range k {
//					s = fma(a[t*next+i*rs+p*ks], b[j/32*ps+p*32+j%32], s)
//				}
//				c[(t*rows+i)*ldc+j] = s
//			}
//		}
//	}
//
// Strides count elements. A negative ldi says that init is the first of a table of slices, and
// that row r of all tiles begins with its slice r from column ^ldi on. It touches only the columns
// of C whose bit is set in mask, which holds for the last 16.
func tileAVX512(rows, cols, tiles, k int, a *float32, rs, ks, next int, b *float32, ps int, c *float32, ldc int, mask uint32, init *float32, ldi int) {
	switch rows<<8 | cols {
	case 1<<8 | 16:
		tile1x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 1<<8 | 32:
		tile1x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 2<<8 | 16:
		tile2x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 2<<8 | 32:
		tile2x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 3<<8 | 16:
		tile3x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 3<<8 | 32:
		tile3x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 4<<8 | 16:
		tile4x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 4<<8 | 32:
		tile4x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 5<<8 | 16:
		tile5x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 5<<8 | 32:
		tile5x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 6<<8 | 16:
		tile6x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 6<<8 | 32:
		tile6x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 7<<8 | 16:
		tile7x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 7<<8 | 32:
		tile7x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 8<<8 | 16:
		tile8x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 8<<8 | 32:
		tile8x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 9<<8 | 16:
		tile9x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 9<<8 | 32:
		tile9x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 10<<8 | 16:
		tile10x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 10<<8 | 32:
		tile10x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 11<<8 | 16:
		tile11x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 11<<8 | 32:
		tile11x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 12<<8 | 16:
		tile12x16AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 12<<8 | 32:
		tile12x32AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 1<<8 | 128:
		tile1x128AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 2<<8 | 64:
		tile2x64AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 3<<8 | 64:
		tile3x64AVX512(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	}
}

// tileAVX2 is tileAVX512 without the mask: it takes all columns.
func tileAVX2(rows, cols, tiles, k int, a *float32, rs, ks, next int, b *float32, ps int, c *float32, ldc int, mask uint32, init *float32, ldi int) {
	switch rows<<8 | cols {
	case 1<<8 | 64:
		tile1x64AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 1<<8 | 32:
		tile1x32AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 2<<8 | 32:
		tile2x32AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 3<<8 | 32:
		tile3x32AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 3<<8 | 16:
		tile3x16AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 4<<8 | 16:
		tile4x16AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 5<<8 | 16:
		tile5x16AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	case 6<<8 | 16:
		tile6x16AVX2(tiles, k, a, rs, ks, next, b, ps, c, ldc, mask, init, ldi)
	}
}

// packPanels is packPanelsGeneric.
func packPanels(panels []float32, width, k, n int, b []float32, ldb int) {
	switch {
	case k == 0 || n == 0:
	case level == avx512:
		packPanelsAVX512(n/width, k, &panels[0], k*width, &b[0], ldb)
	case level == avx2:
		packPanelsAVX2(n/width, k, &panels[0], k*width, &b[0], ldb)
	default:
		packPanelsGeneric(panels, width, k, n, b, ldb)
	}
}

// packRows copies tiles of a transposed block of A, k rows ks apart, so that each is
// [k][rows]; the tiles lie next apart:
//
//	for p := range k {
//		for t := range tiles {
//			for i := range rows {
//				dst[t*next+p*rows+i] = a[p*ks+t*rows+i]
//			}
//		}
//	}
func packRows(tiles, rows, k int, dst []float32, next int, a []float32, ks int) {
	if level == avx512 {
		packRowsAVX512(tiles, rows, k, &dst[0], next, &a[0], ks)
	} else {
		packRowsAVX2(tiles, rows, k, &dst[0], next, &a[0], ks)
	}
}

// panelWidth is the width of a panel: that of the tiles of many rows, which so read one line
// of memory after the other and fill all sets of the first-level cache alike.
func panelWidth() int {
	if level == avx2 {
		return panel / 2
	}
	return panel
}

// mostRows is the largest number of rows of a tile.
func mostRows() int {
	if level == avx512 {
		return 12
	}
	return 6
}

// columns is the width of the tile to use for rows rows where w columns are left.
func columns(rows, w int) int {
	switch {
	case level != avx512:
		return columns6(rows, w)
	case rows == 1 && w >= 128:
		return 128
	case (rows == 2 || rows == 3) && w >= 64:
		return 64
	case w <= 16:
		return 16
	}
	return 32
}

// masks says whether tiles may have fewer columns than their width.
func masks() bool { return level == avx512 }

// rowTables says that tiles can begin with rows from anywhere.
const rowTables = true

// kernel computes the first w of cols columns of the tiles; w is cols without masks.
func (t *tiles) kernel(cols, w int, a, b *float32, begin *start, c *float32) {
	init, ldi := first(begin.flat), begin.ld
	if begin.rows != nil {
		init, ldi = (*float32)(unsafe.Pointer(&begin.rows[0])), ^begin.col
	}
	if level == avx512 {
		tileAVX512(t.rows, cols, t.n, t.k, a, t.rs, t.ks, t.next, b, t.ps, c, t.ldc, uint32(1)<<(w-cols+16)-1, init, ldi)
	} else {
		tileAVX2(t.rows, cols, t.n, t.k, a, t.rs, t.ks, t.next, b, t.ps, c, t.ldc, 0, init, ldi)
	}
}
