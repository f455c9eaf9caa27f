package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/vocab"
)

const stop = vocab.ID(2) // ends a sentence in the tests' sets

// textsOf has texts of the given lengths; every fifth token ends a sentence.
func textsOf(lengths ...int) *set {
	s := &set{stops: map[vocab.ID]bool{stop: true}}
	for i, n := range lengths {
		ids := make([]vocab.ID, n)
		for j := range ids {
			ids[j] = vocab.ID(100*i + j + 10)
			if j%5 == 4 {
				ids[j] = stop
			}
		}
		s.texts = append(s.texts, classify.Encoded{IDs: ids})
	}
	return s
}

func lengthsFor(n int) []int {
	l := make([]int, n)
	for i := range l {
		l[i] = i * 7 % 43
	}
	return l
}

func TestBatches(t *testing.T) {
	for _, tt := range []struct{ texts, size, tokens int }{
		{1, 8, 100}, {8, 8, 1000}, {9, 8, 1000}, {300, 4, 60}, {300, 2, 1}, {100, 1000, 100_000}, {450, 8, 200},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			s := textsOf(lengthsFor(tt.texts)...)
			c := Config{BatchSize: tt.size, BatchTokens: tt.tokens, Seed: 3}
			_, batches := s.epoch(c, 0)
			var all []int
			spread := 0
			for _, b := range batches {
				tokens, low, high := 0, 1<<30, 0
				for _, i := range b {
					n := len(s.texts[i].IDs)
					tokens += n
					low, high = min(low, n), max(high, n)
				}
				spread += high - low
				if len(b) == 0 || len(b) > tt.size || len(b) > 1 && tokens > tt.tokens {
					t.Errorf("a batch of %d texts and %d tokens", len(b), tokens)
				}
				all = append(all, b...)
			}
			if mean := spread / len(batches); tt.size <= 8 && tt.texts >= 300 && mean > 5 {
				t.Errorf("the lengths in a batch differ by %d on average", mean)
			}
			slices.Sort(all)
			for i, j := range all {
				if i != j || len(all) != tt.texts {
					t.Fatalf("the batches have the texts %v", all)
				}
			}
			_, again := s.epoch(c, 0)
			if !cmp.Equal(batches, again) {
				t.Error("the same epoch again has other batches")
			}
			if _, next := s.epoch(c, 1); tt.texts > 9 && cmp.Equal(batches, next) {
				t.Error("the next epoch has the same batches")
			}
		})
	}
}

func TestCrop(t *testing.T) {
	s := textsOf(40, 41, 60, 100, 43, 0, 77)
	whole, _ := s.epoch(Config{BatchSize: 8, BatchTokens: 1000}, 0)
	for i := range whole {
		if !slices.Equal(whole[i].IDs, s.texts[i].IDs) {
			t.Errorf("text %d is cut though nothing is to be", i)
		}
	}
	c := Config{BatchSize: 8, BatchTokens: 1000, Crop: 1}
	counts := map[int]int{} // of sentences
	for epoch := range 50 {
		texts, _ := s.epoch(c, epoch)
		for i, text := range texts {
			ids, n := text.IDs, len(s.texts[i].IDs)
			if n <= 40 {
				if len(ids) != n {
					t.Errorf("a text of %d tokens is cut to %d", n, len(ids))
				}
				continue
			}
			at := strings.Index(fmt.Sprint(s.texts[i].IDs), strings.Trim(fmt.Sprint(ids), "[]"))
			if len(ids) == 0 || at < 0 {
				t.Fatalf("%v is no part of text %d", ids, i)
			}
			sentences := 0
			for _, id := range ids {
				if id == stop {
					sentences++
				}
			}
			if ids[len(ids)-1] != stop {
				if n%5 == 0 {
					t.Errorf("%v does not end with a sentence", ids)
				}
				sentences++
			}
			counts[sentences]++
		}
	}
	for n := range counts {
		if n < 1 || n > 3 {
			t.Errorf("%d crops have %d sentences, want 1 to 3", counts[n], n)
		}
	}
	if len(counts) != 3 {
		t.Errorf("sentences of the crops: %v, want all of 1, 2, 3", counts)
	}
	c.Crop = 0.5
	cut := 0
	for epoch := range 100 {
		texts, _ := s.epoch(c, epoch)
		if len(texts[3].IDs) < 100 {
			cut++
		}
	}
	if cut < 30 || cut > 70 {
		t.Errorf("%d of 100 texts are cut, want about half", cut)
	}
}
