package tokenize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/tokenize/internal/plugin"
)

// partsOfSpeech are the beginnings of the Penn Treebank tags of each class that
// the filter "pos" can keep.
var partsOfSpeech = map[string][]string{
	"noun":   {"NN"},
	"verb":   {"VB", "MD"},
	"adj":    {"JJ"},
	"adv":    {"RB", "WRB"},
	"pron":   {"PRP", "WP", "EX"},
	"det":    {"DT", "PDT", "WDT"},
	"prep":   {"IN", "TO", "RP"},
	"conj":   {"CC"},
	"num":    {"CD"},
	"interj": {"UH"},
}

// newPOS makes the filter that keeps the words of the given parts of speech, and
// whatever is no word: punctuation, emoji, numbers and so on. Negators, of which
// most are adverbs, are kept always.
func newPOS(arg string, _ bool) (stage, error) {
	if plugin.Tag == nil {
		return stage{}, plugin.ErrMissing
	}
	var keep []string
	for name := range strings.SplitSeq(arg, ",") {
		tags, ok := partsOfSpeech[name]
		if !ok {
			var known []string
			for name := range partsOfSpeech {
				known = append(known, name)
			}
			slices.Sort(known)
			return stage{}, fmt.Errorf("part of speech %q, want some of %s", name, strings.Join(known, ","))
		}
		keep = append(keep, tags...)
	}
	return stage{s: func(tokens []Token, text string) []Token {
		tags := tagsOf(tokens, text)
		out := tokens[:0]
		for i, t := range tokens {
			surface := text[t.Start:t.End]
			if t.Kind != Word || len(surface) <= maxNegator && negators[lowerSurface(surface)] ||
				slices.ContainsFunc(keep, func(p string) bool { return strings.HasPrefix(tags[i], p) }) {
				out = append(out, t)
			}
		}
		return out
	}}, nil
}

// tagsOf returns the Penn Treebank tags of tokens. It tags what the text says, not
// what filters made of it.
func tagsOf(tokens []Token, text string) []string {
	words, tags := make([]string, len(tokens)), make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = quoteReplacer.Replace(text[t.Start:t.End])
		switch t.Kind {
		case Emoji:
			tags[i] = "SYM"
		case URL, Email, Mention:
			tags[i] = "NN"
		}
	}
	plugin.Tag(words, tags)
	return tags
}
