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

// TestIntervalsCoverTheTruth draws many samples from a population whose metrics
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

// TestDifferencesCoverTheTruth draws samples from a population on which two
// heads were run whose metrics there are known: as often as they say, the
// intervals hold the true difference, and neither test finds one of two heads that
// are right equally often better more than one time in twenty.
func TestDifferencesCoverTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("250 pairs of bootstraps take seconds")
	}
	const n, trials = 20000, 250
	a, b := randomPredictions(11, n, 3), randomPredictions(12, n, 3)
	b.Gold = a.Gold
	r := rand.New(rand.NewPCG(13, 13))
	for i, g := range a.Gold { // b is right where a is, or where a coin says so
		if r.IntN(3) > 0 {
			copy(b.Probs[3*i:], a.Probs[3*i:3*i+3])
		} else if row := b.Probs[3*i : 3*i+3]; r.IntN(3) > 0 {
			for k := range row {
				if row[k] > row[g] {
					row[k], row[g] = row[g], row[k]
				}
			}
		}
	}
	truth, err := evaluate.Compare(a, b, evaluate.CompareOptions{Resamples: 1})
	if err != nil {
		t.Fatal(err)
	}
	// a and its twin disagree on a tenth of the rows and are right equally often.
	twin := &evaluate.Predictions{Labels: a.Labels, Gold: a.Gold, Probs: append([]float64(nil), a.Probs...)}
	for i := range n {
		if i%10 == 0 {
			j := (i + 10) % n
			row := func(p *evaluate.Predictions, i int) []float64 { return p.Probs[3*i : 3*i+3] }
			copy(row(twin, i), row(a, j))
			g, h := a.Gold[i], a.Gold[j] // the answer of row j, as right or wrong for row i
			row(twin, i)[g], row(twin, i)[h] = row(twin, i)[h], row(twin, i)[g]
		}
	}
	pairs := func(other *evaluate.Predictions) *evaluate.Comparison {
		x := &evaluate.Predictions{Labels: a.Labels}
		y := &evaluate.Predictions{Labels: a.Labels}
		for range 1000 {
			i := r.IntN(n)
			x.Gold, y.Gold = append(x.Gold, a.Gold[i]), append(y.Gold, a.Gold[i])
			x.Probs = append(x.Probs, a.Probs[3*i:3*i+3]...)
			y.Probs = append(y.Probs, other.Probs[3*i:3*i+3]...)
		}
		c, err := evaluate.Compare(x, y, evaluate.CompareOptions{Resamples: 300, Seed: r.Uint64(), Changes: 1})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	covered := make(map[string]int)
	var mcnemar, bootstrap int
	for range trials {
		for _, d := range pairs(b).Differences {
			if v, _ := truth.Metric(d.Metric); d.Low <= v.Diff && v.Diff <= d.High {
				covered[d.Metric]++
			}
		}
		c := pairs(twin)
		if c.McNemar.Exact < 0.05 {
			mcnemar++
		}
		if d, _ := c.Metric("accuracy"); d.P < 0.05 {
			bootstrap++
		}
	}
	for metric, n := range covered {
		low := 0.92
		if metric == "ece" || metric == "mce" {
			low = 0.8 // see the package comment
		}
		if share := float64(n) / trials; share < low || share > 0.99 {
			t.Errorf("%s: %.3f of the intervals cover the true difference, want %v to 0.99", metric, share, low)
		}
	}
	for test, n := range map[string]int{"McNemar": mcnemar, "bootstrap": bootstrap} {
		if share := float64(n) / trials; share > 0.075 {
			t.Errorf("%s: finds a difference where there is none in %.3f of the samples, want at most 0.05 and chance", test, share)
		}
	}
	if len(covered) < 17 {
		t.Errorf("intervals of %d figures, want at least 17", len(covered))
	}
	t.Logf("covered: %v of %d; false alarms: McNemar %d, bootstrap %d", covered, trials, mcnemar, bootstrap)
}
