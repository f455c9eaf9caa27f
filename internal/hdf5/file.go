package hdf5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Magic is what a file begins with.
const Magic = "\x89HDF\r\n\x1a\n"

// ErrFormat says that a file is damaged or uses what this package does not know. Errors
// that wrap it say what and where.
var ErrFormat = errors.New("not a readable HDF5 file")

// undefined is the address of what is not there.
const undefined = math.MaxUint64

var le = binary.LittleEndian

// A File is an open file. It is for one goroutine at a time.
type File struct {
	r      io.ReaderAt
	size   int64
	heads  int64 // bytes that may still be read of what says where values are
	values int64 // and of values
	root   uint64
	groups map[uint64]*Group // those that have been opened
}

// Open reads the superblock of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, groups: map[uint64]*Group{}, heads: 2*size + 1<<20, values: size}
	if b, err := f.read(0, 8); err != nil || string(b) != Magic {
		return nil, errors.Join(fmt.Errorf("%w: it does not begin as one", ErrFormat), err)
	}
	b, err := f.read(0, 96)
	if err != nil {
		return nil, err
	}
	switch {
	case b[8] > 1:
		return nil, fmt.Errorf("%w: superblock of version %d (libver=latest), want 0 or 1: write it with h5py's default", ErrFormat, b[8])
	case b[13] != 8 || b[14] != 8:
		return nil, fmt.Errorf("%w: offsets of %d and lengths of %d bytes, want 8", ErrFormat, b[13], b[14])
	}
	f.root = le.Uint64(b[64:])
	if b[8] == 1 { // which has four bytes more before the addresses
		if b, err = f.read(0, 100); err != nil {
			return nil, err
		}
		f.root = le.Uint64(b[68:])
	}
	return f, nil
}

// read returns n bytes at an address.
func (f *File) read(addr, n uint64) ([]byte, error) {
	if err := f.take(&f.heads, addr, n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f.r, int64(addr), int64(n)), b); err != nil {
		return nil, err
	}
	return b, nil
}

// take reports n bytes at an address that are not in the file, or more than are left of a
// budget, from which it takes them.
func (f *File) take(budget *int64, addr, n uint64) error {
	if size := uint64(f.size); addr > size || n > size-addr || n > math.MaxInt32 {
		return fmt.Errorf("%w: %d bytes at %d, which ends at %d", ErrFormat, n, addr, f.size)
	}
	if int64(n) > *budget {
		return fmt.Errorf("%w: its parts are used over and over", ErrFormat)
	}
	*budget -= int64(n)
	return nil
}

// A message is one of an object's.
type message struct {
	kind uint16
	data view
}

// The kinds of messages that this package knows.
const (
	spaceMessage        = 0x01
	linkInfoMessage     = 0x02
	typeMessage         = 0x03
	linkMessage         = 0x06
	layoutMessage       = 0x08
	filterMessage       = 0x0b
	attributeMessage    = 0x0c
	continuationMessage = 0x10
	tableMessage        = 0x11
	attributesMessage   = 0x15
)

const maxMessages = 1 << 12 // of an object

// messages returns those of the object at an address.
func (f *File) messages(addr uint64) ([]message, error) {
	head, err := f.read(addr, 16)
	if err != nil {
		return nil, err
	}
	if head[0] != 1 {
		return nil, fmt.Errorf("%w: object header of version %d at %d, want 1: write it with h5py's default (no libver=latest, no track_order)", ErrFormat, head[0], addr)
	}
	left := min(int(le.Uint16(head[2:])), maxMessages)
	type block struct{ at, n uint64 }
	blocks := []block{{addr + 16, uint64(le.Uint32(head[8:]))}}
	var out []message
	for len(blocks) > 0 && left > 0 {
		raw, err := f.read(blocks[0].at, blocks[0].n)
		if err != nil {
			return nil, err
		}
		blocks = blocks[1:]
		for b := raw; len(b) >= 8 && left > 0; left-- {
			n := int(le.Uint16(b[2:]))
			if n > len(b)-8 {
				return nil, fmt.Errorf("%w: a message of %d bytes in the last %d of its block", ErrFormat, n, len(b)-8)
			}
			m := message{le.Uint16(b), view(b[8 : 8+n])}
			b = b[8+n:]
			if m.kind != continuationMessage {
				out = append(out, m)
				continue
			}
			at, err := m.data.uint64(0)
			if err != nil {
				return nil, err
			}
			size, err := m.data.uint64(8)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, block{at, size})
		}
	}
	return out, nil
}

// A view is bytes that are looked at with checks.
type view []byte

// from returns the bytes from a place on.
func (v view) from(at int) (view, error) {
	if at < 0 || at > len(v) {
		return nil, fmt.Errorf("%w: %d bytes, want %d at least", ErrFormat, len(v), at)
	}
	return v[at:], nil
}

// span returns n bytes from a place on.
func (v view) span(at, n int) (view, error) {
	b, err := v.from(at)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > len(b) {
		return nil, fmt.Errorf("%w: %d bytes, want %d at least", ErrFormat, len(b), n)
	}
	return b[:n], nil
}

func (v view) uint64(at int) (uint64, error) {
	b, err := v.span(at, 8)
	if err != nil {
		return 0, err
	}
	return le.Uint64(b), nil
}
