package evaluate

import "math"

// A scorer holds what the metrics need of every row, computed once, so that the
// metrics of a resample cost one pass over the rows and one over each ranking.
type scorer struct {
	n, c  int
	cell  []int32 // [n]: gold*C + predicted
	seen  bool    // macro averages over the labels seen alone
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
			// Where probabilities are equal the later label ranks first, as in
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

// right reports whether row i got its gold label.
func (s *scorer) right(i int) bool { return s.cell[i]%int32(s.c+1) == 0 } // the diagonal

// epsilon is the float64 machine epsilon, scikit-learn's clip in log_loss.
const epsilon = 0x1p-52

// nll is -ln p with p clipped away from 0 and 1.
func nll(p float64) float64 { return -math.Log(min(max(p, epsilon), 1-epsilon)) }

// A measurer computes the metrics of weighted rows; it is not changed by that.
type measurer interface {
	scratch() *scratch
	set(*scratch) // from x.weight, fills the rest of x
}

// A scratch is the memory of one goroutine's calls of set.
type scratch struct {
	weight []int32 // [n]: how often each row counts
	counts []int   // [C][C] confusion matrix, or [C][4] as Evaluation.Confusion says
	scores Scores
	labels []LabelScores // [C]
	own    any           // what one kind of measurer needs beside that
}

// newScratch returns a scratch that counts every row once.
func newScratch(n, c, counts int) *scratch {
	x := &scratch{weight: make([]int32, n), counts: make([]int, counts), labels: make([]LabelScores, c)}
	for i := range x.weight {
		x.weight[i] = 1
	}
	return x
}

func (s *scorer) scratch() *scratch {
	return newScratch(s.n, s.c, s.c*s.c)
}

// set computes all metrics of the rows taken x.weight times each.
func (s *scorer) set(x *scratch) {
	clear(x.counts)
	for i, w := range x.weight {
		x.counts[s.cell[i]] += int(w)
	}
	setCounts(x.counts, s.seen, &x.scores, x.labels)
	nan := undefined()
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
	var bins binSums
	for i, w := range x.weight {
		if w == 0 {
			continue
		}
		f := float64(w)
		rows += f
		loss += f * s.loss[i]
		brier += f * s.brier[i]
		top[min(s.rank[i], 5)] += f
		bins.add(s.bin[i], f, s.conf[i], s.right(i))
	}
	o := &x.scores
	o.LogLoss, o.Brier = Score(loss/rows), Score(brier/rows)
	o.ECE, o.MCE = bins.errors()
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

	x.setAreas(s.order)
}

// setAreas fills the areas under the curves of rankings [C] and their means.
func (x *scratch) setAreas(order []ranking) {
	o := &x.scores
	o.ROCAUC, o.PRAUC = 0, 0
	defined := 0
	for k := range order {
		l := &x.labels[k]
		l.ROCAUC, l.PRAUC = order[k].areas(x.weight)
		if l.ROCAUC.Defined() {
			o.ROCAUC += l.ROCAUC
			defined++
		}
		o.PRAUC += l.PRAUC
	}
	o.ROCAUC /= Score(defined) // 0/0 where it is defined for no label
	o.PRAUC /= Score(len(order))
}
