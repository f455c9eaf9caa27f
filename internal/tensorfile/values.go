package tensorfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/textlstm/textlstm/internal/half"
)

// An element is a Go type that holds the elements of one DType bit for bit.
type element interface {
	int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64 | float32 | float64
}

// Float32 returns an F32 tensor of data. Like the other constructors it
// aliases data where the machine is little-endian, as almost all are; neither
// must change until the tensor is written. That the shape agrees with the data
// is checked by Write.
func Float32(name string, data []float32, shape ...int) Tensor {
	return Tensor{name, F32, shape, bytesOf(data)}
}

// Float64 returns an F64 tensor of data; see Float32.
func Float64(name string, data []float64, shape ...int) Tensor {
	return Tensor{name, F64, shape, bytesOf(data)}
}

// Int8 returns an I8 tensor of data; see Float32.
func Int8(name string, data []int8, shape ...int) Tensor {
	return Tensor{name, I8, shape, bytesOf(data)}
}

// Uint8 returns a U8 tensor of data; see Float32.
func Uint8(name string, data []uint8, shape ...int) Tensor {
	return Tensor{name, U8, shape, data}
}

// Int32 returns an I32 tensor of data; see Float32.
func Int32(name string, data []int32, shape ...int) Tensor {
	return Tensor{name, I32, shape, bytesOf(data)}
}

// Int64 returns an I64 tensor of data; see Float32.
func Int64(name string, data []int64, shape ...int) Tensor {
	return Tensor{name, I64, shape, bytesOf(data)}
}

// Uint64 returns a U64 tensor of data; see Float32.
func Uint64(name string, data []uint64, shape ...int) Tensor {
	return Tensor{name, U64, shape, bytesOf(data)}
}

// Half returns an F16 tensor of the bits of its elements; see Float32.
func Half(name string, data []uint16, shape ...int) Tensor {
	return Tensor{name, F16, shape, bytesOf(data)}
}

// Float16 returns an F16 tensor of data rounded to the nearest half-precision
// value, ties to even: eleven bits of precision. Values beyond 65504 become
// infinite, which Write refuses. It does not alias data.
func Float16(name string, data []float32, shape ...int) Tensor {
	b := make([]byte, 2*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint16(b[2*i:], half.From(v))
	}
	return Tensor{name, F16, shape, b}
}

// Float32 returns the elements of the tensor called name, whose shape must be
// the one given; -1 matches any size of a dimension, and no shape at all
// matches every shape. The elements of an F32 tensor alias the file's memory
// where machine and alignment allow it, so they are for reading only unless
// the caller owns that memory. F16 and BF16 are widened, which is exact.
//
// The error is a *FormatError that wraps ErrMissing, ErrDType or ErrShape.
func (f *File) Float32(name string, shape ...int) ([]float32, error) {
	t, err := f.find(name, shape, F32, F16, BF16)
	if err != nil {
		return nil, err
	}
	if t.DType == F32 {
		return view[float32](t.Data), nil
	}
	v := make([]float32, len(t.Data)/2)
	widen(v, t)
	return v, nil
}

// CopyFloat32 is Float32 into dst, whose length must be the tensor's.
func (f *File) CopyFloat32(dst []float32, name string, shape ...int) error {
	t, err := f.find(name, shape, F32, F16, BF16)
	if err != nil {
		return err
	}
	if n := len(t.Data) / t.DType.Size(); n != len(dst) {
		return formatErr(-1, tensorField(name), "%w: %v has %d elements, want %d", ErrShape, t.Shape, n, len(dst))
	}
	if t.DType == F32 {
		copy(dst, view[float32](t.Data))
		return nil
	}
	widen(dst, t)
	return nil
}

// Float64 returns the elements of an F64 tensor; see Float32.
func (f *File) Float64(name string, shape ...int) ([]float64, error) {
	return values[float64](f, name, F64, shape)
}

// Int8 returns the elements of an I8 tensor; see Float32.
func (f *File) Int8(name string, shape ...int) ([]int8, error) {
	return values[int8](f, name, I8, shape)
}

// Half returns the bits of the elements of an F16 tensor, for package half; see
// Float32.
func (f *File) Half(name string, shape ...int) ([]uint16, error) {
	return values[uint16](f, name, F16, shape)
}

// Uint8 returns the elements of a U8 tensor; see Float32.
func (f *File) Uint8(name string, shape ...int) ([]uint8, error) {
	return values[uint8](f, name, U8, shape)
}

// Int32 returns the elements of an I32 tensor; see Float32.
func (f *File) Int32(name string, shape ...int) ([]int32, error) {
	return values[int32](f, name, I32, shape)
}

// Int64 returns the elements of an I64 tensor; see Float32.
func (f *File) Int64(name string, shape ...int) ([]int64, error) {
	return values[int64](f, name, I64, shape)
}

// Uint64 returns the elements of a U64 tensor; see Float32.
func (f *File) Uint64(name string, shape ...int) ([]uint64, error) {
	return values[uint64](f, name, U64, shape)
}

func values[T element](f *File, name string, d DType, shape []int) ([]T, error) {
	t, err := f.find(name, shape, d)
	if err != nil {
		return nil, err
	}
	return view[T](t.Data), nil
}

// find returns the tensor called name if it has one of the types and the shape.
func (f *File) find(name string, shape []int, types ...DType) (Tensor, error) {
	t, ok := f.Lookup(name)
	field := tensorField(name)
	if !ok {
		return t, formatErr(-1, field, "%w", ErrMissing)
	}
	if !slices.Contains(types, t.DType) {
		return t, formatErr(-1, field, "%w: it is %v, want %v", ErrDType, t.DType, types[0])
	}
	if len(shape) > 0 && !slices.EqualFunc(t.Shape, shape, func(have, want int) bool { return want == -1 || have == want }) {
		return t, formatErr(-1, field, "%w: it is %v, want %v", ErrShape, t.Shape, shapeText(shape))
	}
	return t, nil
}

// shapeText prints a shape with "any" for -1.
func shapeText(shape []int) []string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = fmt.Sprint(d)
		if d == -1 {
			s[i] = "any"
		}
	}
	return s
}

// littleEndian says whether this machine stores numbers as files do.
func littleEndian() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 1
}

// view returns b, little-endian elements, as a slice: b itself if the machine
// and b's alignment allow it, else a copy. This and bytesOf are all that the
// package does with unsafe; both keep within the bounds of their argument.
func view[T element](b []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	n := len(b) / size
	if n == 0 {
		return []T{}
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if littleEndian() && uintptr(p)%uintptr(size) == 0 {
		return unsafe.Slice((*T)(p), n)
	}
	return decode[T](b, n)
}

func decode[T element](b []byte, n int) []T {
	v := make([]T, n)
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		panic(err) // T has a fixed size and b holds n of them
	}
	return v
}

// bytesOf is the reverse of view.
func bytesOf[T element](v []T) []byte {
	if len(v) == 0 {
		return []byte{}
	}
	if littleEndian() {
		var zero T
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(zero)))
	}
	return encode(v)
}

func encode[T element](v []T) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // T has a fixed size
	}
	return b
}

// widen sets dst to the elements of t, which is F16 or BF16.
func widen(dst []float32, t Tensor) {
	for i := range dst {
		h := binary.LittleEndian.Uint16(t.Data[2*i:])
		if t.DType == F16 {
			dst[i] = half.Float(h)
		} else {
			dst[i] = math.Float32frombits(uint32(h) << 16)
		}
	}
}
