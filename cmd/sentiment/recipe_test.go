package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSourcePath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recipe.toml")
	recipe := "[[data]]\nfile = \"a.tsv\"\n[[data]]\nfile = \"./b.tsv\"\n[[dev]]\nfile = \"/c.tsv\"\n"
	if err := os.WriteFile(file, []byte(recipe), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := readRecipe(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := append(append(r.Data, r.Dev...), asSources([]string{"./d.tsv"})...)
	want := []string{filepath.Join("corpora", "a.tsv"), filepath.Join(filepath.Dir(file), "b.tsv"), "/c.tsv", "./d.tsv"}
	for i, s := range files {
		if got := s.path("corpora"); got != want[i] {
			t.Errorf("%s is read from %s, want %s", s.File, got, want[i])
		}
	}
}
