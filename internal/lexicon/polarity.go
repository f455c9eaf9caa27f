package lexicon

import (
	"math"
	"strings"

	"github.com/textlstm/textlstm/tokenize"
)

// AppendPolarities appends what each token says for or against, 0 for most: their
// sum is what the text says. That of n rated words is the sum of their ratings
// divided by 1 + n√n, so a word alone counts half. With more words it falls below
// the mean, since people use more good words than bad ones whatever they think,
// and a long text has other words to go by.
//
// The three tokens after a negation count the other way, -0.74 times (Hutto &
// Gilbert 2014). "No" is one too, and has no rating of its own before a rated
// word. Tokens are in lower case.
func AppendPolarities(dst []float64, tokens []tokenize.Token) []float64 {
	var r Reader
	from := len(dst)
	dst = r.Append(dst, tokens)
	r.Scale(dst[from:])
	return dst
}

// A Reader is AppendPolarities of a text whose tokens come some at a time. The zero
// value is at the beginning of one.
type Reader struct {
	rated   float64 // words
	negated int     // tokens to come
	no      float64 // the rating of the last word, a "no"
}

// Append appends the ratings of the next tokens, still to be scaled, to those of the
// tokens before, which it may change.
func (r *Reader) Append(dst []float64, tokens []tokenize.Token) []float64 {
	ratings := Ratings()
	for i := range tokens {
		word := strings.ReplaceAll(tokens[i].Text, "’", "'")
		if r.no != 0 && ratings[tokens[i].Text] != 0 {
			dst[len(dst)-1] = 0
			r.rated--
		}
		v := ratings[word]
		if r.negated > 0 {
			v *= Negation
			r.negated--
		}
		r.no = 0
		if word == "no" {
			r.no = v
		}
		if Negates(word) || word == "no" {
			r.negated = 3
		}
		if v != 0 {
			r.rated++
		}
		dst = append(dst, v)
	}
	return dst
}

// Scale makes the opinions of all tokens from their ratings.
func (r *Reader) Scale(ratings []float64) {
	for i := range ratings {
		ratings[i] /= 1 + r.rated*math.Sqrt(r.rated)
	}
}

// Negation multiplies the rating of a word that is negated.
const Negation = -0.74

// Negates says whether a word, in lower case, turns the next words round.
func Negates(word string) bool { return negations[word] || strings.Contains(word, "n't") }

var negations = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`
		aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't
		dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't
		neednt needn't never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent
		oughtn't shan't shouldn't uh-uh wasn't weren't without wont wouldnt won't wouldn't rarely seldom despite`) {
		m[w] = true
	}
	return m
}()
