// Package rnn runs stacks of recurrent cells over packed rows, forward and
// backward in float32: what an LSTM and a GRU have in common. A kind of cell is
// its matrices, the columns of a row of gates that their products go to, and the
// arithmetic from the gates to the state (a [Kernel]).
package rnn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/textlstm/textlstm/nn"
)

// Errors that callers may branch on.
var (
	ErrShape  = errors.New("shape mismatch")
	ErrNoTape = errors.New("Backward without a training Forward")
)

// A Config describes a stack, as the configs of the kinds of cells do.
type Config struct {
	Name    string // of the kind of network, for errors
	Invalid error  // wrapped by those of Validate

	InputSize  int
	HiddenSize int
	Layers     int // 0 means 1
	Direction  nn.Direction
	Stack      []nn.Layer // in place of HiddenSize, Layers and Direction

	InputDropout float64 // on the input of the first layer
	Tied         bool    // one input dropout mask for all rows of a batch that share an input
	Dropout      float64 // on the input of every later layer
	Locked       bool    // one dropout mask for all steps of a sequence
	WeightDrop   float64 // on the recurrent weights, one mask a batch
}

// Shape is the size of the network.
func (c Config) Shape() nn.Shape {
	if len(c.Stack) > 0 {
		return nn.Stacked(c.InputSize, c.Stack)
	}
	layers := c.Layers
	if layers == 0 {
		layers = 1
	}
	return nn.Shape{Input: c.InputSize, Hidden: c.HiddenSize, Layers: layers, Direction: c.Direction}
}

// Validate returns everything that is wrong with c, each error wrapping Invalid.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{c.Invalid}, args...)...))
	}
	if c.InputSize < 1 {
		bad("input_size = %d, want at least 1", c.InputSize)
	}
	for l, layer := range c.Stack {
		if err := layer.Validate(); err != nil {
			bad("stack[%d]: %w", l, err)
		}
	}
	stacked := len(c.Stack) > 0
	if c.HiddenSize < 1 && !stacked {
		bad("hidden_size = %d, want at least 1", c.HiddenSize)
	}
	if c.Layers < 0 && !stacked {
		bad("layers = %d, want at least 1 (or 0 for 1)", c.Layers)
	}
	if c.Direction > nn.Bidirectional && !stacked {
		bad("direction = %d, want 0 to 2", c.Direction)
	}
	for _, p := range []struct {
		name string
		p    float64
	}{{"input_dropout", c.InputDropout}, {"dropout", c.Dropout}, {"weight_drop", c.WeightDrop}} {
		if !(p.p >= 0 && p.p < 1) {
			bad("%s = %v, want 0 <= p < 1", p.name, p.p)
		}
	}
	if stacked && (c.HiddenSize != 0 || c.Layers != 0 || c.Direction != 0) {
		bad("hidden_size = %d, layers = %d, direction = %s beside a stack, which says them for each layer: want none", c.HiddenSize, c.Layers, c.Direction)
	}
	return errors.Join(errs...)
}

// A Stack is layers of cells in one or both directions.
type Stack struct {
	cfg    Config
	shape  nn.Shape
	cells  [][]*Cell // [L][D]
	units  int       // of all cells: what a State has for a sequence
	params []*nn.Param
	frozen bool // Backward leaves the parameters alone

	pack   sync.Mutex
	packed atomic.Pointer[packedWeights]
}

// A Cell is one layer in one direction. A row of its gates has Gates columns:
//
//	gates[Input:] = bias_ih + x·Wihᵀ
//	gates[(g+Shift)%Gh] += bias_hh[g] + h·Whh[g], for each of the Gh rows of Whh
//
// so that a gate which both go to is a column of both, and one that wants the
// product of the state for itself has a column more.
type Cell struct {
	In, Hidden int
	Reverse    bool

	Wih, Whh *nn.Param // [Gi][In], [Gh][Hidden]
	Bih      *nn.Param // [Gi]
	Bhh      *nn.Param // [Gh], or nil

	Gates, Input, Shift int

	Kernel Kernel

	width, column int // of a row of the layer's output, and where in it the cell's part begins
	before        int // the units of the cells before this one, which come first in a State
}

// state returns the cell's part [B][H] of a part of a State; nil for nil.
func (c *Cell) state(s []float32, B int) []float32 {
	if s == nil {
		return nil
	}
	return s[c.before*B : (c.before+c.Hidden)*B]
}

// A Kernel is the arithmetic of a kind of cell, for n rows of H units. States
// cPrev and c are [n][H] without gaps; a nil cPrev stands for zeros.
type Kernel interface {
	// Forward makes of the sums in pre, whose rows are ldPre apart, the activated
	// gates, the state c that the next step starts from, and the output h, whose
	// rows are ldH apart. c may be cPrev.
	Forward(n, H int, pre []float32, ldPre int, cPrev, c, h []float32, ldH int)

	// Backward makes of the activated gates the gradients of the sums. dH [n][H]
	// is the gradient of h; dC comes in as that of c and goes out as that of cPrev.
	Backward(n, H int, gates []float32, ldGates int, cPrev, c, dH, dC []float32)

	// OneState says that c is h. Its gradient then is all in dH, and dC comes in
	// as zero.
	OneState() bool
}

// A Learner is a kernel with weights of its own.
type Learner interface {
	// AddGrad adds to their gradients what one row gives, whose gates hold the
	// gradients of the sums. A nil cPrev stands for zeros.
	AddGrad(dPre, cPrev, c []float32)
}

// New returns a stack. make gives each cell its parameters, whose names end in
// suffix, and its kernel, and returns the parameters in their order.
func New(c Config, make func(cell *Cell, suffix string) []*nn.Param) *Stack {
	m := &Stack{cfg: c, shape: c.Shape()}
	in := m.shape.Input
	for l := range m.shape.Layers {
		shape := m.shape.Layer(l)
		var layer []*Cell
		for d := range shape.NumDirections() {
			suffix := fmt.Sprintf("_l%d", l)
			k := &Cell{In: in, Hidden: shape.Units, Reverse: shape.Direction == nn.Reverse || d == 1}
			k.width, k.column, k.before = shape.NumDirections()*shape.Units, d*shape.Units, m.units
			m.units += shape.Units
			if k.Reverse {
				suffix += "_reverse"
			}
			m.params = append(m.params, make(k, suffix)...)
			k.Wih.Decay, k.Whh.Decay = true, true
			k.Wih.Quantize, k.Whh.Quantize = true, true
			layer = append(layer, k)
		}
		m.cells = append(m.cells, layer)
		in = shape.Width()
	}
	for _, p := range m.params {
		p.Group = nn.EncoderGroup
	}
	return m
}

// NumParams counts the weights of a stack whose cells have so many gates and, for
// each unit, so many other weights. It is a float64 because a config can ask for
// more than an int holds.
func (c Config) NumParams(gates, others int) float64 {
	layer := func(l nn.Layer, in float64) float64 {
		H := float64(l.Units)
		return float64(l.NumDirections()) * H * (float64(gates)*(in+H) + float64(others))
	}
	s := c.Shape()
	n := layer(s.Layer(0), float64(s.Input))
	if len(s.Stack) == 0 { // as many layers as a config may say
		one := s.Layer(0)
		return n + float64(max(s.Layers, 1)-1)*layer(one, float64(one.Width()))
	}
	for l, below := range s.Stack[:s.Layers-1] {
		n += layer(s.Stack[l+1], float64(below.Width()))
	}
	return n
}

// Freeze is nn.Encoder's.
func (m *Stack) Freeze(weights []*nn.Param) {
	m.frozen = true
	for i, p := range m.params {
		p.Data = weights[i].Values()
		p.Changed()
	}
}

// Params returns the weights, layer by layer, forward before reverse.
func (m *Stack) Params() []*nn.Param { return m.params }

// NewInputCache is nn.Encoder's.
func (m *Stack) NewInputCache(rows int) *nn.InputCache {
	return nn.NewInputCache(m.version(), rows, len(m.cells[0]), m.cells[0][0].Gates)
}

// Init draws the weights: Glorot-uniform input weights (Glorot & Bengio 2010,
// eq. 16, per gate), orthogonal recurrent weights per gate (Saxe et al. 2014),
// and all others zero. It calls more, if not nil, for each cell after that.
func (m *Stack) Init(r *rand.Rand, more func(*Cell)) {
	for _, layer := range m.cells {
		for _, c := range layer {
			H := c.Hidden
			a := math.Sqrt(6 / float64(c.In+H))
			for i := range c.Wih.Data {
				c.Wih.Data[i] = float32((2*r.Float64() - 1) * a)
			}
			for g := range c.Whh.Shape[0] / H {
				orthogonal(c.Whh.Data[g*H*H:(g+1)*H*H], H, r)
			}
			clear(c.Bih.Data)
			if c.Bhh != nil {
				clear(c.Bhh.Data)
			}
			if more != nil {
				more(c)
			}
		}
	}
	for _, p := range m.params {
		p.Changed()
	}
}

// orthogonal fills w [n][n] with a random orthogonal matrix: Gram-Schmidt
// twice over rows of normal deviates.
func orthogonal(w []float32, n int, r *rand.Rand) {
	q := make([]float64, n*n)
	for i := range n {
		row := q[i*n : (i+1)*n]
		for j := range row {
			row[j] = r.NormFloat64()
		}
		for range 2 { // twice is enough (Giraud et al. 2005)
			for k := range i {
				prev := q[k*n : (k+1)*n]
				dot := 0.0
				for j := range row {
					dot += row[j] * prev[j]
				}
				for j := range row {
					row[j] -= dot * prev[j]
				}
			}
		}
		norm := 0.0
		for _, v := range row {
			norm += v * v
		}
		norm = math.Sqrt(norm)
		for j := range row {
			row[j] /= norm
			w[i*n+j] = float32(row[j])
		}
	}
}
