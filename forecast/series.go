package forecast

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// A Series is numbers in order of time, at equal distances.
type Series struct {
	// Name tells the series of a model apart; one alone may do without.
	Name string

	// Times [len(Values)] are the names of the steps, for tables and plots; may be nil.
	Times []string

	// Values are finite.
	Values []float64

	// Covariates [C] are those of the config in its order: a value for each step, and
	// for the steps to be forecast too where it is known ahead.
	Covariates [][]float64
}

// Head returns the first n steps, with what is known of the covariates after them.
func (s Series) Head(n int) Series {
	s.Values = s.Values[:n]
	if s.Times != nil {
		s.Times = s.Times[:n]
	}
	return s
}

// An unfit is an error about a series.
type unfit struct{ error }

func (u unfit) Is(target error) bool { return target == ErrData }

func (u unfit) Unwrap() error { return u.error }

// check reports what makes s unfit for c with ahead steps to come.
func (c Config) check(s Series, ahead int) error {
	if err := c.find(s, ahead); err != nil {
		return unfit{err}
	}
	return nil
}

func (c Config) find(s Series, ahead int) error {
	name := s.title()
	for i, v := range s.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("forecast: %s: value %d is %g: want a finite number", name, i+1, v)
		}
	}
	if s.Times != nil && len(s.Times) != len(s.Values) {
		return fmt.Errorf("forecast: %s: %d times for %d values", name, len(s.Times), len(s.Values))
	}
	if len(s.Covariates) != len(c.Covariates) {
		return fmt.Errorf("forecast: %s: %d covariates, the model has %d", name, len(s.Covariates), len(c.Covariates))
	}
	for k, v := range s.Covariates {
		need := len(s.Values)
		if c.Covariates[k].Known {
			need += ahead
		}
		if len(v) < need {
			return fmt.Errorf("forecast: %s: covariate %s has %d values, want %d", name, c.Covariates[k].Name, len(v), need)
		}
		for i, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("forecast: %s: covariate %s, value %d is %g: want a finite number", name, c.Covariates[k].Name, i+1, x)
			}
		}
	}
	return nil
}

func (s Series) title() string {
	if s.Name == "" {
		return "series"
	}
	return "series " + s.Name
}

// A scaler makes values of a series what the network sees.
type scaler struct {
	Name   string    `json:"name,omitempty"`
	Mean   float64   `json:"mean"`
	SD     float64   `json:"sd"`
	Change float64   `json:"change"` // mean size of a change, after scaling
	Size   float64   `json:"size"`   // and before
	Means  []float64 `json:"means,omitempty"`
	SDs    []float64 `json:"sds,omitempty"` // of the covariates
}

// newScaler measures a series.
func (c Config) newScaler(s Series) scaler {
	sc := scaler{Name: s.Name, Mean: 0, SD: 1}
	z := make([]float64, len(s.Values))
	for i, v := range s.Values {
		z[i] = c.curve(v)
	}
	sc.Mean, sc.SD = moments(z)
	sc.Change = max(meanChange(z)/sc.SD, 1e-6)
	if sc.Size = meanChange(s.Values); sc.Size == 0 {
		sc.Size = 1
	}
	for _, v := range s.Covariates {
		mean, sd := moments(v[:len(s.Values)])
		sc.Means, sc.SDs = append(sc.Means, mean), append(sc.SDs, sd)
	}
	return sc
}

// valid reports whether a scaler read from a file can be used.
func (sc scaler) valid(covariates int) bool {
	if len(sc.Means) != covariates || len(sc.SDs) != covariates {
		return false
	}
	for _, sd := range append([]float64{sc.SD, sc.Change, sc.Size}, sc.SDs...) {
		if !(sd > 0) || math.IsInf(sd, 0) {
			return false
		}
	}
	return true
}

// curve is the logarithm where the config asks for it.
func (c Config) curve(v float64) float64 {
	if c.Log == On {
		return math.Log(v)
	}
	return v
}

func (c Config) uncurve(z float64) float64 {
	if c.Log == On {
		return math.Exp(z)
	}
	return z
}

// moments returns mean and standard deviation, 1 for a constant.
func moments(v []float64) (mean, sd float64) {
	mean, sd = stat.PopMeanStdDev(v, nil)
	if !(sd > 1e-12*math.Abs(mean)) || math.IsInf(sd, 0) {
		sd = 1
	}
	return mean, sd
}

// meanChange is the mean size of the change from a step to the next.
func meanChange(v []float64) float64 {
	sum := 0.0
	for i := 1; i < len(v); i++ {
		sum += math.Abs(v[i] - v[i-1])
	}
	return sum / max(1, float64(len(v)-1))
}

// candidates are the configs that c leaves open, each with all decided by the series
// without their dev steps.
func (c Config) candidates(series []Series) []Config {
	list := heads(series, c)
	bases := []Base{c.Base}
	if c.Base == Auto {
		bases = []Base{Last}
		if c.Season > 1 {
			bases = append(bases, Season)
		}
		if all(list, comesBack) {
			bases = append(bases, None)
		}
	}
	windows := 0
	for _, s := range list {
		windows += len(s.Values) - c.back() - c.steps() + 1
	}
	if c.Members == 0 && windows <= 1000 {
		c.Members = 5
	}
	c.Members = cmp.Or(c.Members, 1)
	c.Batch = cmp.Or(c.Batch, min(32, max(1, windows/16)))
	c.Rate = cmp.Or(c.Rate, 1e-3*math.Sqrt(max(1, float64(c.Batch)/8)))
	if c.Log == Suits {
		c.Log = position(all(list, func(v []float64) bool { return growsWithLevel(v, max(10, c.Season)) }) &&
			all(series, func(v []float64) bool { return slices.Min(v) > 0 })) // dev steps, too
	}
	out := make([]Config, len(bases))
	for i, base := range bases {
		d := c
		if d.Base = base; d.Local == Suits {
			d.Local = position(base == Last && all(list, func(v []float64) bool { return calmAndWild(v, d) }))
		}
		out[i] = d
	}
	return out
}

func position(on bool) Switch {
	if on {
		return On
	}
	return Off
}

func all(list []Series, f func([]float64) bool) bool {
	for _, s := range list {
		if !f(s.Values) {
			return false
		}
	}
	return true
}

// growsWithLevel says whether the spread of a series is proportional to its level, by
// the line through both on logarithmic scales, a block of steps at a time (Tukey's
// spread-level plot).
func growsWithLevel(v []float64, block int) bool {
	var level, spread []float64
	for b := range slices.Chunk(v, block) {
		mean, sd := stat.PopMeanStdDev(b, nil)
		if slices.Min(b) <= 0 || sd == 0 {
			return false
		}
		if len(b) == block {
			level, spread = append(level, math.Log(mean)), append(spread, math.Log(sd))
		}
	}
	if len(level) < 4 {
		return false
	}
	_, slope := stat.LinearRegression(level, spread, nil, false)
	return slope > 0.5 && stat.Correlation(level, spread, nil) > 0.7
}

// comesBack says whether a series comes back to its mean: neighbours are hardly nearer
// to each other than any two values.
func comesBack(v []float64) bool {
	_, sd := moments(v)
	return meanChange(v) > 0.5*sd
}

// calmAndWild says whether large changes follow large changes.
func calmAndWild(v []float64, c Config) bool {
	size := make([]float64, 0, len(v))
	for i := 1; i < len(v); i++ {
		size = append(size, math.Abs(c.curve(v[i])-c.curve(v[i-1])))
	}
	return len(size) > 2 && stat.Correlation(size[1:], size[:len(size)-1], nil) > 0.15
}
