package lstm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/textlstm/textlstm/nn"
)

// An LSTM is a stack of LSTM layers. Any number of goroutines may call Forward
// and Step at once with workspaces of their own, as long as nobody writes to
// the parameters meanwhile. A training Forward with its Backward is such a
// write: Backward adds to the gradients.
type LSTM struct {
	cfg    Config
	cells  [][]*cell // [L][D]
	params []*nn.Param

	// Int8 makes inference multiply with weights of eight bits, one scale for
	// each gate of each unit, and with activations quantised row by row; the
	// cell state stays float32. Training ignores it. Set it before the first
	// Forward.
	Int8 bool

	frozen bool // Backward leaves the parameters alone; see Frozen

	pack   sync.Mutex
	packed atomic.Pointer[packedWeights]
}

// A cell is one layer in one direction.
type cell struct {
	in, hidden int
	reverse    bool
	wih        *nn.Param // [4H][in], gates i, f, g, o
	whh        *nn.Param // [4H][H]
	bias       *nn.Param // [4H]
	peep       *nn.Param // [3H] p_i, p_f, p_o; nil without peepholes
}

func (c *cell) peephole() []float32 {
	if c.peep == nil {
		return nil
	}
	return c.peep.Data
}

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
	in := c.InputSize
	for l := range c.NumLayers() {
		var layer []*cell
		for d := range c.NumDirections() {
			suffix := fmt.Sprintf("_l%d", l)
			reverse := c.Direction == Reverse || d == 1
			if reverse {
				suffix += "_reverse"
			}
			H := c.HiddenSize
			k := &cell{
				in: in, hidden: H, reverse: reverse,
				wih:  matrix("weight_ih"+suffix, 4*H, in),
				whh:  matrix("weight_hh"+suffix, 4*H, H),
				bias: nn.NewParam("bias"+suffix, 4*H),
			}
			k.wih.Decay, k.whh.Decay = true, true
			k.wih.Quantize, k.whh.Quantize = true, true
			m.params = append(m.params, k.wih, k.whh, k.bias)
			if c.Peephole {
				k.peep = nn.NewParam("weight_peephole"+suffix, 3, H)
				m.params = append(m.params, k.peep)
			}
			layer = append(layer, k)
		}
		m.cells = append(m.cells, layer)
		in = c.OutputSize()
	}
	for _, p := range m.params {
		p.Group = nn.Encoder
	}
	return m, nil
}

// Frozen returns an LSTM that shares m's weights and drops nothing, and whose
// Backward gives the gradient of the input and of the initial state alone: for
// asking what a trained network makes of its input. It writes to no parameter,
// so that any number of goroutines may run its training Forward and Backward
// with workspaces of their own, as long as nobody writes to the weights. It
// takes memory for a packed copy of them, and for one in float32 of matrices in
// eight bits. Int8 is not set.
func (m *LSTM) Frozen() *LSTM {
	cfg := m.cfg
	cfg.InputDropout, cfg.Dropout, cfg.WeightDrop = 0, 0, 0
	f, err := New(cfg)
	if err != nil {
		panic(err) // m's own config
	}
	f.frozen = true
	for i, p := range f.params {
		p.Data = m.params[i].Values()
	}
	return f
}

// Config returns the configuration m was made with.
func (m *LSTM) Config() Config { return m.cfg }

// Params returns the weights in a fixed order: layer by layer, forward before
// reverse, and in each weight_ih [4H][in], weight_hh [4H][H], bias [4H] and,
// with peepholes, weight_peephole [3][H].
func (m *LSTM) Params() []*nn.Param { return m.params }

// Init draws the weights: Glorot-uniform input weights (Glorot & Bengio 2010,
// eq. 16, per gate), orthogonal recurrent weights per gate (Saxe et al. 2014),
// zero peepholes and biases, but forgetBias for the forget gate (1 is usual;
// Jozefowicz et al. 2015).
func (m *LSTM) Init(r *rand.Rand, forgetBias float32) {
	for _, layer := range m.cells {
		for _, c := range layer {
			H := c.hidden
			a := math.Sqrt(6 / float64(c.in+H))
			for i := range c.wih.Data {
				c.wih.Data[i] = float32((2*r.Float64() - 1) * a)
			}
			for g := range 4 {
				orthogonal(c.whh.Data[g*H*H:(g+1)*H*H], H, r)
			}
			clear(c.bias.Data)
			for j := H; j < 2*H; j++ {
				c.bias.Data[j] = forgetBias
			}
			if c.peep != nil {
				clear(c.peep.Data)
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
