package lexicon_test

import (
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/tokenize"
)

func TestOpinion(t *testing.T) {
	r := lexicon.Ratings()
	good, bad, no := r["good"], r["bad"], r["no"]
	const turned = -0.74
	for text, want := range map[string][]float64{
		"":                          nil,
		"the table":                 {0, 0},
		"good":                      {good},
		"not good":                  {0, turned * good},
		"not a very good":           {0, 0, 0, turned * good},
		"not a very , good":         {0, 0, 0, 0, good},
		"was n't bad":               {0, 0, turned * bad},
		"good , never not bad":      {good, 0, 0, 0, turned * bad},
		"no good":                   {0, turned * good},
		"good no":                   {good, no},
		"bad . not one good , bad.": {bad, 0, 0, 0, turned * good, 0, 0},
	} {
		var tokens []tokenize.Token
		for _, w := range strings.Fields(text) {
			tokens = append(tokens, tokenize.Token{Text: w})
		}
		got := lexicon.AppendValences(nil, tokens)
		sum, n := 0.0, 0.0
		for i, v := range want {
			if math.Abs(got[i]-v) > 1e-12 {
				t.Errorf("%q: %v, want %v", text, got, want)
				break
			}
			if sum += v; v != 0 {
				n++
			}
		}
		if got, want := lexicon.Opinion(got), sum/(1+math.Pow(n, 1.5)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%q: opinion %v, want %v", text, got, want)
		}
	}
}
