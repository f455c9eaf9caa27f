package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/recipe"
)

// The dev texts are those that the old recipe set aside, with a share of the new
// sources, by the labels that their sources know; none was trained on.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, labels []string, n int) {
		var b strings.Builder
		b.WriteString("label\ttext\n")
		for i := range n {
			fmt.Fprintf(&b, "%s\ttext %d of %s\n", labels[i%len(labels)], i, name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	two, three := []string{"negative", "positive"}, []string{"negative", "neutral", "positive"}
	file("films.tsv", two, 100)
	file("news.tsv", []string{"World", "Sports"}, 100)
	file("tweets.tsv", three, 120)
	const old = "seed = 1\n[[data]]\nfile = \"films.tsv\"\nhead = \"sentiment\"\n[[data]]\nfile = \"news.tsv\"\nhead = \"topic\"\n"
	for name, text := range map[string]string{"old.toml": old, "new.toml": old + "[[data]]\nfile = \"tweets.tsv\"\nhead = \"sentiment\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := filepath.Join(dir, "old.toml")
	if err := write(dir, 0.1, 0.2, before, filepath.Join(dir, "new.toml")); err != nil {
		t.Fatal(err)
	}
	r, err := recipe.Read(before, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := r.ReadTexts(corpora.Options{}, dir, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"dev.two.tsv": 10, "dev.topic.tsv": 10, "dev.three.tsv": 24} {
		d, _, err := corpora.ReadFiles(corpora.Options{}, filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if d.Len() != want {
			t.Errorf("%s has %d texts, want %d", name, d.Len(), want)
		}
		if _, trained := d.Without(texts.Train()); trained > 0 {
			t.Errorf("%s: %d texts were trained on", name, trained)
		}
	}
}
