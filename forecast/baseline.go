package forecast

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// A Method forecasts the steps after values without learning from more than them.
type Method struct {
	Name     string
	Forecast func(values []float64, season, steps int) []float64
}

// Methods are the forecasts that a model should be better than: the last value, that
// of a season before, and Theta.
func Methods() []Method {
	return []Method{{"last value", Naive}, {"last season", SeasonalNaive}, {"theta", Theta}}
}

// Naive repeats the last value.
func Naive(values []float64, _, steps int) []float64 {
	out := make([]float64, steps)
	for h := range out {
		out[h] = values[len(values)-1]
	}
	return out
}

// SeasonalNaive repeats the last season; without one, or with fewer values than it has
// steps, the last value.
func SeasonalNaive(values []float64, season, steps int) []float64 {
	if season < 1 || season > len(values) {
		season = 1
	}
	out := make([]float64, steps)
	for h := range out {
		out[h] = values[len(values)-season+h%season]
	}
	return out
}

// Theta is the method of Assimakopoulos & Nikolopoulos 2000 in the form of Hyndman &
// Billah 2003: simple exponential smoothing plus a drift of half the slope of the
// trend. Values that repeat a season (by the test of Fiorucci et al. 2016, a
// correlation that would be rare by chance) are freed of it first and given it back,
// as factors where all are positive.
func Theta(values []float64, season, steps int) []float64 {
	n := len(values)
	if n < 3 {
		return Naive(values, season, steps)
	}
	index, positive := seasonalIndex(values, season)
	adjusted := make([]float64, n)
	for i, v := range values {
		adjusted[i] = v - index[i%len(index)]
		if positive {
			adjusted[i] = v / index[i%len(index)]
		}
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	_, slope := stat.LinearRegression(x, adjusted, nil, false)
	alpha := bestAlpha(adjusted)
	level := smooth(adjusted, alpha, nil)
	out := make([]float64, steps)
	for h := range out {
		drift := slope / 2 * (float64(h) + (1-math.Pow(1-alpha, float64(n)))/alpha)
		if out[h] = level + drift; positive {
			out[h] *= index[(n+h)%len(index)]
		} else {
			out[h] += index[(n+h)%len(index)]
		}
	}
	return out
}

// smooth returns the level after values, and adds to sse the squared errors of the
// forecasts of each from those before it.
func smooth(values []float64, alpha float64, sse *float64) float64 {
	level := values[0]
	for _, v := range values[1:] {
		e := v - level
		if sse != nil {
			*sse += e * e
		}
		level += alpha * e
	}
	return level
}

// bestAlpha is the smoothing that forecasts the next value best, found by golden
// section.
func bestAlpha(values []float64) float64 {
	cost := func(alpha float64) (sse float64) {
		smooth(values, alpha, &sse)
		return sse
	}
	const ratio = 0.6180339887498949
	a, b := 0.01, 0.99
	c, d := b-ratio*(b-a), a+ratio*(b-a)
	fc, fd := cost(c), cost(d)
	for range 24 {
		if fc < fd {
			b, d, fd = d, c, fc
			c = b - ratio*(b-a)
			fc = cost(c)
		} else {
			a, c, fc = c, d, fd
			d = a + ratio*(b-a)
			fd = cost(d)
		}
	}
	return (a + b) / 2
}

// seasonalIndex returns what each step of the season adds to a value or, where factors
// is true, multiplies it by: the mean distance from a centred moving average.
func seasonalIndex(values []float64, season int) (index []float64, factors bool) {
	n := len(values)
	if season < 2 || n < 3*season || !repeats(values, season) {
		return []float64{0}, false
	}
	factors = true
	for _, v := range values {
		factors = factors && v > 0
	}
	sums, counts := make([]float64, season), make([]float64, season)
	half := season / 2
	for i := half; i < n-half; i++ {
		mean := 0.0
		for j := -half; j <= half; j++ {
			w := 1.0
			if season%2 == 0 && (j == -half || j == half) {
				w = 0.5
			}
			mean += w * values[i+j] / float64(season)
		}
		d := values[i] - mean
		if factors {
			d = values[i] / mean
		}
		sums[i%season] += d
		counts[i%season]++
	}
	total := 0.0
	for k := range sums {
		sums[k] /= counts[k]
		total += sums[k] / float64(season)
	}
	for k := range sums {
		if factors {
			sums[k] /= total
		} else {
			sums[k] -= total
		}
	}
	return sums, factors
}

// repeats tests at the level of 90 % whether the autocorrelation at the season is more
// than chance.
func repeats(values []float64, season int) bool {
	n := len(values)
	mean := stat.Mean(values, nil)
	auto := func(lag int) float64 {
		var sum, norm float64
		for i, v := range values {
			norm += (v - mean) * (v - mean)
			if i >= lag {
				sum += (v - mean) * (values[i-lag] - mean)
			}
		}
		return sum / norm
	}
	squares := 1.0
	for lag := 1; lag < season; lag++ {
		r := auto(lag)
		squares += 2 * r * r
	}
	return math.Abs(auto(season)) > 1.645*math.Sqrt(squares/float64(n))
}
