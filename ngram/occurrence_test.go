package ngram_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
)

func tokensOf(text string) []tokenize.Token {
	return new(tokenize.Pipeline).AppendTokens(nil, text)
}

// TestOccurrencesAreTheFeatures wants the features of AppendFeatures, each at
// least once, and no others.
func TestOccurrencesAreTheFeatures(t *testing.T) {
	for _, cfg := range []ngram.Config{
		{Words: 1}, {Words: 3}, {CharMin: 2, CharMax: 4}, {Words: 2, CharMin: 1, CharMax: 16},
		{Words: 2, Skip: 2}, {Words: 3, Stem: "en"}, {Words: 3, Lexicon: "vader"}, {Words: 2, Lexicon: "vader", Stem: "en", Skip: 1}, {Words: 1, Skip: 8, Stem: "fr", CharMin: 3, CharMax: 3},
	} {
		for _, text := range []string{
			"", "good", "not good , not bad", "a a a a", "naïve \u4e2d\u6587 \xff\xfe !", "x\x02y",
			"averylongword" + string(slices.Repeat([]byte("z"), 200)),
		} {
			x := ngram.NewExtractor(cfg)
			tokens := tokensOf(text)
			want := x.AppendFeatures(nil, tokens)
			var got []ngram.Hash
			for _, o := range x.AppendOccurrences(nil, tokens) {
				if o.First < 0 || o.First > o.End || o.End > len(tokens) {
					t.Errorf("%+v %q: %+v covers tokens out of range", cfg, text, o)
				}
				got = append(got, o.Feature)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
				t.Errorf("%+v %q (-features +occurrences):\n%s", cfg, text, diff)
			}
		}
	}
}

// A long text, whose features are sorted on the way, has the same whether its tokens
// come at once or some at a time; those that are not to be kept may be missing.
func TestLongTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tokens := make([]tokenize.Token, 50_000)
	for i := range tokens {
		tokens[i].Text = []string{"good", "films", "bad"}[i%3]
		if i%2 == 0 {
			tokens[i].Text = strconv.Itoa(r.IntN(1_000_000))
		}
	}
	x := ngram.NewExtractor(ngram.Config{Words: 3, Skip: 2, Lexicon: "vader", Stem: "en", CharMin: 2, CharMax: 3})
	var all []ngram.Hash
	for _, o := range x.AppendOccurrences(nil, tokens) {
		all = append(all, o.Feature)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < 1<<18 {
		t.Fatalf("%d features, want enough to be sorted on the way", len(all))
	}
	if got := x.AppendFeatures(nil, tokens); !slices.Equal(got, all) {
		t.Errorf("%d features, want %d", len(got), len(all))
	}
	odd := func(h ngram.Hash) bool { return h%2 == 1 }
	for _, x.Keep = range []func(ngram.Hash) bool{nil, odd} {
		x.Begin()
		got := []ngram.Hash{7}
		for some := range slices.Chunk(tokens, 77) {
			got = x.Append(got, 1, some)
		}
		got = x.End(got, 1)[1:]
		if x.Keep != nil {
			if len(got) > len(all)*3/4 {
				t.Errorf("%d features of %d are left, half of which are not to be kept", len(got), len(all))
			}
			got = slices.DeleteFunc(got, func(h ngram.Hash) bool { return !odd(h) })
			all = slices.DeleteFunc(all, func(h ngram.Hash) bool { return !odd(h) })
		}
		if !slices.Equal(got, all) {
			t.Errorf("some at a time: %d features, want %d", len(got), len(all))
		}
	}
}

func TestOccurrencePlaces(t *testing.T) {
	type place struct {
		Text       string
		First, End int
	}
	x := ngram.NewExtractor(ngram.Config{Words: 2, Lexicon: "vader", CharMin: 3, CharMax: 3})
	var got []place
	for _, o := range x.AppendOccurrences(nil, tokensOf("so bad")) {
		got = append(got, place{o.Text, o.First, o.End})
	}
	want := []place{
		{"^", 0, 0}, {"^ so", 0, 1}, {"so", 0, 1}, {"so bad", 0, 2}, {"bad", 1, 2}, {"bad $", 1, 2}, {"$", 2, 2},
		{"so <-3>", 0, 2}, {"<-3>", 1, 2}, {"<-3> $", 1, 2},
		{"^so", 0, 1}, {"so$", 0, 1}, {"^ba", 1, 2}, {"bad", 1, 2}, {"ad$", 1, 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("occurrences (-want +got):\n%s", diff)
	}
}
