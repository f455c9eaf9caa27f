package onnx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// Options say what a graph does not.
type Options struct {
	// Text says what the rows of the embedding stand for.
	Text interop.Text

	// Labels name the scores, Loss says what they mean, as in interop.Head.
	Labels []string
	Loss   nn.LossKind
}

// Network follows the values of the graph from its input to its output and returns the
// network that it computes, without padding: a text is as long as its tokens. An operator
// that has no place there is an error that names it.
func (f *File) Network(o Options) (*interop.Network, error) {
	m := &matcher{values: map[string]*flow{}, left: 4 << 20}
	for i := range f.Tensors {
		if _, read := typeSizes[f.Tensors[i].kind]; read { // others have fewer bytes than they claim
			m.left += f.Tensors[i].numElements()
		}
		m.values[f.Tensors[i].Name] = &flow{kind: constant, tensor: &f.Tensors[i]}
	}
	for _, v := range f.Inputs {
		if m.values[v.Name] == nil { // older files list weights as inputs too
			m.values[v.Name] = input(v)
		}
	}
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Op == "Loop" || n.Op == "Scan" || n.Op == "If" {
			return nil, noPlace(n, "a layer that became a loop, as Keras's masked layers and GRUs do: want LSTM and GRU operators; Keras's own file does without")
		}
	}
	for i := range f.Nodes {
		if err := m.node(&f.Nodes[i]); err != nil {
			return nil, err
		}
	}
	out, err := m.output(f)
	if err != nil {
		return nil, err
	}
	last := out.dense[len(out.dense)-1]
	n := &interop.Network{
		Text: o.Text, Embedding: out.embedding, Layers: out.layers, Pool: out.pool,
		Heads: []interop.Head{{Labels: o.Labels, Loss: o.Loss, Layers: out.dense}},
	}
	if last.Activation == "" && o.Loss == "" && last.Weight.Rows == 1 && len(o.Labels) == 2 {
		n.Heads[0].Loss = nn.CrossEntropy
	}
	return n, n.Validate()
}

// A matcher knows what the values are that it has come by, by name.
type matcher struct {
	values map[string]*flow
	left   int // numbers that it may still make of constants: each is used once or twice
}

// floats are the values of a constant of floating-point numbers.
func (m *matcher) floats(n *Node, what string, t *Tensor) ([]float32, error) {
	if m.left -= t.numElements(); m.left < 0 {
		return nil, noPlace(n, "%s: the weights are used over and over again", what)
	}
	v, ok := t.floats()
	if !ok {
		return nil, noPlace(n, "%s: type %s, want floating-point numbers", what, t.DType)
	}
	return v, nil
}

// A flow is a value of the graph.
type flow struct {
	kind   kind
	tensor *Tensor // of a constant

	// axes are those of data, in order: b batch, t time, d direction, e numbers, 1 one step.
	axes string

	form      form // of ids
	embedding *interop.Matrix
	layers    []interop.Layer // that it has gone through
	states    []state         // that it has, along axis d or e
	pool      []nn.Pooling
	dense     []interop.Dense
}

// A state is that of a direction of a layer, which is counted from 1.
type state struct{ layer, direction int }

// A form is what has become of an id that is not negative: Keras takes others for places
// from the end.
type form int

const (
	same form = iota // the id
	zero             // 0, false
	one              // 1, true
	other
)

// A kind is what a value has to do with the input.
type kind int

const (
	plumbing kind = iota // shapes, lengths and what is made of them
	constant             // weights
	zeros                // an initial state
	ids                  // the input of tokens
	sequence             // rows of numbers: word vectors, states
	finals               // final states
	pooled               // one vector of a text
	scores               // what dense layers make of that
)

// data says whether a kind is made from the tokens or the numbers that a network reads.
func (k kind) data() bool { return k >= ids }

// input tells inputs apart by their shapes.
func input(v Value) *flow {
	switch len(v.Shape) {
	case 2:
		return &flow{kind: ids, axes: "bt"}
	case 3:
		return &flow{kind: sequence, axes: "bte"}
	}
	return &flow{kind: plumbing} // lengths
}

// with returns a copy of v that set changes.
func (v *flow) with(set func(v *flow)) *flow {
	w := *v
	set(&w)
	return &w
}

// noPlace is the error of an operator that is not understood.
func noPlace(n *Node, format string, args ...any) error {
	return &interop.Error{Layer: cmp.Or(n.Name, strings.Join(n.Outputs, ", ")), What: n.Op + ": " + fmt.Sprintf(format, args...)}
}

// node finds out what the outputs of an operator are.
func (m *matcher) node(n *Node) error {
	in := make([]*flow, len(n.Inputs))
	var data *flow
	for i, name := range n.Inputs {
		if name == "" {
			continue
		}
		if in[i] = m.values[name]; in[i] == nil {
			return noPlace(n, "input %q is made nowhere before", name)
		}
		if in[i].kind.data() && data == nil {
			data = in[i]
		}
	}
	out, err := m.result(n, in, data)
	if err != nil {
		return err
	}
	for i, name := range n.Outputs {
		if i < len(out) && out[i] != nil {
			m.values[name] = out[i]
		} else {
			m.values[name] = &flow{kind: plumbing}
		}
	}
	return nil
}

// result is what an operator makes of its inputs, the first one of which that are data is
// data; what it says nothing about is plumbing.
func (m *matcher) result(n *Node, in []*flow, data *flow) ([]*flow, error) {
	single := func(v *flow, err error) ([]*flow, error) { return []*flow{v}, err }
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return nil, noPlace(n, "an operator of %s, want those of ONNX alone", n.Domain)
	}
	switch n.Op {
	case "Shape", "Size":
		return nil, nil
	case "Constant":
		return single(n.constant())
	case "ConstantOfShape", "Expand":
		return single(n.filled(in))
	case "LSTM", "GRU":
		return m.recurrent(n, in)
	}
	switch {
	case data == nil:
		return single(m.still(n, in))
	case data.kind == ids && n.Op != "Gather":
		return single(arithmetic(n, in))
	case slices.Contains([]string{"Identity", "Cast", "Dropout"}, n.Op):
		return single(data, nil)
	case n.Op == "Gather":
		return single(m.gather(n, in))
	case n.Op == "Concat":
		return single(concat(n, in))
	case n.Op == "Gemm" || n.Op == "MatMul":
		return single(m.multiply(n, in))
	case n.Op == "Add":
		return single(m.bias(n, in))
	}
	if in[0] != data {
		return nil, noPlace(n, "it has no place after %s", n.Inputs[0])
	}
	switch n.Op {
	case "Transpose":
		return single(transpose(n, data))
	case "Squeeze":
		return single(squeeze(n, in))
	case "Reshape", "Flatten":
		return single(reshape(n, data))
	case "ReduceMean", "ReduceMax":
		return single(reduce(n, in))
	case "Slice":
		return single(slice(n, in))
	}
	if a, ok := operators[n.Op]; ok && data.kind == scores {
		return single(activate(n, data, a), nil)
	}
	return nil, noPlace(n, "it has no place in a network of an embedding, LSTM or GRU, a pooling and dense layers")
}

// arithmetic follows what an operator makes of ids that are not negative.
func arithmetic(n *Node, in []*flow) (*flow, error) {
	of := func(i int) form {
		switch {
		case i >= len(in) || in[i] == nil:
		case in[i].kind == ids:
			return in[i].form
		case in[i].kind == constant && in[i].tensor.zero():
			return zero
		}
		return other
	}
	a, b := of(0), of(1)
	out := other
	switch {
	case n.Op == "Cast" || n.Op == "Identity":
		out = a
	case n.Op == "Less" && a == same && b == zero:
		out = zero
	case n.Op == "GreaterOrEqual" && a == same && b == zero:
		out = one
	case n.Op == "Not" && a == zero:
		out = one
	case n.Op == "Add" && a == zero:
		out = b
	case n.Op == "Add" && b == zero:
		out = a
	case n.Op == "Mul" && (a == zero || b == zero):
		out = zero
	case n.Op == "Mul" && a == one:
		out = b
	case n.Op == "Mul" && b == one:
		out = a
	case n.Op == "Where" && a == zero:
		out = of(2)
	case n.Op == "Where" && a == one:
		out = b
	}
	for _, v := range in {
		if v != nil && v.kind == ids {
			return v.with(func(v *flow) { v.form = out }), nil
		}
	}
	return &flow{kind: plumbing}, nil
}

// operators are those of activations. The scores of log-probabilities are what softmax
// makes of them.
var operators = map[string]nn.Activation{
	"Relu": nn.ReLU, "Tanh": nn.Tanh, "Sigmoid": interop.Sigmoid, "Softmax": interop.Softmax, "LogSoftmax": interop.Softmax,
}

// constant is the value of a Constant.
func (n *Node) constant() (*flow, error) {
	v, ok := n.attributes["value"]
	if !ok || v.tensor == nil {
		return &flow{kind: plumbing}, nil
	}
	return &flow{kind: constant, tensor: v.tensor}, nil
}

// filled is a tensor of one value: zeros are an initial state.
func (n *Node) filled(in []*flow) (*flow, error) {
	t := n.attributes["value"].tensor // ConstantOfShape: nothing means zero
	if n.Op == "Expand" {
		if len(in) == 0 || in[0] == nil {
			return nil, noPlace(n, "want an input")
		}
		if t = in[0].tensor; t == nil {
			return &flow{kind: in[0].kind}, nil
		}
	}
	if t != nil && !t.zero() {
		return &flow{kind: plumbing}, nil
	}
	return &flow{kind: zeros}, nil
}

// still is what an operator makes of values that are no data.
func (m *matcher) still(n *Node, in []*flow) (*flow, error) {
	switch {
	case len(in) == 0 || slices.Contains(in, nil):
	case n.Op == "Concat" && !slices.ContainsFunc(in, func(v *flow) bool { return v.kind != zeros }):
		return in[0], nil
	case in[0].kind == zeros && slices.Contains([]string{"Slice", "Unsqueeze", "Squeeze", "Reshape", "Transpose", "Cast", "Identity", "Split"}, n.Op):
		return in[0], nil
	case in[0].kind == constant && n.Op == "Identity":
		return in[0], nil
	case in[0].kind == constant && n.Op == "Transpose" && len(in[0].tensor.Shape) == 2:
		t := in[0].tensor
		v, err := m.floats(n, n.Inputs[0], t)
		if err != nil {
			return nil, err
		}
		out := &Tensor{Name: t.Name, kind: typeFloat, Shape: []int{t.Shape[1], t.Shape[0]}, raw: raw(interop.Transpose(v, t.Shape[0], t.Shape[1]))}
		return &flow{kind: constant, tensor: out}, nil
	}
	return &flow{kind: plumbing}, nil
}

// matrix is a constant of two dimensions.
func (m *matcher) matrix(n *Node, what string, v *flow) (interop.Matrix, error) {
	if v == nil || v.kind != constant || len(v.tensor.Shape) != 2 {
		return interop.Matrix{}, noPlace(n, "%s: want a constant matrix", what)
	}
	data, err := m.floats(n, what, v.tensor)
	return interop.Matrix{Rows: v.tensor.Shape[0], Cols: v.tensor.Shape[1], Data: data}, err
}

// numbers are a constant of whole numbers, false for another value.
func numbers(in []*flow, i int) ([]int64, bool) {
	if i >= len(in) || in[i] == nil || in[i].kind != constant {
		return nil, false
	}
	return in[i].tensor.ints()
}

// gather is an embedding, one of the final states, one step of a sequence, or another
// order of the texts of a batch.
func (m *matcher) gather(n *Node, in []*flow) (*flow, error) {
	if len(in) < 2 || in[0] == nil || in[1] == nil {
		return nil, noPlace(n, "want two inputs")
	}
	v, axis := in[0], int(n.attributes["axis"].int)
	if in[1].kind == ids {
		table, err := m.matrix(n, "the embedding", v)
		if err != nil {
			return nil, err
		}
		if axis != 0 || in[1].form != same {
			return nil, noPlace(n, "axis %d of an embedding, or ids that have been changed: want rows by the ids", axis)
		}
		return &flow{kind: sequence, axes: in[1].axes + "e", embedding: &table}, nil
	}
	if axis < 0 {
		axis += len(v.axes)
	}
	if !v.kind.data() || axis < 0 || axis >= len(v.axes) {
		return nil, noPlace(n, "axis %d of %s", axis, n.Inputs[0])
	}
	place := v.axes[axis]
	rest := v.axes[:axis] + v.axes[axis+1:]
	at, ok := numbers(in, 1)
	switch {
	case place == 'b' && in[1].kind == plumbing:
		return v, nil
	case !ok || len(at) != 1 || len(in[1].tensor.Shape) > 0:
	case v.kind == finals && place == 'd':
		i := int(at[0])
		if i < 0 {
			i += len(v.states)
		}
		if i >= 0 && i < len(v.states) {
			return v.with(func(v *flow) { v.axes, v.states = rest, v.states[i:i+1] }), nil
		}
	case v.kind == sequence && place == 't' && len(v.layers) > 0:
		return v.step(n, at[0], rest)
	}
	return nil, noPlace(n, "it takes elements of axis %d of %s that are no final state", axis, n.Inputs[0])
}

// step is the final state where it is a sequence's step at a place: the last one of a
// direction that reads forwards, the first one of one that reads backwards.
func (v *flow) step(n *Node, at int64, axes string) (*flow, error) {
	if len(v.states) == 1 {
		l := v.layers[v.states[0].layer-1]
		backwards := l.Direction == nn.Reverse || v.states[0].direction == 1
		if !backwards && at == -1 || backwards && at == 0 {
			return v.with(func(v *flow) { v.kind, v.axes = finals, axes }), nil
		}
	}
	return nil, noPlace(n, "step %d of %d directions is not their final state: want the state after each has read everything (h_n in PyTorch)", at, len(v.states))
}

// all says whether v has the states of all directions of the last layer, in order.
func (v *flow) all() bool {
	n := len(v.layers)
	want := []state{{n, 0}, {n, 1}}
	return n > 0 && slices.Equal(v.states, want[:len(v.layers[n-1].Cells)])
}

// vector is v as one vector of a text: the final states of the last layer are that too.
func (v *flow) vector() *flow {
	if v.kind == finals && v.axes == "be" && v.all() {
		return v.with(func(v *flow) { v.kind, v.pool = pooled, []nn.Pooling{nn.Last} })
	}
	return v
}

// follows says whether the layers of one are the first ones of the other. Every operator of
// the graph makes cells of its own, so that those that are the same read the same, too.
func follows(a, b []interop.Layer) bool {
	for i := range min(len(a), len(b)) {
		if &a[i].Cells[0] != &b[i].Cells[0] {
			return false
		}
	}
	return true
}

// concat puts final states beside one another, or poolings.
func concat(n *Node, in []*flow) (*flow, error) {
	if slices.Contains(in, nil) {
		return nil, noPlace(n, "an input is left out")
	}
	out := *in[0]
	axis := int(n.attributes["axis"].int)
	if axis < 0 {
		axis += len(out.axes)
	}
	if axis < 0 || axis >= len(out.axes) {
		return nil, noPlace(n, "axis %d of %s", axis, n.Inputs[0])
	}
	for _, v := range in[1:] {
		if v.kind != out.kind || v.axes != out.axes {
			out = *out.vector()
			v = v.vector()
		}
		if v.kind != out.kind || v.axes != out.axes {
			return nil, noPlace(n, "its inputs are not alike")
		}
		if !follows(v.layers, out.layers) || out.kind == pooled && len(v.layers) != len(out.layers) {
			return nil, noPlace(n, "states of different LSTMs or GRUs side by side: want those of one, from its last layer where they are pooled")
		}
		if len(v.layers) > len(out.layers) {
			out.layers, out.embedding = v.layers, v.embedding
		}
		out.states = slices.Concat(out.states, v.states)
		out.pool = slices.Concat(out.pool, v.pool)
	}
	switch place := out.axes[axis]; {
	case place == 'd' && (out.kind == finals || out.kind == sequence), place == 'e' && (out.kind == pooled || out.kind == finals || out.kind == sequence && len(out.states) > 0):
		return &out, nil
	}
	return nil, noPlace(n, "axis %d of %s", axis, n.Inputs[0])
}

// transpose puts axes into another order.
func transpose(n *Node, v *flow) (*flow, error) {
	perm := n.attributes["perm"].ints
	axes := make([]byte, len(perm))
	for i, p := range perm {
		if len(perm) != len(v.axes) || p < 0 || int(p) >= len(perm) {
			return nil, noPlace(n, "perm %v of %d axes", perm, len(v.axes))
		}
		axes[i] = v.axes[p]
	}
	for _, a := range v.axes {
		if !strings.ContainsRune(string(axes), a) {
			return nil, noPlace(n, "perm %v", perm)
		}
	}
	return v.with(func(v *flow) { v.axes = string(axes) }), nil
}

// squeeze takes out the axis of one direction or of one step.
func squeeze(n *Node, in []*flow) (*flow, error) {
	v := in[0]
	axes, ok := numbers(in, 1)
	if !ok {
		axes = n.attributes["axes"].ints
	}
	if len(axes) == 1 && axes[0] >= 0 && int(axes[0]) < len(v.axes) {
		if place := v.axes[axes[0]]; place == '1' || place == 'd' && len(v.states) == 1 {
			return v.with(func(v *flow) { v.axes = strings.Replace(v.axes, string(place), "", 1) }), nil
		}
	}
	return nil, noPlace(n, "axes %v, want that of one direction or of one step", axes)
}

// reshape puts the states of the directions beside one another.
func reshape(n *Node, v *flow) (*flow, error) {
	switch joined := strings.Replace(v.axes, "de", "e", 1); {
	case (v.axes == "tbde" || v.axes == "btde" || v.axes == "bde") && v.all():
		return v.with(func(v *flow) { v.axes = joined }), nil
	case len(v.states) == 1 && v.axes == "dbe":
		return v.with(func(v *flow) { v.axes = "be" }), nil
	case v.kind >= finals && v.axes == "be": // as it was
		return v, nil
	}
	return nil, noPlace(n, "it has no place after %s", n.Inputs[0])
}

// reduce is a pooling over time.
func reduce(n *Node, in []*flow) (*flow, error) {
	v := in[0]
	axes, ok := numbers(in, 1)
	if !ok {
		axes = n.attributes["axes"].ints
	}
	keep, there := n.attributes["keepdims"]
	if len(axes) == 1 && axes[0] < 0 {
		axes = []int64{axes[0] + int64(len(v.axes))}
	}
	if v.kind != sequence || !v.all() || len(v.axes) != 3 || len(axes) != 1 || axes[0] < 0 || int(axes[0]) >= len(v.axes) || v.axes[axes[0]] != 't' || !there || keep.int != 0 {
		return nil, noPlace(n, "want it over the steps of a sequence of states, keepdims = 0")
	}
	p := nn.Mean
	if n.Op == "ReduceMax" {
		p = nn.Max
	}
	return v.with(func(v *flow) { v.kind, v.axes, v.pool = pooled, strings.Replace(v.axes, "t", "", 1), []nn.Pooling{p} }), nil
}

// slice is one step of a sequence, or one direction. Its axis stays, as one of one element.
func slice(n *Node, in []*flow) (*flow, error) {
	v := in[0]
	starts, ok := numbers(in, 1)
	axes, ok2 := numbers(in, 3)
	if !ok || !ok2 || len(starts) != 1 || len(axes) != 1 || axes[0] < 0 || int(axes[0]) >= len(v.axes) || v.kind != sequence || len(v.layers) == 0 {
		return nil, noPlace(n, "want one step of a sequence of states, or one direction")
	}
	ends, ok := numbers(in, 2)
	start := starts[0]
	switch place := v.axes[axes[0]]; {
	case place == 't':
		return v.step(n, start, strings.Replace(v.axes, "t", "1", 1))
	case place == 'd' && ok && len(ends) == 1 && ends[0] == start+1 && start >= 0 && int(start) < len(v.states):
		return v.with(func(v *flow) { v.states = v.states[start : start+1] }), nil
	}
	return nil, noPlace(n, "want one step of a sequence of states, or one direction")
}

// multiply begins a dense layer.
func (m *matcher) multiply(n *Node, in []*flow) (*flow, error) {
	if len(in) < 2 || in[0] == nil {
		return nil, noPlace(n, "want two inputs")
	}
	v := in[0].vector()
	if v.kind < pooled || v.axes != "be" {
		return nil, noPlace(n, "a dense layer before the pooling, or after states that are not all of the last layer: want it after them")
	}
	w, err := m.matrix(n, "the weights", in[1])
	if err != nil {
		return nil, err
	}
	if n.Op == "MatMul" || n.attributes["transB"].int == 0 {
		w = interop.Matrix{Rows: w.Cols, Cols: w.Rows, Data: interop.Transpose(w.Data, w.Rows, w.Cols)}
	}
	for name, want := range map[string]float32{"alpha": 1, "beta": 1} {
		if a, ok := n.attributes[name]; ok && a.float != want {
			return nil, noPlace(n, "%s = %v, want %v", name, a.float, want)
		}
	}
	if n.attributes["transA"].int != 0 {
		return nil, noPlace(n, "transA")
	}
	d := interop.Dense{Name: cmp.Or(n.Name, strings.Join(n.Outputs, ", ")), Weight: w}
	if len(in) > 2 && in[2] != nil {
		if d.Bias, err = m.vector(n, in[2], w.Rows); err != nil {
			return nil, err
		}
	}
	return v.with(func(v *flow) { v.kind, v.dense = scores, append(slices.Clip(v.dense), d) }), nil
}

// vector is a constant of so many numbers.
func (m *matcher) vector(n *Node, v *flow, size int) ([]float32, error) {
	if v == nil || v.kind != constant || v.tensor.numElements() != size {
		return nil, noPlace(n, "want a constant of %d numbers", size)
	}
	return m.floats(n, "bias", v.tensor)
}

// bias is that of a dense layer.
func (m *matcher) bias(n *Node, in []*flow) (*flow, error) {
	if len(in) == 2 && in[0] != nil && in[1] != nil {
		v, b := in[0], in[1]
		if v.kind == constant {
			v, b = b, v
		}
		if last := len(v.dense) - 1; v.kind == scores && v.dense[last].Bias == nil && v.dense[last].Activation == "" {
			d := v.dense[last]
			var err error
			if d.Bias, err = m.vector(n, b, d.Weight.Rows); err != nil {
				return nil, err
			}
			return v.with(func(v *flow) { v.dense = append(slices.Clip(v.dense[:last]), d) }), nil
		}
	}
	return nil, noPlace(n, "want the bias of a dense layer")
}

// activate gives the last dense layer its activation.
func activate(n *Node, v *flow, a nn.Activation) *flow {
	last := len(v.dense) - 1
	d := v.dense[last]
	if d.Activation != "" {
		return v // such as softmax of log-probabilities
	}
	d.Activation = a
	return v.with(func(v *flow) { v.dense = append(slices.Clip(v.dense[:last]), d) })
}

// output is the value of the first output that dense layers make.
func (m *matcher) output(f *File) (*flow, error) {
	var names []string
	for _, o := range f.Outputs {
		if v := m.values[o.Name]; v != nil && v.kind == scores {
			return v, nil
		}
		names = append(names, o.Name)
	}
	return nil, &interop.Error{Layer: strings.Join(names, ", "), What: "the output is not made by a dense layer after an LSTM or GRU"}
}

// recurrent adds a layer.
func (m *matcher) recurrent(n *Node, in []*flow) ([]*flow, error) {
	if len(in) < 3 || in[0] == nil || in[0].kind != sequence || in[0].axes != "tbe" || len(in[0].layers) > 0 && !in[0].all() {
		return nil, noPlace(n, "want rows [time][batch][numbers] of an embedding or of the layer before it")
	}
	l := interop.Layer{Name: cmp.Or(n.Name, strings.Join(n.Outputs, ", ")), Kind: strings.ToLower(n.Op)}
	if err := n.checkRecurrent(&l); err != nil {
		return nil, err
	}
	for i := 5; i < min(len(in), 7); i++ {
		if in[i] != nil && in[i].kind != zeros {
			return nil, noPlace(n, "an initial state that is not zero")
		}
	}
	if len(in) > 4 && in[4] != nil && in[4].kind != plumbing {
		return nil, noPlace(n, "lengths that come from the texts: want those of an input")
	}
	if err := m.cells(n, &l, in); err != nil {
		return nil, err
	}
	layers := append(slices.Clip(in[0].layers), l)
	y := &flow{kind: sequence, axes: "tdbe", layers: layers, embedding: in[0].embedding}
	for d := range l.Cells {
		y.states = append(y.states, state{len(layers), d})
	}
	return []*flow{y, y.with(func(h *flow) { h.kind, h.axes = finals, "dbe" })}, nil
}

// checkRecurrent reads the attributes of a layer.
func (n *Node) checkRecurrent(l *interop.Layer) error {
	if d := n.attributes["direction"].text; d != "" {
		if err := l.Direction.UnmarshalText([]byte(d)); err != nil {
			return noPlace(n, "direction %q", d)
		}
	}
	usual := []string{"Sigmoid", "Tanh", "Tanh"}
	if l.Kind == interop.GRU {
		usual = usual[:2]
		if n.attributes["linear_before_reset"].int != 1 {
			return noPlace(n, "linear_before_reset = 0 (reset_after=False in Keras), want 1")
		}
	}
	if l.Direction == nn.Bidirectional {
		usual = slices.Concat(usual, usual)
	}
	if a := n.attributes["activations"].texts; a != nil && !slices.Equal(a, usual) {
		return noPlace(n, "activations %q, want %q", a, usual)
	}
	for _, name := range []string{"clip", "input_forget", "layout"} {
		if v := n.attributes[name]; v.int != 0 || v.float != 0 {
			return noPlace(n, "%s, want none", name)
		}
	}
	return nil
}

// cells reads the weights of a layer.
func (m *matcher) cells(n *Node, l *interop.Layer, in []*flow) error {
	order := []int{0, 2, 3, 1} // i, o, f, c to i, f, g, o
	if l.Kind == interop.GRU {
		order = []int{1, 0, 2} // z, r, h to r, z, n
	}
	D, G := 1, len(order)
	if l.Direction == nn.Bidirectional {
		D = 2
	}
	var parts [4][]float32
	H, I := 0, 0
	for i, k := range []int{1, 2, 3, 7} {
		if k >= len(in) || in[k] == nil {
			continue
		}
		v := in[k]
		if v.kind != constant || len(v.tensor.Shape) < 2 {
			return noPlace(n, "input %d is no constant of weights", k)
		}
		shape := v.tensor.Shape
		switch k {
		case 1:
			I = shape[len(shape)-1]
		case 2:
			H = shape[len(shape)-1]
		}
		want := [][]int{{D, G * H, I}, {D, G * H, H}, {D, 2 * G * H}, {D, 3 * H}}[i]
		if k == 1 {
			want[1] = shape[1]
		}
		if !slices.Equal(shape, want) {
			return noPlace(n, "input %d has the shape %v, want %v", k, shape, want)
		}
		var err error
		if parts[i], err = m.floats(n, n.Inputs[k], v.tensor); err != nil {
			return err
		}
	}
	if len(parts[0]) != D*G*H*I || H == 0 || I == 0 || parts[1] == nil {
		return noPlace(n, "%d input weights, want %d for %d units", len(parts[0]), D*G*H*I, H)
	}
	for d := range D {
		part := func(i, size int) []float32 { return parts[i][d*size : (d+1)*size] }
		c := interop.Cell{
			Input:     interop.Matrix{Rows: G * H, Cols: I, Data: interop.Blocks(part(0, G*H*I), order...)},
			Recurrent: interop.Matrix{Rows: G * H, Cols: H, Data: interop.Blocks(part(1, G*H*H), order...)},
		}
		if parts[2] != nil {
			both := part(2, 2*G*H)
			c.Bias, c.RecurrentBias = interop.Blocks(both[:G*H], order...), interop.Blocks(both[G*H:], order...)
			if l.Kind == interop.LSTM {
				for i, v := range c.RecurrentBias {
					c.Bias[i] += v
				}
				c.RecurrentBias = nil
			}
		}
		if parts[3] != nil {
			c.Peephole = interop.Blocks(part(3, 3*H), 0, 2, 1) // i, o, f to i, f, o
		}
		l.Cells = append(l.Cells, c)
	}
	return nil
}
