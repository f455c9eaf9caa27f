package ngram

import (
	"strings"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/tokenize"
)

// An Occurrence is one place of a text where a feature is found.
type Occurrence struct {
	Feature Hash

	// It covers the tokens First to End-1: a word n-gram, or the word that has
	// the characters. First = End for the edge of a text alone.
	First, End int

	// Chars says that it is a character n-gram.
	Chars bool

	// Text is the feature for a reader: words parted by spaces, or characters.
	// ^ and $ are the edges of the text or of the word, … stands for the words
	// that a pair leaves out. Stems are in braces, classes of the lexicon as <+2>.
	Text string
}

// AppendOccurrences appends every place of every feature of a text, kind after
// kind and by first token within one: word n-grams, pairs with others between
// them, n-grams with classes of the lexicon, n-grams of stems, character n-grams.
// AppendFeatures gives the same features, each once. It is for explanations, and
// slow.
func (x *Extractor) AppendOccurrences(dst []Occurrence, tokens []tokenize.Token) []Occurrence {
	if x.cfg.Words > 0 && len(tokens) > 0 {
		words := make([]string, 0, len(tokens)+2)
		words = append(words, "^")
		hashes := append(make([]Hash, 0, len(tokens)+2), hashBytes(edge))
		for i := range tokens {
			words = append(words, tokens[i].Text)
			hashes = append(hashes, hashBytes(tokens[i].Text))
		}
		words, hashes = append(words, "$"), append(hashes, hashes[0])
		// Token k is words[k+1]; a place covers words i to i+n.
		at := func(h Hash, i, n int, text string) {
			dst = append(dst, Occurrence{Feature: h, First: min(max(i-1, 0), len(tokens)), End: min(i+n, len(tokens)), Text: text})
		}
		grams := func(seed Hash, wanted []bool, open, close string) {
			for i := range hashes {
				h, has := seed, wanted == nil
				for n := 0; n < x.cfg.Words && i+n < len(hashes); n++ {
					h, has = mix(h, hashes[i+n]), has || wanted[i+n]
					if has {
						at(h, i, n, open+strings.Join(words[i:i+n+1], " ")+close)
					}
				}
			}
		}
		grams(wordSeed, nil, "", "")
		for gap := range x.cfg.Skip {
			for i := 0; i+gap+2 < len(hashes); i++ {
				at(skipGram(hashes[i], hashes[i+gap+2]), i, gap+2, words[i]+" … "+words[i+gap+2])
			}
		}
		if x.cfg.Lexicon != "" {
			rated := make([]bool, len(words))
			for i := range tokens {
				if hashes[i+1], rated[i+1] = rate(tokens[i].Text); rated[i+1] {
					words[i+1] = lexicon.Class(tokens[i].Text)
				}
			}
			grams(rateSeed, rated, "", "")
		}
		if x.cfg.Stem != "" {
			for i := range tokens {
				words[i+1], hashes[i+1] = tokenize.Stem(tokens[i].Text, x.cfg.Stem), x.stem(tokens[i].Text)
			}
			grams(stemSeed, nil, "{", "}")
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
