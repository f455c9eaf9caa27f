package forecast

import (
	"math"

	"github.com/textlstm/textlstm/evaluate"
)

// Metrics say how near forecasts were. All are means over steps and origins.
type Metrics struct {
	MAE      float64        `json:"mae"`
	RMSE     float64        `json:"rmse"`
	MASE     evaluate.Score `json:"mase"`               // MAE over that of the seasonal naive forecast of one step within the training part (Hyndman & Koehler 2006); NaN, null in JSON, where that is 0
	SMAPE    float64        `json:"smape"`              // percent, 200|y-f|/(|y|+|f|), as in the M4 competition
	CRPS     float64        `json:"crps,omitempty"`     // continuous ranked probability score, by the quantiles; the MAE for a point
	Coverage float64        `json:"coverage,omitempty"` // share of values within the interval of 90 %; 0 for a point
}

// A meter collects errors.
type meter struct {
	n, abs, square, smape, crps, inside float64
}

// add counts one step.
func (m *meter) add(y, point float64, levels, quantiles []float64) {
	e := math.Abs(y - point)
	m.n++
	m.abs += e
	m.square += e * e
	if s := math.Abs(y) + math.Abs(point); s > 0 {
		m.smape += 200 * e / s
	}
	if len(levels) == 0 {
		m.crps += e
		return
	}
	m.crps += crps(y, levels, quantiles)
	f := Forecast{Levels: levels, Quantiles: [][]float64{quantiles}}
	if low, high, err := f.Interval(0.9); err == nil && y >= low[0] && y <= high[0] {
		m.inside++
	}
}

// metrics returns the means; scale is the MASE's denominator.
func (m *meter) metrics(scale float64) Metrics {
	if !(scale > 0) {
		scale = math.NaN()
	}
	return Metrics{
		MAE: m.abs / m.n, RMSE: math.Sqrt(m.square / m.n), MASE: evaluate.Score(m.abs / m.n / scale),
		SMAPE: m.smape / m.n, CRPS: m.crps / m.n, Coverage: m.inside / m.n,
	}
}

// crps is twice the integral over all levels of the pinball loss, by the trapezoid
// rule (Gneiting & Raftery 2007, section 4.2). Levels below the first count as half of
// its loss, since the loss falls to zero there, and so above the last.
func crps(y float64, levels, quantiles []float64) float64 {
	loss := func(k int) float64 {
		if y >= quantiles[k] {
			return 2 * levels[k] * (y - quantiles[k])
		}
		return 2 * (1 - levels[k]) * (quantiles[k] - y)
	}
	K := len(levels)
	sum := loss(0)*levels[0]/2 + loss(K-1)*(1-levels[K-1])/2
	for k := 1; k < K; k++ {
		sum += (loss(k-1) + loss(k)) / 2 * (levels[k] - levels[k-1])
	}
	return sum
}

// maseScale is the mean error of the seasonal naive forecast within a training part.
func maseScale(values []float64, season int) float64 {
	if season < 1 || season >= len(values) {
		season = 1
	}
	sum := 0.0
	for i := season; i < len(values); i++ {
		sum += math.Abs(values[i] - values[i-season])
	}
	return sum / float64(len(values)-season)
}
