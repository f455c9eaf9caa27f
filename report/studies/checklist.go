package studies

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// ChecklistOptions say what WriteChecklist prints.
type ChecklistOptions struct {
	Tests    bool // a line for every test, not only for every capability
	Failures bool // the cases that failed, too
}

// WriteChecklist renders what a suite has found: a table of the rates, or as JSON the
// result itself. HTML is a whole page, with plots.
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
	skipped := ""
	if r.Skipped > 0 {
		skipped = fmt.Sprintf("%d cases are about labels that the model does not have", r.Skipped)
	}
	failed := []string{"capability", "type", "test", "want", "got", "prob", "text"}
	if style == report.HTML {
		p := page.Page{Title: "Checklist", Sections: []page.Section{{Note: skipped, Bars: []page.Bars{passed(r)}, Header: header, Rows: rows}}}
		if o.Failures {
			p.Sections = append(p.Sections, page.Section{Title: "Failures", Header: failed, Rows: failureRows(r.Failures)})
		}
		return page.Write(out, p)
	}
	if err := report.Table(b, header, rows, style); err != nil {
		return err
	}
	if skipped != "" {
		fmt.Fprintf(b, "\n%s\n", skipped)
	}
	if o.Failures {
		fmt.Fprintln(b)
		if err := report.Table(b, failed, failureRows(r.Failures), style); err != nil {
			return err
		}
	}
	return b.Flush()
}

// passed are the shares of the cases of each capability that passed.
func passed(r *checklist.Result) page.Bars {
	bars := page.Bars{Caption: "Cases that passed", Unit: "share"}
	for _, x := range r.Rates {
		bars.Names, bars.Values = append(bars.Names, fmt.Sprintf("%s, %s", x.Capability, x.Type)), append(bars.Values, float64(x.Rate))
	}
	return bars
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
