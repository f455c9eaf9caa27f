package nn

import "fmt"

// A Layout places the steps of a batch of sequences of different lengths in
// one array of rows without padding, as PyTorch's PackedSequence does.
//
// The sequences are put in order of descending length (equal lengths keep
// their order). Rows then go by time step: step t's rows are those of the
// first Active(t) sequences in that order, so the rows still running at any
// step are one contiguous block and the state of a recurrent layer shrinks by
// dropping its last rows.
//
//	lengths 2, 3, 0, 3    order 1, 3, 0, 2
//	step 0: rows 0 1 2    sequences 1 3 0
//	step 1: rows 3 4 5    sequences 1 3 0
//	step 2: rows 6 7      sequences 1 3
//
// The zero value is the layout of an empty batch. Once Reset, a Layout may be
// read by any number of goroutines.
type Layout struct {
	lengths []int // [B], by original sequence
	order   []int // [B], sorted position -> original sequence
	rank    []int // [B], original sequence -> sorted position
	active  []int // [T+1], sequences longer than t; active[T] = 0
	offset  []int // [T+1], first row of step t; offset[T] = Rows()
}

// Reset makes l the layout of len(lengths) sequences of the given lengths,
// in any order, zeros included. It keeps a copy of lengths, reuses l's storage
// and takes time linear in the batch and its longest sequence.
// It panics on a negative length.
func (l *Layout) Reset(lengths []int) {
	T := 0
	for b, n := range lengths {
		if n < 0 {
			panic(fmt.Sprintf("nn: length of sequence %d is %d", b, n))
		}
		T = max(T, n)
	}
	B := len(lengths)
	l.lengths = append(l.lengths[:0], lengths...)
	l.order = grow(l.order, B)
	l.rank = grow(l.rank, B)
	l.active = grow(l.active, T+1)
	l.offset = grow(l.offset, T+1)

	// A counting sort. With offset[n] the number of sequences of length n,
	// active[t] is its sum over n > t, which is also the position of the first
	// sequence of length t in the sorted order.
	clear(l.offset)
	for _, n := range lengths {
		l.offset[n]++
	}
	sum := 0
	for t := T; t >= 0; t-- {
		l.active[t] = sum
		sum += l.offset[t]
	}
	copy(l.offset, l.active)
	for b, n := range lengths {
		l.rank[b] = l.offset[n]
		l.order[l.offset[n]] = b
		l.offset[n]++
	}

	row := 0
	for t := range T + 1 {
		l.offset[t] = row
		row += l.active[t]
	}
}

// B is the number of sequences.
func (l *Layout) B() int { return len(l.lengths) }

// T is the length of the longest sequence.
func (l *Layout) T() int { return max(len(l.active)-1, 0) }

// Rows is the sum of the lengths.
func (l *Layout) Rows() int {
	if len(l.offset) == 0 {
		return 0
	}
	return l.offset[len(l.offset)-1]
}

// Active is the number of sequences longer than t, 0 <= t <= T(): those that
// have a row at step t.
func (l *Layout) Active(t int) int { return l.active[t] }

// Offset is the first row of step t, 0 <= t <= T(); Offset(T()) is Rows().
func (l *Layout) Offset(t int) int { return l.offset[t] }

// Length is the length of the original sequence b.
func (l *Layout) Length(b int) int { return l.lengths[b] }

// Row is the row of step t of the original sequence b.
// It panics unless 0 <= t < Length(b).
func (l *Layout) Row(t, b int) int {
	if uint(t) >= uint(l.lengths[b]) {
		panic(fmt.Sprintf("nn: step %d of sequence %d of length %d", t, b, l.lengths[b]))
	}
	return l.offset[t] + l.rank[b]
}

// Order maps a position in the sorted order to the original sequence.
// The slice belongs to l and is valid until its next Reset.
func (l *Layout) Order() []int { return l.order }

// Rank maps an original sequence to its position in the sorted order; it is
// the inverse of Order. The slice belongs to l and is valid until its next
// Reset.
func (l *Layout) Rank() []int { return l.rank }

// Pack copies a padded batch x [T][B][I] (time-major, T >= l.T(), B = l.B())
// into dst [Rows][I], leaving the padding behind.
func (l *Layout) Pack(dst, x []float32, T, I int) {
	l.checkPadded(dst, x, T, I)
	B := l.B()
	for t := range l.T() {
		for s, row := range l.order[:l.active[t]] {
			to := (l.offset[t] + s) * I
			from := (t*B + row) * I
			copy(dst[to:to+I], x[from:from+I])
		}
	}
}

// Unpack copies packed rows x [Rows][I] into the padded batch dst [T][B][I]
// (time-major, T >= l.T(), B = l.B()); the padding is set to zero.
func (l *Layout) Unpack(dst, x []float32, T, I int) {
	l.checkPadded(x, dst, T, I)
	B := l.B()
	clear(dst[:T*B*I])
	for t := range l.T() {
		for s, row := range l.order[:l.active[t]] {
			from := (l.offset[t] + s) * I
			to := (t*B + row) * I
			copy(dst[to:to+I], x[from:from+I])
		}
	}
}

func (l *Layout) checkPadded(packed, padded []float32, T, I int) {
	if T < l.T() || len(packed) < l.Rows()*I || len(padded) < T*l.B()*I {
		panic(fmt.Sprintf("nn: packed rows [%d], padded [%d], want at least Rows*I = %d*%d and T*B*I = %d*%d*%d with T >= %d",
			len(packed), len(padded), l.Rows(), I, T, l.B(), I, l.T()))
	}
}

// grow returns s with length n, reallocated with room to spare when its
// capacity does not suffice. The contents are unspecified.
func grow[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}
