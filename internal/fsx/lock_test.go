package fsx_test

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
)

// TestMain makes the test binary its own child process.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FSX_TEST_CHILD"); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child locks dir and replaces the file "data" for ever, and says each number
// that it has finished.
func child(dir string) error {
	if _, err := fsx.LockDir(dir); err != nil {
		return err
	}
	if _, err := fsx.Sweep(fsx.OS{}, dir); err != nil {
		return err
	}
	fmt.Println("locked")
	start := 0
	if b, err := os.ReadFile(filepath.Join(dir, "data")); err == nil {
		if start, err = parseRecord(b); err != nil {
			return err
		}
	}
	for n := start + 1; ; n++ {
		err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, "data"), func(w io.Writer) error {
			_, err := w.Write(record(n))
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// record returns 256 kB that end in their own checksum.
func record(n int) []byte {
	b := []byte(strconv.Itoa(n) + "\n" + strings.Repeat(strconv.Itoa(n%10), 1<<18))
	return fmt.Appendf(b, "\n%08x", crc32.ChecksumIEEE(b))
}

func parseRecord(b []byte) (int, error) {
	n, err := strconv.Atoi(strings.SplitN(string(b[:min(len(b), 20)]), "\n", 2)[0])
	if err != nil {
		return 0, err
	}
	if string(record(n)) != string(b) {
		return 0, fmt.Errorf("record %d is damaged: %d bytes", n, len(b))
	}
	return n, nil
}

func startChild(t *testing.T, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FSX_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "locked\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	return cmd, r
}

// TestKill kills a process that replaces a file over and over. The file is
// always whole and never older than what the process had reported, and at most
// one temporary file is left, which the next process sweeps.
// FSX_KILLS sets the number of kills.
func TestKill(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 4
	}
	if s := os.Getenv("FSX_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(4, 4))
	done, swept := 0, 0
	for range kills {
		cmd, r := startChild(t, dir)
		time.AfterFunc(time.Duration(rng.IntN(60_000))*time.Microsecond, func() { cmd.Process.Kill() })
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				break // killed; a partial line is not a report
			}
			if done, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
				t.Fatalf("child says %q", line)
			}
		}
		cmd.Wait()
		if b, err := os.ReadFile(filepath.Join(dir, "data")); err == nil {
			n, err := parseRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			if n < done {
				t.Fatalf("file is at %d, child had finished %d", n, done)
			}
			done = n
		} else if done > 0 {
			t.Fatal(err)
		}
		left := len(temps(t, fsx.OS{}, dir))
		if left > 1 {
			t.Fatalf("%d temporary files", left)
		}
		swept += left
	}
	t.Logf("%d kills, %d replacements, %d temporary files left by kills", kills, done, swept)
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := fsx.Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fsx.Acquire(path)
	var locked *fsx.LockedError
	if !errors.Is(err, fsx.ErrLocked) || !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Path != path {
		t.Fatalf("second lock: %v", err)
	}
	if want := fmt.Sprintf("lock %s: in use by another process (pid %d)", path, os.Getpid()); err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if l, err = fsx.Acquire(path); err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	// A holder that has not yet written its id, or something strange in it.
	for _, text := range []string{"", "strange"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := fsx.Acquire(path); !errors.As(err, &locked) || locked.PID != 0 || strings.Contains(err.Error(), "pid") {
			t.Errorf("lock file %q: %v, want no pid", text, err)
		}
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err == nil {
		t.Error("a second Unlock succeeds")
	}
	if _, err := fsx.Acquire(filepath.Join(path, "x")); err == nil {
		t.Error("a lock in a file is acquired")
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := startChild(t, dir)
	start := time.Now()
	_, err := fsx.LockDir(dir)
	var locked *fsx.LockedError
	if !errors.As(err, &locked) || locked.PID != cmd.Process.Pid {
		t.Errorf("lock of process %d: %v", cmd.Process.Pid, err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("refused only after %v", d)
	}
	cmd.Process.Kill()
	cmd.Wait()
	l, err := fsx.LockDir(dir)
	if err != nil {
		t.Fatalf("after the holder's death: %v", err)
	}
	l.Unlock()
}

// WriteFile removes what dead processes left beside its target, and nothing else.
func TestWriteFileSweepsTheDead(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not every system tells dead processes")
	}
	dir := t.TempDir()
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	name := func(pid int, random string) string { return filepath.Join(dir, fmt.Sprintf(".tmp-%d-%s", pid, random)) }
	gone := name(dead.Process.Pid, "AAAAAAAAAA")
	locked := name(dead.Process.Pid, "BBBBBBBBBB")
	kept := []string{locked, name(os.Getpid(), "AAAAAAAAAA"), name(os.Getppid(), "AAAAAAAAAA"), name(dead.Process.Pid, "short"), filepath.Join(dir, ".tmp-x-AAAAAAAAAA"), filepath.Join(dir, "other")}
	for _, f := range append(kept, gone) {
		if err := os.WriteFile(f, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l, err := fsx.Acquire(locked)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if err := fsx.WriteFile(fsx.OS{}, filepath.Join(dir, "model"), func(w io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there", gone)
	}
	for _, f := range kept {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
	}
}
