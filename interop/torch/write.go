package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
)

// Write writes tensors of float32 as torch.save does a state_dict: torch.load opens the
// file, with weights_only=True and mmap=True too. Equal tensors give equal bytes.
func Write(w io.Writer, tensors []Tensor) error {
	out := &fsx.CountingWriter{W: w}
	z := zip.NewWriter(out)
	// The offset of an entry is known once everything before it is written.
	add := func(name string, size int, content func(io.Writer) error) error {
		if err := z.Flush(); err != nil {
			return err
		}
		sum := crc32.NewIEEE()
		if err := content(sum); err != nil {
			return err
		}
		h := &zip.FileHeader{
			Name: "model/" + name, Method: zip.Store, CRC32: sum.Sum32(),
			CompressedSize64: uint64(size), UncompressedSize64: uint64(size),
		}
		h.Extra = padding(out.N + 30 + int64(len(h.Name)))
		raw, err := z.CreateRaw(h)
		if err != nil {
			return err
		}
		return content(raw)
	}
	text := func(name string, b []byte) error {
		return add(name, len(b), func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		})
	}
	p, err := stateDict(tensors)
	if err != nil {
		return err
	}
	if err := text("data.pkl", p); err != nil {
		return err
	}
	if err := text("byteorder", []byte("little")); err != nil {
		return err
	}
	for i, t := range tensors {
		if err := add(fmt.Sprintf("data/%d", i), 4*len(t.Data), t.write); err != nil {
			return err
		}
	}
	if err := text("version", []byte("3\n")); err != nil {
		return err
	}
	return z.Close()
}

// WriteSafetensors writes tensors of float32 as a file of safetensors.
func WriteSafetensors(w io.Writer, tensors []Tensor, meta map[string]string) error {
	var list []tensorfile.Tensor
	for _, t := range tensors {
		list = append(list, tensorfile.Float32(t.Name, t.Data, t.Shape...))
	}
	return tensorfile.Write(w, meta, list)
}

// padding is an extra field that moves content from a place to a multiple of 64 bytes, as
// PyTorch's mapping of files wants it.
func padding(at int64) []byte {
	n := int(-at & 63)
	if n == 0 {
		return nil
	}
	if n < 4 { // the field's own head
		n += 64
	}
	extra := bytes.Repeat([]byte{'Z'}, n)
	copy(extra, "FB")
	binary.LittleEndian.PutUint16(extra[2:], uint16(n-4))
	return extra
}

// write writes the values.
func (t *Tensor) write(w io.Writer) error {
	b := make([]byte, 0, 1<<16)
	for i, v := range t.Data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		if len(b) == cap(b) || i == len(t.Data)-1 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}

// stateDict is the pickle of an OrderedDict of tensors, in protocol 2.
func stateDict(tensors []Tensor) ([]byte, error) {
	p := pickle("\x80\x02")
	p.global(orderedDict)
	p = append(p, ")R("...)
	for i, t := range tensors {
		n := 1
		strides := make([]int, len(t.Shape))
		for k := len(t.Shape) - 1; k >= 0; k-- {
			strides[k] = n
			n *= t.Shape[k]
		}
		if n != len(t.Data) || n > math.MaxInt32 {
			return nil, fmt.Errorf("torch: tensor %s: %d values of shape %v, want as many as that has and at most %d", t.Name, len(t.Data), t.Shape, math.MaxInt32)
		}
		p.text(t.Name)
		p.global(rebuildTensor)
		p = append(p, "(("...)
		p.text("storage")
		p.global("torch FloatStorage")
		p.text(fmt.Sprint(i))
		p.text("cpu")
		p.number(n)
		p = append(p, "tQ"...)
		p.number(0)
		p.tuple(t.Shape)
		p.tuple(strides)
		p = append(p, 0x89)
		p.global(orderedDict)
		p = append(p, ")RtR"...)
	}
	return append(p, "u."...), nil
}

// A pickle is one that grows.
type pickle []byte

func (p *pickle) text(s string) {
	*p = append(*p, 'X')
	*p = binary.LittleEndian.AppendUint32(*p, uint32(len(s)))
	*p = append(*p, s...)
}

func (p *pickle) number(n int) {
	*p = binary.LittleEndian.AppendUint32(append(*p, 'J'), uint32(n))
}

func (p *pickle) global(g global) {
	*p = append(*p, 'c')
	for i := range len(g) {
		c := g[i]
		if c == ' ' {
			c = '\n'
		}
		*p = append(*p, c)
	}
	*p = append(*p, '\n')
}

func (p *pickle) tuple(v []int) {
	*p = append(*p, '(')
	for _, n := range v {
		p.number(n)
	}
	*p = append(*p, 't')
}
