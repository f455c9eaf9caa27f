package forecast

import (
	"cmp"
	"context"
	"fmt"
)

// A BacktestConfig says how to judge forecasts. The zero value is the documented
// default.
type BacktestConfig struct {
	// Train is the share of each series, its first steps, that a model learns from; 0
	// means 0.7.
	Train float64

	// Steps is the number of steps that each forecast covers; 0 means the model's
	// horizon. Stride is the number of steps from one origin to the next; 0 means 1.
	Steps, Stride int

	// Refits is how often, evenly over the rest of the series, a model is trained
	// anew with all steps before; 0 means once.
	Refits int

	// OnForecast, if not nil, is called with each forecast of the model: of the steps of
	// the series with that place from an origin on, which is the number of steps before.
	OnForecast func(series, origin int, f *Forecast)
}

// A Result is how one way of forecasting did on one series.
type Result struct {
	Series  string `json:"series,omitempty"`
	Method  string `json:"method"`
	Train   int    `json:"train"`   // steps before the first origin
	Origins int    `json:"origins"` // forecasts
	Metrics
}

// Backtest forecasts the end of each series from a rolling origin: from the share that
// a model is trained on, then stride steps later, and so on as long as all steps to be
// forecast are known. Each forecast sees the values before its origin alone. The
// results are those of the model, then those of Methods, for each series in turn.
func Backtest(ctx context.Context, t Trainer, c BacktestConfig, series ...Series) ([]Result, error) {
	c.Train = cmp.Or(c.Train, 0.7)
	c.Stride = cmp.Or(c.Stride, 1)
	c.Refits = cmp.Or(c.Refits, 1)
	c.Steps = cmp.Or(c.Steps, t.Config.Resolve().Horizon)
	if !(c.Train > 0 && c.Train < 1) || c.Stride < 1 || c.Refits < 1 || c.Steps < 1 {
		return nil, &ConfigError{fmt.Errorf("forecast: backtest: train %g, stride %d, refits %d, steps %d: want a share within 0 and 1, and whole numbers above 0",
			c.Train, c.Stride, c.Refits, c.Steps)}
	}
	if err := t.Config.Resolve().checkAll(series); err != nil {
		return nil, err
	}
	rolls := make([]*roll, len(series))
	for i, s := range series {
		n := int(c.Train * float64(len(s.Values)))
		if n+c.Steps > len(s.Values) {
			return nil, fmt.Errorf("forecast: %s: %w: %d after the training part of %d, want %d", s.title(), ErrShort, len(s.Values)-n, n, c.Steps)
		}
		rolls[i] = newRoll(s, n, c, t.Config)
	}
	for part := range c.Refits {
		if err := learnAndRoll(ctx, t, rolls, part, c); err != nil {
			return nil, err
		}
	}
	var results []Result
	for _, r := range rolls {
		results = append(results, r.results()...)
	}
	return results, nil
}

// A roll is the forecasts of one series.
type roll struct {
	Series
	train   int
	season  int
	origins []int
	model   meter
	methods []meter
}

func newRoll(s Series, train int, c BacktestConfig, cfg Config) *roll {
	r := &roll{Series: s, train: train, season: cfg.Season, methods: make([]meter, len(Methods()))}
	for n := train; n+c.Steps <= len(s.Values); n += c.Stride {
		r.origins = append(r.origins, n)
	}
	return r
}

// part returns the origins of one of so many parts.
func (r *roll) part(k, parts int) []int {
	n := len(r.origins)
	return r.origins[k*n/parts : (k+1)*n/parts]
}

// learnAndRoll trains with the steps before the first origin of a part, and forecasts
// from each of its origins.
func learnAndRoll(ctx context.Context, t Trainer, rolls []*roll, part int, c BacktestConfig) error {
	var known []Series
	for _, r := range rolls {
		n := r.train
		if origins := r.part(part, c.Refits); len(origins) > 0 {
			n = origins[0]
		}
		known = append(known, r.Head(n))
	}
	m, err := t.Train(ctx, known...)
	if err != nil {
		return err
	}
	for i, r := range rolls {
		told := func(origin int, f *Forecast) {
			if c.OnForecast != nil {
				c.OnForecast(i, origin, f)
			}
		}
		if err := r.run(ctx, m, r.part(part, c.Refits), c.Steps, told); err != nil {
			return err
		}
	}
	return nil
}

func (r *roll) run(ctx context.Context, m *Model, origins []int, steps int, told func(int, *Forecast)) error {
	if len(origins) == 0 {
		return nil
	}
	list, err := m.at(ctx, r.Series, origins, steps)
	if err != nil {
		return err
	}
	for i, n := range origins {
		if err := ctx.Err(); err != nil {
			return err
		}
		told(n, list[i])
		for h := range steps {
			r.model.add(r.Values[n+h], list[i].Points[h], list[i].Levels, list[i].Quantiles[h])
		}
		for k, method := range Methods() {
			for h, v := range method.Forecast(r.Values[:n], r.season, steps) {
				r.methods[k].add(r.Values[n+h], v, nil, nil)
			}
		}
	}
	return nil
}

func (r *roll) results() []Result {
	scale := maseScale(r.Values[:r.train], r.season)
	result := func(method string, m *meter) Result {
		return Result{Series: r.Name, Method: method, Train: r.train, Origins: len(r.origins), Metrics: m.metrics(scale)}
	}
	list := []Result{result("LSTM", &r.model)}
	for k, m := range Methods() {
		list = append(list, result(m.Name, &r.methods[k]))
	}
	return list
}
