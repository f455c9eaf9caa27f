package corpora

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// A closedDir is a file system one of whose directories cannot be read.
type closedDir struct {
	fs.FS
	name string
}

func (c closedDir) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == c.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return fs.ReadDir(c.FS, name)
}

// A directory that cannot be read is named; it is not the end of the others.
func TestUnreadableDirectory(t *testing.T) {
	tree := fstest.MapFS{"neg/a.txt": {}, "pos/b.txt": {}, "pos/deep/c.txt": {}}
	r, err := newReader(Options{}, []string{"docs"})
	if err != nil {
		t.Fatal(err)
	}
	f := &file{Reader: r}
	names, unreadable, err := f.list(closedDir{tree, "pos/deep"}, "docs/")
	if err != nil || strings.Join(names, " ") != "neg/a.txt pos/b.txt" {
		t.Errorf("files %q, error %v", names, err)
	}
	if len(unreadable) != 1 || unreadable[0].File != "docs/pos/deep" || !unreadable[0].Refused || !errors.Is(unreadable[0], fs.ErrPermission) {
		t.Errorf("unreadable: %v", unreadable)
	}
	if _, _, err := f.list(closedDir{tree, "."}, "docs/"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the directory itself: error %v", err)
	}
	f.opts.Limits.Entries = 2
	if _, _, err := f.list(closedDir{tree, "pos/deep"}, "docs/"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more entries than allowed: error %v", err)
	}
}

// A file that has gone by the time it is read is refused, the next ones are read.
func TestUnreadableFile(t *testing.T) {
	for _, ext := range []string{"txt", "tsv"} {
		dir := t.TempDir()
		for _, name := range []string{"a", "b", "c"} {
			if err := os.WriteFile(filepath.Join(dir, name+"."+ext), []byte("label\ttext\npos\tgood\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Open(Options{}, dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "b."+ext)); err != nil {
			t.Fatal(err)
		}
		read, refused := 1, ""
		for _, err := range r.All() {
			switch {
			case err == nil:
				read++
			case Refused(err) && errors.Is(err, fs.ErrNotExist):
				refused += err.Error()
			default:
				t.Fatal(err)
			}
		}
		if read != 2 || !strings.HasPrefix(refused, filepath.Join(dir, "b."+ext)+": ") || r.Report().Refused != 1 {
			t.Errorf("%s: %d rows read, refused: %s", ext, read, refused)
		}
	}
}
