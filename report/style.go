package report

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Style is a form of output.
type Style string

// The styles.
const (
	Text     Style = "table" // aligned columns for a terminal; control characters replaced
	Markdown Style = "md"    // GitHub's tables; control characters replaced, markup escaped
	CSV      Style = "csv"   // RFC 4180 with \n line ends; control characters but \n replaced; an apostrophe before what a spreadsheet would run
	TSV      Style = "tsv"   // one line per row: tabs and line ends in cells become spaces
	JSON     Style = "json"  // one document, the text unchanged, escaped where a terminal would obey it
	JSONL    Style = "jsonl" // one JSON object per line, the text as in JSON
	HTML     Style = "html"  // a fragment of elements, escaped
	LaTeX    Style = "latex" // tabular environments for the package booktabs; control characters replaced, markup escaped
)

// Styles lists the styles in the order of their constants.
func Styles() []Style { return []Style{Text, Markdown, CSV, TSV, JSON, JSONL, HTML, LaTeX} }

// ParseStyle returns the style of that name, "markdown" being "md" and "tex" being "latex".
// An unknown name is an error that lists the known ones.
func ParseStyle(name string) (Style, error) {
	s := Style(strings.ToLower(name))
	switch s {
	case "markdown":
		return Markdown, nil
	case "tex":
		return LaTeX, nil
	}
	if !slices.Contains(Styles(), s) {
		return "", fmt.Errorf("report: no style %q, want one of %q", name, Styles())
	}
	return s, nil
}

// Clean makes text safe to print on one line of a terminal: control characters
// (escape sequences, line ends, C1 codes) become spaces, invalid bytes U+FFFD,
// characters that change the direction of the text around them are dropped.
func Clean(s string) string { return clean(s, false) }

func clean(s string, keepLines bool) string {
	if strings.IndexFunc(s, suspicious) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && keepLines:
			return r
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case suspicious(r):
			return ' '
		}
		return r
	}, s)
}

// suspicious reports whether r may do more than print. An invalid byte, which may
// be a C1 code to a terminal, arrives as U+FFFD and is one in the string alone.
func suspicious(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// escapeLaTeX escapes text for a paragraph or a cell.
func escapeLaTeX(s string) string {
	return strings.NewReplacer(
		`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
		"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "<", `\textless{}`, ">", `\textgreater{}`, "|", `\textbar{}`,
	).Replace(s)
}

// escapeHTML escapes text for the content of an element.
func escapeHTML(s string) string { return html.EscapeString(s) }
