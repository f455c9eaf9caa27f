package train_test

import (
	"testing"

	"github.com/textlstm/textlstm/train"
)

// TestFindRate wants rates that rise, a loss that explodes in the end, the same
// answer from any number of workers, and a suggestion below what explodes.
func TestFindRate(t *testing.T) {
	d := reviews(64, 1)
	run := func(workers int) ([]train.RatePoint, float64) {
		tr := train.Trainer{Config: small(), Workers: workers}
		points, best, err := tr.FindRate(t.Context(), d, 60)
		if err != nil {
			t.Fatal(err)
		}
		return points, best
	}
	points, best := run(1)
	if len(points) < 20 {
		t.Fatalf("%d points, want at least 20", len(points))
	}
	lowest := points[0]
	for i, p := range points {
		if i > 0 && p.Rate <= points[i-1].Rate {
			t.Fatalf("rate %d is %g after %g", i, p.Rate, points[i-1].Rate)
		}
		if p.Loss < lowest.Loss {
			lowest = p
		}
	}
	if lowest.Loss >= points[0].Loss {
		t.Errorf("the loss never falls below its start, %g", points[0].Loss)
	}
	if best != lowest.Rate/10 {
		t.Errorf("best = %g, want a tenth of %g", best, lowest.Rate)
	}
	again, best3 := run(3)
	if best3 != best || len(again) != len(points) || again[len(again)-1] != points[len(points)-1] {
		t.Error("3 workers find something else than 1")
	}
}
