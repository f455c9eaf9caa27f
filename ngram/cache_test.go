package ngram

import (
	"fmt"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize"
)

// The cache of an Extractor stays within its bound whatever the words are.
func TestCacheIsBounded(t *testing.T) {
	x := NewExtractor(Config{CharMin: 1, CharMax: 16})
	long := strings.Repeat("0123456789", 4)
	most := 0
	words := 10_000
	if testing.Short() {
		words = 300
	}
	var dst []Hash
	for i := range words {
		list := []tokenize.Token{{Text: fmt.Sprint(i, long)}, {Text: strings.Repeat(fmt.Sprint(i), 30)}}
		dst = x.AppendFeatures(dst[:0], list)
		held := 0
		if i%500 == 0 {
			for w, grams := range x.chars {
				if len(w) > 64 {
					t.Fatalf("a word of %d bytes is kept", len(w))
				}
				held += len(grams)
			}
			if held > x.held {
				t.Fatalf("%d hashes are kept, %d counted", held, x.held)
			}
		}
		most = max(most, x.held)
	}
	if limit := 1<<21 + 2000; most > limit {
		t.Errorf("%d hashes held, want at most %d", most, limit)
	}
	if !testing.Short() && x.held == most {
		t.Error("the cache was never emptied")
	}
}
