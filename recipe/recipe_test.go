package recipe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/corpora"
)

func TestSourcePath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recipe.toml")
	recipe := "[[data]]\nfile = \"a.tsv\"\n[[data]]\nfile = \"./b.tsv\"\n[[dev]]\nfile = \"/c.tsv\"\n"
	if err := os.WriteFile(file, []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := append(append(r.Data, r.Dev...), Files("./d.tsv")...)
	want := []string{filepath.Join("corpora", "a.tsv"), filepath.Join(filepath.Dir(file), "b.tsv"), "/c.tsv", "./d.tsv"}
	for i, s := range files {
		if got := s.path("corpora"); got != want[i] {
			t.Errorf("%s is read from %s, want %s", s.File, got, want[i])
		}
	}
}

// An end by an error, or of the context, leaves no file behind.
func TestStreamLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "texts.tsv")
	if err := os.WriteFile(file, []byte("label\ttext\npos\tgood\nneg\tbad\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		src  Source
		want error
	}{
		{"cancelled", cancelled, Source{File: file}, context.Canceled},
		{"missing", t.Context(), Source{File: filepath.Join(dir, "missing.tsv")}, os.ErrNotExist},
		{"read", t.Context(), Source{File: file}, nil},
	} {
		texts, err := (&Recipe{Data: []Source{tt.src}}).SpoolTexts(tt.ctx, corpora.Options{}, "", dir, 0)
		if !errors.Is(err, tt.want) {
			t.Fatalf("%s: error %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			texts.Close()
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 {
			t.Errorf("%s: left behind: %v", tt.name, entries)
		}
	}
}
