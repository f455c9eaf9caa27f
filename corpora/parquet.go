package corpora

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	maxFooter     = 16 << 20 // bytes of metadata of a Parquet file
	maxPageHeader = 1 << 20
	maxPageValues = 1 << 24
)

// parquetRows reads the text and label columns of a Parquet table. Of the whole
// file only one page per column is in memory.
type parquetRows struct {
	*file
	src   io.ReaderAt
	size  int64
	table *parquet.File
	cols  columns
	used  []int           // columns that are read
	leafs []parquetColumn // by the index of the column in the schema
	names [][]string      // by column: the names of numbered labels, from Hugging Face's metadata

	group   int
	left    int64 // rows of the group
	cursors map[int]*parquetCursor
	row     int
	fields  [][]byte // of the row, by column
}

// A parquetColumn is a column of the schema that can be read.
type parquetColumn struct {
	leaf *parquet.Column // nil if the column is a struct, a map or the like
	list bool
}

// openParquet opens a Parquet table.
func (f *file) openParquet(br *bufio.Reader, disk *os.File, compression string) (_ rows, err error) {
	src, size, err := f.readerAt(br, disk, compression)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = f.parquetPanic(r)
		}
		if err != nil {
			if _, ok := err.(*ParseError); !ok {
				err = &ParseError{File: f.name, Err: fmt.Errorf("parquet: %w", err)}
			}
		}
	}()
	if err := checkFooter(src, size); err != nil {
		return nil, err
	}
	table, err := parquet.OpenFile(src, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	t := &parquetRows{file: f, src: src, size: size, table: table, group: -1}
	var header []string
	for _, c := range table.Root().Columns() {
		header = append(header, c.Name())
		pc := parquetColumn{leaf: c, list: c.Repeated()}
		for pc.leaf != nil && !pc.leaf.Leaf() {
			pc.list = true
			if inner := pc.leaf.Columns(); len(inner) == 1 {
				pc.leaf = inner[0]
			} else {
				pc.leaf = nil
			}
		}
		t.leafs = append(t.leafs, pc)
	}
	if t.cols, err = f.opts.resolve(header, false); err != nil {
		return nil, err
	}
	if len(t.cols.text) == 0 {
		return nil, fmt.Errorf("no text column, the columns are %s: name it (--text-col): %w", quoteList(header), ErrColumns)
	}
	f.header, t.fields = header, make([][]byte, len(header))
	for _, i := range t.cols.text {
		if l := t.leafs[i]; l.leaf == nil || l.list || l.leaf.Type().Kind() != parquet.ByteArray {
			return nil, fmt.Errorf("column %q is no text: %w", header[i], ErrColumns)
		}
	}
	t.names = make([][]string, len(header))
	for _, l := range t.cols.labels {
		for _, i := range l.at {
			if t.leafs[i].leaf == nil {
				return nil, fmt.Errorf("column %q is neither a value nor a list of values: %w", header[i], ErrColumns)
			}
			t.names[i] = labelNames(table, header[i])
			f.labelled = true
		}
	}
	if f.opts.Labelled && !f.labelled {
		return nil, f.opts.noLabels(header)
	}
	f.guessColumns(&t.cols, header)
	t.used = t.cols.used()
	f.report.Files[f.source].Format = Parquet
	f.report.Files[f.source].Encoding = "utf-8"
	f.close = append(f.close, t.closeCursors)
	return t, nil
}

func (f *file) parquetPanic(r any) error {
	return &ParseError{File: f.name, Err: fmt.Errorf("parquet: %w: %v", ErrSyntax, r)}
}

// checkFooter walks the metadata before the library allocates by them.
func checkFooter(src io.ReaderAt, size int64) error {
	if size < 12 {
		return fmt.Errorf("%d bytes: %w", size, io.ErrUnexpectedEOF)
	}
	var tail [8]byte
	if _, err := src.ReadAt(tail[:], size-8); err != nil && err != io.EOF {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != "PAR1" {
		return fmt.Errorf("the end is missing, the file is cut off: %w", io.ErrUnexpectedEOF)
	}
	if n > size-12 || n > maxFooter {
		return fmt.Errorf("a footer of %d bytes in a file of %d: %w", n, size, ErrTooLarge)
	}
	footer := make([]byte, n)
	if _, err := src.ReadAt(footer, size-8-n); err != nil {
		return err
	}
	_, _, err := walkThrift(footer)
	return err
}

// labelNames returns the names that the Hugging Face library keeps for the
// numbers of a label column, or nil.
func labelNames(table *parquet.File, column string) []string {
	meta, ok := table.Lookup("huggingface")
	if !ok {
		return nil
	}
	type feature struct {
		Names   []string        `json:"names"`
		Feature json.RawMessage `json:"feature"`
	}
	var info struct {
		Info struct {
			Features map[string]feature `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(meta), &info) != nil {
		return nil
	}
	f := info.Info.Features[column]
	if f.Names == nil && f.Feature != nil {
		json.Unmarshal(f.Feature, &f)
	}
	return f.Names
}

func (t *parquetRows) next(ex *Example) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = t.parquetPanic(r)
		}
	}()
	for t.left == 0 {
		if err := t.nextGroup(); err != nil {
			return t.atRow(err)
		}
	}
	t.left--
	t.row++
	t.begin(t.row, 0)
	for _, i := range t.used {
		if t.fields[i], err = t.cursors[i].next(t.names[i]); err != nil {
			return t.atRow(err)
		}
	}
	if err := t.example(ex, &t.cols, t.fields); err != nil {
		return t.rowError(err)
	}
	return nil
}

// atRow says at which row the reading of the file ended.
func (t *parquetRows) atRow(err error) error {
	if err == io.EOF {
		return err
	}
	return &ParseError{File: t.name, Line: t.row, Err: fmt.Errorf("parquet: %w", err)}
}

// nextGroup begins the next row group.
func (t *parquetRows) nextGroup() error {
	t.closeCursors()
	t.group++
	groups := t.table.RowGroups()
	if t.group >= len(groups) {
		return io.EOF
	}
	g := groups[t.group]
	chunks := g.ColumnChunks()
	meta := t.table.Metadata().RowGroups[t.group]
	t.cursors = map[int]*parquetCursor{}
	open := func(i int) error {
		leaf := t.leafs[i].leaf.Index()
		if leaf >= len(chunks) || leaf >= len(meta.Columns) {
			return fmt.Errorf("row group %d lacks column %d: %w", t.group, leaf, ErrSyntax)
		}
		if err := t.checkPages(&meta.Columns[leaf].MetaData); err != nil {
			return err
		}
		t.cursors[i] = &parquetCursor{pages: chunks[leaf].Pages(), list: t.leafs[i].list}
		return nil
	}
	for _, i := range t.used {
		if err := open(i); err != nil {
			return err
		}
	}
	t.left = g.NumRows()
	return nil
}

// checkPages walks the headers of a chunk's pages before the library allocates
// by them.
func (t *parquetRows) checkPages(m *format.ColumnMetaData) error {
	at := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < at {
		at = m.DictionaryPageOffset
	}
	end := at + m.TotalCompressedSize
	if at < 0 || end < at || end > t.size {
		return fmt.Errorf("a column chunk at bytes %d to %d of %d: %w", at, end, t.size, ErrSyntax)
	}
	header := make([]byte, 512)
	for at < end {
		n := min(int64(len(header)), end-at)
		if _, err := t.src.ReadAt(header[:n], at); err != nil && err != io.EOF {
			return err
		}
		size, ints, err := walkThrift(header[:n])
		if err != nil {
			if n == end-at || n >= maxPageHeader {
				return err
			}
			header = make([]byte, 4*len(header))
			continue
		}
		unpacked, packed := ints[[2]int16{2, 0}], ints[[2]int16{3, 0}]
		values := max(ints[[2]int16{5, 1}], ints[[2]int16{7, 1}], ints[[2]int16{8, 1}])
		switch {
		case packed < 0 || unpacked < 0 || packed > end-at-int64(size):
			return fmt.Errorf("a page of %d bytes beyond its column chunk: %w", packed, ErrSyntax)
		case unpacked > maxInMemory, unpacked > ratioGrace && unpacked/int64(t.opts.Limits.Ratio) > packed:
			return fmt.Errorf("a page that expands from %d to %d bytes: %w", packed, unpacked, ErrTooLarge)
		case values > maxPageValues:
			return fmt.Errorf("a page of %d values: %w", values, ErrTooLarge)
		}
		at += int64(size) + packed
	}
	return nil
}

func (t *parquetRows) closeCursors() error {
	for _, c := range t.cursors {
		c.close()
	}
	t.cursors = nil
	return nil
}

// A parquetCursor reads the values of one column row by row.
type parquetCursor struct {
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	list   bool
	buf    [64]parquet.Value
	pos, n int
	cell   []byte
}

// next returns the cell of the next row as text, valid until the next call; nil
// if it is null. Those of a list are the cell of a list.
func (c *parquetCursor) next(names []string) ([]byte, error) {
	v, err := c.peek()
	if err != nil {
		if err == io.EOF {
			err = fmt.Errorf("a column is shorter than the table: %w", io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	c.cell = c.cell[:0]
	if c.list {
		c.cell = append(c.cell, setMark...)
	}
	null, count := !c.list || v.DefinitionLevel() == 0, 0 // a list above level 0 is there, if empty
	for {
		if !v.IsNull() {
			if count > 0 {
				c.cell = append(c.cell, DefaultSeparator...)
			}
			c.cell = appendValue(c.cell, v, names)
			null = false
			count++
		}
		c.pos++
		if !c.list {
			break
		}
		if v, err = c.peek(); err == io.EOF || err == nil && v.RepetitionLevel() == 0 {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if null {
		return nil, nil
	}
	if c.cell == nil {
		c.cell = []byte{}
	}
	return c.cell, nil
}

// peek returns the next value of the column.
func (c *parquetCursor) peek() (parquet.Value, error) {
	for c.pos == c.n {
		if c.values != nil {
			n, err := c.values.ReadValues(c.buf[:])
			c.pos, c.n = 0, n
			if err != nil {
				c.values = nil
				if err != io.EOF {
					return parquet.Value{}, err
				}
			}
			continue
		}
		c.release()
		page, err := c.pages.ReadPage()
		if err != nil {
			return parquet.Value{}, err
		}
		c.page, c.values = page, page.Values()
	}
	return c.buf[c.pos], nil
}

func (c *parquetCursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
}

func (c *parquetCursor) close() {
	c.release()
	c.pages.Close()
}

// appendValue appends a value as text; a number that names has a name for is
// that name.
func appendValue(b []byte, v parquet.Value, names []string) []byte {
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(b, v.Boolean())
	case parquet.Int32, parquet.Int64:
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		if n >= 0 && n < int64(len(names)) {
			return append(b, names[n]...)
		}
		if names != nil && n == -1 { // Hugging Face's missing label
			return b
		}
		return strconv.AppendInt(b, n, 10)
	case parquet.Float:
		return appendNumber(b, float64(v.Float()), 32)
	case parquet.Double:
		return appendNumber(b, v.Double(), 64)
	}
	return append(b, v.ByteArray()...)
}
