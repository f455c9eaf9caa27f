package embed_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/vocab"
)

// One bucket an n-gram: as many as the word with its edges has, however it is
// written, and the same for the same n-grams.
func TestBuckets(t *testing.T) {
	c := embed.SubwordConfig{Min: 3, Max: 4, Bits: 20}
	for word, want := range map[string]int{
		"":                       0,     // <>
		"a":                      1,     // <a>
		"ab":                     2 + 1, // <ab ab> <ab>
		"abc":                    3 + 2, // <ab abc bc> <abc abc>
		"äöü":                    3 + 2, // in runes
		"\xff€":                  2 + 1, // not UTF-8
		strings.Repeat("x", 1e6): 64 + 63,
	} {
		if got := c.AppendBuckets(nil, word); len(got) != want {
			t.Errorf("%.10q: %d n-grams, want %d", word, len(got), want)
		}
	}
	whole, part := c.AppendBuckets(nil, "where"), c.AppendBuckets(nil, "here")
	if got := slices.DeleteFunc(slices.Clone(part), func(b int32) bool { return !slices.Contains(whole, b) }); len(got) != 5 {
		t.Errorf("where and here share %d n-grams, want her ere re> here ere>", len(got))
	}
}

// The buckets of many words are spread over all of them, in any number of bits.
func TestBucketsSpread(t *testing.T) {
	for _, bits := range []int{1, 8, 24} {
		c := embed.SubwordConfig{Min: 3, Max: 3, Bits: bits}
		seen := map[int32]bool{}
		for i := range 4000 {
			for _, b := range c.AppendBuckets(nil, fmt.Sprintf("%03x", i)) {
				if b < 0 || b >= 1<<bits {
					t.Fatalf("%d bits: bucket %d", bits, b)
				}
				seen[b] = true
			}
		}
		if least := min(1<<bits, 4000) * 9 / 10; len(seen) < least {
			t.Errorf("%d bits: %d buckets used, want at least %d", bits, len(seen), least)
		}
	}
}

// Of knows the words by their ids, whatever else the vocabulary has; AddGrad is
// the gradient of AddMean.
func TestSubwords(t *testing.T) {
	c := embed.SubwordConfig{Bits: 7}.Resolve()
	s, err := embed.NewSubwords(c, 3)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vocab.New([]string{"one", "second", "x"}, nil, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Of(vocab.Unk + 1); got != nil {
		t.Errorf("n-grams %v before there are words", got)
	}
	s.Index(v)
	for id := range vocab.ID(v.Len()) {
		var want []int32
		if v.IsKnown(id) {
			want = c.AppendBuckets(nil, v.Token(id))
		}
		if got := s.Of(id); !slices.Equal(got, want) {
			t.Errorf("n-grams of %d: %v, want %v", id, got, want)
		}
	}

	s.Init(rand.New(rand.NewPCG(1, 2)))
	s.AddGrad(s.Of(2), []float32{1, 1, 1}) // without a gradient: nothing
	s.Weight.NeedGrad()
	x, buckets := []float32{1, 2, 3}, []int32{5, 9, 5, 6}
	s.AddMean(x, buckets)
	s.AddGrad(buckets, []float32{4, 8, -4})
	for j := range x {
		want := float32(j + 1)
		for _, b := range buckets {
			want += s.Weight.Data[int(b)*3+j] / 4
		}
		if d := x[j] - want; d > 1e-6 || d < -1e-6 {
			t.Errorf("value %d is %v, want %v", j, x[j], want)
		}
	}
	if diff := cmp.Diff([]float32{2, 4, -2}, s.Weight.Grad[5*3:6*3]); diff != "" {
		t.Errorf("gradient of a bucket that is there twice (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int32{5, 9, 6}, s.Weight.Touched); diff != "" {
		t.Errorf("touched (-want +got):\n%s", diff)
	}
	x = []float32{1, 2, 3}
	s.AddMean(x, nil)
	if diff := cmp.Diff([]float32{1, 2, 3}, x); diff != "" {
		t.Errorf("no n-grams (-want +got):\n%s", diff)
	}
}

// The index takes bounded memory, whatever the words; what it leaves out is found
// when it is asked for.
func TestSubwordIndexIsBounded(t *testing.T) {
	c := embed.SubwordConfig{Min: 1, Max: 64, Bits: 7}
	s, err := embed.NewSubwords(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	words := make([]string, 20_000)
	for i := range words {
		words[i] = fmt.Sprintf("%064d", i)
	}
	v, err := vocab.New(words, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.Index(v)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("an index of %d words took %d bytes", len(words), took)
	}
	for _, i := range []int{0, 900, 1100, len(words) - 1} {
		if got, want := s.Of(v.ID(words[i])), c.AppendBuckets(nil, words[i]); !slices.Equal(got, want) {
			t.Errorf("word %d has %d n-grams, want %d, or they differ", i, len(got), len(want))
		}
	}
}
