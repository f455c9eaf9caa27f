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
	// an HTML table comes as a whole, with Close.
	Flush() error

	// Close prints what comes after the last record; it closes nothing else.
	Close() error
}

// NewWriter returns the writer of a style for the records that a model of those
// heads gives with the same options. JSON and JSON lines have one object for each
// text, all other styles a row, and a row for each of its sentences.
func NewWriter(w io.Writer, style report.Style, heads []classify.Head, o Options) Writer {
	if style == report.JSONL || style == report.JSON {
		return &jsonWriter{w: w, heads: heads, names: o.Naming, parts: o.Sentences, array: style == report.JSON}
	}
	return &tableWriter{w: w, style: style, heads: heads, names: o.Naming, parts: o.Sentences, words: o.Explainer != nil}
}
