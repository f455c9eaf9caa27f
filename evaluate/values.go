package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// ValuePredictions are the answers of a head that answers with a number, such as stars
// or a price, beside the gold numbers.
type ValuePredictions struct {
	Head      string
	Gold      []float64 // [n], finite
	Predicted []float64 // [n], finite
	Rows      []Row     // [n], or nil
}

// Add appends one row. Nothing is checked before [NewValues].
func (p *ValuePredictions) Add(gold, predicted float64, row Row) {
	p.Gold, p.Predicted, p.Rows = append(p.Gold, gold), append(p.Predicted, predicted), append(p.Rows, row)
}

// Len is the number of rows.
func (p *ValuePredictions) Len() int { return len(p.Gold) }

// Validate reports what is wrong with p: sizes that do not fit, or numbers that are not
// finite.
func (p *ValuePredictions) Validate() error {
	n := len(p.Gold)
	if n == 0 {
		return errors.New("evaluate: no rows")
	}
	if len(p.Predicted) != n {
		return fmt.Errorf("evaluate: %d predicted numbers for %d gold numbers", len(p.Predicted), n)
	}
	if p.Rows != nil && len(p.Rows) != n {
		return fmt.Errorf("evaluate: %d row descriptions for %d gold numbers", len(p.Rows), n)
	}
	for i, g := range p.Gold {
		if !finite(g) || !finite(p.Predicted[i]) {
			return fmt.Errorf("evaluate: row %d: gold %v, predicted %v, want finite numbers", i, g, p.Predicted[i])
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// ValueScores are the metrics of numbers, with scikit-learn's and SciPy's definitions.
type ValueScores struct {
	RMSE Score `json:"rmse"` // root of the mean squared error
	MAE  Score `json:"mae"`  // mean absolute error

	// R2 is the coefficient of determination, the share of the gold numbers' variance
	// that the answers explain: 1 at best, 0 for the mean of the gold numbers, less
	// for worse. Where these are all the same it is 1 if all answers are right, else
	// 0. It is not defined for one row.
	R2 Score `json:"r2"`

	Pearson  Score `json:"pearson"`  // correlation, [-1, 1]; not defined where one side is constant
	Spearman Score `json:"spearman"` // Pearson of the ranks, equal numbers sharing the mean of theirs
}

// noValues are the metrics of a head that gives labels.
func noValues() *ValueScores {
	nan := undefined()
	return &ValueScores{nan, nan, nan, nan, nan}
}

// valueMetrics lists the fields of ValueScores in their order.
func valueMetrics() []metric[Scores] {
	at := func(field func(*ValueScores) *Score) func(*Scores) *Score {
		return func(s *Scores) *Score { return field(cmp.Or(s.ValueScores, noValues())) }
	}
	return []metric[Scores]{
		{"rmse", true, false, at(func(s *ValueScores) *Score { return &s.RMSE })},
		{"mae", true, false, at(func(s *ValueScores) *Score { return &s.MAE })},
		{"r2", false, false, at(func(s *ValueScores) *Score { return &s.R2 })},
		{"pearson", false, false, at(func(s *ValueScores) *Score { return &s.Pearson })},
		{"spearman", false, false, at(func(s *ValueScores) *Score { return &s.Spearman })},
	}
}

// NewValues evaluates p. The fields of the result that are about labels are not set, and
// their metrics not defined. Its mistakes are the rows with the largest errors,
// the error being their loss. Abstaining and thresholds have no meaning for numbers and
// are an error, as is what [ValuePredictions.Validate] finds.
func NewValues(p *ValuePredictions, o Options) (*Evaluation, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Abstain > 0 || o.Precision > 0 {
		return nil, fmt.Errorf("evaluate: head %q answers with numbers: there is no probability to abstain or to choose a threshold by", p.Head)
	}
	e := &Evaluation{Head: p.Head}
	s := newValueScorer(p)
	o, err := e.fill(s, o)
	if err != nil {
		return nil, err
	}
	e.Baseline = s.baseline()
	if o.Curves {
		e.Points = p.points()
	}
	e.Mistakes = worst(s.n, o.Mistakes, func(i int) bool { return s.errors[i] != 0 }, func(i int) float64 { return math.Abs(s.errors[i]) }, func(i int) Mistake {
		m := Mistake{
			Index: i, Gold: []string{number(p.Gold[i])}, Predicted: []string{number(p.Predicted[i])},
			Loss: Score(math.Abs(s.errors[i])), Probability: undefined(),
		}
		if p.Rows != nil {
			m.Row = p.Rows[i]
		}
		return m
	})
	e.addSlices(p.Rows, o, func(rows []int) measurer {
		sub := &ValuePredictions{}
		for _, i := range rows {
			sub.Gold, sub.Predicted = append(sub.Gold, p.Gold[i]), append(sub.Predicted, p.Predicted[i])
		}
		return newValueScorer(sub)
	})
	return e, nil
}

// number writes v as people do.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// maxPoints bounds the points of a scatter plot.
const maxPoints = 2000

// A Point is a row's gold and predicted number.
type Point struct {
	Gold      float64 `json:"gold"`
	Predicted float64 `json:"predicted"`
}

// points returns the rows, or maxPoints of them at even distances.
func (p *ValuePredictions) points() []Point {
	n := min(p.Len(), maxPoints)
	out := make([]Point, n)
	for k := range out {
		i := k * p.Len() / n
		out[k] = Point{p.Gold[i], p.Predicted[i]}
	}
	return out
}

// A valueScorer is the scorer of numbers.
type valueScorer struct {
	n         int
	gold      []float64 // [n], less their mean, as are the next: sums of squares lose nothing then
	predicted []float64
	errors    []float64  // [n]: predicted less gold
	order     [2][]int32 // [n]: the rows by gold and by predicted number
}

func newValueScorer(p *ValuePredictions) *valueScorer {
	s := &valueScorer{n: p.Len(), gold: centred(p.Gold), predicted: centred(p.Predicted)}
	for i, g := range p.Gold {
		s.errors = append(s.errors, p.Predicted[i]-g)
	}
	for k, values := range [][]float64{p.Gold, p.Predicted} {
		for i := range values {
			s.order[k] = append(s.order[k], int32(i))
		}
		slices.SortStableFunc(s.order[k], func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	}
	return s
}

// centred returns values less their mean.
func centred(values []float64) []float64 {
	mean := 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v - mean
	}
	return out
}

func (s *valueScorer) scratch() *scratch {
	x := newScratch(s.n, 0, 0)
	x.own = [2][]float64{make([]float64, s.n), make([]float64, s.n)} // ranks
	return x
}

func (s *valueScorer) set(x *scratch) {
	x.scores = Scores{}
	for _, f := range scoreMetrics() {
		*f.at(&x.scores) = undefined()
	}
	v := noValues()
	x.scores.ValueScores = v
	rows, squares, sizes := 0.0, 0.0, 0.0
	for i, w := range x.weight {
		f := float64(w)
		rows += f
		squares += f * s.errors[i] * s.errors[i]
		sizes += f * math.Abs(s.errors[i])
	}
	v.RMSE, v.MAE = Score(math.Sqrt(squares/rows)), Score(sizes/rows)
	if rows < 2 {
		return
	}
	total, correlation := correlate(x.weight, s.gold, s.predicted)
	switch {
	case total > 0:
		v.R2 = Score(1 - squares/total)
	case squares == 0:
		v.R2 = 1
	default:
		v.R2 = 0
	}
	v.Pearson = correlation
	ranks := x.own.([2][]float64)
	for k, values := range [][]float64{s.gold, s.predicted} {
		rank(ranks[k], x.weight, values, s.order[k])
	}
	_, v.Spearman = correlate(x.weight, ranks[0], ranks[1])
}

// correlate returns the sum of the squared distances of a from its mean, and the
// correlation of a and b, of rows taken weight times each.
func correlate(weight []int32, a, b []float64) (squares float64, r Score) {
	rows, meanA, meanB := 0.0, 0.0, 0.0
	first, constA, constB := -1, true, true
	for i, w := range weight {
		if w == 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		constA, constB = constA && a[i] == a[first], constB && b[i] == b[first]
		rows += float64(w)
		meanA += float64(w) * a[i]
		meanB += float64(w) * b[i]
	}
	meanA /= rows
	meanB /= rows
	var aa, bb, ab float64
	for i, w := range weight {
		f, da, db := float64(w), a[i]-meanA, b[i]-meanB
		aa += f * da * da
		bb += f * db * db
		ab += f * da * db
	}
	if constA {
		aa = 0
	}
	if constA || constB {
		return aa, undefined()
	}
	return aa, Score(min(max(ab/math.Sqrt(aa)/math.Sqrt(bb), -1), 1))
}

// rank sets ranks to those of values, from 1, of rows taken weight times each: equal ones
// share their mean rank. order is that of the values.
func rank(ranks []float64, weight []int32, values []float64, order []int32) {
	before := 0.0
	for from := 0; from < len(order); {
		to, rows := from, 0.0
		for ; to < len(order) && values[order[to]] == values[order[from]]; to++ {
			rows += float64(weight[order[to]])
		}
		for _, i := range order[from:to] {
			ranks[i] = before + (rows+1)/2
		}
		before += rows
		from = to
	}
}

// baseline returns the metrics of the best constant answer, the mean of the gold numbers.
func (s *valueScorer) baseline() *ValueScores {
	constant := &valueScorer{n: s.n, gold: s.gold, predicted: make([]float64, s.n), errors: s.gold, order: s.order}
	x := constant.scratch()
	constant.set(x)
	v := x.scores.ValueScores
	if v.R2 < 0.5 {
		v.R2 = 0 // but for rounding
	}
	return v
}
