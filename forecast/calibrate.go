package forecast

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// enough is the number of dev windows from which each quantile of each step is placed by
// its own errors.
const enough = 100

// calibrate says what must be added to the quantiles so that the share of dev values
// below each is its level: [steps][levels]. answers are those for the windows of dev,
// [windows][steps][answers].
func (c Config) calibrate(dev []window, answers []float32) [][]float64 {
	errs := make([][][]float64, c.steps()) // [steps][levels][windows]: target minus answer
	K := c.answers()
	for h := range errs {
		errs[h] = make([][]float64, len(c.Levels))
		for k := range c.Levels {
			for i, w := range dev {
				errs[h][k] = append(errs[h][k], w.target(h+1)-float64(answers[(i*c.steps()+h)*K+min(k, K-1)]))
			}
		}
	}
	shifts := make([][]float64, c.steps())
	for h := range shifts {
		shifts[h] = make([]float64, len(c.Levels))
		for k, level := range c.Levels {
			if k != c.point() || c.Loss != Pinball {
				shifts[h][k] = conformal(errs[h][k], level)
			}
		}
	}
	if len(dev) < enough {
		c.pool(errs, shifts)
	}
	return shifts
}

// conformal is the quantile of errors at a level, a little further out than that of the
// sample, so that it holds for a value that is not among them (Romano et al. 2019).
func conformal(errs []float64, level float64) float64 {
	errs = slices.Clone(errs)
	slices.Sort(errs)
	n := float64(len(errs))
	if level > 0.5 {
		level = min(1, level*(n+1)/n)
	} else if level < 0.5 {
		level = 1 - min(1, (1-level)*(n+1)/n)
	}
	return stat.Quantile(level, stat.LinInterp, errs, nil)
}

// pool replaces the shifts of the levels around the median, where there are few windows:
// by the errors of all steps, as multiples of those usual for a step, which do not become
// smaller with the steps ahead; by those on both sides at once, since few windows show
// a side by chance; and wider, as Student's distribution is than the normal for so many
// dev steps.
func (c Config) pool(errs [][][]float64, shifts [][]float64) {
	usual := make([]float64, len(errs))
	for h := range errs {
		for _, e := range errs[h][c.nearest()] {
			usual[h] += math.Abs(e) / float64(len(errs[h][0]))
		}
	}
	rising(usual)
	windows := len(errs[0][0])
	steps := float64(windows + len(errs) - 1)
	for k, level := range c.Levels {
		other := slices.IndexFunc(c.Levels, func(l float64) bool { return math.Abs(l-(1-level)) < 1e-9 })
		if level >= 0.5 || other < 0 {
			continue
		}
		var beyond []float64
		for h := range errs {
			for i := range windows {
				beyond = append(beyond, -errs[h][k][i]/usual[h], errs[h][other][i]/usual[h])
			}
		}
		shift := conformal(beyond, 1-level)
		t := distuv.StudentsT{Sigma: 1, Nu: steps}.Quantile(1-level) / distuv.UnitNormal.Quantile(1-level) * math.Sqrt(1+1/steps)
		for h := range errs {
			half := 0.0 // of the interval between the answers
			for i := range windows {
				half += (errs[h][k][i] - errs[h][other][i]) / 2 / float64(windows)
			}
			by := shift * usual[h]
			by += (t - 1) * max(0, half+by)
			shifts[h][k], shifts[h][other] = -by, by
		}
	}
}

// nearest is the level next to the median.
func (c Config) nearest() int {
	best := 0
	for k, l := range c.Levels {
		if math.Abs(l-0.5) < math.Abs(c.Levels[best]-0.5) {
			best = k
		}
	}
	return best
}

// rising puts the means of neighbours in the place of numbers that fall, so that none
// does (the pool-adjacent-violators algorithm). They end above zero.
func rising(v []float64) {
	type block struct {
		sum float64
		n   int
	}
	var blocks []block
	for _, x := range v {
		b := block{x, 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum*float64(b.n) <= b.sum*float64(last.n) {
				break
			}
			b = block{b.sum + last.sum, b.n + last.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			v[i] = max(b.sum/float64(b.n), 1e-9)
			i++
		}
	}
}
