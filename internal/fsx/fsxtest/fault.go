// Package fsxtest has file systems that go wrong on purpose.
//
// [Fault] makes one chosen operation fail. A test runs its subject with FailAt
// = 1, 2, 3, ... until a run is reached that has fewer operations, and checks
// after each run that nothing was lost; [Each] is that loop.
//
// [Mem] is a file system in memory that knows what has been flushed to stable
// storage. [Mem.Crash] returns what a machine could find after a power failure.
package fsxtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/textlstm/textlstm/internal/fsx"
)

// ErrInjected is the error of an operation that Fault made fail.
var ErrInjected = errors.New("injected fault")

// A Fault passes operations on to FS and makes some of them fail. It counts
// all operations of the file system and its files from 1. Set the fields
// before use. It is safe for concurrent use.
type Fault struct {
	FS fsx.FS

	// FailAt is the number of the operation that fails; 0 means none does.
	FailAt int
	// Sticky makes all later operations fail too, as when the disk is gone or
	// the process has been killed.
	Sticky bool
	// Err is what fails operations; nil means ErrInjected. It comes wrapped in
	// an *fs.PathError.
	Err error

	mu  sync.Mutex
	log []string
}

// Each calls run with a Fault of fsys that fails operation 1, then with one
// that fails operation 2, and so on up to the first run in which no operation
// is left to fail. It returns the number of runs that had a failure.
func Each(fsys func() fsx.FS, sticky bool, run func(f *Fault)) int {
	for n := 1; ; n++ {
		f := &Fault{FS: fsys(), FailAt: n, Sticky: sticky}
		run(f)
		if f.Ops() < n {
			return n - 1
		}
	}
}

// Ops returns the number of operations so far.
func (f *Fault) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.log)
}

// Log returns the operations so far, such as "sync /dir/.tmp-1-A".
func (f *Fault) Log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.log...)
}

// step counts an operation and says whether it fails.
func (f *Fault) step(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf("%s %s", op, name))
	if n := len(f.log); f.FailAt == 0 || n < f.FailAt || n > f.FailAt && !f.Sticky {
		return nil
	}
	err := f.Err
	if err == nil {
		err = ErrInjected
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Create implements fsx.FS.
func (f *Fault) Create(name string, perm fs.FileMode) (fsx.File, error) {
	return f.file("create", name, func() (fsx.File, error) { return f.FS.Create(name, perm) })
}

// Open implements fsx.FS.
func (f *Fault) Open(name string) (fsx.File, error) {
	return f.file("open", name, func() (fsx.File, error) { return f.FS.Open(name) })
}

func (f *Fault) file(op, name string, open func() (fsx.File, error)) (fsx.File, error) {
	if err := f.step(op, name); err != nil {
		return nil, err
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f, name}, nil
}

// Rename implements fsx.FS.
func (f *Fault) Rename(from, to string) error {
	if err := f.step("rename", to); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

// Remove implements fsx.FS.
func (f *Fault) Remove(name string) error {
	if err := f.step("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// MkdirAll implements fsx.FS.
func (f *Fault) MkdirAll(dir string, perm fs.FileMode) error {
	if err := f.step("mkdir", dir); err != nil {
		return err
	}
	return f.FS.MkdirAll(dir, perm)
}

// ReadDir implements fsx.FS.
func (f *Fault) ReadDir(dir string) ([]fs.DirEntry, error) {
	if err := f.step("readdir", dir); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(dir)
}

// Stat implements fsx.FS.
func (f *Fault) Stat(name string) (fs.FileInfo, error) {
	if err := f.step("stat", name); err != nil {
		return nil, err
	}
	return f.FS.Stat(name)
}

// Resolve implements fsx.FS.
func (f *Fault) Resolve(name string) (string, error) {
	if err := f.step("resolve", name); err != nil {
		return "", err
	}
	return f.FS.Resolve(name)
}

// SyncDir implements fsx.FS.
func (f *Fault) SyncDir(dir string) error {
	if err := f.step("syncdir", dir); err != nil {
		return err
	}
	return f.FS.SyncDir(dir)
}

// A faultFile counts the operations on an open file.
type faultFile struct {
	fsx.File
	f    *Fault
	name string
}

func (f *faultFile) Read(p []byte) (int, error) {
	if err := f.f.step("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

// ReadAt fails as Read does.
func (f *faultFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.f.step("read", f.name); err != nil {
		return 0, err
	}
	return f.File.(io.ReaderAt).ReadAt(p, off)
}

// Write writes half of p when it fails, as a full disk does.
func (f *faultFile) Write(p []byte) (int, error) {
	if err := f.f.step("write", f.name); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultFile) Sync() error {
	if err := f.f.step("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Chmod(mode fs.FileMode) error {
	if err := f.f.step("chmod", f.name); err != nil {
		return err
	}
	return f.File.Chmod(mode)
}

// Close closes the file even when it fails, as close(2) does.
func (f *faultFile) Close() error {
	err := f.f.step("close", f.name)
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
