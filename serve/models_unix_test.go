//go:build unix

package serve

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A file that could not be read once, since too many others were open, is read the next
// time, though it has not changed since.
func TestUnreadableOnce(t *testing.T) {
	files := tinyModels(t)
	file := filepath.Join(t.TempDir(), "tiny.model")
	replace(t, file, files[0])
	s, _ := serving(t, Config{Models: []Source{{Name: "tiny", File: file}}})
	replace(t, file, files[1])
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	none := limit
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Skip(err)
	}
	changed, err := s.models.reload(false)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		t.Fatalf("replaced without a file to open: %v", changed)
	}
	if changed, err := s.models.reload(false); err != nil || len(changed) != 1 {
		t.Errorf("replaced %v, error %v", changed, err)
	}
	replace(t, file, files[0][:100])
	if _, err := s.models.reload(false); err == nil {
		t.Error("half a file is no error")
	}
	if _, err := s.models.reload(false); err != nil {
		t.Errorf("half a file is told twice: %v", err)
	}
}
