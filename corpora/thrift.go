package corpora

import (
	"encoding/binary"
	"fmt"
)

// The Parquet library trusts the sizes that a file's headers give and allocates
// by them. A compactStruct walks such a header first: Thrift's compact protocol,
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type compactStruct struct {
	b        []byte
	pos      int
	elements int // of lists and maps so far
	// ints holds the integer fields met, by the path of their IDs: ints[{5, 1}]
	// is field 1 of the struct in field 5.
	ints map[[2]int16]int64
}

const (
	maxThriftDepth    = 32
	maxThriftList     = 1 << 16 // elements of one list
	maxThriftElements = 1 << 22 // of all lists
)

var errThrift = fmt.Errorf("bad Thrift header: %w", ErrSyntax)

// walk checks the struct at the start of b and returns its length and its
// integer fields to a depth of two. All sizes in it are within b and the limits.
func walkThrift(b []byte) (int, map[[2]int16]int64, error) {
	c := compactStruct{b: b, ints: map[[2]int16]int64{}}
	if err := c.structure(0, [2]int16{}); err != nil {
		return 0, nil, err
	}
	return c.pos, c.ints, nil
}

func (c *compactStruct) byte() (byte, error) {
	if c.pos >= len(c.b) {
		return 0, errThrift
	}
	c.pos++
	return c.b[c.pos-1], nil
}

func (c *compactStruct) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.b[c.pos:])
	if n <= 0 {
		return 0, errThrift
	}
	c.pos += n
	return v, nil
}

func (c *compactStruct) skip(n uint64) error {
	if n > uint64(len(c.b)-c.pos) {
		return errThrift
	}
	c.pos += int(n)
	return nil
}

func (c *compactStruct) structure(depth int, path [2]int16) error {
	if depth > maxThriftDepth {
		return errThrift
	}
	id := int16(0)
	for {
		h, err := c.byte()
		if err != nil || h == 0 {
			return err
		}
		if delta := h >> 4; delta != 0 {
			id += int16(delta)
		} else {
			v, err := c.uvarint()
			if err != nil {
				return err
			}
			id = int16(v>>1) ^ -int16(v&1)
		}
		if depth < 2 {
			path[depth] = id
		}
		if err := c.value(h&15, depth, path); err != nil {
			return err
		}
	}
}

// value walks one value of a field; in a field a boolean has no bytes.
func (c *compactStruct) value(kind byte, depth int, path [2]int16) error {
	switch kind {
	case 1, 2: // true, false
		return nil
	case 3: // byte
		return c.skip(1)
	case 4, 5, 6: // integers, zigzag
		v, err := c.uvarint()
		if depth < 2 {
			if depth == 0 {
				path[1] = 0
			}
			c.ints[path] = int64(v>>1) ^ -int64(v&1)
		}
		return err
	case 7: // double
		return c.skip(8)
	case 8: // binary
		n, err := c.uvarint()
		if err != nil {
			return err
		}
		return c.skip(n)
	case 9, 10, 11:
		return c.collection(kind, depth, path)
	case 12:
		return c.structure(depth+1, path)
	}
	return errThrift
}

func (c *compactStruct) collection(kind byte, depth int, path [2]int16) error {
	if depth > maxThriftDepth {
		return errThrift
	}
	var n uint64
	var err error
	var kinds []byte
	if kind == 11 { // map
		if n, err = c.uvarint(); err != nil || n == 0 {
			return err
		}
		h, err := c.byte()
		if err != nil {
			return err
		}
		kinds = []byte{h >> 4, h & 15}
	} else {
		h, err := c.byte()
		if err != nil {
			return err
		}
		if n = uint64(h >> 4); n == 15 {
			if n, err = c.uvarint(); err != nil {
				return err
			}
		}
		kinds = []byte{h & 15}
	}
	if n > maxThriftList || n > uint64(len(c.b)-c.pos) {
		return fmt.Errorf("a list of %d elements in %d bytes: %w", n, len(c.b)-c.pos, errThrift)
	}
	if c.elements += int(n); c.elements > maxThriftElements {
		return fmt.Errorf("more than %d list elements: %w", maxThriftElements, errThrift)
	}
	for range n {
		for _, k := range kinds {
			if k == 1 || k == 2 { // a boolean in a list has a byte
				k = 3
			}
			if err := c.value(k, depth+2, path); err != nil { // below the noted fields
				return err
			}
		}
	}
	return nil
}
