package torch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/internal/half"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/interop/internal/archive"
)

// A File is the tensors of a state_dict, in its order.
type File struct {
	Tensors []Tensor

	// Meta is the metadata of a safetensors file; nil of another.
	Meta map[string]string
}

// A Tensor is a named array of numbers, row-major.
type Tensor struct {
	Name  string
	DType string // as safetensors spells it: F32, BF16, I64
	Shape []int

	// Data are the values of a floating-point tensor as float32; nil for other types.
	Data []float32
}

// ErrFormat says that a file has no state_dict that this package can read. Errors that
// wrap it say why.
var ErrFormat = errors.New("torch: not a readable state_dict")

// maxRank is the most dimensions of a tensor.
const maxRank = 8

// Open reads a file of torch.save or of safetensors, which it tells apart by their content.
func Open(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is no regular file", name, ErrFormat)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// Read is Open for size bytes of r. Beside a few megabytes it takes memory for the values
// alone: at most 4 bytes for each byte of the file.
func Read(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, 9)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var f *File
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("PK")):
		f, err = readZip(r, size)
	case len(head) > 8 && head[8] == '{':
		f, err = readSafetensors(r, size)
	case bytes.HasPrefix(head, []byte{0x80, 2, 0x8a}):
		err = fmt.Errorf("a file of PyTorch before 1.6: load it and save it again")
	default:
		err = fmt.Errorf("it begins neither as a file of torch.save nor as one of safetensors")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f, nil
}

func readSafetensors(r io.ReaderAt, size int64) (*File, error) {
	s, err := tensorfile.Read(io.NewSectionReader(r, 0, size), size, tensorfile.Limits{MaxHeader: 16 << 20})
	if err != nil {
		return nil, err
	}
	f := &File{Meta: s.Meta}
	for _, t := range s.Tensors {
		out := Tensor{Name: t.Name, DType: t.DType.String(), Shape: t.Shape}
		switch t.DType {
		case tensorfile.F32, tensorfile.F16, tensorfile.BF16:
			out.Data, err = s.Float32(t.Name, t.Shape...)
		case tensorfile.F64:
			out.Data = decode(make([]float32, len(t.Data)/8), t.Data, "F64")
		}
		if err != nil {
			return nil, err
		}
		f.Tensors = append(f.Tensors, out)
	}
	return f, nil
}

// readZip reads an archive of torch.save.
func readZip(r io.ReaderAt, size int64) (*File, error) {
	z, err := archive.Open(r, size)
	if err != nil {
		return nil, err
	}
	a := saved{zip: z, size: size}
	for _, name := range z.Names() { // under a folder of the file's name
		if folder, ok := strings.CutSuffix(name, "data.pkl"); ok && strings.Count(folder, "/") == 1 && a.folder == "" {
			a.folder = folder
		}
	}
	switch {
	case a.folder == "":
		return nil, fmt.Errorf("no data.pkl: not an archive of torch.save")
	case z.Has(a.folder + "constants.pkl"):
		return nil, fmt.Errorf("a TorchScript program: save its state_dict() with torch.save")
	}
	if order, err := z.ReadFile(a.folder+"byteorder", 16); err == nil && string(order) != "little" {
		return nil, fmt.Errorf("numbers in byte order %q, want little", order)
	}
	b, err := z.ReadFile(a.folder+"data.pkl", maxPickle)
	if err != nil {
		return nil, err
	}
	v, err := run(b)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("it holds no state_dict: save model.state_dict()")
	}
	f := new(File)
	return f, d.views("", map[*dict]bool{}, func(name string, v *view) error {
		t, err := a.tensor(v)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		t.Name = name
		f.Tensors = append(f.Tensors, t)
		return nil
	})
}

// saved is an archive of torch.save.
type saved struct {
	zip    *archive.Archive
	folder string
	size   int64 // of the archive in bytes
	used   int64 // values that tensors have read or made so far
}

// stream returns n bytes of a file, from a byte on, one after the other. The checksum is
// looked at, at their end, where they are the whole file.
func (a *saved) stream(name string, from, n int64) (io.ReadCloser, error) {
	r, size, err := a.zip.Open(a.folder + name)
	switch {
	case err != nil:
		return nil, err
	case from == 0 && n == size:
		return r, nil
	case from+n > size:
		err = fmt.Errorf("file %q: bytes %d to %d of %d", name, from, from+n, size)
	}
	r.Close()
	if err != nil {
		return nil, err
	}
	s, err := a.zip.Section(a.folder + name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(io.NewSectionReader(s, from, n)), nil
}

// tensor reads the values of a view.
func (a *saved) tensor(v *view) (Tensor, error) {
	t := Tensor{DType: v.storage.dtype}
	if len(v.shape) > maxRank {
		return t, fmt.Errorf("%d dimensions, limit %d", len(v.shape), maxRank)
	}
	for _, s := range v.shape {
		t.Shape = append(t.Shape, int(s))
	}
	if slices.Contains(v.shape, 0) { // its strides may be anything
		return t, nil
	}
	// Views may share a storage, as tied weights do, but all of them together have no more
	// values than the file has bytes. The last place is bounded by that, too.
	n, last := int64(1), v.offset
	for i, s := range v.shape {
		if n > a.size/s || s > 1 && v.strides[i] > a.size/(s-1) {
			return t, fmt.Errorf("shape %v, strides %v: more values than the file has bytes, %d", v.shape, v.strides, a.size)
		}
		n *= s
		last += (s - 1) * v.strides[i]
	}
	span := last - v.offset + 1
	if a.used += max(n, span); a.used > a.size || v.offset < 0 || v.offset > a.size {
		return t, fmt.Errorf("shape %v: more values than the file has bytes, %d", v.shape, a.size)
	}
	if last >= v.storage.count {
		return t, fmt.Errorf("shape %v, strides %v from %d on: beyond its %d values", v.shape, v.strides, v.offset, v.storage.count)
	}
	size := map[string]int64{"F32": 4, "F64": 8, "F16": 2, "BF16": 2}[v.storage.dtype]
	if size == 0 {
		return t, nil
	}
	r, err := a.stream("data/"+v.storage.key, v.offset*size, span*size)
	if err != nil {
		return t, err
	}
	defer r.Close()
	t.Data = make([]float32, n)
	return t, v.read(t.Data, r, span, size)
}

// read reads the elements of a view from the bytes that it spans.
func (v *view) read(dst []float32, r io.Reader, span, size int64) error {
	if !v.contiguous() {
		raw := make([]byte, span*size)
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		v.gather(dst, raw, size)
		return atEnd(r)
	}
	chunk := make([]byte, min(span*size, 1<<16))
	for len(dst) > 0 {
		n := min(len(dst), len(chunk)/int(size))
		if _, err := io.ReadFull(r, chunk[:n*int(size)]); err != nil {
			return err
		}
		decode(dst[:n], chunk, v.storage.dtype)
		dst = dst[n:]
	}
	return atEnd(r)
}

// atEnd reports bytes that are left, or a checksum that is wrong.
func atEnd(r io.Reader) error {
	if n, err := r.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		return fmt.Errorf("after the last value: %d bytes, %w", n, err)
	}
	return nil
}

// gather picks the elements of a view from the bytes that it spans.
func (v *view) gather(dst []float32, raw []byte, size int64) {
	place := make([]int64, len(v.shape))
	for i := range dst {
		at := int64(0)
		for k, p := range place {
			at += p * v.strides[k]
		}
		decode(dst[i:i+1], raw[at*size:], v.storage.dtype)
		for k := len(place) - 1; k >= 0; k-- {
			if place[k]++; place[k] < v.shape[k] {
				break
			}
			place[k] = 0
		}
	}
}

// contiguous says whether the elements stand one after the other.
func (v *view) contiguous() bool {
	n := int64(1)
	for i := len(v.shape) - 1; i >= 0; i-- {
		if v.shape[i] != 1 && v.strides[i] != n {
			return false
		}
		n *= v.shape[i]
	}
	return true
}

// decode sets dst to numbers of a floating-point type and returns it.
func decode(dst []float32, raw []byte, dtype string) []float32 {
	for i := range dst {
		switch dtype {
		case "F32":
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case "F64":
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		case "F16":
			dst[i] = half.Float(binary.LittleEndian.Uint16(raw[2*i:]))
		case "BF16":
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	}
	return dst
}

// list describes the tensors, one a line, the first n of them.
func (f *File) list(n int) string {
	var b strings.Builder
	for i, t := range f.Tensors {
		if i == n {
			fmt.Fprintf(&b, "\n  and %d more", len(f.Tensors)-n)
			break
		}
		fmt.Fprintf(&b, "\n  %s %v %s", t.Name, t.Shape, t.DType)
	}
	return b.String()
}
