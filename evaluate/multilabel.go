package evaluate

import (
	"errors"
	"fmt"
	"math"
)

// MultiPredictions are the answers of a head that gives each row any number of
// labels: one yes-or-no decision per label.
type MultiPredictions struct {
	Head   string
	Labels []string  // C distinct names
	Gold   []bool    // [n][C] row-major
	Probs  []float64 // [n][C]: of each label by itself, in [0, 1]

	// Thresholds [C]: a row is given the labels whose probability reaches the
	// threshold. nil means 0.5 for all.
	Thresholds []float64

	Rows []Row // [n], or nil
}

// Add appends one row: the indices of its gold labels, its probabilities by
// label, and what is known of it. It panics if an index is out of range;
// everything else is checked by [NewMulti].
func (p *MultiPredictions) Add(gold []int, probs []float32, row Row) {
	at := len(p.Gold)
	p.Gold = append(p.Gold, make([]bool, len(p.Labels))...)
	for _, g := range gold {
		p.Gold[at:][g] = true
	}
	for _, v := range probs {
		p.Probs = append(p.Probs, float64(v))
	}
	p.Rows = append(p.Rows, row)
}

// Len is the number of rows.
func (p *MultiPredictions) Len() int {
	if len(p.Labels) == 0 {
		return 0
	}
	return len(p.Gold) / len(p.Labels)
}

// Validate reports what is wrong with p: sizes that do not fit, or
// probabilities that are not numbers in [0, 1].
func (p *MultiPredictions) Validate() error {
	c := len(p.Labels)
	if c == 0 {
		return errors.New("evaluate: no labels")
	}
	if len(p.Gold) == 0 {
		return errors.New("evaluate: no rows")
	}
	if err := distinct(p.Labels); err != nil {
		return err
	}
	if len(p.Gold)%c != 0 {
		return fmt.Errorf("evaluate: %d gold decisions, want a multiple of %d labels", len(p.Gold), c)
	}
	if len(p.Probs) != len(p.Gold) {
		return fmt.Errorf("evaluate: %d probabilities for %d gold decisions", len(p.Probs), len(p.Gold))
	}
	if p.Thresholds != nil && len(p.Thresholds) != c {
		return fmt.Errorf("evaluate: %d thresholds for %d labels", len(p.Thresholds), c)
	}
	if p.Rows != nil && len(p.Rows) != p.Len() {
		return fmt.Errorf("evaluate: %d row descriptions for %d rows", len(p.Rows), p.Len())
	}
	for i, v := range p.Probs {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("evaluate: row %d, label %q: probability %v, want 0 to 1", i/c, p.Labels[i%c], v)
		}
	}
	for k, t := range p.Thresholds {
		if math.IsNaN(t) {
			return fmt.Errorf("evaluate: label %q: threshold is not a number", p.Labels[k])
		}
	}
	return nil
}

func (p *MultiPredictions) threshold(label int) float64 {
	if p.Thresholds == nil {
		return 0.5
	}
	return p.Thresholds[label]
}

// fewest is the number of gold rows from which on a label has a threshold of
// its own. With fewer, one or two chance rows would decide it.
const fewest = 10

// BestThresholds returns for each label with at least 10 gold rows the threshold
// that gives the best F1, and for the rarer ones together the one that gives
// the best micro-F1 (0.5 if they have no gold row), the highest of equals, each
// midway to the next lower probability: the strategies SCut and its cure for
// rare labels (Yang 2001). Choose on dev rows and judge on others: on the rows
// chosen on, the F1 that results is too good.
func (p *MultiPredictions) BestThresholds() ([]float64, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c, n := len(p.Labels), p.Len()
	out := make([]float64, c)
	var rare []int
	for k := range c {
		support := 0
		for i := k; i < len(p.Gold); i += c {
			if p.Gold[i] {
				support++
			}
		}
		if support < fewest {
			rare = append(rare, k)
			continue
		}
		out[k] = newRanking(n, func(i int) (float64, bool) { return p.Probs[i*c+k], p.Gold[i*c+k] }).bestThreshold(
			func(i int) float64 { return p.Probs[i*c+k] })
	}
	if len(rare) == 0 {
		return out, nil
	}
	at := func(i int) int { return i/len(rare)*c + rare[i%len(rare)] }
	together := newRanking(n*len(rare), func(i int) (float64, bool) { return p.Probs[at(i)], p.Gold[at(i)] }).bestThreshold(
		func(i int) float64 { return p.Probs[at(i)] })
	for _, k := range rare {
		out[k] = together
	}
	return out, nil
}

// bestThreshold returns the threshold with the best F1 of a ranking by the
// given scores.
func (r ranking) bestThreshold(score func(i int) float64) float64 {
	support := 0
	for _, e := range r {
		if e.positive() {
			support++
		}
	}
	threshold, best, tp := 0.5, 0.0, 0
	for j, e := range r {
		if e.positive() {
			tp++
		}
		if !e.last() {
			continue
		}
		if f1 := 2 * float64(tp) / float64(j+1+support); f1 > best {
			best, threshold = f1, score(e.row())
			if j+1 < len(r) {
				threshold = (threshold + score(r[j+1].row())) / 2
			}
		}
	}
	return threshold
}

// NewMulti evaluates p, with scikit-learn's definitions for label indicator
// matrices. In the result Accuracy is the share of rows with every label right;
// the log loss and the Brier score are means over all decisions; the
// calibration errors compare the probability of a label with how often it is
// gold, over all decisions; balanced accuracy, MCC, kappa and the top-k
// accuracies are not defined.
func NewMulti(p *MultiPredictions, o Options) (*Evaluation, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	e := &Evaluation{Head: p.Head, MultiLabel: true, Labels: p.Labels}
	for k := range p.Labels {
		e.Thresholds = append(e.Thresholds, p.threshold(k))
	}
	s := newMultiScorer(p)
	o, err := e.fill(s, o)
	if err != nil {
		return nil, err
	}
	e.Reliability = s.bins.bins()
	if o.Precision > 0 {
		e.AtPrecision = labelPoints(p.Labels, s.order, p.Probs, o.Precision)
	}
	if o.Curves {
		e.Curves = curves(p.Labels, s.order, p.Probs)
	}
	e.Mistakes = p.mistakes(s, o.Mistakes)
	e.addSlices(p.Rows, o, func(rows []int) measurer {
		s := newMultiScorer(p.subset(rows))
		s.seen = true
		return s
	})
	return e, nil
}

func (p *MultiPredictions) subset(rows []int) *MultiPredictions {
	c := len(p.Labels)
	q := &MultiPredictions{Labels: p.Labels, Thresholds: p.Thresholds}
	for _, i := range rows {
		q.Gold = append(q.Gold, p.Gold[i*c:(i+1)*c]...)
		q.Probs = append(q.Probs, p.Probs[i*c:(i+1)*c]...)
	}
	return q
}

// sets returns the labels that row i has and those it was given.
func (p *MultiPredictions) sets(i int) (gold, predicted []string) {
	c := len(p.Labels)
	gold, predicted = []string{}, []string{} // [] in JSON, not null
	for k, label := range p.Labels {
		if p.Gold[i*c+k] {
			gold = append(gold, label)
		}
		if p.Probs[i*c+k] >= p.threshold(k) {
			predicted = append(predicted, label)
		}
	}
	return gold, predicted
}

// mistakes returns the rows with a wrong label and the highest loss, at most n.
func (p *MultiPredictions) mistakes(s *multiScorer, n int) []Mistake {
	return worst(s.n, n, func(i int) bool { return s.wrong[i] > 0 }, func(i int) float64 { return s.loss[i] }, func(i int) Mistake {
		m := Mistake{Index: i, Loss: Score(s.loss[i]), Probability: undefined()}
		m.Gold, m.Predicted = p.sets(i)
		if p.Rows != nil {
			m.Row = p.Rows[i]
		}
		return m
	})
}

// A multiScorer is the scorer of several labels per row.
type multiScorer struct {
	n, c int
	seen bool // macro averages over the labels seen alone

	// The labels that row i has or was given are hits[start[i]:start[i+1]],
	// each label<<2 | gold<<1 | predicted: few, where labels are many.
	start []int32
	hits  []int32

	wrong             []int32   // [n]: wrong decisions
	loss, brier       []float64 // [n]: means over the labels
	precision, recall []float64 // [n]: of the row's label set
	f1                []float64 // [n]
	order             []ranking // [C]
	bin               []uint8   // [n][C]
	probs             []float64 // [n][C]
	gold              []bool    // [n][C]
	bins              binSums   // over all rows
}

func newMultiScorer(p *MultiPredictions) *multiScorer {
	n, c := p.Len(), len(p.Labels)
	s := &multiScorer{
		n: n, c: c, start: make([]int32, n+1), wrong: make([]int32, n),
		loss: make([]float64, n), brier: make([]float64, n),
		precision: make([]float64, n), recall: make([]float64, n), f1: make([]float64, n),
		bin: make([]uint8, n*c), probs: p.Probs, gold: p.Gold,
	}
	for i := range n {
		tp, gold, pred := 0, 0, 0
		for k := range c {
			at := i*c + k
			v, g := p.Probs[at], p.Gold[at]
			hit := int32(k) << 2
			target := 0.0
			if g {
				gold++
				hit |= 2
				target = 1
				s.loss[i] += nll(v)
			} else {
				s.loss[i] += nll(1 - v)
			}
			if v >= p.threshold(k) {
				pred++
				hit |= 1
			}
			switch hit & 3 {
			case 3:
				tp++
			case 1, 2:
				s.wrong[i]++
			}
			if hit&3 != 0 {
				s.hits = append(s.hits, hit)
			}
			s.brier[i] += (v - target) * (v - target)
			s.bin[at] = uint8(binOf(v))
			s.bins.add(s.bin[at], 1, v, g)
		}
		s.start[i+1] = int32(len(s.hits))
		s.loss[i] /= float64(c)
		s.brier[i] /= float64(c)
		s.precision[i] = float64(ratio(tp, pred))
		s.recall[i] = float64(ratio(tp, gold))
		s.f1[i] = float64(ratio(2*tp, pred+gold))
	}
	for k := range c {
		s.order = append(s.order, newRanking(n, func(i int) (float64, bool) { return p.Probs[i*c+k], p.Gold[i*c+k] }))
	}
	return s
}

func (s *multiScorer) scratch() *scratch { return newScratch(s.n, s.c, 4*s.c) }

func (s *multiScorer) set(x *scratch) {
	clear(x.counts)
	x.scores = Scores{}
	o := &x.scores
	var rows, wrong float64
	var bins binSums
	for i, w := range x.weight {
		if w == 0 {
			continue
		}
		for _, h := range s.hits[s.start[i]:s.start[i+1]] {
			x.counts[h] += int(w) // 4*label + 2*gold + predicted
		}
		f := float64(w)
		rows += f
		wrong += f * float64(s.wrong[i])
		if s.wrong[i] == 0 {
			o.Accuracy += Score(f)
		}
		o.LogLoss += Score(f * s.loss[i])
		o.Brier += Score(f * s.brier[i])
		o.SamplesPrecision += Score(f * s.precision[i])
		o.SamplesRecall += Score(f * s.recall[i])
		o.SamplesF1 += Score(f * s.f1[i])
		for at := i * s.c; at < (i+1)*s.c; at++ {
			bins.add(s.bin[at], f, s.probs[at], s.gold[at])
		}
	}
	for _, v := range []*Score{&o.Accuracy, &o.LogLoss, &o.Brier, &o.SamplesPrecision, &o.SamplesRecall, &o.SamplesF1} {
		*v /= Score(rows)
	}
	o.HammingLoss = Score(wrong / rows / float64(s.c))
	o.ECE, o.MCE = bins.errors()

	var tps, golds, preds int
	for k := range x.labels {
		l, m := &x.labels[k], x.counts[4*k:4*k+4]
		fp, fn, tp := m[1], m[2], m[3]
		m[0] = int(rows) - fp - fn - tp
		l.Support, l.Predicted = tp+fn, tp+fp
		l.setRatios(tp, int(rows))
		tps, golds, preds = tps+tp, golds+l.Support, preds+l.Predicted
	}
	o.setAverages(x.labels, s.seen)
	o.MicroPrecision, o.MicroRecall, o.MicroF1 = ratio(tps, preds), ratio(tps, golds), ratio(2*tps, preds+golds)
	nan := undefined()
	o.BalancedAccuracy, o.MCC, o.CohenKappa = nan, nan, nan
	o.Top2Accuracy, o.Top3Accuracy, o.Top5Accuracy = nan, nan, nan
	x.setAreas(s.order)
}
