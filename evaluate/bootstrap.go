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

// A bootstrapped holds the metrics of every resample.
type bootstrapped struct {
	scores []Scores
	labels []LabelScores // [resample][C]
}

// bootstrap computes the metrics of o.Resamples resamples.
func bootstrap(f measurer, o Options) bootstrapped {
	b := bootstrapped{scores: make([]Scores, o.Resamples)}
	c := len(f.scratch().labels)
	b.labels = make([]LabelScores, o.Resamples*c)
	resample(o.Resamples, func() func(int) {
		x := f.scratch()
		return func(r int) {
			draw(x.weight, o.Seed, r)
			f.set(x)
			b.scores[r] = x.scores
			copy(b.labels[r*c:], x.labels)
		}
	})
	return b
}

// intervals returns the intervals of the metrics that are defined in s.
func (b bootstrapped) intervals(s *Scores, level float64) map[string]Interval {
	return intervals(s.kind().metrics(), s, len(b.scores), func(r int) *Scores { return &b.scores[r] }, level)
}

// labelIntervals returns the intervals of label k of c, whose metrics are l.
func (b bootstrapped) labelIntervals(k, c int, l *LabelScores, level float64) map[string]Interval {
	return intervals(labelMetrics(), l, len(b.scores), func(r int) *LabelScores { return &b.labels[r*c+k] }, level)
}

func intervals[T any](metrics []metric[T], point *T, n int, at func(r int) *T, level float64) map[string]Interval {
	values := make([]float64, n)
	out := make(map[string]Interval)
	for _, f := range metrics {
		if !f.at(point).Defined() {
			continue
		}
		for r := range values {
			values[r] = float64(*f.at(at(r)))
		}
		in := interval(values, level)
		if f.gap {
			in = mirror(in, *f.at(point))
		}
		out[f.name] = in
	}
	return out
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

// mirror reflects a percentile interval about the metric (the "basic" interval
// of Davison & Hinkley 1997, 5.2), which takes back the bias that resampling
// adds to a mean of absolute values, and keeps it at 0 or above.
func mirror(in Interval, point Score) Interval {
	return Interval{max(0, 2*point-in.High), max(0, 2*point-in.Low)}
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
