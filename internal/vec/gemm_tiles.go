//go:build (amd64 || arm64) && !noasm

package vec

import "sync"

// Blocking. A block of A, mBlock x kBlock, 260 KB, stays in the second-level cache while
// a panel of B, kBlock x 16 or 32, 16 or 32 KB, stays in the first: the processors of the last years
// have 256 KB to 2 MB and 32 to 64 KB, those of Apple more. A and B are not prefetched: they
// are read in steps of at most 128 bytes, which the processors foresee. Rows from anywhere that
// a product begins with are, on amd64. Blocks do not show in the result: a
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

// split cuts m rows into tiles of at most most rows, as even as can be: first big
// tiles of rows rows, then small tiles of rows-1.
func split(m, most int) (rows, big, small int) {
	if m <= most { // as in each step of a few texts: no need to divide
		return m, 1, 0
	}
	tiles := (m + most - 1) / most
	rows = (m + tiles - 1) / tiles
	small = tiles*rows - m
	return rows, tiles - small, small
}

// buffers holds the copies of A's blocks.
var buffers = sync.Pool{New: func() any { return new([mBlock * rowCopy]float32) }}

// matMulTiles is matMul for the assembly levels. Neither K nor N is 0.
func matMulTiles(m int, a []float32, rs, ks int, b *Packed, init start, c []float32, ldc int) {
	if init.rows != nil && !rowTables {
		init = init.set(m, b.N, c, ldc)
	}
	K, N := b.K, b.N
	var begin start
	in := b.width - 1 // the bits of a column within its panel, whose width is a power of two
	most := mostRows()
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
			t := tiles{rows: rows, n: big, k: k, rs: rs, ks: ks, next: rows * rs, ps: K * b.width, ldc: ldc}
			u := tiles{rows: rows - 1, n: small, k: k, rs: rs, ks: ks, next: (rows - 1) * rs, ps: K * b.width, ldc: ldc}
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
				bp := b.panels[(j-j&in)*K+pc*b.width+j&in:]
				begin.at(&init, ic, j)
				t.run(cols, min(w, cols), ap, bp, &begin, c[ic*ldc+j:])
				if small > 0 {
					row := ic + big*rows
					begin.at(&init, row, j)
					u.run(cols, min(w, cols), ap[big*t.next:], bp, &begin, c[row*ldc+j:])
				}
				j += cols
			}
		}
		init = start{flat: c, ld: ldc} // go on with the sums
	}
}

// tiles is a column of n tiles of rows rows; the fields are the arguments of a tiler.
type tiles struct {
	rows, n, k            int
	rs, ks, next, ps, ldc int
}

// run computes the first w of cols columns of the tiles.
func (t *tiles) run(cols, w int, a, b []float32, init *start, c []float32) {
	if w == cols || masks() {
		t.kernel(cols, w, &a[0], &b[0], init, &c[0])
		return
	}
	// The kernel takes whole tiles: go by way of a copy.
	var edge [6 * panel]float32
	one := *t
	one.n, one.ldc = 1, cols
	for i := range t.n {
		var begin start
		if init.rows != nil || init.flat != nil {
			begin.at(init, i*t.rows, 0)
			begin = begin.set(t.rows, w, edge[:], cols)
		}
		one.kernel(cols, cols, &a[i*t.next], &b[0], &begin, &edge[0])
		ct := c[i*t.rows*t.ldc:]
		for r := range t.rows {
			copy(ct[r*t.ldc:][:w], edge[r*cols:])
		}
	}
}

// columns6 is columns for tiles of up to 6 rows. Few rows take wide tiles, so that there
// are enough sums to hide a multiplication's latency.
func columns6(rows, w int) int {
	switch {
	case rows == 1 && w >= 64:
		return 64
	case rows <= 2 || rows == 3 && w > 16:
		return 32
	}
	return 16
}

// first is the address of the first element, or nil.
func first(x []float32) *float32 {
	if len(x) == 0 {
		return nil
	}
	return &x[0]
}
