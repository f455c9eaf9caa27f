package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// The encodings, as they are numbered in files.
const (
	encodingPlain           = 0
	encodingPlainDictionary = 2
	encodingRLE             = 3
	encodingDelta           = 5
	encodingDeltaLength     = 6
	encodingDeltaBytes      = 7
	encodingDictionary      = 8
	encodingSplit           = 9
)

// A decoder gives the values of a page that are not null.
type decoder interface {
	next(v *Value) error
}

// decoder returns the decoder of the values b of a page.
func (c *Cursor) decoder(h *pageHeader, b []byte) (decoder, error) {
	isInt := c.Type == Int32 || c.Type == Int64
	switch {
	case c.Type == Int96:
		return nil, fmt.Errorf("numbers of 96 bits: %w", ErrUnsupported)
	case h.encoding == encodingPlain:
		return &plain{column: &c.Column, b: b}, nil
	case h.encoding == encodingPlainDictionary || h.encoding == encodingDictionary:
		switch {
		case !c.hasDict:
			return nil, fmt.Errorf("no dictionary: %w", ErrSyntax)
		case len(b) == 0: // nothing but nulls
			return &indices{dict: &c.dict}, nil
		case b[0] > 32:
			return nil, fmt.Errorf("indices of %d bits: %w", b[0], ErrSyntax)
		}
		return &indices{&c.dict, hybrid{b: b[1:], width: int(b[0])}}, nil
	case h.encoding == encodingRLE && c.Type == Boolean:
		rest, n, ok := prefix(b)
		if !ok {
			return nil, fmt.Errorf("booleans of %d bytes in %d: %w", n, len(b), ErrSyntax)
		}
		return &booleans{hybrid{b: rest[:n], width: 1}}, nil
	case h.encoding == encodingDelta && isInt:
		d, err := newDeltas(b, h.values)
		return &deltaInts{&c.Column, d}, err
	case h.encoding == encodingDeltaLength && c.Type == ByteArray:
		return newDeltaLengths(b, h.values)
	case h.encoding == encodingDeltaBytes && (c.Type == ByteArray || c.Type == FixedLenByteArray):
		return c.newDeltaBytes(b, h.values)
	case h.encoding == encodingSplit && c.Type != Boolean && c.Type != ByteArray:
		s := &split{column: &c.Column, b: b, n: len(b) / c.size()}
		if s.n > 0 {
			s.value = make([]byte, c.size())
		}
		return s, nil
	}
	return nil, fmt.Errorf("encoding %d of type %d: %w", h.encoding, c.Type, ErrUnsupported)
}

// prefix cuts the length that b begins with off.
func prefix(b []byte) (rest []byte, n int64, ok bool) {
	if len(b) < 4 {
		return b, 4, false
	}
	n = int64(binary.LittleEndian.Uint32(b))
	return b[4:], n, n <= int64(len(b)-4)
}

// size returns the bytes of a value of fixed length.
func (c *Column) size() int {
	switch c.Type {
	case Int32, Float:
		return 4
	case Int64, Double:
		return 8
	}
	return c.width
}

// fixed sets v to a value of fixed length.
func (c *Column) fixed(b []byte, v *Value) {
	switch c.Type {
	case Int32:
		c.integer(int64(int32(binary.LittleEndian.Uint32(b))), v)
	case Int64:
		v.Int = int64(binary.LittleEndian.Uint64(b))
	case Float:
		v.Float = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case Double:
		v.Float = math.Float64frombits(binary.LittleEndian.Uint64(b))
	default:
		v.Bytes = b
	}
}

// integer sets v to a number of the column's bits.
func (c *Column) integer(n int64, v *Value) {
	switch {
	case c.Type == Int64:
		v.Int = n
	case c.Unsigned:
		v.Int = int64(uint32(n))
	default:
		v.Int = int64(int32(n))
	}
}

// errEnd means that a page has fewer values than its header says.
var errEnd = fmt.Errorf("fewer values than the page's header says: %w", io.ErrUnexpectedEOF)

// plain decodes values that stand one after the other.
type plain struct {
	column *Column
	b      []byte
	bit    int // of a boolean in b[0]
}

func (p *plain) next(v *Value) error {
	switch p.column.Type {
	case Boolean:
		if len(p.b) == 0 {
			return errEnd
		}
		v.Int = int64(p.b[0] >> p.bit & 1)
		if p.bit++; p.bit == 8 {
			p.b, p.bit = p.b[1:], 0
		}
	case ByteArray:
		rest, n, ok := prefix(p.b)
		if !ok {
			return errEnd
		}
		v.Bytes, p.b = rest[:n:n], rest[n:]
	default:
		n := p.column.size()
		if n > len(p.b) {
			return errEnd
		}
		p.column.fixed(p.b[:n:n], v)
		p.b = p.b[n:]
	}
	return nil
}

// A dictionary is a page of plain values, found by number.
type dictionary struct {
	column *Column
	page   []byte
	n      int
	starts []int32 // of byte arrays
}

// readDictionary finds the values of the dictionary's page.
func (c *Cursor) readDictionary(h *pageHeader) error {
	d := &c.dict
	b := d.page
	size := int64(4) // the length of an empty byte array
	if c.Type != ByteArray {
		size = int64(c.size())
	}
	switch {
	case h.encoding != encodingPlain && h.encoding != encodingPlainDictionary:
		return fmt.Errorf("a dictionary in encoding %d: %w", h.encoding, ErrUnsupported)
	case c.Type == Boolean || c.Type == Int96:
		return fmt.Errorf("a dictionary of type %d: %w", c.Type, ErrUnsupported)
	case h.values > int64(len(b))/size:
		return fmt.Errorf("a dictionary of %d values in %d bytes: %w", h.values, len(b), ErrSyntax)
	}
	d.column, d.n = &c.Column, int(h.values)
	if c.Type != ByteArray {
		return nil
	}
	if more := d.n - cap(d.starts); more > 0 {
		if err := c.file.reserve(4 * int64(more)); err != nil {
			return err
		}
		d.starts = make([]int32, d.n)
	}
	d.starts = d.starts[:d.n]
	at := int64(0)
	for i := range d.starts {
		_, n, ok := prefix(b[at:])
		if !ok {
			return fmt.Errorf("a dictionary: %w", errEnd)
		}
		d.starts[i] = int32(at)
		at += 4 + n
	}
	return nil
}

// get sets v to value i.
func (d *dictionary) get(i uint32, v *Value) error {
	if i >= uint32(d.n) {
		return fmt.Errorf("value %d of a dictionary of %d: %w", i, d.n, ErrSyntax)
	}
	if d.column.Type != ByteArray {
		n := d.column.size()
		d.column.fixed(d.page[int(i)*n:][:n:n], v)
		return nil
	}
	rest, n, _ := prefix(d.page[d.starts[i]:])
	v.Bytes = rest[:n:n]
	return nil
}

// indices decodes numbers of a dictionary.
type indices struct {
	dict *dictionary
	hybrid
}

func (x *indices) next(v *Value) error {
	i, err := x.hybrid.next()
	if err != nil {
		return err
	}
	return x.dict.get(i, v)
}

// booleans decodes runs of booleans.
type booleans struct{ hybrid }

func (x *booleans) next(v *Value) error {
	n, err := x.hybrid.next()
	v.Int = int64(n)
	return err
}

// A hybrid decodes runs of equal numbers of width bits, and numbers packed in
// groups of eight.
type hybrid struct {
	b     []byte
	width int
	left  uint64 // numbers of the run
	value uint32 // all of them are this, unless they are packed
	bits  []byte // where they are packed
	bit   int
}

func (x *hybrid) next() (uint32, error) {
	for x.left == 0 {
		h, n := binary.Uvarint(x.b)
		if n <= 0 {
			return 0, errEnd
		}
		x.b = x.b[n:]
		if h&1 == 0 {
			size := (x.width + 7) / 8
			if size > len(x.b) {
				return 0, errEnd
			}
			x.left, x.value, x.bits = h>>1, uint32(unpackBits(x.b, 0, 8*size)), nil
			x.b = x.b[size:]
			continue
		}
		groups := min(h>>1, math.MaxInt32)
		x.left, x.value, x.bits, x.bit = groups*8, 0, nil, 0
		if x.width > 0 { // the last group of a page may be cut off
			size := min(int(groups)*x.width, len(x.b))
			x.bits, x.b = x.b[:size], x.b[size:]
			x.left = min(x.left, uint64(size*8/x.width))
		}
	}
	x.left--
	if x.bits != nil {
		x.bit += x.width
		return uint32(unpackBits(x.bits, x.bit-x.width, x.width)), nil
	}
	return x.value, nil
}

// unpackBits returns the number in width bits, at most 64, of b from a bit on;
// bits beyond b are 0.
func unpackBits(b []byte, bit, width int) uint64 {
	b = b[min(bit/8, len(b)):]
	bit &= 7
	var v uint64
	if len(b) >= 8 {
		v = binary.LittleEndian.Uint64(b) >> bit
		if width+bit > 64 && len(b) > 8 {
			v |= uint64(b[8]) << (64 - bit)
		}
	} else {
		for i, x := range b {
			v |= uint64(x) << (8 * i)
		}
		v >>= bit
	}
	if width < 64 {
		v &= 1<<width - 1
	}
	return v
}

// deltas decodes numbers by their differences, in blocks of small ones.
type deltas struct {
	b      []byte
	minis  int // mini-blocks of a block
	size   int // numbers of a mini-block
	left   int64
	begun  bool
	value  int64
	least  int64  // difference of the block
	widths []byte // of the mini-blocks to come
	packed []byte // the mini-block
	width  int
	bit    int
	of     int // numbers left of the mini-block
}

// newDeltas reads the header of at most n numbers.
func newDeltas(b []byte, n int64) (deltas, error) {
	var h [3]uint64
	for i := range h {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return deltas{}, errEnd
		}
		h[i], b = v, b[n:]
	}
	first, used := binary.Varint(b)
	if used <= 0 {
		return deltas{}, errEnd
	}
	block, minis, count := h[0], h[1], h[2]
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > block || block%minis != 0 || block/minis%32 != 0 || count > uint64(n) {
		return deltas{}, fmt.Errorf("%d numbers in blocks of %d and %d mini-blocks, in a page of %d values: %w", count, block, minis, n, ErrSyntax)
	}
	return deltas{b: b[used:], minis: int(minis), size: int(block / minis), left: int64(count), value: first}, nil
}

// mini begins the next mini-block.
func (d *deltas) mini() error {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.minis {
			return errEnd
		}
		d.least, d.widths, d.b = least, d.b[n:n+d.minis], d.b[n+d.minis:]
	}
	if d.width = int(d.widths[0]); d.width > 64 {
		return fmt.Errorf("differences of %d bits: %w", d.width, ErrSyntax)
	}
	n := min(d.size*d.width/8, len(d.b))
	d.widths, d.packed, d.b = d.widths[1:], d.b[:n], d.b[n:]
	d.of, d.bit = d.size, 0
	return nil
}

func (d *deltas) next() (int64, error) {
	if d.left == 0 {
		return 0, errEnd
	}
	d.left--
	if !d.begun {
		d.begun = true
		return d.value, nil
	}
	if d.of == 0 {
		if err := d.mini(); err != nil {
			return 0, err
		}
	}
	if d.bit+d.width > 8*len(d.packed) {
		return 0, errEnd
	}
	d.of--
	d.value += d.least + int64(unpackBits(d.packed, d.bit, d.width))
	d.bit += d.width
	return d.value, nil
}

// rest returns what comes after all numbers, without taking them.
func (d deltas) rest() ([]byte, error) {
	for d.left--; d.left > 0; d.left -= int64(d.size) {
		if err := d.mini(); err != nil {
			return nil, err
		}
	}
	return d.b, nil
}

// deltaInts decodes integers by their differences.
type deltaInts struct {
	column *Column
	deltas
}

func (d *deltaInts) next(v *Value) error {
	n, err := d.deltas.next()
	d.column.integer(n, v)
	return err
}

// deltaLengths decodes byte arrays: their lengths, then all their bytes.
type deltaLengths struct {
	lengths deltas
	b       []byte
}

func newDeltaLengths(b []byte, n int64) (*deltaLengths, error) {
	lengths, err := newDeltas(b, n)
	if err != nil {
		return nil, err
	}
	b, err = lengths.rest()
	return &deltaLengths{lengths, b}, err
}

func (d *deltaLengths) next(v *Value) error {
	n, err := d.lengths.next()
	if err != nil {
		return err
	}
	if n < 0 || n > int64(len(d.b)) {
		return fmt.Errorf("a value of %d bytes in %d: %w", n, len(d.b), ErrSyntax)
	}
	v.Bytes, d.b = d.b[:n:n], d.b[n:]
	return nil
}

// deltaBytes decodes byte arrays by what they share with the one before.
type deltaBytes struct {
	cursor   *Cursor
	prefixes deltas
	suffixes *deltaLengths
}

func (c *Cursor) newDeltaBytes(b []byte, n int64) (*deltaBytes, error) {
	prefixes, err := newDeltas(b, n)
	if err != nil {
		return nil, err
	}
	if b, err = prefixes.rest(); err != nil {
		return nil, err
	}
	suffixes, err := newDeltaLengths(b, n)
	if err != nil {
		return nil, err
	}
	// No value is longer than all suffixes.
	if size := int64(len(suffixes.b)); c.scratch == nil || size > int64(cap(c.scratch)) {
		if err := c.file.reserve(size - int64(cap(c.scratch))); err != nil {
			return nil, err
		}
		c.scratch = resize(c.scratch, size)
	}
	c.scratch = c.scratch[:0]
	return &deltaBytes{c, prefixes, suffixes}, nil
}

func (d *deltaBytes) next(v *Value) error {
	n, err := d.prefixes.next()
	if err != nil {
		return err
	}
	if err := d.suffixes.next(v); err != nil {
		return err
	}
	c := d.cursor
	if n < 0 || n > int64(len(c.scratch)) {
		return fmt.Errorf("a value that shares %d bytes with one of %d: %w", n, len(c.scratch), ErrSyntax)
	}
	c.scratch = append(c.scratch[:n], v.Bytes...)
	v.Bytes = c.scratch
	if c.Type == FixedLenByteArray && len(v.Bytes) != c.width {
		return fmt.Errorf("a value of %d bytes, want %d: %w", len(v.Bytes), c.width, ErrSyntax)
	}
	return nil
}

// split decodes values whose first bytes stand together, then their second ones.
type split struct {
	column *Column
	b      []byte
	i, n   int
	value  []byte
}

func (s *split) next(v *Value) error {
	if s.i == s.n {
		return errEnd
	}
	for j := range s.value {
		s.value[j] = s.b[j*s.n+s.i]
	}
	s.i++
	s.column.fixed(s.value, v)
	return nil
}
