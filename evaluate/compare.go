package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Comparison is how head B did against head A on the same rows.
type Comparison struct {
	Head string `json:"head,omitempty"`
	N    int    `json:"n"`

	Differences []Difference `json:"differences"` // the figures that both have
	ScoresA     Scores       `json:"-"`           // all of A's figures
	ScoresB     Scores       `json:"-"`
	Level       float64      `json:"level"`
	Resamples   int          `json:"resamples"`
	Seed        uint64       `json:"seed"`

	BothRight int     `json:"both_right"`
	OnlyA     int     `json:"only_a"` // rows that A alone gets right
	OnlyB     int     `json:"only_b"`
	BothWrong int     `json:"both_wrong"`
	McNemar   McNemar `json:"mcnemar"`

	Wins        []Change `json:"wins"`        // rows that B alone gets right
	Regressions []Change `json:"regressions"` // rows that A alone gets right
}

// A Difference is B's metric less A's.
type Difference struct {
	Metric string `json:"figure"` // one of Names
	A      Score  `json:"a"`
	B      Score  `json:"b"`
	Diff   Score  `json:"diff"`
	Interval

	// P is the two-sided level at which the paired bootstrap tells Diff from 0.
	P float64 `json:"p"`
}

// Worse says whether the whole interval is on the side where B is worse than A.
func (d Difference) Worse() bool {
	if LowerIsBetter(d.Metric) {
		return d.Low > 0
	}
	return d.High < 0
}

// A Change is a row that one head gets right and the other wrong.
type Change struct {
	Index int `json:"index"` // of the row
	Row
	Gold []string `json:"gold"`
	A    []string `json:"a"` // A's answer
	B    []string `json:"b"`
}

// CompareOptions say how to compare. The zero value has the defaults.
type CompareOptions struct {
	Resamples int     // 0 means 1000
	Level     float64 // 0 means 0.95
	Seed      uint64
	Changes   int // at most so many wins and regressions each; 0 means 100, negative all
}

// Compare judges b against a, which must have the same labels and the same gold
// labels in the same order: by McNemar's test of who is right, and by the
// paired bootstrap of every metric (Efron & Tibshirani 1993, 16).
func Compare(a, b *Predictions, o CompareOptions) (*Comparison, error) {
	for _, p := range []*Predictions{a, b} {
		if err := p.Validate(); err != nil {
			return nil, err
		}
	}
	if err := sameRows(a.Labels, b.Labels, a.Gold, b.Gold, 1); err != nil {
		return nil, err
	}
	sa, sb := newScorer(a), newScorer(b)
	pa, pb := a.answers(), b.answers()
	return compare(b.Head, sa, sb, sa.right, sb.right, o, func(i int) Change {
		c := Change{Index: i, Gold: []string{a.Labels[a.Gold[i]]}, A: []string{a.Labels[pa[i]]}, B: []string{a.Labels[pb[i]]}}
		c.Row = rowOf(a.Rows, b.Rows, i)
		return c
	})
}

// CompareMulti is Compare for heads of several labels per row; a row is right
// if all its labels are.
func CompareMulti(a, b *MultiPredictions, o CompareOptions) (*Comparison, error) {
	for _, p := range []*MultiPredictions{a, b} {
		if err := p.Validate(); err != nil {
			return nil, err
		}
	}
	if err := sameRows(a.Labels, b.Labels, a.Gold, b.Gold, len(a.Labels)); err != nil {
		return nil, err
	}
	sa, sb := newMultiScorer(a), newMultiScorer(b)
	right := func(s *multiScorer) func(int) bool { return func(i int) bool { return s.wrong[i] == 0 } }
	return compare(b.Head, sa, sb, right(sa), right(sb), o, func(i int) Change {
		c := Change{Index: i, Row: rowOf(a.Rows, b.Rows, i)}
		c.Gold, c.A = a.sets(i)
		_, c.B = b.sets(i)
		return c
	})
}

// sameRows is the error of two heads that cannot be compared; width is the
// number of gold entries per row.
func sameRows[T comparable](aLabels, bLabels []string, aGold, bGold []T, width int) error {
	if !slices.Equal(aLabels, bLabels) {
		return fmt.Errorf("evaluate: labels %q against %q, want the same", aLabels, bLabels)
	}
	if len(aGold) != len(bGold) {
		return fmt.Errorf("evaluate: %d rows against %d, want the same", len(aGold)/width, len(bGold)/width)
	}
	for i := range aGold {
		if aGold[i] != bGold[i] {
			return fmt.Errorf("evaluate: row %d: the gold labels differ", i/width)
		}
	}
	return nil
}

func rowOf(a, b []Row, i int) Row {
	switch {
	case a != nil:
		return a[i]
	case b != nil:
		return b[i]
	}
	return Row{}
}

func compare(head string, fa, fb measurer, rightA, rightB func(int) bool, o CompareOptions, at func(int) Change) (*Comparison, error) {
	if o.Resamples == 0 {
		o.Resamples = 1000
	}
	r, err := Options{Resamples: o.Resamples, Level: o.Level, Seed: o.Seed}.resolve()
	if err != nil {
		return nil, err
	}
	if o.Changes == 0 {
		o.Changes = 100
	}
	xa, xb := fa.scratch(), fb.scratch()
	fa.set(xa)
	fb.set(xb)
	c := &Comparison{Head: head, N: len(xa.weight), Level: r.Level, Resamples: r.Resamples, Seed: r.Seed, Wins: []Change{}, Regressions: []Change{}}
	for i := range c.N {
		switch a, b := rightA(i), rightB(i); {
		case a && b:
			c.BothRight++
		case a:
			c.OnlyA++
			if o.Changes < 0 || len(c.Regressions) < o.Changes {
				c.Regressions = append(c.Regressions, at(i))
			}
		case b:
			c.OnlyB++
			if o.Changes < 0 || len(c.Wins) < o.Changes {
				c.Wins = append(c.Wins, at(i))
			}
		default:
			c.BothWrong++
		}
	}
	c.McNemar = NewMcNemar(c.OnlyA, c.OnlyB)
	c.ScoresA, c.ScoresB = xa.scores, xb.scores

	// Resample r draws the same rows for both: the bootstrap is paired.
	ba, bb := bootstrap(fa, r), bootstrap(fb, r)
	values := make([]float64, r.Resamples)
	for _, f := range scoreMetrics() {
		a, b := *f.at(&xa.scores), *f.at(&xb.scores)
		if !a.Defined() || !b.Defined() {
			continue
		}
		d := Difference{Metric: f.name, A: a, B: b, Diff: b - a}
		var below, above int
		for k := range values {
			v := float64(*f.at(&bb.scores[k]) - *f.at(&ba.scores[k]))
			values[k] = v
			if !(v > 0) {
				below++
			}
			if !(v < 0) {
				above++
			}
		}
		d.Interval = interval(values, r.Level)
		d.P = min(1, 2*float64(min(below, above)+1)/float64(r.Resamples+1))
		c.Differences = append(c.Differences, d)
	}
	return c, nil
}

// A McNemar is McNemar's test of whether two heads are right equally often,
// from the rows where just one of them is.
type McNemar struct {
	Exact     float64 `json:"exact"`     // two-sided p of the binomial test
	Statistic float64 `json:"statistic"` // chi-squared with Edwards' correction
	P         float64 `json:"p"`         // of Statistic, one degree of freedom
}

// NewMcNemar tests counts of rows that A alone and B alone get right.
func NewMcNemar(onlyA, onlyB int) McNemar {
	n := onlyA + onlyB
	if n == 0 {
		return McNemar{Exact: 1, P: 1}
	}
	m := McNemar{Exact: 1}
	if onlyA != onlyB {
		m.Exact = min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(min(onlyA, onlyB))))
	}
	d := max(math.Abs(float64(onlyA-onlyB))-1, 0)
	m.Statistic = d * d / float64(n)
	m.P = distuv.ChiSquared{K: 1}.Survival(m.Statistic)
	return m
}

// Metric returns the difference of the named metric.
func (c *Comparison) Metric(name string) (Difference, error) {
	for _, d := range c.Differences {
		if d.Metric == name {
			return d, nil
		}
	}
	return Difference{}, errors.New("evaluate: no difference of metric " + name)
}
