package fsx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
)

// put returns a function for WriteFile that writes s in several pieces.
func put(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, half := range []string{s[:len(s)/2], s[len(s)/2:]} {
			if _, err := io.WriteString(w, half); err != nil {
				return err
			}
		}
		return nil
	}
}

// content is large enough to need several writes through the buffer.
func content(version int) string {
	return fmt.Sprintf("version %d\n", version) + strings.Repeat(fmt.Sprintf("%d", version%10), 150_000) + "end\n"
}

func read(t testing.TB, fsys fsx.FS, name string) string {
	t.Helper()
	b, err := fsx.ReadFile(fsys, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// temps returns the temporary files in dir.
func temps(t testing.TB, fsys fsx.FS, dir string) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tmp-") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	for v := range 3 {
		if err := fsx.WriteFile(fsx.OS{}, path, put(content(v))); err != nil {
			t.Fatal(err)
		}
		if got := read(t, fsx.OS{}, path); got != content(v) {
			t.Fatalf("version %d: read %d bytes", v, len(got))
		}
	}
	t.Chdir(dir)
	if err := fsx.WriteFile(fsx.OS{}, "relative", put("x")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, fsx.OS{}, filepath.Join(dir, "relative")); got != "x" {
		t.Errorf("file with a relative name: %q", got)
	}
	if left := temps(t, fsx.OS{}, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteFileKeepsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	if err := fsx.WriteFile(fsx.OS{}, path, put("new")); err != nil {
		t.Fatal(err)
	}
	plain := path + "2"
	f, err := os.Create(plain)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got, want := mode(t, path), mode(t, plain); got != want {
		t.Errorf("new file has mode %v, os.Create gives %v", got, want)
	}
	for _, want := range []fs.FileMode{0o600, 0o640, 0o666, 0o444} {
		if err := os.Chmod(path, want); err != nil {
			t.Fatal(err)
		}
		if err := fsx.WriteFile(fsx.OS{}, path, put("again")); err != nil {
			t.Fatal(err)
		}
		if got := mode(t, path); got != want {
			t.Errorf("mode %v became %v", want, got)
		}
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestWriteFileThroughLinks(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"models/v1", "bin"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("no symbolic links: %v", err)
		}
	}
	link("models/v1/real", "direct")
	link("direct", "chain")
	link(filepath.Join(dir, "models", "v1", "real"), "absolute")
	link("models/v1", "current")
	link("../models/v1/real", "bin/model")
	link("current/../v1/real", "dots") // ".." from where the link leads, not from its name
	real := filepath.Join(dir, "models", "v1", "real")
	for i, name := range []string{"direct", "chain", "absolute", "current/real", "bin/model", "dots"} {
		path := filepath.Join(dir, name)
		before, _ := os.Readlink(path)
		// The first write finds a link to nothing.
		if err := fsx.WriteFile(fsx.OS{}, path, put(content(i))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := read(t, fsx.OS{}, real); got != content(i) {
			t.Errorf("%s: the target was not replaced", name)
		}
		if after, _ := os.Readlink(path); after != before {
			t.Errorf("%s: link to %q became %q", name, before, after)
		}
	}
	if left := temps(t, fsx.OS{}, filepath.Dir(real)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	link("loop2", "loop1")
	link("loop1", "loop2")
	if err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, "loop1"), put("")); err == nil {
		t.Error("a loop of links was written to")
	}
}

func TestWriteFileRefuses(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o777); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	tests := []struct {
		name, path string
		write      func(io.Writer) error
		want       string
	}{
		{"directory", sub, put("x"), "not a regular file"},
		{"device", os.DevNull, put("x"), "not a regular file"},
		{"no directory", filepath.Join(dir, "none", "f"), put("x"), "none"},
		{"parent is a file", filepath.Join(dir, "file", "f"), put("x"), "not a directory"},
		{"writer fails", filepath.Join(dir, "file"), func(w io.Writer) error { io.WriteString(w, "half"); return boom }, "boom"},
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		if err := fsx.WriteFile(fsx.OS{}, tt.path, tt.write); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
	if got := read(t, fsx.OS{}, filepath.Join(dir, "file")); got != "old" {
		t.Errorf("after a failed write: %q", got)
	}
	if left := temps(t, fsx.OS{}, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestEveryFault fails each operation of a replacement in turn.
func TestEveryFault(t *testing.T) {
	for _, sticky := range []bool{false, true} {
		var mem *fsxtest.Mem
		fresh := func() fsx.FS {
			mem = fsxtest.NewMem()
			if err := fsx.WriteFile(mem, "/model", put(content(1))); err != nil {
				t.Fatal(err)
			}
			return mem
		}
		n := fsxtest.Each(fresh, sticky, func(f *fsxtest.Fault) {
			err := fsx.WriteFile(f, "/model", put(content(2)))
			failed := f.Ops() >= f.FailAt
			got := read(t, mem, "/model")
			switch {
			case !failed && (err != nil || got != content(2)):
				t.Errorf("without a fault: %v", err)
			case failed && err == nil && !strings.HasPrefix(f.Log()[f.FailAt-1], "remove"):
				t.Errorf("fault at %q goes unreported", f.Log()[f.FailAt-1])
			case failed && !errors.Is(err, fsxtest.ErrInjected):
				t.Errorf("fault at %q: %v", f.Log()[f.FailAt-1], err)
			case failed && !strings.Contains(err.Error(), "/"):
				t.Errorf("%v: no path", err)
			case got != content(1) && got != content(2):
				t.Errorf("fault at %q: the file has %d bytes", f.Log()[f.FailAt-1], len(got))
			case got == content(2) && failed && !strings.HasPrefix(f.Log()[f.FailAt-1], "syncdir"):
				t.Errorf("fault at %q: error, but the file is new", f.Log()[f.FailAt-1])
			}
			if left := temps(t, mem, "/"); len(left) > 0 && !sticky {
				t.Errorf("fault at %q left %v", f.Log()[f.FailAt-1], left)
			}
			if _, err := fsx.Sweep(mem, "/"); err != nil {
				t.Error(err)
			}
			if left := temps(t, mem, "/"); len(left) > 0 {
				t.Errorf("Sweep left %v", left)
			}
		})
		if n < 9 { // resolve, stat, create, 4 writes, chmod, sync, close, rename, syncdir
			t.Errorf("only %d operations", n)
		}
		t.Logf("sticky %v: %d operations", sticky, n)
	}
}

// TestCrash cuts the power at each operation of a replacement: the file is the
// old one or the new one, whole, and the new one if WriteFile had returned.
func TestCrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	clones, fresh := 0, 0
	var mem *fsxtest.Mem
	n := fsxtest.Each(func() fsx.FS {
		mem = fsxtest.NewMem()
		if err := fsx.MkdirAll(mem, "/run/checkpoints", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := fsx.WriteFile(mem, "/run/checkpoints/last", put(content(1))); err != nil {
			t.Fatal(err)
		}
		return mem
	}, true, func(f *fsxtest.Fault) {
		err := fsx.WriteFile(f, "/run/checkpoints/last", put(content(2)))
		for range 45 {
			clones++
			c := mem.Crash(rng)
			switch got := read(t, c, "/run/checkpoints/last"); {
			case got == content(2):
				fresh++
			case got != content(1):
				t.Fatalf("crash at %q: the file has %d bytes", f.Log()[len(f.Log())-1], len(got))
			case err == nil:
				t.Fatal("WriteFile returned nil, and the file is the old one")
			}
		}
	})
	t.Logf("%d operations, %d crashes, %d with the new file", n, clones, fresh)
	if clones < 500 || fresh == 0 || fresh == clones {
		t.Errorf("%d crashes, %d with the new file: too few to tell", clones, fresh)
	}
}

// TestCrashFinds checks that the crash test would see what WriteFile guards
// against.
func TestCrashFinds(t *testing.T) {
	write := func(m *fsxtest.Mem, sync, syncDir bool) {
		f, err := m.Create("/temp", 0o666)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, content(2))
		if sync {
			f.Sync()
		}
		m.Rename("/temp", "/model")
		if syncDir {
			m.SyncDir("/")
		}
	}
	for _, tt := range []struct {
		name                   string
		sync, syncDir          bool
		wantTorn, wantOutdated bool
	}{
		{"no fsync", false, true, true, false},
		{"no fsync of the directory", true, false, false, true},
		{"both", true, true, false, false},
	} {
		var torn, outdated bool
		rng := rand.New(rand.NewPCG(1, 1))
		for range 100 {
			m := fsxtest.NewMem()
			if err := fsx.WriteFile(m, "/model", put(content(1))); err != nil {
				t.Fatal(err)
			}
			write(m, tt.sync, tt.syncDir)
			switch read(t, m.Crash(rng), "/model") {
			case content(1):
				outdated = true
			case content(2):
			default:
				torn = true
			}
		}
		if torn != tt.wantTorn || outdated != tt.wantOutdated {
			t.Errorf("%s: torn %v, outdated %v, want %v, %v", tt.name, torn, outdated, tt.wantTorn, tt.wantOutdated)
		}
	}
}

// TestMkdirAll: a file in a new directory survives, as the directory does.
func TestMkdirAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	lost := false
	for range 50 {
		plain := fsxtest.NewMem()
		plain.MkdirAll("/a/b/c", 0o777)
		if _, err := plain.Crash(rng).Stat("/a/b/c"); err != nil {
			lost = true
		}
		m := fsxtest.NewMem()
		if err := fsx.MkdirAll(m, "/a/b/c", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := fsx.MkdirAll(m, "/a/b/c", 0o777); err != nil {
			t.Fatalf("existing directory: %v", err)
		}
		if err := fsx.WriteFile(m, "/a/b/c/f", put("x")); err != nil {
			t.Fatal(err)
		}
		read(t, m.Crash(rng), "/a/b/c/f")
	}
	if !lost {
		t.Error("unflushed directories never got lost")
	}
	fsxtest.Each(func() fsx.FS { return fsxtest.NewMem() }, false, func(f *fsxtest.Fault) {
		err := fsx.MkdirAll(f, "/a/b", 0o777)
		if failed := f.Ops() >= f.FailAt; failed && !strings.HasPrefix(f.Log()[f.FailAt-1], "stat") && err == nil {
			t.Errorf("fault at %q goes unreported", f.Log()[f.FailAt-1])
		}
	})
	dir := filepath.Join(t.TempDir(), "x", "y")
	if err := fsx.MkdirAll(fsx.OS{}, dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, "f"), put("x")); err != nil {
		t.Fatal(err)
	}
	if err := fsx.MkdirAll(fsx.OS{}, filepath.Join(dir, "f", "g"), 0o777); err == nil {
		t.Error("a directory in a file was made")
	}
}

func TestReadFile(t *testing.T) {
	m := fsxtest.NewMem()
	if err := fsx.WriteFile(m, "/f", put("12345")); err != nil {
		t.Fatal(err)
	}
	if b, err := fsx.ReadFile(m, "/f", 5); err != nil || !bytes.Equal(b, []byte("12345")) {
		t.Errorf("ReadFile = %q, %v", b, err)
	}
	for name, limit := range map[string]int64{"/f": 4, "/": 100, "/none": 100} {
		if _, err := fsx.ReadFile(m, name, limit); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s, limit %d: %v", name, limit, err)
		}
	}
	n := fsxtest.Each(func() fsx.FS { return m }, false, func(f *fsxtest.Fault) {
		_, err := fsx.ReadFile(f, "/f", 100)
		if f.Ops() >= f.FailAt && err == nil && !strings.HasPrefix(f.Log()[f.FailAt-1], "close") {
			t.Errorf("fault at %q goes unreported", f.Log()[f.FailAt-1])
		}
	})
	if n < 4 {
		t.Errorf("only %d operations", n)
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	stale := []string{".tmp-1-ABCDEFGHIJ", ".tmp-4194304-234567ZYXW"}
	keep := []string{".tmp", ".tmp-", ".tmp-1", ".tmp-x-ABCDEFGHIJ", ".tmp-1-short", ".tmp-1-abcdefghij", ".tmp--ABCDEFGHIJ", "tmp-1-ABCDEFGHIJ", "model"}
	for _, name := range append(stale, keep...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".tmp-2-ABCDEFGHIJ"), 0o777); err != nil {
		t.Fatal(err)
	}
	n, err := fsx.Sweep(fsx.OS{}, dir)
	if n != len(stale) || err != nil {
		t.Errorf("Sweep = %d, %v, want %d", n, err, len(stale))
	}
	for _, name := range keep {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := fsx.Sweep(fsx.OS{}, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
}

func TestSweepGoesOn(t *testing.T) {
	m := fsxtest.NewMem()
	for _, name := range []string{"/.tmp-1-ABCDEFGHIJ", "/.tmp-2-ABCDEFGHIJ", "/.tmp-3-ABCDEFGHIJ"} {
		if _, err := m.Create(name, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	n, err := fsx.Sweep(&fsxtest.Fault{FS: m, FailAt: 3}, "/") // readdir, remove, remove
	if n != 2 || !errors.Is(err, fsxtest.ErrInjected) {
		t.Errorf("Sweep = %d, %v, want 2 removed and the error of the other", n, err)
	}
	if n, err := fsx.Sweep(&fsxtest.Fault{FS: m, FailAt: 2, Err: fs.ErrNotExist}, "/"); n != 1 || err != nil {
		t.Errorf("file that is gone already: %d, %v", n, err)
	}
}

// clash is a file system whose first names are all taken.
type clash struct {
	fsx.FS
	left int
}

func (c *clash) Create(name string, perm fs.FileMode) (fsx.File, error) {
	if c.left--; c.left >= 0 {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return c.FS.Create(name, perm)
}

func TestTempNameTaken(t *testing.T) {
	if err := fsx.WriteFile(&clash{fsxtest.NewMem(), 3}, "/f", put("x")); err != nil {
		t.Errorf("three names taken: %v", err)
	}
	if err := fsx.WriteFile(&clash{fsxtest.NewMem(), 1000}, "/f", put("x")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("all names taken: %v", err)
	}
}

func TestOSErrors(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	o := fsx.OS{}
	if f, err := o.Open(none); f != nil || err == nil {
		t.Errorf("Open = %v, %v", f, err)
	}
	if f, err := o.Create(filepath.Join(none, "f"), 0o666); f != nil || err == nil {
		t.Errorf("Create = %v, %v", f, err)
	}
	if err := o.SyncDir(none); err == nil {
		t.Error("SyncDir of nothing succeeds")
	}
}
