// Package answers writes the answers of a model, of package
// [github.com/textlstm/textlstm/classify/answer], as JSON, JSON lines, CSV, TSV,
// Markdown, LaTeX, an aligned table or a page of HTML, sorted or counted if that is
// wanted, and answers the rows of files.
package answers
