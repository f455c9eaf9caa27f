// Package lexicon has the opinion lexicon of VADER 3.3.2, under the licence beside
// it: English words, emoticons and abbreviations in lower case, with what people
// thought of them (Hutto & Gilbert 2014).
package lexicon

import (
	_ "embed" // for the lexicon
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/textlstm/textlstm/internal/columns"
)

//go:embed vader_lexicon.txt.zst
var file []byte

// Ratings returns the mean rating of each word, from -4, very negative, to 4.
// Nobody may change the map. It panics only if the program was built from a broken
// file.
var Ratings = sync.OnceValue(func() map[string]float64 {
	const name = "lexicon: vader_lexicon.txt.zst"
	ratings := make(map[string]float64, 8192)
	for word, rating := range columns.FirstTwo(name, file) {
		r, err := strconv.ParseFloat(rating, 64)
		if err != nil {
			panic(fmt.Sprintf("%s: %q: %v", name, word, err))
		}
		ratings[word] = r
	}
	return ratings
})

// Class returns the one of six classes that a word is of: <-3> with ratings about
// -3 and below, <-2>, <-1>, <+1>, <+2> or <+3>. It returns "" if the word is in no
// class.
func Class(word string) string {
	r, ok := Ratings()[word]
	if !ok {
		return ""
	}
	strength := min(max(int(math.Round(math.Abs(r))), 1), 3)
	if r < 0 {
		return classes[0][strength-1]
	}
	return classes[1][strength-1]
}

var classes = [2][3]string{{"<-1>", "<-2>", "<-3>"}, {"<+1>", "<+2>", "<+3>"}}
