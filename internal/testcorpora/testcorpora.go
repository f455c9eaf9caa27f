// Package testcorpora finds the real corpora that some tests need.
package testcorpora

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the directory of the corpora: $TEXTLSTM_CORPORA, or
// ../shared/corpora beside the repository. The test is skipped if there is none.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("TEXTLSTM_CORPORA")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "corpora")
	}
	if _, err := os.Stat(filepath.Join(dir, "INDEX.md")); err != nil {
		tb.Skipf("no corpora at %s: set TEXTLSTM_CORPORA to their directory to run this test", dir)
	}
	return dir
}
