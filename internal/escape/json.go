// Package escape writes JSON so that a terminal may show it: what a terminal would obey
// stands as \uXXXX, and the strings stay what they are.
package escape

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// JSON returns JSON text with the characters escaped that package encoding/json leaves
// as they are and a terminal obeys: DEL, the C1 controls (U+0080 to U+009F, among them
// the start of an escape sequence in one character), the line and paragraph separators
// and those that turn the direction of the text around them. Such characters stand in
// strings alone, so that the values are the same. It returns text itself if there are
// none.
func JSON(text []byte) []byte {
	at := bytes.IndexFunc(text, obeyed)
	if at < 0 {
		return text
	}
	out := append(make([]byte, 0, len(text)+64), text[:at]...)
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if obeyed(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, text[at:at+n]...)
		}
		at += n
	}
	return out
}

// obeyed says whether a terminal does something at r. White space between the values
// and the control characters that no JSON may hold are left as they are.
func obeyed(r rune) bool {
	return 0x7f <= r && (r <= 0x9f || r == '\u2028' || r == '\u2029' || r <= '\u2069' && unicode.Is(unicode.Bidi_Control, r))
}

// Writer returns a writer that writes JSON text to w, escaped. A character may not be
// split between two calls of Write, as a json.Encoder does not.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ w io.Writer }

// Write returns the length of p if all was written: the escapes do not count.
func (w writer) Write(p []byte) (int, error) {
	if n, err := w.w.Write(JSON(p)); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}
