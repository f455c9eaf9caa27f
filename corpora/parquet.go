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
	leafs []parquetColumn // by the index of the column in the schema
	names [][]string      // per head: the names of numbered labels, from Hugging Face's metadata

	group   int
	left    int64 // rows of the group
	cursors map[int]*parquetCursor
	row     int
	cells   [][]byte
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
	if t.cols, err = f.opts.resolve(header); err != nil {
		return nil, err
	}
	if len(t.cols.text) == 0 {
		return nil, fmt.Errorf("no text column, the columns are %s: %w", quoteList(header), ErrColumns)
	}
	for _, i := range t.cols.text {
		if l := t.leafs[i]; l.leaf == nil || l.list || l.leaf.Type().Kind() != parquet.ByteArray {
			return nil, fmt.Errorf("column %q is no text: %w", header[i], ErrColumns)
		}
	}
	t.names = make([][]string, len(f.heads))
	for h, i := range t.cols.labels {
		if i >= 0 {
			if t.leafs[i].leaf == nil {
				return nil, fmt.Errorf("column %q is neither a value nor a list of values: %w", header[i], ErrColumns)
			}
			t.names[h] = labelNames(table, header[i])
		}
	}
	t.cells = make([][]byte, len(f.heads))
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
	cell := func(i int, names []string) ([]byte, error) {
		if i < 0 {
			return nil, nil
		}
		c := t.cursors[i]
		if c.row == t.row { // a column that serves twice
			return c.value, nil
		}
		value, err := c.next(t.separatorOf(i), names)
		c.row, c.value = t.row, value
		return value, err
	}
	var text []byte
	isNull := true
	for n, i := range t.cols.text {
		part, err := cell(i, nil)
		if err != nil {
			return t.atRow(err)
		}
		if n > 0 && len(text) > 0 && len(part) > 0 {
			text = append(text, ' ')
		}
		text = append(text, part...)
		isNull = isNull && part == nil
	}
	for h, i := range t.cols.labels {
		if t.cells[h], err = cell(i, t.names[h]); err != nil {
			return t.atRow(err)
		}
	}
	id, err := cell(t.cols.id, nil)
	if err != nil {
		return t.atRow(err)
	}
	weight, err := cell(t.cols.weight, nil)
	if err != nil {
		return t.atRow(err)
	}
	if isNull {
		return t.refuse(t.row, 0, 0, fmt.Errorf("the text is null: %w", ErrColumns))
	}
	ex.Text = t.text(text)
	if _, err := t.setLabels(ex, t.cells); err != nil {
		return t.rowError(t.row, 0, err)
	}
	if t.cols.weight >= 0 {
		if ex.Weight, err = parseWeight(string(weight)); err != nil {
			return t.refuse(t.row, 0, 0, err)
		}
	}
	if ex.ID = t.text(id); ex.ID == "" {
		ex.ID = t.rowID(t.row)
	}
	return nil
}

// separatorOf returns the separator of the column's values: a list settles it.
func (t *parquetRows) separatorOf(i int) string {
	if t.leafs[i].list {
		return t.separator()
	}
	return ""
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
		if i < 0 || t.cursors[i] != nil {
			return nil
		}
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
	for _, set := range [][]int{t.cols.text, t.cols.labels, {t.cols.id, t.cols.weight}} {
		for _, i := range set {
			if err := open(i); err != nil {
				return err
			}
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

	row   int    // the row that value is of
	value []byte // the result of next
}

// next returns the cell of the next row as text, valid until the next call; nil
// if it is null. The values of a list are joined by sep.
func (c *parquetCursor) next(sep string, names []string) ([]byte, error) {
	v, err := c.peek()
	if err != nil {
		if err == io.EOF {
			err = fmt.Errorf("a column is shorter than the table: %w", io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	c.cell = c.cell[:0]
	null, count := true, 0
	for {
		if !v.IsNull() {
			if count > 0 {
				c.cell = append(c.cell, sep...)
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
		return strconv.AppendFloat(b, float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.AppendFloat(b, v.Double(), 'g', -1, 64)
	}
	return append(b, v.ByteArray()...)
}
