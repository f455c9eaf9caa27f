package lstm

import (
	"fmt"
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// An LSTM is a stack of LSTM layers, and an [nn.Encoder]. Any number of
// goroutines may call Forward and Step at once with workspaces of their own, as
// long as nobody writes to the parameters meanwhile. A training Forward with its
// Backward is such a write: Backward adds to the gradients.
type LSTM struct {
	// Int8 makes inference multiply with weights of eight bits, one scale for
	// each gate of each unit, and with activations quantised row by row; the
	// cell state stays float32. Training ignores it. Set it before the first
	// Forward.
	Int8 bool

	cfg   Config
	stack *rnn.Stack
}

// A Batch is sequences in packed rows.
type Batch = nn.Batch

// Mode says whether a Forward is part of training.
type Mode = nn.Mode

// An InputCache keeps the first layer's products of frequent inputs.
type InputCache = nn.InputCache

// Direction says which way a layer reads its input.
type Direction = nn.Direction

// The directions.
const (
	Forward       = nn.Forward
	Reverse       = nn.Reverse
	Bidirectional = nn.Bidirectional
)

// New returns an LSTM whose weights are all zero; Init draws them.
func New(c Config) (*LSTM, error) {
	return build(c, func(name string, rows, k int) *nn.Param { return nn.NewParam(name, rows, k) })
}

// NewInt8 returns an LSTM that computes as Int8 says and whose weight matrices
// are in eight bits too, to be given by whoever made it. It cannot be trained.
func NewInt8(c Config) (*LSTM, error) {
	m, err := build(c, nn.NewInt8)
	if err != nil {
		return nil, err
	}
	m.Int8 = true
	return m, nil
}

// build makes the matrices with matrix.
func build(c Config, matrix func(name string, rows, k int) *nn.Param) (*LSTM, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &LSTM{cfg: c}
	m.stack = rnn.New(c.stack(), func(k *rnn.Cell, suffix string) []*nn.Param {
		H := k.Hidden
		k.Gates = 4 * H
		k.Wih = matrix("weight_ih"+suffix, 4*H, k.In)
		k.Whh = matrix("weight_hh"+suffix, 4*H, H)
		k.Bih = nn.NewParam("bias"+suffix, 4*H)
		params := []*nn.Param{k.Wih, k.Whh, k.Bih}
		k.Kernel = plain{}
		if c.Peephole {
			p := nn.NewParam("weight_peephole"+suffix, 3, H)
			k.Kernel = peephole{p}
			params = append(params, p)
		}
		return params
	})
	return m, nil
}

// plain is the arithmetic of a cell without peepholes: gates i, f, g, o.
type plain struct{}

func (plain) Forward(n, H int, pre []float32, ldPre int, cPrev, c, h []float32, ldH int) {
	vec.CellForward(n, H, pre, ldPre, cPrev, c, h, ldH, nil)
}

func (plain) Backward(n, H int, gates []float32, ldGates int, cPrev, c, dH, dC []float32) {
	vec.CellBackward(n, H, gates, ldGates, cPrev, c, dH, H, dC, nil)
}

func (plain) OneState() bool { return false }

// peephole is that of one with them: [3][H] p_i, p_f, p_o.
type peephole struct{ p *nn.Param }

func (k peephole) Forward(n, H int, pre []float32, ldPre int, cPrev, c, h []float32, ldH int) {
	vec.CellForward(n, H, pre, ldPre, cPrev, c, h, ldH, k.p.Data)
}

func (k peephole) Backward(n, H int, gates []float32, ldGates int, cPrev, c, dH, dC []float32) {
	vec.CellBackward(n, H, gates, ldGates, cPrev, c, dH, H, dC, k.p.Data)
}

func (peephole) OneState() bool { return false }

// AddGrad adds dp_i += di c_{t-1}, dp_f += df c_{t-1} and dp_o += do c_t.
func (k peephole) AddGrad(dPre, cPrev, c []float32) {
	H, g := len(c), k.p.Grad
	vec.MulAdd(g[2*H:], dPre[3*H:], c)
	if cPrev != nil {
		vec.MulAdd(g[:H], dPre[:H], cPrev)
		vec.MulAdd(g[H:2*H], dPre[H:2*H], cPrev)
	}
}

// Frozen returns an LSTM that shares m's weights and drops nothing, and whose
// Backward gives the gradient of the input and of the initial state alone: for
// asking what a trained network makes of its input. It writes to no parameter,
// so that any number of goroutines may run its training Forward and Backward
// with workspaces of their own, as long as nobody writes to the weights. It
// takes memory for a packed copy of them, and for one in float32 of matrices in
// eight bits. Int8 is not set.
func (m *LSTM) Frozen() *LSTM {
	f, err := New(Config{}.Like(m.cfg))
	if err != nil {
		panic(err) // m's own config
	}
	f.Freeze(m.Params())
	return f
}

// Freeze makes m share the values of the parameters of another LSTM of its
// shape, and its Backward that of Frozen.
func (m *LSTM) Freeze(weights []*nn.Param) { m.stack.Freeze(weights) }

// Config returns the configuration m was made with.
func (m *LSTM) Config() Config { return m.cfg }

// Params returns the weights in a fixed order: layer by layer, forward before
// reverse, and in each weight_ih [4H][in], weight_hh [4H][H], bias [4H] and,
// with peepholes, weight_peephole [3][H].
func (m *LSTM) Params() []*nn.Param { return m.stack.Params() }

// OutputSize is that of the config.
func (m *LSTM) OutputSize() int { return m.cfg.OutputSize() }

// NewInputCache returns an empty cache of so many rows for the weights that m
// has now. It takes D*4*H*4 bytes for each.
func (m *LSTM) NewInputCache(rows int) *InputCache { return m.stack.NewInputCache(rows) }

// Init is InitForget with a forget bias of 1, as is usual (Jozefowicz et al. 2015).
func (m *LSTM) Init(r *rand.Rand) { m.InitForget(r, 1) }

// InitForget draws the weights: Glorot-uniform input weights (Glorot & Bengio
// 2010, eq. 16, per gate), orthogonal recurrent weights per gate (Saxe et al.
// 2014), zero peepholes and biases, but forgetBias for the forget gate.
func (m *LSTM) InitForget(r *rand.Rand, forgetBias float32) {
	m.stack.Init(r, func(c *rnn.Cell) {
		for j := c.Hidden; j < 2*c.Hidden; j++ {
			c.Bih.Data[j] = forgetBias
		}
		if k, ok := c.Kernel.(peephole); ok {
			clear(k.p.Data)
		}
	})
}

// Pass returns a workspace for inference and training without initial states,
// in the storage of old if that is one of a recurrent network; old may be nil.
func (m *LSTM) Pass(old nn.Pass) nn.Pass { return m.stack.Pass(old, m.Int8) }

// Forward runs the batch through all layers. A nil init means zeros. In
// training mode ws keeps what Backward needs, and in.X must stay unchanged
// until then. The only errors are wrong sizes, wrapping ErrShape.
func (m *LSTM) Forward(ws *Workspace, in Batch, init *State, mode Mode) (Output, error) {
	out, err := m.stack.Forward(ws.set(m.Int8), in, (*rnn.State)(init), mode)
	return Output{out.Y, State(out.Final)}, err
}

// Backward adds to the Grad of every parameter the gradient of a loss whose
// derivative with respect to the Output of ws's last training Forward is
// dY [Rows][D*H] and dFinal (either may be nil for zero). It returns the
// gradient with respect to the batch's X and, if there was an initial state, with
// respect to that. Both alias ws. The errors are ErrNoTape and ErrShape.
func (m *LSTM) Backward(ws *Workspace, dY []float32, dFinal *State) (dX []float32, dInit State, err error) {
	dX, d, err := m.stack.Backward(ws.set(m.Int8), dY, (*rnn.State)(dFinal))
	return dX, State(d), err
}

// ForwardSteps is Forward for inputs that depend on outputs, as those of a decoder do.
// Each step goes through all layers before the next. Then after is called: rows
// first…first+n-1 of y [Rows][H], those of step t, are new, and it may write the rows of
// in.X of the next step. It is called from up to Workers goroutines at a time, each for
// sequences of its own. All layers must read forward, and in.X is not dropped from.
func (m *LSTM) ForwardSteps(ws *Workspace, in Batch, init *State, mode Mode, after func(t, first, n int, y []float32)) (Output, error) {
	out, err := m.stack.ForwardSteps(ws.set(false), in, (*rnn.State)(init), mode, after)
	return Output{out.Y, State(out.Final)}, err
}

// BackwardSteps is Backward after ForwardSteps. Before it goes back through step t it
// calls before as ForwardSteps calls after: dX [Rows][I] of the step that follows is
// there, and what it says of rows first…first+n-1 may be added to dY [Rows][H].
func (m *LSTM) BackwardSteps(ws *Workspace, dY []float32, before func(t, first, n int, dX []float32)) (dX []float32, dInit State, err error) {
	dX, d, err := m.stack.BackwardSteps(ws.set(false), dY, before)
	return dX, State(d), err
}

// NewState returns the zero state for B sequences.
func (m *LSTM) NewState(B int) *State { return (*State)(m.stack.NewState(B)) }

// Step advances s, the state of B sequences, by one input x [B][I] and returns
// the last layer's output [B][H], which aliases s. It is an inference, equal to
// the next step of a Forward, and needs Direction Forward: the others must see
// the end of a sequence first (ErrConfig). Wrong sizes give ErrShape.
func (m *LSTM) Step(ws *Workspace, s *State, x []float32) (y []float32, err error) {
	if err := m.checkStep(); err != nil {
		return nil, err
	}
	return m.stack.Step(ws.set(m.Int8), (*rnn.State)(s), x)
}

// StepProducts is Step for a caller who has the first layer's products: rows x·W_ihᵀ + b
// of products [B][4H], which it overwrites. So what the products of recurring inputs have
// in common is computed once. Int8 does not matter.
func (m *LSTM) StepProducts(ws *Workspace, s *State, products []float32) (y []float32, err error) {
	if err := m.checkStep(); err != nil {
		return nil, err
	}
	return m.stack.StepProducts(ws.set(false), (*rnn.State)(s), products)
}

// checkStep reports a layer that does not read forward.
func (m *LSTM) checkStep() error {
	for _, l := range m.cfg.Shape().AllLayers() {
		if l.Direction != Forward {
			return fmt.Errorf("%w: Step through a %s LSTM, want forward", ErrConfig, l.Direction)
		}
	}
	return nil
}

// A State is the hidden and cell state of every layer and direction, for the
// sequences in their original order, layer by layer and forward before reverse:
// slice l*D+d is layer l, direction d, where all layers have D directions.
type State struct {
	H, C []float32 // of each layer and direction [B][H]
}

// An Output aliases the Workspace that made it and is valid until its next use.
type Output struct {
	Y     []float32 // [Rows][D*H], the last layer
	Final State     // the state after the last step; the initial state for length 0
}

// A Workspace holds the activations of one Forward for one Backward. The zero
// value is ready; it grows to the largest batch seen and then allocates
// nothing. It is for one goroutine at a time.
type Workspace struct {
	// Workers is the number of goroutines that share one Forward or Backward;
	// 0 means 1. It changes no result, not by a bit.
	Workers int

	// Norms makes Backward keep what StepNorms returns. It changes no result.
	Norms bool

	// InputOnly makes Backward find the gradient of the input and of the initial
	// state alone, in about two thirds of the time, and leave that of the
	// parameters as it is.
	InputOnly bool

	own rnn.Workspace
}

// set hands the options on.
func (ws *Workspace) set(int8s bool) *rnn.Workspace {
	ws.own.Workers, ws.own.Norms, ws.own.InputOnly, ws.own.Int8 = ws.Workers, ws.Norms, ws.InputOnly, int8s
	return &ws.own
}

// StepNorms returns, for one layer and direction (0 is the first) and each row
// of the layout, the Euclidean norm of dL/dh: the gradient of the loss with
// respect to that step's hidden state, by way of the output and of all later
// steps. It is what the last Backward found if Norms was set; it aliases ws.
func (ws *Workspace) StepNorms(layer, direction int) []float64 {
	return ws.own.StepNorms(layer, direction)
}
