// Package seed derives independent random streams from one seed: one for each
// purpose, epoch, step, layer, … so that no stream depends on how often
// another was used.
package seed

import "math/rand/v2"

// Mix returns a seed that depends on every part and on their order.
func Mix(seed uint64, parts ...uint64) uint64 {
	for _, p := range parts {
		seed = scramble(seed ^ scramble(p))
	}
	return seed
}

// For mixes the name of a purpose into seed, then parts.
func For(seed uint64, purpose string, parts ...uint64) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	return Mix(Mix(seed, h), parts...)
}

// Rand returns the random stream of a purpose.
func Rand(seed uint64, purpose string, parts ...uint64) *rand.Rand {
	s := For(seed, purpose, parts...)
	return rand.New(rand.NewPCG(s, scramble(s)))
}

// scramble is one step of SplitMix64 (Steele, Lea & Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
