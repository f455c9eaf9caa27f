package evaluate

import (
	"cmp"
	"slices"
)

// A ranking is the rows by falling score, in the form that areas reads fast:
// row<<2 | positive<<1 | last of its equals.
type ranking []ranked

type ranked uint32

func (r ranked) row() int       { return int(r >> 2) }
func (r ranked) positive() bool { return r&2 != 0 }
func (r ranked) last() bool     { return r&1 != 0 }

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
		r[j] = ranked(e.row) << 2
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
	var area int64  // twice the area, in units of one positive by one negative
	var sum float64 // of precision * new positives
	for _, e := range r {
		// No branch on what kind of row it is: half of them would be
		// mispredicted.
		w, mask := int64(weight[e.row()]), -int64(e>>1&1)
		tp += w & mask
		fp += w &^ mask
		if !e.last() {
			continue
		}
		area += (fp - fpBefore) * (tp + tpBefore)
		sum += float64((tp-tpBefore)*tp) / float64(max(tp+fp, 1))
		tpBefore, fpBefore = tp, fp
	}
	roc = Score(float64(area) / 2 / float64(tp) / float64(fp)) // 0/0 if either is missing
	if tp > 0 {
		ap = Score(sum / float64(tp))
	}
	return roc, ap
}
