package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
)

// WriteComparison renders how model b did against model a; the names are for
// the reader.
//
// Text, Markdown and HTML have the differences, McNemar's test and the lists of
// wins and regressions; CSV and TSV the differences alone; JSON and JSONL the
// comparison itself with the names under "names".
func WriteComparison(w io.Writer, style Style, a, b string, c *evaluate.Comparison) error {
	switch style {
	case JSON, JSONL:
		text, err := marshal(struct {
			Names []string `json:"names"`
			*evaluate.Comparison
		}{[]string{a, b}, c})
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if style == JSON {
			if err := json.Indent(&out, text, "", "  "); err != nil {
				return err
			}
		} else {
			out.Write(text)
		}
		out.WriteByte('\n')
		_, err = w.Write(out.Bytes())
		return err
	case CSV, TSV:
		var rows [][]any
		for _, d := range c.Differences {
			rows = append(rows, []any{d.Figure, d.A, d.B, d.Diff, d.Low, d.High, d.P})
		}
		return Table(w, []string{"figure", "a", "b", "difference", "low", "high", "p"}, rows, style)
	}
	d := document{style: style}
	d.heading(2, fmt.Sprintf("%s against %s: %d texts", b, a, c.N))
	var rows [][]any
	for _, f := range c.Differences {
		if strings.HasPrefix(f.Figure, "micro_") {
			continue
		}
		rows = append(rows, []any{strings.ReplaceAll(f.Figure, "_", " "), f.A, f.B, f.Diff, span(f.Interval), f.P})
	}
	d.table([]string{"figure", a, b, "difference", fmt.Sprintf("%g %% interval", 100*c.Level), "p"}, rows)
	d.table([]string{"", b + " right", b + " wrong"}, [][]any{
		{a + " right", c.BothRight, c.OnlyA},
		{a + " wrong", c.OnlyB, c.BothWrong},
	})
	d.table([]string{"McNemar's test", "p"}, [][]any{
		{"exact", c.McNemar.Exact},
		{fmt.Sprintf("chi-squared %.3f, corrected", c.McNemar.Statistic), c.McNemar.P},
	})
	d.changes("wins", c.OnlyB, a, b, c.Wins)
	d.changes("regressions", c.OnlyA, a, b, c.Regressions)
	return d.flush(w)
}

func (d *document) changes(title string, n int, a, b string, changes []evaluate.Change) {
	if len(changes) == 0 {
		return
	}
	if n > len(changes) {
		title = fmt.Sprintf("%s (%d of %d)", title, len(changes), n)
	}
	d.heading(3, title)
	var rows [][]any
	for _, c := range changes {
		id := c.ID
		if id == "" {
			id = fmt.Sprint(c.Index + 1)
		}
		rows = append(rows, []any{id, strings.Join(c.Gold, ", "), strings.Join(c.A, ", "), strings.Join(c.B, ", "), Excerpt(c.Text, excerpt)})
	}
	d.table([]string{"row", "gold", a, b, "text"}, rows)
}
