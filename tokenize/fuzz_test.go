package tokenize_test

import (
	"testing"

	"github.com/textlstm/textlstm/tokenize"
)

// FuzzParse checks that Parse never panics, and that a spec it takes is printed
// as one that means the same.
func FuzzParse(f *testing.F) {
	for _, spec := range allSpecs {
		f.Add(spec)
	}
	for _, spec := range []string{"", "|", "words|", "max:1:tail", "max:+1", "lang:auto:", "lang:auto:en,,fr", "chars:2-1", "words:x", "drop:", "neg:0"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		p, err := tokenize.Parse(spec)
		if err != nil {
			return
		}
		canonical := p.String()
		q, err := tokenize.Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q) is good, but Parse(%q): %v", spec, canonical, err)
		}
		if q.String() != canonical {
			t.Fatalf("%q prints as %q, that as %q", spec, canonical, q)
		}
	})
}

// FuzzPipeline checks the properties of all pipelines on any text.
func FuzzPipeline(f *testing.F) {
	for i := range allSpecs {
		for _, text := range seeds {
			f.Add(uint8(i), text)
		}
	}
	pipelines := make([]*tokenize.Pipeline, len(allSpecs))
	for i, spec := range allSpecs {
		pipelines[i] = tokenize.MustParse(spec)
	}
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		checkPipeline(t, pipelines[int(i)%len(pipelines)], text)
	})
}

// FuzzStem checks that no stemmer panics, and that none makes nothing of a word.
func FuzzStem(f *testing.F) {
	for _, word := range []string{"", "a", "running", "'s", "l'amour", "красивые", "ё", "n't", "\xff", "İ", "ß", "yyy", "''", "e\u0301"} {
		f.Add(word)
	}
	langs := []tokenize.Lang{"en", "es", "fr", "hu", "no", "ru", "sv", "", "zh"}
	f.Fuzz(func(t *testing.T, word string) {
		for _, l := range langs {
			if stem := tokenize.Stem(word, l); stem == "" && word != "" {
				t.Errorf("Stem(%q, %s) is empty", word, l)
			}
		}
	})
}

// FuzzSentences checks that sentences are in order, disjoint, in range, and hold
// all but white space.
func FuzzSentences(f *testing.F) {
	for _, text := range seeds {
		f.Add(text)
	}
	f.Add("Mr. A. B. saw... it! \"Yes?\" 你好。”x\n\n \r\n e.g. this. i")
	p := tokenize.MustParse("html|words")
	f.Fuzz(func(t *testing.T, text string) {
		var tokens []tokenize.Token
		for _, s := range tokenize.Sentences(text) {
			tokens = append(tokens, tokenize.Token{Text: text[s.Start:s.End], Start: s.Start, End: s.End})
		}
		checkTokens(t, text, tokens, false)
		checkLossless(t, text, tokens)
		end := 0
		for _, s := range p.Sentences(text) {
			if s.Start < end || s.End < s.Start || s.End > len(text) {
				t.Fatalf("sentence %v after %d in %d bytes", s, end, len(text))
			}
			end = s.End
		}
	})
}
