package lexicon

import (
	"math"
	"strings"

	"github.com/textlstm/textlstm/tokenize"
)

// AppendValences appends what each token says for or against: the rating of a
// word of the lexicon, 0 for another. After a negation, with no more than two
// tokens between, it counts as much the other way as people think: -0.74 times
// (Hutto & Gilbert 2014). Before a rated word "no" is such a negation alone.
func AppendValences(dst []float64, tokens []tokenize.Token) []float64 {
	ratings := Ratings()
	negated := 0 // tokens to come that are
	for i := range tokens {
		word := tokens[i].Text
		v := ratings[word]
		if negated > 0 {
			v *= Negation
			negated--
		}
		if Negates(word) || word == "no" {
			negated = reach
		}
		if word == "no" && i+1 < len(tokens) && ratings[tokens[i+1].Text] != 0 {
			v = 0
		}
		dst = append(dst, v)
	}
	return dst
}

// Opinion is what n rated words say together: the sum of their valences, divided
// by 1 + n√n. It is half of what a single word says and grows smaller than the
// mean where there are many words, since people use more good words than bad ones
// whatever they think, and a long text has other words to go by. It is 0 for a
// text without rated words.
func Opinion(valences []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range valences {
		if v != 0 {
			sum += v
			n++
		}
	}
	return sum / (1 + n*math.Sqrt(n))
}

// Negation multiplies the rating of a word that is negated.
const Negation = -0.74

const reach = 3 // tokens that a negation turns round

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
