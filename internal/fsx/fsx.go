// Package fsx replaces files so that a crash at any moment leaves the old
// content or the new one, whole.
//
// [WriteFile] writes a temporary file in the target's directory, flushes it to
// stable storage, renames it over the target and flushes the directory. A
// process that is killed midway leaves a temporary file behind. The next WriteFile
// to that directory removes it; [Sweep] removes all of them, under a [Lock] that
// keeps a second writer out of the directory.
//
// All operations go through [FS], small enough that package fsxtest can make
// each single one of them fail, or lose what was not yet flushed.
//
// Renames are atomic on local file systems. On NFS a rename that succeeded can
// be reported as failed after a lost reply, and flock may be local to one
// host.
package fsx

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An FS is what replacing files needs of a file system. Names are as in
// package os. Errors are *fs.PathError or *os.LinkError, so that they name the
// operation and the path.
type FS interface {
	// Create makes a new file for writing; fs.ErrExist if there is one.
	// The process's umask applies to perm.
	Create(name string, perm fs.FileMode) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Rename replaces the file called to, atomically, by the one called from.
	Rename(from, to string) error
	// Remove deletes a file.
	Remove(name string) error
	// MkdirAll makes a directory and its parents unless they exist.
	MkdirAll(dir string, perm fs.FileMode) error
	// ReadDir lists a directory, sorted by name.
	ReadDir(dir string) ([]fs.DirEntry, error)
	// Stat describes a file, following symbolic links.
	Stat(name string) (fs.FileInfo, error)
	// Resolve follows symbolic links, and returns a name without any for what
	// name leads to. The directory must exist, the file need not.
	Resolve(name string) (string, error)
	// SyncDir flushes the names in a directory to stable storage.
	SyncDir(dir string) error
}

// A File is an open file of an FS.
type File interface {
	io.Reader
	io.Writer
	io.Closer
	// Sync flushes the content to stable storage.
	Sync() error
	// Chmod sets the permission bits.
	Chmod(mode fs.FileMode) error
}

// OS is the operating system's file system. It is safe for concurrent use.
type OS struct{}

// Create implements FS. The file is locked while it is open.
func (OS) Create(name string, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err == nil {
		tryLock(f) // it says to others that somebody writes; without it that is told by the process id
	}
	return wrap(f, err)
}

// Open implements FS.
func (OS) Open(name string) (File, error) { return wrap(os.Open(name)) }

// wrap keeps a nil *os.File from becoming a non-nil File.
func wrap(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll implements FS.
func (OS) MkdirAll(dir string, perm fs.FileMode) error { return os.MkdirAll(dir, perm) }

// ReadDir implements FS.
func (OS) ReadDir(dir string) ([]fs.DirEntry, error) { return os.ReadDir(dir) }

// Stat implements FS.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Resolve implements FS.
func (OS) Resolve(name string) (string, error) {
	const maxLinks = 40 // as Linux
	path := name
	for range maxLinks {
		// ".." means the parent of what a link leads to, so links in the
		// directory go before package filepath may shorten the path.
		dir, base := filepath.Split(path)
		if dir == "" {
			dir = "."
		}
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, base)
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // not there, or not a link
		}
		if !filepath.IsAbs(target) {
			target = dir + string(filepath.Separator) + target
		}
		path = target
	}
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fmt.Errorf("more than %d symbolic links", maxLinks)}
}

// SyncDir implements FS. It does nothing on Windows, which has no such call.
func (OS) SyncDir(dir string) error { return syncDir(dir) }
