package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"strings"

	"github.com/textlstm/textlstm/internal/half"
	"github.com/textlstm/textlstm/internal/tensorfile"
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

// The limits of an archive.
const (
	maxEntries = 1 << 16
	maxRank    = 8
)

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
	if err := checkDirectory(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	a := archive{r: r, files: map[string]*zip.File{}, size: size}
	for _, f := range z.File {
		_, name, ok := strings.Cut(f.Name, "/") // under a folder of the file's name
		if !ok || a.files[name] != nil {
			return nil, fmt.Errorf("entry %q is outside the folder of the archive, or there twice", f.Name)
		}
		a.files[name] = f
	}
	switch {
	case a.files["constants.pkl"] != nil:
		return nil, fmt.Errorf("a TorchScript program: save its state_dict() with torch.save")
	case a.files["data.pkl"] == nil:
		return nil, fmt.Errorf("no data.pkl: not an archive of torch.save")
	}
	if order, err := a.read("byteorder", 16); err == nil && string(order) != "little" {
		return nil, fmt.Errorf("numbers in byte order %q, want little", order)
	}
	b, err := a.read("data.pkl", maxPickle)
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

// checkDirectory bounds the entries of an archive before anything is allocated for them.
func checkDirectory(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, 22+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < 22 {
		return fmt.Errorf("the archive is cut off: it has no directory")
	}
	entries := uint64(binary.LittleEndian.Uint16(tail[at+10:]))
	if at >= 20 && string(tail[at-20:at-16]) == "PK\x06\x07" {
		record := make([]byte, 56)
		offset := binary.LittleEndian.Uint64(tail[at-12:])
		if offset > uint64(size) {
			return fmt.Errorf("the directory stands at byte %d of %d", offset, size)
		}
		if _, err := r.ReadAt(record, int64(offset)); err != nil {
			return fmt.Errorf("the archive is cut off: %w", err)
		}
		entries = max(entries, binary.LittleEndian.Uint64(record[32:]))
	}
	if entries > maxEntries {
		return fmt.Errorf("%d entries, limit %d", entries, maxEntries)
	}
	return nil
}

// An archive is the files of a torch.save by their names.
type archive struct {
	r     io.ReaderAt
	files map[string]*zip.File
	size  int64 // of the archive in bytes
	used  int64 // values that tensors have read or made so far
}

// read returns a whole file of at most limit bytes.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, fmt.Errorf("no file %q", name)
	}
	if f.UncompressedSize64 > uint64(limit) {
		return nil, fmt.Errorf("file %q of %d bytes, limit %d", name, f.UncompressedSize64, limit)
	}
	return a.span(name, 0, int64(f.UncompressedSize64))
}

// span returns n bytes of a file, from a byte on. Its checksum is looked at where they
// are the whole file.
func (a *archive) span(name string, from, n int64) ([]byte, error) {
	f := a.files[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("no file %q", name)
	case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
		return nil, fmt.Errorf("file %q is compressed: torch.save stores", name)
	case f.UncompressedSize64 > uint64(a.size) || from+n > int64(f.UncompressedSize64):
		return nil, fmt.Errorf("file %q: bytes %d to %d of %d in an archive of %d", name, from, from+n, f.UncompressedSize64, a.size)
	}
	b := make([]byte, n)
	if n < int64(f.UncompressedSize64) {
		at, err := f.DataOffset()
		if err == nil {
			_, err = a.r.ReadAt(b, at+from)
		}
		return b, err
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, fmt.Errorf("file %q: %w", name, err)
	}
	return b, nil
}

// tensor reads the values of a view.
func (a *archive) tensor(v *view) (Tensor, error) {
	t := Tensor{DType: v.storage.dtype}
	if len(v.shape) > maxRank {
		return t, fmt.Errorf("%d dimensions, limit %d", len(v.shape), maxRank)
	}
	// Views may share a storage, as tied weights do, but all of them together have no more
	// values than the file has bytes.
	n, last := int64(1), v.offset
	for i, s := range v.shape {
		if s > 0 && n > a.size/s || s > 1 && v.strides[i] > a.size/(s-1) {
			return t, fmt.Errorf("shape %v, strides %v: more values than the file has bytes, %d", v.shape, v.strides, a.size)
		}
		n *= s
		last += (s - 1) * v.strides[i]
		t.Shape = append(t.Shape, int(s))
	}
	span := max(last-v.offset+1, 0)
	if a.used += max(n, span); a.used > a.size || v.offset > a.size {
		return t, fmt.Errorf("shape %v: more values than the file has bytes, %d", v.shape, a.size)
	}
	if n > 0 && last >= v.storage.count {
		return t, fmt.Errorf("shape %v, strides %v from %d on: beyond its %d values", v.shape, v.strides, v.offset, v.storage.count)
	}
	size := map[string]int64{"F32": 4, "F64": 8, "F16": 2, "BF16": 2}[v.storage.dtype]
	if size == 0 || n == 0 {
		return t, nil
	}
	raw, err := a.span(path.Join("data", v.storage.key), v.offset*size, span*size)
	if err != nil {
		return t, err
	}
	t.Data = make([]float32, n)
	v.gather(t.Data, raw, size)
	return t, nil
}

// gather reads the elements of a view from the bytes that it spans.
func (v *view) gather(dst []float32, raw []byte, size int64) {
	if v.contiguous() {
		decode(dst, raw, v.storage.dtype)
		return
	}
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
