package onnx

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// Metadata is what the entry "textlstm" of an export's metadata_props says, in JSON: how a
// text becomes the inputs, what the outputs mean.
type Metadata struct {
	Config  classify.Config   `json:"config"`
	Vocab   *vocab.Vocabulary `json:"vocab"`
	Padding interop.Padding   `json:"padding"`
	Card    classify.Card     `json:"card,omitzero"`
}

// metadataKey is the entry of the metadata.
const metadataKey = "textlstm"

// Export returns a classifier as an ONNX model. The inputs are what [interop.Rows] makes of
// texts, filled up to batches with [interop.Padding]:
//
//	ids       int64 [batch][time]
//	lengths   int64 [batch]                 the tokens of each text, from 0 on
//	ngrams    int64 [batch][features]       with a wide branch
//	polarity   float [batch]                 where a head weighs the lexicon
//	subwords  int64 [batch][time][grams]    with vectors of character n-grams
//
// The outputs are HEAD.scores [batch][C] and HEAD.probabilities [batch][C] for each head,
// or HEAD.value [batch][1] for one that answers with a number. The weights of a model in
// eight bits stay so in the file and are widened as they are used; its activations are
// float32, which moves answers a little from this module's own.
func Export(m *classify.Model) ([]byte, error) {
	cfg := m.Config()
	meta, err := json.Marshal(Metadata{cfg, m.Vocab(), interop.PaddingOf(m), m.Card()})
	if err != nil {
		return nil, err
	}
	x := &exporter{chunk: int64(cfg.Chunk)}
	var scores [][]string // by member, by head
	if members := interop.Of(m); len(members) > 0 {
		x.inputs = append(x.inputs, value("ids", typeInt64, "batch", "time"), value("lengths", typeInt64, "batch"))
		if cfg.HasSubword() {
			x.inputs = append(x.inputs, value("subwords", typeInt64, "batch", "time", "grams"))
		}
		x.ids()
		for k, n := range members {
			s, err := x.member(n, fmt.Sprintf("members.%d.", k))
			if err != nil {
				return nil, err
			}
			scores = append(scores, s)
		}
	}
	if cfg.HasWide() {
		x.inputs = append(x.inputs, value("ngrams", typeInt64, "batch", "features"))
	}
	if cfg.HasLexicon() {
		x.inputs = append(x.inputs, value("polarity", typeFloat, "batch"))
	}
	for i := range cfg.Heads {
		x.head(m, i, scores)
	}
	return x.model([][2]string{{metadataKey, string(meta)}}), nil
}

// ExportNetwork returns a network of numbers as an ONNX model with the inputs values float
// [batch][time][I] and lengths int64 [batch], and the output scores [batch][C].
func ExportNetwork(n *interop.Network) ([]byte, error) {
	if n.Embedding != nil {
		return nil, fmt.Errorf("onnx: a network that reads tokens: make a classifier of it and export that")
	}
	x := new(exporter)
	x.inputs = append(x.inputs, value("values", typeFloat, "batch", "time", n.InputSize()), value("lengths", typeInt64, "batch"))
	x.vectors = x.op("Transpose", []string{"values"}, "perm", []int{1, 0, 2})
	x.sizes("values")
	scores, err := x.member(n, "")
	if err != nil {
		return nil, err
	}
	for i, h := range n.Heads {
		name := "scores"
		if len(n.Heads) > 1 {
			name = fmt.Sprintf("scores.%d", i)
		}
		x.rename(scores[i], name)
		x.outputs = append(x.outputs, value(name, typeFloat, "batch", h.Layers[len(h.Layers)-1].Weight.Rows))
	}
	return x.model(nil), nil
}

// An exporter makes the graph of one model. Values that all members read are made once.
type exporter struct {
	graph
	chunk int64

	rows    string // ids [time][sequences], sequences being texts or their chunks
	vectors string // [time][sequences][I], of networks of numbers
	steps   string // lengths of sequences, at least 1, int32

	batch, time string // numbers of texts and of their steps, [1]
	lengths     string // of texts [batch][1]
	mask        string // bool [batch][time][1], whether a step is a token
	weight      string // mask as float
	count       string // tokens of a text as float, at least 1 [batch][1]
	some        string // 1 for a text that has tokens, else 0 [batch][1]
}

// ids makes rows of the input ids.
func (x *exporter) ids() {
	x.sizes("ids")
	x.rows = x.op("Transpose", []string{x.chunked("ids")}, "perm", []int{1, 0})
}

// sizes makes what depends on the shape of an input and on lengths.
func (x *exporter) sizes(input string) {
	shape := x.op("Shape", []string{input})
	x.batch = x.op("Gather", []string{shape, x.ints(0)}, "axis", 0)
	x.time = x.op("Gather", []string{shape, x.ints(1)}, "axis", 0)
	x.lengths = x.op("Unsqueeze", []string{"lengths", x.ints(1)})
	steps := "lengths"
	if c := x.chunk; c > 0 {
		rest := x.op("Mod", []string{x.time, x.ints(c)})
		x.time = x.op("Add", []string{x.time, x.op("Mod", []string{x.op("Sub", []string{x.ints(c), rest}), x.ints(c)})})
		pieces := x.op("Squeeze", []string{x.op("Div", []string{x.time, x.ints(c)})})
		starts := x.op("Mul", []string{x.op("Range", []string{x.scalar(0), pieces, x.scalar(1)}), x.scalar(c)})
		steps = x.op("Reshape", []string{x.op("Sub", []string{x.lengths, starts}), x.ints(-1)})
		steps = x.op("Min", []string{steps, x.scalar(c)})
	}
	// A sequence of no steps is not allowed everywhere: it gets one, which the mask hides.
	x.steps = x.op("Cast", []string{x.op("Max", []string{steps, x.scalar(1)})}, "to", typeInt32)
	places := x.op("Range", []string{x.scalar(0), x.op("Squeeze", []string{x.time}), x.scalar(1)})
	x.mask = x.op("Unsqueeze", []string{x.op("Less", []string{places, x.lengths}), x.ints(2)})
	x.weight = x.op("Cast", []string{x.mask}, "to", typeFloat)
	tokens := x.op("Cast", []string{x.lengths}, "to", typeFloat)
	x.count = x.op("Max", []string{tokens, x.float(1)})
	x.some = x.op("Min", []string{tokens, x.float(1)})
}

// chunked cuts an input [batch][time][more...] into chunks [sequences][chunk][more...].
func (x *exporter) chunked(input string, more ...int64) string {
	if x.chunk == 0 {
		return input
	}
	length := x.op("Gather", []string{x.op("Shape", []string{input}), x.ints(1)}, "axis", 0)
	pads := []string{x.ints(make([]int64, 3+len(more))...), x.op("Sub", []string{x.time, length})}
	if len(more) > 0 {
		pads = append(pads, x.ints(make([]int64, len(more))...))
	}
	padded := x.op("Pad", []string{input, x.op("Concat", pads, "axis", 0)})
	return x.op("Reshape", []string{padded, x.ints(append([]int64{-1, x.chunk}, more...)...)})
}

// lookup gathers rows of a matrix, in eight bits or not.
func (x *exporter) lookup(name string, m *interop.Matrix, rows string) string {
	if m.Int8 == nil {
		return x.op("Gather", []string{x.floats(name, m.Data, m.Rows, m.Cols), rows})
	}
	q := x.init(name, typeInt8, []int{m.Rows, m.Cols}, raw(m.Int8.Q))
	v := x.op("Cast", []string{x.op("Gather", []string{q, rows})}, "to", typeFloat)
	scale := x.op("Gather", []string{x.floats(name+".scale", m.Int8.Scale, m.Rows), rows})
	return x.op("Mul", []string{v, x.op("Unsqueeze", []string{scale, x.ints(-1)})})
}

// member adds a network and returns the scores of its heads.
func (x *exporter) member(n *interop.Network, prefix string) ([]string, error) {
	v := x.vectors
	if n.Embedding != nil {
		v = x.lookup(prefix+"embedding.weight", n.Embedding, x.rows)
	}
	if n.Subwords != nil {
		v = x.op("Add", []string{v, x.subwords(prefix+"subwords.weight", n.Subwords)})
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		if i > 0 {
			v = x.merge(v, &n.Layers[i-1])
		}
		v = x.layer(fmt.Sprintf("%sencoder.%d.", prefix, i), l, v)
	}
	last := &n.Layers[len(n.Layers)-1]
	y := x.op("Transpose", []string{v}, "perm", []int{1, 0, 2})
	if x.chunk > 0 {
		y = x.op("Reshape", []string{y, x.op("Concat", []string{x.batch, x.time, x.ints(int64(len(last.Cells) * last.Units()))}, "axis", 0)})
	}
	merged := x.merge(y, last)
	pools := n.Pool
	if len(pools) == 0 {
		pools = []nn.Pooling{nn.Last}
	}
	var pooled []string
	for _, kind := range pools {
		pooled = append(pooled, x.op("Mul", []string{x.pool(kind, y, merged, n, prefix), x.some}))
	}
	p := pooled[0]
	if len(pooled) > 1 {
		p = x.op("Concat", pooled, "axis", 1)
	}
	var scores []string
	for i, h := range n.Heads {
		s := p
		for k, d := range h.Layers {
			var err error
			if s, err = x.dense(fmt.Sprintf("%sheads.%d.%d.", prefix, i, k), &d, s, n.Embedding != nil && k == len(h.Layers)-1); err != nil {
				return nil, err
			}
		}
		scores = append(scores, s)
	}
	return scores, nil
}

// subwords is the mean of the vectors of each token's n-grams [time][sequences][E].
func (x *exporter) subwords(name string, m *interop.Matrix) string {
	padding := int64(m.Rows)
	grams := x.op("Shape", []string{"subwords"})
	flat := x.op("Reshape", []string{"subwords", x.op("Concat", []string{x.ints(-1), x.op("Gather", []string{grams, x.ints(2)}, "axis", 0)}, "axis", 0)})
	there := x.op("Cast", []string{x.op("Less", []string{flat, x.scalar(padding)})}, "to", typeFloat)
	v := x.lookup(name, m, x.op("Min", []string{flat, x.scalar(padding - 1)}))
	v = x.op("Mul", []string{v, x.op("Unsqueeze", []string{there, x.ints(2)})})
	v = x.op("ReduceSum", []string{v, x.ints(1)}, "keepdims", 0)
	n := x.op("Max", []string{x.op("ReduceSum", []string{there, x.ints(1)}, "keepdims", 1), x.float(1)})
	v = x.op("Div", []string{v, n})
	shape := x.op("Concat", []string{x.batch, x.op("Gather", []string{grams, x.ints(1)}, "axis", 0), x.ints(int64(m.Cols))}, "axis", 0)
	v = x.chunked(x.op("Reshape", []string{v, shape}), int64(m.Cols))
	return x.op("Transpose", []string{v}, "perm", []int{1, 0, 2})
}

// merge makes one row of the directions' states beside one another in v [...][2*H], as the
// layer does.
func (x *exporter) merge(v string, l *interop.Layer) string {
	if len(l.Cells) == 1 || l.Merge.Joins() {
		return v
	}
	H := int64(l.Units())
	half := func(from int64) string {
		return x.op("Slice", []string{v, x.ints(from), x.ints(from + H), x.ints(-1)})
	}
	halves := []string{half(0), half(H)}
	switch l.Merge {
	case nn.Product:
		return x.op("Mul", halves)
	case nn.Average:
		return x.op("Mul", []string{x.op("Add", halves), x.float(0.5)})
	}
	return x.op("Add", halves)
}

// layer adds a recurrent layer over v [time][sequences][I] and returns its states
// [time][sequences][D*H].
func (x *exporter) layer(name string, l *interop.Layer, v string) string {
	order := []int{0, 3, 1, 2} // i, f, g, o to i, o, f, c
	kind, bias2 := "LSTM", make([]float32, 4*l.Units())
	if l.Kind == interop.GRU {
		order, kind, bias2 = []int{1, 0, 2}, "GRU", bias2[:3*l.Units()] // r, z, n to z, r, h
	}
	D, H, I, G := len(l.Cells), l.Units(), l.InputSize(), len(order)
	var input, recurrent []interop.Matrix
	var biases, peepholes []float32
	for _, c := range l.Cells {
		input, recurrent = append(input, c.Input), append(recurrent, c.Recurrent)
		for _, b := range [][]float32{c.Bias, c.RecurrentBias} {
			if b == nil {
				b = bias2
			}
			biases = append(biases, interop.Blocks(b, order...)...)
		}
		if c.Peephole != nil {
			peepholes = append(peepholes, interop.Blocks(c.Peephole, 0, 2, 1)...) // i, f, o to i, o, f
		}
	}
	in := []string{
		v, x.weights(name+"W", input, order, D, G*H, I), x.weights(name+"R", recurrent, order, D, G*H, H),
		x.floats(name+"B", biases, D, 2*G*H), x.steps,
	}
	if peepholes != nil {
		in = append(in, "", "", x.floats(name+"P", peepholes, D, 3*H))
	}
	attributes := []any{"hidden_size", H, "direction", l.Direction.String()}
	if l.Kind == interop.GRU {
		attributes = append(attributes, "linear_before_reset", 1)
	}
	y := x.op(kind, in, attributes...) // [time][D][sequences][H]
	y = x.op("Transpose", []string{y}, "perm", []int{0, 2, 1, 3})
	return x.op("Reshape", []string{y, x.ints(0, 0, int64(D*H))})
}

// weights adds the matrices of a layer's directions, their gates in another order, as a
// tensor of a shape. Those in eight bits are widened by the graph.
func (x *exporter) weights(name string, list []interop.Matrix, order []int, shape ...int) string {
	var data, scale []float32
	var q []int8
	for _, m := range list {
		if m.Int8 == nil {
			data = append(data, interop.Blocks(m.Data, order...)...)
			continue
		}
		q = append(q, interop.Blocks(m.Int8.Q, order...)...)
		scale = append(scale, interop.Blocks(m.Int8.Scale, order...)...)
	}
	if q == nil {
		return x.floats(name, data, shape...)
	}
	rows := shape[0] * shape[1]
	in := []string{x.init(name, typeInt8, []int{rows, shape[2]}, raw(q)), x.floats(name+".scale", scale, rows)}
	return x.op("Reshape", []string{x.op("DequantizeLinear", in, "axis", 0), x.ints(int64(shape[0]), int64(shape[1]), int64(shape[2]))})
}

// pool reduces the states y [batch][time][D*H], which merged has as one row, to one row. What
// it makes of a text without tokens does not count.
func (x *exporter) pool(kind nn.Pooling, states, y string, n *interop.Network, prefix string) string {
	sum := func(v string) string { return x.op("ReduceSum", []string{v, x.ints(1)}, "keepdims", 0) }
	switch kind {
	case nn.Max:
		v := x.op("ReduceMax", []string{x.op("Where", []string{x.mask, y, x.float(-3e38)})}, "axes", []int{1}, "keepdims", 0)
		if n.Padded > 0 {
			short := x.op("Less", []string{x.lengths, x.scalar(int64(n.Padded))})
			v = x.op("Where", []string{short, x.op("Max", []string{v, x.float(0)}), v})
		}
		return v
	case nn.Mean:
		return x.op("Div", []string{sum(x.op("Mul", []string{y, x.weight})), x.count})
	case nn.Attention:
		a := n.Attention
		u := x.dense1(prefix+"pool.hidden.", &a.Hidden, y)
		u = x.op("MatMul", []string{x.op("Tanh", []string{u}), x.floats(prefix+"pool.context", a.Context, len(a.Context), 1)})
		u = x.op("Softmax", []string{x.op("Where", []string{x.mask, u, x.float(-1e30)})}, "axis", 1)
		return sum(x.op("Mul", []string{u, y}))
	}
	last := &n.Layers[len(n.Layers)-1]
	final := func() string { // the state after the last token
		places := x.op("Range", []string{x.scalar(0), x.op("Squeeze", []string{x.time}), x.scalar(1)})
		at := x.op("Equal", []string{places, x.op("Sub", []string{x.lengths, x.scalar(1)})})
		return sum(x.op("Mul", []string{states, x.op("Unsqueeze", []string{x.op("Cast", []string{at}, "to", typeFloat), x.ints(2)})}))
	}
	first := func() string { return x.op("Gather", []string{states, x.scalar(0)}, "axis", 1) }
	switch H := int64(last.Units()); last.Direction {
	case nn.Forward:
		return final()
	case nn.Reverse:
		return first()
	default:
		return x.merge(x.op("Concat", []string{
			x.op("Slice", []string{final(), x.ints(0), x.ints(H), x.ints(1)}),
			x.op("Slice", []string{first(), x.ints(H), x.ints(2 * H), x.ints(1)}),
		}, "axis", 1), last)
	}
}

// dense1 is a dense layer over y [batch][time][in], without its activation.
func (x *exporter) dense1(name string, d *interop.Dense, y string) string {
	w := x.floats(name+"weight", interop.Transpose(d.Weight.Data, d.Weight.Rows, d.Weight.Cols), d.Weight.Cols, d.Weight.Rows)
	return x.op("Add", []string{x.op("MatMul", []string{y, w}), x.floats(name+"bias", interop.OrZeros(d.Bias, d.Weight.Rows), d.Weight.Rows)})
}

// activate adds an activation; "" for one that is not known.
func (x *exporter) activate(a nn.Activation, v string) string {
	switch a {
	case "", nn.Identity:
		return v
	case nn.ReLU:
		return x.op("Relu", []string{v})
	case nn.Tanh:
		return x.op("Tanh", []string{v})
	case nn.Sigmoid:
		return x.op("Sigmoid", []string{v})
	case nn.ELU:
		return x.op("Elu", []string{v})
	case nn.SiLU:
		return x.op("Mul", []string{v, x.op("Sigmoid", []string{v})})
	case nn.GELU: // v/2 (1 + erf(v/√2)); Gelu is younger than the opset
		e := x.op("Erf", []string{x.op("Mul", []string{v, x.float(math.Sqrt2 / 2)})})
		return x.op("Mul", []string{x.op("Mul", []string{v, x.float(0.5)}), x.op("Add", []string{e, x.float(1)})})
	case interop.Softmax:
		return x.op("Softmax", []string{v}, "axis", 1)
	}
	return ""
}

// dense adds a dense layer over v [batch][in], the activation of the last one of a
// classifier left out.
func (x *exporter) dense(name string, d *interop.Dense, v string, last bool) (string, error) {
	in := []string{v, x.floats(name+"weight", d.Weight.Data, d.Weight.Rows, d.Weight.Cols)}
	if d.Bias != nil {
		in = append(in, x.floats(name+"bias", d.Bias, len(d.Bias)))
	}
	v = x.op("Gemm", in, "transB", 1)
	if last {
		return v, nil
	}
	if v = x.activate(d.Activation, v); v == "" {
		return "", &interop.Error{Layer: d.Name, What: fmt.Sprintf("activation %q", d.Activation)}
	}
	return v, nil
}

// head adds up the branches' scores of head i, and makes its outputs.
func (x *exporter) head(m *classify.Model, i int, members [][]string) {
	cfg := m.Config()
	head := &cfg.Heads[i]
	var parts []string
	if len(members) > 0 {
		s := members[0][i]
		for _, other := range members[1:] {
			s = x.op("Add", []string{s, other[i]})
		}
		parts = append(parts, x.op("Mul", []string{s, x.float(cmp.Or(head.Deep, 1) / float64(len(members)))}))
	}
	if cfg.HasWide() {
		parts = append(parts, x.op("Mul", []string{x.wide(m.Wide(), i, head), x.wideScale(m.Wide(), head)}))
	}
	if len(head.Lexicon) > 0 {
		var weights []float32
		for _, v := range head.Lexicon {
			weights = append(weights, float32(v))
		}
		parts = append(parts, x.op("Mul", []string{x.op("Unsqueeze", []string{"polarity", x.ints(1)}), x.vector(weights...)}))
	}
	s := parts[0]
	for _, p := range parts[1:] {
		s = x.op("Add", []string{s, p})
	}
	C := head.Width()
	output := func(v, name string) {
		x.rename(v, head.Name+name)
		x.outputs = append(x.outputs, value(head.Name+name, typeFloat, "batch", C))
	}
	output(s, ".scores")
	switch {
	case !head.Labelled():
		v := x.op("Mul", []string{s, x.float(cmp.Or(head.Scale, 1))})
		output(x.op("Add", []string{v, x.float(head.Mean)}), ".value")
	case head.MultiLabel():
		output(x.op("Sigmoid", []string{s}), ".probabilities")
	default:
		output(x.op("Softmax", []string{s}, "axis", 1), ".probabilities")
	}
}

// wideScale is what the scores of the wide branch are multiplied by, [batch][1] with a norm.
func (x *exporter) wideScale(w *classify.Wide, head *classify.Head) string {
	scale := x.float(cmp.Or(head.Wide, 1))
	if head.WideNorm == 0 {
		return scale
	}
	there := x.op("Cast", []string{x.op("Less", []string{"ngrams", x.scalar(int64(w.Dictionary.Rows()))})}, "to", typeFloat)
	n := x.op("Max", []string{x.op("ReduceSum", []string{there, x.ints(1)}, "keepdims", 1), x.float(1)})
	return x.op("Mul", []string{x.op("Pow", []string{n, x.float(-head.WideNorm)}), scale})
}

// wide is the sum of the weights of a text's n-grams for head i [batch][C].
func (x *exporter) wide(w *classify.Wide, i int, head *classify.Head) string {
	l := w.Heads[i]
	rows, cols := w.Dictionary.Rows(), l.Columns()
	name := "wide." + head.Name + "."
	shape := []int{rows + 1, cols} // and a row of padding
	var v string
	if l.Half != nil {
		table := x.init(name+"weight", typeHalf, shape, raw(append(slices.Clone(l.Half), make([]uint16, cols)...)))
		v = x.op("Cast", []string{x.op("Gather", []string{table, "ngrams"})}, "to", typeFloat)
	} else {
		table := x.floats(name+"weight", append(slices.Clone(l.Weights), make([]float32, cols)...), shape...)
		v = x.op("Gather", []string{table, "ngrams"})
	}
	v = x.op("ReduceSum", []string{v, x.ints(1)}, "keepdims", 0)
	v = x.op("Add", []string{v, x.floats(name+"bias", l.Bias, cols)})
	if cols < head.Width() { // two labels with opposite scores
		v = x.op("Mul", []string{v, x.vector(-0.5, 0.5)})
	}
	return v
}
