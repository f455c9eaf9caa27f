package loop

import (
	"math/rand/v2"
	"slices"
)

// Pooled is the number of batches whose texts ByLength sorts by length.
const Pooled = 50

// ByLength returns a random order of n texts cut into batches of similar length, of at
// most so many texts and, but for one of a single text, so many tokens: the texts of
// some batches are sorted by length, cut, and all batches shuffled.
func ByLength(r *rand.Rand, n int, length func(i int) int, texts, tokens int) (batches [][]int) {
	order := r.Perm(n)
	pool := min(texts, n) * Pooled // texts may be the largest int
	for start := 0; start < n; start += pool {
		part := order[start:min(start+pool, n)]
		slices.SortStableFunc(part, func(a, b int) int { return length(b) - length(a) })
		from, sum := 0, 0
		for i, j := range part {
			if k := length(j); i > from && (i-from == texts || sum+k > tokens) {
				batches = append(batches, part[from:i])
				from, sum = i, 0
			}
			sum += length(j)
		}
		batches = append(batches, part[from:])
	}
	r.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}
