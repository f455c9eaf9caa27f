package resume

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/fsx/fsxtest"
	"github.com/textlstm/textlstm/internal/tensorfile"
)

type settings struct {
	Rate  float64        `json:"rate,omitempty"`
	Big   uint64         `json:"big,omitempty"`
	Inner map[string]any `json:"inner,omitempty"`
}

func identity(change func(texts *string, s *settings)) Identity {
	texts, s := "abc", settings{Rate: 0.1, Big: 1 << 63, Inner: map[string]any{"kind": "sgd", "list": []int{1, 2}}}
	if change != nil {
		change(&texts, &s)
	}
	return Identity{{Name: "texts", Value: texts}, {Name: "start", Value: ""}, {Value: s}}
}

// The first difference is named, with what is on both sides.
func TestIdentityNamesTheFirstDifference(t *testing.T) {
	there, err := json.Marshal(identity(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := identity(nil).Check("f", there); err != nil {
		t.Errorf("with itself: %v", err)
	}
	for name, tt := range map[string]struct {
		here Identity
		want MismatchError
	}{
		"texts":          {identity(func(s *string, _ *settings) { *s = "xyz" }), MismatchError{"f", "texts", "abc", "xyz"}},
		"texts and rate": {identity(func(s *string, c *settings) { *s, c.Rate = "xyz", 1 }), MismatchError{"f", "texts", "abc", "xyz"}},
		"rate":           {identity(func(_ *string, c *settings) { c.Rate = 0.2 }), MismatchError{"f", "rate", "0.1", "0.2"}},
		"no rate":        {identity(func(_ *string, c *settings) { c.Rate = 0 }), MismatchError{"f", "rate", "0.1", "the default"}},
		"large number":   {identity(func(_ *string, c *settings) { c.Big++ }), MismatchError{"f", "big", "9223372036854775808", "9223372036854775809"}},
		"inner":          {identity(func(_ *string, c *settings) { c.Inner["kind"] = "adam" }), MismatchError{"f", "inner.kind", "sgd", "adam"}},
		"list":           {identity(func(_ *string, c *settings) { c.Inner["list"] = []int{1} }), MismatchError{"f", "inner.list", "[1,2]", "[1]"}},
		"nothing inside": {identity(func(_ *string, c *settings) { c.Inner = nil }), MismatchError{"f", "inner", `{"kind":"sgd","list":[1,2]}`, "the default"}},
		"start":          {append(Identity{{Name: "start", Value: "m"}}, slices.DeleteFunc(identity(nil), func(f Field) bool { return f.Name == "start" })...), MismatchError{"f", "start", "none", "m"}},
		"one more":       {append(identity(nil), Field{"teacher", "m"}), MismatchError{"f", "teacher", "the default", "m"}},
		"one less":       {identity(nil)[1:], MismatchError{"f", "texts", "abc", "the default"}},
	} {
		var got *MismatchError
		if err := tt.here.Check("f", there); !errors.As(err, &got) || *got != tt.want {
			t.Errorf("%s: got %v, want %v", name, err, &tt.want)
		}
	}
	if err := identity(nil).Check("f", json.RawMessage("{")); err == nil || !strings.Contains(err.Error(), "f: identity") {
		t.Errorf("no JSON: %v", err)
	}
}

// Where a string ends, and where a list does, is part of a sum.
func TestSum(t *testing.T) {
	seen := map[string]string{}
	for name, add := range map[string]func(*Sum){
		"nothing":     func(*Sum) {},
		"empty list":  func(s *Sum) { s.Strings() },
		"ab, c":       func(s *Sum) { s.Strings("ab", "c") },
		"a, bc":       func(s *Sum) { s.Strings("a", "bc") },
		"abc":         func(s *Sum) { s.Strings("abc") },
		"abc, ''":     func(s *Sum) { s.Strings("abc", "") },
		"ab then c":   func(s *Sum) { s.Strings("ab"); s.Strings("c") },
		"1, 2":        func(s *Sum) { s.Numbers(1, 2) },
		"2, 1":        func(s *Sum) { s.Numbers(2, 1) },
		"large":       func(s *Sum) { s.Numbers(1 << 40) },
		"1 as bytes ": func(s *Sum) { s.Write([]byte{1}) },
	} {
		s := NewSum()
		add(s)
		if other, ok := seen[s.String()]; ok {
			t.Errorf("%s has the sum of %s", name, other)
		}
		seen[s.String()] = name
	}
}

func TestJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	var got []int
	if err := ReadJSON(file, 1000, 3, identity(nil), &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := WriteJSON(file, 3, identity(nil), []int{4, 5}); err != nil {
		t.Fatal(err)
	}
	if err := ReadJSON(file, 1000, 3, identity(nil), &got); err != nil || !slices.Equal(got, []int{4, 5}) {
		t.Errorf("%v, %v", got, err)
	}
	var other *MismatchError
	if err := ReadJSON(file, 1000, 4, identity(nil), &got); !errors.As(err, &other) || other.Field != "format version" || other.There != "3" || other.Here != "4" {
		t.Errorf("another version: %v", err)
	}
	if err := ReadJSON(file, 1000, 3, identity(func(s *string, _ *settings) { *s = "" }), &got); !errors.As(err, &other) || other.Field != "texts" {
		t.Errorf("other texts: %v", err)
	}
	if err := ReadJSON(file, 10, 3, identity(nil), &got); err == nil {
		t.Error("a file beyond the limit was read")
	}
	if err := ReadJSON(file, 1000, 3, identity(nil), new(string)); err == nil || !strings.Contains(err.Error(), "state.json") {
		t.Errorf("a state of another kind: %v", err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ReadJSON(file, 1000, 3, identity(nil), &got); err == nil || !strings.Contains(err.Error(), "state.json") {
		t.Errorf("half a file: %v", err)
	}
}

func openDir(t *testing.T, fsys fsx.FS) *Dir {
	t.Helper()
	d, err := Open(Options{Path: "/c", FS: fsys, Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t *testing.T, d *Dir, state int) (warning, err error) {
	t.Helper()
	return d.Write(identity(nil), state, []tensorfile.Tensor{tensorfile.Float32("x", []float32{float32(state)}, 1)})
}

// The newest whole checkpoint is the one that counts, and its checksum is looked at.
func TestNewest(t *testing.T) {
	mem := fsxtest.NewMem()
	d := openDir(t, mem)
	if c, err := d.Newest(identity(nil)); c != nil || err != nil {
		t.Errorf("an empty directory has %v, %v", c, err)
	}
	for i := range 4 {
		if warning, err := write(t, d, i); warning != nil || err != nil {
			t.Fatal(warning, err)
		}
	}
	if len(d.files) != 2 {
		t.Errorf("%d files, want 2", len(d.files))
	}
	state := func() (int, error) {
		c, err := openDir(t, mem).Newest(identity(nil))
		if c == nil || err != nil {
			return -1, err
		}
		var s int
		if err := c.State(&s); err != nil {
			t.Fatal(err)
		}
		if x, err := c.Tensors.Float32("x"); err != nil || x[0] != float32(s) {
			t.Errorf("state %d has tensor %v, %v", s, x, err)
		}
		if (c.Damage != nil) != (s < 3) {
			t.Errorf("state %d: damage %v", s, c.Damage)
		}
		return s, nil
	}
	if s, err := state(); s != 3 || err != nil {
		t.Errorf("the newest is %d, %v", s, err)
	}
	for i := 1; i >= 0; i-- { // a value changes and the checksum does not
		rewrite(t, mem, d.files[i], func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		s, err := state()
		if i == 1 && (s != 2 || err != nil) {
			t.Errorf("with the newest damaged: %d, %v", s, err)
		}
		if i == 0 && (err == nil || !strings.Contains(err.Error(), filepath.Base(d.files[0]))) {
			t.Errorf("with both damaged: %d, %v", s, err)
		}
	}
}

// rewrite changes the bytes of a file.
func rewrite(t *testing.T, fsys fsx.FS, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := fsx.ReadFile(fsys, path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := fsys.Remove(path); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(path, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(change(b)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close(), fsys.SyncDir(filepath.Dir(path))); err != nil {
		t.Fatal(err)
	}
}

// A file without a checksum is no checkpoint.
func TestChecksumIsRequired(t *testing.T) {
	mem := fsxtest.NewMem()
	d := openDir(t, mem)
	if _, err := write(t, d, 1); err != nil {
		t.Fatal(err)
	}
	rewrite(t, mem, d.files[0], func(b []byte) []byte {
		return []byte(strings.ReplaceAll(string(b), "crc32", "crc_2"))
	})
	if c, err := openDir(t, mem).Newest(identity(nil)); c != nil || err == nil {
		t.Errorf("%v, %v", c, err)
	}
}

// Two failures in a row are warnings, the third is an error, and a success between
// them starts the count anew.
func TestFailuresAreCounted(t *testing.T) {
	disk := &flaky{FS: fsxtest.NewMem()}
	d := openDir(t, disk)
	for i, tt := range []struct{ full, warning, err bool }{
		{true, true, false}, {true, true, false}, {false, false, false},
		{true, true, false}, {true, true, false}, {true, false, true},
	} {
		disk.full = tt.full
		warning, err := write(t, d, i)
		if (warning != nil) != tt.warning || (err != nil) != tt.err {
			t.Errorf("attempt %d: warning %v, err = %v", i, warning, err)
		}
		if d.Due(time.Hour) || !d.Due(0) {
			t.Errorf("attempt %d is not the last", i)
		}
	}
}

type flaky struct {
	fsx.FS
	full bool
}

func (f *flaky) Create(name string, perm fs.FileMode) (fsx.File, error) {
	if f.full {
		return nil, &fs.PathError{Op: "create", Path: name, Err: errors.New("no space left on device")}
	}
	return f.FS.Create(name, perm)
}

func TestOpen(t *testing.T) {
	if _, err := Open(Options{Resume: true}); err == nil {
		t.Error("Resume without a directory is no error")
	}
	if d, err := Open(Options{}); d != nil || err != nil {
		t.Errorf("no directory: %v, %v", d, err)
	}
	dir := t.TempDir()
	d, err := Open(Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if d.Interval() != 5*time.Minute {
		t.Errorf("an interval of %v", d.Interval())
	}
	var locked *fsx.LockedError
	if _, err := Open(Options{Path: dir}); !errors.As(err, &locked) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := write(t, d, 1); err != nil {
		t.Fatal(err)
	}
	if err := Remove(dir); !errors.As(err, &locked) {
		t.Errorf("removed while in use: %v", err)
	}
	d.Close()
	if _, err := Open(Options{Path: dir}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("an unfinished run: %v", err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if err := Remove(dir); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}
