package rnn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/nn"
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

// The states that rows started from are those of the same sequence one step before, whether they
// lie in the layer's output in the order of the rows or not.
func TestPrevious(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	shifted, copied := 0, 0
	for range 300 {
		B := 1 + rng.IntN(6)
		lengths := make([]int, B)
		for b := range lengths {
			lengths[b] = 5 + rng.IntN(4)*rng.IntN(2)
		}
		var lay nn.Layout
		lay.Reset(lengths)
		c := &Cell{Hidden: 2, Reverse: rng.IntN(2) == 1, width: 5, column: 3}
		ws := &Workspace{batch: nn.Batch{Layout: &lay}, layers: []layerTape{{y: make([]float32, lay.Rows()*c.width)}}}
		y := ws.layers[0].y
		for i := range y {
			y[i] = float32(1 + i)
		}
		first := rng.IntN(lay.Rows())
		n := 1 + rng.IntN(lay.Rows()-first)
		got := ws.previous(c, 0, 0, first, n)
		if got.ld == c.width {
			shifted++
		} else {
			copied++
		}
		for b, length := range lengths {
			for at := range length {
				row, before := lay.Row(at, b), at-1
				if c.Reverse {
					before = at + 1
				}
				for j := range c.Hidden {
					want := float32(0)
					if before >= 0 && before < length {
						want = y[lay.Row(before, b)*c.width+c.column+j]
					}
					if row < first || row >= first+n {
						continue
					}
					if state := got.data[(row-first)*got.ld+j]; state != want {
						t.Fatalf("lengths %v, reverse %v, rows %d and %d more: step %d of sequence %d started from %v, want %v",
							lengths, c.Reverse, first, n, at, b, state, want)
					}
				}
			}
		}
	}
	if shifted < 50 || copied < 50 {
		t.Errorf("%d times without a copy, %d times with one", shifted, copied)
	}
}
