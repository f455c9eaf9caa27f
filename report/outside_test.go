package report_test

import (
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

// An interval that does not hold its figure says so, and why.
func TestOutside(t *testing.T) {
	e, err := evaluate.New(predictions(), evaluate.Options{Resamples: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	e.Intervals["ece"] = evaluate.Interval{Low: e.ECE + 0.1, High: e.ECE + 0.2}
	for style, mark := range map[report.Style]string{report.Text: " *\n", report.Markdown: ` \* |`, report.HTML: " *</td>", report.LaTeX: ` * \\`} {
		var b strings.Builder
		if err := report.Write(&b, style, e); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Count(got, mark) != 1 || !strings.Contains(got, "resamples have texts twice") {
			t.Errorf("%s: not marked once\n%s", style, got)
		}
	}
	for _, tt := range []struct {
		v    float64
		want bool
	}{{0.5, false}, {1, false}, {0, false}, {1.01, true}, {-0.01, true}} {
		if got := report.Outside(tt.v, evaluate.Interval{Low: 0, High: 1}); got != tt.want {
			t.Errorf("%v: %t", tt.v, got)
		}
	}
}
