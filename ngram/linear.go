package ngram

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/half"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
)

// A Task says what the scores of a Linear are learned for.
type Task string

const (
	Exclusive   Task = ""            // labels of which a text has one: each against the rest
	Independent Task = "independent" // labels of which a text may have any number
	Numbers     Task = "numbers"     // numbers
)

// A Linear scores texts by summing a weight for each of their features. It may
// be read by any number of goroutines.
type Linear struct {
	Labels  int // C
	Task    Task
	Weights []float32 // [rows][Columns()]
	Bias    []float32 // [Columns()]

	// Half, if not nil, holds the weights in half precision (IEEE 754 binary16)
	// in place of Weights, which is nil.
	Half []uint16
}

// NumWeights is the number of weights, without the biases.
func (l *Linear) NumWeights() int { return len(l.Weights) + len(l.Half) }

// AppendRow appends the weights of one row to dst.
func (l *Linear) AppendRow(dst []float32, row int32) []float32 {
	K := l.Columns()
	lo, hi := int(row)*K, (int(row)+1)*K
	if l.Half == nil {
		return append(dst, l.Weights[lo:hi]...)
	}
	for _, h := range l.Half[lo:hi] {
		dst = append(dst, half.Float(h))
	}
	return dst
}

// Variance is what a row adds to the scores of the labels, but for what it adds to all that
// exclude one another: the sum of squares, about the mean where there is one.
func (l *Linear) Variance(row int32) (sum float64) {
	weights := l.AppendRow(nil, row)
	mean := 0.0
	if l.Task == Exclusive && !l.opposite() {
		for _, w := range weights {
			mean += float64(w) / float64(len(weights))
		}
	}
	for _, w := range weights {
		sum += (float64(w) - mean) * (float64(w) - mean)
	}
	return sum
}

// Pack drops the weights of the slots of d that are empty, where l has one row for each
// slot, as older model files have. It keeps no part of what l had.
func (l *Linear) Pack(d *Dictionary) {
	K := l.Columns()
	if l.Half != nil {
		l.Half = pack(d, l.Half, K)
	} else {
		l.Weights = pack(d, l.Weights, K)
	}
}

func pack[T any](d *Dictionary, table []T, columns int) []T {
	packed := make([]T, 0, d.rows*columns)
	for slot, tag := range d.tags {
		if tag != 0 {
			packed = append(packed, table[slot*columns:(slot+1)*columns]...)
		}
	}
	return packed
}

// Columns is the number of weights of a feature: one for each label, but only
// one for two labels that exclude one another, whose scores are opposite.
func (l *Linear) Columns() int {
	if l.opposite() {
		return 1
	}
	return l.Labels
}

func (l *Linear) opposite() bool { return l.Labels == 2 && l.Task == Exclusive }

// Score writes the scores of a text with the given feature rows to dst [C].
func (l *Linear) Score(dst []float32, rows []int32) {
	if l.opposite() {
		sum := l.Bias[0]
		if l.Half != nil {
			for _, r := range rows {
				sum += half.Float(l.Half[r])
			}
		} else {
			for _, r := range rows {
				sum += l.Weights[r]
			}
		}
		dst[0], dst[1] = -sum/2, sum/2
		return
	}
	K := l.Columns()
	copy(dst, l.Bias)
	if l.Half != nil {
		for _, r := range rows {
			for c, h := range l.Half[int(r)*K : (int(r)+1)*K] {
				dst[c] += half.Float(h)
			}
		}
		return
	}
	for _, r := range rows {
		for c, w := range l.Weights[int(r)*K : (int(r)+1)*K] {
			dst[c] += w
		}
	}
}

// Options say how Fit learns. The zero value is what Wang & Manning recommend.
type Options struct {
	C      float64 `json:"c,omitempty"`      // cost of errors, from 1e-9 to 1e9; 0 means 1
	Beta   float64 `json:"beta,omitempty"`   // share of the machine's own weights, in (0, 1], the rest is their mean size; 0 means 0.25
	Alpha  float64 `json:"alpha,omitempty"`  // smoothing of the counts, from 1e-9 to 1e9; 0 means 1
	Passes int     `json:"passes,omitempty"` // most passes over the texts; 0 means 30

	// Tolerance ends the passes early: the spread of the dual's projected
	// gradients in one pass, from 1e-9 to 1e9. 0 means 0.1, LIBLINEAR's.
	Tolerance float64 `json:"tolerance,omitempty"`
}

// Resolve returns o with its defaults filled in.
func (o Options) Resolve() Options {
	if o.C == 0 {
		o.C = 1
	}
	if o.Beta == 0 {
		o.Beta = 0.25
	}
	if o.Alpha == 0 {
		o.Alpha = 1
	}
	if o.Passes == 0 {
		o.Passes = 30
	}
	if o.Tolerance == 0 {
		o.Tolerance = 0.1
	}
	return o
}

// Validate reports everything that is wrong with resolved options.
func (o Options) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value float64
	}{{"c", o.C}, {"alpha", o.Alpha}, {"tolerance", o.Tolerance}} {
		if !(f.value >= 1e-9 && f.value <= 1e9) {
			errs = append(errs, fmt.Errorf("ngram: %s = %v, want 1e-9 to 1e9", f.name, f.value))
		}
	}
	if !(o.Beta > 0 && o.Beta <= 1) {
		errs = append(errs, fmt.Errorf("ngram: beta = %v, want more than 0 and at most 1", o.Beta))
	}
	if o.Passes < 1 {
		errs = append(errs, fmt.Errorf("ngram: passes = %d, want at least 1", o.Passes))
	}
	return errors.Join(errs...)
}

// Data is what Fit learns from: texts as feature rows, and what is known of
// their labels.
type Data struct {
	Rows   [][]int32 // by text
	Labels int       // C
	Task   Task

	// Target says of text i and label c: 1 the text has the label, 0 it has not, NaN
	// unknown, which leaves the text out for this label. With Numbers it is the number,
	// whose mean should be near 0 and its standard deviation near 1.
	Target func(i, c int) float32

	Weights []float32 // by text: it counts as that many; nil means 1 for all
}

// Fit returns the model for texts whose features have rows below rows. The
// labels are shared among workers; seed decides the order of the passes. A
// label that no text has, or every text, gets no weights and a bias of -1 or
// 1. Numbers are learned by ridge regression, whose features have the mean number of
// the texts with them, smoothed by Alpha, in the place of the log-count ratio; Beta
// has no part in it. The errors are ctx's, and options out of range.
func Fit(ctx context.Context, d Data, rows int, o Options, seedValue uint64, workers int) (*Linear, error) {
	l := new(Linear)
	return l, l.Fit(ctx, d, rows, o, seedValue, workers)
}

// Fit makes l what the function Fit returns. It takes the place of l's weights, if there
// are as many.
func (l *Linear) Fit(ctx context.Context, d Data, rows int, o Options, seedValue uint64, workers int) error {
	o = o.Resolve()
	if err := o.Validate(); err != nil {
		return err
	}
	l.Labels, l.Task, l.Half = d.Labels, d.Task, nil
	K := l.Columns()
	if len(l.Weights) != rows*K {
		l.Weights = make([]float32, rows*K)
	}
	clear(l.Weights)
	l.Bias = make([]float32, K)
	errs := make([]error, K)
	par.For(workers, K, func(k int) {
		if d.Task == Numbers {
			errs[k] = l.fitNumbers(ctx, d, k, rows, o, seed.For(seedValue, "ridge"))
			return
		}
		label := k
		if l.opposite() {
			label = 1
		}
		errs[k] = l.fitLabel(ctx, d, k, label, rows, o, seed.For(seedValue, "nbsvm", uint64(k)))
	})
	return errors.Join(errs...)
}

// A machine is one support vector machine, label against the rest, or one ridge
// regression.
type machine struct {
	texts  [][]int32
	weight []float64 // of each text
	y      []float32 // +1, -1; all 1 of a regression
	values []float32 // the numbers of a regression, nil of others
	cost   []float32 // 1/(2C) of each text
	ratio  []float32 // by row: the naive Bayes log-count ratio
	w      []float32 // by row
	bias   float32
}

// weight is how much text i counts.
func (d *Data) weight(i int) float64 {
	if d.Weights == nil {
		return 1
	}
	return float64(d.Weights[i])
}

// add adds a text of a class and with a weight.
func (m *machine) add(text []int32, y float32, weight, c float64) {
	m.texts = append(m.texts, text)
	m.weight = append(m.weight, weight)
	m.y = append(m.y, y)
	m.cost = append(m.cost, float32(min(1/(2*c*weight), math.MaxFloat32))) // which an infinity would make NaN
}

// fitNumbers learns the numbers of a column.
func (l *Linear) fitNumbers(ctx context.Context, d Data, column, rows int, o Options, s uint64) error {
	m := machine{ratio: make([]float32, rows), w: make([]float32, rows)}
	for i, text := range d.Rows {
		if v, weight := d.Target(i, column), d.weight(i); v == v && weight != 0 {
			m.add(text, 1, weight, o.C)
			m.values = append(m.values, v)
		}
	}
	m.setMeans(o.Alpha)
	if err := m.descend(ctx, o.Passes, o.Tolerance, s); err != nil {
		return err
	}
	l.set(column, &m)
	return nil
}

func (l *Linear) fitLabel(ctx context.Context, d Data, column, label, rows int, o Options, s uint64) error {
	m := machine{ratio: make([]float32, rows), w: make([]float32, rows)}
	positive, negative := 0, 0
	for i, text := range d.Rows {
		v, weight := d.Target(i, label), d.weight(i)
		if v != v || weight == 0 {
			continue
		}
		if v == 1 {
			positive++
		} else {
			negative++
		}
		m.add(text, 2*v-1, weight, o.C)
	}
	if positive == 0 || negative == 0 {
		l.Bias[column] = float32(-1)
		if positive > 0 {
			l.Bias[column] = 1
		}
		return nil // nothing to tell apart
	}
	m.setRatios(o.Alpha)
	if err := m.descend(ctx, o.Passes, o.Tolerance, s); err != nil {
		return err
	}
	m.interpolate(o.Beta)
	l.set(column, &m)
	return nil
}

// set sets the weights of a column to what m has learned.
func (l *Linear) set(column int, m *machine) {
	K := l.Columns()
	for r, v := range m.w {
		l.Weights[r*K+column] = v * m.ratio[r]
	}
	l.Bias[column] = m.bias
}

// setRatios computes r = log((p/|p|) / (q/|q|)), p and q the smoothed numbers
// of texts with and without the label that have a feature (eq. 2 of the paper).
func (m *machine) setRatios(alpha float64) {
	p, q := make([]float64, len(m.w)), make([]float64, len(m.w))
	for i, text := range m.texts {
		n := p
		if m.y[i] < 0 {
			n = q
		}
		for _, r := range text {
			n[r] += m.weight[i]
		}
	}
	sumP, sumQ := 0.0, 0.0
	for r := range p {
		if p[r]+q[r] > 0 {
			sumP += p[r] + alpha
			sumQ += q[r] + alpha
		}
	}
	shift := math.Log(sumQ / sumP)
	for r := range p {
		if p[r]+q[r] > 0 {
			m.ratio[r] = float32(math.Log((p[r]+alpha)/(q[r]+alpha)) + shift)
		}
	}
}

// setMeans sets the ratio of a feature to the mean of the numbers of the texts that
// have it and of alpha texts of 0.
func (m *machine) setMeans(alpha float64) {
	sum, count := make([]float64, len(m.w)), make([]float64, len(m.w))
	for i, text := range m.texts {
		for _, r := range text {
			sum[r] += m.weight[i] * float64(m.values[i])
			count[r] += m.weight[i]
		}
	}
	for r := range m.ratio {
		m.ratio[r] = float32(sum[r] / (count[r] + alpha))
	}
}

// descend solves the L2-regularised, L2-loss support vector machine in its
// dual, one text at a time (Hsieh et al. 2008, algorithm 1):
//
//	min ½w² + C Σ max(0, 1 - y w·x)²
//
// The bias is the weight of a feature that every text has. With numbers it is the
// regression min ½w² + C Σ (v - w·x)², whose dual has no bounds (Ho & Lin 2012).
func (m *machine) descend(ctx context.Context, passes int, tolerance float64, s uint64) error {
	n := len(m.texts)
	alpha := make([]float32, n)
	diagonal := make([]float32, n) // x·x + 1/(2C)
	for i, text := range m.texts {
		sum := float32(1)
		for _, r := range text {
			sum += m.ratio[r] * m.ratio[r]
		}
		diagonal[i] = sum + m.cost[i]
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for pass := range passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		seed.Rand(s, "pass", uint64(pass)).Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		high, low := math.Inf(-1), math.Inf(1)
		for _, i := range order {
			text, y := m.texts[i], m.y[i]
			dot := m.bias
			for _, r := range text {
				dot += m.w[r] * m.ratio[r]
			}
			target, bound := float32(1), float32(0)
			if m.values != nil {
				target, bound = m.values[i], float32(math.Inf(-1))
			}
			gradient := y*dot - target + alpha[i]*m.cost[i]
			projected := gradient
			if alpha[i] == bound {
				projected = min(gradient, 0)
			}
			high, low = max(high, float64(projected)), min(low, float64(projected))
			if projected == 0 {
				continue
			}
			next := max(alpha[i]-gradient/diagonal[i], bound)
			step := (next - alpha[i]) * y
			alpha[i] = next
			m.bias += step
			for _, r := range text {
				m.w[r] += step * m.ratio[r]
			}
		}
		if high-low <= tolerance {
			break
		}
	}
	return nil
}

// interpolate moves the weights towards their mean size:
// w' = (1-beta)*mean|w| + beta*w (eq. 5 of the paper).
func (m *machine) interpolate(beta float64) {
	sum, n := 0.0, 0
	for r, v := range m.w {
		if m.ratio[r] != 0 {
			sum += math.Abs(float64(v))
			n++
		}
	}
	if n == 0 {
		return
	}
	mean := float32((1 - beta) * sum / float64(n))
	for r := range m.w {
		if m.ratio[r] != 0 {
			m.w[r] = mean + float32(beta)*m.w[r]
		}
	}
}
