package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/report"
)

// A Writer prints explanations as they come in one of the forms of output. It is for one
// goroutine. Close prints what comes after the last one; it closes nothing else.
type Writer struct {
	// Title is that of a page, "Explanations" unless it is changed.
	Title string

	// Top is how many words and n-grams the tables list, those of the largest parts: 10
	// unless it is changed, all if it is negative.
	Top int

	// Color marks words in the colours of a terminal rather than with signs.
	Color bool

	w      io.Writer
	output string
	n      int
	held   []*Explanation // for a page
	rows   [][]any        // for csv and tsv
}

// Outputs are the forms that a Writer knows: a table of the words of each text, the text
// with its words marked, JSON, JSON lines, a table of all words in CSV or TSV, or a page.
func Outputs() []string { return []string{"table", "text", "json", "jsonl", "csv", "tsv", "html"} }

// NewWriter returns a writer in one of Outputs.
func NewWriter(w io.Writer, output string) (*Writer, error) {
	if !slices.Contains(Outputs(), output) {
		return nil, fmt.Errorf("explain: no output %q, want one of %s", output, strings.Join(Outputs(), ", "))
	}
	return &Writer{w: w, output: output, Title: "Explanations", Top: 10}, nil
}

// Write prints one explanation.
func (e *Writer) Write(x *Explanation) error {
	first := e.n == 0
	e.n++
	switch e.output {
	case "html":
		e.held = append(e.held, x)
	case "csv", "tsv":
		e.rows = append(e.rows, x.WordRows()...)
	case "text":
		_, err := fmt.Fprintln(e.w, x.Mark(e.Color))
		return err
	case "table":
		if !first {
			if _, err := fmt.Fprintln(e.w); err != nil {
				return err
			}
		}
		return x.WriteTable(e.w, e.Top, e.Color)
	default:
		b, err := json.Marshal(x)
		if err != nil {
			return err
		}
		before, after := "", "\n"
		if e.output == "json" {
			before, after = ",\n", ""
			if first {
				before = "[\n"
			}
		}
		_, err = fmt.Fprintf(e.w, "%s%s%s", before, escape.JSON(b), after)
		return err
	}
	return nil
}

// Close prints what comes after the last explanation.
func (e *Writer) Close() error {
	switch e.output {
	case "html":
		return WriteHTML(e.w, e.Title, e.held)
	case "csv", "tsv":
		return report.Table(e.w, WordHeader(), e.rows, report.Style(e.output))
	case "json":
		end := "\n]\n"
		if e.n == 0 {
			end = "[]\n"
		}
		_, err := io.WriteString(e.w, end)
		return err
	}
	return nil
}
