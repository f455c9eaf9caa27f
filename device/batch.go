package device

import "github.com/textlstm/textlstm/classify"

// A batch is the texts of a step on the device.
type batch struct {
	classify.Packed
	words   *array // [U] as dropout tells them apart
	vectors *array // [U] their rows of the table
	index   *array // [Rows] the word of a row
	starts  *array // [U+1] and
	places  *array // [Rows]: the rows of each word
	offset  *array // [T+1] the first row of a step
	length  *array // by position in the layout

	gramStarts *array // [U+1] and
	grams      *array // the n-grams of each word
	shares     *array // [U] of an n-gram in its word, and
	whole      *array // [U] that of its row of the table, which is 1

	sequence *array    // [Rows] the sequence of a row, in the order of the batch
	before   [2]*array // by direction, [Rows] the row that was read before; -1 for none

	text        *array // [Rows] the text of a row
	textStarts  *array // [B+1] and
	textRows    *array // [Rows]: the rows of a text
	first, last *array // [B] its first and its last row
}

func (e *engine) newBatch() {
	b := &e.batch
	for _, a := range []**array{&b.words, &b.vectors, &b.index, &b.starts, &b.places, &b.offset, &b.length, &b.gramStarts, &b.grams, &b.shares, &b.whole,
		&b.sequence, &b.before[0], &b.before[1], &b.text, &b.textStarts, &b.textRows, &b.first, &b.last} {
		*a = e.array(1)
	}
}

// pack lays texts out on the device.
func (e *engine) pack(texts []classify.Encoded) {
	e.place(e.net.Pack(&e.ws, texts))
	e.packWords()
}

// place puts what is laid out on the device, but for what a step moves of the words.
func (e *engine) place(packed classify.Packed) {
	b := &e.batch
	b.Packed = packed
	write(e, b.words, b.Words)
	write(e, b.vectors, b.Vectors)
	write(e, b.index, b.Index)
	e.lists(b.Index, nil, len(b.Words), b.starts, b.places)
	e.packSteps()
}

// packSteps says where the steps of the sequences and those of the texts are.
func (e *engine) packSteps() {
	b := &e.batch
	l := b.Layout
	N, B := l.Rows(), l.B()
	offset, length := make([]int32, l.T()+1), make([]int32, B)
	sequence, text := make([]int32, N), make([]int32, N)
	before := [2][]int32{make([]int32, N), make([]int32, N)}
	first, last := make([]int32, b.Texts), make([]int32, b.Texts)
	for g := range first {
		first[g], last[g] = -1, -1
	}
	for t := range offset {
		offset[t] = int32(l.Offset(t))
	}
	for s, seq := range l.Order() {
		n := l.Length(seq)
		length[s] = int32(n)
		for t := range n {
			row := l.Offset(t) + s
			sequence[row], text[row] = int32(seq), int32(b.Groups[seq])
			before[0][row], before[1][row] = -1, -1
			if t > 0 {
				before[0][row] = int32(l.Offset(t-1) + s)
			}
			if t+1 < n {
				before[1][row] = int32(l.Offset(t+1) + s)
			}
		}
	}
	for seq, g := range b.Groups {
		if n := l.Length(seq); n > 0 {
			if first[g] < 0 {
				first[g] = int32(l.Row(0, seq))
			}
			last[g] = int32(l.Row(n-1, seq))
		}
	}
	write(e, b.offset, offset)
	write(e, b.length, length)
	write(e, b.sequence, sequence)
	write(e, b.before[0], before[0])
	write(e, b.before[1], before[1])
	write(e, b.text, text)
	write(e, b.first, first)
	write(e, b.last, last)
	e.lists(text, nil, b.Texts, b.textStarts, b.textRows)
}

// lists writes what belongs to each of n owners, in order: that of u is list[starts[u]:starts[u+1]].
// Item i belongs to owner[i]; items nil are 0, 1, ...
func (e *engine) lists(owner, items []int32, n int, starts, list *array) {
	at, sorted := make([]int32, n+1), make([]int32, len(owner))
	for _, u := range owner {
		at[u+1]++
	}
	for u := range n {
		at[u+1] += at[u]
	}
	write(e, starts, at)
	for i, u := range owner {
		sorted[at[u]] = int32(i)
		if items != nil {
			sorted[at[u]] = items[i]
		}
		at[u]++
	}
	write(e, list, sorted)
}
