package forecast

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/lstm"
)

// Metrics are those of a calculation by hand.
func TestMetrics(t *testing.T) {
	var m meter
	m.add(10, 12, nil, nil)
	m.add(20, 16, nil, nil)
	got := m.metrics(2)
	want := Metrics{MAE: 3, RMSE: math.Sqrt(10), MASE: 1.5, SMAPE: (400.0/22 + 800.0/36) / 2, CRPS: 3}
	if math.Abs(got.SMAPE-want.SMAPE) > 1e-12 || got.MAE != want.MAE || math.Abs(got.RMSE-want.RMSE) > 1e-12 || got.MASE != want.MASE || got.CRPS != want.CRPS {
		t.Errorf("%+v, want %+v", got, want)
	}
	// A constant training part gives no scale.
	got = m.metrics(maseScale([]float64{5, 5, 5}, 1))
	if b, err := json.Marshal(got); err != nil || !math.IsNaN(float64(got.MASE)) || !strings.HasPrefix(string(b), `{"mae":3,"rmse":3.16`) || !strings.Contains(string(b), `"mase":null`) {
		t.Errorf("%s of %+v, %v", b, got, err)
	}
	// The CRPS of the standard normal distribution at 0 is (sqrt 2 - 1)/sqrt pi (Gneiting & Raftery 2007).
	var levels, quantiles []float64
	for k := 1; k < 200; k++ {
		levels = append(levels, float64(k)/200)
		quantiles = append(quantiles, math.Sqrt2*math.Erfinv(2*float64(k)/200-1))
	}
	if got, want := crps(0, levels, quantiles), (math.Sqrt2-1)/math.Sqrt(math.Pi); math.Abs(got-want) > 2e-3 {
		t.Errorf("CRPS %.5f, want %.5f", got, want)
	}
	if got := maseScale([]float64{1, 2, 4, 7, 8}, 2); got != (3.0+5+4)/3 {
		t.Errorf("scale of the MASE %v", got)
	}
}

// Methods forecast what they must.
func TestMethods(t *testing.T) {
	line, wave := make([]float64, 40), make([]float64, 40)
	for i := range line {
		line[i] = 5 + 2*float64(i)
		wave[i] = 100 + 10*float64(i%4)
	}
	for h, v := range Theta(line, 1, 3) {
		if want := 5 + 2*float64(39) + float64(h)*1; math.Abs(v-want) > 2.1 { // half of the slope, from about the last value
			t.Errorf("theta of a line, step %d: %.2f, want about %.2f", h+1, v, want)
		}
	}
	for h, v := range Theta(wave, 4, 5) {
		if want := wave[h%4]; math.Abs(v-want) > 1 {
			t.Errorf("theta of a season, step %d: %.2f, want %.2f", h+1, v, want)
		}
	}
	for h, v := range SeasonalNaive(wave, 4, 6) {
		if v != wave[h%4] {
			t.Errorf("last season, step %d: %v, want %v", h+1, v, wave[h%4])
		}
	}
	if got := SeasonalNaive(line, 0, 2); got[0] != line[39] || got[1] != line[39] {
		t.Errorf("without a season: %v", got)
	}
}

// Logarithms suit a series whose spread grows with its level, if all of it is above zero.
func TestLogSuits(t *testing.T) {
	s := Series{Values: make([]float64, 100)}
	for i := range s.Values {
		s.Values[i] = math.Exp(float64(i)/20) * (1 + 0.3*math.Sin(1.7*float64(i)))
	}
	for _, want := range []Switch{On, Off} {
		m, err := Train(t.Context(), Config{Base: Last, Members: 1, Epochs: 1, LSTM: lstm.Config{HiddenSize: 2}}, s)
		if err != nil {
			t.Fatal(err)
		}
		if m.cfg.Log != want {
			t.Errorf("log is %v, want %v", m.cfg.Log, want)
		}
		s.Values[92] = 0 // a dev step
	}
}

// A backtest forecasts each step from what is before it, and beats methods that cannot
// know what it can.
func TestBacktest(t *testing.T) {
	s := Series{Name: "wave", Values: make([]float64, 200)}
	for i := range s.Values {
		s.Values[i] = 10 * math.Sin(float64(i)/2)
	}
	tr := Trainer{Config: Config{Base: Last, Members: 1, Epochs: 30, Rate: 0.01, LSTM: lstm.Config{HiddenSize: 8}}}
	for _, refits := range []int{1, 3} {
		results, err := Backtest(t.Context(), tr, BacktestConfig{Train: 0.8, Stride: 2, Refits: refits}, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != 1+len(Methods()) || results[0].Method != "LSTM" || results[0].Origins != 20 || results[0].Train != 160 {
			t.Fatalf("%+v", results)
		}
		for _, r := range results[1:] {
			if results[0].MAE > r.MAE/3 {
				t.Errorf("refits %d: the LSTM's error is %.2f, that of %s %.2f", refits, results[0].MAE, r.Method, r.MAE)
			}
		}
	}
	// Values after the origin change nothing.
	m, err := tr.Train(t.Context(), s.Head(160))
	if err != nil {
		t.Fatal(err)
	}
	a, err := m.at(t.Context(), s, []int{170}, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Forecast(t.Context(), s.Head(170), 1)
	if err != nil || a[0].Points[0] != b.Points[0] {
		t.Errorf("%v with what comes later, %v without, %v", a[0].Points, b, err)
	}
}
