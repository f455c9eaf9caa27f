package page_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

func TestSections(t *testing.T) {
	p := page.Page{Title: "Trials", Sections: []page.Section{
		{
			Title: "Scores <b>", Note: "The best & the rest.",
			Bars: []page.Bars{
				{Caption: "by trial", Unit: "macro F1", Names: []string{"1", "2"}, Values: []float64{0.5, math.NaN()}, Spans: []evaluate.Interval{{Low: 0.4, High: 0.6}, {}}},
				{Caption: "none"},
				{Caption: "many", Names: make([]string, 50), Values: make([]float64, 50)},
			},
			Header: []string{"trial", "score"}, Rows: [][]any{{1, 0.5}, {2, math.NaN()}},
		},
		{Note: "no more"},
	}}
	html := render(t, p)
	for _, want := range []string{"<title>Trials</title>", "Scores &lt;b&gt;", "The best &amp; the rest.", "0.5000", "n/a", "many: the first 40 of 50", "no more"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(html, "<figure>"); n != 2 {
		t.Errorf("%d plots, want 2", n)
	}
	dir := t.TempDir()
	if _, err := page.WritePlots(dir, p); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "section-1-bars-3.svg")); err != nil {
		t.Error(err)
	}
	p.Sections[0].Bars[0].Names = nil
	if err := page.Write(&strings.Builder{}, p); err == nil {
		t.Error("bars without names are no error")
	}
}

// What the page says of two models is what its intervals say.
func TestVerdict(t *testing.T) {
	compare := func(exact float64, onlyA, onlyB int, differences ...evaluate.Difference) string {
		c := &evaluate.Comparison{N: 100, OnlyA: onlyA, OnlyB: onlyB, Differences: differences}
		c.McNemar.Exact = exact
		return render(t, page.Page{Comparisons: []report.Comparison{{A: "one", B: "two", Comparison: c}}})
	}
	figure := func(metric string, low, high float64) evaluate.Difference {
		return evaluate.Difference{Metric: metric, Interval: evaluate.Interval{Low: evaluate.Score(low), High: evaluate.Score(high)}}
	}
	for name, tt := range map[string]struct{ html, want string }{
		"more":   {compare(0.01, 1, 9), "two is right more often than one."},
		"less":   {compare(0.00001, 9, 1), "two is right less often than one. McNemar&#39;s exact test: p &lt; 0.0001."},
		"losses": {compare(0.4, 3, 5, figure("log_loss", -0.2, -0.1), figure("macro_f1", -0.1, 0.1), figure("ece", 0.01, 0.02)), "does not tell two from one. McNemar&#39;s exact test: p = 0.4. But two is better by the intervals of log loss. But two is worse by the intervals of ece."},
		"none":   {compare(0.4, 3, 5, figure("macro_f1", -0.1, 0.1)), "Nor does any other figure: all intervals hold 0."},
	} {
		if !strings.Contains(tt.html, tt.want) {
			t.Errorf("%s: the page lacks %q", name, tt.want)
		}
	}
}

// A page says the file of its mistakes once.
func TestMistakesOfOneFile(t *testing.T) {
	html := func(ids ...string) string {
		p := &evaluate.Predictions{Labels: []string{"a", "b"}}
		for _, id := range ids {
			p.Add(0, []float32{0.25, 0.75}, evaluate.Row{ID: id, Text: "x", Source: "dir/f.tsv"})
		}
		e, err := evaluate.New(p, evaluate.Options{Mistakes: 5})
		if err != nil {
			t.Fatal(err)
		}
		return render(t, page.Page{Heads: []page.Head{{Evaluation: e}}})
	}
	one := html("dir/f.tsv:3", "dir/f.tsv:5")
	if strings.Contains(one, "dir/f.tsv") || !strings.Contains(one, "<span>row 3</span>") || !strings.Contains(one, "<small>2 of 2</small>") {
		t.Errorf("the file is named, or its rows are not")
	}
	for _, two := range []string{html("dir/f.tsv:3", "dir/g.tsv:5"), html("dir/f.tsv:3", "mine")} {
		if !strings.Contains(two, "<span>dir/f.tsv:3</span>") {
			t.Error("rows of several files lack the file")
		}
	}
}
