package evaluate

import (
	"fmt"
	"slices"
	"strings"
)

// A Slice is how the head did on the rows that share a property. Its macro
// averages are over the labels that one of its rows has or was given, as
// scikit-learn's are by default, so that a source that knows only some of the
// labels is not held to the others.
type Slice struct {
	By    string `json:"by"`    // "length", "unknown", "source" or "language"
	Value string `json:"value"` // "17-32", "<= 5 %", a name
	N     int    `json:"n"`
	Scores
	Intervals map[string]Interval `json:"intervals,omitempty"`
}

// A group is the rows of a slice.
type group struct {
	by, value string
	rows      []int
}

// addSlices adds, with Options.Slices, those of rows; of measures some of them.
func (e *Evaluation) addSlices(rows []Row, o Options, of func(rows []int) measurer) {
	if !o.Slices {
		return
	}
	for _, g := range groupRows(rows) {
		e.Slices = append(e.Slices, g.slice(of(g.rows), o))
	}
}

// groupRows cuts rows by length, share of unknown tokens, source and language,
// those where it gives at least two groups.
func groupRows(rows []Row) []group {
	var all []group
	keep := func(by string, groups []group) {
		groups = slices.DeleteFunc(groups, func(g group) bool { return len(g.rows) == 0 })
		if len(groups) < 2 {
			return
		}
		for _, g := range groups {
			g.by = by
			all = append(all, g)
		}
	}
	keep("length", byLength(rows))
	keep("unknown", byUnknown(rows))
	keep("source", byName(rows, func(r Row) string { return r.Source }))
	keep("language", byName(rows, func(r Row) string { return r.Language }))
	return all
}

// byLength groups by tokens: up to 8, 16, ... 1024, beyond.
func byLength(rows []Row) []group {
	var groups []group
	low := 0
	for high := 8; high <= 1024; high *= 2 {
		groups = append(groups, group{value: fmt.Sprintf("%d-%d", low, high)})
		low = high + 1
	}
	groups = append(groups, group{value: fmt.Sprintf("%d-", low)})
	for i, r := range rows {
		k := 0
		for high := 8; k < len(groups)-1 && r.Tokens > high; high *= 2 {
			k++
		}
		groups[k].rows = append(groups[k].rows, i)
	}
	return groups
}

// byUnknown groups by the share of unknown tokens: none, up to 1 %, ... beyond.
func byUnknown(rows []Row) []group {
	edges := []float64{0, 1, 2, 5, 10, 20, 50} // per cent
	groups := []group{{value: "0 %"}}
	for _, e := range edges[1:] {
		groups = append(groups, group{value: fmt.Sprintf("<= %g %%", e)})
	}
	groups = append(groups, group{value: "> 50 %"})
	for i, r := range rows {
		k := 0
		for k < len(edges) && !(100*r.Unknown <= edges[k]) {
			k++
		}
		groups[k].rows = append(groups[k].rows, i)
	}
	return groups
}

// byName groups by a name, in the order of the names.
func byName(rows []Row, name func(Row) string) []group {
	at := make(map[string]int)
	var groups []group
	for i, r := range rows {
		v := name(r)
		k, ok := at[v]
		if !ok {
			k = len(groups)
			at[v] = k
			groups = append(groups, group{value: v})
		}
		groups[k].rows = append(groups[k].rows, i)
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.value, b.value) })
	return groups
}

// slice evaluates the group with f, which holds its rows alone.
func (g group) slice(f measurer, o Options) Slice {
	x := f.scratch()
	f.set(x)
	s := Slice{By: g.by, Value: g.value, N: len(g.rows), Scores: x.scores}
	if o.Resamples > 0 {
		b := bootstrap(f, o)
		s.Intervals = b.intervals(&s.Scores, o.Level)
	}
	return s
}
