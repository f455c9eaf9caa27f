package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	maxFooter  = 16 << 20 // bytes of metadata
	maxColumns = 1 << 16  // elements of the schema
)

// What an error of a file is, besides those of its reader.
var (
	// ErrSyntax means that the file is not as the format wants it.
	ErrSyntax = errors.New("bad syntax")
	// ErrTooLarge means that the file asks for more than Limits.
	ErrTooLarge = errors.New("limit exceeded")
	// ErrUnsupported means that the file is as the format wants it, in a way that
	// is not read.
	ErrUnsupported = errors.New("unsupported")
)

// Limits bound what reading a file may cost, besides its footer and one
// compressed page.
type Limits struct {
	// Memory is the most bytes of decompressed pages in memory: the current page
	// and the dictionary of every open column.
	Memory int64
	// Total is the most bytes that all pages may expand to, and the most that all
	// values may come to, each counted as its bytes and 8.
	Total int64
}

// A Type is a physical type.
type Type int64

// The physical types, as they are numbered in files.
const (
	Boolean Type = iota
	Int32
	Int64
	Int96
	Float
	Double
	ByteArray
	FixedLenByteArray
)

// A Column is a column of the table: a child of the schema's root.
type Column struct {
	Name string
	// Leaf says that the column is one value, or a list of them, in each row; the
	// fields below are of that value.
	Leaf bool
	List bool // in a list or another group
	Type Type
	// Unsigned says that integers are unsigned.
	Unsigned bool

	index  int // of the leaf among all
	width  int // of FixedLenByteArray
	maxRep int
	maxDef int
}

// A File is the metadata of a Parquet file. It serves one goroutine.
type File struct {
	Columns []Column

	src    io.ReaderAt
	limits Limits
	end    int64  // of the column chunks
	groups thrift // the row groups to come
	pairs  thrift // the metadata of the file's writer, a list
	group  int    // the number of the current row group, from 1
	left   int    // row groups to come
	rows   int64  // that they should have

	open   []*Cursor
	total  int64 // bytes that pages expanded to
	given  int64 // what the values came to
	memory int64 // bytes of the buffers of pages
	codecs codecs
}

// Open reads the footer of a file of size bytes.
func Open(src io.ReaderAt, size int64, l Limits) (*File, error) {
	if size < 12 {
		return nil, fmt.Errorf("%d bytes: %w", size, io.ErrUnexpectedEOF)
	}
	var tail [8]byte
	if err := readAt(src, tail[:], size-8); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	switch magic := string(tail[4:]); {
	case magic == "PARE":
		return nil, fmt.Errorf("an encrypted file: %w", ErrUnsupported)
	case magic != "PAR1":
		return nil, fmt.Errorf("the end is missing, the file is cut off: %w", io.ErrUnexpectedEOF)
	case n > size-12 || n > maxFooter:
		return nil, fmt.Errorf("a footer of %d bytes in a file of %d: %w", n, size, ErrTooLarge)
	}
	footer := make([]byte, n)
	if err := readAt(src, footer, size-8-n); err != nil {
		return nil, err
	}
	f := &File{src: src, limits: l, end: size - 8 - n}
	t := thrift{b: footer}
	var schema []element
	var seen [5]bool
	t.fields(kindStruct, func(id int16, kind byte) {
		if id > 0 && int(id) < len(seen) {
			seen[id] = true
		}
		switch id {
		case 2:
			t.elements(kind, func(i int, kind byte) {
				if i >= maxColumns {
					t.fail("more than %d columns", maxColumns)
				}
				schema = append(schema, t.element(kind))
			})
		case 3:
			f.rows = t.int(kind)
		case 4:
			f.groups = t
			if f.left, kind = f.groups.listHeader(kind); f.left > 0 && kind != kindStruct {
				t.fail("row groups of type %d", kind)
			}
			t.skip(kindList)
		case 5:
			f.pairs = t
			t.skip(kind)
		case 8:
			t.fail("its columns are encrypted")
		default:
			t.skip(kind)
		}
	})
	if t.err == nil && t.pos != len(t.b) {
		t.fail("bytes behind the end")
	}
	if !seen[2] || !seen[3] || !seen[4] {
		t.fail("the schema, the number of rows or the row groups are missing")
	}
	if t.err == nil {
		f.Columns, t.err = columns(schema)
	}
	if t.err != nil {
		return nil, fmt.Errorf("footer: %w: %w", t.err, ErrSyntax)
	}
	return f, nil
}

// Metadata returns a value that the file's writer has added, nil if there is none.
func (f *File) Metadata(key string) []byte {
	var found []byte
	t := f.pairs
	if t.b == nil {
		return nil
	}
	t.elements(kindList, func(_ int, kind byte) {
		var k, v []byte
		t.fields(kind, func(id int16, kind byte) {
			switch id {
			case 1:
				k = t.bytes(kind)
			case 2:
				v = t.bytes(kind)
			default:
				t.skip(kind)
			}
		})
		if string(k) == key {
			found = v
		}
	})
	return found
}

// An element of the schema.
type element struct {
	name            string
	kind            Type // -1 is a group
	width, children int64
	optional        bool
	repeated        bool
	unsigned        bool
}

func (t *thrift) element(kind byte) element {
	e := element{kind: -1}
	t.fields(kind, func(id int16, kind byte) {
		switch id {
		case 1:
			e.kind = Type(t.int(kind))
		case 2:
			e.width = t.int(kind)
		case 3:
			n := t.int(kind)
			e.optional, e.repeated = n == 1, n == 2
		case 4:
			e.name = string(t.bytes(kind))
		case 5:
			e.children = t.int(kind)
		case 6:
			n := t.int(kind)
			e.unsigned = n >= 11 && n <= 14 // UINT_8 to UINT_64
		default:
			t.skip(kind)
		}
	})
	return e
}

// columns returns the children of the root of a schema, which is a tree written
// depth first.
func columns(schema []element) ([]Column, error) {
	if len(schema) == 0 {
		return nil, errors.New("no schema")
	}
	next, leafs := 1, 0
	var walk func(c *Column, depth, rep, def int) error
	walk = func(c *Column, depth, rep, def int) error {
		if next >= len(schema) || depth > maxDepth {
			return fmt.Errorf("the schema ends within column %q, or is more than %d deep", c.Name, maxDepth)
		}
		e := &schema[next]
		next++
		if e.repeated {
			rep++
		}
		if e.repeated || e.optional {
			def++
		}
		if e.kind >= 0 {
			switch {
			case e.kind > FixedLenByteArray:
				return fmt.Errorf("column %q is of type %d", c.Name, e.kind)
			case e.kind == FixedLenByteArray && (e.width < 1 || e.width > math.MaxInt32):
				return fmt.Errorf("column %q is of %d bytes", c.Name, e.width)
			}
			*c = Column{Name: c.Name, Leaf: c.Leaf, List: depth > 0 || rep > 0, Type: e.kind, Unsigned: e.unsigned,
				index: leafs, width: int(e.width), maxRep: rep, maxDef: def}
			leafs++
			return nil
		}
		c.Leaf = c.Leaf && e.children == 1
		for range e.children {
			if err := walk(c, depth+1, rep, def); err != nil {
				return err
			}
		}
		return nil
	}
	var list []Column
	for range schema[0].children {
		c := Column{Leaf: true}
		if next < len(schema) {
			c.Name = schema[next].name
		}
		if err := walk(&c, 0, 0, 0); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if next != len(schema) {
		return nil, fmt.Errorf("%d elements of the schema belong to no column", len(schema)-next)
	}
	return list, nil
}

// A chunk is the place of a column in a row group.
type chunk struct {
	kind      Type
	codec     int64
	values    int64
	at, size  int64
	dict      int64
	elsewhere bool // in another file, or encrypted
}

func (t *thrift) chunk(kind byte) chunk {
	var c chunk
	c.kind = -1
	t.fields(kind, func(id int16, kind byte) {
		switch id {
		case 1:
			c.elsewhere = c.elsewhere || len(t.bytes(kind)) > 0
		case 8:
			c.elsewhere = true
			t.skip(kind)
		case 3:
			t.fields(kind, func(id int16, kind byte) {
				switch id {
				case 1:
					c.kind = Type(t.int(kind))
				case 4:
					c.codec = t.int(kind)
				case 5:
					c.values = t.int(kind)
				case 7:
					c.size = t.int(kind)
				case 9:
					c.at = t.int(kind)
				case 11:
					c.dict = t.int(kind)
				default:
					t.skip(kind)
				}
			})
		default:
			t.skip(kind)
		}
	})
	return c
}

// Column returns a cursor of a column that is a leaf. All of a file's must be
// made before the first row group.
func (f *File) Column(i int) *Cursor {
	c := &Cursor{Column: f.Columns[i], file: f}
	f.open = append(f.open, c)
	return c
}

// NextGroup moves every cursor to the next row group and returns its number of
// rows. It returns io.EOF after the last, and an error if a cursor has rows left.
func (f *File) NextGroup() (rows int64, err error) {
	for _, c := range f.open {
		if err := c.finish(); err != nil {
			return 0, err
		}
	}
	if f.left == 0 {
		if f.rows != 0 {
			return 0, fmt.Errorf("the row groups have %d rows fewer than the footer says: %w", f.rows, ErrSyntax)
		}
		return 0, io.EOF
	}
	f.left--
	f.group++
	chunks := make([]chunk, len(f.open))
	found := 0
	t := &f.groups
	t.fields(kindStruct, func(id int16, kind byte) {
		switch id {
		case 1:
			t.elements(kind, func(leaf int, kind byte) {
				c := t.chunk(kind)
				for i, o := range f.open {
					if o.index == leaf {
						chunks[i] = c
						found++
					}
				}
			})
		case 3:
			rows = t.int(kind)
		default:
			t.skip(kind)
		}
	})
	f.rows -= rows
	switch {
	case t.err != nil:
		err = t.err
	case rows < 0 || f.rows < 0:
		err = fmt.Errorf("%d rows, %d more than the file", rows, -f.rows)
	case found != len(f.open):
		err = errors.New("a column is missing")
	}
	if err != nil {
		return 0, fmt.Errorf("row group %d: %w: %w", f.group, err, ErrSyntax)
	}
	for i, c := range f.open {
		if err := c.begin(&chunks[i]); err != nil {
			return 0, err
		}
	}
	return rows, nil
}

// readAt fills b from a place of a file that has such a place.
func readAt(src io.ReaderAt, b []byte, at int64) error {
	n, err := src.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}
