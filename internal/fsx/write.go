package fsx

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tempPrefix begins the names of temporary files: ".tmp-<pid>-<random>".
const tempPrefix = ".tmp-"

// WriteFile makes what write writes the content of the file called name. A
// reader sees the old content or the new, never a mixture, and so it is after
// a crash. Once WriteFile has returned nil, the new content survives a power
// failure.
//
// If name is a symbolic link, the link stays and the file it leads to is
// replaced. The permissions of a file that exists are kept; a new one gets
// 0666 less the umask. Directories, devices and pipes are refused.
//
// On error the temporary file is removed, and the file is untouched unless
// flushing the directory failed: then it is new, but may be the old one again
// after a power failure. The writer passed to write is buffered, and valid
// only during the call.
//
// Calls for different names may run concurrently; among those for one name the
// last wins. What a killed writer left in the directory is removed.
func WriteFile(fsys FS, name string, write func(w io.Writer) error) error {
	target, info, err := toReplace(fsys, name)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if fsys == FS(OS{}) {
		sweepDead(dir)
	}
	temp, f, err := createTemp(fsys, dir)
	if err != nil {
		return err
	}
	if err := fill(f, info, write); err != nil {
		fsys.Remove(temp) // the first error is the one to report
		return fmt.Errorf("write %s: %w", target, err)
	}
	if err := fsys.Rename(temp, target); err != nil {
		fsys.Remove(temp)
		return err
	}
	if err := fsys.SyncDir(dir); err != nil {
		return fmt.Errorf("flush directory of %s: %w", target, err)
	}
	return nil
}

// Try reports why a WriteFile of name would fail now, as far as that can be told before
// there is something to write. It leaves nothing behind.
func Try(fsys FS, name string) error {
	target, _, err := toReplace(fsys, name)
	if err != nil {
		return err
	}
	temp, f, err := createTemp(fsys, filepath.Dir(target))
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), fsys.Remove(temp))
}

// toReplace returns the file that name stands for, and what is there, nil for nothing.
func toReplace(fsys FS, name string) (target string, info fs.FileInfo, err error) {
	if target, err = fsys.Resolve(name); err != nil {
		return "", nil, err
	}
	info, err = fsys.Stat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return target, nil, nil
	case err != nil:
		return "", nil, err
	case !info.Mode().IsRegular():
		return "", nil, &fs.PathError{Op: "replace", Path: target, Err: errors.New("not a regular file")}
	}
	return target, info, nil
}

// createTemp makes a file that no other has the name of.
func createTemp(fsys FS, dir string) (string, File, error) {
	const tries = 16
	for i := 1; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf("%s%d-%s", tempPrefix, os.Getpid(), rand.Text()[:10]))
		f, err := fsys.Create(name, 0o666)
		if err == nil {
			return name, f, nil
		}
		if !errors.Is(err, fs.ErrExist) || i == tries {
			return "", nil, err
		}
	}
}

// fill writes, flushes and closes f. info describes the file that f will
// replace, if there is one.
func fill(f File, info fs.FileInfo, write func(w io.Writer) error) error {
	err := func() error {
		w := bufio.NewWriterSize(f, 1<<16)
		if err := write(w); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if info != nil {
			if err := f.Chmod(info.Mode().Perm()); err != nil {
				return err
			}
		}
		return f.Sync()
	}()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// MkdirAll makes a directory and its missing parents, and flushes their names
// to stable storage, so that files put there later cannot be lost with it.
func MkdirAll(fsys FS, dir string, perm fs.FileMode) error {
	var made []string // parents of what is missing, innermost first
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := fsys.Stat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, filepath.Dir(d))
	}
	if err := fsys.MkdirAll(dir, perm); err != nil {
		return err
	}
	for _, d := range made {
		if err := fsys.SyncDir(d); err != nil {
			return err
		}
	}
	return nil
}

// ReadFile returns the content of the file called name. A file of more than
// limit bytes, and anything but a regular file, is an error.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	info, err := fsys.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("more than %d bytes", limit)}
	}
	return b, nil
}

// Sweep removes the temporary files that killed writers left in dir, and
// returns how many it removed. The caller must make sure that nobody is
// writing there, by holding the directory's Lock. One file that cannot be
// removed does not keep the others.
func Sweep(fsys FS, dir string) (int, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, e := range entries {
		if !isTemp(e) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// sweepDead removes the temporary files of processes that are dead, so that a
// file that is saved again leaves nothing of the time when that was interrupted.
// A process in another container may have an id that is not known here: it holds
// the lock of its file while it writes. What cannot be removed stays.
func sweepDead(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !isTemp(e) {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(e.Name(), "-")[1])
		if err != nil || alive(pid) {
			continue
		}
		name := filepath.Join(dir, e.Name())
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(f) == nil {
			os.Remove(name)
		}
		f.Close()
	}
}

// isTemp is strict, so that no file of somebody else's is ever swept.
func isTemp(e fs.DirEntry) bool {
	pid, random, ok := strings.Cut(strings.TrimPrefix(e.Name(), tempPrefix), "-")
	return ok && strings.HasPrefix(e.Name(), tempPrefix) && e.Type().IsRegular() &&
		pid != "" && strings.Trim(pid, "0123456789") == "" &&
		len(random) == 10 && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
