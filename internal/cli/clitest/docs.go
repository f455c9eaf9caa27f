// Package clitest holds a command of this module to its pages and its scripts.
package clitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// Docs compares the pages of a command in docs/cli and docs/man with what the command
// says, or writes them. It is called in the directory of the command, below cmd.
func Docs(t *testing.T, newRoot func() *cobra.Command, update bool) {
	name := newRoot().Name()
	// The pages' date is fixed, so that they change with the commands alone.
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	for dir, generate := range map[string]func(root *cobra.Command, dir string) error{
		"cli": doc.GenMarkdownTree,
		"man": func(root *cobra.Command, dir string) error {
			return doc.GenManTree(root, &doc.GenManHeader{Date: &date, Source: "textlstm", Manual: name}, dir)
		},
	} {
		t.Run(dir, func(t *testing.T) {
			root := newRoot()
			root.DisableAutoGenTag = true
			root.InitDefaultCompletionCmd()
			separateExamples(root)
			said := t.TempDir()
			if err := generate(root, said); err != nil {
				t.Fatal(err)
			}
			there := filepath.Join("../../docs", dir)
			if update {
				move(t, name, said, there)
				said = there
			}
			if diff := cmp.Diff(pages(t, there, name), pages(t, said, name)); diff != "" {
				t.Errorf("docs/%s is not what the commands say; go test ./cmd/%s -run TestDocs -update writes it anew:\n%s", dir, name, diff)
			}
		})
	}
}

// move puts the pages of a command in the place of those that are there.
func move(t *testing.T, name, from, to string) {
	t.Helper()
	for page := range pages(t, to, name) {
		if err := os.Remove(filepath.Join(to, page)); err != nil {
			t.Fatal(err)
		}
	}
	for page, text := range pages(t, from, name) {
		if err := os.WriteFile(filepath.Join(to, page), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// pages returns the texts of a command's pages by the names of the files.
func pages(t *testing.T, dir, name string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, entry := range entries {
		if rest, ok := strings.CutPrefix(entry.Name(), name); !ok || !strings.ContainsAny(rest[:1], "._-") {
			continue // of another command
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[entry.Name()] = string(text)
	}
	return texts
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
