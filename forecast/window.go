package forecast

import "math"

// A prepared is a series as the network sees it.
type prepared struct {
	cfg        Config
	scaler     scaler
	values     []float64
	z          []float64   // values, curved and scaled
	covariates [][]float64 // scaled
}

// prepare scales a series that check has passed.
func (c Config) prepare(s Series, sc scaler) *prepared {
	p := &prepared{cfg: c, scaler: sc, values: s.Values, z: make([]float64, len(s.Values))}
	for i, v := range s.Values {
		p.z[i] = (c.curve(v) - sc.Mean) / sc.SD
	}
	for k, v := range s.Covariates {
		x := make([]float64, len(v))
		for i := range v {
			x[i] = (v[i] - sc.Means[k]) / sc.SDs[k]
		}
		p.covariates = append(p.covariates, x)
	}
	return p
}

// value returns a scaled answer as a value of the series.
func (p *prepared) value(z float64) float64 {
	return p.cfg.uncurve(z*p.scaler.SD + p.scaler.Mean)
}

// A window ends with step end of a series, and asks about the steps after it.
type window struct {
	*prepared
	end  int
	unit float64 // that answers are multiples of
}

// window returns the one that ends with a step, which has enough steps before it.
func (p *prepared) window(end int) window { return window{p, end, p.unit(end)} }

// first is the first step that the window needs, or one before it that is at the same
// place in its season as the first of the series.
func (w window) first() int {
	from := w.end + 1 - w.cfg.back()
	return from - from%max(w.cfg.Season, 1)
}

// base is what the answer for ahead steps, from 1, after the window is a difference
// from.
func (w window) base(ahead int) float64 {
	switch w.cfg.Base {
	case Last:
		return w.z[w.end]
	case Season:
		s := w.cfg.Season
		return w.z[w.end+ahead-s*((ahead+s-1)/s)]
	}
	return 0
}

// unit is the size of the changes within the window that ends with a step, as a multiple
// of the usual one, where the config asks for that.
func (p *prepared) unit(end int) float64 {
	if p.cfg.Local != On {
		return 1
	}
	z := p.z[end+1-p.cfg.Window : end+1]
	// A tenth of the usual change keeps a flat window from a unit of zero.
	return (meanChange(z) + 0.1*p.scaler.Change) / (1.1 * p.scaler.Change)
}

// fill writes what the network sees of the window's step i, from 0.
func (w window) fill(x []float32, i int) {
	step := w.end + 1 - w.cfg.Window + i
	level := 0.0
	if w.cfg.Base != None {
		level = w.z[w.end]
	}
	x[0] = float32((w.z[step] - level) / w.unit)
	x = x[1:]
	if s := w.cfg.Season; s > 1 {
		angle := 2 * math.Pi * float64(step%s) / float64(s)
		x[0], x[1], x[2] = float32((w.z[step]-w.z[step-s])/w.unit), float32(math.Sin(angle)), float32(math.Cos(angle))
		x = x[3:]
	}
	for k := range w.covariates {
		x[k] = float32(w.covariates[k][step])
	}
}

// fillAhead writes the covariates that are known of the steps to be answered, [steps][known].
func (w window) fillAhead(x []float32) {
	for h := 1; h <= w.cfg.steps(); h++ {
		for k, c := range w.cfg.Covariates {
			if c.Known {
				x[0] = float32(w.covariates[k][w.end+h])
				x = x[1:]
			}
		}
	}
}

// target is what the network should have answered for ahead steps after the window.
func (w window) target(ahead int) float64 {
	return (w.z[w.end+ahead] - w.base(ahead)) / w.unit
}

// scaled is an answer for ahead steps after the window as a scaled value.
func (w window) scaled(answer float64, ahead int) float64 {
	return w.base(ahead) + answer*w.unit
}

// windows lists those of n steps whose answers are all within them, beginning with the
// first whose answers are from step from on.
func (p *prepared) windows(from, n int) []window {
	var list []window
	for end := max(p.cfg.back()-1, from-1); end+p.cfg.steps() < n; end++ {
		list = append(list, p.window(end))
	}
	return list
}
