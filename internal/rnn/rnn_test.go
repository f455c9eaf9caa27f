package rnn

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestOrthogonalInit(t *testing.T) {
	const n = 33
	w := make([]float32, n*n)
	orthogonal(w, n, rand.New(rand.NewPCG(1, 1)))
	for i := range n {
		for j := range n {
			dot := 0.0
			for k := range n {
				dot += float64(w[i*n+k]) * float64(w[j*n+k])
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 1e-6 {
				t.Fatalf("rows %d and %d have product %g, want %g", i, j, dot, want)
			}
		}
	}
}
