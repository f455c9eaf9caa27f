package gru

import (
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// A GRU is a stack of layers of gated recurrent units, and an [nn.Encoder]. Any
// number of goroutines may call Forward at once with workspaces of their own, as
// long as nobody writes to the parameters meanwhile. A training Forward with its
// Backward is such a write: Backward adds to the gradients.
type GRU struct {
	// Int8 makes inference multiply with weights of eight bits, one scale for
	// each gate of each unit, and with activations quantised row by row. Training
	// ignores it. Set it before the first Forward.
	Int8 bool

	cfg   Config
	stack *rnn.Stack
}

// New returns a GRU whose weights are all zero; Init draws them.
func New(c Config) (*GRU, error) {
	return build(c, func(name string, rows, k int) *nn.Param { return nn.NewParam(name, rows, k) })
}

// NewInt8 returns a GRU that computes as Int8 says and whose weight matrices are
// in eight bits too, to be given by whoever made it. It cannot be trained.
func NewInt8(c Config) (*GRU, error) {
	m, err := build(c, nn.NewInt8)
	if err != nil {
		return nil, err
	}
	m.Int8 = true
	return m, nil
}

// build makes the matrices with matrix.
func build(c Config, matrix func(name string, rows, k int) *nn.Param) (*GRU, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &GRU{cfg: c}
	m.stack = rnn.New(c.stack(), func(k *rnn.Cell, suffix string) []*nn.Param {
		H := k.Hidden
		// A row of gates: the state's part of the candidate, r, z, the input's part
		// of the candidate. The products of the input go to the last three, those
		// of the state, turned by one gate, to the first three.
		k.Gates, k.Input, k.Shift = 4*H, H, H
		k.Kernel = unit{}
		k.Wih = matrix("weight_ih"+suffix, 3*H, k.In)
		k.Whh = matrix("weight_hh"+suffix, 3*H, H)
		k.Bih = nn.NewParam("bias_ih"+suffix, 3*H)
		k.Bhh = nn.NewParam("bias_hh"+suffix, 3*H)
		return []*nn.Param{k.Wih, k.Whh, k.Bih, k.Bhh}
	})
	return m, nil
}

// Freeze makes m share the values of the parameters of another GRU of its shape.
// From then on Backward gives the gradient of the input and of the initial state
// alone, and writes to no parameter, so that any number of goroutines may run its
// training Forward and Backward with workspaces of their own.
func (m *GRU) Freeze(weights []*nn.Param) { m.stack.Freeze(weights) }

// Config returns the configuration m was made with.
func (m *GRU) Config() Config { return m.cfg }

// Params returns the weights in a fixed order: layer by layer, forward before
// reverse, and in each weight_ih [3H][in], weight_hh [3H][H], bias_ih [3H] and
// bias_hh [3H].
func (m *GRU) Params() []*nn.Param { return m.stack.Params() }

// OutputSize is D*H, the width of an output row.
func (m *GRU) OutputSize() int { return m.cfg.Shape().OutputSize() }

// NewInputCache returns an empty cache of so many rows for the weights that m
// has now. It takes D*4*H*4 bytes for each.
func (m *GRU) NewInputCache(rows int) *nn.InputCache { return m.stack.NewInputCache(rows) }

// Init draws the weights: Glorot-uniform input weights (Glorot & Bengio 2010,
// eq. 16, per gate), orthogonal recurrent weights per gate (Saxe et al. 2014) and
// zero biases.
func (m *GRU) Init(r *rand.Rand) { m.stack.Init(r, nil) }

// Pass returns a workspace for inference and training without initial states,
// in the storage of old if that is one of a recurrent network; old may be nil.
func (m *GRU) Pass(old nn.Pass) nn.Pass { return m.stack.Pass(old, m.Int8) }

// An Output aliases the Workspace that made it and is valid until its next use.
type Output struct {
	Y []float32 // [Rows][D*H], the last layer

	// Final [L*D][B][H] is the state of every layer and direction after the last
	// step, for the sequences in their original order: slice l*D+d is layer l,
	// direction d. It is the initial state for length 0.
	Final []float32
}

// A Workspace holds the activations of one Forward for one Backward. The zero
// value is ready; it grows to the largest batch seen and then allocates
// nothing. It is for one goroutine at a time.
type Workspace struct {
	// Workers is the number of goroutines that share one Forward or Backward;
	// 0 means 1. It changes no result, not by a bit.
	Workers int

	own rnn.Workspace
}

// Forward runs the batch through all layers. init is as Output.Final; nil means
// zeros. In training mode ws keeps what Backward needs, and in.X must stay
// unchanged until then. The only errors are wrong sizes, wrapping ErrShape.
func (m *GRU) Forward(ws *Workspace, in nn.Batch, init []float32, mode nn.Mode) (Output, error) {
	ws.own.Workers, ws.own.Int8 = ws.Workers, m.Int8
	out, err := m.stack.Forward(&ws.own, in, state(init), mode)
	return Output{out.Y, out.Final.H}, err
}

// Backward adds to the Grad of every parameter the gradient of a loss whose
// derivative with respect to the Output of ws's last training Forward is
// dY [Rows][D*H] and dFinal (either may be nil for zero). It returns the
// gradient with respect to the batch's X and, if there was an initial state, with
// respect to that. dX aliases ws. The errors are ErrNoTape and ErrShape.
func (m *GRU) Backward(ws *Workspace, dY, dFinal []float32) (dX, dInit []float32, err error) {
	ws.own.Workers = ws.Workers
	d := state(dFinal)
	if d != nil {
		d.C = make([]float32, len(dFinal)) // all of it is in H
	}
	dX, both, err := m.stack.Backward(&ws.own, dY, d)
	for i, v := range both.C {
		both.H[i] += v
	}
	return dX, both.H, err
}

// state is h for package rnn, nil for nil.
func state(h []float32) *rnn.State {
	if h == nil {
		return nil
	}
	return &rnn.State{H: h, C: h}
}
