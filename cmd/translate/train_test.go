package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What an interrupted training says goes on with it has the files of the translations,
// which no flag names.
func TestResumeNamesAllFiles(t *testing.T) {
	dir := t.TempDir()
	source, target := write(t, dir, "a.en", "one two\ntwo one\n"), write(t, dir, "a.de", "eins zwei\nzwei eins\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var said strings.Builder
	root := newRoot()
	root.SetErr(&said)
	root.SetArgs([]string{"train", "--train", source, target, "--dev", source, target, "--out", dir + "/model"})
	if err := root.ExecuteContext(ctx); err == nil {
		t.Fatal("a training that was interrupted came to its end")
	}
	if want := "--train " + source + " --resume " + target + " " + target; !strings.Contains(said.String(), want) {
		t.Errorf("it says\n%swant in it\n%s", &said, want)
	}
}

// write writes a file in a directory, and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
