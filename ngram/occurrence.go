package ngram

import (
	"strings"

	"github.com/textlstm/textlstm/tokenize"
)

// An Occurrence is one place of a text where a feature is found.
type Occurrence struct {
	Feature Hash

	// It covers the tokens First to End-1: those of a word n-gram, or the one
	// whose characters these are. First = End for the edge of a text alone.
	First, End int

	// Chars says that it is a character n-gram.
	Chars bool

	// Text is the feature for a reader: words parted by spaces, or characters.
	// ^ and $ are the edges of the text or of the word.
	Text string
}

// AppendOccurrences appends every place of every feature of a text, by first
// token, word n-grams before character n-grams. Their distinct features are
// those of AppendFeatures. It is for explanations, and slow.
func (x *Extractor) AppendOccurrences(dst []Occurrence, tokens []tokenize.Token) []Occurrence {
	if x.cfg.Words > 0 && len(tokens) > 0 {
		words := make([]string, 0, len(tokens)+2)
		words = append(words, "^")
		hashes := append(x.words[:0], hashWord(edge))
		for i := range tokens {
			words = append(words, tokens[i].Text)
			hashes = append(hashes, hashWord(tokens[i].Text))
		}
		words, hashes = append(words, "$"), append(hashes, hashes[0])
		x.words = hashes
		for i := range hashes {
			h := wordSeed
			for n := 0; n < x.cfg.Words && i+n < len(hashes); n++ {
				h = mix(h, hashes[i+n])
				// Token k is hashes[k+1].
				first, end := min(max(i-1, 0), len(tokens)), min(i+n, len(tokens))
				dst = append(dst, Occurrence{Feature: h, First: first, End: end, Text: strings.Join(words[i:i+n+1], " ")})
			}
		}
	}
	if x.cfg.CharMax > 0 {
		for i := range tokens {
			x.split(tokens[i].Text)
			x.eachGram(func(gram []byte) {
				dst = append(dst, Occurrence{
					Feature: mix(charSeed, hashBytes(gram)), First: i, End: i + 1, Chars: true, Text: withEdges(gram),
				})
			})
		}
	}
	return dst
}

// withEdges is a character n-gram as a string with ^ and $ for its edges.
func withEdges(gram []byte) string {
	s := string(gram)
	if rest, ok := strings.CutPrefix(s, edge); ok {
		s = "^" + rest
	}
	if rest, ok := strings.CutSuffix(s, edge); ok {
		s = rest + "$"
	}
	return s
}
