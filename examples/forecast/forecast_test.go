package main

import (
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/internal/testcorpora"
)

// better checks that the network is better than repeating the last value or season.
func better(t *testing.T, s forecast.Series, c forecast.Config) {
	t.Helper()
	results, err := forecast.Backtest(t.Context(), forecast.Trainer{Config: c}, forecast.BacktestConfig{}, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results[1:3] {
		if results[0].RMSE >= r.RMSE {
			t.Errorf("RMSE of the LSTM is %.3f, of %s %.3f", results[0].RMSE, r.Method, r.RMSE)
		}
	}
}

func TestMadeUpSeries(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	better(t, wave(400, 12), forecast.Config{Season: 12, Members: 1, Base: forecast.Season})
}

func TestAirlinePassengers(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for seconds")
	}
	s, err := read(filepath.Join(testcorpora.Dir(t), "timeseries", "airline-passengers.csv.zst"), "")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Values); n != 144 || s.Values[0] != 112 || s.Values[143] != 432 || s.Times[143] != "1960-12" {
		t.Fatalf("read %d values from %v to %v, want 144 from 112 to 432", n, s.Values[0], s.Values[n-1])
	}
	better(t, s, forecast.Config{Season: 12, Seed: 1})
}
