package tokenize_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/tokenize"
)

// TestLinear checks that no text makes a pipeline slower than linear. It
// compares one long text with eight short ones of the same length in all, so
// that a busy machine slows both: if time were quadratic, the long one would
// take eight times as long.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	rep := strings.Repeat
	texts := []struct {
		name string
		of   func(n int) string // about n bytes
	}{
		{"one letter", func(n int) string { return rep("a", n) }},
		{"capitals", func(n int) string { return rep("A", n) }},
		{"one digit", func(n int) string { return rep("1", n) }},
		{"digits and points", func(n int) string { return rep("1.", n/2) }},
		{"combining marks", func(n int) string { return "e" + rep("\u0301", n/2) }},
		{"lone marks", func(n int) string { return rep(" \u0301", n/3) }},
		{"joiner chain", func(n int) string { return rep("👩\u200d", n/7) }},
		{"joiners", func(n int) string { return "a" + rep("\u200d", n/3) + "b" + rep("\u200d", n/3) }},
		{"right-to-left marks", func(n int) string { return rep("\u200fא", n/5) }},
		{"URL", func(n int) string { return "http://x.org/" + rep("a", n) }},
		{"URL of brackets", func(n int) string { return "http://x.org/" + rep("(", n/2) + rep(")", n/2) + rep(".", n/9) }},
		{"hosts", func(n int) string { return rep("aa.", n/3) }},
		{"acronym", func(n int) string { return rep("a.", n/2) }},
		{"apostrophes", func(n int) string { return rep("a'", n/2) }},
		{"contractions", func(n int) string { return rep("n't's", n/5) }},
		{"at signs", func(n int) string { return rep("@", n) }},
		{"addresses", func(n int) string { return rep("a@", n/2) }},
		{"underscores", func(n int) string { return "a" + rep("_", n) }},
		{"underscored", func(n int) string { return rep("a_", n/2) }},
		{"exclamation marks", func(n int) string { return rep("!", n) }},
		{"dashes", func(n int) string { return rep("a-", n/2) }},
		{"colons", func(n int) string { return rep(":a", n/2) }},
		{"brackets", func(n int) string { return rep(":(", n/2) }},
		{"open tags", func(n int) string { return rep("<a ", n/3) }},
		{"open attributes", func(n int) string { return rep(`<a b="`, n/6) }},
		{"open comments", func(n int) string { return rep("<!--", n/4) }},
		{"open scripts", func(n int) string { return rep("<script>", n/8) }},
		{"scripts closed wrong", func(n int) string { return rep("<script></style>", n/16) }},
		{"ampersands", func(n int) string { return rep("&", n) }},
		{"entities", func(n int) string { return rep("&amp;", n/5) }},
		{"Han", func(n int) string { return rep("好", n/3) }},
		{"Thai", func(n int) string { return rep("ก็", n/6) }},
		{"bad bytes", func(n int) string { return rep("\xff", n) }},
		{"full stops", func(n int) string { return rep("a. B", n/4) }},
		{"blank lines", func(n int) string { return rep("\n", n) }},
		{"spaces", func(n int) string { return rep(" ", n) }},
	}
	n := 1 << 17
	if os.Getenv("TEXTLSTM_LONG") != "" {
		n = 1 << 21
	}
	fast := []string{"words", "html|words|caps|quotes|lower|accents|elongate|repeat|stem:en|neg|cjk", "fields|lower", "chars:2-4"}
	for _, tt := range texts {
		t.Run(tt.name, func(t *testing.T) {
			for _, spec := range fast {
				p := tokenize.MustParse(spec)
				linear(t, spec, func(text string) { p.AppendTokens(nil, text) }, tt.of(n/parts), tt.of(n))
			}
			p := tokenize.MustParse("treebank")
			linear(t, "treebank", func(text string) { p.AppendTokens(nil, text) }, tt.of(n/8/parts), tt.of(n/8))
			linear(t, "sentences", func(text string) { tokenize.Sentences(text) }, tt.of(n/8/parts), tt.of(n/8))
		})
	}
}

const parts = 8

// linear checks that f(long) takes at most 2.5 times as long as parts calls of
// f(short). The first ratio that is good enough counts: a busy machine makes
// ratios worse at times, but never better every time.
func linear(t *testing.T, name string, f func(string), short, long string) {
	t.Helper()
	var all, one time.Duration
	for try := range 25 {
		time.Sleep(time.Duration(try) * 5 * time.Millisecond) // let the others finish
		start := time.Now()
		for range parts {
			f(short)
		}
		all = time.Since(start)
		start = time.Now()
		f(long)
		one = time.Since(start)
		if one <= 5*all/2+time.Millisecond {
			return
		}
	}
	t.Errorf("%s: %v for %d times %d bytes, %v for %d", name, all, parts, len(short), one, len(long))
}
