package lexicon_test

import (
	"testing"

	"github.com/textlstm/textlstm/internal/lexicon"
)

func TestRatings(t *testing.T) {
	ratings := lexicon.Ratings()
	if len(ratings) < 7000 {
		t.Errorf("%d words", len(ratings))
	}
	for word, r := range ratings {
		if word == "" || !(r >= -4 && r <= 4) {
			t.Errorf("%q is rated %v", word, r)
		}
	}
}

func TestClass(t *testing.T) {
	for word, want := range map[string]string{
		"good": "<+2>", "great": "<+3>", "okay": "<+1>", "bad": "<-3>", "horrible": "<-3>", "boring": "<-1>",
		":)": "<+2>", "lol": "<+2>", "table": "", "": "",
	} {
		if got := lexicon.Class(word); got != want {
			t.Errorf("Class(%q) = %q, rated %v, want %q", word, got, lexicon.Ratings()[word], want)
		}
	}
}
