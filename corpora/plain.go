package corpora

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// lineRows reads plain text, one example per line, blank lines too.
type lineRows struct {
	*file
	lines *lineReader
}

func (t *lineRows) next(ex *Example) error {
	line, err := t.line(t.lines)
	if err != nil {
		return err
	}
	ex.ID, ex.Line, ex.Text, ex.Labels = t.rowID(), t.at, string(line), t.slot()
	return nil
}

// documentRow reads plain text as one example.
type documentRow struct {
	*file
	src  io.Reader
	done bool
}

func (t *documentRow) next(ex *Example) error {
	if t.done {
		return io.EOF
	}
	t.done = true
	text, err := readDocument(t.src, t.opts.Limits.RecordBytes)
	if err != nil {
		return &ParseError{File: t.name, Refused: errors.Is(err, ErrTooLong), Err: err}
	}
	ex.ID, ex.Text, ex.Labels = t.name, text, t.slot()
	return nil
}

// readDocument reads a text of at most max bytes.
func readDocument(src io.Reader, max int) (string, error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(src, int64(max)+1))
	if err != nil {
		return "", err
	}
	if n > int64(max) {
		return "", fmt.Errorf("document of more than %d bytes: %w", max, ErrTooLong)
	}
	return b.String(), nil
}

const fastTextPrefix = "__label__"

// fastTextRows reads lines of labels and text as fastText does: words that begin
// with __label__ are labels, wherever they stand; the rest is the text.
type fastTextRows struct {
	*file
	lines *lineReader
}

// add adds the label that word is to the cell.
func (t *fastTextRows) add(word []byte) {
	if len(t.cell) > len(setMark) {
		t.cell = append(t.cell, DefaultSeparator...)
	}
	t.cell = append(t.cell, word[len(fastTextPrefix):]...)
}

func (t *fastTextRows) next(ex *Example) error {
	for {
		line, err := t.line(t.lines)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			t.blank()
			continue
		}
		if t.opts.Keep {
			ex.Fields = []Field{{Name: "text", Value: t.file.text(line)}}
		}
		t.cell = append(t.cell[:0], setMark...)
		for bytes.HasPrefix(line, []byte(fastTextPrefix)) {
			end := bytes.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			t.add(line[:end])
			line = bytes.TrimLeft(line[end:], " \t")
		}
		if bytes.Contains(line, []byte(fastTextPrefix)) { // labels behind words
			var words [][]byte
			for _, w := range bytes.Fields(line) {
				if bytes.HasPrefix(w, []byte(fastTextPrefix)) {
					t.add(w)
				} else {
					words = append(words, w)
				}
			}
			line = bytes.Join(words, []byte(" "))
		}
		if len(t.cell) == len(setMark) {
			t.cell = t.cell[:0] // no label, not an empty set
		}
		ex.Labels = t.slot()
		if ex.Labels[0], err = t.label(0, t.cell); err != nil {
			return t.rowError(err)
		}
		ex.ID, ex.Line, ex.Text = t.rowID(), t.at, string(line)
		return nil
	}
}

// rowError refuses a row for err, unless err ends the reading.
func (f *file) rowError(err error) error {
	if pe, ok := err.(*ParseError); ok {
		return pe
	}
	return f.refuse(0, err)
}
