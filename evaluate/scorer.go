package evaluate

import (
	"cmp"
	"math"
	"slices"
)

// Bins is the number of equal-width confidence bins of the calibration errors.
const Bins = 15

// A scorer holds what the figures need of every row, computed once, so that the
// figures of a resample cost one pass over the rows and one over each ranking.
type scorer struct {
	n, c  int
	cell  []int32 // [n]: gold*C + predicted
	probs bool    // the fields below are set

	loss  []float64 // [n]: -ln p(gold)
	brier []float64 // [n]
	conf  []float64 // [n]: p(predicted)
	bin   []uint8   // [n]: bin of conf
	rank  []int32   // [n]: labels placed before the gold one
	order []ranking // [C]
}

func newScorer(p *Predictions) *scorer {
	n, c := len(p.Gold), len(p.Labels)
	s := &scorer{n: n, c: c, cell: make([]int32, n), probs: p.Probs != nil}
	pred := p.answers()
	for i, g := range p.Gold {
		s.cell[i] = int32(g*c + pred[i])
	}
	if !s.probs {
		return s
	}
	s.loss, s.brier, s.conf = make([]float64, n), make([]float64, n), make([]float64, n)
	s.bin, s.rank = make([]uint8, n), make([]int32, n)
	for i, g := range p.Gold {
		row := p.Probs[i*c : (i+1)*c]
		s.loss[i] = nll(row[g])
		for k, v := range row {
			d := v
			if k == g {
				d = v - 1
			}
			s.brier[i] += d * d
			// Of equal probabilities the later label ranks first, as in
			// scikit-learn's top_k_accuracy_score.
			if v > row[g] || v == row[g] && k > g {
				s.rank[i]++
			}
		}
		if c == 2 {
			s.brier[i] /= 2
		}
		s.conf[i] = row[pred[i]]
		s.bin[i] = uint8(binOf(s.conf[i]))
	}
	for k := range c {
		s.order = append(s.order, newRanking(n, func(i int) (float64, bool) {
			return p.Probs[i*c+k], p.Gold[i] == k
		}))
	}
	return s
}

// epsilon is the float64 machine epsilon, scikit-learn's clip in log_loss.
const epsilon = 0x1p-52

// nll is -ln p with p clipped away from 0 and 1.
func nll(p float64) float64 { return -math.Log(min(max(p, epsilon), 1-epsilon)) }

// binOf is the k with k/Bins < conf <= (k+1)/Bins, 0 for conf = 0.
func binOf(conf float64) int {
	k := 0
	for k < Bins-1 && conf > float64(k+1)/Bins {
		k++
	}
	return k
}

// A scratch is the memory of one goroutine's calls of scorer.set.
type scratch struct {
	weight []int32 // [n]: how often each row counts
	counts []int   // [C][C]
	scores Scores
	labels []LabelScores // [C]
}

func (s *scorer) scratch() *scratch {
	x := &scratch{weight: make([]int32, s.n), counts: make([]int, s.c*s.c), labels: make([]LabelScores, s.c)}
	for i := range x.weight {
		x.weight[i] = 1
	}
	return x
}

// set computes all figures of the rows taken x.weight times each.
func (s *scorer) set(x *scratch) {
	clear(x.counts)
	for i, w := range x.weight {
		x.counts[s.cell[i]] += int(w)
	}
	setCounts(x.counts, &x.scores, x.labels)
	nan := Score(math.NaN())
	if !s.probs {
		o := &x.scores
		o.LogLoss, o.Brier, o.ECE, o.MCE, o.ROCAUC, o.PRAUC = nan, nan, nan, nan, nan, nan
		o.Top2Accuracy, o.Top3Accuracy, o.Top5Accuracy = nan, nan, nan
		for k := range x.labels {
			x.labels[k].ROCAUC, x.labels[k].PRAUC = nan, nan
		}
		return
	}

	var loss, brier, rows float64
	var top [6]float64 // top[k]: rows whose gold label ranks k-th from 0, those beyond 4 in top[5]
	var bins [Bins]Bin
	c1 := int32(s.c + 1)
	for i, w := range x.weight {
		if w == 0 {
			continue
		}
		f := float64(w)
		rows += f
		loss += f * s.loss[i]
		brier += f * s.brier[i]
		top[min(s.rank[i], 5)] += f
		b := &bins[s.bin[i]]
		b.N += int(w)
		b.Confidence += f * s.conf[i]
		if s.cell[i]%c1 == 0 { // on the diagonal
			b.Accuracy += f
		}
	}
	o := &x.scores
	o.LogLoss, o.Brier = Score(loss/rows), Score(brier/rows)
	o.ECE, o.MCE = 0, 0
	for _, b := range bins {
		if b.N > 0 {
			gap := math.Abs(b.Accuracy-b.Confidence) / float64(b.N)
			o.ECE += Score(gap * float64(b.N) / rows)
			o.MCE = max(o.MCE, Score(gap))
		}
	}
	within := func(k int) Score {
		if s.c <= k {
			return nan
		}
		sum := 0.0
		for _, v := range top[:k] {
			sum += v
		}
		return Score(sum / rows)
	}
	o.Top2Accuracy, o.Top3Accuracy, o.Top5Accuracy = within(2), within(3), within(5)

	o.ROCAUC, o.PRAUC = 0, 0
	defined := 0
	for k := range s.order {
		l := &x.labels[k]
		l.ROCAUC, l.PRAUC = s.order[k].areas(x.weight)
		if l.ROCAUC.Defined() {
			o.ROCAUC += l.ROCAUC
			defined++
		}
		o.PRAUC += l.PRAUC
	}
	o.ROCAUC /= Score(defined) // 0/0 where it is defined for no label
	o.PRAUC /= Score(s.c)
}

// A ranking is the rows by falling score, in the form that areas reads fast:
// row<<2 | positive<<1 | last of its equals.
type ranking []uint32

// newRanking ranks n rows; at gives a row's score and whether it is positive.
func newRanking(n int, at func(i int) (score float64, positive bool)) ranking {
	type entry struct {
		score    float64
		row      int32
		positive bool
	}
	es := make([]entry, n)
	for i := range es {
		v, pos := at(i)
		es[i] = entry{v, int32(i), pos}
	}
	slices.SortFunc(es, func(a, b entry) int {
		if d := cmp.Compare(b.score, a.score); d != 0 {
			return d
		}
		return cmp.Compare(a.row, b.row)
	})
	r := make(ranking, n)
	for j, e := range es {
		r[j] = uint32(e.row) << 2
		if e.positive {
			r[j] |= 2
		}
		if j == n-1 || es[j+1].score != e.score {
			r[j] |= 1
		}
	}
	return r
}

// areas returns the area under the ROC curve (NaN unless both kinds of row are
// there) and the average precision (0 without positives) of the rows taken
// weight times each.
func (r ranking) areas(weight []int32) (roc, ap Score) {
	var tp, fp, tpBefore, fpBefore int64
	var area, sum float64 // of fp*tp rectangles; of precision * new positives
	for _, e := range r {
		w := int64(weight[e>>2])
		if e&2 != 0 {
			tp += w
		} else {
			fp += w
		}
		if e&1 == 0 {
			continue
		}
		if fp > fpBefore {
			area += float64(fp-fpBefore) * float64(tp+tpBefore)
			fpBefore = fp
		}
		if tp > tpBefore {
			sum += float64(tp-tpBefore) * float64(tp) / float64(tp+fp)
			tpBefore = tp
		}
	}
	roc = Score(area / 2 / float64(tp) / float64(fp)) // 0/0 if either is missing
	if tp > 0 {
		ap = Score(sum / float64(tp))
	}
	return roc, ap
}
