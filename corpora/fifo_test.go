//go:build linux

package corpora

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What comes through a named pipe has no size, and is judged by what was read of it.
func TestCompressedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.tsv.gz")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	const n = 60_000
	var b strings.Builder
	b.WriteString("text\tlabel\n")
	r := rand.New(rand.NewPCG(1, 2))
	for range n { // more than 4 MiB
		fmt.Fprintf(&b, "%d %s\tx\n", r.Uint64(), "words that come in every one of the rows, as in no bomb")
	}
	packed := gz(t, b.String())
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			f.WriteString(packed)
			f.Close()
		}
	}()
	if d, _, err := ReadFiles(Options{}, path); err != nil || d.Len() != n {
		t.Errorf("%d rows of %d, err = %v", d.Len(), n, err)
	}
}
