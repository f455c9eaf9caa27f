package ngram_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
)

func tokens(words ...string) []tokenize.Token {
	t := make([]tokenize.Token, len(words))
	for i, w := range words {
		t[i].Text = w
	}
	return t
}

func features(c ngram.Config, words ...string) []ngram.Hash {
	return ngram.NewExtractor(c).AppendFeatures(nil, tokens(words...))
}

// The number of features follows from the definition: with the edges before
// and behind, W words have W+2 places for single words, of which the two edges
// are one feature, W+1 pairs, W triples.
func TestWordFeatures(t *testing.T) {
	tests := []struct {
		name  string
		n     int
		words string
		want  int
	}{
		{"no words", 3, "", 0},
		{"one word", 1, "a", 2},
		{"one word, pairs", 2, "a", 4},
		{"one word, triples", 3, "a", 5},
		{"no n-gram is longer than the text", 8, "a", 5},
		{"three words", 1, "a b c", 4},
		{"three words, pairs", 2, "a b c", 4 + 4},
		{"three words, triples", 3, "a b c", 4 + 4 + 3},
		{"a repeated word is one feature", 1, "a a a", 2},
		{"a repeated pair is one feature", 2, "a a a", 2 + 3},
		{"words are case-sensitive", 1, "a A", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := features(ngram.Config{Words: tt.n}, strings.Fields(tt.words)...); len(got) != tt.want {
				t.Errorf("%d features, want %d", len(got), tt.want)
			}
		})
	}
}

// With W words and the two edges, a pair that leaves out exactly g of them has
// W+1-g places.
func TestSkipFeatures(t *testing.T) {
	for _, tt := range []struct {
		skip  int
		words string
		want  int // beyond the single words
	}{
		{0, "a b c d", 0},
		{1, "", 0},
		{1, "a", 1},
		{1, "a b c d", 4},
		{2, "a b c d", 4 + 3},
		{8, "a b c d", 4 + 3 + 2 + 1},
		{2, "a a a a", 3 + 0}, // ^…a, a…a, a…$, of either width
	} {
		words := strings.Fields(tt.words)
		single := len(features(ngram.Config{Words: 1}, words...))
		if got := len(features(ngram.Config{Words: 1, Skip: tt.skip}, words...)) - single; got != tt.want {
			t.Errorf("skip %d of %q: %d features more, want %d", tt.skip, tt.words, got, tt.want)
		}
	}
	c := ngram.Config{Words: 1, Skip: 2}
	a, b := features(c, "not", "a", "good"), features(c, "not", "very", "good")
	single := common(features(ngram.Config{Words: 1}, "not", "a", "good"), features(ngram.Config{Words: 1}, "not", "very", "good"))
	if n := common(a, b) - single; n != 3 { // not … good, ^ … good, not … $
		t.Errorf("%d pairs in common, want 3", n)
	}
}

// Stems are features beside the words, told apart from them.
func TestStemFeatures(t *testing.T) {
	plain, stemmed := ngram.Config{Words: 2}, ngram.Config{Words: 2, Stem: "en"}
	alone := features(plain, "loving", "films")
	both := features(stemmed, "loving", "films")
	if len(both) != 2*len(alone) || common(alone, both) != len(alone) {
		t.Errorf("%d features, %d of them of words, want twice %d", len(both), common(alone, both), len(alone))
	}
	// The text's edge, and all six features of the stems: "^ love", "love film", ...
	other := features(stemmed, "loved", "film")
	if n := common(both, other); n != 1+6 {
		t.Errorf("two texts of the same stems share %d features, want 7", n)
	}
}

// Two words that a lexicon rates alike share the n-grams that have their class, and
// words that it does not rate add nothing.
func TestLexiconFeatures(t *testing.T) {
	plain, rated := ngram.Config{Words: 2}, ngram.Config{Words: 2, Lexicon: "vader"}
	if n := len(features(rated, "a", "table")) - len(features(plain, "a", "table")); n != 0 {
		t.Errorf("words without a rating have %d features of classes, want none", n)
	}
	good := features(rated, "not", "good")
	// <+2>, "not <+2>", "<+2> edge"
	if n := len(good) - len(features(plain, "not", "good")); n != 3 {
		t.Errorf("one rated word has %d features of classes, want 3", n)
	}
	for word, want := range map[string]int{"nice": 3 + 3, "bad": 3, "table": 3} { // 3: edge, not, "edge not"
		if n := common(good, features(rated, "not", word)); n != want {
			t.Errorf("not good and not %s share %d features, want %d", word, n, want)
		}
	}
}

func common(a, b []ngram.Hash) int {
	n := 0
	for _, h := range a {
		if slices.Contains(b, h) {
			n++
		}
	}
	return n
}

func TestOrderOfWords(t *testing.T) {
	c := ngram.Config{Words: 1}
	if !cmp.Equal(features(c, "not", "good"), features(c, "good", "not")) {
		t.Error("single words depend on their order")
	}
	c.Words = 2
	// edge, not, good
	if n := common(features(c, "not", "good"), features(c, "good", "not")); n != 3 {
		t.Errorf("pairs in two orders share %d features, want 3", n)
	}
	// edge, a, "edge a"
	if n := common(features(c, "a", "b"), features(c, "a", "c")); n != 3 {
		t.Errorf("texts with the same first word share %d features, want 3", n)
	}
	if n := common(features(c, "ab"), features(c, "a", "b")); n != 1 {
		t.Errorf("a word and its parts share %d features, want the edge alone", n)
	}
}

// A word of R runes has R+2 places with the marks, so R+3-n n-grams of n runes.
func TestCharFeatures(t *testing.T) {
	tests := []struct {
		name     string
		min, max int
		word     string
		want     int
	}{
		{"whole word with its marks", 3, 3, "a", 1},
		{"too short", 4, 5, "a", 0},
		{"lengths 3 to 5", 3, 5, "word", 4 + 3 + 2},
		{"runes, not bytes", 3, 3, "äöü", 3},
		{"four-byte runes", 3, 3, "😀😁", 2},
		{"single runes and the mark", 1, 1, "abc", 4},
		{"repeated n-grams are one", 2, 2, "aaaa", 3},
		{"an invalid byte is a rune", 3, 3, "a\xffb", 3},
		{"invalid bytes differ", 1, 1, "\xff\xfe", 3},
		{"an empty word", 2, 2, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := ngram.Config{CharMin: tt.min, CharMax: tt.max}
			if got := features(c, tt.word); len(got) != tt.want {
				t.Errorf("%d features of %q, want %d", len(got), tt.word, tt.want)
			}
		})
	}
	c := ngram.Config{CharMin: 3, CharMax: 3}
	if n := common(features(c, "unhappy"), features(c, "happy")); n != 4 { // hap app ppy py>
		t.Errorf("unhappy and happy share %d n-grams, want 4", n)
	}
	if n := common(features(ngram.Config{CharMin: 1, CharMax: 1}, "a"), features(ngram.Config{Words: 1}, "a")); n != 0 {
		t.Errorf("a letter and a word of one letter share %d features", n)
	}
}

func TestLongWordsAreCut(t *testing.T) {
	c := ngram.Config{CharMin: 3, CharMax: 5}
	a := features(c, strings.Repeat("ab", 32)+"x")
	b := features(c, strings.Repeat("ab", 32)+strings.Repeat("y", 1000))
	if !cmp.Equal(a, b) {
		t.Error("what is behind the 64th byte of a word matters to its character n-grams")
	}
	if n := len(features(c, strings.Repeat("é", 1<<20))); n > 3*64 {
		t.Errorf("a long word has %d features", n)
	}
}

func TestExtractorRemembersNothing(t *testing.T) {
	c := ngram.Config{Words: 2, CharMin: 2, CharMax: 4}
	x := ngram.NewExtractor(c)
	texts := [][]string{{"good", "film"}, {"a", "good", "film"}, nil, {"good"}, {"a", "good", "film"}, {strings.Repeat("z", 100)}}
	for range 3 {
		for _, words := range texts {
			got := x.AppendFeatures([]ngram.Hash{42}, tokens(words...))
			if got[0] != 42 {
				t.Fatal("what was in dst is changed")
			}
			if diff := cmp.Diff(features(c, words...), got[1:], emptyIsNil); diff != "" {
				t.Fatalf("%q again (-fresh +used):\n%s", words, diff)
			}
		}
	}
}

var emptyIsNil = cmp.Transformer("empty", func(h []ngram.Hash) []ngram.Hash {
	return append([]ngram.Hash{}, h...)
})

func TestConfig(t *testing.T) {
	c := ngram.Config{Words: 2}.Resolve()
	if want := (ngram.Config{Words: 2, Bits: 20, MinCount: 2}); c != want || c.Resolve() != want {
		t.Errorf("resolved to %+v, want %+v", c, want)
	}
	for _, tt := range []struct {
		c    ngram.Config
		want string // in the error
	}{
		{ngram.Config{Words: 3}, ""},
		{ngram.Config{CharMin: 3, CharMax: 5}, ""},
		{ngram.Config{Words: 1, Bits: 28, MinCount: 1}, ""},
		{ngram.Config{}, "neither"},
		{ngram.Config{Words: -1}, "words = -1"},
		{ngram.Config{Words: 9}, "words = 9"},
		{ngram.Config{CharMin: 3}, "3, 0"},
		{ngram.Config{CharMax: 3}, "0, 3"},
		{ngram.Config{CharMin: 4, CharMax: 3}, "4, 3"},
		{ngram.Config{CharMin: -1, CharMax: 3}, "-1, 3"},
		{ngram.Config{CharMin: 3, CharMax: 17}, "3, 17"},
		{ngram.Config{Words: 1, Bits: 3}, "bits = 3"},
		{ngram.Config{Words: 1, Bits: 29}, "bits = 29"},
		{ngram.Config{Words: 1, MinCount: -1}, "min_count = -1"},
		{ngram.Config{Words: 1, Skip: 8, Stem: "en"}, ""},
		{ngram.Config{Words: 1, Skip: -1}, "skip = -1"},
		{ngram.Config{Words: 1, Skip: 9}, "skip = 9"},
		{ngram.Config{Words: 1, Stem: "zh"}, "stem"},
		{ngram.Config{CharMin: 3, CharMax: 3, Stem: "en"}, "without word n-grams"},
		{ngram.Config{CharMin: 3, CharMax: 3, Skip: 1}, "without word n-grams"},
		{ngram.Config{CharMin: 3, CharMax: 3, Lexicon: "vader"}, "without word n-grams"},
		{ngram.Config{Words: 1, Lexicon: "vader"}, ""},
		{ngram.Config{Words: 1, Lexicon: "afinn"}, `lexicon = "afinn"`},
	} {
		err := tt.c.Resolve().Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: err = %v, want %q", tt.c, err, tt.want)
		}
	}
	err := ngram.Config{Words: -1, Bits: 99, MinCount: math.MinInt}.Validate()
	if err == nil || strings.Count(err.Error(), "\n") < 2 {
		t.Errorf("not all faults are listed: %v", err)
	}
}

func FuzzExtractor(f *testing.F) {
	f.Add("not good at all", 2, 3, 5)
	f.Add("", 1, 0, 0)
	f.Add("ein Ärgernis 😀😀 \xff\xfe", 3, 1, 16)
	f.Add(strings.Repeat("a", 200), 8, 2, 2)
	f.Fuzz(func(t *testing.T, text string, words, charMin, charMax int) {
		c := ngram.Config{Words: words, CharMin: charMin, CharMax: charMax}.Resolve()
		if words > 0 { // options that came later, without a change of the inputs
			c.Skip = len(text) % 3
			if len(text)%2 == 1 {
				c.Stem = "en"
			}
			if len(text)%5 == 1 {
				c.Lexicon = "vader"
			}
		}
		if c.Validate() != nil {
			return
		}
		list := tokens(strings.Split(text, " ")...)
		x := ngram.NewExtractor(c)
		got := x.AppendFeatures(nil, list)
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Fatalf("features %d and %d are not rising", i-1, i)
			}
		}
		most := (len(list) + 2) * (2*c.Words + c.Skip)
		for _, w := range list {
			most += (min(utf8.RuneCountInString(w.Text), 64) + 2) * (charMax - charMin + 1)
		}
		if len(got) > most {
			t.Fatalf("%d features, want at most %d", len(got), most)
		}
		if again := x.AppendFeatures(nil, list); !slices.Equal(got, again) {
			t.Fatal("the second time gives other features")
		}
	})
}
