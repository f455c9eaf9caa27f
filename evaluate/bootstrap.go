package evaluate

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// draw sets weight to how often each row is drawn in resample r: len(weight)
// draws with replacement from PCG(seed, r).
func draw(weight []int32, seed uint64, r int) {
	clear(weight)
	src := rand.NewPCG(seed, uint64(r))
	n := uint64(len(weight))
	// Two draws per word by multiply and shift. Without rejection a row's
	// chance is off by less than n/2^32 of itself, far below what a
	// percentile of resamples can tell.
	for range n / 2 {
		u := src.Uint64()
		weight[(u>>32)*n>>32]++
		weight[(u&math.MaxUint32)*n>>32]++
	}
	if n%2 == 1 {
		weight[(src.Uint64()>>32)*n>>32]++
	}
}

// resample calls do(r) for r < n, spread over the processors. worker is called
// once per goroutine and returns its do.
func resample(n int, worker func() func(r int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			do := worker()
			for r := k; r < n; r += workers {
				do(r)
			}
		})
	}
	wg.Wait()
}

// bootstrap fills the intervals of e.
func (e *Evaluation) bootstrap(s *scorer) {
	scores := make([]Scores, e.Resamples)
	labels := make([]LabelScores, e.Resamples*s.c) // [resample][C]
	resample(e.Resamples, func() func(int) {
		x := s.scratch()
		return func(r int) {
			draw(x.weight, e.Seed, r)
			s.set(x)
			scores[r] = x.scores
			copy(labels[r*s.c:], x.labels)
		}
	})
	values := make([]float64, e.Resamples)
	e.Intervals = make(map[string]Interval)
	for _, f := range scoreFigures() {
		if !f.at(&e.Scores).Defined() {
			continue
		}
		for r := range scores {
			values[r] = float64(*f.at(&scores[r]))
		}
		e.Intervals[f.name] = interval(values, e.Level)
	}
	for k := range e.PerLabel {
		l := &e.PerLabel[k]
		l.Intervals = make(map[string]Interval)
		for _, f := range labelFigures() {
			if !f.at(l).Defined() {
				continue
			}
			for r := range scores {
				values[r] = float64(*f.at(&labels[r*s.c+k]))
			}
			l.Intervals[f.name] = interval(values, e.Level)
		}
	}
}

// interval returns the central interval of values, which it reorders. Values
// that are not defined are left out.
func interval(values []float64, level float64) Interval {
	slices.Sort(values) // NaNs come first
	for len(values) > 0 && math.IsNaN(values[0]) {
		values = values[1:]
	}
	tail := (1 - level) / 2
	return Interval{Score(quantile(values, tail)), Score(quantile(values, 1-tail))}
}

// quantile is the q-quantile of sorted values with linear interpolation
// (Hyndman & Fan 1996, type 7; numpy's default), NaN of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	h := q * float64(len(sorted)-1)
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}
