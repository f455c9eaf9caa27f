package tokenize

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The ranges that classOf knows without a search have the class that Unicode gives each
// of their characters.
func TestClassOfRanges(t *testing.T) {
	want := func(r rune) int {
		switch {
		case r == 'ー': // of no script, and within words of Katakana
			return runeKatakana
		case unicode.IsLetter(r):
			switch {
			case unicode.In(r, unicode.Han, unicode.Hiragana):
				return runeChar
			case unicode.Is(unicode.Katakana, r):
				return runeKatakana
			}
			return runeLetter
		case unicode.IsMark(r):
			return runeMark
		case unicode.IsPunct(r):
			return runePunct
		}
		return runeSymbol
	}
	for _, span := range [][2]rune{{0xC0, 0x24F}, {0x300, 0x36F}, {0x400, 0x52F}, {0xAC00, 0xD7A3}, {0x2010, 0x2027}, {0x3041, 0x3096}, {0x30A1, 0x30FC}, {0x4E00, 0x9FFF}} {
		for r := span[0]; r <= span[1]; r++ {
			if got := classOf(r); got != want(r) {
				t.Errorf("%U %c is of class %d, want %d", r, r, got, want(r))
			}
		}
	}
}

// The emoji among the symbols of the first plane, by Unicode's emoji-data.txt, and their
// neighbours that are none.
func TestPictographs(t *testing.T) {
	for _, r := range "⌚⌛⌨⏏⏩⏺☀☎♥✂➿▪▫▶◀◻◾⭐⭕⬛⬜㊗㊙🀄🃏🆎🈁🌀🙏🚀🤖🟠🫠" {
		if !isPictograph(r) {
			t.Errorf("%U %c is no emoji", r, r)
		}
	}
	for _, r := range "⌙⌜⌧〈⏎⏐⏨⏻⏿◁▲❷➓あ中" {
		if isPictograph(r) {
			t.Errorf("%U %c is an emoji", r, r)
		}
	}
}

// A segmenter that is asked for a few tokens at a time goes on where it stopped.
func TestSegmentersGoOn(t *testing.T) {
	text := strings.Repeat("Good film, it's a 5/5! Très bien… 中文字 あア www.example.com :-) #tag @you ", 3)
	for _, spec := range []string{"words", "fields", "fields:ascii", "chars:1", "chars:3"} {
		p, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		s := p.segmenter()
		whole, end := s.segment(nil, text, 0, 1<<20)
		if end != len(text) {
			t.Errorf("%s stops at %d of %d", spec, end, len(text))
		}
		for _, n := range []int{1, 2, 7} {
			var parts []Token
			for pos := 0; pos < len(text); {
				before, from := len(parts), pos
				parts, pos = s.segment(parts, text, pos, n)
				if got := len(parts) - before; pos < len(text) && (got < n || pos <= from) {
					t.Fatalf("%s: %d tokens as far as %d, want at least %d", spec, got, pos, n)
				}
			}
			if !slices.Equal(parts, whole) {
				t.Errorf("%s: %d tokens by %d are others than the %d at once", spec, len(parts), n, len(whole))
			}
		}
	}
}

// A table grows with what is in it and no faster.
func TestTableGrows(t *testing.T) {
	var tab table
	for i := range 20_000 {
		text := fmt.Sprint("w", i)
		tab.put(text, Word, int32(i))
	}
	if n := len(tab.slots); n > 1<<16 || n < 20_000 {
		t.Errorf("%d slots for 20,000 texts", n)
	}
	for i := range 20_000 {
		text := fmt.Sprint("w", i)
		if v, ok := tab.get(text, 0, len(text), Word); !ok || v != int32(i) {
			t.Fatalf("%s is %d, %v", text, v, ok)
		}
	}
}

// A long paragraph is cut between characters, and anywhere if it has none.
func TestParagraphEnd(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
	}{
		{strings.Repeat("x", maxParagraph) + "x", maxParagraph},
		{strings.Repeat("x", maxParagraph-3) + "🤖", maxParagraph - 3},
		{strings.Repeat("x", maxParagraph-4) + "🤖x", maxParagraph},
		{strings.Repeat("\x80", 40_000), maxParagraph},
	} {
		if got := paragraphEnd(tt.text, 0); got != tt.want {
			t.Errorf("%.10q… ends at %d, want %d", tt.text, got, tt.want)
		}
	}
}

// What a table cannot hold is not kept beside it either.
func TestNotRememberedNotKept(t *testing.T) {
	url := "http://example.com/" + strings.Repeat("x", 200)
	text := strings.Repeat(url+" Good ", 100)

	p := MustParse("words|urls")
	var c cache
	tokens := c.append(nil, MustParse("words").AppendTokens(nil, text), "", &p.plan[0], "en")
	if a, b := tokens[0].Text, tokens[len(tokens)-2].Text; len(tokens) != 200 || a == url || a != b {
		t.Errorf("%d tokens, %q to %q", len(tokens), a, b)
	}
	if n := len(c.memory("en").became); n > 2 {
		t.Errorf("a cache keeps %d forms", n)
	}

	p = MustParse("words|drop:url")
	e := NewEncoder(p, func(string) int32 { return 7 })
	if ids := e.AppendIDs(nil, text); len(ids) != 100 {
		t.Errorf("%d IDs, want 100", len(ids))
	}
	for _, c := range e.byLang {
		if n := len(c.several); n > 2 {
			t.Errorf("an encoder keeps %d forms", n)
		}
	}
}

// A filter that stands alone behind one that counts is not left out.
func TestOneFilterOfALaterStep(t *testing.T) {
	var got []string
	for _, token := range MustParse("words|max:2|lower").AppendTokens(nil, "GOOD Film THERE") {
		got = append(got, token.Text)
	}
	if want := []string{"good", "film"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What no trigram speaks for is no answer, even if it is the only language asked for.
func TestDetectLatinKnowsNothing(t *testing.T) {
	m := latinModel()
	tried := 0
	for trigram, p := range m.trigrams {
		word := strings.Trim(trigram, "_")
		if utf8.RuneCountInString(word) != 1 || trigram != "_"+word+"_" {
			continue
		}
		for i, l := range m.langs {
			if p[i] == '!' && m.stop[word]>>i&1 == 0 {
				tried++
				if got := detect(word, []Lang{l}); got != "" {
					t.Errorf("%q is of language %q", word, got)
				}
			}
		}
	}
	if tried == 0 {
		t.Error("nothing was tried")
	}
}
