//go:build unix

package tensorfile

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
)

// TestReadFileRefusesPipes: opening a pipe would wait for a writer for ever.
func TestReadFileRefusesPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no pipes: %v", err)
	}
	if _, err := ReadFile(fsx.OS{}, path, Limits{}); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("got %v, want it to be called a named pipe", err)
	}
}
