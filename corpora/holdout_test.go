package corpora

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hold offers n texts to a holdout, every third of them a copy of the one
// before, and returns what is kept and what is given back.
func hold(h *Holdout, n, size int) (kept, rest []string) {
	var back []Example
	for i := range n {
		id := i
		if i%3 == 2 {
			id--
		}
		back = append(back, h.Offer(Example{ID: fmt.Sprint(i), Text: fmt.Sprintf("Text %d %s", id, strings.Repeat("x", size))})...)
	}
	back = append(back, h.Rest()...)
	for _, ex := range back {
		rest = append(rest, ex.Text)
	}
	for _, k := range h.kept {
		kept = append(kept, k.example.Text)
	}
	return kept, rest
}

func TestHoldout(t *testing.T) {
	for _, tt := range []struct {
		name      string
		share     float64
		n, size   int
		low, high int // texts kept
	}{
		{"none", 0, 300, 1, 0, 0},
		{"a share", 0.1, 3000, 1, 230, 370},
		{"no more than so many texts", 0.5, 40_000, 1, holdoutTexts - 1, holdoutTexts},
		{"no more than so many bytes", 0.9, 300, 100_000, holdoutBytes/100_030 - 2, holdoutBytes / 100_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kept, rest := hold(NewHoldout(tt.share, 1), tt.n, tt.size)
			if len(kept) < tt.low || len(kept) > tt.high || len(kept)+len(rest) != tt.n {
				t.Errorf("%d kept and %d given back of %d, want %d to %d kept and the rest back", len(kept), len(rest), tt.n, tt.low, tt.high)
			}
			in := map[string]bool{}
			for _, text := range kept {
				in[text] = true
			}
			for _, text := range rest {
				if in[text] {
					t.Fatalf("%.20q is kept and given back", text)
				}
			}
			if again, _ := hold(NewHoldout(tt.share, 1), tt.n, tt.size); !cmp.Equal(kept, again) {
				t.Error("the same seed keeps other texts")
			}
		})
	}
	h := NewHoldout(0.5, 1)
	if h.number("A  text\n") != h.number("a text") || h.number("a text") == h.number("at ext") {
		t.Error("a text's number is not that of its words in lower case")
	}
}
