package tensorfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/fsx"
)

// Limits bound what a read accepts. The zero value is safe for files from
// anywhere.
type Limits struct {
	MaxBytes   int64 // of the whole file; 0 means 4 GiB
	MaxHeader  int64 // of the header; 0 means 100,000,000, the format's own limit
	MaxTensors int   // 0 means 65536
	MaxRank    int   // dimensions of a tensor; 0 means 16

	// RequireChecksum refuses files without checksums. Set it for files that
	// only this package writes.
	RequireChecksum bool
	// AllowNonFinite accepts NaN and infinities in floating-point tensors.
	AllowNonFinite bool
}

func (l Limits) resolve() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.MaxBytes, 4<<30)
	l.MaxBytes = min(l.MaxBytes, math.MaxInt-prefixLen)
	def(&l.MaxHeader, 100_000_000)
	if l.MaxTensors <= 0 {
		l.MaxTensors = 1 << 16
	}
	if l.MaxRank <= 0 {
		l.MaxRank = 16
	}
	return l
}

// A Tensor is a named array of numbers, row-major, outermost dimension first.
type Tensor struct {
	Name  string
	DType DType
	Shape []int  // empty for a single number
	Data  []byte // little-endian elements; product(Shape) * DType.Size() bytes
}

// A File is the checked content of a tensor file. It is safe for concurrent
// use as long as nobody writes to it or to the values that it hands out.
type File struct {
	// Meta holds the metadata entries but for the checksums. It may be nil.
	Meta map[string]string
	// Tensors are in the order of their data.
	Tensors []Tensor
	// Checksummed says that the file carried checksums, which were right.
	Checksummed bool

	index map[string]int // name -> position in Tensors
}

// step bounds how much memory a length from outside can claim before the
// bytes behind it have been seen.
const step = 1 << 20

// Read reads a file of size bytes from r. If size is negative it is unknown:
// then memory grows with the bytes that come. Give a size only if it comes
// from a file system, since that much is allocated at once; a claim of
// somebody at the other end of a network is unknown. Read fails if r holds
// more or fewer bytes than the header says.
//
// Errors in the content are *FormatError, errors of r are wrapped.
func Read(r io.Reader, size int64, l Limits) (*File, error) {
	l = l.resolve()
	if size > l.MaxBytes {
		return nil, formatErr(-1, "", "%w: file of %d bytes, limit %d", ErrTooLarge, size, l.MaxBytes)
	}
	prefix, err := readUpTo(r, nil, sniffLen)
	if err != nil {
		return nil, err
	}
	n, err := checkPrefix(prefix, size, l)
	if err != nil {
		return nil, err
	}
	// Bytes of data may have come with the prefix.
	buf := prefix
	if int64(len(buf)) < prefixLen+n {
		if size >= 0 {
			buf = append(make([]byte, 0, prefixLen+n), buf...)
		}
		if buf, err = readUpTo(r, buf, int(prefixLen+n)); err != nil {
			return nil, err
		}
		if int64(len(buf)) < prefixLen+n {
			return nil, truncated(int64(len(buf)), prefixLen+n)
		}
	}
	head := buf[:prefixLen+n]
	h, err := parseHeader(head[prefixLen:], l)
	if err != nil {
		return nil, err
	}
	total := prefixLen + n + h.dataLen
	if err := checkTotal(total, size, l); err != nil {
		return nil, err
	}
	// The data get their own buffer, aligned for every element type.
	rest := buf[len(head):]
	if int64(len(rest)) > h.dataLen {
		return nil, trailing(total)
	}
	var data []byte
	if size >= 0 {
		data = append(make([]byte, 0, h.dataLen), rest...)
	} else {
		data = slices.Clone(rest)
	}
	if data, err = readUpTo(r, data, int(h.dataLen)); err != nil {
		return nil, err
	}
	if int64(len(data)) < h.dataLen {
		return nil, truncated(prefixLen+n+int64(len(data)), total)
	}
	var more [1]byte
	if k, err := io.ReadFull(r, more[:]); k > 0 {
		return nil, trailing(total)
	} else if err != io.EOF {
		return nil, fmt.Errorf("tensorfile: read: %w", err)
	}
	return newFile(head, h, data, l)
}

// Decode is Read of the bytes of b. The File's values alias b, which must not
// change while they are in use.
func Decode(b []byte, l Limits) (*File, error) {
	l = l.resolve()
	size := int64(len(b))
	if size > l.MaxBytes {
		return nil, formatErr(-1, "", "%w: file of %d bytes, limit %d", ErrTooLarge, size, l.MaxBytes)
	}
	n, err := checkPrefix(b, size, l)
	if err != nil {
		return nil, err
	}
	head := b[:prefixLen+n]
	h, err := parseHeader(head[prefixLen:], l)
	if err != nil {
		return nil, err
	}
	if err := checkTotal(prefixLen+n+h.dataLen, size, l); err != nil {
		return nil, err
	}
	return newFile(head, h, b[len(head):], l)
}

// ReadFile reads the file called name. Directories, pipes and devices are
// refused before they are opened.
func ReadFile(fsys fsx.FS, name string, l Limits) (*File, error) {
	info, err := fsys.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, formatErr(-1, "", "%w: it is a %s", ErrOther, kindOf(info.Mode())))
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := Read(f, info.Size(), l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// readUpTo appends bytes of r to buf until it has n bytes or r ends.
func readUpTo(r io.Reader, buf []byte, n int) ([]byte, error) {
	for len(buf) < n {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, min(n-len(buf), max(step, len(buf))))
		}
		k, err := io.ReadFull(r, buf[len(buf):min(cap(buf), n)])
		buf = buf[:len(buf)+k]
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("tensorfile: read: %w", err)
		}
	}
	return buf, nil
}

// checkPrefix checks the start of a file of size bytes (-1: unknown) and
// returns the length of its header.
func checkPrefix(b []byte, size int64, l Limits) (int64, error) {
	other := func(why string) error {
		if kind := identify(b); kind != "" {
			return formatErr(0, "", "%w: looks like %s", ErrOther, kind)
		}
		return formatErr(0, "", "%w: %s", ErrOther, why)
	}
	switch {
	case len(b) == 0:
		return 0, formatErr(0, "", "%w: empty file", ErrOther)
	case len(b) < prefixLen:
		if kind := identify(b); kind != "" {
			return 0, formatErr(0, "", "%w: looks like %s", ErrOther, kind)
		}
		return 0, truncated(int64(len(b)), prefixLen)
	}
	n := headerLength(b)
	switch {
	case len(b) > prefixLen && b[prefixLen] != '{':
		return 0, other(fmt.Sprintf("no header: byte 8 is %q, want '{'", b[prefixLen]))
	case n < 2:
		return 0, other(fmt.Sprintf("header length is %d", n))
	case n > uint64(l.MaxHeader):
		return 0, formatErr(0, "header length", "%w: %d bytes, limit %d", ErrTooLarge, n, l.MaxHeader)
	case size >= 0 && n > uint64(size-prefixLen):
		return 0, truncated(size, prefixLen+int64(n))
	case prefixLen+int64(n) > l.MaxBytes:
		return 0, formatErr(0, "header length", "%w: %d bytes, file limit %d", ErrTooLarge, n, l.MaxBytes)
	}
	return int64(n), nil
}

// checkTotal compares the length that the header implies with the file's.
func checkTotal(total, size int64, l Limits) error {
	switch {
	case total < 0 || total > l.MaxBytes:
		return formatErr(0, "header", "%w: tensors end at byte %d, limit %d", ErrTooLarge, uint64(total), l.MaxBytes)
	case size >= 0 && size < total:
		return truncated(size, total)
	case size > total:
		return trailing(total)
	}
	return nil
}

func truncated(have, want int64) error {
	return formatErr(have, "", "%w: %d bytes, want %d", ErrTruncated, have, want)
}

func trailing(total int64) error {
	return formatErr(total, "", "%w: bytes after the last tensor", ErrLayout)
}

// newFile verifies the checksums and the values and builds the File.
// head is the first 8+N bytes of the file, data the h.dataLen bytes behind.
func newFile(head []byte, h *header, data []byte, l Limits) (*File, error) {
	if h.tensorCk == nil && l.RequireChecksum {
		return nil, formatErr(prefixLen, metaKey, "%w: the file has no checksums", ErrChecksum)
	}
	if h.tensorCk != nil {
		if err := verifyHeader(head, h); err != nil {
			return nil, err
		}
		delete(h.meta, headerCRCKey)
	}
	f := &File{
		Meta:        h.meta,
		Tensors:     make([]Tensor, len(h.entries)),
		Checksummed: h.tensorCk != nil,
		index:       h.index,
	}
	for i, e := range h.entries {
		t := Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: data[e.begin:e.end:e.end]}
		at := int64(len(head)) + e.begin
		if h.tensorCk != nil {
			if got := crc32.Checksum(t.Data, castagnoli()); got != h.tensorCk[i] {
				return nil, formatErr(at, tensorField(e.name), "%w: stored %08x, computed %08x", ErrChecksum, h.tensorCk[i], got)
			}
		}
		if !l.AllowNonFinite {
			if err := checkFinite(t, at); err != nil {
				return nil, err
			}
		}
		f.Tensors[i] = t
	}
	return f, nil
}

// verifyHeader checks the sum over length and header, in which the sum's own
// digits count as zeros.
func verifyHeader(head []byte, h *header) error {
	at := prefixLen + h.crcAt
	text := h.meta[headerCRCKey]
	want, ok := parseCRC(text)
	if !ok || at+8 > len(head) || string(head[at:at+8]) != text {
		return formatErr(int64(at), headerCRCKey, "%w: not eight hexadecimal digits", ErrChecksum)
	}
	if got := headerCRC(head, at); got != want {
		return formatErr(0, "header", "%w: stored %08x, computed %08x", ErrChecksum, want, got)
	}
	return nil
}

func headerCRC(head []byte, at int) uint32 {
	crc := crc32.Update(0, castagnoli(), head[:at])
	crc = crc32.Update(crc, castagnoli(), []byte("00000000"))
	return crc32.Update(crc, castagnoli(), head[at+8:])
}

// castagnoli returns the standard library's one table, which it treats
// specially: on most machines the processor computes the sum.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Lookup returns the tensor called name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}

// CheckNames returns an error that names the tensors of want that the file
// lacks (ErrMissing), and those that it has beyond want (ErrExtra): the first ten
// of each, and how many there are.
func (f *File) CheckNames(want ...string) error {
	var missing, extra []string
	wanted := make(map[string]bool, len(want))
	for _, name := range want {
		wanted[name] = true
		if _, ok := f.index[name]; !ok {
			missing = append(missing, name)
		}
	}
	for _, t := range f.Tensors {
		if !wanted[t.Name] {
			extra = append(extra, t.Name)
		}
	}
	var errs []error
	for _, set := range []struct {
		names []string
		err   error
	}{{missing, ErrMissing}, {extra, ErrExtra}} {
		for i, name := range set.names {
			if i == maxNamed {
				errs = append(errs, formatErr(-1, fmt.Sprintf("%d tensors more", len(set.names)-i), "%w", set.err))
				break
			}
			errs = append(errs, formatErr(-1, tensorField(name), "%w", set.err))
		}
	}
	return errors.Join(errs...)
}

const maxNamed = 10 // tensors in an error

// looksLike reports whether b begins with one of the prefixes.
func looksLike(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}
