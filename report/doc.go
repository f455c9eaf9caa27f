// Package report renders evaluations, and tables in general, as text for a
// terminal, Markdown, CSV, TSV, JSON or HTML.
//
// [Table] is the one table of all commands; [Write] renders evaluations. A page
// with plots is package page's, kept apart so that a program without plots does
// not link them.
//
// Cells may hold text from anywhere: control characters never reach a
// terminal, Markdown and HTML are escaped, and JSON keeps the text as it is (see
// [Clean] and [Style]).
//
// All functions may be called from any number of goroutines.
package report
