package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/evaluate"
)

// A Comparison is how model B did against model A, by their names.
type Comparison struct {
	A, B string
	*evaluate.Comparison
}

// named is a Comparison as JSON.
type named struct {
	Names []string `json:"names"`
	*evaluate.Comparison
}

// WriteComparisons renders comparisons.
//
// Text, Markdown, HTML and LaTeX have the differences, McNemar's test and the lists of
// wins and regressions, and first, where one model meets several, a table of
// them all; CSV and TSV the differences alone; JSON is the comparison itself with
// the names under "names", or with several an array of them; JSONL is one
// comparison per line.
func WriteComparisons(w io.Writer, style Style, all ...Comparison) error {
	return writeComparisons(w, document{style: style}, all)
}

// WriteBriefComparisons is WriteComparisons with the headline figures alone, in
// text, Markdown and HTML.
func WriteBriefComparisons(w io.Writer, style Style, all ...Comparison) error {
	return writeComparisons(w, document{style: style, brief: true}, all)
}

func writeComparisons(w io.Writer, d document, all []Comparison) error {
	switch d.style {
	case JSON, JSONL:
		return d.comparisonsJSON(w, all)
	case CSV, TSV:
		var rows [][]any
		for _, c := range all {
			for _, f := range c.Differences {
				rows = append(rows, []any{c.Head, c.A, c.B, f.Metric, f.A, f.B, f.Diff, f.Low, f.High, f.P})
			}
		}
		return Table(w, []string{"head", "a", "b", "figure", "value_a", "value_b", "difference", "low", "high", "p"}, rows, d.style)
	}
	for _, some := range Together(all) {
		if len(some) > 1 {
			d.heading(2, OverviewTitle(some))
			d.table(Overview(some))
		}
	}
	for _, c := range all {
		d.comparison(c)
	}
	return d.flush(w)
}

func (d *document) comparisonsJSON(w io.Writer, all []Comparison) error {
	var out bytes.Buffer
	list := make([]named, len(all))
	for i, c := range all {
		list[i] = named{[]string{c.A, c.B}, c.Comparison}
		if d.style == JSONL {
			text, err := marshal(list[i])
			if err != nil {
				return err
			}
			out.Write(append(text, '\n'))
		}
	}
	if d.style == JSON {
		var text []byte
		var err error
		if len(list) == 1 {
			text, err = marshal(list[0])
		} else {
			text, err = marshal(list)
		}
		if err != nil {
			return err
		}
		if err := json.Indent(&out, text, "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Together cuts comparisons into runs of one head and one model A.
func Together(all []Comparison) [][]Comparison {
	var out [][]Comparison
	for i, c := range all {
		if i == 0 || c.A != all[i-1].A || c.Head != all[i-1].Head {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

// OverviewTitle is the title of an Overview.
func OverviewTitle(all []Comparison) string {
	title := fmt.Sprintf("%d models on %d texts", len(all)+1, all[0].N)
	if head := all[0].Head; head != "" {
		title = head + ": " + title
	}
	return title
}

// Overview is a table, for Table, that compares several models with one, the A of
// all comparisons. It panics if there are none.
func Overview(all []Comparison) (header []string, rows [][]any) {
	a := all[0].A
	first := &all[0].ScoresA
	rows = [][]any{{a, first.Accuracy, first.MacroF1, first.LogLoss, nil, nil}}
	for _, c := range all {
		b := &c.ScoresB
		row := []any{c.B, b.Accuracy, b.MacroF1, b.LogLoss, nil, Level(c.McNemar.Exact)}
		if f, err := c.Metric("accuracy"); err == nil {
			row[4] = fmt.Sprintf("%+.4f %s", f.Diff, span(f.Interval))
		}
		rows = append(rows, row)
	}
	return []string{"", "accuracy", "macro f1", "log loss", "accuracy against " + a, "McNemar's p"}, rows
}

// Level is a p-value as a cell of a Table: none is 0.
func Level(p float64) any {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return p
}

func (d *document) comparison(c Comparison) {
	title := fmt.Sprintf("%s against %s: %d texts", c.B, c.A, c.N)
	if c.Head != "" {
		title = c.Head + ": " + title
	}
	d.heading(2, title)
	var rows [][]any
	for _, f := range c.Differences {
		if strings.HasPrefix(f.Metric, "micro_") || d.brief && !slices.Contains(headlines, f.Metric) {
			continue
		}
		rows = append(rows, []any{strings.ReplaceAll(f.Metric, "_", " "), f.A, f.B, f.Diff, span(f.Interval), Level(f.P)})
	}
	d.table([]string{"figure", c.A, c.B, "difference", fmt.Sprintf("%g %% interval", 100*c.Level), "p"}, rows)
	d.table([]string{"", c.B + " right", c.B + " wrong"}, [][]any{
		{c.A + " right", c.BothRight, c.OnlyA},
		{c.A + " wrong", c.OnlyB, c.BothWrong},
	})
	d.table([]string{"McNemar's test", "p"}, [][]any{
		{"exact", Level(c.McNemar.Exact)},
		{fmt.Sprintf("chi-squared %.3f, corrected", c.McNemar.Statistic), Level(c.McNemar.P)},
	})
	d.changes("wins", c.OnlyB, c.A, c.B, c.Wins)
	d.changes("regressions", c.OnlyA, c.A, c.B, c.Regressions)
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
