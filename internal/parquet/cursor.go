package parquet

import (
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"
)

// A Value is one value of a column. Which field holds it, its Type says.
type Value struct {
	Null  bool
	Level int   // of definition: how many of the optional and repeated groups around the value, and itself, are there
	Int   int64 // Boolean, Int32, Int64
	Float float64
	Bytes []byte // ByteArray, FixedLenByteArray; valid until the next row

	rep int // 0 begins a row
}

// A Cursor reads a column row by row.
type Cursor struct {
	Column
	file *File

	codec   int64
	at, end int64 // of the pages to come
	pages   int   // read of the row group
	start   int64 // of the current page
	want    int64 // values to come, as the row group says

	left    int // values of the page
	reps    hybrid
	defs    hybrid
	values  decoder
	page    []byte
	dict    dictionary
	hasDict bool
	scratch []byte // of delta coded values
	value   Value
	ahead   bool // value is of the next row
}

// begin moves the cursor to a row group.
func (c *Cursor) begin(k *chunk) error {
	c.at = k.at
	if k.dict > 0 && k.dict < k.at {
		c.at = k.dict
	}
	c.end = c.at + k.size
	c.codec, c.want, c.pages, c.hasDict = k.codec, k.values, 0, false
	switch {
	case k.elsewhere:
		return c.fail(fmt.Errorf("in another file, or encrypted: %w", ErrUnsupported))
	case k.kind != c.Type:
		return c.fail(fmt.Errorf("of type %d, the schema says %d: %w", k.kind, c.Type, ErrSyntax))
	case c.at < 4 || k.size < 0 || c.end < c.at || c.end > c.file.end:
		return c.fail(fmt.Errorf("%d bytes from byte %d, the footer begins at %d: %w", k.size, c.at, c.file.end, ErrSyntax))
	}
	return nil
}

// fail says in which column and page an error is.
func (c *Cursor) fail(err error) error {
	if c.pages == 0 {
		return fmt.Errorf("row group %d, column %q: %w", c.file.group, c.Name, err)
	}
	return fmt.Errorf("row group %d, column %q, page %d at byte %d: %w", c.file.group, c.Name, c.pages, c.start, err)
}

// finish checks that all values of the row group were read.
func (c *Cursor) finish() error {
	if c.ahead {
		return c.fail(fmt.Errorf("more rows than the row group has: %w", ErrSyntax))
	}
	switch err := c.next(); {
	case err == nil:
		return c.fail(fmt.Errorf("more rows than the row group has: %w", ErrSyntax))
	case err != io.EOF:
		return c.fail(err)
	case c.want != 0:
		return c.fail(fmt.Errorf("%d values fewer than the footer says: %w", c.want, ErrSyntax))
	}
	return nil
}

// Row calls each for every value of the next row, one if the column is no list.
// A row without any has one that is null.
func (c *Cursor) Row(each func(*Value)) error {
	if !c.ahead {
		if err := c.next(); err != nil {
			if err == io.EOF {
				err = fmt.Errorf("the column is shorter than the table: %w", io.ErrUnexpectedEOF)
			}
			return c.fail(err)
		}
	}
	if c.ahead = false; c.value.rep != 0 {
		return c.fail(fmt.Errorf("the first value continues a row: %w", ErrSyntax))
	}
	for {
		each(&c.value)
		if c.maxRep == 0 {
			return nil
		}
		if err := c.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return c.fail(err)
		}
		if c.value.rep == 0 {
			c.ahead = true
			return nil
		}
	}
}

// next reads the next value of the row group.
func (c *Cursor) next() error {
	for c.left == 0 {
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	c.left--
	c.want--
	v := &c.value
	*v = Value{}
	if c.maxRep > 0 {
		n, err := c.reps.next()
		if err != nil || int(n) > c.maxRep {
			return fmt.Errorf("repetition level %d of %d: %w", n, c.maxRep, ErrSyntax)
		}
		v.rep = int(n)
	}
	if c.maxDef > 0 {
		n, err := c.defs.next()
		if err != nil || int(n) > c.maxDef {
			return fmt.Errorf("definition level %d of %d: %w", n, c.maxDef, ErrSyntax)
		}
		v.Level = int(n)
		v.Null = v.Level < c.maxDef
	}
	if !v.Null {
		if err := c.values.next(v); err != nil {
			return err
		}
	}
	if c.file.given += int64(len(v.Bytes)) + 8; c.file.given > c.file.limits.Total {
		return fmt.Errorf("the values come to more than %d bytes: %w", c.file.limits.Total, ErrTooLarge)
	}
	return nil
}

// A pageHeader is what is said of a page.
type pageHeader struct {
	kind             int64
	unpacked, packed int64
	crc              int64
	hasCRC           bool
	values, encoding int64
	repBytes         int64 // version 2
	defBytes         int64
	plain            bool // version 2: not compressed
	reps, defs       int64
}

// The kinds of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

func (t *thrift) pageHeader() pageHeader {
	var h pageHeader
	t.fields(kindStruct, func(id int16, kind byte) {
		switch id {
		case 1:
			h.kind = t.int(kind)
		case 2:
			h.unpacked = t.int(kind)
		case 3:
			h.packed = t.int(kind)
		case 4:
			h.crc, h.hasCRC = t.int(kind), true
		case 5, 7, 8:
			t.fields(kind, func(field int16, kind byte) {
				switch [2]int16{id, field} {
				case [2]int16{5, 1}, [2]int16{7, 1}, [2]int16{8, 1}:
					h.values = t.int(kind)
				case [2]int16{5, 2}, [2]int16{7, 2}, [2]int16{8, 4}:
					h.encoding = t.int(kind)
				case [2]int16{5, 3}:
					h.defs = t.int(kind)
				case [2]int16{5, 4}:
					h.reps = t.int(kind)
				case [2]int16{8, 5}:
					h.defBytes = t.int(kind)
				case [2]int16{8, 6}:
					h.repBytes = t.int(kind)
				case [2]int16{8, 7}:
					h.plain = kind == kindFalse
				default:
					t.skip(kind)
				}
			})
		default:
			t.skip(kind)
		}
	})
	return h
}

// header reads the header of the page at c.at and its length. It holds statistics,
// which may be long.
func (c *Cursor) header() (pageHeader, int64, error) {
	scratch := &c.file.codecs.packed
	for size := int64(512); ; size *= 4 {
		*scratch = resize(*scratch, min(size, c.end-c.at))
		if err := readAt(c.file.src, *scratch, c.at); err != nil {
			return pageHeader{}, 0, err
		}
		t := thrift{b: *scratch}
		h := t.pageHeader()
		if t.err == nil {
			return h, int64(t.pos), nil
		}
		if size >= c.end-c.at {
			return h, 0, fmt.Errorf("%w: %w", t.err, ErrSyntax)
		}
	}
}

// nextPage reads the next page; after one of data there may be values.
func (c *Cursor) nextPage() error {
	if c.at >= c.end {
		return io.EOF
	}
	c.start = c.at
	c.pages++
	h, n, err := c.header()
	if err != nil {
		return err
	}
	c.at += n
	if h.kind != dataPageV2 {
		h.repBytes, h.defBytes, h.plain = 0, 0, false
	}
	switch {
	case min(h.packed, h.unpacked, h.values) < 0 || max(h.packed, h.unpacked, h.values) > math.MaxInt32:
		return fmt.Errorf("%d bytes that hold %d with %d values: %w", h.packed, h.unpacked, h.values, ErrSyntax)
	case h.packed > c.end-c.at:
		return fmt.Errorf("%d bytes, %d before the end of the column chunk: %w", h.packed, c.end-c.at, ErrSyntax)
	case h.repBytes < 0 || h.defBytes < 0 || h.repBytes > h.packed || h.defBytes > h.packed-h.repBytes || h.repBytes+h.defBytes > h.unpacked:
		return fmt.Errorf("levels of %d and %d bytes in %d: %w", h.repBytes, h.defBytes, h.packed, ErrSyntax)
	}
	body := c.at
	c.at += h.packed
	switch h.kind {
	case dictionaryPage:
		if c.hasDict {
			return fmt.Errorf("a second dictionary: %w", ErrSyntax)
		}
		c.hasDict = true
		if err := c.read(&c.dict.page, body, &h); err != nil {
			return err
		}
		return c.readDictionary(&h)
	case dataPage, dataPageV2:
		if err := c.read(&c.page, body, &h); err != nil {
			return err
		}
		return c.data(&h)
	}
	return nil // an index, which is not needed
}

// read reads the body of a page and decompresses it to *page.
func (c *Cursor) read(page *[]byte, at int64, h *pageHeader) error {
	f := c.file
	if f.total += h.unpacked; f.total > f.limits.Total {
		return fmt.Errorf("pages expand to more than %d bytes: %w", f.limits.Total, ErrTooLarge)
	}
	if old := int64(cap(*page)); h.unpacked > old {
		if err := f.reserve(h.unpacked - old); err != nil {
			return fmt.Errorf("a page that expands from %d to %d bytes: %w", h.packed, h.unpacked, err)
		}
	}
	*page = resize(*page, h.unpacked)
	f.codecs.packed = resize(f.codecs.packed, h.packed)
	packed := f.codecs.packed
	if err := readAt(f.src, packed, at); err != nil {
		return err
	}
	if h.hasCRC && uint32(h.crc) != crc32.ChecksumIEEE(packed) {
		return fmt.Errorf("the checksum is wrong: %w", ErrSyntax)
	}
	levels := copy(*page, packed[:h.repBytes+h.defBytes])
	codec := c.codec
	if h.plain {
		codec = uncompressed
	}
	return f.codecs.unpack(codec, (*page)[levels:], packed[levels:])
}

// reserve takes memory from the limit.
func (f *File) reserve(bytes int64) error {
	if f.memory += bytes; f.memory > f.limits.Memory {
		return fmt.Errorf("more than %d bytes of pages in memory: %w", f.limits.Memory, ErrTooLarge)
	}
	return nil
}

// data begins with the values of c.page.
func (c *Cursor) data(h *pageHeader) error {
	b := c.page
	level := func(max int, encoding, size int64) (hybrid, error) {
		if h.kind == dataPage {
			if max == 0 {
				return hybrid{}, nil
			}
			if encoding != encodingRLE {
				return hybrid{}, fmt.Errorf("levels in encoding %d: %w", encoding, ErrUnsupported)
			}
			var ok bool
			if b, size, ok = prefix(b); !ok {
				return hybrid{}, fmt.Errorf("levels of %d bytes in %d: %w", size, len(b), ErrSyntax)
			}
		}
		l := hybrid{b: b[:size], width: bits.Len(uint(max))}
		b = b[size:]
		return l, nil
	}
	var err error
	if c.reps, err = level(c.maxRep, h.reps, h.repBytes); err != nil {
		return err
	}
	if c.defs, err = level(c.maxDef, h.defs, h.defBytes); err != nil {
		return err
	}
	c.left = int(h.values)
	c.values, err = c.decoder(h, b)
	return err
}
