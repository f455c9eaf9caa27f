//go:build amd64 && !noasm

package vec

import "sync"

//go:generate go -C _asm run . -group gemm -pkg vec -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go

// Blocking. A block of A, mBlock x kBlock, stays in the second-level cache while a
// panel of B, kBlock x 32, stays in the first. Blocks do not show in the result: a
// tile of C is loaded, goes on with its sum where the block before stopped, and is
// stored.
const (
	mBlock = 240
	kBlock = 256

	// The numbers of columns of B from which on a block of A is copied, as its tiles
	// would be read again and again across rows that lie far apart: of a transposed A,
	// and of an A with long rows.
	copyTrans = 64
	copyRows  = 256

	// rowCopy is the distance of rows in the copy of a block, not a power of two so that
	// they spread over the cache.
	rowCopy = kBlock + 16
)

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
// Strides count elements. It touches only the columns of C whose bit is set in mask,
// which holds for the last 16.
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

// split cuts m rows into tiles of at most most rows, as even as can be: first big
// tiles of rows rows, then small tiles of rows-1.
func split(m, most int) (rows, big, small int) {
	tiles := (m + most - 1) / most
	rows = (m + tiles - 1) / tiles
	small = tiles*rows - m
	return rows, tiles - small, small
}

// buffers holds the copies of A's blocks.
var buffers = sync.Pool{New: func() any { return new([mBlock * rowCopy]float32) }}

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

// matMulTiles is matMul for the assembly levels. Neither K nor N is 0.
func matMulTiles(m int, a []float32, rs, ks int, b *Packed, init []float32, ldi int, c []float32, ldc int) {
	K, N := b.K, b.N
	most := 6
	if level == avx512 {
		most = 12
	}
	var buf *[mBlock * rowCopy]float32
	if m > most && (ks > 1 && N >= copyTrans || rs > kBlock && N >= copyRows) {
		buf = buffers.Get().(*[mBlock * rowCopy]float32)
		defer buffers.Put(buf)
	}
	for pc := 0; pc < K; pc += kBlock {
		k := min(kBlock, K-pc)
		for ic, mc := 0, 0; ic < m; ic += mc {
			mc = m - ic
			if mc > mBlock {
				mc = (mc + (mc-1)/mBlock) / ((mc-1)/mBlock + 1)
			}
			rows, big, small := split(mc, most)
			ap := a[ic*rs+pc*ks:]
			t := tiles{rows: rows, n: big, k: k, rs: rs, ks: ks, next: rows * rs, ps: K * panel, ldc: ldc, ldi: ldi}
			u := tiles{rows: rows - 1, n: small, k: k, rs: rs, ks: ks, next: (rows - 1) * rs, ps: K * panel, ldc: ldc, ldi: ldi}
			switch {
			case buf == nil:
			case ks > 1:
				packRows(big, rows, k, buf[:], rows*k, ap, ks)
				if small > 0 {
					packRows(small, rows-1, k, buf[big*rows*k:], (rows-1)*k, ap[big*rows:], ks)
				}
				ap = buf[:]
				t.rs, t.ks, t.next = 1, rows, rows*k
				u.rs, u.ks, u.next = 1, rows-1, (rows-1)*k
			default:
				for i := range mc {
					copy(buf[i*rowCopy:], ap[i*rs:][:k])
				}
				ap = buf[:]
				t.rs, t.next = rowCopy, rows*rowCopy
				u.rs, u.next = rowCopy, (rows-1)*rowCopy
			}
			for j := 0; j < N; {
				w := N - j
				cols := columns(rows, w)
				bp := b.panels[j/panel*panel*K+pc*panel+j%panel:]
				t.run(cols, min(w, cols), ap, bp, from(init, ic*ldi+j), c[ic*ldc+j:])
				if small > 0 {
					row := ic + big*rows
					u.run(cols, min(w, cols), ap[big*t.next:], bp, from(init, row*ldi+j), c[row*ldc+j:])
				}
				j += cols
			}
		}
		init, ldi = c, ldc // go on with the sums
	}
}

// from is x[i:], or nil of nil.
func from(x []float32, i int) []float32 {
	if x == nil {
		return nil
	}
	return x[i:]
}

// columns is the width of the tile to use for rows rows where w columns are left. Few
// rows take wide tiles, so that there are enough sums to hide a multiplication's
// latency.
func columns(rows, w int) int {
	if level == avx512 {
		switch {
		case rows == 1 && w >= 128:
			return 128
		case (rows == 2 || rows == 3) && w >= 64:
			return 64
		case w <= 16:
			return 16
		}
		return 32
	}
	switch {
	case rows == 1 && w >= 64:
		return 64
	case rows <= 2 || rows == 3 && w > 16:
		return 32
	}
	return 16
}

// tiles is a column of n tiles of rows rows; the fields are the arguments of a tiler.
type tiles struct {
	rows, n, k            int
	rs, ks, next, ps, ldc int
	ldi                   int
}

// run computes the first w of cols columns of the tiles.
func (t *tiles) run(cols, w int, a, b, init, c []float32) {
	if level == avx512 {
		mask := uint32(1)<<(w-cols+16) - 1
		tileAVX512(t.rows, cols, t.n, t.k, &a[0], t.rs, t.ks, t.next, &b[0], t.ps, &c[0], t.ldc, mask, first(init), t.ldi)
		return
	}
	if w == cols {
		tileAVX2(t.rows, cols, t.n, t.k, &a[0], t.rs, t.ks, t.next, &b[0], t.ps, &c[0], t.ldc, 0, first(init), t.ldi)
		return
	}
	// The kernel takes whole tiles: go by way of a copy.
	var edge [6 * panel]float32
	for i := range t.n {
		ct := c[i*t.rows*t.ldc:]
		var start *float32
		if init != nil {
			for r := range t.rows {
				copy(edge[r*cols:], init[(i*t.rows+r)*t.ldi:][:w])
			}
			start = &edge[0]
		}
		tileAVX2(t.rows, cols, 1, t.k, &a[i*t.next], t.rs, t.ks, 0, &b[0], t.ps, &edge[0], cols, 0, start, cols)
		for r := range t.rows {
			copy(ct[r*t.ldc:][:w], edge[r*cols:])
		}
	}
}
