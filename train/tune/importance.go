package tune

import (
	"cmp"
	"math"
	"slices"

	"github.com/textlstm/textlstm/evaluate"
)

// An Importance says how much of the differences between trials goes with one
// parameter.
type Importance struct {
	Path string `json:"path"`

	// Share of the variance of the scores that lies between bins of the
	// parameter's values, its choices or three to four equal parts of the trials
	// by value, adjusted for what chance gives (Kelley 1935, epsilon squared):
	// 0 if no more than that. It sees no parameter's effect that depends on
	// others. NaN if there are too few trials.
	Share evaluate.Score `json:"share"`
	Runs  int            `json:"runs"` // that it was computed from
}

// leastRuns are needed for an importance to say anything.
const leastRuns = 10

// Importances returns the parameters by falling share. A method that has looked
// where it found good scores has seen less of the rest: after random trials the
// shares mean most.
func (s *Study) Importances() []Importance {
	out := make([]Importance, 0, len(s.Space))
	for i := range s.Space {
		p := &s.Space[i]
		var x, y []float64
		for _, r := range s.Runs {
			// Scores after few epochs and after many do not compare; all trials
			// have a run at the lowest rung.
			if v, ok := p.coordinate(r.Values[p.Path]); ok && r.Rung == 0 && r.Score.Defined() {
				x, y = append(x, v), append(y, float64(r.Score))
			}
		}
		share := math.NaN()
		if len(x) >= leastRuns {
			share = p.share(x, y)
		}
		out = append(out, Importance{Path: p.Path, Share: evaluate.Score(share), Runs: len(x)})
	}
	slices.SortStableFunc(out, func(a, b Importance) int { return cmp.Compare(b.Share, a.Share) })
	return out
}

// share is the epsilon squared of y by bins of x.
func (p *Param) share(x, y []float64) float64 {
	bins := p.bins(x)
	var all moments
	parts := map[int]*moments{}
	for i, v := range y {
		all.add(v)
		if parts[bins[i]] == nil {
			parts[bins[i]] = new(moments)
		}
		parts[bins[i]].add(v)
	}
	within := 0.0
	for _, b := range slices.Compact(slices.Sorted(slices.Values(bins))) {
		within += parts[b].squares
	}
	n, k := float64(len(y)), float64(len(parts))
	if k < 2 || n <= k {
		return math.NaN()
	}
	if all.squares == 0 {
		return 0
	}
	return max(0, 1-(within/(n-k))/(all.squares/(n-1)))
}

// bins numbers the parts of the range of a parameter that values are in.
func (p *Param) bins(x []float64) []int {
	out := make([]int, len(x))
	k := 3
	if len(x) >= 20 {
		k = 4
	}
	sorted := slices.Sorted(slices.Values(x))
	for i, v := range x {
		if p.Kind == Choice {
			out[i] = int(v)
			continue
		}
		first, _ := slices.BinarySearch(sorted, v) // equal values go together
		out[i] = first * k / len(x)
	}
	return out
}

// moments sums numbers up (Welford 1962).
type moments struct{ n, mean, squares float64 }

func (m *moments) add(v float64) {
	m.n++
	d := v - m.mean
	m.mean += d / m.n
	m.squares += d * (v - m.mean)
}
