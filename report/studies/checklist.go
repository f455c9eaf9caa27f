package studies

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/report"
)

// ChecklistOptions say what WriteChecklist prints.
type ChecklistOptions struct {
	Tests    bool // a line for every test, not only for every capability
	Failures bool // the cases that failed, too
}

// WriteChecklist renders what a suite has found: a table of the rates, or as JSON the
// result itself.
func WriteChecklist(out io.Writer, style report.Style, r *checklist.Result, o ChecklistOptions) error {
	b := bufio.NewWriter(out)
	if style == report.JSON || style == report.JSONL {
		shown := *r
		if !o.Failures {
			shown.Failures = nil
		}
		return writeJSON(out, style, shown)
	}
	rates, header := r.Rates, []string{"capability", "type", "cases", "passed", "rate"}
	if o.Tests {
		rates, header = r.Tests, slices.Insert(header, 2, "test")
	}
	var rows [][]any
	add := func(x checklist.Rate) {
		row := []any{x.Capability, string(x.Type), x.Cases, x.Passed, x.Rate}
		if o.Tests {
			row = slices.Insert(row, 2, any(x.Test))
		}
		rows = append(rows, row)
	}
	for _, x := range rates {
		add(x)
	}
	rows = append(rows, nil)
	for _, x := range r.Types {
		add(x)
	}
	add(r.All)
	if err := report.Table(b, header, rows, style); err != nil {
		return err
	}
	if r.Skipped > 0 {
		fmt.Fprintf(b, "\n%d cases are about labels that the model does not have\n", r.Skipped)
	}
	if o.Failures {
		fmt.Fprintln(b)
		if err := report.Table(b, []string{"capability", "type", "test", "want", "got", "prob", "text"}, failureRows(r.Failures), style); err != nil {
			return err
		}
	}
	return b.Flush()
}

// failureRows are the failed cases, a row for each of their texts.
func failureRows(failures []checklist.Failure) [][]any {
	var rows [][]any
	for _, f := range failures {
		for i, a := range f.Answers {
			want := strings.Join(f.Want, " or ")
			switch {
			case f.Type == checklist.MFT:
			case i == 0:
				want = ""
			case f.Type == checklist.INV:
				want = f.Answers[0].Label
			default:
				want = "no less " + f.Up
			}
			got := a.Label
			if f.Type == checklist.DIR {
				got = f.Up
			}
			rows = append(rows, []any{f.Capability, string(f.Type), f.Test, want, got, a.Prob, a.Text})
		}
	}
	return rows
}

// WriteSuite lists the cases of a suite, the texts of a pair in two columns.
func WriteSuite(out io.Writer, style report.Style, s checklist.Suite) error {
	var rows [][]any
	for i := range s {
		t := &s[i]
		want := strings.Join(t.Want, " or ")
		switch t.Type {
		case checklist.INV:
			want = "the same"
		case checklist.DIR:
			want = "no less " + t.Up
		}
		for _, c := range t.Cases {
			changed := ""
			if len(c) > 1 {
				changed = c[1]
			}
			rows = append(rows, []any{t.Capability, string(t.Type), t.Name, want, c[0], changed})
		}
	}
	return report.Table(out, []string{"capability", "type", "test", "want", "text", "changed"}, rows, style)
}
