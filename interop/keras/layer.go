package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/internal/hdf5"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// layer follows one layer.
func (b *builder) layer(l *layer, at place, in []value, depth int) (value, error) {
	if err := l.checkType(); err != nil {
		return value{}, err
	}
	switch l.Class {
	case "InputLayer":
		return l.input()
	case "Sequential", "Functional", "Model":
		out, _, err := b.model(l, at, in, depth+1)
		if err == nil && len(out) != 1 {
			err = refuse(l.name(), "a model of %d outputs within another, want 1", len(out))
		}
		if err != nil {
			return value{}, err
		}
		return out[0], nil
	case "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity":
		return single(l, in, ids, numbers, rows, vector)
	case "NotEqual":
		_, err := single(l, in, ids)
		return value{what: maskOfIDs}, err
	case "TextVectorization":
		return b.textVectorization(l, at, in)
	case "Embedding":
		return b.embed(l, at, in)
	case "LSTM", "GRU", "Bidirectional":
		return b.recurrent(l, at, in)
	case "GlobalMaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPool1D", "GlobalAvgPool1D":
		return b.pool(l, in)
	case "Concatenate":
		return concatenate(l, in)
	case "Dense":
		return b.denseLayer(l, at, in)
	case "Activation", "ReLU", "Softmax", "ELU":
		return activate(l, in)
	}
	return value{}, refuse(l.name(), "class %s: want TextVectorization, Embedding, LSTM, GRU, Bidirectional, a global pooling, Concatenate, Dense, Activation or Dropout", l.Class)
}

// checkType reports a layer that does not compute with float32, or is not Keras's own.
func (l *layer) checkType() error {
	var c struct {
		DType        json.RawMessage `json:"dtype"`
		Quantization json.RawMessage `json:"quantization_config"`
	}
	if l.Module != "" && !strings.HasPrefix(strings.TrimPrefix(l.Module, "tf_"), "keras") || strings.Contains(l.Custom, ">") {
		return refuse(l.name(), "class %s of %s %s, want one of Keras itself", l.Class, l.Module, l.Custom)
	}
	if l.options(&c) != nil || l.Class == "InputLayer" {
		return nil // of other kinds of config
	}
	if q := string(c.Quantization); q != "" && q != "null" {
		return refuse(l.name(), "quantization_config, want none")
	}
	var name string
	if json.Unmarshal(c.DType, &name) != nil {
		var policy struct {
			Config struct {
				Name string `json:"name"`
			} `json:"config"`
		}
		if json.Unmarshal(c.DType, &policy) != nil {
			return nil
		}
		name = policy.Config.Name
	}
	switch name {
	case "", "float32", "mixed_float16", "mixed_bfloat16", "string", "int64", "int32":
		return nil
	}
	return refuse(l.name(), "dtype %s, want float32", name)
}

// input is what an InputLayer reads.
func (l *layer) input() (value, error) {
	var c struct {
		Shape    []*int          `json:"batch_shape"`
		OldShape []*int          `json:"batch_input_shape"`
		DType    json.RawMessage `json:"dtype"`
		Sparse   bool            `json:"sparse"`
		Ragged   bool            `json:"ragged"`
	}
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	if c.Sparse || c.Ragged {
		return value{}, refuse(l.name(), "sparse = %t, ragged = %t, want neither", c.Sparse, c.Ragged)
	}
	shape := c.Shape
	if shape == nil {
		shape = c.OldShape
	}
	v := value{what: ids}
	switch {
	case string(c.DType) == `"string"`:
		return value{what: text}, nil
	case len(shape) == 3:
		v.what = numbers
	case len(shape) != 2:
		return value{}, refuse(l.name(), "an input of %d dimensions, want 2 for ids and 3 for numbers", len(shape))
	}
	if shape[1] != nil {
		v.steps = *shape[1]
	}
	return v, nil
}

// read reads n arrays of a layer.
func (b *builder) read(l *layer, at place, part string, first, n int) ([]*hdf5.Dataset, error) {
	list, err := b.file.weights.arrays(at, part, first, n)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", l.name(), err)
	}
	return list, nil
}

// matrix reads an array [rows][cols] as [cols][rows].
func matrix(l *layer, d *hdf5.Dataset, rows, cols int) (interop.Matrix, error) {
	if !slices.Equal(d.Shape, []int{rows, cols}) {
		return interop.Matrix{}, refuse(l.name(), "weights %v, want [%d %d]", d.Shape, rows, cols)
	}
	v, err := d.Transposed()
	return interop.Matrix{Rows: cols, Cols: rows, Data: v}, err
}

// floats reads an array of a shape.
func floats(l *layer, d *hdf5.Dataset, shape ...int) ([]float32, error) {
	if !slices.Equal(d.Shape, shape) {
		return nil, refuse(l.name(), "weights %v, want %v", d.Shape, shape)
	}
	return d.Floats()
}

func (b *builder) embed(l *layer, at place, in []value) (value, error) {
	var c struct {
		In   int  `json:"input_dim"`
		Out  int  `json:"output_dim"`
		Mask bool `json:"mask_zero"`
	}
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	v, err := single(l, in, ids)
	if err != nil {
		return v, err
	}
	if b.net.Embedding != nil {
		return v, refuse(l.name(), "a second Embedding, want one")
	}
	list, err := b.read(l, at, "", 0, 1)
	if err != nil {
		return v, err
	}
	data, err := floats(l, list[0], c.In, c.Out)
	if err != nil {
		return v, err
	}
	b.net.Embedding = &interop.Matrix{Rows: c.In, Cols: c.Out, Data: data}
	b.embedding, b.masked, b.steps = l.name(), c.Mask, v.steps
	return value{what: rows, mask: c.Mask, steps: v.steps}, nil
}

// pool follows a global pooling.
func (b *builder) pool(l *layer, in []value) (value, error) {
	var c struct {
		Format string `json:"data_format"`
		Keep   bool   `json:"keepdims"`
	}
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	v, err := single(l, in, rows)
	switch {
	case err != nil:
		return v, err
	case c.Format != "" && c.Format != "channels_last" || c.Keep:
		return v, refuse(l.name(), "data_format %s, keepdims %t, want channels_last and false", c.Format, c.Keep)
	case v.depth == 0:
		return v, refuse(l.name(), "a pooling without a recurrent layer below")
	}
	kind := nn.Mean
	if l.Class == "GlobalMaxPooling1D" || l.Class == "GlobalMaxPool1D" {
		kind = nn.Max
		if v.mask && v.zeros {
			b.net.Padded = v.steps
		}
	}
	return value{what: vector, depth: v.depth, pools: []nn.Pooling{kind}}, nil
}

func concatenate(l *layer, in []value) (value, error) {
	var c struct {
		Axis int `json:"axis"`
	}
	c.Axis = -1
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	if c.Axis != -1 && c.Axis != 1 {
		return value{}, refuse(l.name(), "axis %d, want -1", c.Axis)
	}
	if len(in) == 0 {
		return value{}, refuse(l.name(), "no inputs")
	}
	out := value{what: vector, depth: in[0].depth}
	for _, v := range in {
		switch {
		case v.what != vector || len(v.dense) > 0:
			return out, refuse(l.name(), "it joins what is not a pooled vector (%s)", v.what)
		case v.depth != out.depth:
			return out, refuse(l.name(), "it joins vectors of several recurrent layers")
		}
		for _, p := range v.pools {
			if slices.Contains(out.pools, p) {
				return out, refuse(l.name(), "%s pooling twice", p)
			}
			out.pools = append(out.pools, p)
		}
	}
	return out, nil
}

func (b *builder) denseLayer(l *layer, at place, in []value) (value, error) {
	var c struct {
		Units      int             `json:"units"`
		Bias       bool            `json:"use_bias"`
		Activation json.RawMessage `json:"activation"`
		LoRA       *int            `json:"lora_rank"`
	}
	c.Bias = true
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	v, err := single(l, in, vector)
	if err != nil {
		return v, err
	}
	if c.LoRA != nil {
		return v, refuse(l.name(), "lora_rank = %d, want none", *c.LoRA)
	}
	d := interop.Dense{Name: l.name()}
	if d.Activation, err = l.activation(c.Activation); err != nil {
		return v, err
	}
	n := 1
	if c.Bias {
		n = 2
	}
	list, err := b.read(l, at, "", 0, n)
	if err != nil {
		return v, err
	}
	width := 0
	if len(list[0].Shape) == 2 {
		width = list[0].Shape[0]
	}
	if d.Weight, err = matrix(l, list[0], width, c.Units); err != nil {
		return v, err
	}
	if c.Bias {
		if d.Bias, err = floats(l, list[1], c.Units); err != nil {
			return v, err
		}
	}
	v.dense = append(slices.Clip(v.dense), d)
	return v, nil
}

// The activations of Keras that there are here.
var activations = map[string]nn.Activation{
	"": "", "linear": "", "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU,
	"silu": nn.SiLU, "swish": nn.SiLU, "elu": nn.ELU, "softmax": interop.Softmax,
}

// activation reads the option of that name.
func (l *layer) activation(raw json.RawMessage) (nn.Activation, error) {
	var name *string
	if err := json.Unmarshal(raw, &name); len(raw) > 0 && err != nil {
		return "", refuse(l.name(), "activation %.80s: one with a config of its own", raw)
	}
	if name == nil {
		return "", nil
	}
	a, ok := activations[*name]
	if !ok {
		return "", refuse(l.name(), "activation %s, want linear, relu, tanh, sigmoid, gelu, silu, elu or softmax", *name)
	}
	return a, nil
}

// activate follows an activation that is a layer of its own.
func activate(l *layer, in []value) (value, error) {
	var c struct {
		Activation json.RawMessage `json:"activation"`
		Most       *float64        `json:"max_value"`
		Slope      float64         `json:"negative_slope"`
		Threshold  float64         `json:"threshold"`
		Axis       any             `json:"axis"`
		Alpha      *float64        `json:"alpha"`
	}
	if err := l.options(&c); err != nil {
		return value{}, err
	}
	if c.Most != nil || c.Slope != 0 || c.Threshold != 0 || c.Axis != nil && c.Axis != -1.0 || c.Alpha != nil && *c.Alpha != 1 {
		return value{}, refuse(l.name(), "max_value, negative_slope, threshold, axis or alpha, want the defaults")
	}
	v, err := single(l, in, vector)
	if err != nil {
		return v, err
	}
	a := map[string]nn.Activation{"ReLU": nn.ReLU, "Softmax": interop.Softmax, "ELU": nn.ELU}[l.Class]
	if l.Class == "Activation" {
		if a, err = l.activation(c.Activation); err != nil {
			return v, err
		}
	}
	if a == "" {
		return v, nil
	}
	n := len(v.dense)
	if n == 0 || v.dense[n-1].Activation != "" {
		return v, refuse(l.name(), "an activation that does not follow a Dense layer without one")
	}
	v.dense = slices.Clone(v.dense)
	v.dense[n-1].Activation = a
	return v, nil
}
