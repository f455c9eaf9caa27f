package hdf5

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Group is a folder of the file, read when it is opened.
type Group struct {
	f     *File
	path  string
	attrs []view
	below map[string]uint64 // addresses of objects by name
}

const (
	maxDepth   = 16      // of a tree of names
	maxMembers = 1 << 20 // of a group
)

// Root opens the group at the top.
func (f *File) Root() (*Group, error) { return f.group("", f.root) }

func (f *File) group(path string, addr uint64) (*Group, error) {
	if g := f.groups[addr]; g != nil {
		return g, nil
	}
	g := &Group{f: f, path: path, below: map[string]uint64{}}
	messages, err := f.messages(addr)
	if err != nil {
		return nil, g.wrap(err)
	}
	found := false
	for _, m := range messages {
		switch m.kind {
		case tableMessage:
			found = true
			if err := g.table(m.data); err != nil {
				return nil, g.wrap(err)
			}
		case linkInfoMessage, linkMessage:
			return nil, g.wrap(fmt.Errorf("%w: a group of the newer kind: write it with h5py's default (no libver=latest, no track_order)", ErrFormat))
		case attributesMessage:
			return nil, g.wrap(fmt.Errorf("%w: attributes kept apart (libver=latest)", ErrFormat))
		case attributeMessage:
			g.attrs = append(g.attrs, m.data)
		}
	}
	if !found {
		return nil, g.wrap(fmt.Errorf("%w: not a group", ErrFormat))
	}
	f.groups[addr] = g
	return g, nil
}

// wrap says where an error is.
func (g *Group) wrap(err error) error {
	if g.path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", g.path, err)
}

// table reads the members from a symbol table.
func (g *Group) table(m view) error {
	tree, err := m.uint64(0)
	if err != nil {
		return err
	}
	at, err := m.uint64(8)
	if err != nil {
		return err
	}
	head, err := g.f.read(at, 32)
	if err != nil {
		return err
	}
	if string(head[:4]) != "HEAP" {
		return fmt.Errorf("%w: no local heap at %d", ErrFormat, at)
	}
	heap, err := g.f.read(le.Uint64(head[24:]), le.Uint64(head[8:]))
	if err != nil {
		return err
	}
	return g.tree(tree, string(heap), maxDepth)
}

// tree reads a node of the tree of names, and those below it.
func (g *Group) tree(addr uint64, heap string, depth int) error {
	head, err := g.f.read(addr, 8)
	if err != nil {
		return err
	}
	n := uint64(le.Uint16(head[6:]))
	switch {
	case string(head[:4]) == "TREE" && depth > 0:
		b, err := g.f.read(addr+24, 16*n) // a key before each child
		if err != nil {
			return err
		}
		for ; len(b) > 0; b = b[16:] {
			if err := g.tree(le.Uint64(b[8:]), heap, depth-1); err != nil {
				return err
			}
		}
	case string(head[:4]) == "SNOD":
		b, err := g.f.read(addr+8, 40*n)
		if err != nil {
			return err
		}
		for ; len(b) > 0; b = b[40:] {
			if err := g.entry(b, heap); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%w: no node of a group at %d", ErrFormat, addr)
	}
	return nil
}

// entry reads one entry of a symbol table. Names lie in the heap, one within the other if
// the file is hostile, and are not copied.
func (g *Group) entry(e []byte, heap string) error {
	at := le.Uint64(e)
	if at > uint64(len(heap)) {
		return fmt.Errorf("%w: a name at %d of %d", ErrFormat, at, len(heap))
	}
	name, _, ok := strings.Cut(heap[at:min(at+maxName, uint64(len(heap)))], "\x00")
	if !ok || len(g.below) >= maxMembers {
		return fmt.Errorf("%w: a name without an end, or too many", ErrFormat)
	}
	g.below[name] = le.Uint64(e[8:])
	if le.Uint32(e[16:]) == 2 {
		g.below[name] = undefined // a link to a name
	}
	return nil
}

const maxName = 1 << 12 // bytes

// Names lists the members, sorted.
func (g *Group) Names() []string { return slices.Sorted(maps.Keys(g.below)) }

// Has says whether there is a member of that name.
func (g *Group) Has(name string) bool {
	_, ok := g.below[name]
	return ok
}

// Group opens a group below g, whose path may have several names: a/b/c.
func (g *Group) Group(path string) (*Group, error) {
	for name := range strings.SplitSeq(path, "/") {
		addr, err := g.find(name)
		if err != nil {
			return nil, err
		}
		if g, err = g.f.group(g.path+"/"+name, addr); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Group) find(name string) (uint64, error) {
	addr, ok := g.below[name]
	if !ok {
		return 0, g.wrap(fmt.Errorf("%w: no %q, there are %s", ErrFormat, name, list(g.Names())))
	}
	if addr == undefined {
		return 0, g.wrap(fmt.Errorf("%w: %q is a soft link", ErrFormat, name))
	}
	return addr, nil
}

// list writes names, the first ones of many.
func list(names []string) string {
	const most = 10
	if len(names) == 0 {
		return "no members"
	}
	text := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
