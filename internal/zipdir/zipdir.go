// Package zipdir opens zip archives of strangers, whose directories may have more entries
// than they say and than memory holds.
package zipdir

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// A TooManyError says that an archive has more entries than it may have.
type TooManyError struct{ Most int }

func (e *TooManyError) Error() string { return fmt.Sprintf("more than %d entries", e.Most) }

// Open is zip.NewReader for an archive of at most so many entries, and of no more than
// its bytes allow: each takes 76 and those of its name, twice. It takes no memory for
// others; the error is then a *TooManyError. What an archive says of their number does
// not count, since the library reads a directory to its end.
func Open(r io.ReaderAt, size int64, most int) (*zip.Reader, error) {
	most = int(min(int64(most), size/76))
	d := &directory{ReaderAt: r, size: size, most: most, left: most}
	z, err := zip.NewReader(d, size)
	d.read = true
	return z, err
}

// A directory counts the headers of entries as they are read, but for those that the
// library meets when it looks for the end of the archive.
type directory struct {
	io.ReaderAt
	size       int64
	most, left int
	read       bool
}

func (d *directory) ReadAt(p []byte, at int64) (int, error) {
	n, err := d.ReaderAt.ReadAt(p, at)
	if !d.read && at+int64(len(p)) != d.size {
		if d.left -= bytes.Count(p[:n], []byte("PK\x01\x02")); d.left < 0 {
			return 0, &TooManyError{d.most}
		}
	}
	return n, err
}
