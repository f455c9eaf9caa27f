package chart_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/forecast/chart"
	"github.com/textlstm/textlstm/report/page"
)

// wave is a series of months and what may come after it.
func wave(n, ahead int) (forecast.Series, *forecast.Forecast) {
	s := forecast.Series{Name: "wave"}
	f := &forecast.Forecast{Levels: []float64{0.05, 0.25, 0.5, 0.75, 0.95}}
	value := func(i int) float64 { return 20 + float64(i)/10 + 5*math.Sin(float64(i)*math.Pi/6) }
	for i := range n {
		s.Values = append(s.Values, value(i))
	}
	for i := range n {
		s.Times = append(s.Times, months.Ahead("2015-12", i+1)[i])
	}
	for h := range ahead {
		y, spread := value(n+h), math.Sqrt(float64(h+1))
		f.Points = append(f.Points, y)
		f.Quantiles = append(f.Quantiles, []float64{y - 1.6*spread, y - 0.7*spread, y, y + 0.7*spread, y + 1.6*spread})
	}
	f.Times = months.Ahead(s.Times[n-1], ahead)
	return s, f
}

var months, _, _ = forecast.CalendarOf([]string{"2016-01", "2016-02", "2016-03"})

// A page has a wide plot of each forecast, which is also written as SVG and PNG.
func TestCharts(t *testing.T) {
	s, f := wave(120, 12)
	short, long := wave(96, 12)
	plots := []page.Fan{chart.Ahead(s, f), chart.Backtest(s, []chart.Rolled{{Origin: 96, Forecast: long}, {Origin: 97, Forecast: long}, {Origin: 108, Forecast: f}})}
	if n := len(plots[0].Values); n != 60 || len(plots[0].Times) != 72 || plots[0].Ahead[0].Origin != 60 {
		t.Errorf("%d values, %d times, origin %d", n, len(plots[0].Times), plots[0].Ahead[0].Origin)
	}
	if n := len(plots[0].Ahead[0].Low); n != 2 {
		t.Errorf("%d bands, want those of 90 and 50 %%", n)
	}
	if a := plots[1].Ahead; len(a) != 2 || a[0].Origin != 20 || a[1].Origin != 32 || !a[1].Line {
		t.Errorf("origins of the back-test: %+v", a)
	}
	if plots := chart.Backtest(short, nil); len(plots.Ahead) != 0 {
		t.Error("no forecasts have a plot of some")
	}
	p := page.Page{Title: "Waves", Sections: []page.Section{{Title: "Ahead", Fans: plots}}}
	var b bytes.Buffer
	if err := page.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<figure class="wide">`, "wave, with the intervals of 90 and 50 %", "from 3 origins", "2021-01"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	dir := t.TempDir()
	if d := os.Getenv("CHARTS"); d != "" { // to look at
		dir = d
		if err := os.WriteFile(filepath.Join(dir, "page.html"), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	names, err := page.WritePlots(dir, p)
	if err != nil || len(names) != 4 {
		t.Fatalf("plots %v, %v", names, err)
	}
	plots[0].Ahead[0].High = nil
	if err := page.Write(&b, p); err == nil {
		t.Error("a band without its upper bounds is no error")
	}
}
