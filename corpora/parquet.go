package corpora

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/internal/parquet"
)

// The most bytes of pages that a Parquet file may have in memory, and three times
// its own size more: a page of an honest file is small, or the file is not; and
// what pages and values may come to before Limits.Ratio is asked for.
const (
	parquetMemory = 24 << 20
	parquetGrace  = 16 << 20
)

// parquetRows reads the text and label columns of a Parquet table. Only one
// page per column of the file is in memory.
type parquetRows struct {
	*file
	table *parquet.File
	cols  columns

	cursors []*parquetCursor // of the columns that are read
	left    int64            // rows of the group
	row     int
	fields  [][]byte // of the row, by column
}

// openParquet opens a Parquet table.
func (f *file) openParquet(br *bufio.Reader, disk *os.File, compression string) (rows, error) {
	src, size, err := f.readerAt(br, disk, compression)
	if err != nil {
		return nil, err
	}
	limits := parquet.Limits{Memory: parquetMemory, Total: max(parquetGrace, f.onDisk(size)*int64(f.opts.Limits.Ratio))}
	if src == disk {
		limits.Memory += 3 * size
	}
	t := &parquetRows{file: f}
	if t.table, err = parquet.Open(src, size, limits); err == nil {
		err = t.resolve()
	}
	if err != nil {
		return nil, t.fail(err)
	}
	f.report.Files[f.source].Format = Parquet
	f.report.Files[f.source].Encoding = "utf-8"
	return t, nil
}

// resolve finds the columns and opens them.
func (t *parquetRows) resolve() (err error) {
	header := make([]string, len(t.table.Columns))
	for i, c := range t.table.Columns {
		header[i] = c.Name
	}
	if t.cols, err = t.opts.resolve(header, false); err != nil {
		return err
	}
	if len(t.cols.text) == 0 {
		return fmt.Errorf("no text column, the columns are %s: name it (--text-col): %w", quoteList(header), ErrColumns)
	}
	t.header, t.fields = header, make([][]byte, len(header))
	for _, i := range t.cols.text {
		if c := &t.table.Columns[i]; !c.Leaf || c.List || c.Type != parquet.ByteArray {
			return fmt.Errorf("column %q is no text: %w", c.Name, ErrColumns)
		}
	}
	names := map[int][]string{}
	for _, l := range t.cols.labels {
		for _, i := range l.at {
			names[i] = labelNames(t.table, header[i])
			t.labelled = true
		}
	}
	if t.opts.Labelled && !t.labelled {
		return t.opts.noLabels(header)
	}
	used := t.cols.used()
	if t.opts.Unlabelled {
		names = nil
	}
	if t.opts.Keep {
		used = nil
		for i, c := range t.table.Columns {
			if c.Leaf || slices.Contains(t.cols.used(), i) {
				used = append(used, i)
			}
		}
	}
	for _, i := range used {
		if !t.table.Columns[i].Leaf {
			return fmt.Errorf("column %q is neither a value nor a list of values: %w", header[i], ErrColumns)
		}
		c := &parquetCursor{Cursor: t.table.Column(i), at: i, names: names[i], max: t.opts.Limits.RecordBytes, joined: []byte{}}
		c.each = c.add
		t.cursors = append(t.cursors, c)
	}
	t.guessColumns(&t.cols, header)
	return nil
}

// A parquetError is an error of a Parquet file that is also one of this package.
type parquetError struct{ error, kind error }

func (e *parquetError) Error() string   { return "parquet: " + e.error.Error() }
func (e *parquetError) Unwrap() []error { return []error{e.error, e.kind} }

// fail says at which row the reading of the file ended.
func (t *parquetRows) fail(err error) error {
	e := &parquetError{err, err}
	for _, k := range []struct{ is, kind error }{
		{parquet.ErrSyntax, ErrSyntax}, {parquet.ErrTooLarge, ErrTooLarge}, {parquet.ErrUnsupported, ErrFormat},
	} {
		if errors.Is(err, k.is) {
			e.kind = k.kind
		}
	}
	return &ParseError{File: t.name, Line: t.row, Err: e}
}

// labelNames returns the names that the Hugging Face library keeps for the
// numbers of a label column, or nil.
func labelNames(table *parquet.File, column string) []string {
	type feature struct {
		Names   []string        `json:"names"`
		Feature json.RawMessage `json:"feature"`
	}
	var info struct {
		Info struct {
			Features map[string]feature `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal(table.Metadata("huggingface"), &info) != nil {
		return nil
	}
	f := info.Info.Features[column]
	if f.Names == nil && f.Feature != nil {
		json.Unmarshal(f.Feature, &f)
	}
	return f.Names
}

func (t *parquetRows) next(ex *Example) (err error) {
	for t.left == 0 {
		if t.left, err = t.table.NextGroup(); err == io.EOF {
			return err
		} else if err != nil {
			return t.fail(err)
		}
	}
	t.left--
	t.row++
	t.begin(t.row, 0)
	size := 0
	for _, c := range t.cursors {
		if err := c.next(); err != nil {
			return t.fail(err)
		}
		t.fields[c.at] = c.cell
		size += len(c.cell)
	}
	if max := t.opts.Limits.RecordBytes; size > max {
		return t.refuse(0, fmt.Errorf("%w: more than %d bytes", ErrTooLong, max))
	}
	if err := t.example(ex, &t.cols, t.fields); err != nil {
		return t.rowError(err)
	}
	if t.opts.Keep {
		for _, c := range t.cursors {
			ex.Fields = append(ex.Fields, t.keep(c))
		}
	}
	return nil
}

// keep returns the value of a column as it is kept: text, else JSON.
func (t *parquetRows) keep(c *parquetCursor) Field {
	kept := Field{t.header[c.at], t.text(c.cell), c.Type != parquet.ByteArray || c.List || c.cell == nil}
	switch list, isList := strings.CutPrefix(kept.Value, setMark); {
	case c.cell == nil:
		kept.Value = "null"
	case isList:
		items := strings.Split(list, DefaultSeparator)
		if c.Type == parquet.ByteArray {
			for i, item := range items {
				b, _ := json.Marshal(item) // a string: never fails
				items[i] = string(b)
			}
		}
		if list == "" {
			items = nil
		}
		kept.Value = "[" + strings.Join(items, ",") + "]"
	case kept.JSON && !json.Valid(c.cell): // NaN is a number of Parquet alone
		kept.JSON = false
	}
	return kept
}

// A parquetCursor reads the cells of one column.
type parquetCursor struct {
	*parquet.Cursor
	at    int      // of the column
	names []string // of numbers
	max   int      // a cell is cut where it is longer

	cell   []byte // of the current row as text; nil if it is null
	joined []byte
	n      int // values in it
	each   func(*parquet.Value)
}

// next reads the cell of the next row. That of a list is the cell of a list.
func (c *parquetCursor) next() error {
	c.cell, c.joined, c.n = nil, c.joined[:0], 0
	if c.List {
		c.joined = append(c.joined, setMark...)
	}
	return c.Row(c.each)
}

// add adds a value to the cell.
func (c *parquetCursor) add(v *parquet.Value) {
	switch {
	case v.Null:
		if c.List && v.Level > 0 { // the list is there, if empty
			c.cell = c.joined
		}
	case len(c.joined) > c.max:
	case !c.List && c.Type == parquet.ByteArray: // as it is in the page: it may be long
		c.cell = v.Bytes
	default:
		if c.n++; c.n > 1 {
			c.joined = append(c.joined, DefaultSeparator...)
		}
		c.joined = c.append(c.joined, v)
		c.cell = c.joined
	}
}

// append appends a value as text; a number that has a name is that name.
func (c *parquetCursor) append(b []byte, v *parquet.Value) []byte {
	switch c.Type {
	case parquet.Boolean:
		return strconv.AppendBool(b, v.Int != 0)
	case parquet.Int32, parquet.Int64:
		switch {
		case v.Int >= 0 && v.Int < int64(len(c.names)):
			return append(b, c.names[v.Int]...)
		case c.names != nil && v.Int == -1: // Hugging Face's missing label
			return b
		case c.Unsigned:
			return strconv.AppendUint(b, uint64(v.Int), 10)
		}
		return strconv.AppendInt(b, v.Int, 10)
	case parquet.Float:
		return appendNumber(b, v.Float, 32)
	case parquet.Double:
		return appendNumber(b, v.Float, 64)
	}
	return append(b, v.Bytes...)
}
