package device

import (
	"slices"

	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/vocab"
)

// A sparse is what there is of a weight of whose rows a step reads some: its gradient has a slot for each
// of them alone.
type sparse struct {
	seen    []float32       // by row, the update that its average stands at
	slots   map[int32]int32 // by row
	touched []int32         // by slot, the row, -1 for padding; none after a step that leaves them alone
	filled  int             // the first slots, which have a gradient
	rows    *array          // touched
	keeps   *array          // by slot, what the average keeps of itself
	starts  *array          // by slot and
	words   *array          // those of the batch that have the row
}

func (e *engine) newSparse() *sparse {
	return &sparse{slots: map[int32]int32{}, rows: e.array(1), keeps: e.array(1), starts: e.array(1), words: e.array(1)}
}

// forget begins a step.
func (s *sparse) forget() {
	clear(s.slots)
	s.touched, s.filled = s.touched[:0], 0
}

// readRows gives the rows that words of the batch are made from slots: words[i] has rows[i]. Words nil are 0, 1, ...
func (e *engine) readRows(w *weight, rows, words []int32) {
	s := w.sparse
	slots := make([]int32, len(rows))
	for i, row := range rows {
		slot, ok := s.slots[row]
		if !ok {
			slot = int32(len(s.touched))
			s.slots[row] = slot
			if w == e.table && row == int32(vocab.Pad) {
				row = -1
			}
			s.touched = append(s.touched, row)
		}
		slots[i] = slot
	}
	e.touch(w, s.touched)
	e.lists(slots, words, len(s.touched), s.starts, s.words)
	if n := len(s.touched) * w.p.RowLen(); s.filled == 0 || n <= w.g.cap {
		e.room(w.g, n)
	} else { // it keeps the gradient of the texts before
		had := make([]float32, s.filled*w.p.RowLen())
		read(e, had, w.g)
		e.room(w.g, n)
		write(e, w.g, had)
	}
}

// touch says which rows of a sparse weight the gradient is of.
func (e *engine) touch(w *weight, rows []int32) {
	w.touched = rows
	write(e, w.rows, rows)
}

// packWords says what the words of the batch are made from.
func (e *engine) packWords() {
	b := &e.batch
	e.readRows(e.table, b.Vectors, nil)
	e.room(b.whole, len(b.Words))
	e.each("fill", len(b.Words), b.whole, float32(1))
	if e.grams == nil {
		return
	}
	var grams, words []int32
	shares := make([]float32, len(b.Words))
	for u, g := range b.Grams {
		grams = append(grams, g...)
		words = append(words, slices.Repeat([]int32{int32(u)}, len(g))...)
		shares[u] = 1 / float32(max(len(g), 1))
	}
	e.readRows(e.grams, grams, words)
	e.lists(words, grams, len(b.Words), b.gramStarts, b.grams)
	write(e, b.shares, shares)
}

// forwardWords makes the vectors of the batch's words, and of its places where they are not the same.
func (e *engine) forwardWords() {
	b, D := &e.batch, e.cfg.Model.Embed
	n := len(b.Words) * D
	e.room(e.x, n)
	e.each("gather", n, e.x, e.table.w, b.vectors, D, D, 0)
	if e.grams != nil {
		e.room(e.temp[0], n)
		e.each("poolSum", n, e.temp[0], D, 0, e.grams.w, D, b.gramStarts, b.grams, nil, true)
		e.each("add", n, e.x, e.temp[0])
	}
	e.dropWords(e.x)
	if N := b.Layout.Rows(); !e.shared(0) {
		e.room(e.spread, N*D)
		e.each("gather", N*D, e.spread, e.x, b.index, D, D, 0)
	}
}

// backwardWords adds the gradient of the places' vectors, or that of the words', to those of the rows that
// they are made from.
func (e *engine) backwardWords() {
	b, D := &e.batch, e.cfg.Model.Embed
	e.sumPlaces()
	e.dropWords(e.dX)
	e.addRows(e.table, b.whole)
	if slices.Contains(e.table.touched, -1) { // padding learns nothing
		e.each("clearRows", len(e.table.touched)*D, e.table.g, e.table.rows, D)
	}
	if e.grams != nil {
		e.addRows(e.grams, b.shares)
	}
}

// sumPlaces makes the gradient of the words of that of their places, where the first layer has read those.
func (e *engine) sumPlaces() {
	if b, D := &e.batch, e.cfg.Model.Embed; !e.shared(0) {
		e.room(e.dX, len(b.Words)*D)
		e.each("sumRows", len(b.Words)*D, e.dX, e.dY[0], b.starts, b.places, D)
	}
}

// addRows adds to the gradient of a sparse weight that of the words, each with its share of it.
func (e *engine) addRows(w *weight, shares *array) {
	s, D := w.sparse, e.cfg.Model.Embed
	e.each("sumWeighted", len(s.touched)*D, w.g, s.filled, s.starts, s.words, shares, e.dX, D, true)
	s.filled = len(s.touched)
}

// dropWords applies the dropout of words to their vectors [U][D] or the gradient.
func (e *engine) dropWords(x *array) {
	D := e.cfg.Model.Embed
	if m := newMask(e.cfg.Model.WordDropout, seed.For(e.mode.Seed, "word dropout")); m.dropped > 0 {
		e.each("dropTypes", len(e.batch.Words)*D, x, e.batch.words, D, m.seed, m.dropped, m.keep)
	}
}
