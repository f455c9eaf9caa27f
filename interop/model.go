package interop

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// Model returns the classifier that n is: tokens in, labels or numbers out. It copies the
// weights. A network that reads numbers is none, see [Network.Sequential].
func (n *Network) Model(card classify.Card) (*classify.Model, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if n.Embedding == nil {
		return nil, refuse("", "no embedding: the network reads numbers, not tokens, and is no classifier of texts")
	}
	if n.Subwords != nil {
		return nil, refuse("subwords", "vectors of character n-grams: want none")
	}
	cfg, heads, err := n.config()
	if err != nil {
		return nil, err
	}
	v, rows, err := n.Text.vocabulary(n.Embedding.Rows)
	if err != nil {
		return nil, err
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deep, err := classify.NewDeep(cfg, v.Len())
	if err != nil {
		return nil, err
	}
	params := deep.Params() // the first is that of word vectors, as the order is fixed
	copyRows(params[0], n.Embedding, rows)
	values := map[string][]float32{}
	n.encoderValues(values)
	if a := n.Attention; a != nil {
		a.Hidden.values(values, "pool.hidden")
		values["pool.context"] = a.Context
	}
	for i, h := range heads {
		name := "heads." + cfg.Heads[i].Name
		last := len(h.Layers) - 1
		h.Layers[last].values(values, name)
		for l := range last {
			h.Layers[l].values(values, cfg.Heads[i].HiddenName(l))
		}
	}
	if err := fill(params[1:], values); err != nil {
		return nil, err
	}
	return classify.New(cfg, v, card, deep)
}

// encoderValues adds the weights of the layers under the names of a model file.
func (n *Network) encoderValues(values map[string][]float32) {
	for l := range n.Layers {
		for d, c := range n.Layers[l].Cells {
			c.values(values, n.Layers[l].Kind, "encoder.", n.suffix(l, d))
		}
	}
}

// suffix is behind the names of the weights of a layer and direction.
func (n *Network) suffix(l, d int) string {
	if d == 1 || n.Layers[l].Direction == nn.Reverse {
		return fmt.Sprintf("_l%d_reverse", l)
	}
	return fmt.Sprintf("_l%d", l)
}

// values adds the weights of a cell to those by name.
func (c *Cell) values(to map[string][]float32, kind, prefix, suffix string) {
	to[prefix+"weight_ih"+suffix] = c.Input.Data
	to[prefix+"weight_hh"+suffix] = c.Recurrent.Data
	if kind == GRU {
		to[prefix+"bias_ih"+suffix] = c.Bias
		to[prefix+"bias_hh"+suffix] = c.RecurrentBias
		return
	}
	to[prefix+"bias"+suffix] = c.Bias
	if c.Peephole != nil {
		to[prefix+"weight_peephole"+suffix] = c.Peephole
	}
}

// values adds the weights of a layer to those by name.
func (d *Dense) values(to map[string][]float32, name string) {
	to[name+".weight"] = d.Weight.Data
	to[name+".bias"] = d.Bias
}

// fill gives parameters their values by name; nil means zeros.
func fill(params []*nn.Param, values map[string][]float32) error {
	for _, p := range params {
		v, ok := values[p.Name]
		if !ok || v != nil && len(v) != len(p.Data) {
			return refuse(p.Name, "%d values, want %v", len(v), p.Shape)
		}
		copy(p.Data, v)
		p.Changed()
	}
	return nil
}

// config returns what n is as a classifier, and its heads as that has them.
func (n *Network) config() (classify.Config, []Head, error) {
	cfg := classify.Config{Pipeline: n.Text.pipeline(), Embed: n.Embedding.Cols, Pool: n.pools(), Padded: n.Padded}
	if err := n.encoder(&cfg); err != nil {
		return cfg, nil, err
	}
	if slices.Contains(cfg.Pool, nn.Attention) {
		if n.Attention == nil || n.Attention.Hidden.Weight.Rows != n.Attention.Hidden.Weight.Cols {
			return cfg, nil, refuse("pool", "attention wants a square hidden layer")
		}
	}
	var heads []Head
	for _, h := range n.Heads {
		c, h, err := h.config()
		if err != nil {
			return cfg, nil, err
		}
		cfg.Heads = append(cfg.Heads, c)
		heads = append(heads, h)
	}
	cfg.Vocab.MinCount = 1
	return cfg.Resolve(), heads, nil
}

// encoder sets the recurrent part of cfg.
func (n *Network) encoder(cfg *classify.Config) error {
	first := &n.Layers[0]
	var stack []nn.Layer
	alike := true
	for i := range n.Layers {
		l := &n.Layers[i]
		switch {
		case l.Kind != first.Kind:
			return refuse(l.Name, "a %s after a %s, want layers of one kind", l.Kind, first.Kind)
		case (l.Cells[0].Peephole == nil) != (first.Cells[0].Peephole == nil):
			return refuse(l.Name, "peepholes in some layers alone")
		}
		stack = append(stack, l.shape())
		alike = alike && l.Merge.Joins() && l.Units() == first.Units() && l.Direction == first.Direction
	}
	c := lstm.Config{InputSize: first.InputSize(), Stack: stack, Peephole: first.Cells[0].Peephole != nil}
	if alike {
		c.Stack, c.HiddenSize, c.Layers, c.Direction = nil, first.Units(), len(n.Layers), first.Direction
	}
	if first.Kind == LSTM {
		cfg.LSTM = c
		return nil
	}
	cfg.Encoder = GRU
	cfg.GRU = gru.Config{InputSize: c.InputSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Direction: c.Direction, Stack: c.Stack}
	return nil
}

// config returns the head of a classifier that h is, and h with the layers that this has.
func (h Head) config() (classify.Head, Head, error) {
	last := h.Layers[len(h.Layers)-1]
	width := last.Weight.Rows
	c := classify.Head{Name: h.Name, Labels: h.Labels}
	if c.Name == "" {
		c.Name = "label"
	}
	c.Loss.Kind = h.loss(&last)
	switch {
	case !c.Labelled():
		if width != 1 || last.Activation != "" && last.Activation != nn.Identity {
			return c, h, refuse(last.Name, "%d units with activation %q, want one without for a number", width, last.Activation)
		}
		c.Labels, c.Scale = nil, 1
	case last.Activation != "" && last.Activation != nn.Identity && last.Activation != Softmax && last.Activation != Sigmoid:
		return c, h, refuse(last.Name, "activation %q of the last layer, want %s, %s or none", last.Activation, Softmax, Sigmoid)
	case c.MultiLabel() != (last.Activation == Sigmoid) && last.Activation != "" && width > 1:
		return c, h, refuse(last.Name, "activation %q with loss %s", last.Activation, c.Loss.Kind)
	case width == 1 && !c.MultiLabel():
		h.Layers = append(slices.Clone(h.Layers[:len(h.Layers)-1]), last.twoScores())
		width = 2
	}
	if c.Loss.Kind == nn.CrossEntropy {
		c.Loss.Kind = ""
	}
	if len(c.Labels) == 0 && c.Labelled() {
		for i := range width {
			c.Labels = append(c.Labels, strconv.Itoa(i))
		}
	}
	for _, l := range h.Layers[:len(h.Layers)-1] {
		if err := l.Activation.Validate(); err != nil {
			return c, h, refuse(l.Name, "activation %q, want one of %q", l.Activation, nn.Activations())
		}
		c.Layers = append(c.Layers, classify.HiddenLayer{Units: l.Weight.Rows, Activation: l.Activation})
	}
	if len(c.Layers) == 1 && c.Layers[0].Activation == nn.ReLU {
		c.Hidden, c.Layers = c.Layers[0].Units, nil
	}
	return c, h, nil
}

// loss is Loss with its default.
func (h *Head) loss(last *Dense) nn.LossKind {
	switch width := last.Weight.Rows; {
	case h.Loss != "":
		return h.Loss
	case last.Activation == Sigmoid && width > 1:
		return nn.BinaryCrossEntropy
	case width > 1 || last.Activation == Sigmoid || len(h.Labels) > 0:
		return nn.CrossEntropy
	}
	return nn.SquaredError
}

// twoScores returns a layer of two units whose softmax is 1-p, p for a layer of one unit
// whose sigmoid is p.
func (d Dense) twoScores() Dense {
	in := d.Weight.Cols
	d.Weight = Matrix{Rows: 2, Cols: in, Data: append(make([]float32, in), d.Weight.Data...)}
	if d.Bias != nil {
		d.Bias = []float32{0, d.Bias[0]}
	}
	d.Activation = Softmax
	return d
}

// Of returns the networks that the deep branch of a model is: one for each member, none
// without a deep branch. They share the weights, but for those in eight bits, which are
// widened. What else a model has stands in its config and in its wide branch.
func Of(m *classify.Model) []*Network {
	deep := m.Deep()
	if deep == nil {
		return nil
	}
	var out []*Network
	for k, member := range deep.Members() {
		cfg := m.Config().Member(k)
		p := byName(member.Params())
		n := &Network{Embedding: p.matrix("embedding.weight"), Pool: cfg.Pool, Padded: cfg.Padded}
		n.Text.Pipeline = cfg.Pipeline
		for id := range m.Vocab().Len() {
			n.Text.Tokens = append(n.Text.Tokens, m.Vocab().Token(vocab.ID(id)))
		}
		if cfg.HasSubword() {
			n.Subwords = p.matrix("embedding.subword")
		}
		shape := cfg.EncoderShape()
		for l := range shape.Layers {
			n.Layers = append(n.Layers, p.layer(cfg.EncoderName(), l, shape.Layer(l)))
		}
		if slices.Contains(cfg.Pool, nn.Attention) {
			n.Attention = &Attention{p.dense("pool.hidden", nn.Tanh), p["pool.context"].Values()}
		}
		for _, h := range cfg.Heads {
			n.Heads = append(n.Heads, p.head(&h))
		}
		out = append(out, n)
	}
	return out
}

// params are parameters by name.
type params map[string]*nn.Param

func byName(list []*nn.Param) params {
	p := params{}
	for _, param := range list {
		p[param.Name] = param
	}
	return p
}

func (p params) matrix(name string) *Matrix {
	w := p[name]
	return &Matrix{w.Shape[0], w.Shape[1], w.Values(), w.Int8}
}

func (p params) dense(name string, a nn.Activation) Dense {
	return Dense{Name: name, Weight: *p.matrix(name + ".weight"), Bias: p[name+".bias"].Values(), Activation: a}
}

// layer reads layer l of the encoder.
func (p params) layer(kind string, l int, shape nn.Layer) Layer {
	out := Layer{Name: fmt.Sprintf("encoder.%d", l), Kind: kind, Direction: shape.Direction, Merge: shape.Merge}
	for _, suffix := range suffixes(l, shape.Direction) {
		out.Cells = append(out.Cells, p.cell(kind, "encoder.", suffix))
	}
	return out
}

func suffixes(l int, d nn.Direction) []string {
	s := fmt.Sprintf("_l%d", l)
	switch d {
	case nn.Reverse:
		return []string{s + "_reverse"}
	case nn.Bidirectional:
		return []string{s, s + "_reverse"}
	}
	return []string{s}
}

// cell reads the weights that Cell.values names.
func (p params) cell(kind, prefix, suffix string) Cell {
	c := Cell{Input: *p.matrix(prefix + "weight_ih" + suffix), Recurrent: *p.matrix(prefix + "weight_hh" + suffix)}
	if kind == GRU {
		c.Bias, c.RecurrentBias = p[prefix+"bias_ih"+suffix].Values(), p[prefix+"bias_hh"+suffix].Values()
		return c
	}
	c.Bias = p[prefix+"bias"+suffix].Values()
	if w := p[prefix+"weight_peephole"+suffix]; w != nil {
		c.Peephole = w.Values()
	}
	return c
}

// head reads the layers of a head.
func (p params) head(h *classify.Head) Head {
	out := Head{Name: h.Name, Labels: h.Labels, Loss: h.Loss.Kind}
	name := "heads." + h.Name
	for i, l := range h.HiddenLayers() {
		out.Layers = append(out.Layers, p.dense(h.HiddenName(i), l.Activation))
	}
	out.Layers = append(out.Layers, p.dense(name, ""))
	return out
}
