package cli

import (
	"strings"
	"testing"
)

// Whatever the pieces that a text is written in, a terminal gets the same, and nothing
// that it would obey.
func TestCleaner(t *testing.T) {
	const text = "a\tb\x1b[31m\r\né中👩\u0085\u202eé\x9b\xff\x07\u2066z\n"
	const want = "a\tb [31m \né中👩 é\ufffd\ufffd z\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		c := &cleaner{w: &out}
		for at := 0; at < len(text); at += size {
			piece := text[at:min(at+size, len(text))]
			if n, err := c.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Fatalf("%d bytes of %d, %v", n, len(piece), err)
			}
		}
		if out.String() != want {
			t.Errorf("in pieces of %d: %q, want %q", size, out.String(), want)
		}
	}
}
