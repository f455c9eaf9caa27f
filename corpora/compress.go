package corpora

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/unpack"
)

// The window that a zstd frame may ask for, which is memory: what RFC 8878 asks
// every decoder to have, what zstd -19 --long=27 uses in a large file or from a pipe.
const (
	zstdWindow     = 8 << 20
	zstdLongWindow = 128 << 20
)

// Expansion is not judged before this many bytes: a small file of spaces is no bomb.
const ratioGrace = 4 << 20

// An expansion counts what the compressed streams of a file, an archive or a
// directory expand to: those within others too.
type expansion struct {
	limits Limits
	packed int64 // bytes of the file, or of the files opened so far
	out    int64
}

// rowBytes is the least that a row counts in an expansion: a short one takes memory too.
const rowBytes = 64

// chargeRow counts what a row with that text takes more than its bytes, if it came out of
// a compressed file, and all that one of a Parquet table does.
func (f *file) chargeRow(text string) error {
	more := max(rowBytes-len(text), 0)
	if t, ok := f.rows.(*entryRows); ok && t.inner != nil {
		f = t.inner
	}
	if f.packed != nil {
		f.packed.n += int64(more)
		if err := f.packed.limits.expanded(f.packed.kind, f.packed.in.N, f.packed.n); err != nil {
			return &ParseError{File: f.name, Line: f.at, Err: err}
		}
	}
	_, table := f.rows.(*parquetRows)
	if table { // whose pages are compressed
		more += len(text)
	}
	if f.whole != nil && (f.whole.out > 0 || table) {
		if err := f.whole.add(more); err != nil {
			return &ParseError{File: f.name, Line: f.at, Err: err}
		}
	}
	return nil
}

// add counts bytes that came out of a compressed stream.
func (e *expansion) add(n int) error {
	e.out += int64(n)
	return e.limits.expanded("all that is in it", e.packed, e.out)
}

// expanded judges what packed bytes expanded to.
func (l *Limits) expanded(what string, packed, out int64) error {
	switch {
	case out > l.TotalBytes:
		return fmt.Errorf("%s expands to more than %d bytes: %w", what, l.TotalBytes, ErrTooLarge)
	case out > ratioGrace && out/int64(l.Ratio) > packed:
		return fmt.Errorf("%s expands %d bytes to %d, more than %d times: %w", what, packed, out, l.Ratio, ErrTooLarge)
	}
	return nil
}

// decompress undoes the compression that br begins with, if any, and returns its
// name: "gzip", "zstd", "bzip2" or "". What comes out is also counted by whole,
// unless that is nil. The caller closes the reader.
func decompress(br *bufio.Reader, l Limits, whole *expansion) (io.ReadCloser, string, error) {
	head, _ := br.Peek(6)
	if bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}) {
		return nil, "", fmt.Errorf("xz compression: decompress the file first: %w", ErrFormat)
	}
	window := int64(zstdLongWindow)
	if whole != nil {
		window = min(window, max(zstdWindow, 2*whole.packed))
	}
	in := &fsx.CountingReader{R: br}
	r, kind, err := unpack.Open(head, in, uint64(window))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("%s: %w", kind, err)
	case kind == "":
		return io.NopCloser(br), "", nil
	}
	return &bounded{ReadCloser: r, in: in, whole: whole, limits: l, kind: kind}, kind, nil
}

// bounded is a decompressed stream that ends in ErrTooLarge when it expands too
// far. An early end is io.ErrUnexpectedEOF, never io.EOF.
type bounded struct {
	io.ReadCloser
	in     *fsx.CountingReader
	limits Limits
	kind   string
	n      int64      // bytes read
	whole  *expansion // of the archive that the stream is in, nil for a single file
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if bad := b.limits.expanded(b.kind, b.in.N, b.n); bad != nil {
		return 0, bad
	}
	if b.whole != nil {
		if bad := b.whole.add(n); bad != nil {
			return 0, bad
		}
	}
	if err != nil && err != io.EOF {
		return n, fmt.Errorf("%s: %w", b.kind, err)
	}
	return n, err
}

// Decompress undoes the gzip, zstd or bzip2 compression of a stream; any other
// stream is returned as it is. Passing a limit ends the stream with ErrTooLarge,
// a truncated file with io.ErrUnexpectedEOF. Closing does not close src.
func Decompress(src io.Reader, l Limits) (io.ReadCloser, error) {
	r, _, err := decompress(bufio.NewReaderSize(src, sniffBytes), l.withDefaults(), nil)
	return r, err
}
