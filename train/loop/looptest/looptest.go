// Package looptest compares numbers of a loop.Engine with those of this processor.
package looptest

import (
	"math"
	"testing"
)

// Tolerance is how far a number may be from that of this processor, in units of the
// largest of its tensor.
const Tolerance = 1e-4

// Compare reports the first number that is too far from what it should be.
func Compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	most := float32(0)
	for _, v := range want {
		most = max(most, max(v, -v))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= Tolerance*float64(most)+1e-7) {
			t.Errorf("%s: number %d is %v, want %v; the largest is %v", what, i, got[i], want[i], most)
			return
		}
	}
}
