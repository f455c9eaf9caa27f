package answer

import (
	"io"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/report"
)

// A Writer prints one record for each text. It is for one goroutine.
type Writer interface {
	Write(r *Record) error

	// Flush prints the records so far, for readers who are not to wait for the next
	// ones. Columns that are aligned are so among the records between two flushes;
	// a page of HTML and a table of LaTeX come as a whole, with Close.
	Flush() error

	// Close prints what comes after the last record; it closes nothing else.
	Close() error
}

// NewWriter returns the writer of a style for the records that a model of those
// heads gives with the same options, which are valid. JSON and JSON lines have one
// object for each text, all other styles a row, and a row for each of its sentences.
// HTML is a whole page, with plots of how many texts have each label.
func NewWriter(w io.Writer, style report.Style, heads []classify.Head, o Options) Writer {
	heads = o.pick(heads)
	var out Writer
	switch {
	case o.Summary:
		return newSummary(w, style, heads, o)
	case style == report.JSONL || style == report.JSON:
		out = &jsonWriter{w: w, heads: heads, o: o, array: style == report.JSON}
	default:
		t := &tableWriter{w: w, style: style, heads: heads, o: o}
		if style == report.HTML {
			t.counts = newSummary(w, style, heads, o)
		}
		out = t
	}
	if o.Sort != "" {
		by, _ := o.order(heads) // as Validate has found
		return &sorter{out: out, by: by, most: o.Top}
	}
	return out
}
