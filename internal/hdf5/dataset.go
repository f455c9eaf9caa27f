package hdf5

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// A Dataset is an array of numbers in the file.
type Dataset struct {
	Path  string
	Shape []int // none for a single number

	f        *File
	kind     datatype
	elements uint64
	addr     uint64 // of the values, or
	raw      view   // the values, where they are in the header
}

// Dataset opens an array below g; path may have several names.
func (g *Group) Dataset(path string) (*Dataset, error) {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	if dir != "" {
		var err error
		if g, err = g.Group(dir); err != nil {
			return nil, err
		}
	}
	addr, err := g.find(name)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Path: g.path + "/" + name, f: g.f}
	if err := d.open(addr); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Path, err)
	}
	return d, nil
}

func (d *Dataset) open(addr uint64) error {
	messages, err := d.f.messages(addr)
	if err != nil {
		return err
	}
	var layout view
	for _, m := range messages {
		switch m.kind {
		case spaceMessage:
			d.Shape, d.elements, err = parseSpace(m.data)
		case typeMessage:
			d.kind, err = parseType(m.data)
		case layoutMessage:
			layout = m.data
		case filterMessage:
			err = fmt.Errorf("%w: it is compressed or otherwise filtered: write it without", ErrFormat)
		}
		if err != nil {
			return err
		}
	}
	if layout == nil || d.kind.size == 0 || d.Shape == nil {
		return fmt.Errorf("%w: not an array", ErrFormat)
	}
	return d.place(layout)
}

// place reads where the values are.
func (d *Dataset) place(m view) error {
	head, err := m.span(0, 4)
	if err != nil {
		return err
	}
	n := d.elements * uint64(d.kind.size)
	if n > uint64(d.f.size) {
		return fmt.Errorf("%w: %d values of %d bytes in a file of %d", ErrFormat, d.elements, d.kind.size, d.f.size)
	}
	if head[0] != 3 {
		return fmt.Errorf("%w: layout of version %d, want 3", ErrFormat, head[0])
	}
	switch head[1] {
	case 0:
		d.raw, err = m.span(4, int(n))
		return err
	case 1:
		d.addr, err = m.uint64(2)
		if err == nil && d.addr == undefined && n > 0 {
			err = fmt.Errorf("%w: values that were never written", ErrFormat)
		}
		return err
	case 2:
		return fmt.Errorf("%w: it is in chunks: write it in one piece", ErrFormat)
	}
	return fmt.Errorf("%w: layout of class %d", ErrFormat, head[1])
}

// Len is the number of values.
func (d *Dataset) Len() int { return int(d.elements) }

// Type names the type of the values, such as float32.
func (d *Dataset) Type() string { return d.kind.String() }

// Floats returns the values, which must be float32 or float64.
func (d *Dataset) Floats() ([]float32, error) {
	decode, err := d.decoder()
	if err != nil {
		return nil, err
	}
	out := make([]float32, 0, d.elements)
	err = d.each(decode, func(v float32) { out = append(out, v) })
	return out, err
}

// Transposed is Floats of a matrix [rows][cols], turned into [cols][rows].
func (d *Dataset) Transposed() ([]float32, error) {
	if len(d.Shape) != 2 {
		return nil, fmt.Errorf("%s: %w: shape %v, want a matrix", d.Path, ErrFormat, d.Shape)
	}
	decode, err := d.decoder()
	if err != nil {
		return nil, err
	}
	rows, cols := d.Shape[0], d.Shape[1]
	out := make([]float32, d.elements)
	i := 0
	err = d.each(decode, func(v float32) {
		out[i%cols*rows+i/cols] = v
		i++
	})
	return out, err
}

// decoder returns what reads one value, and counts all of them as read.
func (d *Dataset) decoder() (func(b []byte) float32, error) {
	decode, ok := d.kind.decoder()
	if !ok {
		return nil, fmt.Errorf("%s: %w: values of type %s, want float32 or float64", d.Path, ErrFormat, d.kind)
	}
	if n := d.elements * uint64(d.kind.size); d.raw == nil && n > 0 {
		if err := d.f.take(&d.f.values, d.addr, n); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Path, err)
		}
	}
	return decode, nil
}

// each calls f for the values in order.
func (d *Dataset) each(decode func(b []byte) float32, f func(float32)) error {
	size := uint64(d.kind.size)
	if d.raw != nil {
		for b := d.raw; len(b) > 0; b = b[size:] {
			f(decode(b))
		}
		return nil
	}
	n := d.elements * size
	buf := make([]byte, min(1<<16, n))
	for at := uint64(0); at < n; {
		b := buf[:min(uint64(len(buf)), n-at)]
		if _, err := io.ReadFull(io.NewSectionReader(d.f.r, int64(d.addr+at), int64(len(b))), b); err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
		at += uint64(len(b))
		for ; len(b) > 0; b = b[size:] {
			f(decode(b))
		}
	}
	return nil
}

// A datatype is what one value is.
type datatype struct {
	class, size int
	big         bool // most significant byte first
	text        bool // of variable length, elsewhere in the file
}

// The classes of types.
const (
	classInteger = iota
	classFloat
	classTime
	classString
	classVariable = 9
)

func (t datatype) String() string {
	switch {
	case t.class == classInteger:
		return fmt.Sprintf("int%d", 8*t.size)
	case t.class == classFloat && t.big:
		return fmt.Sprintf("big-endian float%d", 8*t.size)
	case t.class == classFloat:
		return fmt.Sprintf("float%d", 8*t.size)
	case t.class == classString || t.text:
		return "text"
	}
	return fmt.Sprintf("class %d", t.class)
}

func parseType(m view) (datatype, error) {
	b, err := m.span(0, 8)
	if err != nil {
		return datatype{}, err
	}
	t := datatype{class: int(b[0] & 15), size: int(int32(le.Uint32(b[4:])))}
	t.big = t.class <= classFloat && b[1]&1 != 0
	t.text = t.class == classVariable && b[1]&15 == 1
	if t.size < 1 {
		return t, fmt.Errorf("%w: a type of %d bytes", ErrFormat, t.size)
	}
	if t.class != classFloat {
		return t, nil
	}
	// Where sign, exponent and mantissa are, and the bias, must be as in IEEE 754.
	p, err := m.span(8, 12)
	if err != nil {
		return t, err
	}
	want, known := ieee[t.size]
	got := [5]byte{b[2], p[4], p[5], p[6], p[7]}
	if !known || got != want.bits || le.Uint32(p[8:]) != want.bias {
		return t, fmt.Errorf("%w: floating-point numbers of %d bytes that are not those of IEEE 754", ErrFormat, t.size)
	}
	return t, nil
}

// ieee has, by size in bytes, the place of the sign, place and size of the exponent, place
// and size of the mantissa; and the bias.
var ieee = map[int]struct {
	bits [5]byte
	bias uint32
}{
	2: {[5]byte{15, 10, 5, 0, 10}, 15},
	4: {[5]byte{31, 23, 8, 0, 23}, 127},
	8: {[5]byte{63, 52, 11, 0, 52}, 1023},
}

// decoder returns what reads one value.
func (t datatype) decoder() (func(b []byte) float32, bool) {
	if t.class != classFloat || t.big {
		return nil, false
	}
	switch t.size {
	case 4:
		return func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }, true
	case 8:
		return func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) }, true
	}
	return nil, false
}

// parseSpace returns a shape and the number of its elements.
func parseSpace(m view) ([]int, uint64, error) {
	b, err := m.span(0, 4)
	if err != nil {
		return nil, 0, err
	}
	at := 8
	switch b[0] {
	case 1:
	case 2:
		at = 4
	default:
		return nil, 0, fmt.Errorf("%w: dataspace of version %d", ErrFormat, b[0])
	}
	if b[1] > 32 || b[0] == 2 && b[3] == 2 {
		return nil, 0, fmt.Errorf("%w: %d dimensions, or no values at all", ErrFormat, b[1])
	}
	shape, n := make([]int, b[1]), uint64(1)
	for i := range shape {
		d, err := m.uint64(at + 8*i)
		if err != nil {
			return nil, 0, err
		}
		if d > math.MaxInt32 || d > 0 && n > math.MaxInt32/d {
			return nil, 0, fmt.Errorf("%w: too large an array", ErrFormat)
		}
		shape[i], n = int(d), n*d
	}
	return shape, n, nil
}
