package evaluate_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/evaluate"
)

// sample draws n rows of p with replacement.
func sample(p *evaluate.Predictions, r *rand.Rand, n int) *evaluate.Predictions {
	c := len(p.Labels)
	q := &evaluate.Predictions{Labels: p.Labels}
	for range n {
		i := r.IntN(p.Len())
		q.Gold = append(q.Gold, p.Gold[i])
		q.Probs = append(q.Probs, p.Probs[i*c:(i+1)*c]...)
	}
	return q
}

// TestIntervalsCoverTheTruth draws many samples from a population whose figures
// are known and counts how often the 95 % intervals hold them.
func TestIntervalsCoverTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("600 bootstraps take seconds")
	}
	population := randomPredictions(3, 20000, 3)
	truth, err := evaluate.New(population, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const trials = 600
	covered := make(map[string]int)
	r := rand.New(rand.NewPCG(7, 7))
	for range trials {
		e, err := evaluate.New(sample(population, r, 1000), evaluate.Options{Resamples: 300, Seed: r.Uint64()})
		if err != nil {
			t.Fatal(err)
		}
		for name, in := range e.Intervals {
			if v, _ := truth.Get(name); float64(in.Low) <= v && v <= float64(in.High) {
				covered[name]++
			}
		}
		for k, l := range e.PerLabel {
			if in := l.Intervals["f1"]; in.Low <= truth.PerLabel[k].F1 && truth.PerLabel[k].F1 <= in.High {
				covered["f1 of "+l.Label]++
			}
		}
	}
	for name, n := range covered {
		share := float64(n) / trials
		low := 0.93
		if name == "ece" || name == "mce" {
			low = 0.89 // see the package comment
		}
		if share < low || share > 0.97 {
			t.Errorf("%s: %.3f of the intervals cover the truth, want %v to 0.97", name, share, low)
		}
	}
	if len(covered) < 18 {
		t.Errorf("intervals of %d figures, want at least 18", len(covered))
	}
}

func TestIntervalsDoNotDependOnProcessors(t *testing.T) {
	p := randomPredictions(5, 333, 4)
	run := func(procs int) *evaluate.Evaluation {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		e, err := evaluate.New(p, evaluate.Options{Resamples: 50, Seed: 9})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	one, four := run(1), run(4)
	if d := cmp.Diff(one.Intervals, four.Intervals); d != "" {
		t.Errorf("one processor against four (-one +four):\n%s", d)
	}
	if d := cmp.Diff(one.PerLabel[2].Intervals, four.PerLabel[2].Intervals); d != "" {
		t.Errorf("one processor against four (-one +four):\n%s", d)
	}
}

func TestIntervalsOfCertainAnswersAreNarrow(t *testing.T) {
	p := &evaluate.Predictions{Labels: []string{"a", "b"}}
	for i := range 50 {
		p.Gold = append(p.Gold, i%2)
		p.Predicted = append(p.Predicted, i%2)
	}
	e, err := evaluate.New(p, evaluate.Options{Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Intervals["accuracy"], (evaluate.Interval{Low: 1, High: 1}); got != want {
		t.Errorf("accuracy of certain answers: interval %v, want %v", got, want)
	}
	if _, ok := e.Intervals["log_loss"]; ok {
		t.Error("log loss has an interval without probabilities")
	}
}
