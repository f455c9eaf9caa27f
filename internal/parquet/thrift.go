package parquet

import (
	"encoding/binary"
	"fmt"
)

const maxDepth = 32 // of structs in structs, and of groups in a schema

// The types of Thrift's compact protocol,
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const (
	kindTrue   = 1
	kindFalse  = 2
	kindByte   = 3
	kindI16    = 4
	kindI32    = 5
	kindI64    = 6
	kindDouble = 7
	kindBinary = 8
	kindList   = 9
	kindSet    = 10
	kindMap    = 11
	kindStruct = 12
)

// A thrift reads values in place: it allocates nothing. After an error every
// value is zero and every struct and list at its end.
type thrift struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (t *thrift) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("bad Thrift at byte %d of %d: %s", t.pos, len(t.b), fmt.Sprintf(format, args...))
	}
}

func (t *thrift) byte() byte {
	if b := t.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (t *thrift) take(n uint64) []byte {
	if t.err == nil && n > uint64(len(t.b)-t.pos) {
		t.fail("%d bytes are wanted", n)
	}
	if t.err != nil {
		return nil
	}
	t.pos += int(n)
	return t.b[t.pos-int(n) : t.pos]
}

func (t *thrift) uvarint() uint64 {
	if t.err != nil {
		return 0
	}
	v, n := binary.Uvarint(t.b[t.pos:])
	if n <= 0 {
		t.fail("no integer")
		return 0
	}
	t.pos += n
	return v
}

// int returns an integer of a kind.
func (t *thrift) int(kind byte) int64 {
	switch kind {
	case kindByte:
		return int64(int8(t.byte()))
	case kindI16, kindI32, kindI64:
		v := t.uvarint()
		return int64(v>>1) ^ -int64(v&1)
	}
	t.fail("an integer is wanted, not type %d", kind)
	return 0
}

// bytes returns a string of a kind.
func (t *thrift) bytes(kind byte) []byte {
	if kind != kindBinary {
		t.fail("a string is wanted, not type %d", kind)
		return nil
	}
	return t.take(t.uvarint())
}

// fields calls f for each field of a struct; f takes its value.
func (t *thrift) fields(kind byte, f func(id int16, kind byte)) {
	if kind != kindStruct {
		t.fail("a struct is wanted, not type %d", kind)
	}
	if t.depth++; t.depth > maxDepth {
		t.fail("more than %d structs in each other", maxDepth)
	}
	id := int16(0)
	for t.err == nil {
		h := t.byte()
		if h == 0 {
			break
		}
		if delta := h >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(t.int(kindI16))
		}
		f(id, h&15)
	}
	t.depth--
}

// elements calls f for each element of a list; f takes its value.
func (t *thrift) elements(kind byte, f func(i int, kind byte)) {
	n, of := t.listHeader(kind)
	for i := 0; i < n && t.err == nil; i++ {
		f(i, of)
	}
}

// listHeader returns the length of a list, each of whose elements has a byte at
// least, and their kind.
func (t *thrift) listHeader(kind byte) (int, byte) {
	if kind != kindList && kind != kindSet {
		t.fail("a list is wanted, not type %d", kind)
	}
	h := t.byte()
	n := uint64(h >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	return t.count(n), h & 15
}

func (t *thrift) count(n uint64) int {
	if n > uint64(len(t.b)-t.pos) {
		t.fail("%d elements", n)
	}
	if t.err != nil {
		return 0
	}
	return int(n)
}

// skip passes over a field's value.
func (t *thrift) skip(kind byte) {
	if kind != kindTrue && kind != kindFalse { // a boolean field is its type
		t.skipElement(kind)
	}
}

// skipElement passes over an element of a list or a map.
func (t *thrift) skipElement(kind byte) {
	if t.depth++; t.depth > maxDepth {
		t.fail("more than %d values in each other", maxDepth)
	}
	switch kind {
	case kindTrue, kindFalse, kindByte:
		t.byte()
	case kindI16, kindI32, kindI64:
		t.uvarint()
	case kindDouble:
		t.take(8)
	case kindBinary:
		t.take(t.uvarint())
	case kindList, kindSet:
		t.elements(kind, func(_ int, of byte) { t.skipElement(of) })
	case kindMap:
		n := t.count(t.uvarint())
		if n == 0 {
			break
		}
		for kinds := t.byte(); n > 0 && t.err == nil; n-- {
			t.skipElement(kinds >> 4)
			t.skipElement(kinds & 15)
		}
	case kindStruct:
		t.fields(kind, func(_ int16, of byte) { t.skip(of) })
	default:
		t.fail("type %d", kind)
	}
	t.depth--
}
