package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/corpora"
)

// load reads the last column of a CSV file, compressed or not. A first row that
// holds no number is the header. Without a name it returns a series made up here.
func load(name string) ([]float64, error) {
	if name == "" {
		return wave(400, 12), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := corpora.Decompress(f, corpora.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer src.Close()
	var series []float64
	r := csv.NewReader(src)
	for {
		row, err := r.Read()
		if err == io.EOF {
			return series, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(row[len(row)-1]), 64)
		line, _ := r.FieldPos(0)
		switch {
		case err == nil:
			series = append(series, v)
		case line > 1:
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}

// title is a file's name without directory and endings.
func title(name string) string {
	if name == "" {
		return "made up"
	}
	base, _, _ := strings.Cut(filepath.Base(name), ".")
	return base
}

// wave is a series of n values with a trend, a season and noise that remembers
// its last value.
func wave(n, season int) []float64 {
	r := rand.New(rand.NewPCG(2, 0))
	series := make([]float64, n)
	noise := 0.0
	for t := range series {
		noise = 0.6*noise + r.NormFloat64()
		phase := 2 * math.Pi * float64(t) / float64(season)
		series[t] = 100 + 0.05*float64(t) + 20*math.Sin(phase) + 8*math.Cos(2*phase) + noise
	}
	return series
}

func moments(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += square(v-mean) / float64(len(x))
	}
	return mean, max(math.Sqrt(sd), 1e-9)
}

func square(v float64) float64 { return v * v }
