package loop_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/train/loop"
)

// Each text is in one batch, batches keep to their limits and hold texts of like length,
// and the same stream of random numbers gives the same ones.
func TestByLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	lengths := make([]int, 5000)
	for i := range lengths {
		lengths[i] = 1 + r.IntN(60)
	}
	lengths[17] = 500
	length := func(i int) int { return lengths[i] }
	draw := func() [][]int { return loop.ByLength(rand.New(rand.NewPCG(2, 2)), len(lengths), length, 20, 400) }
	batches := draw()
	var all []int
	wide := 0
	for _, b := range batches {
		sum, least, most := 0, 1000, 0
		for _, i := range b {
			sum, least, most = sum+lengths[i], min(least, lengths[i]), max(most, lengths[i])
		}
		if len(b) == 0 || len(b) > 20 || sum > 400 && len(b) > 1 {
			t.Fatalf("a batch of %d texts, %d tokens", len(b), sum)
		}
		if most-least > 6 {
			wide++
		}
		all = append(all, b...)
	}
	if wide > len(batches)/20 {
		t.Errorf("%d of %d batches hold texts of unlike length", wide, len(batches))
	}
	slices.Sort(all)
	for i, j := range all {
		if i != j || len(all) != len(lengths) {
			t.Fatalf("%d texts in batches, want each of %d once", len(all), len(lengths))
		}
	}
	if !slices.EqualFunc(batches, draw(), slices.Equal) {
		t.Error("the same random numbers give other batches")
	}
}
