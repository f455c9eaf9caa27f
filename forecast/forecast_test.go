package forecast_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/internal/hostile"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train/loop"
)

// sine is all season: a window says what comes next.
func sine(n int) forecast.Series {
	s := forecast.Series{Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = 10 * math.Sin(float64(i)/2)
	}
	return s
}

func noise(n int, seed uint64) forecast.Series {
	r := rand.New(rand.NewPCG(seed, 0))
	s := forecast.Series{Name: "noise", Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = 100 + r.NormFloat64()
	}
	return s
}

func small(c forecast.Config) forecast.Config {
	c.LSTM = lstm.Config{HiddenSize: 8}
	c.Members = 1
	return c
}

func mustTrain(t *testing.T, c forecast.Config, series ...forecast.Series) *forecast.Model {
	t.Helper()
	m, err := forecast.Train(t.Context(), c, series...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustForecast(t *testing.T, m *forecast.Model, s forecast.Series, steps int) *forecast.Forecast {
	t.Helper()
	f, err := m.Forecast(t.Context(), s, steps)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A sine is forecast, all steps at once and one after the other.
func TestSine(t *testing.T) {
	whole := sine(260)
	for _, recursive := range []bool{false, true} {
		c := small(forecast.Config{Horizon: 6, Recursive: recursive, Base: forecast.Last, Epochs: 40, Rate: 0.01})
		f := mustForecast(t, mustTrain(t, c, whole.Head(250)), whole.Head(250), 6)
		for h, y := range f.Points {
			if e := math.Abs(y - whole.Values[250+h]); e > 1 {
				t.Errorf("recursive %t, step %d: %.2f, want %.2f", recursive, h+1, y, whole.Values[250+h])
			}
		}
	}
}

// What a recursive model answers after a long series takes no more memory than after a
// short one, and its points are the same: those of a season before do not count.
func TestLongSeries(t *testing.T) {
	s := sine(120)
	s.Name = "s" // with the scale of the training
	m := mustTrain(t, small(forecast.Config{Horizon: 2, Recursive: true, Season: 12, Base: forecast.Season, Epochs: 1}), s)
	long := s
	long.Values = slices.Repeat(s.Values, 1000)
	var before, after runtime.MemStats
	want := mustForecast(t, m, s, 5)
	runtime.ReadMemStats(&before)
	got := mustForecast(t, m, long, 5)
	runtime.ReadMemStats(&after)
	if !slices.Equal(got.Points, want.Points) {
		t.Errorf("%v after the long series, %v after its end", got.Points, want.Points)
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 10<<20 {
		t.Errorf("%d bytes of memory for a series of %d", made, 8*len(long.Values))
	}
}

// A series that grows goes on to grow, beyond what training has seen.
func TestTrend(t *testing.T) {
	s := forecast.Series{Values: make([]float64, 120)}
	for i := range s.Values {
		s.Values[i] = 3 * float64(i)
	}
	c := small(forecast.Config{Horizon: 4, Loss: forecast.Squared, Base: forecast.Last, Epochs: 60, Rate: 0.01})
	f := mustForecast(t, mustTrain(t, c, s), s, 4)
	for h, y := range f.Points {
		if want := 3 * float64(120+h); math.Abs(y-want) > 1 {
			t.Errorf("step %d: %.2f, want %.2f", h+1, y, want)
		}
	}
}

// The share of values within an interval is what it says, for noise whose quantiles are
// known.
func TestQuantiles(t *testing.T) {
	s := noise(900, 5)
	for _, c := range []forecast.Config{{}, {Loss: forecast.Squared}, {Recursive: true}} {
		c = small(c)
		c.Base, c.Epochs = forecast.None, 10
		m := mustTrain(t, c, s.Head(700))
		inside := 0
		for n := 700; n < 900; n++ {
			low, high, err := mustForecast(t, m, s.Head(n), 1).Interval(0.9)
			if err != nil {
				t.Fatal(err)
			}
			if y := s.Values[n]; low[0] <= y && y <= high[0] {
				inside++
			}
		}
		if inside < 165 || inside > 195 { // 180 ± 3.5 standard errors
			t.Errorf("%+v: %d of 200 values are within the interval of 90 %%", c, inside)
		}
	}
}

// Covariates that are known ahead tell what values cannot.
func TestCovariates(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 0))
	s := forecast.Series{Covariates: [][]float64{nil}}
	for i := range 402 {
		x := float64(r.IntN(2))
		s.Covariates[0] = append(s.Covariates[0], x)
		if i < 400 {
			s.Values = append(s.Values, 10+20*x+r.NormFloat64())
		}
	}
	c := small(forecast.Config{Horizon: 2, Base: forecast.None, Covariates: []forecast.Covariate{{Name: "promotion", Known: true}}, Epochs: 30, Rate: 0.02})
	m := mustTrain(t, c, s)
	for _, x := range [][2]float64{{0, 1}, {1, 0}} {
		copy(s.Covariates[0][400:], x[:])
		f := mustForecast(t, m, s, 2)
		for h := range 2 {
			if want := 10 + 20*x[h]; math.Abs(f.Points[h]-want) > 4 {
				t.Errorf("promotions %v, step %d: %.1f, want %.1f", x, h+1, f.Points[h], want)
			}
		}
	}
	s.Covariates[0] = s.Covariates[0][:401]
	if _, err := m.Forecast(t.Context(), s, 2); err == nil || !strings.Contains(err.Error(), "promotion has 401 values, want 402") {
		t.Errorf("a covariate that ends too early gives %v", err)
	}
}

// The same seed gives the same bytes, whatever the workers, and so does a training that
// was interrupted. A saved model answers with the same bits.
func TestBytes(t *testing.T) {
	dir := t.TempDir()
	series := []forecast.Series{sine(90), noise(80, 1)}
	c := small(forecast.Config{Horizon: 3, Epochs: 4, Season: 7})
	c.Members = 2
	bytesOf := func(name string, m *forecast.Model) []byte {
		path := filepath.Join(dir, name)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	m := mustTrain(t, c, series...)
	want := bytesOf("one", m)
	for _, workers := range []int{1, 3} {
		tr := forecast.Trainer{Config: c, Workers: workers}
		again, err := tr.Train(t.Context(), series...)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf("two", again), want) {
			t.Errorf("%d workers give other bytes", workers)
		}
	}
	loaded, err := forecast.Load(filepath.Join(dir, "one"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mustForecast(t, m, series[1], 3), mustForecast(t, loaded, series[1], 3)); diff != "" {
		t.Errorf("a saved model answers otherwise (-before +after):\n%s", diff)
	}
	c.Seed = 1
	if bytes.Equal(bytesOf("three", mustTrain(t, c, series...)), want) {
		t.Error("another seed gives the same bytes")
	}
	c.Seed = 0

	for stop := 1; ; stop += 7 { // in trials and in each member
		options := loop.CheckpointOptions{Path: filepath.Join(dir, "checkpoints"), Interval: time.Nanosecond, Resume: stop > 1}
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		tr := forecast.Trainer{Config: c, Checkpoint: options, OnProgress: func(forecast.Progress) {
			if steps++; steps == 8 {
				cancel()
			}
		}}
		m, err := tr.Train(ctx, series...)
		cancel()
		if err == nil {
			if stop < 30 {
				t.Errorf("the training ended after %d pieces", stop)
			}
			if !bytes.Equal(bytesOf("four", m), want) {
				t.Error("an interrupted training gives other bytes")
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// What cannot be learned from or answered is refused with what is wrong.
func TestRefusals(t *testing.T) {
	s := sine(100)
	bad := sine(100)
	bad.Values[41] = math.NaN()
	m := mustTrain(t, small(forecast.Config{Horizon: 2, Epochs: 1}), s)
	for name, tt := range map[string]struct {
		c      forecast.Config
		series []forecast.Series
		want   string
	}{
		"none":         {want: "no series"},
		"short":        {series: []forecast.Series{sine(12)}, want: "too few steps: 10 of 12"},
		"twice":        {series: []forecast.Series{s, s}, want: `two series are called ""`},
		"not a number": {series: []forecast.Series{bad}, want: "value 42 is NaN"},
		"log":          {c: forecast.Config{Log: forecast.On}, series: []forecast.Series{s}, want: "log wants values above zero"},
		"season":       {c: forecast.Config{Base: forecast.Season}, series: []forecast.Series{s}, want: "without a season"},
		"levels":       {c: forecast.Config{Levels: []float64{0.1, 0.9}}, series: []forecast.Series{s}, want: "without 0.5"},
		"huge":         {c: forecast.Config{LSTM: lstm.Config{HiddenSize: 1 << 20}}, series: []forecast.Series{s}, want: "memory"},
		"backwards":    {c: forecast.Config{LSTM: lstm.Config{Direction: lstm.Bidirectional}}, series: []forecast.Series{s}, want: "read forward"},
	} {
		if _, err := forecast.Train(t.Context(), tt.c, tt.series...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		s     forecast.Series
		steps int
		want  string
	}{
		"steps":        {s, 3, "the model answers 1 to 2"},
		"short":        {sine(9), 1, "9 steps, the model looks back on 10"},
		"not a number": {bad, 1, "value 42 is NaN"},
	} {
		if _, err := m.Forecast(t.Context(), tt.s, tt.steps); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, _, err := mustForecast(t, m, s, 1).Interval(0.99); err == nil {
		t.Error("an interval that the levels do not have is no error")
	}
}

// A model whose bytes are not those that were saved is an error.
func TestDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	if err := mustTrain(t, small(forecast.Config{Epochs: 1}), sine(60)).Save(path); err != nil {
		t.Fatal(err)
	}
	hostile.Damage(t, path, forecast.ErrFormat, func(path string) error {
		_, err := forecast.Load(path)
		return err
	})
}

// No bytes make Decode panic, and what it refuses is marked.
func FuzzDecode(f *testing.F) {
	m, err := forecast.Train(f.Context(), small(forecast.Config{Epochs: 1, Horizon: 2}), sine(60))
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "m")
	if err := m.Save(path); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte{8, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := forecast.Decode(b)
		if err != nil {
			if !errors.Is(err, forecast.ErrFormat) || m != nil {
				t.Fatalf("%v, %v", m, err)
			}
			return
		}
		if _, err := m.Forecast(t.Context(), sine(60), 1); err != nil {
			t.Log(err)
		}
	})
}

// A file of the first version, which knew no table, answers with the bits that it had:
// Horizon 2, Season 6, Epochs 5, two networks of two layers of 4 units, trained on
// sine(80) and asked about it at commit af35984.
func TestOldFiles(t *testing.T) {
	m, err := forecast.Load(filepath.Join("testdata", "v1.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	f := mustForecast(t, m, sine(80), 2)
	want := []uint64{0x4010b6abdaec77be, 0x402350fac1d4e857, 0x402d82abdfbabab9, 0xbfe9e36c0d1df342, 0x4023192861db18a6, 0x40340af0bb8d012b}
	for h := range f.Points {
		for i, got := range []float64{f.Quantiles[h][0], f.Points[h], f.Quantiles[h][6]} {
			want := math.Float64frombits(want[3*h+i])
			exact := loop.Kernel() == "fma"
			if exact && got != want || math.Abs(got-want) > 1e-5 {
				t.Errorf("step %d: %v, want %v", h+1, got, want)
			}
		}
	}
}
