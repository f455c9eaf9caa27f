//go:build linux

package hostile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/lstm"
)

// Tables of numbers that are wide, compressed a thousandfold, without ends or of bytes
// that are no text.
func TestForecastTables(t *testing.T) {
	rep := strings.Repeat
	short := []string{"columns.csv", "NUL.csv", "ends of years.csv"}
	if testing.Short() {
		rep = func(s string, n int) string { return strings.Repeat(s, min(n, 60_000)) } // the others are not tried
	}
	cases := map[string]string{
		"wide.csv":          rep("1,", 200_000) + "1\n",
		"columns.csv":       rep("1,", 60_000) + "1\n",
		"rows.csv.gz":       string(gz(t, []byte("v\n"+rep("1\n", 5_000_000)))),
		"spaces.csv.zst":    string(zst(t, []byte("v\n"+rep(" ", 50_000_000)))),
		"digits.csv":        "v\n" + rep("9", 2_000_000) + "\n",
		"a quote.csv":       "v\n\"" + rep("x", 5_000_000),
		"quotes.csv":        "v\n" + rep("\"\"", 500_000) + "\n",
		"NUL.csv":           "v\n" + rep("\x00", 500_000) + "\n",
		"a header.csv":      rep("h", 2_000_000) + ",\x1b[31m\n1,2\n",
		"UTF-32.csv":        "\xff\xfe\x00\x00v\x00\x00\x00\n\x00\x00\x00",
		"half UTF-16.csv":   "\xff\xfev\x00\n\x00\x00\xd8",
		"ends of years.csv": "t,v\n0001-01-01,1\n0002-01-01,2\n9999-12-31,3\n",
		"numbers.csv":       "t,v\n99999999999999999999,1\n-99999999999999999999,1\n",
		"lines.csv":         rep("\n", 5_000_000),
	}
	each(t, cases, short, func(t *testing.T, name, text string) {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		refuse(t, file, "forecast", "train", "--quiet", file, "--missing", "linear", "--out", filepath.Join(t.TempDir(), "a.model"))
	})
}

// Damaged forecasters whose sums are right are refused, or forecast finite numbers that
// rise with their levels, in bounded time and memory.
func TestForecastMutants(t *testing.T) {
	s := forecast.Series{Name: "s", Covariates: [][]float64{nil}}
	for i := range 80 {
		s.Values = append(s.Values, 20+5*math.Sin(float64(i)))
	}
	for i := range 90 {
		s.Covariates[0] = append(s.Covariates[0], float64(i%3))
	}
	c := forecast.Config{
		Horizon: 3, Season: 4, Epochs: 1, Members: 2, Levels: []float64{0.1, 0.5, 0.9},
		LSTM: lstm.Config{HiddenSize: 3, Layers: 2}, Covariates: []forecast.Covariate{{Name: "x", Known: true}},
	}
	var files []victim
	for i := range 3 {
		c.Recursive, c.Log = i == 1, []forecast.Switch{forecast.Off, forecast.Off, forecast.On}[i]
		m, err := forecast.Train(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, saved(t, m.Save))
	}
	tryMutants(t, 8, files, "textlstm.forecast", thrifty(func(b []byte) (string, error) { return askForecaster(t.Context(), b, s) }))
}

// askForecaster says what came of a file, and what should not have.
func askForecaster(ctx context.Context, b []byte, s forecast.Series) (outcome string, wrong error) {
	defer func() {
		if p := recover(); p != nil {
			wrong = fmt.Errorf("panic: %v", p)
		}
	}()
	m, err := forecast.Decode(b)
	if err != nil {
		if !errors.Is(err, forecast.ErrFormat) || len(err.Error()) > screen {
			return "refused", fmt.Errorf("%w", err)
		}
		return "refused", nil
	}
	f, err := m.Forecast(ctx, s, 1)
	if err != nil {
		return "no answer", nil
	}
	for h := range f.Points {
		last := math.Inf(-1)
		for _, q := range f.Quantiles[h] {
			if q-q != 0 || q < last || f.Points[h]-f.Points[h] != 0 {
				return "answered", fmt.Errorf("step %d: %g, quantiles %v", h, f.Points[h], f.Quantiles[h])
			}
			last = q
		}
	}
	return "answered", nil
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
