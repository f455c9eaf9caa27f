package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// A layer is one of a model's, or an operation of its graph.
type layer struct {
	Class   string          `json:"class_name"`
	Module  string          `json:"module"`
	Custom  string          `json:"registered_name"`
	Name    string          `json:"name"` // in a functional model
	Config  json.RawMessage `json:"config"`
	Inbound json.RawMessage `json:"inbound_nodes"`
}

// name is the layer's own.
func (l *layer) name() string {
	var c struct {
		Name string `json:"name"`
	}
	if l.Name == "" && json.Unmarshal(l.Config, &c) == nil {
		return c.Name
	}
	return l.Name
}

// options decodes the config of a layer.
func (l *layer) options(into any) error {
	if err := json.Unmarshal(l.Config, into); err != nil {
		return refuse(l.name(), "its config: %v", err)
	}
	return nil
}

func refuse(layer, format string, args ...any) error {
	return &interop.Error{Layer: layer, What: fmt.Sprintf(format, args...)}
}

// A value is what a tensor of the graph is, as far as this package follows it.
type value struct {
	what what
	mask bool // rows: steps of padding are known as such

	// The length to which ids and rows are padded; 0 where it depends on the batch.
	steps int

	// The number of recurrent layers below rows and vectors. Rows under a mask are zeros at
	// the steps of padding, or repeat the last one.
	depth int
	zeros bool

	// How a vector comes of the rows, and the layers since.
	pools []nn.Pooling
	dense []interop.Dense
}

type what int

const (
	nothing what = iota
	text
	ids
	numbers // rows that are read from outside
	rows
	vector
	maskOfIDs
)

var whats = [...]string{"nothing", "texts", "ids", "numbers", "a row for each step", "a vector", "a mask"}

func (w what) String() string { return whats[w] }

// A builder follows a graph and gathers the network that it is.
type builder struct {
	file    *File
	options Options
	net     *interop.Network

	vectorizer *vectorizer
	embedding  string // the layer's name
	masked     bool   // whether ids of 0 are skipped
	steps      int    // to which texts are padded
}

// A model is a Sequential or functional one.
type model struct {
	Layers  []layer         `json:"layers"`
	Inputs  json.RawMessage `json:"input_layers"`
	Outputs json.RawMessage `json:"output_layers"`
}

const maxLayers = 1 << 10

// model follows the layers of one, which stands at a place, and returns its outputs by
// name.
func (b *builder) model(l *layer, at place, in []value, depth int) (out []value, names []string, err error) {
	var m model
	if l.Class == "Sequential" && len(l.Config) > 0 && l.Config[0] == '[' { // Keras 2.2
		err = json.Unmarshal(l.Config, &m.Layers)
	} else {
		err = l.options(&m)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(m.Layers) == 0 || len(m.Layers) > maxLayers || depth > 4 {
		return nil, nil, refuse(l.name(), "a model of %d layers, %d models deep: want 1 to %d, and 4", len(m.Layers), depth, maxLayers)
	}
	places, err := b.file.weights.layers(at, m.Layers)
	if err != nil {
		return nil, nil, err
	}
	switch l.Class {
	case "Sequential":
		v, err := b.chain(&m, places, in, depth)
		return []value{v}, []string{m.Layers[len(m.Layers)-1].name()}, err
	case "Functional", "Model":
		return b.functional(&m, places, in, depth)
	}
	return nil, nil, refuse(l.name(), "a model of class %s, want Sequential or Functional", l.Class)
}

// chain follows layers that each read what the one before gives.
func (b *builder) chain(m *model, places []place, in []value, depth int) (v value, err error) {
	if len(in) > 1 {
		return v, refuse(m.Layers[0].name(), "%d inputs of a Sequential model", len(in))
	}
	if len(in) == 1 {
		v = in[0]
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		if l.Class == "InputLayer" && v.what != nothing {
			continue // of a model within another
		}
		if v.what == nothing && l.Class != "InputLayer" {
			v = firstInput(l)
		}
		if v, err = b.layer(l, places[i], []value{v}, depth); err != nil {
			return v, err
		}
	}
	return v, nil
}

// firstInput is what a layer reads that is the first of a model without an InputLayer.
func firstInput(l *layer) value {
	switch l.Class {
	case "TextVectorization":
		return value{what: text}
	case "Embedding":
		return value{what: ids}
	}
	return value{what: numbers}
}

// functional follows the nodes of a graph, which are in an order in which each comes after
// those that it reads, or any other.
func (b *builder) functional(m *model, places []place, in []value, depth int) (out []value, names []string, err error) {
	inputs, err := endpoints(m.Inputs)
	if err != nil {
		return nil, nil, err
	}
	values := map[string]value{}
	for i, e := range inputs {
		if i < len(in) {
			values[e.layer] = in[i]
		}
	}
	if len(in) > 0 && len(in) != len(inputs) {
		return nil, nil, refuse("", "%d inputs for a model of %d", len(in), len(inputs))
	}
	if err := b.nodes(m, places, values, depth); err != nil {
		return nil, nil, err
	}
	outputs, err := endpoints(m.Outputs)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range outputs {
		v, ok := values[e.layer]
		if !ok || e.tensor != 0 || e.node != 0 {
			return nil, nil, refuse(e.layer, "output %d of call %d of it, want a layer that is called once and has one output", e.tensor, e.node)
		}
		out, names = append(out, v), append(names, e.name)
	}
	if len(out) == 0 {
		return nil, nil, refuse("", "a model without outputs")
	}
	return out, names, nil
}

// nodes follows the layers of a functional model: each round those whose inputs are there.
// Files have them in order.
func (b *builder) nodes(m *model, places []place, values map[string]value, depth int) error {
	names, calls := make([]string, len(m.Layers)), make([]call, len(m.Layers))
	for i := range m.Layers {
		var err error
		if calls[i], err = m.Layers[i].call(); err != nil {
			return err
		}
		names[i] = m.Layers[i].name()
	}
	for left := len(m.Layers); left > 0; {
		before := left
		left = 0
		for i := range m.Layers {
			l := &m.Layers[i]
			if _, done := values[names[i]]; done {
				continue
			}
			read, ready, err := calls[i].inputs(names[i], values)
			if err != nil {
				return err
			}
			if !ready {
				left++
				continue
			}
			if values[names[i]], err = b.layer(l, places[i], read, depth); err != nil {
				return err
			}
		}
		if left == before {
			return refuse("", "a graph with a circle, or a layer that is not there")
		}
	}
	return nil
}

// An endpoint is an output of a call of a layer.
type endpoint struct {
	name         string // that a model gives it, or the layer's
	layer        string
	node, tensor int
}

// endpoints reads ["name", 0, 0], a list of such, or an object of such by name.
func endpoints(raw json.RawMessage) (list []endpoint, err error) {
	var v any
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	var walk func(v any, name string, depth int)
	walk = func(v any, name string, depth int) {
		switch v := v.(type) {
		case []any:
			if e, ok := asEndpoint(v); ok {
				if e.name = name; name == "" {
					e.name = e.layer
				}
				list = append(list, e)
				return
			}
			for _, below := range v {
				if depth < 4 {
					walk(below, name, depth+1)
				}
			}
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			for _, k := range keys {
				walk(v[k], k, depth+1)
			}
		}
	}
	walk(v, "", 0)
	return list, nil
}

func asEndpoint(v []any) (e endpoint, ok bool) {
	if len(v) < 3 {
		return e, false
	}
	name, ok1 := v[0].(string)
	node, ok2 := v[1].(float64)
	tensor, ok3 := v[2].(float64)
	return endpoint{"", name, int(node), int(tensor)}, ok1 && ok2 && ok3
}

// call returns what the layer is called with, which is once; nothing for an input.
func (l *layer) call() (c call, err error) {
	if len(l.Inbound) == 0 || l.Class == "InputLayer" {
		return c, nil
	}
	var nodes []json.RawMessage
	if err := json.Unmarshal(l.Inbound, &nodes); err != nil {
		return c, refuse(l.name(), "its inbound_nodes: %v", err)
	}
	if len(nodes) != 1 {
		return c, refuse(l.name(), "called %d times, want once", len(nodes))
	}
	if err := c.parse(nodes[0]); err != nil {
		return c, refuse(l.name(), "its inbound_nodes: %v", err)
	}
	return c, nil
}

// inputs returns what a layer of that name reads, if all of it is there.
func (c *call) inputs(layer string, values map[string]value) (in []value, ready bool, err error) {
	get := func(e endpoint) (value, bool, error) {
		if e.node != 0 || e.tensor != 0 {
			return value{}, false, refuse(layer, "it reads output %d of call %d of %s, want layers that are called once and have one output", e.tensor, e.node, e.layer)
		}
		v, ok := values[e.layer]
		return v, ok, nil
	}
	for _, e := range c.args {
		v, ok, err := get(e)
		if err != nil || !ok {
			return nil, false, err
		}
		in = append(in, v)
	}
	for name, e := range c.named {
		v, ok, err := get(e)
		if err != nil || !ok {
			return nil, false, err
		}
		if name != "mask" {
			return nil, false, refuse(layer, "argument %s, want none but the input", name)
		}
		if v.what != maskOfIDs || len(in) == 0 || !in[0].mask {
			return nil, false, refuse(layer, "a mask that is not that of Embedding(mask_zero=True)")
		}
	}
	return in, true, nil
}

// A call is what a layer is called with.
type call struct {
	args  []endpoint
	named map[string]endpoint
}

func (c *call) parse(raw json.RawMessage) error {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' { // Keras 2: [["name", 0, 0, {}], ...]
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, r := range list {
			var parts []any
			if err := json.Unmarshal(r, &parts); err != nil {
				return err
			}
			e, ok := asEndpoint(parts)
			if !ok {
				return fmt.Errorf("%.60s is no input", r)
			}
			c.args = append(c.args, e)
			if len(parts) > 3 {
				if named, ok := parts[3].(map[string]any); ok {
					c.name(named)
				}
			}
		}
		return nil
	}
	var node struct {
		Args   any            `json:"args"`
		Kwargs map[string]any `json:"kwargs"`
	}
	if err := json.Unmarshal(raw, &node); err != nil {
		return err
	}
	c.args = tensors(node.Args, nil)
	c.name(node.Kwargs)
	return nil
}

// name notes the arguments that are tensors by their names.
func (c *call) name(kwargs map[string]any) {
	for k, v := range kwargs {
		list := tensors(v, nil)
		if parts, ok := v.([]any); ok && list == nil {
			if e, ok := asEndpoint(parts); ok { // Keras 2
				list = []endpoint{e}
			}
		}
		for _, e := range list {
			if c.named == nil {
				c.named = map[string]endpoint{}
			}
			c.named[k] = e
		}
	}
}

// tensors lists those in arguments, in order.
func tensors(v any, list []endpoint) []endpoint {
	switch v := v.(type) {
	case []any:
		for _, below := range v {
			list = tensors(below, list)
		}
	case map[string]any:
		if v["class_name"] == "__keras_tensor__" {
			if config, ok := v["config"].(map[string]any); ok {
				if history, ok := config["keras_history"].([]any); ok {
					if e, ok := asEndpoint(history); ok {
						return append(list, e)
					}
				}
			}
		}
	}
	return list
}

// single returns the one input of a layer, which must be of one of some kinds.
func single(l *layer, in []value, want ...what) (value, error) {
	if len(in) != 1 {
		return value{}, refuse(l.name(), "%d inputs of a %s layer, want 1", len(in), l.Class)
	}
	if !slices.Contains(want, in[0].what) {
		names := make([]string, len(want))
		for i, w := range want {
			names[i] = w.String()
		}
		return value{}, refuse(l.name(), "a %s layer that reads %s, want %s", l.Class, in[0].what, strings.Join(names, " or "))
	}
	return in[0], nil
}
