package forecast

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Numbers that rise stay, others become means of neighbours.
func TestRising(t *testing.T) {
	for _, tt := range [][2][]float64{
		{{1, 2, 2, 5}, {1, 2, 2, 5}},
		{{1, 4, 2, 5}, {1, 3, 3, 5}},
		{{4, 2, 0}, {2, 2, 2}},
		{{1, 5, 4, 3, 9}, {1, 4, 4, 4, 9}},
		{{0, 0}, {1e-9, 1e-9}},
	} {
		got := slices.Clone(tt[0])
		if rising(got); !slices.Equal(got, tt[1]) {
			t.Errorf("%v becomes %v, want %v", tt[0], got, tt[1])
		}
	}
}

// With few dev windows and answers that know nothing, the intervals of errors that grow
// with the steps ahead cover at least what they say, whatever one sample shows.
func TestPool(t *testing.T) {
	c := Config{Horizon: 4, Base: None}.Resolve()
	r := rand.New(rand.NewPCG(3, 0))
	draw := func(h int) float64 { return r.NormFloat64() * float64(h+1) }
	inside, all := 0, 0
	for range 200 {
		errs := make([][][]float64, 4)
		shifts := make([][]float64, 4)
		for h := range errs {
			shifts[h] = make([]float64, len(c.Levels))
			var e []float64
			for range 6 {
				e = append(e, draw(h))
			}
			for range c.Levels {
				errs[h] = append(errs[h], e)
			}
		}
		c.pool(errs, shifts)
		for h := range errs {
			if s := shifts[h]; s[0] != -s[6] || s[1] != -s[5] || s[0] > s[1] || s[3] != 0 {
				t.Fatalf("step %d: shifts %v", h+1, s)
			}
			for range 20 {
				all++
				if e := draw(h); shifts[h][0] <= e && e <= shifts[h][6] {
					inside++
				}
			}
		}
	}
	if share := float64(inside) / float64(all); share < 0.88 || share > 0.95 {
		t.Errorf("%.1f %% are within the interval of 90 %%", 100*share)
	}
}
