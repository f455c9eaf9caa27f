package onnx

import (
	"strings"
	"testing"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

func weights(name string, shape ...int) Tensor {
	t := Tensor{Name: name, kind: typeFloat, DType: "FLOAT", Shape: shape}
	t.raw = make([]byte, 4*t.numElements())
	return t
}

// pooledLSTMs is a graph of an embedding, the LSTMs A and B, which reads what input is, and
// poolings of them side by side.
func pooledLSTMs(input string, pools ...Node) *File {
	f := &File{
		Inputs:  []Value{{"ids", []string{"batch", "time"}}},
		Outputs: []Value{{"scores", nil}},
		Tensors: []Tensor{weights("table", 9, 3), weights("head", 6, 2)},
	}
	node := func(op string, out string, in ...string) {
		f.Nodes = append(f.Nodes, Node{Op: op, Inputs: in, Outputs: []string{out}, attributes: map[string]attributeValue{}})
	}
	node("Gather", "vectors", "table", "ids")
	node("Transpose", "e", "vectors")
	f.Nodes[1].attributes["perm"] = attributeValue{ints: []int64{1, 0, 2}}
	for _, name := range []string{"A", "B"} {
		f.Tensors = append(f.Tensors, weights(name+".w", 1, 12, 3), weights(name+".r", 1, 12, 3))
		from := "e"
		if name == "B" {
			from = input
		}
		node("LSTM", name+".y", from, name+".w", name+".r")
		node("Squeeze", name, name+".y")
		f.Nodes[len(f.Nodes)-1].attributes["axes"] = attributeValue{ints: []int64{1}}
	}
	f.Nodes = append(f.Nodes, pools...)
	node("Concat", "both", pools[0].Outputs[0], pools[1].Outputs[0])
	f.Nodes[len(f.Nodes)-1].attributes["axis"] = attributeValue{int: 1}
	node("MatMul", "scores", "both", "head")
	return f
}

// Poolings side by side are those of one LSTM: the weights of another one would be lost.
func TestPoolingsOfOneLSTM(t *testing.T) {
	pool := func(op, of string) Node {
		return Node{Op: op, Inputs: []string{of}, Outputs: []string{op}, attributes: map[string]attributeValue{
			"axes": {ints: []int64{0}}, "keepdims": {},
		}}
	}
	n, err := pooledLSTMs("A", pool("ReduceMean", "B"), pool("ReduceMax", "B")).Network(Options{})
	if err != nil || len(n.Layers) != 2 || len(n.Pool) != 2 || n.Pool[1] != nn.Max {
		t.Fatalf("two poolings of one: %+v, %v", n, err)
	}
	for _, input := range []string{"e", "A"} {
		for _, other := range [][]Node{
			{pool("ReduceMean", "A"), pool("ReduceMax", "B")},
			{pool("ReduceMean", "B"), pool("ReduceMax", "A")},
		} {
			_, err := pooledLSTMs(input, other...).Network(Options{})
			if err == nil || !strings.Contains(err.Error(), "states of different LSTMs") {
				t.Errorf("B reads %s, %s of %s: %v", input, other[0].Op, other[0].Inputs[0], err)
			}
		}
	}
}

// One direction of an LSTM and the other one of another are no LSTM of two directions.
func TestDirectionsOfOneLSTM(t *testing.T) {
	half := func(d int) *flow {
		l := []interop.Layer{{Direction: nn.Bidirectional, Cells: make([]interop.Cell, 2)}}
		return &flow{kind: finals, axes: "be", layers: l, states: []state{{1, d}}}
	}
	n := &Node{Op: "Concat", attributes: map[string]attributeValue{"axis": {int: 1}}}
	a, b := half(0), half(1)
	if _, err := concat(n, []*flow{a, b}); err == nil {
		t.Error("two LSTMs are taken for one")
	}
	b.layers = a.layers
	if v, err := concat(n, []*flow{a, b}); err != nil || !v.all() {
		t.Errorf("%+v, %v", v, err)
	}
}

// The values of a tensor are counted where they are read.
func TestValuesInTwoPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		list []uint64
		good bool
	}{
		"bytes":               {make([]byte, 16), nil, true},
		"numbers":             {nil, make([]uint64, 4), true},
		"numbers, and a byte": {make([]byte, 1), make([]uint64, 4), false},
		"bytes, and a number": {make([]byte, 16), make([]uint64, 1), true},
		"neither has as many": {make([]byte, 12), make([]uint64, 3), false},
		"nothing":             {nil, nil, false},
	} {
		x := Tensor{kind: typeFloat, raw: c.raw, list: c.list}
		err := x.shape([]int64{2, 2})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			x.floats()
		}
	}
}

// A tensor of a type that is not read, whose size nobody checks, lifts no limit.
func TestBudget(t *testing.T) {
	f := &File{Tensors: []Tensor{weights("w", 256, 256), {Name: "s", kind: 8, DType: "STRING", Shape: []int{1 << 30}}}}
	for range 70 {
		f.Nodes = append(f.Nodes, Node{Op: "Transpose", Inputs: []string{"w"}, Outputs: []string{"t"}})
	}
	if _, err := f.Network(Options{}); err == nil || !strings.Contains(err.Error(), "over and over again") {
		t.Error(err)
	}
}

// An operator may leave out inputs that it needs.
func TestInputsLeftOut(t *testing.T) {
	for _, n := range []Node{
		{Op: "Concat", Inputs: []string{"", "ids"}}, {Op: "Concat", Inputs: []string{"v", ""}},
		{Op: "Concat", Inputs: []string{"", "v"}}, {Op: "Expand"}, {Op: "Expand", Inputs: []string{""}},
	} {
		n.Outputs = []string{"out"}
		f := &File{Inputs: []Value{{"ids", make([]string, 2)}, {"v", make([]string, 3)}}, Nodes: []Node{n}}
		if _, err := f.Network(Options{}); err == nil {
			t.Errorf("%s of %q is no error", n.Op, n.Inputs)
		}
	}
}
