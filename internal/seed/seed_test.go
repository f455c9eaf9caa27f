package seed_test

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/seed"
)

// The streams are part of what a training yields: a change of any number here
// changes every model.
func TestValuesStay(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want uint64
	}{
		{"no parts", seed.Mix(42), 42},
		// The first value of SplitMix64 from state 0, as its authors publish it,
		// once to undo the part and once as the result.
		{"SplitMix64", seed.Mix(0xe220a8397b1dcdaf, 0), 0xe220a8397b1dcdaf},
		{"purpose", seed.For(1, "init"), 0xe919a6d8be5c9b15},
		{"purpose and part", seed.For(1, "step", 7), 0x969fbd951bd98b89},
		{"stream", seed.Rand(1, "shuffle", 3).Uint64(), 0x40db308568ad2c0b},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.name, tt.got, tt.want)
		}
	}
}

func TestEverythingMatters(t *testing.T) {
	seen := map[uint64]string{}
	add := func(name string, s uint64) {
		if other, ok := seen[s]; ok {
			t.Errorf("%s and %s are one seed", name, other)
		}
		seen[s] = name
	}
	for s := range uint64(20) {
		for _, purpose := range []string{"", "a", "b", "ab", "ba", "init", "step"} {
			add(fmt.Sprintf("%d %q", s, purpose), seed.For(s, purpose))
			for i := range uint64(10) {
				add(fmt.Sprintf("%d %q %d", s, purpose, i), seed.For(s, purpose, i))
				add(fmt.Sprintf("%d %q %d 0", s, purpose, i), seed.For(s, purpose, i, 0))
				add(fmt.Sprintf("%d %q 100 %d", s, purpose, i), seed.For(s, purpose, 100, i))
			}
		}
	}
}

// One flipped bit of the seed flips half of the bits, give or take.
func TestAvalanche(t *testing.T) {
	total := 0
	for i := range 64 {
		n := bits.OnesCount64(seed.For(5, "x", 9) ^ seed.For(5^1<<i, "x", 9))
		if n < 12 || n > 52 {
			t.Errorf("flipping bit %d flips %d bits", i, n)
		}
		total += n
	}
	if mean := float64(total) / 64; mean < 29 || mean > 35 {
		t.Errorf("a flipped bit flips %.1f bits on average, want 32", mean)
	}
}

func ExampleRand() {
	a := seed.Rand(1, "shuffle", 0)
	b := seed.Rand(1, "shuffle", 0)
	c := seed.Rand(1, "dropout", 0)
	x := a.IntN(1000)
	fmt.Println(x == b.IntN(1000), x == c.IntN(1000))
	// Output: true false
}

// A function that draws ends with its context, and draws the same until then.
func TestUntil(t *testing.T) {
	var want, got []uint64
	draw := func(to *[]uint64, n int, stop func()) func(*rand.Rand) {
		return func(r *rand.Rand) {
			for i := range n {
				if i == n/2 && stop != nil {
					stop()
				}
				*to = append(*to, r.Uint64())
			}
		}
	}
	draw(&want, 1000, nil)(seed.Rand(1, "x"))
	if err := seed.Until(t.Context(), seed.Rand(1, "x"), draw(&got, 1000, nil)); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v; other numbers", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got = nil
	err := seed.Until(ctx, seed.Rand(1, "x"), draw(&got, 1000, cancel))
	if !errors.Is(err, context.Canceled) || len(got) < 500 || len(got) > 600 || !slices.Equal(got, want[:len(got)]) {
		t.Errorf("%v after %d numbers, want the end of the context soon after 500", err, len(got))
	}
	defer func() {
		if v := recover(); v != "mine" {
			t.Errorf("recovered %v, want the function's own panic", v)
		}
	}()
	seed.Until(t.Context(), seed.Rand(1, "x"), func(*rand.Rand) { panic("mine") })
}
