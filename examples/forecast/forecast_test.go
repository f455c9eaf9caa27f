package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/testcorpora"
)

// A sine is all season: ten values are enough to know the next, while the last
// value is wrong by half a radian's change.
func TestSineIsForecast(t *testing.T) {
	series := make([]float64, 240)
	for i := range series {
		series[i] = 10 * math.Sin(float64(i)/2)
	}
	file := filepath.Join(t.TempDir(), "weights")
	r, err := compare(series, 12, 15, 1, file)
	if err != nil {
		t.Fatal(err)
	}
	if r.lstm > r.naive/10 {
		t.Errorf("RMSE of the LSTM is %.3f, of the last value %.3f: want less than a tenth", r.lstm, r.naive)
	}
	again, err := compare(series, 12, 15, 1, "")
	if err != nil || again != r {
		t.Errorf("the same seed gave %+v, then %+v, %v", r, again, err)
	}
	// The weights of the first time, not of no training and another seed.
	if again, err = compare(series, 12, 0, 2, file); err != nil || again != r {
		t.Errorf("weights that were read gave %+v, want %+v, %v", again, r, err)
	}
}

func TestMadeUpSeriesBeatsBothBaselines(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a second")
	}
	series, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	r, err := compare(series, 12, 60, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if r.lstm >= r.naive || r.lstm >= r.seasonal {
		t.Errorf("RMSE of the LSTM is %.3f, of the last value %.3f, of the last season %.3f", r.lstm, r.naive, r.seasonal)
	}
}

func TestAirlinePassengersBeatLastValue(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a second")
	}
	series, err := load(filepath.Join(testcorpora.Dir(t), "timeseries", "airline-passengers.csv.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if len(series) != 144 || series[0] != 112 || series[143] != 432 {
		t.Fatalf("read %d values from %v to %v, want 144 from 112 to 432", len(series), series[0], series[len(series)-1])
	}
	r, err := compare(series, 12, 60, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if r.lstm >= r.naive {
		t.Errorf("RMSE of the LSTM is %.3f, of the last value %.3f", r.lstm, r.naive)
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sales.csv")
	for name, c := range map[string]struct {
		text string
		want []float64
		err  bool
	}{
		"with a header":    {"month,sales\n1,5\n2,6.5\n", []float64{5, 6.5}, false},
		"without a header": {"5\n6\n", []float64{5, 6}, false},
		"empty":            {"", nil, false},
		"a word":           {"sales\n5\nsix\n", nil, true},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := load(file)
		if (err != nil) != c.err || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v, error %t", name, got, err, c.want, c.err)
		}
	}
}

func TestShortSeriesIsRefused(t *testing.T) {
	if _, err := compare(make([]float64, 16), 12, 1, 1, ""); err == nil {
		t.Error("16 values were enough to train on")
	}
}
