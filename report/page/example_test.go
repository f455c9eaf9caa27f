package page_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report/page"
)

func ExampleWrite() {
	p := &evaluate.Predictions{
		Head:   "sentiment",
		Labels: []string{"negative", "positive"},
		Gold:   []int{0, 0, 1},
		Probs:  []float64{0.9, 0.1, 0.3, 0.7, 0.2, 0.8},
		Rows:   []evaluate.Row{{Text: "dull"}, {Text: "not good"}, {Text: "great"}},
	}
	e, err := evaluate.New(p, evaluate.Options{Mistakes: 10, Curves: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "report.html"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	err = page.Write(f, page.Page{
		Title: "Three reviews",
		Heads: []page.Head{{
			Evaluation: e,
			Rows:       p.Rows,
			Highlights: map[int][]page.Highlight{1: {{Start: 0, End: 3, Score: -0.4}, {Start: 4, End: 8, Score: 0.9}}},
		}},
	})
	fmt.Println(err)
	// Output:
	// <nil>
}
