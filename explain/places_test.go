package explain

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/tokenize"
)

func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		spec, text string
		words      []string
	}{
		{"words", "Don't stop, it's good!!", []string{"Do", "n't", "stop", ",", "it", "'s", "good", "!!"}},
		{"words|lower|stem:en", "Stories BORED me", []string{"Stories", "BORED", "me"}},
		{"words|caps|lower", "a BAD film", []string{"a", "BAD", "film"}}, // <caps> lies on its word
		{"words|ngrams:3", "not a good film", []string{"not", "a", "good", "film"}},
		{"words|drop:punct|ngrams:2", "good, bad.", []string{"good", "bad"}},
		{"fields", "good, bad.", []string{"good,", "bad."}},
		{"runes", "so 好", []string{"s", "o", "好"}},
		{"chars:2", "good film x", []string{"good", "film", "x"}},
		{"words|cjk", "中国人 ok", []string{"中", "国", "人", "ok"}},
		{"words|cjk:2", "中国人 ok", []string{"中", "国", "人", "ok"}},
		{"html|words", "<b>un</b>real &lt;3 fun", []string{"un</b>real", "&lt;3", "fun"}},
		{"words|max:2", "one two three", []string{"one", "two"}},
		{"words", "", nil},
	} {
		p, err := tokenize.Parse(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		tokens := p.AppendTokens(nil, tt.text)
		places := newPlaces(tokens)
		var words []string
		for _, s := range places.words {
			words = append(words, tt.text[s.Start:s.End])
		}
		if diff := cmp.Diff(tt.words, words); diff != "" {
			t.Errorf("%s, %q (-want +got):\n%s", tt.spec, tt.text, diff)
		}
		total := 0.0
		for i := range tokens {
			rest := places.share(i, 1, func(w int, part float64) {
				if s := places.words[w]; s.End <= tokens[i].Start || s.Start >= tokens[i].End {
					t.Errorf("%s, %q: token %+v has a share in %v", tt.spec, tt.text, tokens[i], s)
				}
				total += part
			})
			if rest != 0 {
				t.Errorf("%s, %q: token %+v has no word", tt.spec, tt.text, tokens[i])
			}
		}
		if diff := total - float64(len(tokens)); diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s, %q: shares of %d tokens sum to %v", tt.spec, tt.text, len(tokens), total)
		}
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("not <b>good</b>, 中国人 &amp; 😀")
	f.Add("\xff a\u200db ")
	specs := []string{"html|words|ngrams:2", "chars:1-3", "words|cjk:2|caps", "html|fields|neg"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, spec := range specs {
			p, err := tokenize.Parse(spec)
			if err != nil {
				t.Fatal(err)
			}
			tokens := p.AppendTokens(nil, text)
			places := newPlaces(tokens)
			end := 0
			for _, s := range places.words {
				if s.Start < end || s.End <= s.Start || s.End > len(text) {
					t.Fatalf("%s, %q: word %v after %d", spec, text, s, end)
				}
				end = s.End
			}
			for i := range tokens {
				if tokens[i].Start < tokens[i].End && places.lo[i] == places.hi[i] {
					t.Fatalf("%s, %q: token %+v has no word", spec, text, tokens[i])
				}
			}
		}
	})
}
