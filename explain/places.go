package explain

import (
	"cmp"
	"iter"
	"slices"

	"github.com/textlstm/textlstm/tokenize"
)

// Places are the words of a text, and the words that each of its tokens stands
// on.
//
// A word is the span of a token that holds no other token's span. Where such
// spans overlap, as they do in a pipeline of character n-grams, they make one word
// together; but the pairs of characters of a script without spaces are
// cut into the characters. A token on several words, such as a bigram that the
// pipeline made, gives each an equal share.
type places struct {
	words []tokenize.Span
	lo    []int // by token: its words are lo…hi-1; none if its span is empty
	hi    []int
}

func newPlaces(tokens []tokenize.Token) places {
	words := minimal(tokens)
	p := places{words: words, lo: make([]int, len(tokens)), hi: make([]int, len(tokens))}
	for t := range tokens {
		start, end := tokens[t].Start, tokens[t].End
		lo, _ := slices.BinarySearchFunc(words, start, func(w tokenize.Span, start int) int { return cmp.Compare(w.End, start+1) })
		hi, _ := slices.BinarySearchFunc(words, end, func(w tokenize.Span, end int) int { return cmp.Compare(w.Start, end) })
		p.lo[t], p.hi[t] = lo, max(lo, hi)
	}
	return p
}

// of yields the words of a token.
func (p *places) of(token int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := p.lo[token]; i < p.hi[token] && yield(i); i++ {
		}
	}
}

// share gives a token's part to its words, by calling add for each. It returns
// what finds no word.
func (p *places) share(token int, part float64, add func(word int, part float64)) (rest float64) {
	n := p.hi[token] - p.lo[token]
	if n == 0 {
		return part
	}
	for i := range p.of(token) {
		add(i, part/float64(n))
	}
	return 0
}

// minimal returns the words, in order and apart.
func minimal(tokens []tokenize.Token) []tokenize.Span {
	type span struct {
		tokenize.Span
		char bool
	}
	var spans []span
	for i := range tokens {
		if t := &tokens[i]; t.Start < t.End {
			spans = append(spans, span{tokenize.Span{Start: t.Start, End: t.End}, t.Kind == tokenize.Char})
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	// From the right: a span that ends no sooner than one that starts no sooner
	// holds it.
	var kept []span
	for i := len(spans) - 1; i >= 0; i-- {
		if i > 0 && spans[i-1].Start == spans[i].Start {
			continue // an equal or shorter one comes first
		}
		if len(kept) == 0 || spans[i].End < kept[len(kept)-1].End {
			kept = append(kept, spans[i])
		}
	}
	slices.Reverse(kept)
	var words []tokenize.Span
	for len(kept) > 0 {
		n, char := 1, kept[0].char
		for n < len(kept) && kept[n].Start < kept[n-1].End {
			char = char && kept[n].char
			n++
		}
		if !char {
			words = append(words, tokenize.Span{Start: kept[0].Start, End: kept[n-1].End})
		} else {
			var cuts []int
			for _, s := range kept[:n] {
				cuts = append(cuts, s.Start, s.End)
			}
			slices.Sort(cuts)
			cuts = slices.Compact(cuts)
			for i := range len(cuts) - 1 {
				words = append(words, tokenize.Span{Start: cuts[i], End: cuts[i+1]})
			}
		}
		kept = kept[n:]
	}
	return words
}
