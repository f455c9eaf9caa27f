package embed

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/vocab"
)

// WriteText writes the vectors of v's known tokens, in ID order, in the format
// Word2VecText, which Read reads back to the same numbers. t has a row for each
// ID of v. Tokens with a space, a tab or the end of a line have no place in the
// format and are left out. The errors are w's, and those about vectors that are
// not finite and a vocabulary that is not t's.
func (t *Table) WriteText(w io.Writer, v *vocab.Vocabulary) error {
	if t.Rows() != v.Len() {
		return fmt.Errorf("embed: a table of %d rows, the vocabulary has %d", t.Rows(), v.Len())
	}
	fits := func(token string) bool { return !strings.ContainsAny(token, " \t\n\r") }
	rows := 0
	for _, token := range v.All() {
		if fits(token) {
			rows++
		}
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%d %d\n", rows, t.Dim())
	scratch := make([]float32, t.Dim())
	var line []byte
	for id, token := range v.All() {
		if !fits(token) {
			continue
		}
		line = append(line[:0], token...)
		for i, x := range t.row(scratch, id) {
			if x-x != 0 {
				return fmt.Errorf("embed: vector of %q, number %d: %w: %v", token, i+1, ErrNotFinite, x)
			}
			line = strconv.AppendFloat(append(line, ' '), float64(x), 'g', -1, 32)
		}
		if _, err := b.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return b.Flush()
}
