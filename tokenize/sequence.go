package tokenize

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// newMax makes the filter that keeps so many tokens: max:400 the first,
// max:400:tail the last, max:128+384 the first 128 and the last 384 (the
// head and tail of Sun et al. 2019, "How to Fine-Tune BERT for Text
// Classification?").
func newMax(arg string, _ bool) (stage, error) {
	const most = 1 << 30
	if n, ok := strings.CutSuffix(arg, ":tail"); ok {
		tail, err := number(n, 1, most)
		return stage{s: func(tokens []Token, _ string) []Token {
			return tokens[max(0, len(tokens)-tail):]
		}}, err
	}
	if a, b, ok := strings.Cut(arg, "+"); ok {
		head, err := number(a, 1, most)
		if err != nil {
			return stage{}, err
		}
		tail, err := number(b, 1, most)
		return stage{s: func(tokens []Token, _ string) []Token {
			if len(tokens) <= head+tail {
				return tokens
			}
			return append(tokens[:head], tokens[len(tokens)-tail:]...)
		}}, err
	}
	n, err := number(arg, 1, most)
	return stage{head: n, s: func(tokens []Token, _ string) []Token {
		return tokens[:min(n, len(tokens))]
	}}, err
}

// PadToken is the token that pad adds. No segmenter makes it: it has a space in it.
const PadToken = "<no token>"

// newPad makes the filter that adds PadToken behind the tokens, or with :head before them,
// until there are so many.
func newPad(arg string, _ bool) (stage, error) {
	arg, head := strings.CutSuffix(arg, ":head")
	n, err := number(arg, 1, 1<<20)
	return stage{s: func(tokens []Token, text string) []Token {
		missing := max(n-len(tokens), 0)
		if head {
			return append(slices.Repeat([]Token{{PadToken, 0, 0, Symbol}}, missing), tokens...)
		}
		return append(tokens, slices.Repeat([]Token{{PadToken, len(text), len(text), Symbol}}, missing)...)
	}}, err
}

// negators are the words, in lower case, that open the scope of a negation, some
// as people write them in haste.
var negators = wordSet(`not n't never no nor neither none nobody nothing nowhere cannot without hardly
	scarcely barely ain't dont doesnt didnt isnt arent wasnt werent wont wouldnt couldnt shouldnt cant hasnt
	havent hadnt aint`)

// negated is the mark of a word in the scope of a negation.
const negated = "NOT_"

// newNegation makes the filter that marks the words from a negator to the next
// punctuation mark that ends a clause (Das & Chen 2001; Pang, Lee &
// Vaithyanathan 2002), or, with an argument, at most so many words. A second
// negator ends the scope and opens its own. It looks at the words of the source, so stemming
// before it does no harm.
func newNegation(arg string, hasArg bool) (stage, error) {
	span := 1 << 30
	if hasArg {
		var err error
		if span, err = number(arg, 1, 1000); err != nil {
			return stage{}, err
		}
	}
	return stage{s: func(tokens []Token, text string) []Token {
		left := 0
		for i := range tokens {
			t := &tokens[i]
			switch t.Kind {
			case Punct:
				if strings.ContainsAny(text[t.Start:t.End], ".,;:!?…。，！？；：、") {
					left = 0
				}
			case Word:
				surface := text[t.Start:t.End]
				if len(surface) <= maxNegator && negators[lowerSurface(surface)] {
					left = span
				} else if left > 0 {
					t.Text = negated + t.Text
					left--
				}
			}
		}
		return tokens
	}}, nil
}

const maxNegator = 16

// lowerSurface is s in lower case with a straight apostrophe.
func lowerSurface(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "\u2019", "'")
}

func wordSet(list string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

// newNgrams makes the filter that puts behind each token the n-grams of 2 to n
// tokens that start with it, their texts joined by "_".
func newNgrams(arg string, _ bool) (stage, error) {
	n, err := number(arg, 2, 8)
	return stage{s: func(tokens []Token, _ string) []Token {
		out := make([]Token, 0, n*len(tokens))
		for i, t := range tokens {
			out = append(out, t)
			text := t.Text
			for _, next := range tokens[i+1 : min(i+n, len(tokens))] {
				text += "_" + next.Text
				out = append(out, Token{text, t.Start, next.End, Word})
			}
		}
		return out
	}}, err
}

// newBigrams makes the filter that forms the overlapping pairs of adjacent
// characters of a script without spaces: cjk puts each pair behind its first
// character, cjk:2 puts them in place of the characters.
func newBigrams(arg string, hasArg bool) (stage, error) {
	if hasArg && arg != "2" {
		return stage{}, fmt.Errorf("argument %q, want none or 2", arg)
	}
	only := hasArg
	return stage{s: func(tokens []Token, _ string) []Token {
		out := make([]Token, 0, 2*len(tokens))
		joined := false // the token is in the pair before it
		for i, t := range tokens {
			pair := t.Kind == Char && i+1 < len(tokens) && tokens[i+1].Kind == Char && tokens[i+1].Start == t.End
			if !only || !pair && !joined {
				out = append(out, t)
			}
			if pair {
				next := tokens[i+1]
				out = append(out, Token{t.Text + next.Text, t.Start, next.End, Char})
			}
			joined = pair
		}
		return out
	}}, nil
}

// parseKinds parses a list of kinds such as "punct,symbol".
func parseKinds(s string) (set [numKinds]bool, err error) {
	for name := range strings.SplitSeq(s, ",") {
		found := false
		for k, n := range kindNames {
			if n == name {
				set[k], found = true, true
			}
		}
		if !found {
			return set, fmt.Errorf("kind %s, want some of %s", strconv.Quote(name), strings.Join(kindNames[:], ","))
		}
	}
	return set, nil
}
