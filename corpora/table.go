package corpora

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The names by which columns are found, the better ones first.
var (
	defaultTextColumns  = []string{"text", "sentence", "review", "content", "body", "message", "tweet", "comment", "document", "phrase", "description"}
	defaultLabelColumns = []string{"label", "labels", "sentiment", "category", "class", "topic", "target", "polarity"}
)

// findColumn returns the first of the fields, in any case, that the earliest
// possible name names, or -1.
func findColumn(fields, names []string) int {
	for _, name := range names {
		for i, f := range fields {
			if strings.EqualFold(strings.TrimSpace(f), name) {
				return i
			}
		}
	}
	return -1
}

// columns are the indices of the columns of a table; -1 is absent.
type columns struct {
	text   []int
	labels []int // per head
	id     int
	weight int
	n      int // columns in every row, 0 where rows may differ
}

// columnIndex finds a column by its exact name, its name in another case or its
// number from 1.
func columnIndex(header []string, name string) int {
	if i := slices.Index(header, name); i >= 0 {
		return i
	}
	if i := findColumn(header, []string{name}); i >= 0 {
		return i
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(header) {
		return n - 1
	}
	return -1
}

// resolve finds the columns that the options ask for in a header.
func (o *Options) resolve(header []string) (columns, error) {
	c := columns{id: -1, weight: -1, n: len(header), labels: make([]int, len(o.heads()))}
	missing := func(name string) error {
		return fmt.Errorf("no column %q, the columns are %s: %w", name, quoteList(header), ErrColumns)
	}
	for _, name := range o.TextColumns {
		i := columnIndex(header, name)
		if i < 0 {
			return c, missing(name)
		}
		c.text = append(c.text, i)
	}
	if len(o.TextColumns) == 0 {
		if i := findColumn(header, defaultTextColumns); i >= 0 {
			c.text = []int{i}
		}
	}
	found := 0
	for h := range c.labels {
		if len(o.Heads) > 0 {
			c.labels[h] = columnIndex(header, o.Heads[h].Column)
		} else {
			c.labels[h] = findColumn(header, defaultLabelColumns)
		}
		if c.labels[h] >= 0 {
			found++
		}
	}
	if len(o.Heads) > 0 && found == 0 && !o.Unlabelled {
		var names []string
		for _, h := range o.Heads {
			names = append(names, h.Column)
		}
		return c, fmt.Errorf("none of the label columns %s, the columns are %s: %w", quoteList(names), quoteList(header), ErrColumns)
	}
	for _, col := range []struct {
		name, def string
		index     *int
	}{{o.IDColumn, "id", &c.id}, {o.WeightColumn, "", &c.weight}} {
		switch {
		case col.name != "":
			if *col.index = columnIndex(header, col.name); *col.index < 0 {
				return c, missing(col.name)
			}
		case col.def != "":
			*col.index = findColumn(header, []string{col.def})
		}
	}
	return c, nil
}

// quoteList names at most ten columns.
func quoteList(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if len(n) > 40 {
			n = n[:40]
		}
		fmt.Fprintf(&b, "%q", strings.ToValidUTF8(n, ""))
	}
	return b.String()
}

// tableRows reads TSV and CSV.
type tableRows struct {
	*file
	lines   *lineReader
	split   func(*tableRows) (lines int, column int, err error) // of the record at the position, into fields
	comma   byte
	fields  [][]byte
	spans   []span // CSV: of the fields, in the record or in scratch
	scratch []byte
	length  int   // of the record in the stream, set by split
	rescan  int64 // CSV: bytes that may still be read twice

	cols   columns
	cells  [][]byte
	joined []byte
}

func (f *file) newTable(lines *lineReader, format Format) (rows, error) {
	t := &tableRows{file: f, lines: lines, split: (*tableRows).splitTSV, comma: '\t'}
	if format == CSV {
		t.split, t.comma = (*tableRows).splitCSV, ','
		if end, _, err := lines.ahead(0); err == nil {
			if head := lines.at(0, end); bytes.IndexByte(head, ',') < 0 && bytes.IndexByte(head, ';') >= 0 {
				t.comma = ';'
			}
		}
	}
	if err := t.readHeader(); err != nil {
		return nil, err
	}
	t.cells = make([][]byte, len(f.heads))
	return t, nil
}

// readHeader reads the first record and finds the columns.
func (t *tableRows) readHeader() error {
	for { // blank lines before the header
		end, next, err := t.lines.ahead(0)
		if err != nil || len(bytes.TrimSpace(t.lines.at(0, end))) > 0 {
			break
		}
		t.lines.take(next, 1)
		t.blank()
	}
	n, column, err := t.split(t)
	if err == io.EOF {
		err = fmt.Errorf("the file is empty, want a header: %w", ErrColumns)
	}
	if err != nil {
		return &ParseError{File: t.name, Line: t.lines.line, Column: column, Offset: t.lines.offset, Err: err}
	}
	header := make([]string, len(t.fields))
	for i, f := range t.fields {
		header[i] = strings.TrimSpace(string(f))
	}
	headerless := t.opts.NoHeader || t.looksHeaderless(header)
	if headerless {
		if err := t.numberColumns(len(header)); err != nil {
			return &ParseError{File: t.name, Line: t.lines.line, Err: err}
		}
		return nil
	}
	if t.cols, err = t.opts.resolve(header); err == nil && len(t.cols.text) == 0 {
		err = fmt.Errorf("no text column, the columns are %s: name one, or say that there is no header: %w", quoteList(header), ErrColumns)
	}
	if err != nil {
		return &ParseError{File: t.name, Line: t.lines.line, Err: err}
	}
	t.lines.take(t.length, n)
	return nil
}

// looksHeaderless reports whether the first record, of a file of which nothing
// was said, is a row in the manner of AG News: a number, then text.
func (t *tableRows) looksHeaderless(header []string) bool {
	o := &t.opts
	if len(o.TextColumns) > 0 || len(o.Heads) > 0 || findColumn(header, defaultTextColumns) >= 0 {
		return false
	}
	if _, err := strconv.Atoi(header[0]); err != nil || len(header) < 2 {
		return false
	}
	t.note("the first line begins with a number: read without a header, label first")
	return true
}

// numberColumns finds the columns of a file without header by their numbers.
func (t *tableRows) numberColumns(n int) error {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	cols, err := t.opts.resolve(names)
	if err != nil {
		return err
	}
	if len(t.opts.Heads) == 0 && n > 1 && !slices.Contains(cols.text, 0) {
		cols.labels[0] = 0
	}
	if len(cols.text) == 0 {
		for i := range n {
			if !slices.Contains(cols.labels, i) && i != cols.id && i != cols.weight {
				cols.text = append(cols.text, i)
			}
		}
	}
	if len(cols.text) == 0 {
		return fmt.Errorf("%d columns and none is left for the text: %w", n, ErrColumns)
	}
	t.cols = cols
	return nil
}

// splitTSV finds the fields of the line at the position.
func (t *tableRows) splitTSV() (int, int, error) {
	end, next, err := t.lines.ahead(0)
	if err != nil {
		return 0, 0, err
	}
	t.length = next
	t.fields = t.fields[:0]
	line := t.lines.at(0, end)
	for {
		i := bytes.IndexByte(line, '\t')
		if i < 0 {
			break
		}
		t.fields = append(t.fields, line[:i])
		line = line[i+1:]
	}
	t.fields = append(t.fields, line)
	return 1, 0, nil
}

func (t *tableRows) next(ex *Example) error {
	for {
		n, column, err := t.split(t)
		l := t.lines
		line, offset := l.line, l.offset
		switch {
		case err == ErrTooLong:
			l.skip()
			return t.refuse(line, column, offset, fmt.Errorf("%w: more than %d bytes", err, l.max))
		case isSentinel(err):
			l.take(t.length, n)
			return t.refuse(line, column, offset, err)
		case err != nil:
			return t.broken(l, err)
		}
		l.take(t.length, n)
		if len(t.fields) == 1 && len(t.fields[0]) == 0 && t.cols.n > 1 {
			t.blank()
			continue
		}
		if err := t.row(ex, line); err != nil {
			if pe, ok := err.(*ParseError); ok {
				return pe
			}
			return t.refuse(line, column, offset, err)
		}
		return nil
	}
}

// row makes an example of the fields.
func (t *tableRows) row(ex *Example, line int) error {
	c := &t.cols
	if len(t.fields) != c.n {
		return fmt.Errorf("%d columns, want %d: %w", len(t.fields), c.n, ErrColumns)
	}
	if len(c.text) == 1 {
		ex.Text = string(t.fields[c.text[0]])
	} else {
		t.joined = t.joined[:0]
		for _, i := range c.text {
			if part := bytes.TrimSpace(t.fields[i]); len(part) > 0 {
				if len(t.joined) > 0 {
					t.joined = append(t.joined, ' ')
				}
				t.joined = append(t.joined, part...)
			}
		}
		ex.Text = string(t.joined)
	}
	for h, i := range c.labels {
		t.cells[h] = nil
		if i >= 0 {
			t.cells[h] = t.fields[i]
		}
	}
	if _, err := t.setLabels(ex, t.cells); err != nil {
		return err
	}
	if c.weight >= 0 {
		w, err := parseWeight(string(t.fields[c.weight]))
		if err != nil {
			return err
		}
		ex.Weight = w
	}
	if c.id >= 0 {
		ex.ID = string(t.fields[c.id])
	} else {
		ex.ID = t.rowID(line)
	}
	return nil
}

// rowID names a row by its place.
func (f *file) rowID(line int) string {
	b := make([]byte, 0, len(f.name)+12)
	b = append(b, f.name...)
	b = append(b, ':')
	return string(strconv.AppendInt(b, int64(line), 10))
}

// parseWeight parses the weight of an example; an empty one is 1.
func parseWeight(s string) (float32, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 1, nil
	}
	w, err := strconv.ParseFloat(s, 32)
	if err != nil || math.IsInf(w, 0) || !(w > 0) {
		return 0, fmt.Errorf("weight %q is not a finite number above 0: %w", s, ErrSyntax)
	}
	return float32(w), nil
}
