package tensorfile

import "fmt"

// A DType is the type of a tensor's elements. The zero DType is invalid. The
// order is the one of the safetensors library, which lays out tensors by
// falling DType so that each is aligned to the size of its elements.
type DType uint8

// The element types that take whole bytes. The file format also has types of
// four and six bits, which are refused with ErrDType.
const (
	Bool   DType = iota + 1 // one byte, 0 or 1
	U8                      // uint8
	I8                      // int8
	F8E5M2                  // 8-bit float, 5 exponent bits
	F8E4M3                  // 8-bit float, 4 exponent bits
	I16                     // int16
	U16                     // uint16
	F16                     // IEEE 754 binary16
	BF16                    // upper half of a float32
	I32                     // int32
	U32                     // uint32
	F32                     // float32
	C64                     // complex64: two float32
	F64                     // float64
	I64                     // int64
	U64                     // uint64
)

var dtypes = [...]struct {
	name string
	size int
}{
	Bool: {"BOOL", 1}, U8: {"U8", 1}, I8: {"I8", 1}, F8E5M2: {"F8_E5M2", 1}, F8E4M3: {"F8_E4M3", 1},
	I16: {"I16", 2}, U16: {"U16", 2}, F16: {"F16", 2}, BF16: {"BF16", 2},
	I32: {"I32", 4}, U32: {"U32", 4}, F32: {"F32", 4},
	C64: {"C64", 8}, F64: {"F64", 8}, I64: {"I64", 8}, U64: {"U64", 8},
}

// String returns the name used in files, such as "F32".
func (d DType) String() string {
	if d.valid() {
		return dtypes[d].name
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Size returns the number of bytes of one element, 0 for an invalid DType.
func (d DType) Size() int {
	if d.valid() {
		return dtypes[d].size
	}
	return 0
}

func (d DType) valid() bool { return d >= Bool && d <= U64 }

func parseDType(s string) (DType, error) {
	for d, info := range dtypes {
		if d > 0 && info.name == s {
			return DType(d), nil
		}
	}
	return 0, fmt.Errorf("%w %q", ErrDType, s)
}
