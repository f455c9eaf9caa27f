package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// A Model forecasts. Any number of goroutines may use it at once.
type Model struct {
	cfg     Config
	table   TableConfig
	scalers []scaler
	shifts  [][]float64 // [steps][levels]: what is added to a raw quantile
	nets    []*network  // their answers are averaged
}

// params lists the weights of all members; those of several have the member before
// their names.
func (m *Model) params() []*nn.Param {
	var list []*nn.Param
	for k, n := range m.nets {
		for _, p := range n.params() {
			named := *p
			named.Name = fmt.Sprintf("members.%d.%s", k, p.Name)
			list = append(list, &named)
		}
	}
	return list
}

// Config returns the config that the model was trained by, with all defaults.
func (m *Model) Config() Config {
	c := m.cfg
	c.Covariates, c.Levels = slices.Clone(c.Covariates), slices.Clone(c.Levels)
	return c
}

// Table returns how the series were read that the model has learned.
func (m *Model) Table() TableConfig { return m.table }

// Names returns the names of the series that the model has learned.
func (m *Model) Names() []string {
	names := make([]string, len(m.scalers))
	for i, s := range m.scalers {
		names[i] = s.Name
	}
	return names
}

// A Forecast is what a model says of the steps after a series.
type Forecast struct {
	Name      string      `json:"series,omitempty"`
	Times     []string    `json:"times,omitempty"` // [H], as the calendar of the series goes on; nil without one
	Points    []float64   `json:"forecast"`        // [H]: the median, or for the squared loss the mean
	Levels    []float64   `json:"levels"`          // [K]
	Quantiles [][]float64 `json:"quantiles"`       // [H][K], rising within a step
}

// Interval returns the bounds [H] of the interval between the levels (1-share)/2 and
// 1 minus that, which the levels of the model must have: 0.9 needs 0.05 and 0.95.
func (f *Forecast) Interval(share float64) (low, high []float64, err error) {
	a, b := f.level((1-share)/2), f.level((1+share)/2)
	if a < 0 || b < 0 {
		return nil, nil, fmt.Errorf("forecast: no interval of %g: the model has the levels %v", share, f.Levels)
	}
	for _, q := range f.Quantiles {
		low, high = append(low, q[a]), append(high, q[b])
	}
	return low, high, nil
}

// Intervals returns the shares that Interval has bounds for, the widest first.
func (f *Forecast) Intervals() []float64 {
	var shares []float64
	for _, l := range f.Levels {
		if l < 0.5 && f.level(1-l) >= 0 {
			shares = append(shares, math.Round((1-2*l)*1e9)/1e9)
		}
	}
	return shares
}

func (f *Forecast) level(want float64) int {
	return slices.IndexFunc(f.Levels, func(l float64) bool { return math.Abs(l-want) < 1e-9 })
}

// Forecast answers for the steps after s: 1 to Config.Horizon of them, or 10,000
// at most for a recursive model. A series that the model has not learned is scaled by its own
// values. The errors are ctx's and those about the series, ErrShort among them.
func (m *Model) Forecast(ctx context.Context, s Series, steps int) (*Forecast, error) {
	list, err := m.at(ctx, s, []int{len(s.Values)}, steps)
	if err != nil {
		return nil, err
	}
	if len(s.Times) > 0 {
		c, _, _ := CalendarOf(s.Times)
		list[0].Times = c.Ahead(s.Times[len(s.Times)-1], steps)
	}
	return list[0], nil
}

// at answers for the steps after each of the first origins[i] steps of s, of which
// nothing later is seen but covariates that are known ahead.
func (m *Model) at(ctx context.Context, s Series, origins []int, steps int) ([]*Forecast, error) {
	c := m.cfg
	if steps < 1 || steps > maxSteps || !c.Recursive && steps > c.Horizon {
		return nil, &ConfigError{fmt.Errorf("forecast: %d steps: the model answers 1 to %d", steps, c.most())}
	}
	if err := c.check(s, max(0, slices.Max(origins)+max(steps, c.steps())-len(s.Values))); err != nil {
		return nil, err
	}
	for i, v := range s.Values {
		if c.Log == On && v <= 0 {
			return nil, fmt.Errorf("forecast: %s: value %d is %g: the model wants values above zero", s.title(), i+1, v)
		}
	}
	if first := slices.Min(origins); first < c.back() {
		return nil, fmt.Errorf("forecast: %s: %w: %d steps, the model looks back on %d", s.title(), ErrShort, first, c.back())
	}
	p := c.prepare(s, m.scaler(s))
	windows := make([]window, len(origins))
	for i, n := range origins {
		windows[i] = p.window(n - 1)
	}
	list, err := m.answers(ctx, windows, s.Name, steps)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		for h, y := range f.Points {
			if q := f.Quantiles[h]; y-y != 0 || q[0]-q[0] != 0 || q[len(q)-1]-q[len(q)-1] != 0 {
				return nil, fmt.Errorf("forecast: %s: step %d is %g, within %g and %g: the series, or the weights of the model, have numbers that are too large", s.title(), h+1, y, q[0], q[len(q)-1])
			}
		}
	}
	return list, nil
}

// answers runs the windows of a series.
func (m *Model) answers(ctx context.Context, windows []window, name string, steps int) ([]*Forecast, error) {
	passes := m.passes()
	if m.cfg.Recursive {
		return m.walk(ctx, passes, windows, name, steps)
	}
	out := make([]*Forecast, 0, len(windows))
	err := passes.each(ctx, windows, func(part []window, y []float32) {
		for b, w := range part {
			f := m.empty(name, steps)
			for h := range steps {
				f.Points[h], f.Quantiles[h] = m.answer(w, y[b*len(y)/len(part):], h)
			}
			out = append(out, f)
		}
	})
	return out, err
}

func (c Config) most() int {
	if c.Recursive {
		return maxSteps
	}
	return c.Horizon
}

// scaler is that of a series of the training, or measured.
func (m *Model) scaler(s Series) scaler {
	for _, sc := range m.scalers {
		if sc.Name == s.Name {
			return sc
		}
	}
	return m.cfg.newScaler(s)
}

func (m *Model) empty(name string, steps int) *Forecast {
	return &Forecast{Name: name, Points: make([]float64, steps), Levels: m.cfg.Levels, Quantiles: make([][]float64, steps)}
}

// answer is the point and the quantiles of step h, from 0, after a window, by the
// network's answers y [steps][answers].
func (m *Model) answer(w window, y []float32, h int) (point float64, quantiles []float64) {
	c := m.cfg
	K := c.answers()
	y = y[h*K : (h+1)*K]
	z := make([]float64, len(c.Levels))
	for k := range z {
		z[k] = w.scaled(float64(y[min(k, K-1)])+m.shifts[h][k], h+1)
	}
	slices.Sort(z) // quantiles that cross are put in order (Chernozhukov et al. 2010)
	for k := range z {
		z[k] = w.value(z[k])
	}
	return w.value(w.scaled(float64(y[c.point()]), h+1)), z
}

// point is the answer of a step that is the forecast.
func (c Config) point() int {
	if c.Loss == Pinball {
		return slices.Index(c.Levels, 0.5)
	}
	return 0
}

// passes are the networks of a model at work for one goroutine.
type passes []*pass

func (m *Model) passes() passes {
	list := make(passes, len(m.nets))
	for i, n := range m.nets {
		list[i] = &pass{network: n}
	}
	return list
}

// each runs windows through the networks, a batch at a time, and hands on the means of
// their answers.
func (ps passes) each(ctx context.Context, list []window, f func(part []window, y []float32)) error {
	for part := range slices.Chunk(list, max(1, min(ps[0].cfg.Batch, 256))) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var mean []float32
		for k, p := range ps {
			y, err := p.forward(part, nn.Mode{})
			if err != nil {
				return err
			}
			if k == 0 {
				mean = y
				continue
			}
			for i, v := range y {
				mean[i] += (v - mean[i]) / float32(k+1)
			}
		}
		f(part, mean)
	}
	return nil
}

// judge says how the network does on the dev steps, and what must be added to its
// quantiles so that the share of dev values below each is its level.
func (f *fit) judge(ctx context.Context) (choice, error) {
	c := f.cfg
	out := choice{Candidate: f.state.Candidate, Epochs: max(1, f.loop.Best)}
	var all []float32
	K := c.answers()
	err := passes{f.pass}.each(ctx, f.dev, func(part []window, y []float32) {
		all = append(all, y...)
		for b, w := range part {
			for h := range c.steps() {
				for k := range K {
					answer := float64(y[(b*c.steps()+h)*K+k])
					e := w.value(w.scaled(answer, h+1)) - w.values[w.end+h+1]
					l, _ := c.lossOf(e/w.scaler.Size, k)
					out.Error += l
				}
			}
		}
	})
	if err == nil {
		out.Shifts = c.calibrate(f.dev, all)
	}
	return out, err
}

// paths is how many ways a series may go on are simulated by a recursive model.
const paths = 200

// walk answers step by step: what it has answered is what it sees next. The points
// follow from the points before them, the quantiles are those of simulated paths, each
// step of which is drawn from the quantiles of one step (Salinas et al. 2020, section
// 3.2).
func (m *Model) walk(ctx context.Context, passes passes, windows []window, name string, steps int) ([]*Forecast, error) {
	out := make([]*Forecast, len(windows))
	for i, w := range windows {
		f := m.empty(name, steps)
		from := w.first()
		covariates := make([][]float64, len(w.covariates))
		for k, x := range w.covariates {
			covariates[k] = x[from:]
		}
		ways := make([]window, 1+paths) // the first is that of the points
		for k := range ways {
			p := &prepared{cfg: m.cfg, scaler: w.scaler, covariates: covariates}
			p.z = append(make([]float64, 0, w.end+1-from+steps), w.z[from:w.end+1]...)
			ways[k] = window{p, w.end - from, w.unit}
		}
		r := seed.Rand(m.cfg.Seed, "forecast paths", uint64(w.end))
		for h := range steps {
			values := make([]float64, 0, paths)
			k := 0
			err := passes.each(ctx, ways, func(part []window, y []float32) {
				for b := range part {
					w := &ways[k]
					point, quantiles := m.answer(*w, y[b*len(y)/len(part):], 0)
					if k == 0 {
						f.Points[h] = point
					} else {
						point = draw(m.cfg.Levels, quantiles, r.Float64())
						values = append(values, point)
					}
					w.extend(point)
					k++
				}
			})
			if err != nil {
				return nil, err
			}
			slices.Sort(values)
			for _, level := range m.cfg.Levels {
				f.Quantiles[h] = append(f.Quantiles[h], stat.Quantile(level, stat.LinInterp, values, nil))
			}
		}
		out[i] = f
	}
	return out, nil
}

// extend moves the window on by a step that has this value.
func (w *window) extend(value float64) {
	w.z = append(w.z, (w.cfg.curve(value)-w.scaler.Mean)/w.scaler.SD)
	*w = w.window(w.end + 1)
}

// draw returns the value below which the share u is, between quantiles in a straight
// line and beyond the outermost as between the two next to it.
func draw(levels, quantiles []float64, u float64) float64 {
	if len(levels) == 1 {
		return quantiles[0]
	}
	k, _ := slices.BinarySearch(levels, u)
	k = min(max(k, 1), len(levels)-1)
	t := (u - levels[k-1]) / (levels[k] - levels[k-1])
	t = min(max(t, -1), 2) // a tail is no longer than the piece before it
	return quantiles[k-1] + t*(quantiles[k]-quantiles[k-1])
}
