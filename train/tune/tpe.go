package tune

import (
	"math"
	"math/rand/v2"
	"slices"
)

// The numbers of Bergstra et al. (2011), section 5: the share of the trials that
// count as good, and how many draws the best is chosen from.
const (
	goodShare  = 0.15
	candidates = 24
)

// tpe draws a coordinate that is likely among the good ones and unlikely among
// the bad ones: the best of some draws from the density of the good by the
// ratio of the two, which is where the expected improvement is highest.
func (p *Param) tpe(r *rand.Rand, good, bad []float64) float64 {
	if p.Kind == Choice {
		return p.tpeChoice(r, good, bad)
	}
	l, g := p.density(good), p.density(bad)
	best, most := 0.0, math.Inf(-1)
	for range candidates {
		x, _ := p.coordinate(p.value(l.draw(r))) // as it will be tried
		if gain := math.Log(l.at(x)) - math.Log(g.at(x)); gain > most {
			best, most = x, gain
		}
	}
	return best
}

// tpeChoice is tpe for choices, with one more of each than were counted.
func (p *Param) tpeChoice(r *rand.Rand, good, bad []float64) float64 {
	l, g := p.counts(good), p.counts(bad)
	best, most := 0, math.Inf(-1)
	for range candidates {
		u, c := r.Float64()*(float64(len(good)+len(p.Choices))), 0
		for c < len(l)-1 && u >= l[c] {
			u -= l[c]
			c++
		}
		if gain := math.Log(l[c]) - math.Log(g[c]); gain > most {
			best, most = c, gain
		}
	}
	return float64(best)
}

func (p *Param) counts(xs []float64) []float64 {
	n := make([]float64, len(p.Choices))
	for c := range n {
		n[c] = 1
	}
	for _, x := range xs {
		n[int(x)]++
	}
	return n
}

// A parzen is a mixture of normal densities, all of one weight, cut off at the
// bounds.
type parzen struct {
	low, high  float64
	mean, sd   []float64
	inside     []float64 // the mass of each between the bounds
	normalised float64   // 1 / number
}

// density puts a normal density on every point, as wide as the larger gap to
// its neighbours, and one as wide as the range in its middle: the prior.
func (p *Param) density(points []float64) *parzen {
	low, high := p.bounds()
	width := high - low
	d := &parzen{low: low, high: high, mean: slices.Clone(points)}
	d.mean = append(d.mean, (low+high)/2)
	slices.Sort(d.mean)
	least := width / min(100, float64(len(d.mean)+1))
	prior := false
	for i, x := range d.mean {
		left, right := low, high
		if i > 0 {
			left = d.mean[i-1]
		}
		if i < len(d.mean)-1 {
			right = d.mean[i+1]
		}
		sd := min(max(x-left, right-x, least), width)
		if !prior && x == (low+high)/2 {
			sd, prior = width, true
		}
		d.sd = append(d.sd, sd)
		d.inside = append(d.inside, normal((high-x)/sd)-normal((low-x)/sd))
	}
	d.normalised = 1 / float64(len(d.mean))
	return d
}

// normal is the distribution function of the standard normal distribution.
func normal(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// at is the density at x, which is between the bounds.
func (d *parzen) at(x float64) float64 {
	sum := 0.0
	for i, m := range d.mean {
		z := (x - m) / d.sd[i]
		sum += math.Exp(-z*z/2) / (math.Sqrt(2*math.Pi) * d.sd[i] * d.inside[i])
	}
	return sum * d.normalised
}

// draw returns a point at random.
func (d *parzen) draw(r *rand.Rand) float64 {
	i := r.IntN(len(d.mean))
	for { // at least a third of each density is between the bounds
		if x := d.mean[i] + d.sd[i]*r.NormFloat64(); x >= d.low && x <= d.high {
			return x
		}
	}
}
