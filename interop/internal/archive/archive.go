// Package archive opens zip archives that may be hostile, for readers of the files of other
// frameworks: nothing takes memory before it has been compared with the size of the file.
package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/textlstm/textlstm/internal/zipdir"
)

const maxEntries = 1 << 16

// An Archive is an open archive.
type Archive struct {
	r     io.ReaderAt
	size  int64
	files map[string]*zip.File
}

// Open reads the directory of an archive of size bytes. Each name may be there once.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	z, err := zipdir.Open(r, size, maxEntries)
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("the archive is cut off, or is none: %w", err)
	}
	if err != nil {
		return nil, err
	}
	a := &Archive{r, size, map[string]*zip.File{}}
	for _, f := range z.File {
		if a.files[f.Name] != nil {
			return nil, fmt.Errorf("entry %q is there twice", f.Name)
		}
		a.files[f.Name] = f
	}
	return a, nil
}

// Names lists the entries, sorted.
func (a *Archive) Names() []string { return slices.Sorted(maps.Keys(a.files)) }

// Size is that of the archive in bytes.
func (a *Archive) Size() int64 { return a.size }

// Has says whether there is an entry of that name.
func (a *Archive) Has(name string) bool { return a.files[name] != nil }

// ReadFile returns the content of an entry, of at most limit bytes.
func (a *Archive) ReadFile(name string, limit int64) ([]byte, error) {
	f := a.files[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("no entry %q", name)
	case f.UncompressedSize64 > uint64(limit):
		return nil, fmt.Errorf("entry %q of %d bytes, limit %d", name, f.UncompressedSize64, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", name, err)
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, f.UncompressedSize64+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, fmt.Errorf("entry %q: %w", name, err)
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("entry %q is longer than %d bytes", name, limit)
	}
	return b.Bytes(), nil
}

// Section returns the bytes of an entry that is stored as it is: no memory is taken for
// them, and the checksum is not looked at.
func (a *Archive) Section(name string) (*io.SectionReader, error) {
	f := a.files[name]
	if f == nil {
		return nil, fmt.Errorf("no entry %q", name)
	}
	n := f.UncompressedSize64
	if f.Method != zip.Store || f.CompressedSize64 != n {
		return nil, fmt.Errorf("entry %q is compressed, want it stored as it is", name)
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", name, err)
	}
	if at < 0 || at > a.size || n > uint64(a.size-at) {
		return nil, fmt.Errorf("entry %q: %d bytes at %d of an archive of %d", name, n, at, a.size)
	}
	return io.NewSectionReader(a.r, at, int64(n)), nil
}

// Open returns the bytes of an entry that is stored as it is, one after the other, and how
// many there are. The read that finds the end fails where the checksum is wrong.
func (a *Archive) Open(name string) (io.ReadCloser, int64, error) {
	s, err := a.Section(name)
	if err != nil {
		return nil, 0, err
	}
	r, err := a.files[name].Open()
	return r, s.Size(), err
}
