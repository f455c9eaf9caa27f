package answer

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/report"
)

// A tableWriter prints a table: CSV and TSV as the records come, the styles
// whose columns are aligned when all are there or Flush is called.
type tableWriter struct {
	w      io.Writer
	style  report.Style
	heads  []classify.Head
	names  Naming
	parts  bool // a column for the text of sentences
	words  bool // a column for the words that weigh most, by head
	rows   [][]any
	headed bool // the header is out
}

func (t *tableWriter) Write(r *Record) error {
	t.add(r.ID, r.Prediction, "", r.Words)
	for i, s := range r.Sentences {
		t.add(fmt.Sprintf("%s#%d", r.ID, i+1), s.Prediction, s.Text, nil)
	}
	const some = 256
	if len(t.rows) >= some && (t.style == report.CSV || t.style == report.TSV) {
		return t.print()
	}
	return nil
}

// add appends a row; text is that of a sentence, words are by head.
func (t *tableWriter) add(id string, p classify.Prediction, text string, words [][]explain.Word) {
	row := []any{id}
	for h, s := range p.Scores {
		row = append(row, t.names.cells(&t.heads[h], s)...)
		if t.words {
			var list []string
			if words != nil {
				for _, w := range words[h] {
					list = append(list, fmt.Sprintf("%s %+.2f", w.Text, w.Score))
				}
			}
			row = append(row, strings.Join(list, ", "))
		}
	}
	row = append(row, p.Tokens, p.Unknown)
	if t.parts {
		if t.style != report.CSV && t.style != report.TSV {
			text = report.Excerpt(text, 60)
		}
		row = append(row, text)
	}
	t.rows = append(t.rows, row)
}

func (t *tableWriter) Flush() error {
	if len(t.rows) == 0 || t.style == report.HTML {
		return nil
	}
	return t.print()
}

func (t *tableWriter) Close() error {
	if t.headed && len(t.rows) == 0 {
		return nil
	}
	return t.print()
}

// print prints the rows so far, under the header if they are the first.
func (t *tableWriter) print() error {
	header := []string{"id"}
	for h := range t.heads {
		header = append(header, columns(&t.heads[h])...)
		if t.words {
			header = append(header, t.heads[h].Name+"_words")
		}
	}
	header = append(header, "tokens", "unknown")
	if t.parts {
		header = append(header, "sentence")
	}
	var b bytes.Buffer
	if err := report.Table(&b, header, t.rows, t.style); err != nil {
		return err
	}
	out := b.Bytes()
	if t.headed {
		_, out, _ = bytes.Cut(out, []byte{'\n'})
		if t.style == report.Markdown { // a line below the header
			_, out, _ = bytes.Cut(out, []byte{'\n'})
		}
	}
	t.headed, t.rows = true, t.rows[:0]
	_, err := t.w.Write(out)
	return err
}
