package tokenize

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jdkato/prose/v2"
)

// tagger returns prose's part-of-speech model, decoded once: prose itself would
// decode it for every text, which takes 200 ms.
var tagger = sync.OnceValue(func() *prose.Model {
	doc, err := prose.NewDocument("", prose.WithSegmentation(false), prose.WithExtraction(false))
	if err != nil {
		panic(err) // prose returns no other error than nil
	}
	return doc.Model
})

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
		tags := tag(tokens, text)
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

// maxTagged is how many tokens are tagged at a time. The tagger looks at two
// tokens on either side.
const maxTagged = 512

// tag returns the Penn Treebank tags of tokens, "" of those that prose does not
// see. It tags what the source says, not what filters made of it.
func tag(tokens []Token, text string) []string {
	tags := make([]string, len(tokens))
	for start := 0; start < len(tokens); start += maxTagged {
		part := tokens[start:min(start+maxTagged, len(tokens))]
		var b strings.Builder
		begins := make([]int, len(part))
		for i, t := range part {
			if i > 0 {
				b.WriteByte(' ')
			}
			begins[i] = b.Len()
			if !writeSurface(&b, text[t.Start:t.End]) {
				b.WriteByte('-')
			}
		}
		given := b.String()
		doc, err := prose.NewDocument(given, prose.UsingModel(tagger()), prose.WithSegmentation(false), prose.WithExtraction(false))
		if err != nil {
			panic(err) // prose returns no other error than nil
		}
		at, i := 0, 0
		for _, t := range doc.Tokens() { // a token of ours may be several of prose's: the first decides
			found := strings.Index(given[at:min(len(given), at+len(t.Text)+maxField)], t.Text)
			if found < 0 {
				continue
			}
			at += found
			for i+1 < len(part) && begins[i+1] <= at {
				i++
			}
			if tags[start+i] == "" {
				tags[start+i] = t.Tag
			}
			at += len(t.Text)
		}
	}
	return tags
}

// writeSurface writes s as prose may see it: no longer than a field, ASCII. It
// reports whether it wrote anything.
func writeSurface(b *strings.Builder, s string) bool {
	n := b.Len()
	for _, r := range quoteReplacer.Replace(s[:min(len(s), maxField)]) {
		switch {
		case r <= ' ':
		case r > '~':
			b.WriteByte('x')
		default:
			b.WriteRune(r)
		}
	}
	return b.Len() > n
}
