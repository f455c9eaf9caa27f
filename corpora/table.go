package corpora

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// tableRows reads TSV and CSV: fields between delimiters, perhaps in quotes.
type tableRows struct {
	*file
	lines  *lineReader
	delim  byte
	quote  byte // 0: none
	spaces bool // there may be a space before a quote

	fields  [][]byte
	spans   []span // of the fields, in the record or in scratch
	scratch []byte
	length  int   // of the record in the stream, set by split
	rescan  int64 // bytes that may still be read twice

	cols columns
	n    int // columns in every row
}

func (f *file) newTable(lines *lineReader, format Format) (rows, error) {
	t := &tableRows{file: f, lines: lines}
	fail := func(err error) error {
		return &ParseError{File: f.name, Line: lines.line, Offset: lines.offset, Err: err}
	}
	for { // blank lines before the header
		end, next, err := lines.ahead(0)
		if err != nil || len(bytes.TrimSpace(lines.at(0, end))) > 0 {
			break
		}
		lines.take(next, 1)
		t.records++
		t.blank()
	}
	if err := t.sniff(format); err != nil {
		return nil, fail(err)
	}
	n, column, err := t.split()
	if err == io.EOF {
		err = fmt.Errorf("the file is empty, want a header: %w", ErrColumns)
	}
	if err != nil {
		err = fail(err)
		err.(*ParseError).Column = column
		return nil, err
	}
	if len(t.fields) > maxColumns {
		return nil, fail(fmt.Errorf("%d columns, want at most %d: %w", len(t.fields), maxColumns, ErrTooLarge))
	}
	first := make([]string, len(t.fields))
	for i, f := range t.fields {
		first[i] = strings.TrimSpace(string(f))
	}
	t.n = len(first)
	if hasHeader, err := t.findColumns(first); err != nil {
		return nil, fail(err)
	} else if hasHeader {
		lines.take(t.length, n)
	}
	return t, nil
}

// findColumns finds the columns by the first record, and says whether that is a
// header.
func (t *tableRows) findColumns(first []string) (hasHeader bool, err error) {
	o := &t.opts
	headerless := o.NoHeader
	if !headerless && len(o.TextColumns) == 0 && len(o.Heads) == 0 && findColumn(first, defaultTextColumns) < 0 && len(first) > 1 {
		// Where nothing was said of the file, a first record in the manner of AG News, a
		// number and then text, is a row.
		if _, err := strconv.Atoi(first[0]); err == nil {
			headerless = true
			t.guess("header", "none")
		}
	}
	t.header = first
	if headerless {
		t.header = make([]string, len(first))
		for i := range t.header {
			t.header[i] = strconv.Itoa(i + 1)
		}
	}
	if t.cols, err = o.resolve(t.header, false); err != nil {
		if t.n == 1 {
			err = fmt.Errorf("with %s as delimiter (--delimiter): %w", delimiterName(t.delim), err)
		}
		return false, err
	}
	rows := t.sample(t.delim, t.quote)
	switch {
	case headerless:
		err = t.numberColumns(first, rows)
	case len(t.cols.text) == 0:
		err = fmt.Errorf("no text column; with %s as delimiter the columns are %s: name it (--text-col), say that there is no header (--no-header) or what parts the fields (--delimiter): %w",
			delimiterName(t.delim), quoteList(first), ErrColumns)
	case t.cols.numbered && looksLikeRow(rows, &t.cols):
		err = fmt.Errorf("columns are given by number, and the first line looks like a row, not a header: %s: say that there is no header (--no-header), or name the columns: %w", quoteList(first), ErrColumns)
	}
	if err != nil {
		return false, err
	}
	t.labelled = slices.ContainsFunc(t.cols.labels, func(l labelColumn) bool { return l.at != nil })
	if o.Labelled && !t.labelled {
		return false, o.noLabels(t.header)
	}
	t.guessColumns(&t.cols, t.header)
	return !headerless, nil
}

// numberColumns finds the columns of a file without header that no option names:
// the first is the label, the others the text.
func (t *tableRows) numberColumns(first []string, rows [][]field) error {
	c := &t.cols
	if len(t.opts.Heads) == 0 && t.n > 1 && !slices.Contains(c.text, 0) {
		c.labels[0].at = []int{0}
	}
	if len(c.text) > 0 {
		return nil
	}
	for i := range t.n {
		isLabel := slices.ContainsFunc(c.labels, func(l labelColumn) bool { return slices.Contains(l.at, i) })
		if !isLabel && i != c.id && i != c.weight {
			c.text = append(c.text, i)
		}
	}
	if len(c.text) == 0 {
		return fmt.Errorf("%d columns and none is left for the text: %w", t.n, ErrColumns)
	}
	if len(t.opts.Heads) > 0 { // which column is the label is known, so it is safe to leave out what is no text
		if texts := prose(rows, c.text); len(texts) > 0 {
			c.text = texts
		}
	}
	if len(c.text) > 1 && !alike(rows, c.text) {
		return fmt.Errorf("without a header each of the columns %s could be the text, and one of them the label; the first row is %s: say which (--no-header --text-col N --label-col N): %w",
			numberList(c.text), quoteList(first), ErrColumns)
	}
	return nil
}

// numberList names columns by their numbers.
func numberList(at []int) string {
	var b strings.Builder
	for i, at := range at {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(at + 1))
	}
	return b.String()
}

func (t *tableRows) next(ex *Example) error {
	for {
		l := t.lines
		t.begin(l.line, l.offset)
		n, column, err := t.split()
		switch {
		case err == ErrTooLong:
			l.skip()
			return t.refuse(column, fmt.Errorf("%w: more than %d bytes", err, l.max))
		case isSentinel(err):
			l.take(t.length, n)
			return t.refuse(column, err)
		case err != nil:
			return t.broken(l, err)
		}
		l.take(t.length, n)
		if len(t.fields) == 1 && len(t.fields[0]) == 0 && t.n > 1 {
			t.blank()
			continue
		}
		if len(t.fields) != t.n {
			return t.refuse(column, fmt.Errorf("%d columns, want %d: %w", len(t.fields), t.n, ErrColumns))
		}
		if err := t.example(ex, &t.cols, t.fields); err != nil {
			return t.rowError(err)
		}
		if t.opts.Keep {
			ex.Fields = t.cells(t.fields)
		}
		return nil
	}
}

// A span is a field's place in the record, or in scratch if it was quoted.
type span struct {
	from, to int
	quoted   bool
}

// rescanGrace is what may be read twice, on top of twice the file so far, to go
// on behind a quote that is never closed.
const rescanGrace = 16 << 20

// split finds the fields of the record at the position, which may take several
// lines. Quotes inside a field that does not begin with one are ordinary. It
// returns the number of lines and the column of a fault.
//
// A record with a fault ends at its first line, so that a stray quote costs one
// row and not the rest of the file; but where this would make the time more
// than linear, it ends where the fault is.
func (t *tableRows) split() (lines, column int, err error) {
	t.spans, t.scratch = t.spans[:0], t.scratch[:0]
	end, next, err := t.lines.ahead(0)
	if err != nil {
		return 0, 0, err
	}
	firstEnd := next
	lines = 1
	p, lineStart := 0, 0
	rec := t.lines.at(0, end)
	fault := func(col int, err error) (int, int, error) {
		t.length = next
		if lines > 1 {
			if t.rescan -= int64(next); t.rescan+2*t.lines.offset+rescanGrace >= 0 {
				t.length, lines = firstEnd, 1
			}
		}
		return lines, col, err
	}
	for {
		if t.spaces {
			for p < len(rec) && rec[p] == ' ' {
				p++
			}
		}
		if t.quote != 0 && p < len(rec) && rec[p] == t.quote {
			open, openLine, start := p-lineStart+1, t.lines.line+lines-1, len(t.scratch)
			p++
			for {
				i := bytes.IndexByte(rec[p:], t.quote)
				if i >= 0 {
					t.scratch = append(t.scratch, rec[p:p+i]...)
					p += i + 1
					if p < len(rec) && rec[p] == t.quote {
						t.scratch = append(t.scratch, t.quote)
						p++
						continue
					}
					break
				}
				t.scratch = append(t.scratch, t.lines.at(p, next)...) // with its line end
				p, lineStart = next, next
				end, after, err := t.lines.ahead(next)
				switch {
				case err == ErrTooLong, err == io.EOF:
					return fault(open, fmt.Errorf("the quote that opens at %d:%d is not closed within the %d bytes of a row or the file: %w", openLine, open, t.lines.max, ErrQuote))
				case err != nil:
					return 0, 0, err
				}
				next = after
				rec = t.lines.at(0, end)
				lines++
			}
			t.spans = append(t.spans, span{start, len(t.scratch), true})
			if p == len(rec) {
				break
			}
			if rec[p] != t.delim {
				return fault(p-lineStart+1, fmt.Errorf("%q after a closing quote: %w", rec[p], ErrQuote))
			}
			p++
			continue
		}
		i := bytes.IndexByte(rec[p:], t.delim)
		if i < 0 {
			t.spans = append(t.spans, span{p, len(rec), false})
			break
		}
		t.spans = append(t.spans, span{p, p + i, false})
		p += i + 1
	}
	t.setFields(rec)
	t.length = next
	return lines, 0, nil
}

// setFields finds the fields at their spans, once the record and scratch have
// stopped moving.
func (t *tableRows) setFields(rec []byte) {
	t.fields = t.fields[:0]
	for _, s := range t.spans {
		from := rec
		if s.quoted {
			from = t.scratch
		}
		t.fields = append(t.fields, from[s.from:s.to])
	}
}

// isSentinel reports whether err is about the content of one row.
func isSentinel(err error) bool {
	for err != nil {
		if _, ok := err.(sentinel); ok {
			return err != ErrEncoding && err != ErrTooLarge
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}
