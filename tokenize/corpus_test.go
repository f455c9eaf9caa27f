package tokenize_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/textlstm/textlstm/internal/testcorpora"
)

// corpusLines returns the first lines, at most max of them, of a compressed
// file of the corpora.
func corpusLines(tb testing.TB, name string, max int) []string {
	tb.Helper()
	f, err := os.Open(filepath.Join(testcorpora.Dir(tb), name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	var lines []string
	for len(lines) < max && s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return lines
}

// corpusTexts returns the texts of a labelled file with a header line.
func corpusTexts(tb testing.TB, name string, max int) []string {
	tb.Helper()
	lines := corpusLines(tb, name, max+1)[1:]
	for i, line := range lines {
		_, lines[i], _ = strings.Cut(line, "\t")
	}
	return lines
}
