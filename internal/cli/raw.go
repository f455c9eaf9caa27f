package cli

import (
	"bytes"
	"io"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/textlstm/textlstm/report"
)

// Raw is the standard output of text that is written as it is, such as the rows of a
// corpus or translations. What a terminal would obey in it does not reach one: there it is
// as report.Clean leaves it, but for tabs and line ends.
func Raw(cmd *cobra.Command) io.Writer {
	out := cmd.OutOrStdout()
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &cleaner{w: out}
	}
	return out
}

// A cleaner writes to a terminal.
type cleaner struct {
	w    io.Writer
	rest []byte // the beginning of a character that the next write goes on with
}

func (c *cleaner) Write(p []byte) (int, error) {
	text := append(c.rest, p...)
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= n
			}
			break
		}
	}
	var clean []byte
	for rest := text[:whole]; len(rest) > 0; {
		end := bytes.IndexAny(rest, "\t\n")
		if end < 0 {
			clean = append(clean, report.Clean(string(rest))...)
			break
		}
		clean = append(append(clean, report.Clean(string(rest[:end]))...), rest[end])
		rest = rest[end+1:]
	}
	c.rest = bytes.Clone(text[whole:])
	if _, err := c.w.Write(clean); err != nil {
		return 0, err
	}
	return len(p), nil
}
