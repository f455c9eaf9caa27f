package answers

import (
	"io"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/report"
)

// NewWriter returns the writer of a style for the records that a model of those
// heads gives with the same options, which are valid. JSON and JSON lines have one
// object for each text, all other styles a row, and a row for each of its sentences.
// HTML is a whole page, with plots of how many texts have each label.
func NewWriter(w io.Writer, style report.Style, heads []classify.Head, o Options) answer.Writer {
	heads = o.Pick(heads)
	var out answer.Writer
	switch {
	case o.Summary:
		return newSummary(w, style, heads, o)
	case style == report.JSONL || style == report.JSON:
		out = answer.NewWriter(w, heads, o.Options, style == report.JSON)
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
