package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckOutput(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.tsv")
	if err := os.WriteFile(in, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "none", "m"), dangling); err != nil {
		t.Fatal(err)
	}
	entries := func() int {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := entries()
	for _, tt := range []struct {
		path, want string
		usage      bool
	}{
		{filepath.Join(dir, "new.model"), "", false},
		{in, "is also an input", true},
		{filepath.Join(dir, "..", filepath.Base(dir), "in.tsv"), "is also an input", true},
		{dir, "is a directory", false},
		{filepath.Join(in, "m"), "not a directory", false},
		{filepath.Join(dir, "none", "m"), "--out", false},
		{dangling, "--out", false},
		{os.DevNull, "not a regular file", false},
		{filepath.Join(dir, strings.Repeat("long", 100)), "--out", false},
	} {
		err := CheckOutput("--out", tt.path, filepath.Join(dir, "missing"), in)
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.path, err, tt.want)
		}
		if usage := Code(err, func(error) int { return 0 }) == Usage; err != nil && usage != tt.usage {
			t.Errorf("%s: %v is about usage: %t, want %t", tt.path, err, usage, tt.usage)
		}
	}
	if n := entries(); n != before {
		t.Errorf("%d files in the directory, %d before", n, before)
	}
}
