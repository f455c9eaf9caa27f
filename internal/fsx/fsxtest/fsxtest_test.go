package fsxtest_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
)

func put(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func Example() {
	// A file is replaced, and each operation of that fails once.
	var mem *fsxtest.Mem
	old, fresh := 0, 0
	fsxtest.Each(func() fsx.FS {
		mem = fsxtest.NewMem()
		fsx.WriteFile(mem, "/model", put("old"))
		return mem
	}, false, func(f *fsxtest.Fault) {
		fsx.WriteFile(f, "/model", put("new"))
		switch b, _ := fsx.ReadFile(mem, "/model", 100); string(b) {
		case "old":
			old++
		case "new":
			fresh++
		}
	})
	fmt.Println(old, "times the old file,", fresh, "times the new one")
	// Output: 8 times the old file, 2 times the new one
}

// TestMemErrors checks Mem against what the operating system answers.
func TestMemErrors(t *testing.T) {
	for name, fsys := range map[string]struct {
		fs  fsx.FS
		dir string
	}{"mem": {fsxtest.NewMem(), "/"}, "os": {fsx.OS{}, t.TempDir()}} {
		m, d := fsys.fs, fsys.dir
		if _, err := m.Create(d+"/f", 0o644); err != nil {
			t.Fatal(err)
		}
		errs := map[string]error{}
		_, errs["open"] = m.Open(d + "/none")
		_, errs["create"] = m.Create(d+"/none/f", 0o644)
		_, errs["stat"] = m.Stat(d + "/none")
		_, errs["readdir"] = m.ReadDir(d + "/none")
		errs["rename from nothing"] = m.Rename(d+"/none", d+"/f")
		errs["rename to no directory"] = m.Rename(d+"/f", d+"/none/f")
		errs["remove"] = m.Remove(d + "/none")
		errs["syncdir"] = m.SyncDir(d + "/none")
		for op, err := range errs {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %s: %v", name, op, err)
			}
		}
		if _, err := m.Create(d+"/f", 0o644); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: create again: %v", name, err)
		}
		if err := m.MkdirAll(d+"/a/b", 0o755); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		entries, err := m.ReadDir(d)
		if err != nil || len(entries) != 2 || entries[0].Name() != "a" || !entries[0].IsDir() || entries[1].IsDir() {
			t.Errorf("%s: ReadDir = %v, %v", name, entries, err)
		}
		if info, err := m.Stat(d + "/a"); err != nil || !info.IsDir() || info.Sys() == nil && name == "os" || info.ModTime().IsZero() != (name == "mem") {
			t.Errorf("%s: Stat = %v, %v", name, info, err)
		}
	}
}

// TestCrashKeepsWhatWasFlushed: a removed name may come back, a flushed file
// does not change.
func TestCrashKeepsWhatWasFlushed(t *testing.T) {
	m := fsxtest.NewMem()
	for _, name := range []string{"/kept", "/removed"} {
		if err := fsx.WriteFile(m, name, put(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Remove("/removed"); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	back := 0
	for range 100 {
		c := m.Crash(rng)
		if b, err := fsx.ReadFile(c, "/kept", 100); string(b) != "/kept" {
			t.Fatalf("flushed file: %q, %v", b, err)
		}
		if _, err := c.Stat("/removed"); err == nil {
			back++
		}
	}
	if back == 0 || back == 100 {
		t.Errorf("the removed name came back %d times of 100", back)
	}
}

func TestFault(t *testing.T) {
	f := &fsxtest.Fault{FS: fsxtest.NewMem(), FailAt: 2, Sticky: true, Err: fs.ErrPermission}
	if err := f.MkdirAll("/d", 0o777); err != nil {
		t.Errorf("operation 1: %v", err)
	}
	_, resolve := f.Resolve("/d")
	_, readdir := f.ReadDir("/d")
	for _, err := range []error{resolve, readdir, f.MkdirAll("/d", 0o777)} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want permission denied", err)
		}
	}
	if got, want := fmt.Sprint(f.Log()), "[mkdir /d resolve /d readdir /d mkdir /d]"; got != want {
		t.Errorf("log %s, want %s", got, want)
	}
	if _, err := (&fsxtest.Fault{FS: fsxtest.NewMem()}).Open("/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file system's own error: %v", err)
	}
}
