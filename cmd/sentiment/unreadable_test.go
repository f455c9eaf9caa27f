//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/textlstm/textlstm/internal/cli"
)

// asNobody runs the command as a user who may not read everything, in a directory that
// he owns; its parents, and those of the command, are opened to him.
func asNobody(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := exec.LookPath("sentiment")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if os.Getuid() == 0 {
		const nobody = 65534
		for _, open := range []string{path, dir} {
			for open = filepath.Dir(open); open != filepath.Clean(os.TempDir()) && open != "/"; open = filepath.Dir(open) {
				if err := os.Chmod(open, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Skipf("it cannot be run as nobody: %v", err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// Files and directories that cannot be read are named, the others are answered, and the
// status is 1.
func TestUnreadableFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "docs")
	for name, mode := range map[string]os.FileMode{"pos/a.txt": 0o644, "pos/b.txt": 0, "neg/c.txt": 0o644, "other/d.txt": 0o644} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("a superb goal"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "neg"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "neg"), 0o755)
	stdout, stderr, code := asNobody(t, dir, "classify", "--output", "jsonl", ".")
	if code != cli.Failed || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, "pos/a.txt") || !strings.Contains(stdout, "other/d.txt") {
		t.Errorf("status %d, want 1 and the answers for a.txt and d.txt:\n%s", code, stdout)
	}
	if strings.Count(stderr, "\n") != 2 || !strings.Contains(stderr, "pos/b.txt") || !strings.Contains(stderr, "neg:") || strings.Count(stderr, "permission denied") != 2 {
		t.Errorf("want a line for b.txt and one for neg:\n%s", stderr)
	}
}

// Where a model could not be written, the training does not begin.
func TestUnwritableOutput(t *testing.T) {
	dir := t.TempDir()
	table, err := os.ReadFile("testdata/tiny.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tiny.tsv"), table, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"train", "--train"}, {"pretrain", "--text"}, {"distill", "--teacher", "none", "--text"}} {
		for out, want := range map[string]string{"closed/m": "permission denied", "fifo": "not a regular file", "none/m": "no such file", "tiny.tsv/m": "not a directory"} {
			_, stderr, code := asNobody(t, dir, append(command, "tiny.tsv", "--out", out)...)
			if code != cli.Failed || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
				t.Errorf("%s --out %s: status %d, want 1 and %q alone:\n%s", command, out, code, want, stderr)
			}
		}
	}
}
