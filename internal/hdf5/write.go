package hdf5

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// An Array is what Encode writes under a path.
type Array struct {
	Path  string // names separated by /: layers/lstm/cell/vars/0
	Shape []int
	Data  []float32
}

// A node is a group of what is written, or an array.
type node struct {
	name  string
	array *Array
	below []*node // sorted by name
}

// Encode returns a file of arrays, in the order of their paths whatever their own.
func Encode(arrays []Array) ([]byte, error) {
	root, values := &node{}, 0
	for i := range arrays {
		a, n := &arrays[i], 1
		for _, s := range a.Shape {
			n *= s
		}
		if n != len(a.Data) || len(a.Shape) > 32 {
			return nil, fmt.Errorf("hdf5: %s: %d values, want the shape %v", a.Path, len(a.Data), a.Shape)
		}
		if err := root.add(a.Path, a); err != nil {
			return nil, err
		}
		values += n
	}
	most := root.most()
	if most > math.MaxUint16 {
		return nil, fmt.Errorf("hdf5: a group of %d members, want at most %d", most, math.MaxUint16)
	}
	w := &writer{b: make([]byte, 96, 96+4*values+1<<12), leaf: max(4, (most+1)/2)}
	copy(w.b, Magic)
	w.b[13], w.b[14] = 8, 8 // sizes of offsets and lengths
	w.put16(16, uint16(w.leaf))
	w.put16(18, nodeK)
	w.put64(32, undefined) // no free space
	w.put64(48, undefined) // no driver
	header, tree, heap := w.group(root)
	w.put64(64, uint64(header))
	w.put32(72, 1) // the two addresses after it are there
	w.put64(80, uint64(tree))
	w.put64(88, uint64(heap))
	w.put64(40, uint64(len(w.b)))
	return w.b, nil
}

// Write is Encode to w.
func Write(w io.Writer, arrays []Array) error {
	b, err := Encode(arrays)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// add puts an array below n.
func (n *node) add(path string, a *Array) error {
	name, rest, deeper := strings.Cut(path, "/")
	i, found := slices.BinarySearchFunc(n.below, name, func(c *node, name string) int { return strings.Compare(c.name, name) })
	switch {
	case name == "" || strings.ContainsRune(name, 0):
		return fmt.Errorf("hdf5: %q is no path", a.Path)
	case !found:
		n.below = slices.Insert(n.below, i, &node{name: name})
	case !deeper || n.below[i].array != nil:
		return fmt.Errorf("hdf5: %s is there twice", a.Path)
	}
	if deeper {
		return n.below[i].add(rest, a)
	}
	n.below[i].array = a
	return nil
}

// most is the largest number of members of a group.
func (n *node) most() int {
	most := len(n.below)
	for _, c := range n.below {
		most = max(most, c.most())
	}
	return most
}

// nodeK is half the number of children of a node of a tree of groups.
const nodeK = 16

// A writer appends the parts of a file.
type writer struct {
	b    []byte
	leaf int // half the number of members for which every group has room
}

// alloc appends n zero bytes at a multiple of 8.
func (w *writer) alloc(n int) int {
	at := (len(w.b) + 7) &^ 7
	w.b = append(w.b, make([]byte, at+n-len(w.b))...)
	return at
}

func (w *writer) put64(at int, v uint64) { le.PutUint64(w.b[at:], v) }
func (w *writer) put32(at int, v uint32) { le.PutUint32(w.b[at:], v) }
func (w *writer) put16(at int, v uint16) { le.PutUint16(w.b[at:], v) }

// A written message is of a kind, its data padded to a multiple of 8.
type written struct {
	kind uint16
	data []byte
}

// header appends an object's header.
func (w *writer) header(messages ...written) int {
	size := 0
	for i, m := range messages {
		messages[i].data = append(m.data, make([]byte, -len(m.data)&7)...)
		size += 8 + len(messages[i].data)
	}
	at := w.alloc(16 + size)
	w.b[at] = 1 // version
	w.put16(at+2, uint16(len(messages)))
	w.put32(at+4, 1) // references to the object
	w.put32(at+8, uint32(size))
	at += 16
	for _, m := range messages {
		w.put16(at, m.kind)
		w.put16(at+2, uint16(len(m.data)))
		at += 8 + copy(w.b[at+8:], m.data)
	}
	return at - 16 - size
}

// dataset appends an array and returns the address of its header.
func (w *writer) dataset(a *Array) int {
	data := w.alloc(4 * len(a.Data))
	for i, v := range a.Data {
		w.put32(data+4*i, math.Float32bits(v))
	}
	space := []byte{1, byte(len(a.Shape)), 0, 0, 0, 0, 0, 0}
	for _, s := range a.Shape {
		space = le.AppendUint64(space, uint64(s))
	}
	float := []byte{1<<4 | classFloat, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}
	fill := []byte{2, 2, 0, 0, 0, 0, 0, 0} // version 2, allocated late, never written, none
	address := uint64(data)
	if len(a.Data) == 0 {
		address = undefined
	}
	layout := le.AppendUint64(binary.LittleEndian.AppendUint64([]byte{3, 1}, address), uint64(4*len(a.Data)))
	return w.header(written{spaceMessage, space}, written{typeMessage, float}, written{fillMessage, fill}, written{layoutMessage, layout})
}

const fillMessage = 0x05

// group appends a group and what is below it.
func (w *writer) group(n *node) (header, tree, heap int) {
	names := make([]byte, 8) // the empty name, then those of the members, each at a multiple of 8
	at := make([]int, len(n.below))
	for i, c := range n.below {
		at[i] = len(names)
		names = append(names, c.name...)
		names = append(names, make([]byte, 8-len(names)&7)...)
	}
	free := len(names)
	names = le.AppendUint64(le.AppendUint64(names, 1), 16) // the last free block, of 16 bytes
	segment := w.alloc(len(names))
	copy(w.b[segment:], names)
	heap = w.alloc(32)
	copy(w.b[heap:], "HEAP")
	w.put64(heap+8, uint64(len(names)))
	w.put64(heap+16, uint64(free))
	w.put64(heap+24, uint64(segment))

	table := w.alloc(8 + 40*2*w.leaf)
	copy(w.b[table:], "SNOD\x01")
	w.put16(table+6, uint16(len(n.below)))
	for i, c := range n.below {
		e := table + 8 + 40*i
		w.put64(e, uint64(at[i]))
		if c.array != nil {
			w.put64(e+8, uint64(w.dataset(c.array)))
			continue
		}
		h, t, hp := w.group(c)
		w.put64(e+8, uint64(h))
		w.put32(e+16, 1)
		w.put64(e+24, uint64(t))
		w.put64(e+32, uint64(hp))
	}
	tree = w.alloc(24 + 8*(2*nodeK+1) + 8*2*nodeK)
	copy(w.b[tree:], "TREE")
	w.put64(tree+8, undefined) // no sibling on either side
	w.put64(tree+16, undefined)
	if len(n.below) > 0 {
		w.put16(tree+6, 1)
		w.put64(tree+32, uint64(table))
		w.put64(tree+40, uint64(at[len(at)-1]))
	}
	header = w.header(written{tableMessage, le.AppendUint64(le.AppendUint64(nil, uint64(tree)), uint64(heap))})
	return header, tree, heap
}
