package torch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// Options say what a state_dict does not. The zero value follows the usual names.
type Options struct {
	// Map gives the modules of the network by what they are: "encoder", "embedding" (or
	// "embed"), and the linear layers "hidden" and "head". Several are joined by + in the
	// order in which they are applied: encoder=lstm1+lstm2.
	Map map[string]string

	// Text says what the rows of the embedding stand for.
	Text interop.Text

	// Pool reduces the states to one vector; empty means the final states, nn.Last.
	Pool []nn.Pooling

	// Activation is between linear layers; "" means nn.ReLU.
	Activation nn.Activation

	// Labels name the scores, Loss says what they mean; "" means one of several labels, and
	// for a single score without labels a number.
	Labels []string
	Loss   nn.LossKind
}

// ParseMap reads pairs such as encoder=rnn,embed=emb.
func ParseMap(s string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		role, module, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if role == "embed" {
			role = "embedding"
		}
		if !ok || module == "" || !slices.Contains(roles, role) || out[role] != "" {
			return nil, fmt.Errorf("torch: map %q: want %s=MODULE, each once", pair, strings.Join(roles, "=MODULE, "))
		}
		out[role] = module
	}
	return out, nil
}

var roles = []string{"encoder", "embedding", "hidden", "head"}

// A guess finds out what tensors are for.
type guess struct {
	file    *File
	options Options
	left    map[string]Tensor // not yet understood
}

// Network finds out what the tensors are: an embedding, recurrent layers, linear layers.
// A tensor that has no place among them is an error, so that nothing is left out in
// silence; the message lists the tensors.
func (f *File) Network(o Options) (*interop.Network, error) {
	g := &guess{file: f, options: o, left: map[string]Tensor{}}
	for _, t := range f.Tensors {
		if t.Data != nil || len(t.Shape) > 0 && t.DType != "I64" { // a counter of steps is no weight
			g.left[t.Name] = t
		}
	}
	n, err := g.network()
	if err == nil {
		err = n.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%w; the tensors are%s", err, f.list(40))
	}
	return n, nil
}

func (g *guess) network() (*interop.Network, error) {
	if err := g.refuse(); err != nil {
		return nil, err
	}
	n := &interop.Network{Text: g.options.Text, Pool: g.options.Pool}
	var err error
	if n.Layers, err = g.encoders(); err != nil {
		return nil, err
	}
	if n.Embedding, err = g.embedding(n.InputSize()); err != nil {
		return nil, err
	}
	if n.Attention, err = g.attention(); err != nil {
		return nil, err
	}
	if n.Heads, err = g.heads(); err != nil {
		return nil, err
	}
	if len(g.left) > 0 {
		return nil, fmt.Errorf("torch: %s has no place in a network of an embedding, recurrent and linear layers (a map of names may help: %s)",
			slices.Sorted(maps.Keys(g.left))[0], "encoder=..., embedding=..., hidden=..., head=...")
	}
	return n, nil
}

// refuse names modules that no network here has.
func (g *guess) refuse() error {
	for _, t := range g.file.Tensors {
		module, last := split(t.Name)
		switch {
		case strings.HasPrefix(module, "members.1."):
			return &interop.Error{Layer: "members.1", What: "an ensemble: want one network"}
		case strings.HasPrefix(last, "in_proj_"):
			return &interop.Error{Layer: module, What: "MultiheadAttention: want nn.LSTM, nn.GRU, nn.Embedding and nn.Linear alone"}
		case strings.HasPrefix(last, "weight_hr_"):
			return &interop.Error{Layer: module, What: "proj_size: want nn.LSTM without projections"}
		case last == "running_mean":
			return &interop.Error{Layer: module, What: "BatchNorm: want nn.LSTM, nn.GRU, nn.Embedding and nn.Linear alone"}
		case last == "weight_ih":
			return &interop.Error{Layer: module, What: "a cell (LSTMCell, GRUCell): want nn.LSTM or nn.GRU"}
		case t.Data != nil && len(t.Shape) > 2:
			return &interop.Error{Layer: module, What: fmt.Sprintf("%s has %d dimensions, as a convolution: want nn.LSTM, nn.GRU, nn.Embedding and nn.Linear alone", last, len(t.Shape))}
		}
	}
	return nil
}

// split cuts the name of a tensor into its module's and its own.
func split(name string) (module, own string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// take returns a tensor of a module and strikes it off; one that is not there has no Data.
func (g *guess) take(module, own string) Tensor {
	if module != "" {
		own = module + "." + own
	}
	t := g.left[own]
	delete(g.left, own)
	return t
}

// matrix is take for one that must be there.
func (g *guess) matrix(module, own string) (interop.Matrix, error) {
	t := g.take(module, own)
	if t.Data == nil || len(t.Shape) != 2 {
		return interop.Matrix{}, fmt.Errorf("torch: %s.%s: shape %v, type %q, want a matrix of floating-point numbers", module, own, t.Shape, t.DType)
	}
	return interop.Matrix{Rows: t.Shape[0], Cols: t.Shape[1], Data: t.Data}, nil
}

// mapped are the modules that the options name for a role.
func (g *guess) mapped(role string) []string {
	if m := g.options.Map[role]; m != "" {
		return strings.Split(m, "+")
	}
	return nil
}

// modules are those with a tensor of that name, in the order of the file.
func (g *guess) modules(own string) []string {
	var out []string
	for _, t := range g.file.Tensors {
		module, name := split(t.Name)
		if _, left := g.left[t.Name]; left && name == own && !slices.Contains(out, module) {
			out = append(out, module)
		}
	}
	return out
}

// encoders reads the recurrent modules, one after the other.
func (g *guess) encoders() ([]interop.Layer, error) {
	modules := g.mapped("encoder")
	if modules == nil {
		modules = g.modules("weight_ih_l0")
		for _, m := range g.modules("weight_ih_l0_reverse") {
			if !slices.Contains(modules, m) {
				modules = append(modules, m)
			}
		}
	}
	if len(modules) == 0 {
		return nil, fmt.Errorf("torch: no recurrent layer: no tensor is called weight_ih_l0")
	}
	var layers []interop.Layer
	for _, m := range modules {
		for l := 0; ; l++ {
			suffixes, d := g.directions(m, l)
			if suffixes == nil {
				if l == 0 {
					return nil, fmt.Errorf("torch: module %q has no weight_ih_l0", m)
				}
				break
			}
			layer, err := g.layer(m, suffixes)
			if err != nil {
				return nil, err
			}
			layer.Direction = d
			if n := len(layers); n > 0 && layers[n-1].OutputSize() != layer.InputSize() {
				return nil, fmt.Errorf("torch: %s reads %d numbers, %s before it gives %d: say which follows which, as in encoder=lstm1+lstm2",
					layer.Name, layer.InputSize(), layers[n-1].Name, layers[n-1].OutputSize())
			}
			layers = append(layers, layer)
		}
	}
	return layers, nil
}

// directions are the suffixes of the tensors of layer l of a module, nil if there is none.
func (g *guess) directions(module string, l int) ([]string, nn.Direction) {
	has := func(suffix string) bool {
		name := "weight_ih" + suffix
		if module != "" {
			name = module + "." + name
		}
		_, ok := g.left[name]
		return ok
	}
	forward := fmt.Sprintf("_l%d", l)
	switch reverse := forward + "_reverse"; {
	case has(forward) && has(reverse):
		return []string{forward, reverse}, nn.Bidirectional
	case has(forward):
		return []string{forward}, nn.Forward
	case has(reverse):
		return []string{reverse}, nn.Reverse
	}
	return nil, 0
}

func (g *guess) layer(module string, suffixes []string) (interop.Layer, error) {
	layer := interop.Layer{Name: module + suffixes[0]}
	for _, suffix := range suffixes {
		var c interop.Cell
		var err error
		if c.Input, err = g.matrix(module, "weight_ih"+suffix); err != nil {
			return layer, err
		}
		if c.Recurrent, err = g.matrix(module, "weight_hh"+suffix); err != nil {
			return layer, err
		}
		c.Bias, c.RecurrentBias = g.take(module, "bias_ih"+suffix).Data, g.take(module, "bias_hh"+suffix).Data
		c.Peephole = g.take(module, "weight_peephole"+suffix).Data
		switch c.Recurrent.Rows {
		case 4 * c.Recurrent.Cols:
			layer.Kind = interop.LSTM
			c.Bias, c.RecurrentBias = sum(c.Bias, c.RecurrentBias), nil
		case 3 * c.Recurrent.Cols:
			layer.Kind = interop.GRU
		case c.Recurrent.Cols:
			return layer, &interop.Error{Layer: module, What: "nn.RNN: want nn.LSTM or nn.GRU"}
		default:
			return layer, &interop.Error{Layer: module, What: fmt.Sprintf("recurrent weights [%d %d]: neither an LSTM's nor a GRU's", c.Recurrent.Rows, c.Recurrent.Cols)}
		}
		layer.Cells = append(layer.Cells, c)
	}
	return layer, nil
}

// sum adds the two biases of an LSTM, both of which may be missing. Two of unlike lengths
// are put together, so that the length is found wrong.
func sum(a, b []float32) []float32 {
	if len(a) != len(b) {
		return slices.Concat(a, b)
	}
	var out []float32
	for i := range a {
		out = append(out, a[i]+b[i])
	}
	return out
}

// embedding reads the table of word vectors: the module of that role, else the one whose
// name says so, else the only table of the encoder's width without a bias; nil if there is none.
func (g *guess) embedding(width int) (*interop.Matrix, error) {
	candidates := g.mapped("embedding")
	if candidates == nil {
		for _, m := range g.modules("weight") {
			t := g.left[join(m, "weight")]
			_, bias := g.left[join(m, "bias")]
			if len(t.Shape) == 2 && t.Shape[1] == width && !bias {
				candidates = append(candidates, m)
			}
		}
		if named := slices.DeleteFunc(slices.Clone(candidates), func(m string) bool { return !strings.Contains(strings.ToLower(m), "emb") }); len(named) > 0 {
			candidates = named
		}
	}
	switch len(candidates) {
	case 0:
		return nil, nil
	case 1:
		e, err := g.matrix(candidates[0], "weight")
		return &e, err
	}
	return nil, fmt.Errorf("torch: %s may each be the embedding: say which, as in embedding=%s", strings.Join(candidates, ", "), candidates[0])
}

func join(module, own string) string {
	if module == "" {
		return own
	}
	return module + "." + own
}

// linear reads a linear layer.
func (g *guess) linear(module string) (interop.Dense, error) {
	w, err := g.matrix(module, "weight")
	return interop.Dense{Name: module, Weight: w, Bias: g.take(module, "bias").Data}, err
}

// attention reads the pooling that this module's own exports have; nil if there is none.
func (g *guess) attention() (*interop.Attention, error) {
	modules := g.modules("context")
	if len(modules) == 0 {
		return nil, nil
	}
	hidden, err := g.linear(join(modules[0], "hidden"))
	hidden.Activation = nn.Tanh
	return &interop.Attention{Hidden: hidden, Context: g.take(modules[0], "context").Data}, err
}

// heads reads the linear layers: those below heads.NAME, as this module's own exports and
// model files have them, as heads of that name, else all that are left as one head.
func (g *guess) heads() ([]interop.Head, error) {
	modules := append(g.mapped("hidden"), g.mapped("head")...)
	ordered := modules != nil
	if !ordered {
		modules = g.modules("weight")
	}
	if len(modules) == 0 {
		return nil, fmt.Errorf("torch: no linear layer after the recurrent ones")
	}
	var out []interop.Head
	for _, m := range modules {
		d, err := g.linear(m)
		if err != nil {
			return nil, err
		}
		name := ""
		if _, below, ok := strings.Cut("."+m, ".heads."); ok {
			name, _, _ = strings.Cut(below, ".")
		}
		i := slices.IndexFunc(out, func(h interop.Head) bool { return h.Name == name })
		if i < 0 {
			i = len(out)
			out = append(out, interop.Head{Name: name, Labels: g.options.Labels, Loss: g.options.Loss})
		}
		out[i].Layers = append(out[i].Layers, d)
	}
	if len(out) == 1 && out[0].Name == "0" {
		out[0].Name = ""
	}
	for i := range out {
		layers := out[i].Layers
		if !ordered {
			layers = chain(layers)
		}
		for k := range layers[:len(layers)-1] {
			layers[k].Activation = cmp.Or(g.options.Activation, nn.ReLU)
		}
		out[i].Layers = layers
	}
	return out, nil
}

// chain puts layers into the order in which each reads what the one before it gives, where
// there is one. Files of safetensors have them by name. Those of one shape stay in their order.
func chain(layers []interop.Dense) []interop.Dense {
	left := slices.Clone(layers)
	var out []interop.Dense // from the last one to the first
	for len(left) > 0 {
		i := len(left) - 1
		for ; i >= 0; i-- {
			rows := left[i].Weight.Rows
			if len(out) > 0 && rows == out[len(out)-1].Weight.Cols ||
				len(out) == 0 && !slices.ContainsFunc(left, func(next interop.Dense) bool { return next.Weight.Cols == rows }) {
				break
			}
		}
		if i < 0 {
			return layers
		}
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	slices.Reverse(out)
	return out
}
