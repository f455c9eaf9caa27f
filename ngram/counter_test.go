package ngram_test

import (
	cmp2 "cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/ngram"
)

// zipf returns texts whose features are drawn as words are: few often, most
// hardly ever.
func zipf(texts, length, features int) [][]ngram.Hash {
	r := rand.New(rand.NewPCG(4, 5))
	z := rand.NewZipf(r, 1.1, 4, uint64(features))
	all := make([][]ngram.Hash, texts)
	for i := range all {
		for range length {
			all[i] = append(all[i], ngram.Hash(z.Uint64()+1)*0x9e3779b97f4a7c15)
		}
		slices.Sort(all[i])
		all[i] = slices.Compact(all[i])
	}
	return all
}

// A map counts exactly. The filter takes a few of the features that occur once
// for some that occur twice, and misses none.
func TestCounterAgainstMap(t *testing.T) {
	texts := zipf(400, 500, 1<<20)
	counts := map[ngram.Hash]int{}
	for _, features := range texts {
		for _, h := range features {
			counts[h]++
		}
	}
	for _, minCount := range []int{1, 2, 3} {
		c := ngram.NewCounter(minCount, len(texts))
		c.Add(2, texts...)
		d := c.Dictionary(20)
		missed, wrong, rare := 0, 0, 0
		for h, n := range counts {
			_, ok := d.Row(h)
			switch {
			case n >= minCount && !ok:
				missed++
			case n < minCount:
				rare++
				if ok {
					wrong++
				}
			}
		}
		if missed > 0 {
			t.Errorf("at least %d: %d of %d features are missed", minCount, missed, len(counts)-rare)
		}
		if wrong > rare/100 {
			t.Errorf("at least %d: %d of %d rarer features are kept, want 1 %% at most", minCount, wrong, rare)
		}
	}
}

// The best features are in the table, others only where those left room, and none without
// worth.
func TestCounterBest(t *testing.T) {
	texts := zipf(300, 100, 1<<16)
	c := ngram.NewCounter(2, len(texts))
	c.Add(2, texts...)
	type feature struct {
		h     ngram.Hash
		worth float64
	}
	var all []feature
	worth := func(h ngram.Hash, n int) float64 { return float64(n) * float64(h%7) }
	complete := c.Best(20, func(h ngram.Hash, n int) float64 {
		all = append(all, feature{h, worth(h, n)})
		return worth(h, n)
	})
	slices.SortFunc(all, func(a, b feature) int { return cmp2.Compare(b.worth, a.worth) })
	kept := 0
	for _, f := range all {
		_, ok := complete.Row(f.h)
		if ok != (f.worth > 0) {
			t.Fatalf("a feature of worth %v: kept %v", f.worth, ok)
		}
		if ok {
			kept++
		}
	}
	if complete.Rows() != kept {
		t.Errorf("%d rows of %d features", complete.Rows(), kept)
	}
	const bits, room = 8, 224
	small, missed := c.Best(bits, worth), 0
	for _, f := range all[:room] {
		if _, ok := small.Row(f.h); !ok {
			missed++
		}
	}
	if kept < 2*room || missed > room/10 || small.Rows() > room {
		t.Errorf("%d of the best %d features of %d are missed, %d rows", missed, room, kept, small.Rows())
	}
}

func TestCounterWorkersAndBlocks(t *testing.T) {
	texts := zipf(300, 100, 1<<16)
	want := func() []uint16 {
		c := ngram.NewCounter(2, len(texts))
		c.Add(1, texts...)
		return c.Dictionary(10).Tags()
	}()
	for _, workers := range []int{2, 3, 16, 40} {
		c := ngram.NewCounter(2, len(texts))
		for block := range slices.Chunk(texts, 7*workers) {
			c.Add(workers, block...)
		}
		if diff := cmp.Diff(want, c.Dictionary(10).Tags()); diff != "" {
			t.Errorf("%d workers:\n%s", workers, diff)
		}
	}
}

// ascending returns n features spread over all values, sorted.
func ascending(n int, seed uint64) []ngram.Hash {
	r := rand.New(rand.NewPCG(seed, 1))
	h := make([]ngram.Hash, n)
	step := math.MaxUint64 / uint64(n)
	for i := range h {
		h[i] = ngram.Hash(uint64(i)*step + r.Uint64N(step))
	}
	return h
}

// Twelve million features, each seen twice in a row, do not fit. Those that are
// frequent are in the dictionary all the same.
func TestCounterIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("counts for seconds")
	}
	frequent := hashes(1000, 1)
	slices.Sort(frequent)
	for _, tt := range []struct {
		name  string
		make  func(minCount, texts int) *ngram.Counter
		texts uint64
		want  uint64 // MiB
	}{
		{"64 + 128", ngram.NewCounter, 120, 220},
		{"32 + 64", ngram.NewSmallCounter, 60, 115},
	} {
		c := tt.make(2, 1<<30)
		for i := range tt.texts {
			text := ascending(100_000, 100+i)
			c.Add(2, text, frequent, text)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > tt.want<<20 {
			t.Errorf("%d MiB in use, want %s and little more", m.HeapAlloc>>20, tt.name)
		}
		d := c.Dictionary(12)
		for _, h := range frequent {
			if _, ok := d.Row(h); !ok {
				t.Fatalf("a feature of %d texts is lost among those of two", tt.texts)
			}
		}
	}
}
