package interop

import (
	"fmt"

	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A Sequential is a network of sequences of numbers that computes and learns: recurrent
// layers, each of its own width, a pooling, and dense layers. Any number of goroutines may
// run Forward in inference, each with a [Pass] of its own; training is alone.
type Sequential struct {
	net      *Network // without weights
	encoders []nn.Encoder
	pool     *nn.Pool
	dense    []*nn.Dense
	params   []*nn.Param
}

// Sequential returns the network that n is, where it reads numbers and has one head. It
// copies the weights.
func (n *Network) Sequential() (*Sequential, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if n.Embedding != nil || len(n.Heads) != 1 {
		return nil, refuse("", "an embedding (%t) or %d heads, want neither and one for a network of numbers", n.Embedding != nil, len(n.Heads))
	}
	s := &Sequential{net: n.bare()}
	values := map[string][]float32{}
	for i := range n.Layers {
		l := &n.Layers[i]
		e, err := l.encoder()
		if err != nil {
			return nil, err
		}
		prefix := fmt.Sprintf("layers.%d.", i)
		for _, p := range e.Params() {
			p.Name = prefix + p.Name
		}
		for d, suffix := range suffixes(0, l.Direction) {
			l.Cells[d].values(values, l.Kind, prefix, suffix)
		}
		s.encoders = append(s.encoders, e)
		s.params = append(s.params, e.Params()...)
	}
	if err := s.setPool(n); err != nil {
		return nil, err
	}
	if n.Attention != nil {
		n.Attention.Hidden.values(values, "pool.hidden")
		values["pool.context"] = n.Attention.Context
	}
	for i, d := range n.Heads[0].Layers {
		if err := d.Activation.Validate(); err != nil {
			return nil, refuse(d.Name, "activation %q: %v", d.Activation, err)
		}
		name := fmt.Sprintf("dense.%d", i)
		layer := nn.NewDense(name, d.Weight.Cols, d.Weight.Rows)
		d.values(values, name)
		s.dense = append(s.dense, layer)
		s.params = append(s.params, layer.Params()...)
	}
	if err := fill(s.params, values); err != nil {
		return nil, err
	}
	return s, nil
}

// bare is n without weights.
func (n *Network) bare() *Network {
	b := &Network{Pool: n.pools(), Padded: n.Padded}
	for _, l := range n.Layers {
		l.Cells = nil
		b.Layers = append(b.Layers, l)
	}
	head := n.Heads[0]
	head.Layers = nil
	for _, d := range n.Heads[0].Layers {
		head.Layers = append(head.Layers, Dense{Name: d.Name, Activation: d.Activation})
	}
	b.Heads = []Head{head}
	return b
}

// encoder makes the one layer that l is.
func (l *Layer) encoder() (nn.Encoder, error) {
	if l.Kind == GRU {
		return gru.New(gru.Config{InputSize: l.InputSize(), HiddenSize: l.Units(), Direction: l.Direction})
	}
	return lstm.New(lstm.Config{InputSize: l.InputSize(), HiddenSize: l.Units(), Direction: l.Direction, Peephole: l.Cells[0].Peephole != nil})
}

func (s *Sequential) setPool(n *Network) (err error) {
	last := &n.Layers[len(n.Layers)-1]
	cfg := nn.PoolConfig{
		Size: last.Units() * last.Direction.Num(), Kinds: n.pools(), Padded: n.Padded, Merge: last.Merge,
		Bidirectional: last.Direction == nn.Bidirectional, Reverse: last.Direction == nn.Reverse,
	}
	if n.Attention != nil {
		cfg.Hidden = n.Attention.Hidden.Weight.Rows
	}
	if s.pool, err = nn.NewPool("pool", cfg); err != nil {
		return refuse(last.Name, "%v", err)
	}
	s.params = append(s.params, s.pool.Params()...)
	return nil
}

// Params returns the weights in a fixed order: layers.0.weight_ih_l0 and so on, and
// dense.0.weight, dense.0.bias. Package nn/weights stores them, train/loop trains them.
func (s *Sequential) Params() []*nn.Param { return s.params }

// InputSize is the width of an input row, OutputSize that of an answer.
func (s *Sequential) InputSize() int { return s.encoders[0].Params()[0].Shape[1] }

// OutputSize is the number of scores of a sequence.
func (s *Sequential) OutputSize() int { return s.dense[len(s.dense)-1].Out() }

// Network returns the description of s with the weights that it has now, which it shares.
func (s *Sequential) Network() *Network {
	n := s.net.bare()
	p := byName(s.params)
	for i := range n.Layers {
		l := &n.Layers[i]
		for _, suffix := range suffixes(0, l.Direction) {
			l.Cells = append(l.Cells, p.cell(l.Kind, fmt.Sprintf("layers.%d.", i), suffix))
		}
	}
	if p["pool.context"] != nil {
		n.Attention = &Attention{p.dense("pool.hidden", nn.Tanh), p["pool.context"].Values()}
	}
	for i := range n.Heads[0].Layers {
		d := &n.Heads[0].Layers[i]
		*d = p.dense(fmt.Sprintf("dense.%d", i), d.Activation)
		d.Name = s.net.Heads[0].Layers[i].Name
	}
	return n
}

// A Pass holds the activations of one Forward for one Backward. The zero value is ready;
// it is for one goroutine at a time.
type Pass struct {
	layout  *nn.Layout
	passes  []nn.Pass
	pool    nn.PoolWorkspace
	states  [][]float32 // of each layer, aliases its pass
	merged  [][]float32 // of the layers whose directions the next one reads as one
	dMerged [][]float32
	inputs  [][]float32 // of the activations of the dense layers that read them again
	rows    [][]float32 // what each dense layer reads, and the answer
	dRows   [][]float32
	dStates []float32
}

// Forward returns the answers [B][OutputSize] for B sequences of rows of InputSize
// numbers. They alias p. The only errors are wrong sizes.
func (s *Sequential) Forward(p *Pass, in nn.Batch, mode nn.Mode) ([]float32, error) {
	if len(p.passes) != len(s.encoders) || len(p.rows) != len(s.dense)+1 {
		L, D := len(s.encoders), len(s.dense)
		*p = Pass{passes: make([]nn.Pass, L), states: make([][]float32, L), merged: make([][]float32, L), dMerged: make([][]float32, L),
			rows: make([][]float32, D+1), dRows: make([][]float32, D+1), inputs: make([][]float32, D)}
	}
	p.layout = in.Layout
	for i, e := range s.encoders {
		p.passes[i] = e.Pass(p.passes[i])
		y, err := p.passes[i].Forward(in, mode, 0)
		if err != nil {
			return nil, err
		}
		p.states[i] = y
		if m := s.net.Layers[i].Merge; i < len(s.encoders)-1 && !m.Joins() {
			H := e.OutputSize() / 2
			p.merged[i] = grow(p.merged[i], len(y)/2)
			m.Forward(p.merged[i], y, p.layout.Rows(), H)
			y = p.merged[i]
		}
		in = nn.Batch{Layout: in.Layout, X: y}
	}
	B := p.layout.B()
	p.rows[0] = grow(p.rows[0], B*s.pool.OutSize())
	s.pool.Forward(p.rows[0], in.X, p.layout, nil, &p.pool)
	for i, d := range s.dense {
		p.rows[i+1] = grow(p.rows[i+1], B*d.Out())
		d.Forward(p.rows[i+1], p.rows[i], B)
		a := s.net.Heads[0].Layers[i].Activation
		if a.ReadsInput() {
			p.inputs[i] = append(p.inputs[i][:0], p.rows[i+1]...)
		}
		a.Forward(p.rows[i+1])
	}
	return p.rows[len(s.dense)], nil
}

// Backward adds to the gradients of the parameters, given the derivative dY
// [B][OutputSize] of a loss by the answers of p's last training Forward. It returns the
// gradient with respect to the input, which is valid until the next use of p.
func (s *Sequential) Backward(p *Pass, dY []float32) (dX []float32, err error) {
	for _, w := range s.params {
		w.NeedGrad()
	}
	B, last := p.layout.B(), len(s.dense)
	p.dRows[last] = append(p.dRows[last][:0], dY...)
	for i := last - 1; i >= 0; i-- {
		d := s.dense[i]
		s.net.Heads[0].Layers[i].Activation.Backward(p.dRows[i+1], p.inputs[i], p.rows[i+1])
		p.dRows[i] = grow(p.dRows[i], B*d.In())
		d.Backward(p.dRows[i], p.dRows[i+1], p.rows[i], B)
	}
	top := p.states[len(p.states)-1]
	p.dStates = grow(p.dStates, len(top))
	clear(p.dStates)
	s.pool.Backward(p.dStates, p.dRows[0], top, p.layout, nil, &p.pool)
	dX = p.dStates
	for i := len(s.encoders) - 1; i >= 0; i-- {
		if m := s.net.Layers[i].Merge; i < len(s.encoders)-1 && !m.Joins() {
			p.dMerged[i] = grow(p.dMerged[i], len(p.states[i]))
			m.Backward(p.dMerged[i], dX, p.states[i], p.layout.Rows(), s.encoders[i].OutputSize()/2)
			dX = p.dMerged[i]
		}
		if dX, err = p.passes[i].Backward(dX, nn.Want{Params: true}); err != nil {
			return nil, err
		}
	}
	return dX, nil
}

// grow returns a slice of n elements in s's storage if that is large enough.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
