package lexicon_test

import (
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/tokenize"
)

func TestAppendPolarities(t *testing.T) {
	r := lexicon.Ratings()
	good, bad, no := r["good"], r["bad"], r["no"]
	const turned = -0.74
	for text, want := range map[string][]float64{ // before they are divided
		"":                          nil,
		"the table":                 {0, 0},
		"good":                      {good},
		"not good":                  {0, turned * good},
		"is n’t good":               {0, 0, turned * good},
		"not a very good":           {0, 0, 0, turned * good},
		"not a very , good":         {0, 0, 0, 0, good},
		"was n't bad":               {0, 0, turned * bad},
		"good , never not bad":      {good, 0, 0, 0, turned * bad},
		"no good":                   {0, turned * good},
		"no one good":               {no, 0, turned * good},
		"good no":                   {good, no},
		"bad . not one good , bad.": {bad, 0, 0, 0, turned * good, 0, 0},
		"good but weak":             {good, 0, r["weak"]},
	} {
		var tokens []tokenize.Token
		for _, w := range strings.Fields(text) {
			tokens = append(tokens, tokenize.Token{Text: w})
		}
		n := 0.0
		for _, v := range want {
			if v != 0 {
				n++
			}
		}
		got := lexicon.AppendPolarities([]float64{7}, tokens)
		if got[0] != 7 || len(got) != 1+len(tokens) {
			t.Errorf("%q: %v for %d tokens after a 7", text, got, len(tokens))
			continue
		}
		for i, v := range got[1:] {
			var rating float64
			if i < len(want) {
				rating = want[i]
			}
			if math.Abs(v-rating/(1+math.Pow(n, 1.5))) > 1e-12 {
				t.Errorf("%q: %v, want %v divided by 1 + %v√%v", text, got[1:], want, n, n)
				break
			}
		}
	}
}
