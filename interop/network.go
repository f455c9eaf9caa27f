package interop

import (
	"fmt"
	"math"

	"github.com/textlstm/textlstm/nn"
)

// A Network is one network: rows of word vectors or of numbers, recurrent layers on top
// of each other, a pooling, and the dense layers of each head. Weights have the layout of
// packages lstm, gru and nn, whatever the file's was.
type Network struct {
	// Text says what the rows of Embedding [V][E] stand for. Embedding is nil where the
	// network reads numbers.
	Text      Text
	Embedding *Matrix

	// Subwords [n][E] are the vectors of character n-grams that a classifier may add to
	// those of words; nil of networks from elsewhere.
	Subwords *Matrix

	// Layers are the recurrent ones, the first one first.
	Layers []Layer

	// Pool reduces the states of a sequence to one vector; empty means nn.Last. Attention
	// has the weights of nn.Attention.
	Pool      []nn.Pooling
	Attention *Attention

	// Padded is nn.PoolConfig's: the steps to which the framework pads what its maximum is of.
	Padded int

	// Heads are what is asked of the pooled vector; at least one.
	Heads []Head
}

// A Matrix is rows of numbers, one after the other.
type Matrix struct {
	Rows, Cols int
	Data       []float32 // [Rows][Cols]

	// Int8 are the same values in eight bits, of a model that has them so. Readers leave it
	// nil.
	Int8 *nn.Int8
}

// A Layer is a recurrent layer of one or two directions.
type Layer struct {
	Name      string       // in the file, for errors
	Kind      string       // LSTM or GRU
	Direction nn.Direction // which way it reads
	Merge     nn.Merge     // of two directions: what becomes of their states; "" means nn.Concat
	Cells     []Cell       // by direction, the forward one first
}

// The kinds of recurrent layers.
const (
	LSTM = "lstm"
	GRU  = "gru"
)

// A Cell has the weights of one direction of a layer of H units for an input of I
// numbers. G is 4 for an LSTM, whose gates are in the order i, f, g, o, and 3 for a GRU:
// r, z, n.
type Cell struct {
	Input     Matrix    // [G*H][I]
	Recurrent Matrix    // [G*H][H]
	Bias      []float32 // [G*H] of the gates, in a GRU of the part that comes from the input; nil means zeros

	// RecurrentBias [3*H] is added to what comes from the state of a GRU; nil
	// means zeros.
	RecurrentBias []float32

	// Peephole [3*H] is p_i, p_f, p_o of an LSTM that has them.
	Peephole []float32
}

// Attention has the weights of nn.Attention.
type Attention struct {
	Hidden  Dense
	Context []float32
}

// A Head is dense layers from the pooled vector to scores. The activation of the last
// layer may be Softmax or Sigmoid: then the scores are what they are applied to.
type Head struct {
	Name   string   // "" means "label"
	Labels []string // without any they are "0", "1" and so on
	Layers []Dense

	// Loss says what the scores mean; "" follows the last activation and the width: softmax
	// is nn.CrossEntropy, as is a single sigmoid unit, which is the probability of the
	// second of two labels; several sigmoid units are nn.BinaryCrossEntropy; one unit
	// without activation is a number, nn.SquaredError.
	Loss nn.LossKind
}

// A Dense layer is activation(x·Wᵀ + b).
type Dense struct {
	Name       string        // in the file, for errors
	Weight     Matrix        // [out][in]
	Bias       []float32     // [out]; nil means zeros
	Activation nn.Activation // "" means none
}

// Softmax and Sigmoid are activations of a last layer.
const (
	Softmax nn.Activation = "softmax"
	Sigmoid               = nn.Sigmoid
)

// An Error says what of a network cannot be represented.
type Error struct {
	Layer string // its name in the file
	What  string // the option and its value, and what would do
}

func (e *Error) Error() string {
	if e.Layer == "" {
		return "interop: " + e.What
	}
	return "interop: layer " + e.Layer + ": " + e.What
}

func refuse(layer, format string, args ...any) error {
	return &Error{layer, fmt.Sprintf(format, args...)}
}

// gates is the number of gates of a kind of layer, 0 for an unknown one.
func gates(kind string) int {
	switch kind {
	case LSTM:
		return 4
	case GRU:
		return 3
	}
	return 0
}

// InputSize is the width of what the layer reads.
func (l *Layer) InputSize() int { return l.Cells[0].Input.Cols }

// Units is H, the width of one direction's state.
func (l *Layer) Units() int { return l.Cells[0].Recurrent.Cols }

// OutputSize is the width of a state.
func (l *Layer) OutputSize() int {
	return l.shape().Width()
}

// shape is the layer's part of a shape.
func (l *Layer) shape() nn.Layer {
	return nn.Layer{Units: l.Units(), Direction: l.Direction, Merge: l.Merge}
}

// InputSize is the width of what the first layer reads.
func (n *Network) InputSize() int { return n.Layers[0].InputSize() }

// pools is Pool with its default.
func (n *Network) pools() []nn.Pooling {
	if len(n.Pool) == 0 {
		return []nn.Pooling{nn.Last}
	}
	return n.Pool
}

// Validate reports the first thing that does not fit together: shapes, widths from layer
// to layer, or a weight that is not finite. Readers need not check before.
func (n *Network) Validate() error {
	if len(n.Layers) == 0 {
		return refuse("", "no recurrent layer: want at least one LSTM or GRU")
	}
	if len(n.Heads) == 0 {
		return refuse("", "no dense layer after the recurrent ones")
	}
	width := 0 // of the rows so far; 0 is any
	if e := n.Embedding; e != nil {
		if err := e.check("embedding", e.Rows, e.Cols); err != nil {
			return err
		}
		width = e.Cols
	}
	for i := range n.Layers {
		if err := n.Layers[i].validate(width); err != nil {
			return err
		}
		width = n.Layers[i].OutputSize()
	}
	if a := n.Attention; a != nil {
		if err := a.Hidden.validate(width); err != nil {
			return err
		}
		if err := finite(a.Hidden.Name, "context", a.Context, a.Hidden.Weight.Rows); err != nil {
			return err
		}
	}
	for i := range n.Heads {
		if err := n.Heads[i].validate(width * len(n.pools())); err != nil {
			return err
		}
	}
	return nil
}

func (l *Layer) validate(width int) error {
	G := gates(l.Kind)
	if G == 0 {
		return refuse(l.Name, "kind %q, want %s or %s", l.Kind, LSTM, GRU)
	}
	want := 1
	if l.Direction == nn.Bidirectional {
		want = 2
	}
	if len(l.Cells) != want {
		return refuse(l.Name, "%d cells, want %d for direction %s", len(l.Cells), want, l.Direction)
	}
	if err := l.Merge.Validate(); err != nil {
		return refuse(l.Name, "merge_mode %q, want one of %q", l.Merge, nn.Merges())
	}
	if !l.Merge.Joins() && l.Direction != nn.Bidirectional {
		return refuse(l.Name, "merge_mode %s of one direction", l.Merge)
	}
	H := l.Units()
	if width == 0 {
		width = l.InputSize()
	}
	if H < 1 || width < 1 {
		return refuse(l.Name, "%d units for an input of %d numbers, want at least 1 of each", H, width)
	}
	for i := range l.Cells {
		c := &l.Cells[i]
		if err := c.Input.check(l.Name+" input weights", G*H, width); err != nil {
			return err
		}
		if err := c.Recurrent.check(l.Name+" recurrent weights", G*H, H); err != nil {
			return err
		}
		if l.Kind == LSTM && c.RecurrentBias != nil || l.Kind == GRU && c.Peephole != nil {
			return refuse(l.Name, "a %s with recurrent bias %t and peepholes %t", l.Kind, c.RecurrentBias != nil, c.Peephole != nil)
		}
		if (c.Peephole == nil) != (l.Cells[0].Peephole == nil) {
			return refuse(l.Name, "peepholes in one direction alone")
		}
		for _, v := range []struct {
			what string
			data []float32
			n    int
		}{{"bias", c.Bias, G * H}, {"recurrent bias", c.RecurrentBias, G * H}, {"peepholes", c.Peephole, 3 * H}} {
			if v.data == nil {
				continue
			}
			if err := finite(l.Name, v.what, v.data, v.n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Head) validate(width int) error {
	if len(h.Layers) == 0 {
		return refuse(h.Name, "a head without a dense layer")
	}
	for i := range h.Layers {
		d := &h.Layers[i]
		if err := d.validate(width); err != nil {
			return err
		}
		if i < len(h.Layers)-1 && d.Activation == Softmax {
			return refuse(d.Name, "activation softmax before another layer")
		}
		width = d.Weight.Rows
	}
	if n := len(h.Labels); n > 0 && n != width && !(n == 2 && width == 1) {
		return refuse(h.Name, "%d labels for %d scores", n, width)
	}
	return nil
}

func (d *Dense) validate(in int) error {
	if err := d.Weight.check(d.Name, d.Weight.Rows, in); err != nil {
		return err
	}
	if d.Bias == nil {
		return nil
	}
	return finite(d.Name, "bias", d.Bias, d.Weight.Rows)
}

// check reports a matrix of another shape, or with a value that is not finite.
func (m *Matrix) check(name string, rows, cols int) error {
	if m.Rows != rows || m.Cols != cols || rows < 1 || cols < 1 {
		return refuse(name, "weights [%d %d], want [%d %d]", m.Rows, m.Cols, rows, cols)
	}
	return finite(name, "weights", m.Data, rows*cols)
}

// finite reports a vector of another length than n, or with a value that is not finite.
func finite(name, what string, v []float32, n int) error {
	if len(v) != n {
		return refuse(name, "%s: %d values, want %d", what, len(v), n)
	}
	for i, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return refuse(name, "%s: value %d is %v", what, i, x)
		}
	}
	return nil
}

// Transpose returns v [rows][cols] as [cols][rows].
func Transpose(v []float32, rows, cols int) []float32 {
	out := make([]float32, rows*cols)
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = v[i*cols+j]
		}
	}
	return out
}

// OrZeros returns v, or n zeros for the nil that stands for them.
func OrZeros(v []float32, n int) []float32 {
	if v == nil {
		return make([]float32, n)
	}
	return v
}

// Blocks cuts v into as many equal parts as order has entries and returns them in that
// order: of the gates z, r, h, Blocks(v, 1, 0, 2) makes r, z, h.
func Blocks[E any](v []E, order ...int) []E {
	n := len(v) / len(order)
	out := make([]E, 0, len(v))
	for _, k := range order {
		out = append(out, v[k*n:(k+1)*n]...)
	}
	return out
}
