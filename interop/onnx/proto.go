package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A message is a protocol buffer that grows. Field numbers are those of onnx.proto.
type message []byte

func (m *message) bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// The element types of tensors, TensorProto.DataType.
const (
	typeFloat  = 1
	typeInt8   = 3
	typeInt32  = 6
	typeInt64  = 7
	typeBool   = 9
	typeHalf   = 10
	typeDouble = 11
)

// tensor is a TensorProto.
func tensor(name string, kind int64, shape []int, raw []byte) message {
	var m message
	for _, d := range shape {
		m.int(1, int64(d))
	}
	m.int(2, kind)
	m.text(8, name)
	m.bytes(9, raw)
	return m
}

// raw are numbers as a TensorProto has them.
func raw[T float32 | int64 | int8 | uint16](v []T) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // T has a fixed size
	}
	return b
}

// attribute is an AttributeProto.
func attribute(name string, value any) message {
	const (
		kindFloat = 1
		kindInt   = 2
		kindText  = 3
		kindInts  = 7
	)
	var m message
	m.text(1, name)
	switch v := value.(type) {
	case float32:
		m.float(2, v)
		m.int(20, kindFloat)
	case int:
		m.int(3, int64(v))
		m.int(20, kindInt)
	case string:
		m.text(4, v)
		m.int(20, kindText)
	case []int:
		for _, x := range v {
			m.int(8, int64(x))
		}
		m.int(20, kindInts)
	default:
		panic(fmt.Sprintf("onnx: attribute %s of type %T", name, value))
	}
	return m
}

// value is a ValueInfoProto: a name, a type, and dimensions that are numbers or names.
func value(name string, kind int64, shape ...any) message {
	var dims, t, typ, m message
	for _, d := range shape {
		var dim message
		switch d := d.(type) {
		case int:
			dim.int(1, int64(d))
		case string:
			dim.text(2, d)
		}
		dims.bytes(1, dim)
	}
	t.int(1, kind)
	t.bytes(2, dims)
	typ.bytes(1, t)
	m.text(1, name)
	m.bytes(2, typ)
	return m
}

// A graph is a GraphProto that grows.
type graph struct {
	nodes, initializers, inputs, outputs []message
	count                                int
	constants                            map[string]string // names of small tensors by their content
}

// op adds a node and returns its output. Attributes are pairs of a name and a value.
func (g *graph) op(kind string, inputs []string, attributes ...any) string {
	return g.ops(kind, inputs, 1, attributes...)[0]
}

// ops is op with several outputs.
func (g *graph) ops(kind string, inputs []string, outputs int, attributes ...any) []string {
	var m message
	for _, name := range inputs {
		m.text(1, name)
	}
	var names []string
	for range outputs {
		g.count++
		names = append(names, fmt.Sprintf("%s.%d", kind, g.count))
		m.text(2, names[len(names)-1])
	}
	m.text(4, kind)
	for i := 0; i < len(attributes); i += 2 {
		m.bytes(5, attribute(attributes[i].(string), attributes[i+1]))
	}
	g.nodes = append(g.nodes, m)
	return names
}

// rename adds a node that gives a value another name.
func (g *graph) rename(from, to string) {
	var m message
	m.text(1, from)
	m.text(2, to)
	m.text(4, "Identity")
	g.nodes = append(g.nodes, m)
}

// init adds a tensor of weights and returns its name.
func (g *graph) init(name string, kind int64, shape []int, raw []byte) string {
	g.initializers = append(g.initializers, tensor(name, kind, shape, raw))
	return name
}

func (g *graph) floats(name string, v []float32, shape ...int) string {
	return g.init(name, typeFloat, shape, raw(v))
}

// constant adds a small tensor, once for the same values.
func (g *graph) constant(kind int64, shape []int, raw []byte) string {
	key := fmt.Sprint(kind, shape, raw)
	if g.constants == nil {
		g.constants = map[string]string{}
	}
	if g.constants[key] == "" {
		g.constants[key] = g.init(fmt.Sprintf("constant.%d", len(g.constants)), kind, shape, raw)
	}
	return g.constants[key]
}

func (g *graph) ints(v ...int64) string { return g.constant(typeInt64, []int{len(v)}, raw(v)) }
func (g *graph) scalar(v int64) string  { return g.constant(typeInt64, nil, raw([]int64{v})) }
func (g *graph) float(v float64) string {
	return g.constant(typeFloat, nil, raw([]float32{float32(v)}))
}
func (g *graph) vector(v ...float32) string { return g.constant(typeFloat, []int{len(v)}, raw(v)) }

// The versions that exports are written in.
const (
	irVersion = 8
	opset     = 17
)

// model is the ModelProto around the graph.
func (g *graph) model(meta [][2]string) []byte {
	var body message
	for _, n := range g.nodes {
		body.bytes(1, n)
	}
	body.text(2, "textlstm")
	for _, t := range g.initializers {
		body.bytes(5, t)
	}
	g.initializers = nil // the weights are twice in memory, not three times
	for _, v := range g.inputs {
		body.bytes(11, v)
	}
	for _, v := range g.outputs {
		body.bytes(12, v)
	}
	var m, version message
	m.int(1, irVersion)
	m.text(2, "textlstm")
	m.bytes(7, body)
	version.text(1, "")
	version.int(2, opset)
	m.bytes(8, version)
	for _, pair := range meta {
		var e message
		e.text(1, pair[0])
		e.text(2, pair[1])
		m.bytes(14, e)
	}
	return m
}
