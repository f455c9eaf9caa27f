package ngram

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSort sorts features of every distribution: even, all with the same first bits, few
// different ones, in order and not.
func TestSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := NewExtractor(Config{Words: 1})
	for name, draw := range map[string]func(i int) Hash{
		"even":       func(int) Hash { return Hash(r.Uint64()) },
		"first bits": func(int) Hash { return Hash(r.Uint64() >> 40) },
		"last bits":  func(int) Hash { return Hash(r.Uint64() << 60) },
		"one":        func(int) Hash { return 1 << 63 },
		"falling":    func(i int) Hash { return 1<<40 - Hash(i) },
		"two ends":   func(i int) Hash { return Hash(-(i % 2)) + Hash(i%5) },
	} {
		for _, n := range []int{0, 1, 2, 63, 64, 65, 100, 1000, 20_000} {
			got := make([]Hash, n)
			for i := range got {
				got[i] = draw(i)
			}
			want := slices.Clone(got)
			slices.Sort(want)
			if x.sort(got); !slices.Equal(got, want) {
				t.Errorf("%s, %d features: not sorted", name, n)
			}
		}
	}
}

func BenchmarkSort(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := NewExtractor(Config{Words: 1})
	features := make([]Hash, 1500)
	for i := range features {
		features[i] = Hash(r.Uint64())
	}
	work := make([]Hash, len(features))
	for b.Loop() {
		copy(work, features)
		x.sort(work)
	}
}
