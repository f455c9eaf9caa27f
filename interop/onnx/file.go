package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/textlstm/textlstm/internal/half"
)

// A File is what a model of ONNX holds, as far as this package looks at it.
type File struct {
	Producer string
	Opset    int64
	Inputs   []Value
	Outputs  []Value
	Tensors  []Tensor // the weights
	Nodes    []Node
	Meta     map[string]string
}

// A Value is an input or an output: a name and its dimensions, numbers or names.
type Value struct {
	Name  string
	Shape []string
}

// A Tensor is a named array of numbers, row-major.
type Tensor struct {
	Name  string
	DType string // FLOAT, INT64
	Shape []int

	kind int64
	raw  []byte   // little-endian
	list []uint64 // in place of raw: numbers one by one, as the bits that they have
}

// A Node is an operator.
type Node struct {
	Op, Domain, Name string
	Inputs, Outputs  []string

	attributes map[string]attributeValue
}

// An attributeValue is that of one attribute; the field that its type has is set.
type attributeValue struct {
	int    int64
	float  float32
	text   string
	ints   []int64
	texts  []string
	tensor *Tensor
}

// ErrFormat says that a file is not a model of ONNX that this package can read. Errors
// that wrap it say why.
var ErrFormat = errors.New("onnx: not a readable model")

// The limits of a model, so that a small file takes no more memory than it should.
const (
	maxItems  = 200_000 // operators, their inputs, outputs and attributes, tensors, numbers one by one
	bigItem   = 4       // items that an operator or a tensor counts as
	maxRank   = 8
	maxBytes  = 2 << 30 // of a protocol buffer
	maxValues = 16      // of a tensor that is no weight
)

// The names of element types, by TensorProto.DataType.
var typeNames = []string{
	"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
	"UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
}

// The bytes of an element of the types that are read.
var typeSizes = map[int64]int{typeFloat: 4, typeInt32: 4, typeInt64: 8, typeHalf: 2, typeDouble: 8, typeBfloat: 2, typeBool: 1, typeInt8: 1}

const typeBfloat = 16

// Open reads a file.
func Open(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxBytes {
		return nil, fmt.Errorf("%s: %w: no regular file of at most 2 GiB", name, ErrFormat)
	}
	r, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	f, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Decode reads a model from bytes, parts of which it keeps.
func Decode(b []byte) (*File, error) {
	f := &File{Meta: map[string]string{}}
	r := &reader{f, maxItems}
	err := fields(b, func(number protowire.Number, v uint64, b []byte) error {
		switch number {
		case 2:
			f.Producer = string(b)
		case 7:
			return r.graph(b)
		case 8:
			return f.opset(b)
		case 14:
			key, value, err := pair(b)
			f.Meta[key] = value
			return errors.Join(err, r.spend(1))
		}
		return nil
	})
	if err == nil && len(f.Nodes) == 0 {
		err = fmt.Errorf("it has no operators")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f, nil
}

// A reader fills a file. It has so many items left to make.
type reader struct {
	*File
	left int
}

func (r *reader) spend(n int) error {
	if r.left -= n; r.left < 0 {
		return fmt.Errorf("more than %d operators, names and numbers", maxItems)
	}
	return nil
}

// fields calls each for the fields of a message: with the number of a varint or a fixed
// field, or with the bytes of another.
func fields(b []byte, each func(number protowire.Number, v uint64, b []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("a damaged protocol buffer: %w", protowire.ParseError(n))
		}
		b = b[n:]
		var v uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var x uint32
			x, n = protowire.ConsumeFixed32(b)
			v = uint64(x)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("a damaged protocol buffer: %w", protowire.ParseError(n))
		}
		b = b[n:]
		if err := each(number, v, content); err != nil {
			return err
		}
	}
	return nil
}

// pair reads a StringStringEntryProto.
func pair(b []byte) (key, value string, err error) {
	err = fields(b, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			key = string(b)
		case 2:
			value = string(b)
		}
		return nil
	})
	return key, value, err
}

func (f *File) opset(b []byte) error {
	domain, version := "", int64(0)
	err := fields(b, func(number protowire.Number, v uint64, b []byte) error {
		switch number {
		case 1:
			domain = string(b)
		case 2:
			version = int64(v)
		}
		return nil
	})
	if domain == "" || domain == "ai.onnx" {
		f.Opset = version
	}
	return err
}

// graph reads a GraphProto.
func (r *reader) graph(b []byte) error {
	return fields(b, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			n, err := r.node(b)
			r.Nodes = append(r.Nodes, n)
			return err
		case 5:
			t, err := r.tensor(b)
			r.Tensors = append(r.Tensors, t)
			return err
		case 11:
			v, err := r.value(b)
			r.Inputs = append(r.Inputs, v)
			return err
		case 12:
			v, err := r.value(b)
			r.Outputs = append(r.Outputs, v)
			return err
		}
		return nil
	})
}

// node reads a NodeProto.
func (r *reader) node(b []byte) (n Node, err error) {
	if err := r.spend(bigItem); err != nil {
		return n, err
	}
	err = fields(b, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			n.Inputs = append(n.Inputs, string(b))
		case 2:
			n.Outputs = append(n.Outputs, string(b))
		case 3:
			n.Name = string(b)
		case 4:
			n.Op = string(b)
		case 5:
			name, v, err := r.attribute(b)
			if n.attributes == nil {
				n.attributes = map[string]attributeValue{}
			}
			n.attributes[name] = v
			if err != nil {
				return fmt.Errorf("attribute %q of operator %s: %w", name, n.Op, err)
			}
		case 7:
			n.Domain = string(b)
		}
		return r.spend(1)
	})
	return n, err
}

// attribute reads an AttributeProto. Subgraphs are left out: an operator that has one has
// no place in what is matched.
func (r *reader) attribute(b []byte) (name string, a attributeValue, err error) {
	err = fields(b, func(number protowire.Number, v uint64, b []byte) (err error) {
		switch number {
		case 1:
			name = string(b)
		case 2:
			a.float = math.Float32frombits(uint32(v))
		case 3:
			a.int = int64(v)
		case 4:
			a.text = string(b)
		case 5:
			t, err := r.tensor(b)
			a.tensor = &t
			return err
		case 8:
			a.ints, err = r.varints(a.ints, v, b)
			return err
		case 9:
			a.texts = append(a.texts, string(b))
			return r.spend(1)
		}
		return nil
	})
	return name, a, err
}

// varints appends the numbers of a repeated field, packed or not.
func (r *reader) varints(list []int64, v uint64, packed []byte) ([]int64, error) {
	if packed == nil {
		return append(list, int64(v)), r.spend(1)
	}
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		packed = packed[n:]
		list = append(list, int64(v))
		if err := r.spend(1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// value reads a ValueInfoProto of a tensor.
func (r *reader) value(b []byte) (v Value, err error) {
	within := func(wanted protowire.Number, next func(b []byte) error) func(protowire.Number, uint64, []byte) error {
		return func(number protowire.Number, _ uint64, b []byte) error {
			if number == wanted {
				return next(b)
			}
			return nil
		}
	}
	dim := func(b []byte) error {
		d := "?"
		err := fields(b, func(number protowire.Number, v uint64, b []byte) error {
			switch number {
			case 1:
				d = fmt.Sprint(int64(v))
			case 2:
				d = string(b)
			}
			return nil
		})
		v.Shape = append(v.Shape, d)
		return errors.Join(err, r.spend(1))
	}
	if err := r.spend(1); err != nil {
		return v, err
	}
	err = fields(b, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			v.Name = string(b)
		case 2:
			return fields(b, within(1, func(b []byte) error {
				return fields(b, within(2, func(b []byte) error { return fields(b, within(1, dim)) }))
			}))
		}
		return nil
	})
	return v, err
}

// tensor reads a TensorProto, the values of which it leaves where they are.
func (r *reader) tensor(b []byte) (t Tensor, err error) {
	if err := r.spend(bigItem); err != nil {
		return t, err
	}
	external := false
	var dims []int64
	err = fields(b, func(number protowire.Number, v uint64, b []byte) (err error) {
		switch number {
		case 1:
			dims, err = r.varints(dims, v, b)
		case 2:
			t.kind = int64(v)
		case 4: // float_data, packed
			if b != nil {
				t.raw = b
				return nil
			}
			t.list = append(t.list, v)
			return r.spend(1)
		case 5, 7: // int32_data, int64_data
			var list []int64
			list, err = r.varints(nil, v, b)
			for _, v := range list {
				t.list = append(t.list, uint64(v))
			}
		case 8:
			t.Name = string(b)
		case 9:
			t.raw = b
		case 10: // double_data, packed
			t.raw = b
		case 13:
			external = true
		case 14:
			external = external || v == 1
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if external {
		return t, fmt.Errorf("tensor %q lies in another file: export with external_data=False, or onnx.save(model, path, save_as_external_data=False)", t.Name)
	}
	if t.kind >= 0 && t.kind < int64(len(typeNames)) {
		t.DType = typeNames[t.kind]
	}
	return t, t.shape(dims)
}

// shape checks dimensions against the values.
func (t *Tensor) shape(dims []int64) error {
	n := int64(1)
	for _, d := range dims {
		if d < 0 || d > 0 && n > maxBytes/d || len(dims) > maxRank {
			return fmt.Errorf("tensor %q: shape %v, want at most %d dimensions and 2 GiB", t.Name, dims[:min(len(dims), maxRank+1)], maxRank)
		}
		n *= d
		t.Shape = append(t.Shape, int(d))
	}
	size, ok := typeSizes[t.kind]
	if !ok {
		return nil // of a type that nobody asks for
	}
	have := len(t.list)
	if len(t.raw) > 0 { // then bits reads it alone
		have = len(t.raw) / size
	}
	if int64(have) != n {
		return fmt.Errorf("tensor %q: %d values of shape %v", t.Name, have, t.Shape)
	}
	return nil
}

// numElements is the number of values.
func (t *Tensor) numElements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// bits is element i of a type of so many bytes.
func (t *Tensor) bits(i, size int) uint64 {
	if len(t.raw) == 0 {
		return t.list[i]
	}
	b := t.raw[i*size:]
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

// floats returns the values of a floating-point tensor as float32, false for another type.
func (t *Tensor) floats() ([]float32, bool) {
	v := make([]float32, t.numElements())
	for i := range v {
		switch t.kind {
		case typeFloat:
			v[i] = math.Float32frombits(uint32(t.bits(i, 4)))
		case typeDouble:
			v[i] = float32(math.Float64frombits(t.bits(i, 8)))
		case typeHalf:
			v[i] = half.Float(uint16(t.bits(i, 2)))
		case typeBfloat:
			v[i] = math.Float32frombits(uint32(t.bits(i, 2)) << 16)
		default:
			return nil, false
		}
	}
	return v, true
}

// zero says whether all values are 0.
func (t *Tensor) zero() bool {
	return !slices.ContainsFunc(t.raw, func(b byte) bool { return b != 0 }) && !slices.ContainsFunc(t.list, func(v uint64) bool { return v != 0 })
}

// ints returns the values of a small tensor of whole numbers, false for another one.
func (t *Tensor) ints() ([]int64, bool) {
	n := t.numElements()
	if n > maxValues || t.kind != typeInt64 && t.kind != typeInt32 {
		return nil, false
	}
	v := make([]int64, n)
	for i := range v {
		if t.kind == typeInt32 {
			v[i] = int64(int32(t.bits(i, 4)))
		} else {
			v[i] = int64(t.bits(i, 8))
		}
	}
	return v, true
}
