// Package bpe cuts words into pieces that were learned from texts: byte pair encoding as
// Sennrich, Haddow & Birch 2016 use it for words. Frequent words are one piece, rare ones
// several, down to characters, so that a vocabulary of some thousand pieces spells any
// word of its alphabet.
//
//	codes := bpe.Learn(counts, bpe.Options{Pieces: 8000})
//	pieces := codes.Append(nil, "lowest") // low, est
//
// What a word is, is the caller's business: a marker for the space before it, such as
// the one of SentencePiece, is a character like others.
package bpe

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWord is the number of characters of a word that are looked at together: a longer
// one is cut into words of that length, so that time stays linear.
const MaxWord = 64

// Options say how much is learned.
type Options struct {
	// Pieces is the number of pieces that words are cut into, the characters among
	// them; 0 means 8,000.
	Pieces int

	// MinCount is how often a character or a pair must occur to be learned; 0 means 2.
	MinCount int64
}

// Codes are the merges, in order, that make pieces of characters. They do not change,
// and may be used by any number of goroutines. The zero value has none.
type Codes struct {
	merges [][2]string
	rank   map[[2]string]int
}

// Merges returns the pairs in the order in which they are merged. It must not be
// changed.
func (c *Codes) Merges() [][2]string { return c.merges }

// Append appends the pieces of a word to dst. Together they are the word.
func (c *Codes) Append(dst []string, word string) []string {
	return slices.AppendSeq(dst, c.All(word))
}

// All ranges over the pieces of a word, without holding those of a long one.
func (c *Codes) All(word string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var parts []string
		for len(word) > 0 {
			end := head(word)
			parts = c.append(parts[:0], word[:end])
			for _, p := range parts {
				if !yield(p) {
					return
				}
			}
			word = word[end:]
		}
	}
}

// head is the length of what is taken of a word at a time: MaxWord characters.
func head(word string) int {
	if len(word) <= MaxWord {
		return len(word)
	}
	k := 0
	for at := range word {
		if k == MaxWord {
			return at
		}
		k++
	}
	return len(word)
}

// append is Append of a word that is not too long: again and again the pair that was
// learned first is merged, wherever it is.
func (c *Codes) append(dst []string, word string) []string {
	base := len(dst)
	for i := 0; i < len(word); {
		_, n := utf8.DecodeRuneInString(word[i:])
		dst = append(dst, word[i:i+n])
		i += n
	}
	for {
		parts := dst[base:]
		best, at := len(c.merges), -1
		for i := range len(parts) - 1 {
			if r, ok := c.rank[[2]string{parts[i], parts[i+1]}]; ok && r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			return dst
		}
		left, right := parts[at], parts[at+1]
		n := 0
		for i := 0; i < len(parts); i++ {
			if i+1 < len(parts) && parts[i] == left && parts[i+1] == right {
				parts[n] = left + right
				i++
			} else {
				parts[n] = parts[i]
			}
			n++
		}
		dst = dst[:base+n]
	}
}

// Learn learns the merges for words with so many occurrences each: the pair that occurs
// most often, of several the first in the order of its parts, becomes a piece, and so on.
// Words with white space in them are left out.
func Learn(counts map[string]int64, o Options) *Codes {
	o.Pieces, o.MinCount = cmp.Or(o.Pieces, 8000), cmp.Or(o.MinCount, 2)
	l := newLearner(counts)
	codes := &Codes{}
	known := map[string]bool{}
	for s, n := range l.characters() {
		if n >= o.MinCount {
			known[s] = true
		}
	}
	for len(known) < o.Pieces {
		p := l.best()
		if p == nil || p.count < o.MinCount {
			break
		}
		left, right := l.pieces[p.pair[0]], l.pieces[p.pair[1]]
		codes.merges = append(codes.merges, [2]string{left, right})
		known[left+right] = true
		l.merge(p)
	}
	codes.index()
	return codes
}

func (c *Codes) index() {
	c.rank = make(map[[2]string]int, len(c.merges))
	for i, m := range c.merges {
		c.rank[m] = i
	}
}

// A learner has the words as they are cut so far, and the pairs in them.
type learner struct {
	pieces []string
	ids    map[string]int32
	words  []word
	pairs  map[[2]int32]*pair
	queue  queue
}

type word struct {
	parts []int32
	count int64
}

// A pair is two neighbouring pieces.
type pair struct {
	pair  [2]int32
	count int64
	words []int32 // that had it; some may have lost it
	key   string  // orders pairs that occur equally often
}

func newLearner(counts map[string]int64) *learner {
	l := &learner{ids: map[string]int32{}, pairs: map[[2]int32]*pair{}}
	var words []string
	for w := range counts {
		if strings.IndexFunc(w, unicode.IsSpace) < 0 && utf8.ValidString(w) && utf8.RuneCountInString(w) <= MaxWord {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	for i, w := range words {
		l.words = append(l.words, word{count: counts[w]})
		for _, r := range w {
			l.words[i].parts = append(l.words[i].parts, l.id(string(r)))
		}
	}
	for i := range l.words {
		l.count(int32(i), 1)
	}
	for _, p := range l.pairs {
		l.queue = append(l.queue, entry{p, p.count})
	}
	heap.Init(&l.queue)
	return l
}

func (l *learner) id(piece string) int32 {
	id, ok := l.ids[piece]
	if !ok {
		id = int32(len(l.pieces))
		l.ids[piece] = id
		l.pieces = append(l.pieces, piece)
	}
	return id
}

// characters counts them; it is called before anything is merged.
func (l *learner) characters() map[string]int64 {
	n := map[string]int64{}
	for _, w := range l.words {
		for _, p := range w.parts {
			n[l.pieces[p]] += w.count
		}
	}
	return n
}

// count adds the pairs of a word, or takes them away if sign is -1. It returns those that
// it has met.
func (l *learner) count(i int32, sign int64) (met []*pair) {
	w := &l.words[i]
	for k := range len(w.parts) - 1 {
		key := [2]int32{w.parts[k], w.parts[k+1]}
		p := l.pairs[key]
		if p == nil {
			p = &pair{pair: key, key: l.pieces[key[0]] + " " + l.pieces[key[1]]}
			l.pairs[key] = p
		}
		p.count += sign * w.count
		if sign > 0 && (len(p.words) == 0 || p.words[len(p.words)-1] != i) {
			p.words = append(p.words, i)
		}
		met = append(met, p)
	}
	return met
}

// best takes out the pair that occurs most often; nil if there is none.
func (l *learner) best() *pair {
	for len(l.queue) > 0 {
		e := heap.Pop(&l.queue).(entry)
		if e.count == e.pair.count && e.count > 0 {
			return e.pair
		}
		if e.count > e.pair.count && e.pair.count > 0 { // it has lost some since
			heap.Push(&l.queue, entry{e.pair, e.pair.count})
		}
	}
	return nil
}

// merge makes one piece of a pair in every word.
func (l *learner) merge(p *pair) {
	id := l.id(l.pieces[p.pair[0]] + l.pieces[p.pair[1]])
	words := p.words
	p.words = nil
	changed := map[*pair]int64{} // with the count before
	var order []*pair
	note := func(met []*pair, sign int64, n int64) {
		for _, q := range met {
			if _, ok := changed[q]; !ok {
				changed[q] = q.count - sign*n
				order = append(order, q)
			}
		}
	}
	slices.Sort(words)
	for _, i := range slices.Compact(words) {
		w := &l.words[i]
		note(l.count(i, -1), -1, w.count)
		parts := w.parts[:0]
		for k := 0; k < len(w.parts); k++ {
			if k+1 < len(w.parts) && w.parts[k] == p.pair[0] && w.parts[k+1] == p.pair[1] {
				parts = append(parts, id)
				k++
			} else {
				parts = append(parts, w.parts[k])
			}
		}
		w.parts = parts
		note(l.count(i, 1), 1, w.count)
	}
	for _, q := range order {
		if q.count > 0 && q != p {
			heap.Push(&l.queue, entry{q, q.count})
		}
	}
	if p.count > 0 { // aaa: a pair that overlaps itself may be left
		heap.Push(&l.queue, entry{p, p.count})
	}
}

// A queue has pairs with the counts that they had, the most frequent first.
type queue []entry

type entry struct {
	pair  *pair
	count int64
}

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if q[i].count != q[j].count {
		return q[i].count > q[j].count
	}
	return q[i].pair.key < q[j].pair.key
}

// Push and Pop are heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(entry)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// header is the first line of the text of codes.
const header = "#bpe 1"

// maxMerges bounds what a file may ask for.
const maxMerges = 1 << 20

// ErrFormat says that a text is not one of codes. Errors that wrap it say where.
var ErrFormat = errors.New("bpe: not a text of merges")

// MarshalText writes a line "#bpe 1" and then the two parts of each merge, in order, with
// a space between them.
func (c *Codes) MarshalText() ([]byte, error) {
	b := []byte(header + "\n")
	for _, m := range c.merges {
		b = fmt.Appendf(b, "%s %s\n", m[0], m[1])
	}
	return b, nil
}

// UnmarshalText reads what MarshalText has written. The parts of a merge must be
// characters, or made by merges before it. Errors wrap ErrFormat.
func (c *Codes) UnmarshalText(text []byte) error {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if lines[0] != header {
		return fmt.Errorf("%w: line 1: want %q", ErrFormat, header)
	}
	if len(lines) > maxMerges {
		return fmt.Errorf("%w: %d lines, want at most %d", ErrFormat, len(lines), maxMerges)
	}
	var read Codes
	made, seen := map[string]bool{}, map[[2]string]bool{}
	for i, line := range lines[1:] {
		bad := func(what string) error { return fmt.Errorf("%w: line %d: %s", ErrFormat, i+2, what) }
		left, right, ok := strings.Cut(line, " ")
		m := [2]string{left, right}
		if !ok || !utf8.ValidString(line) {
			return bad("want two parts in UTF-8 with a space between them")
		}
		for _, part := range m {
			if n := utf8.RuneCountInString(part); n == 0 || n > MaxWord || strings.IndexFunc(part, unicode.IsSpace) >= 0 || n > 1 && !made[part] {
				return bad(fmt.Sprintf("part %q is neither a character nor made before", part))
			}
		}
		if seen[m] {
			return bad("the same merge a second time")
		}
		seen[m], made[left+right] = true, true
		read.merges = append(read.merges, m)
	}
	read.index()
	*c = read
	return nil
}
