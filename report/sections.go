package report

import (
	"encoding/json"
	"io"

	"github.com/textlstm/textlstm/internal/escape"
)

// A Section is a table with a title.
type Section struct {
	Title  string
	Header []string
	Rows   [][]any
}

// WriteSections renders sections as Text, Markdown or LaTeX, without those that have no rows.
func WriteSections(w io.Writer, style Style, sections ...Section) error {
	first := true
	for _, s := range sections {
		if len(s.Rows) == 0 {
			continue
		}
		heading := Clean(s.Title) + "\n"
		if style == Markdown {
			heading = "## " + escapeMarkdown(Clean(s.Title)) + "\n\n"
		}
		if style == LaTeX {
			heading = "\\section*{" + escapeLaTeX(Clean(s.Title)) + "}\n\n"
		}
		if !first {
			heading = "\n" + heading
		}
		first = false
		if _, err := io.WriteString(w, heading); err != nil {
			return err
		}
		if err := Table(w, s.Header, s.Rows, style); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON prints v as indented JSON. The text in it is unchanged; what a terminal would
// obey is escaped.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(escape.Writer(w))
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
