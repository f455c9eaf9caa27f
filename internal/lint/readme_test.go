package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// README's program is examples/label, so that it is compiled and run.
func TestReadmeProgramIsAnExample(t *testing.T) {
	_, program, ok := strings.Cut(read(t, "examples/label/main.go"), "package main\n")
	if !ok || !strings.Contains(read(t, "README.md"), "```go\npackage main\n"+program+"```\n") {
		t.Error("the Go program in README.md is not examples/label/main.go")
	}
}

// Links within the documents lead somewhere.
func TestLinksOfDocuments(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, name := range append(documents, more...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(b, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), string(m[1]))); err != nil {
				t.Errorf("%s: %v", filepath.Base(name), err)
			}
		}
	}
}
