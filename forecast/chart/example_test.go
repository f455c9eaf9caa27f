package chart_test

import (
	"fmt"
	"log"
	"os"

	"github.com/textlstm/textlstm/forecast"
	"github.com/textlstm/textlstm/forecast/chart"
	"github.com/textlstm/textlstm/report/page"
)

// A forecast as a plot, in SVG and PNG; page.Write puts it into a page of HTML.
func Example() {
	s := forecast.Series{Name: "sales", Values: []float64{3, 5, 4, 6, 5, 7}}
	f := &forecast.Forecast{Points: []float64{6, 8}, Levels: []float64{0.05, 0.5, 0.95}, Quantiles: [][]float64{{5, 6, 7}, {6, 8, 10}}}
	dir, err := os.MkdirTemp("", "plots")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	names, err := page.WritePlots(dir, page.Page{Sections: []page.Section{{Fans: []page.Fan{chart.Ahead(s, f)}}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(names)
	// Output: [section-1-forecast-1.svg section-1-forecast-1.png]
}
