package fsxtest

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/textlstm/textlstm/internal/fsx"
)

// Mem is a file system in memory, without symbolic links, that keeps apart
// what programs see and what is on stable storage. It is made by NewMem, has
// the root directory "/", and is safe for concurrent use.
type Mem struct {
	mu      sync.Mutex
	now     map[string]*node // what programs see, by clean path
	durable map[string]*node // the names that are on stable storage
	journal []dirOp          // changes of names since, in order
}

// A node is a file or a directory.
type node struct {
	dir  bool
	mode fs.FileMode
	data []byte // what programs see
	safe []byte // what is on stable storage
}

// A dirOp makes a name stand for a node. A rename also takes a name away, and
// a removal (node nil) only that.
type dirOp struct {
	gone string // "" if no name goes
	name string
	node *node
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	root := &node{dir: true, mode: fs.ModeDir | 0o777}
	return &Mem{now: map[string]*node{"/": root}, durable: map[string]*node{"/": root}}
}

func (op dirOp) apply(names map[string]*node) {
	if op.gone != "" {
		delete(names, op.gone)
	}
	if op.node != nil {
		names[op.name] = op.node
	}
}

func (op dirOp) touches(dir string) bool {
	return op.gone != "" && filepath.Dir(op.gone) == dir || op.node != nil && filepath.Dir(op.name) == dir
}

func (m *Mem) do(op dirOp) {
	op.apply(m.now)
	m.journal = append(m.journal, op)
}

// Crash returns a file system as it could be found after a power failure: of
// the changes of names since their directory was last flushed any may be
// missing, each rename being whole or not at all; and a file with unflushed
// content may have its old content or its new, any part of it from the
// beginning, or as many zeros. m itself goes on.
func (m *Mem) Crash(rng *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := maps.Clone(m.durable)
	for _, op := range m.journal {
		if rng.IntN(2) == 0 {
			op.apply(names)
		}
	}
	c := NewMem()
	nodes := make(map[*node]*node) // a file with two names stays one file
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if name == "/" || c.now[filepath.Dir(name)] == nil {
			continue // lost with its directory
		}
		n := names[name]
		if nodes[n] == nil {
			data := n.crashed(rng)
			nodes[n] = &node{dir: n.dir, mode: n.mode, data: data, safe: data}
		}
		c.now[name], c.durable[name] = nodes[n], nodes[n]
	}
	return c
}

func (n *node) crashed(rng *rand.Rand) []byte {
	if bytes.Equal(n.data, n.safe) {
		return bytes.Clone(n.data)
	}
	switch rng.IntN(4) {
	case 0:
		return bytes.Clone(n.safe)
	case 1:
		return bytes.Clone(n.data)
	case 2:
		return make([]byte, len(n.data))
	}
	return bytes.Clone(n.data[:rng.IntN(len(n.data)+1)])
}

// lookup returns the node called name.
func (m *Mem) lookup(op, name string) (*node, error) {
	if n := m.now[filepath.Clean(name)]; n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// parent checks that the directory of name exists.
func (m *Mem) parent(op, name string) error {
	if d := m.now[filepath.Dir(filepath.Clean(name))]; d == nil || !d.dir {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// Create implements fsx.FS.
func (m *Mem) Create(name string, perm fs.FileMode) (fsx.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.parent("create", name); err != nil {
		return nil, err
	}
	if m.now[filepath.Clean(name)] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	n := &node{mode: perm}
	m.do(dirOp{name: filepath.Clean(name), node: n})
	return &memFile{m: m, node: n}, nil
}

// Open implements fsx.FS.
func (m *Mem) Open(name string) (fsx.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("open", name)
	if err != nil {
		return nil, err
	}
	return &memFile{m: m, node: n}, nil
}

// Rename implements fsx.FS.
func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("rename", from)
	if err == nil {
		err = m.parent("rename", to)
	}
	if err == nil {
		m.do(dirOp{gone: filepath.Clean(from), name: filepath.Clean(to), node: n})
	}
	return err
}

// Remove implements fsx.FS.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.lookup("remove", name); err != nil {
		return err
	}
	m.do(dirOp{gone: filepath.Clean(name)})
	return nil
}

// MkdirAll implements fsx.FS.
func (m *Mem) MkdirAll(dir string, perm fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var missing []string
	for d := filepath.Clean(dir); m.now[d] == nil; d = filepath.Dir(d) {
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		m.do(dirOp{name: d, node: &node{dir: true, mode: fs.ModeDir | perm}})
	}
	return nil
}

// ReadDir implements fsx.FS.
func (m *Mem) ReadDir(dir string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.lookup("readdir", dir); err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(m.now)) {
		if name != "/" && filepath.Dir(name) == filepath.Clean(dir) {
			entries = append(entries, fs.FileInfoToDirEntry(info{filepath.Base(name), *m.now[name]}))
		}
	}
	return entries, nil
}

// Stat implements fsx.FS.
func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("stat", name)
	if err != nil {
		return nil, err
	}
	return info{filepath.Base(name), *n}, nil
}

// Resolve implements fsx.FS. There are no links.
func (m *Mem) Resolve(name string) (string, error) { return name, nil }

// SyncDir implements fsx.FS.
func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.lookup("syncdir", dir); err != nil {
		return err
	}
	m.journal = slices.DeleteFunc(m.journal, func(op dirOp) bool {
		if !op.touches(filepath.Clean(dir)) {
			return false
		}
		op.apply(m.durable)
		return true
	})
	return nil
}

// A memFile is an open file. Writing appends, and at is where reading goes on:
// a file is open for one of them only.
type memFile struct {
	m    *Mem
	node *node
	at   int
}

func (f *memFile) Read(p []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.at >= len(f.node.data) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[f.at:])
	f.at += n
	return n, nil
}

// ReadAt is os.File's.
func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	n := copy(p, f.node.data[min(off, int64(len(f.node.data))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.node.safe = bytes.Clone(f.node.data)
	return nil
}

func (f *memFile) Chmod(mode fs.FileMode) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.node.mode = mode
	return nil
}

func (f *memFile) Close() error { return nil }

// An info describes a node.
type info struct {
	name string
	node node
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.node.data)) }
func (i info) Mode() fs.FileMode  { return i.node.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.node.dir }
func (i info) Sys() any           { return nil }
