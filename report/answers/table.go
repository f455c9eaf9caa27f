package answers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
)

// A tableWriter prints a table in pieces of some hundred rows, or fewer when Flush is called;
// columns are aligned within a piece. HTML and LaTeX come whole.
type tableWriter struct {
	w      io.Writer
	style  report.Style
	heads  []classify.Head
	o      Options
	kept   []string // the names of the fields
	rows   [][]any
	headed bool     // the header is out
	counts *summary // of the records, for a page
}

func (t *tableWriter) Write(r *answer.Record) error {
	if err := t.keep(r.Fields); err != nil {
		return err
	}
	if t.counts != nil {
		t.counts.Write(r) // which never fails
	}
	t.add(r.Fields, r.ID, r.Prediction, "", r.Words, r.Bad)
	for i, s := range r.Sentences {
		t.add(r.Fields, fmt.Sprintf("%s#%d", r.ID, i+1), s.Prediction, s.Text, nil, nil)
	}
	const some = 512
	if len(t.rows) < some {
		return nil
	}
	return t.Flush()
}

// machine says whether the style is for programs, who want all of a text.
func (t *tableWriter) machine() bool { return t.style == report.CSV || t.style == report.TSV }

// keep notes the names of the fields of the first text that has any; the others have no
// more, and those of a table have no fewer.
func (t *tableWriter) keep(fields []answer.Field) error {
	if !t.o.Keep || len(fields) == 0 {
		return nil
	}
	if t.kept == nil && !t.headed {
		for _, f := range fields {
			t.kept = append(t.kept, f.Name)
		}
	}
	same := func(f answer.Field, name string) bool { return f.Name == name }
	other := func(f answer.Field) bool { return !f.JSON || !slices.Contains(t.kept, f.Name) }
	if !slices.EqualFunc(fields, t.kept, same) && slices.ContainsFunc(fields, other) {
		return fmt.Errorf("answers: a text has other columns than those before it, %s: a table cannot keep both, JSON lines can: %w", strings.Join(t.kept, ", "), corpora.ErrData)
	}
	return nil
}

// add appends a row; text is that of a sentence, words are by head.
func (t *tableWriter) add(fields []answer.Field, id string, p classify.Prediction, text string, words [][]explain.Word, bad error) {
	var row []any
	if t.o.Keep {
		row = t.addFields(row, fields)
	} else {
		row = append(row, id)
	}
	for h := range t.heads {
		if head := &t.heads[h]; h < len(p.Scores) {
			row = append(row, t.o.cells(head, p.Scores[h], answer.Unlabelled(p, h))...)
		} else {
			row = append(row, make([]any, len(t.o.columns(head)))...)
		}
		if t.words() {
			var list []string
			if words != nil {
				for _, w := range words[h] {
					list = append(list, fmt.Sprintf("%s %+.2f", w.Text, w.Score))
				}
			}
			row = append(row, strings.Join(list, ", "))
		}
	}
	if bad != nil {
		row = append(row, nil, nil)
	} else {
		row = append(row, p.Tokens, p.Unknown)
	}
	if t.o.Sentences {
		if !t.machine() {
			text = report.Excerpt(text, 60)
		}
		row = append(row, text)
	}
	if t.o.Errors {
		why := ""
		if bad != nil {
			why = bad.Error()
		}
		row = append(row, why)
	}
	t.rows = append(t.rows, row)
}

func (t *tableWriter) words() bool { return t.o.Explainer != nil }

// addFields appends the cells of the fields that are kept.
func (t *tableWriter) addFields(row []any, fields []answer.Field) []any {
	for i, name := range t.kept {
		if i >= len(fields) || fields[i].Name != name {
			i = slices.IndexFunc(fields, func(f answer.Field) bool { return f.Name == name })
		}
		if i < 0 {
			row = append(row, nil)
		} else {
			row = append(row, t.field(fields[i]))
		}
	}
	return row
}

// field is the cell of a field that is kept.
func (t *tableWriter) field(f answer.Field) any {
	v := f.Value
	if f.JSON {
		var s string
		switch {
		case v == "null":
			return nil
		case json.Unmarshal([]byte(v), &s) == nil:
			v = s
		}
	}
	if !t.machine() {
		return report.Excerpt(v, 60)
	}
	return report.Verbatim(v)
}

func (t *tableWriter) Flush() error {
	if len(t.rows) == 0 || t.style == report.HTML || t.style == report.LaTeX {
		return nil
	}
	return t.print()
}

func (t *tableWriter) Close() error {
	switch {
	case t.style == report.HTML:
		texts := page.Section{Title: "Texts", Header: t.header(), Rows: t.rows}
		return page.Write(t.w, page.Page{Title: "Answers", Sections: []page.Section{{Title: "Labels", Bars: t.counts.bars()}, texts}})
	case t.headed && len(t.rows) == 0:
		return nil
	}
	return t.print()
}

// header names the columns.
func (t *tableWriter) header() []string {
	header := slices.Clone(t.kept)
	if !t.o.Keep {
		header = append(header, "id")
	}
	add := func(names ...string) {
		if slices.ContainsFunc(names, func(n string) bool { return slices.Contains(t.kept, n) }) {
			for i := range names {
				names[i] = answer.Predicted + names[i]
			}
		}
		header = append(header, names...)
	}
	for h := range t.heads {
		names := t.o.columns(&t.heads[h])
		if t.words() {
			names = append(names, t.heads[h].Name+"_words")
		}
		add(names...)
	}
	add("tokens")
	add("unknown")
	if t.o.Sentences {
		add("sentence")
	}
	if t.o.Errors {
		add("error")
	}
	return header
}

// print prints the rows so far, under the header if they are the first.
func (t *tableWriter) print() error {
	header := t.header()
	bare := t.headed && t.style == report.CSV // whose header may have several lines
	if bare {
		header = nil
	}
	var b bytes.Buffer
	if err := report.Table(&b, header, t.rows, t.style); err != nil {
		return err
	}
	out := b.Bytes()
	if t.headed && !bare {
		_, out, _ = bytes.Cut(out, []byte{'\n'})
		if t.style == report.Markdown { // a line below the header
			_, out, _ = bytes.Cut(out, []byte{'\n'})
		}
	}
	t.headed, t.rows = true, t.rows[:0]
	_, err := t.w.Write(out)
	return err
}

// columns are the names of the columns of a head.
func (o *Options) columns(head *classify.Head) []string {
	if !head.Labelled() {
		return []string{head.Name}
	}
	names := []string{head.Name, head.Name + "_prob"}
	if o.Probs {
		for _, l := range head.Labels {
			names = append(names, head.Name+"_prob_"+head.Spell(l))
		}
	}
	return names
}

// cells are the answer of a head in its columns; that for a blank text has neither label
// nor number. The labels of a multi-label head are one cell, beside the probability of the
// likeliest.
func (o *Options) cells(head *classify.Head, s classify.Score, blank bool) []any {
	switch {
	case !head.Labelled() && blank:
		return []any{nil}
	case !head.Labelled():
		return []any{strconv.FormatFloat(float64(s.Value), 'g', 7, 32)}
	}
	cells := []any{nil, nil}
	if !blank {
		cells = []any{strings.Join(o.Labels(head, s), ","), prob(s.Prob())}
	}
	if o.Probs {
		for c := range head.Labels {
			if s.Probs == nil {
				cells = append(cells, nil)
			} else {
				cells = append(cells, prob(s.Probs[c]))
			}
		}
	}
	return cells
}

func prob(p float32) string { return strconv.FormatFloat(float64(p), 'f', 4, 32) }
