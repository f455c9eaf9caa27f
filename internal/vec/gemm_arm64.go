//go:build arm64 && !noasm

package vec

// tileNEON runs one micro-kernel, rows x cols, over a column of tiles:
//
//	for t := range tiles {
//		for i := range rows {
//			for j := range cols {
//				s := init[(t*rows+i)*ldi+j], or 0 if init is nil
//				for p := range k {
//					s = fma(a[t*next+i*stride+p], b[j/32*ps+p*32+j%32], s)
//				}
//				c[(t*rows+i)*ldc+j] = s
//			}
//		}
//	}
//
// Strides count elements.
func tileNEON(rows, cols, tiles, k int, a *float32, stride, next int, b *float32, ps int, c *float32, ldc int, init *float32, ldi int) {
	switch rows<<8 | cols {
	case 1<<8 | 64:
		tile1x64NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 1<<8 | 32:
		tile1x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 2<<8 | 32:
		tile2x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 3<<8 | 32:
		tile3x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 3<<8 | 16:
		tile3x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 4<<8 | 16:
		tile4x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 5<<8 | 16:
		tile5x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 6<<8 | 16:
		tile6x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	}
}

// tileTNEON is tileNEON of a transposed A, a[t*next+i+p*stride].
func tileTNEON(rows, cols, tiles, k int, a *float32, stride, next int, b *float32, ps int, c *float32, ldc int, init *float32, ldi int) {
	switch rows<<8 | cols {
	case 1<<8 | 64:
		tileT1x64NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 1<<8 | 32:
		tileT1x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 2<<8 | 32:
		tileT2x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 3<<8 | 32:
		tileT3x32NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 3<<8 | 16:
		tileT3x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 4<<8 | 16:
		tileT4x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 5<<8 | 16:
		tileT5x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
	case 6<<8 | 16:
		tileT6x16NEON(tiles, k, a, stride, next, b, ps, c, ldc, init, ldi)
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
	switch rows {
	case 1:
		packRows1NEON(tiles, k, &dst[0], next, &a[0], ks)
	case 2:
		packRows2NEON(tiles, k, &dst[0], next, &a[0], ks)
	case 3:
		packRows3NEON(tiles, k, &dst[0], next, &a[0], ks)
	case 4:
		packRows4NEON(tiles, k, &dst[0], next, &a[0], ks)
	case 5:
		packRows5NEON(tiles, k, &dst[0], next, &a[0], ks)
	case 6:
		packRows6NEON(tiles, k, &dst[0], next, &a[0], ks)
	}
}

// packPanels is packPanelsGeneric.
func packPanels(panels []float32, width, k, n int, b []float32, ldb int) {
	packPanelsGeneric(panels, width, k, n, b, ldb)
}

// panelWidth is the width of a panel.
func panelWidth() int { return panel }

// mostRows is the largest number of rows of a tile.
func mostRows() int { return 6 }

// columns is the width of the tile to use for rows rows where w columns are left.
func columns(rows, w int) int { return columns6(rows, w) }

// masks says whether tiles may have fewer columns than their width.
func masks() bool { return false }

// rowTables says that tiles cannot begin with rows from anywhere.
const rowTables = false

// kernel computes the tiles. Either the rows of A or its columns lie side by side.
func (t *tiles) kernel(cols, w int, a, b *float32, begin *start, c *float32) {
	init := first(begin.flat)
	if t.ks == 1 {
		tileNEON(t.rows, cols, t.n, t.k, a, t.rs, t.next, b, t.ps, c, t.ldc, init, begin.ld)
	} else {
		tileTNEON(t.rows, cols, t.n, t.k, a, t.ks, t.next, b, t.ps, c, t.ldc, init, begin.ld)
	}
}
