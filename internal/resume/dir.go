package resume

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
)

// A checkpoint is a tensor file whose metadata entry says what the run is and how
// far it has come.
const (
	metaKey     = "textlstm.checkpoint"
	version     = 2 // raised whenever a run would go on differently
	fileName    = "checkpoint-%08d.safetensors"
	keptName    = "start-of-epoch"
	kept        = 2 // checkpoints in a directory
	maxFailures = 3 // to write a checkpoint, in a row
)

// anySize are the limits on files of the run itself.
var anySize = tensorfile.Limits{MaxBytes: math.MaxInt64, RequireChecksum: true}

// ErrUnfinished says that a directory holds the checkpoints of a run that nobody
// asked to resume.
var ErrUnfinished = errors.New("there is an unfinished training")

// Options say how a run keeps checkpoints.
type Options struct {
	// Path is the directory, made if need be.
	Path string

	// Interval is the time between two checkpoints; 0 means 5 minutes.
	Interval time.Duration

	// Resume says that the run may go on from a checkpoint that is there.
	Resume bool

	// FS is the file system. Nil means the machine's; another is not locked.
	FS fsx.FS
}

// A Dir is a directory with the checkpoints of one run, locked for it.
type Dir struct {
	fs       fsx.FS
	path     string
	interval time.Duration
	kept     io.Closer         // the file of Keep; nil if there is none
	start    *io.SectionReader // what is in it
	lock     *fsx.Lock         // nil with a file system that is not the machine's
	files    []string          // oldest first
	serial   int               // of the newest
	last     time.Time
	failures int // in a row
}

// Open locks a directory, sweeps it and lists the checkpoints that are there. It
// returns nil if o has no path: there are to be none.
func Open(o Options) (_ *Dir, err error) {
	if o.Path == "" {
		if o.Resume {
			return nil, errors.New("resuming needs a directory for checkpoints")
		}
		return nil, nil
	}
	d := &Dir{fs: o.FS, path: o.Path, interval: o.Interval, last: time.Now()}
	if d.interval == 0 {
		d.interval = 5 * time.Minute
	}
	if d.fs == nil {
		d.fs = fsx.OS{}
	}
	if err := fsx.MkdirAll(d.fs, d.path, 0o777); err != nil {
		return nil, fmt.Errorf("directory for checkpoints: %w", err)
	}
	if o.FS == nil {
		if d.lock, err = fsx.LockDir(d.path); err != nil {
			return nil, fmt.Errorf("directory for checkpoints: %w", err)
		}
	}
	if err := d.list(); err != nil {
		d.Close()
		return nil, fmt.Errorf("directory for checkpoints: %w", err)
	}
	if len(d.files) > 0 && !o.Resume {
		d.Close()
		return nil, fmt.Errorf("%w in %s: resume it (--resume), or remove the directory", ErrUnfinished, d.path)
	}
	return d, nil
}

// Close unlocks the directory. It may be called on nil.
func (d *Dir) Close() {
	if d == nil {
		return
	}
	d.drop()
	if d.lock != nil {
		d.lock.Unlock() // the process's end would do as well
	}
}

// Keep writes tensors for this run alone, in place of those before. Their file has no
// name once it is written, so that it is gone with the process, whatever ends it; it is an
// error where an open file cannot lose its name.
func (d *Dir) Keep(tensors []tensorfile.Tensor) error {
	d.drop()
	name := filepath.Join(d.path, keptName)
	f, err := d.fs.Create(name, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(tensorfile.Write(f, nil, tensors), f.Close()); err == nil {
		err = d.hold(name)
	}
	if busy := d.fs.Remove(name); busy != nil {
		d.drop()
		return errors.Join(err, busy, d.fs.Remove(name)) // closed, it can be removed
	}
	return err
}

// hold opens the file of Keep.
func (d *Dir) hold(name string) error {
	info, err := d.fs.Stat(name)
	if err != nil {
		return err
	}
	f, err := d.fs.Open(name)
	if err != nil {
		return err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return errors.Join(f.Close(), errors.ErrUnsupported)
	}
	d.kept, d.start = f, io.NewSectionReader(at, 0, info.Size())
	return nil
}

// Kept reads the tensors of the last Keep.
func (d *Dir) Kept() (*tensorfile.File, error) {
	size := d.start.Size()
	return tensorfile.Read(io.NewSectionReader(d.start, 0, size), size, anySize)
}

// drop lets go of the tensors of the last Keep.
func (d *Dir) drop() {
	if d.kept != nil {
		d.kept.Close()
		d.kept = nil
	}
}

// Interval is the time between two checkpoints.
func (d *Dir) Interval() time.Duration { return d.interval }

func (d *Dir) list() error {
	if _, err := fsx.Sweep(d.fs, d.path); err != nil {
		return err
	}
	d.fs.Remove(filepath.Join(d.path, keptName)) // of a run that was killed while it wrote
	entries, err := d.fs.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if serial, ok := serialOf(e.Name()); ok {
			d.files = append(d.files, filepath.Join(d.path, e.Name()))
			d.serial = max(d.serial, serial)
		}
	}
	return nil
}

func serialOf(name string) (serial int, ok bool) {
	if _, err := fmt.Sscanf(name, fileName, &serial); err != nil {
		return 0, false
	}
	return serial, name == fmt.Sprintf(fileName, serial)
}

// A Checkpoint is one that was read.
type Checkpoint struct {
	Path    string
	Damage  error // why a newer one was passed over; nil if none was
	Tensors *tensorfile.File

	state json.RawMessage
}

// State decodes the state that was given to Write.
func (c *Checkpoint) State(v any) error {
	if err := json.Unmarshal(c.state, v); err != nil {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	return nil
}

// Newest reads the newest checkpoint that is whole; nil if there is none. One that
// is damaged, which takes more than a crash, is passed over. One of a run of another
// identity is a *MismatchError.
func (d *Dir) Newest(id Identity) (*Checkpoint, error) {
	var damage error
	for len(d.files) > 0 {
		path := d.files[len(d.files)-1]
		c, err := d.read(path, id)
		var format *tensorfile.FormatError
		if err == nil || !errors.As(err, &format) && !errors.Is(err, tensorfile.ErrOther) {
			if c != nil {
				c.Damage = damage
			}
			return c, err
		}
		damage = fmt.Errorf("%s: %w", path, err)
		d.files = d.files[:len(d.files)-1]
	}
	return nil, damage
}

func (d *Dir) read(path string, id Identity) (*Checkpoint, error) {
	f, err := tensorfile.ReadFile(d.fs, path, anySize)
	if err != nil {
		return nil, err
	}
	text, ok := f.Meta[metaKey]
	if !ok {
		return nil, fmt.Errorf("%s: not a checkpoint: no metadata entry %q", path, metaKey)
	}
	r, err := parse(path, []byte(text), version, id)
	if err != nil {
		return nil, err
	}
	return &Checkpoint{Path: path, Tensors: f, state: r.State}, nil
}

// Due says whether the last checkpoint, or the last attempt, is as old as that.
func (d *Dir) Due(age time.Duration) bool { return time.Since(d.last) >= age }

// Write writes a checkpoint and removes those that are too many. One that cannot be
// written is a warning, since the next may be; the third in a row is an error.
func (d *Dir) Write(id Identity, state any, tensors []tensorfile.Tensor) (warning, err error) {
	if warning, err = d.write(id, state, tensors); err != nil {
		return d.Failed(err)
	}
	d.last, d.failures = time.Now(), 0
	return warning, nil
}

// Failed is Write where the tensors to write could not be had.
func (d *Dir) Failed(err error) (warning, _ error) {
	d.last = time.Now()
	if d.failures++; d.failures == maxFailures {
		return nil, fmt.Errorf("checkpoint: %w (the third in a row)", err)
	}
	return fmt.Errorf("checkpoint: %w", err), nil
}

func (d *Dir) write(id Identity, state any, tensors []tensorfile.Tensor) (warning, err error) {
	r, err := newRecord(version, id, state)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, fmt.Sprintf(fileName, d.serial+1))
	err = fsx.WriteFile(d.fs, path, func(w io.Writer) error {
		return tensorfile.Write(w, map[string]string{metaKey: string(text)}, tensors)
	})
	if err != nil {
		return nil, err
	}
	d.serial++
	d.files = append(d.files, path)
	for len(d.files) > kept {
		if err := d.fs.Remove(d.files[0]); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("old checkpoint: %w", err), nil // and try again next time
		}
		d.files = d.files[1:]
	}
	return nil, nil
}

// Remove deletes the checkpoints in a directory, and the directory if nothing else
// is in it, once what they led to is safe. It is an error if a run is using them,
// and none if there is no directory.
func Remove(path string) error {
	lock, err := fsx.LockDir(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	d := &Dir{fs: fsx.OS{}, path: path}
	if err := d.list(); err != nil {
		return err
	}
	for _, file := range d.files {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) > 1 {
		return err
	}
	return os.RemoveAll(path) // with the lock
}
