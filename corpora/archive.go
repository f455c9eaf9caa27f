package corpora

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/zipdir"
)

// maxName is the longest name of a file in an archive, in bytes: what systems allow.
const maxName = 4096

// entryNames collects the names of an archive's files.
type entryNames struct {
	max  int
	list []string
	seen map[string]int // places in list
}

// newEntryNames returns the names of an archive of size bytes. They are held in
// memory, so that a small archive may not have too many.
func newEntryNames(l Limits, size int64) entryNames {
	return entryNames{max: int(min(int64(l.Entries), 10_000+size/64)), seen: map[string]int{}}
}

// add checks and adds one name: it must lie within the archive, be a plain file
// and be the only one of its name.
func (n *entryNames) add(name string, plain bool) error {
	if len(name) > maxName {
		return fmt.Errorf("entry %.60q… has a name of %d bytes, more than %d: %w", name, len(name), maxName, ErrTooLarge)
	}
	if strings.Contains(name, `\`) || !filepath.IsLocal(name) {
		return fmt.Errorf("entry %q: %w", name, ErrInsecurePath)
	}
	if !plain {
		return fmt.Errorf("entry %q is a link, a device or sparse: %w", name, ErrInsecurePath)
	}
	name = path.Clean(name)
	if _, twice := n.seen[name]; twice {
		return fmt.Errorf("two entries %q: %w", name, ErrInsecurePath)
	}
	if len(n.list) >= n.max {
		return n.tooMany(n.max)
	}
	n.seen[name] = len(n.list)
	n.list = append(n.list, name)
	return nil
}

func (n *entryNames) tooMany(most int) error {
	return fmt.Errorf("more than %d entries: %w", most, ErrTooLarge)
}

// openTar reads a tar archive, compressed or not, in two passes: one for the
// names, one for the content.
func (f *file) openTar(disk *os.File) (rows, error) {
	broken := func(err error) error {
		if err == nil || err == io.EOF {
			return err
		}
		return &ParseError{File: f.name, Err: fmt.Errorf("tar: %w", err)}
	}
	if disk == nil {
		return nil, broken(fmt.Errorf("from a pipe or in an archive: give the archive's file name: %w", ErrFormat))
	}
	rewind := func() (*tar.Reader, error) {
		info, err := disk.Stat()
		if err != nil {
			return nil, err
		}
		if _, err := disk.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		f.whole = &expansion{limits: f.opts.Limits, packed: info.Size()}
		src, _, err := decompress(bufio.NewReaderSize(disk, sniffBytes), f.opts.Limits, f.whole)
		if err != nil {
			return nil, err
		}
		f.close = append(f.close, src.Close)
		return tar.NewReader(src), nil
	}
	tr, err := rewind()
	if err != nil {
		return nil, broken(err)
	}
	names := newEntryNames(f.opts.Limits, f.whole.packed)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		switch h.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			if h.Typeflag == tar.TypeDir && (strings.Contains(h.Name, `\`) || !filepath.IsLocal(h.Name)) {
				return nil, broken(fmt.Errorf("entry %q: %w", h.Name, ErrInsecurePath))
			}
			continue
		}
		if err := names.add(h.Name, h.Typeflag == tar.TypeReg && !sparse(h)); err != nil {
			return nil, broken(err)
		}
	}
	l, err := plan(names.list, &f.opts)
	if err != nil {
		return nil, broken(err)
	}
	if tr, err = rewind(); err != nil {
		return nil, broken(err)
	}
	return f.newEntries(l, f.name+"!", func() (entry, error) {
		for {
			h, err := tr.Next()
			if err != nil {
				return entry{}, broken(err)
			}
			if h.Typeflag != tar.TypeReg {
				continue
			}
			name := path.Clean(h.Name)
			if _, doc := l.docs[name]; doc || l.tables[name] {
				return entry{name: name, src: tr}, nil
			}
		}
	}), nil
}

// sparse says whether a file has holes, which are no bytes of the archive.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// readerAt returns a reader of any place: disk, or the whole of br in memory.
func (f *file) readerAt(br *bufio.Reader, disk *os.File, compression string) (io.ReaderAt, int64, error) {
	if disk != nil && compression == "" {
		info, err := disk.Stat()
		if err != nil {
			return nil, 0, err
		}
		if info.Mode().IsRegular() {
			return disk, info.Size(), nil
		}
	}
	h := held{file: f}
	if _, err := io.Copy(&h, br); err != nil {
		return nil, 0, &ParseError{File: f.name, Err: err}
	}
	return &h, h.size, nil
}

// onDisk is how many bytes of files the size bytes of an archive or a table came from.
func (f *file) onDisk(size int64) int64 {
	switch {
	case f.whole != nil:
		return min(size, f.whole.packed)
	case f.packed != nil:
		return min(size, f.packed.in.N)
	}
	return size
}

// What may be held of a compressed archive or table beside four times the file.
const (
	heldGrace = 16 << 20
	heldBlock = 256 << 10 // so that it does not grow by copying
)

// held is an archive or a table in memory, for one that cannot be read at any place where
// it lies: compressed, or from a pipe.
type held struct {
	file   *file
	blocks [][]byte
	size   int64
}

func (h *held) Write(p []byte) (int, error) {
	limit := min(h.file.opts.Limits.Memory, heldGrace+4*h.file.onDisk(h.size))
	if h.size+int64(len(p)) > limit {
		return 0, fmt.Errorf("more than %d bytes that must be held in memory: give it as a plain file: %w", limit, ErrTooLarge)
	}
	n := len(p)
	for len(p) > 0 {
		used := int(h.size % heldBlock)
		if used == 0 {
			h.blocks = append(h.blocks, make([]byte, heldBlock))
		}
		c := copy(h.blocks[len(h.blocks)-1][used:], p)
		p, h.size = p[c:], h.size+int64(c)
	}
	return n, nil
}

func (h *held) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) && at < h.size {
		end := min(heldBlock, h.size-at/heldBlock*heldBlock)
		c := copy(p[n:], h.blocks[at/heldBlock][at%heldBlock:end])
		n, at = n+c, at+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// openZip reads a zip archive.
func (f *file) openZip(br *bufio.Reader, disk *os.File, compression string) (rows, error) {
	src, size, err := f.readerAt(br, disk, compression)
	if err != nil {
		return nil, err
	}
	broken := func(err error) error { return &ParseError{File: f.name, Err: fmt.Errorf("zip: %w", err)} }
	packed := f.onDisk(size)
	names := newEntryNames(f.opts.Limits, packed)
	zr, err := zipdir.Open(src, size, names.max)
	if many, ok := errors.AsType[*zipdir.TooManyError](err); ok {
		err = names.tooMany(many.Most)
	}
	if err != nil {
		return nil, broken(err)
	}
	var files []*zip.File // of names
	var entries uint64
	for _, z := range zr.File {
		if z.Name == "xl/workbook.xml" {
			return nil, broken(fmt.Errorf("an Excel workbook: save the sheet as CSV: %w", ErrFormat))
		}
		if entries += z.CompressedSize64; entries > uint64(size) || z.CompressedSize64 > uint64(size) {
			return nil, broken(fmt.Errorf("the entries are larger than the archive, they overlap: %w", ErrTooLarge))
		}
		if strings.HasSuffix(z.Name, "/") {
			if !filepath.IsLocal(z.Name) {
				return nil, broken(fmt.Errorf("entry %q: %w", z.Name, ErrInsecurePath))
			}
			continue
		}
		if err := names.add(z.Name, z.Mode().IsRegular()); err != nil {
			return nil, broken(err)
		}
		files = append(files, z)
	}
	l, err := plan(names.list, &f.opts)
	if err != nil {
		return nil, broken(err)
	}
	left := l.names
	f.whole = &expansion{limits: f.opts.Limits, packed: packed}
	return f.newEntries(l, f.name+"!", func() (entry, error) {
		if len(left) == 0 {
			return entry{}, io.EOF
		}
		z := files[names.seen[left[0]]]
		left = left[1:]
		if z.Flags&1 != 0 {
			return entry{}, broken(fmt.Errorf("entry %q is encrypted: %w", z.Name, ErrFormat))
		}
		src, err := z.Open()
		if err != nil {
			return entry{}, broken(fmt.Errorf("entry %q: %w", z.Name, err))
		}
		in := &fsx.CountingReader{N: int64(z.CompressedSize64)}
		return entry{
			name: path.Clean(z.Name),
			src:  &bounded{ReadCloser: src, in: in, limits: f.opts.Limits, kind: "zip", whole: f.whole},
			done: src.Close,
		}, nil
	}), nil
}
