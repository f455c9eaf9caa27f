// Command forecast judges forecasts of time series: those of an LSTM, and of methods
// that learn nothing.
//
//	go run ./examples/forecast -season 12 airline-passengers.csv
//
// The series is the last column of a CSV file, one row a step, in order of time;
// without a file it is one made up here. The first 70 % are for training, and each step
// of the rest is forecast from those before it. Where a series has fewer than 400 steps
// the network learns anew five times on the way.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/report"
)

func main() {
	season := flag.Int("season", 0, "`steps` in a season")
	horizon := flag.Int("horizon", 1, "`steps` to forecast from each origin")
	values := flag.String("values", "", "`column` of the series; the last one by default")
	seed := flag.Uint64("seed", 1, "seed of weights and order")
	flag.Parse()
	log.SetFlags(0)

	series := []forecast.Series{wave(400, 12)}
	if flag.NArg() > 0 {
		series = nil
	} else {
		*season = 12
	}
	for _, file := range flag.Args() {
		s, err := read(file, *values)
		if err != nil {
			log.Fatalf("forecast: %v", err)
		}
		series = append(series, s)
	}
	var rows [][]any
	for _, s := range series {
		results, err := judge(context.Background(), s, forecast.Config{Season: *season, Horizon: *horizon, Seed: *seed})
		if err != nil {
			log.Fatal(err)
		}
		rows = append(rows, results...)
	}
	header := []string{"series", "method", "MASE", "RMSE", "sMAPE", "CRPS", "within 90 %"}
	if err := report.Table(os.Stdout, header, rows, report.Text); err != nil {
		log.Fatal(err)
	}
}

// read reads the series of a file, compressed or not.
func read(file, values string) (forecast.Series, error) {
	f, err := os.Open(file)
	if err != nil {
		return forecast.Series{}, err
	}
	defer f.Close()
	r, err := corpora.Decompress(f, corpora.Limits{})
	if err != nil {
		return forecast.Series{}, fmt.Errorf("%s: %w", file, err)
	}
	defer r.Close()
	c := forecast.TableConfig{}
	if values != "" {
		c.Values = []string{values}
	}
	list, err := forecast.ReadTable(r, file, c)
	if err != nil {
		return forecast.Series{}, err
	}
	list[0].Name, _, _ = strings.Cut(filepath.Base(file), ".")
	return list[0], nil
}

// judge returns a row for each method.
func judge(ctx context.Context, s forecast.Series, c forecast.Config) ([][]any, error) {
	test := forecast.BacktestConfig{}
	if len(s.Values) < 400 {
		test.Refits = 5
	}
	results, err := forecast.Backtest(ctx, forecast.Trainer{Config: c}, test, s)
	if err != nil {
		return nil, err
	}
	var rows [][]any
	for _, r := range results {
		within := ""
		if r.Method == results[0].Method {
			within = fmt.Sprintf("%.1f %%", 100*r.Coverage)
		}
		rows = append(rows, []any{r.Series, r.Method, figure(r.MASE), figure(r.RMSE), figure(r.SMAPE), figure(r.CRPS), within})
	}
	return rows, nil
}

func figure(v float64) string { return fmt.Sprintf("%.3f", v) }

// wave is a series of n values with a trend, a season and noise that remembers
// its last value.
func wave(n, season int) forecast.Series {
	r := rand.New(rand.NewPCG(2, 0))
	s := forecast.Series{Name: "made up", Values: make([]float64, n)}
	noise := 0.0
	for t := range s.Values {
		noise = 0.6*noise + r.NormFloat64()
		phase := 2 * math.Pi * float64(t) / float64(season)
		s.Values[t] = 100 + 0.05*float64(t) + 20*math.Sin(phase) + 8*math.Cos(2*phase) + noise
	}
	return s
}
