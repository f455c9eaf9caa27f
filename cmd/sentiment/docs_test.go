package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write the command's reference to docs/cli and docs/man")

// The reference in docs is what the commands say of themselves:
//
//	go test ./cmd/sentiment -run TestDocs -update
func TestDocs(t *testing.T) {
	// The pages' date is fixed, so that they change with the commands alone.
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		dir      string
		generate func(root *cobra.Command, dir string) error
	}{
		{"../../docs/cli", doc.GenMarkdownTree},
		{"../../docs/man", func(root *cobra.Command, dir string) error {
			return doc.GenManTree(root, &doc.GenManHeader{Date: &date, Source: "textlstm", Manual: "sentiment"}, dir)
		}},
	}
	for _, test := range tests {
		t.Run(filepath.Base(test.dir), func(t *testing.T) {
			root := newRoot()
			root.DisableAutoGenTag = true
			root.InitDefaultCompletionCmd()
			separateExamples(root)

			dir := t.TempDir()
			if *update {
				if err := os.RemoveAll(test.dir); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(test.dir, 0o755); err != nil {
					t.Fatal(err)
				}
				dir = test.dir
			}
			if err := test.generate(root, dir); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(readDir(t, test.dir), readDir(t, dir)); diff != "" {
				t.Errorf("%s is not what the commands say; go test ./cmd/sentiment -run TestDocs -update writes it anew:\n%s",
					strings.TrimPrefix(test.dir, "../../"), diff)
			}
		})
	}
}

// separateExamples sets the indented lines of the descriptions apart, as
// Markdown wants it.
func separateExamples(cmd *cobra.Command) {
	var lines []string
	indented := false
	for line := range strings.SplitSeq(cmd.Long, "\n") {
		is := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
		if is != indented && line != "" && len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, "")
		}
		if line != "" {
			indented = is
		}
		lines = append(lines, line)
	}
	cmd.Long = strings.Join(lines, "\n")
	for _, sub := range cmd.Commands() {
		separateExamples(sub)
	}
}

// readDir returns the texts of a directory's files by name.
func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[entry.Name()] = string(text)
	}
	return texts
}
