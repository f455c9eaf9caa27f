package report_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

// A head without a name has none in a title, and a row without an ID is its number.
func TestComparisonOfNamelessRows(t *testing.T) {
	c := report.Comparison{A: "old", B: "new", Comparison: &evaluate.Comparison{N: 7, OnlyB: 1, Wins: []evaluate.Change{
		{Index: 4, Row: evaluate.Row{Text: "a text"}, Gold: []string{"x"}, A: []string{"y"}, B: []string{"x"}},
	}}}
	if got := report.OverviewTitle([]report.Comparison{c}); got != "2 models on 7 texts" {
		t.Errorf("title %q", got)
	}
	var b strings.Builder
	if err := report.WriteComparisons(&b, report.Markdown, c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\n|   5 | x ") {
		t.Errorf("no row 5:\n%s", b.String())
	}
}

// A broken pipe is an error in every style.
func TestBrokenOutput(t *testing.T) {
	e, err := evaluate.New(predictions(), evaluate.Options{Resamples: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range report.Styles() {
		if err := report.Write(broken{}, style, e); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v, want the error of the output", style, err)
		}
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
