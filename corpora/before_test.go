package corpora

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A piece of a file has the IDs, lines and errors that its rows have in the whole.
func TestBefore(t *testing.T) {
	for _, tt := range []struct {
		name, first, second string
		before              Position
	}{
		{"a.jsonl", "{\"text\":\"one\"}\n\nbroken\n", "{\"text\":\"two\"}\nalso broken\n", Position{Rows: 2, Lines: 3, Bytes: 23}},
		{"b.jsonl", "{\"text\":\"one\"}\n", "[broken\n{\nPAR1\n", Position{Rows: 1, Lines: 1, Bytes: 15}},
		{"a.txt", "one\n\n", "two\n\nthree", Position{Rows: 2, Lines: 2, Bytes: 5}},
	} {
		read := func(text string, before Position) (rows []string) {
			r, err := New(strings.NewReader(text), tt.name, Options{Unlabelled: true, Lines: true, Before: before})
			if err != nil {
				t.Fatal(err)
			}
			for ex, err := range r.All() {
				offset := int64(0)
				if pe, ok := err.(*ParseError); ok {
					offset = pe.Offset
				}
				rows = append(rows, fmt.Sprint(ex.ID, ex.Line, ex.Text, err, offset))
			}
			return rows
		}
		if n := int64(len(tt.first)); n != tt.before.Bytes {
			t.Fatalf("%d bytes, want %d", n, tt.before.Bytes)
		}
		pieces := append(read(tt.first, Position{}), read(tt.second, tt.before)...)
		if diff := cmp.Diff(read(tt.first+tt.second, Position{}), pieces); diff != "" {
			t.Errorf("%s (-whole +pieces):\n%s", tt.name, diff)
		}
	}
}
