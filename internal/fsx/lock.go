package fsx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrLocked is what a LockedError wraps.
var ErrLocked = errors.New("in use by another process")

// A LockedError says who holds a lock.
type LockedError struct {
	Path string
	PID  int // of the holder; 0 if unknown
}

// Error implements error.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("lock %s: %v", e.Path, ErrLocked)
	}
	return fmt.Sprintf("lock %s: %v (pid %d)", e.Path, ErrLocked, e.PID)
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

// A Lock is an exclusive lock on a file, held until Unlock or the end of the
// process, however it ends.
type Lock struct{ f *os.File }

// Acquire locks the file called path, which is created if need be, and writes
// the process id into it. It does not wait: if another process, or another
// Lock of this one, has the lock, the error is a *LockedError.
func Acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		if errors.Is(err, ErrLocked) {
			return nil, &LockedError{Path: path, PID: readPID(f)}
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	l := &Lock{f}
	if err := l.write(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// LockDir is Acquire of the file ".lock" in dir, by which the writers of a
// directory keep out of each other's way.
func LockDir(dir string) (*Lock, error) { return Acquire(filepath.Join(dir, ".lock")) }

// Unlock releases the lock. The file stays: were it removed, two processes
// could each hold the lock of a file of that name.
func (l *Lock) Unlock() error {
	err := l.write("")
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// write makes text the content of the lock file.
func (l *Lock) write(text string) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(text), 0)
	return err
}

// readPID returns the id in f, 0 if the holder has not written it yet.
func readPID(f *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}
