package settings

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/train"
)

func TestBounds(t *testing.T) {
	rep := strings.Repeat
	many := func(format string) string {
		var b strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct{ name, file, text, want string }{
		{"lists", "c.toml", "a = " + rep("[", 50_000) + rep("]", 50_000), "line 1: nested more than 32 deep"},
		{"tables", "c.toml", "\na = " + rep("{a = ", 20_000) + "1" + rep("}", 20_000), "line 2: nested more than 32 deep"},
		{"a dotted key", "c.toml", "\n\na" + rep(".a", 50_000) + " = 1", "line 3: nested more than 32 deep"},
		{"a heading", "c.toml", "[a" + rep(" . a", 30_000) + "]", "line 1: nested more than 32 deep"},
		{"objects", "c.json", rep(`{"a":`, 25_000), "line 1: nested more than 32 deep"},
		{"behind strings", "c.toml", `a = ['[', "\"[", """` + "\n" + `[\"""""", '''` + "\n''''', # [\n" + rep("[", 50_000), "line 4: nested more than 32 deep"},
		{"a large file", "c.toml", rep("k = 1\n", 1<<18), "more than 131072 bytes"},
		{"keys", "c.toml", many("k%d = 1\n"), `unknown field "k0"`},
		{"heads", "c.toml", rep("[[model.heads]]\n", 8_000), "a list of 8000 tables in model.heads, want at most 1024"},
		{"heads of JSON", "c.json", `{"model":{"heads":[` + rep("{},", 40_000) + "{}]}}", "a list of 40001 tables in model.heads, want at most 1024"},
		{"layers", "c.toml", "[[model.heads]]\n" + rep("[[model.heads.layers]]\n", 1025), "a list of 1025 tables in model.heads.layers, want at most 1024"},
		{"groups", "c.toml", many("[g%d]\n"), `unknown field "g0"`},
		{"keys of JSON", "c.json", "{" + many(`"k%d":1,`) + `"z":1}`, `unknown field "k0"`},
	} {
		file := write(t, tt.file, tt.text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		s, err := Read(file, nil)
		if err == nil {
			err = s.Over(new(train.Config))
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		var settings *Error
		if !errors.As(err, &settings) || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 500 {
			t.Errorf("%s: %.500v, want an Error with %q", tt.name, err, tt.want)
		}
		if made := after.TotalAlloc - before.TotalAlloc; took > 10*time.Second || made > 64<<20 {
			t.Errorf("%s: %v and %d MiB", tt.name, took, made>>20)
		}
	}
}

// As many tables in a list as are allowed.
func TestLongList(t *testing.T) {
	s, err := Read(write(t, "c.toml", strings.Repeat("[[model.heads]]\nlayers = [{units = 3}]\n", 1024)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var c train.Config
	if err := s.Over(&c); err != nil || len(c.Model.Heads) != 1024 {
		t.Errorf("%d heads, %v", len(c.Model.Heads), err)
	}
}

// What is allowed, brackets in strings and comments included.
func TestWithinBounds(t *testing.T) {
	rep := strings.Repeat
	for _, text := range []string{
		rep("[", 32) + rep("]", 32),
		rep("[", 32) + "1" + rep("]", 32) + "\n" + rep("[", 32),
		rep("a.", 31) + "a = 1.5\nb = [" + rep("1.5,", 100) + "]",
		`'` + rep("[", 100) + `' "` + rep("[", 100) + `\"[" # ` + rep("[", 100),
		`"""` + rep("[\n", 100) + `"""`,
	} {
		if err := checkDepth([]byte(text)); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// FuzzReadSettings checks that no file makes anything but an Error.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"epochs = 3\n[model.lstm]\nhidden_size = 4", `{"model": {"pool": ["max"]}}`,
		`a = [[1.5, {b.c = '''x'''}], """y""""] # z`, "[[model.heads]]\nlabels = ['a']",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"c.toml", "c.json"} {
			s, err := Read(write(t, name, text), nil)
			if err == nil {
				err = s.Over(new(train.Config))
			}
			var settings *Error
			if err != nil && !errors.As(err, &settings) {
				t.Fatalf("%T: %v", err, err)
			}
		}
	})
}
