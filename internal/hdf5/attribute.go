package hdf5

import (
	"bytes"
	"fmt"
	"math"
)

// Texts returns the texts of an attribute, nil if there is none of that name. Attributes of
// other types are none.
func (g *Group) Texts(name string) ([]string, error) {
	for _, a := range g.attrs {
		texts, ok, err := g.f.attribute(a, name)
		if ok || err != nil {
			if err != nil {
				err = fmt.Errorf("attribute %s: %w", name, g.wrap(err))
			}
			return texts, err
		}
	}
	return nil, nil
}

// Text returns the one text of an attribute, "" if there is none.
func (g *Group) Text(name string) (string, error) {
	texts, err := g.Texts(name)
	if len(texts) != 1 {
		return "", err
	}
	return texts[0], err
}

// attribute reads an attribute if it has that name.
func (f *File) attribute(m view, want string) (texts []string, ok bool, err error) {
	b, err := m.span(0, 8)
	if err != nil {
		return nil, false, err
	}
	nn, nt, ns := int(le.Uint16(b[2:])), int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	at, pad := 8, func(n int) int { return n }
	switch b[0] {
	case 1:
		pad = func(n int) int { return (n + 7) &^ 7 }
	case 2:
	case 3:
		at = 9
	default:
		return nil, false, fmt.Errorf("%w: attribute of version %d", ErrFormat, b[0])
	}
	name, err := m.span(at, nn)
	if err != nil || string(bytes.TrimRight(name, "\x00")) != want {
		return nil, false, err
	}
	at += pad(nn)
	kind, err := m.from(at)
	if err != nil {
		return nil, false, err
	}
	t, err := parseType(kind)
	if err != nil {
		return nil, false, err
	}
	at += pad(nt)
	space, err := m.from(at)
	if err != nil {
		return nil, false, err
	}
	_, n, err := parseSpace(space)
	if err != nil {
		return nil, false, err
	}
	at += pad(ns)
	if t.class != classString && !t.text {
		return nil, true, nil
	}
	values, err := m.from(at)
	if err != nil {
		return nil, false, err
	}
	texts, err = f.texts(values, t, n)
	return texts, err == nil, err
}

// texts reads n of them.
func (f *File) texts(values view, t datatype, n uint64) (texts []string, err error) {
	if t.text && t.size != 16 {
		return nil, fmt.Errorf("%w: a text of variable length in %d bytes, want 16", ErrFormat, t.size)
	}
	if n > uint64(len(values)) || uint64(t.size) > uint64(len(values)) {
		return nil, fmt.Errorf("%w: %d texts in %d bytes", ErrFormat, n, len(values))
	}
	for i := range int(n) {
		e, err := values.span(i*t.size, t.size)
		if err != nil {
			return nil, err
		}
		text := []byte(e)
		if t.text {
			if text, err = f.global(le.Uint64(e[4:]), le.Uint32(e[12:]), le.Uint32(e)); err != nil {
				return nil, err
			}
		}
		texts = append(texts, string(bytes.TrimRight(text, "\x00")))
	}
	return texts, nil
}

// global returns the first n bytes of an object of a global heap.
func (f *File) global(addr uint64, index, n uint32) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	head, err := f.read(addr, 16)
	if err != nil {
		return nil, err
	}
	size := le.Uint64(head[8:])
	if string(head[:4]) != "GCOL" || size < 16 || size > math.MaxInt64-addr {
		return nil, fmt.Errorf("%w: no global heap at %d", ErrFormat, addr)
	}
	for at, end := addr+16, addr+size; end-at >= 16; {
		object, err := f.read(at, 16)
		if err != nil {
			return nil, err
		}
		length := le.Uint64(object[8:])
		if length > end-at-16 {
			break
		}
		if uint32(le.Uint16(object)) == index && index != 0 {
			if uint64(n) > length {
				break
			}
			return f.read(at+16, uint64(n))
		}
		next := at + 16 + (length+7)&^7
		if next > end {
			break
		}
		at = next
	}
	return nil, fmt.Errorf("%w: no object %d in the global heap at %d", ErrFormat, index, addr)
}
