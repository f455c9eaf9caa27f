// Package studies renders what runs over many models or many texts have found, in the
// styles of package report: checklists, cross-validations with folds or groups of
// texts, and searches for settings; and what a model is made of.
package studies

import (
	"encoding/json"
	"io"

	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/report"
)

// writeJSON prints v as JSON, or as one line of it.
func writeJSON(w io.Writer, style report.Style, v any) error {
	if style == report.JSON {
		return report.WriteJSON(w, v)
	}
	e := json.NewEncoder(escape.Writer(w))
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// forPeople says whether a style is read by eye.
func forPeople(style report.Style) bool {
	return style == report.Text || style == report.Markdown || style == report.HTML || style == report.LaTeX
}
