package forecast

import (
	"math/rand/v2"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A network is the LSTM and the dense layer on its last state and on the covariates
// that are known ahead. Any number of goroutines may run it, each with a pass of its
// own, while nobody trains it.
type network struct {
	cfg     Config
	encoder *lstm.LSTM
	dense   *nn.Dense
}

func newNetwork(c Config) (*network, error) {
	encoder, err := lstm.New(c.LSTM)
	if err != nil {
		return nil, err
	}
	in := encoder.OutputSize() + c.steps()*c.known()
	return &network{cfg: c, encoder: encoder, dense: nn.NewDense("dense", in, c.steps()*c.answers())}, nil
}

func (n *network) init(r *rand.Rand) {
	n.encoder.Init(r)
	clear(n.dense.Weight.Data) // so that training begins with the base
	clear(n.dense.Bias.Data)
	for _, p := range n.dense.Params() {
		p.Changed()
	}
}

func (n *network) params() []*nn.Param { return append(n.encoder.Params(), n.dense.Params()...) }

// A pass is one batch of windows going through the network.
type pass struct {
	*network
	ws     lstm.Workspace
	layout nn.Layout
	x      []float32 // [Window][B][inputs]
	states []float32 // [B][In of dense]
	y      []float32 // [B][steps][answers]
	outs   int       // width of a state
	dy     []float32 // like y
	ds, dY []float32 // like states and the encoder's output
}

func grow(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}

// forward answers the windows of a batch: [B][steps][answers], which aliases p.
func (p *pass) forward(batch []window, mode nn.Mode) ([]float32, error) {
	B, T, I := len(batch), p.cfg.Window, p.cfg.LSTM.InputSize
	if p.layout.B() != B || p.layout.T() != T {
		lengths := make([]int, B)
		for i := range lengths {
			lengths[i] = T
		}
		p.layout.Reset(lengths)
	}
	p.x = grow(p.x, T*B*I)
	for b, w := range batch {
		for t := range T {
			at := p.layout.Row(t, b) * I
			w.fill(p.x[at:at+I], t)
		}
	}
	out, err := p.encoder.Forward(&p.ws, lstm.Batch{Layout: &p.layout, X: p.x}, nil, mode)
	if err != nil {
		return nil, err
	}
	p.outs = p.encoder.OutputSize()
	in := p.dense.In()
	p.states = grow(p.states, B*in)
	for b, w := range batch {
		row := p.states[b*in : (b+1)*in]
		at := p.layout.Row(T-1, b) * p.outs
		copy(row, out.Y[at:at+p.outs])
		w.fillAhead(row[p.outs:])
	}
	p.y = grow(p.y, B*p.dense.Out())
	p.dense.Forward(p.y, p.states, B)
	return p.y, nil
}

// backward adds the gradients of a loss whose derivative by the answers is p.dy.
func (p *pass) backward(B int) error {
	in, T := p.dense.In(), p.cfg.Window
	p.ds = grow(p.ds, B*in)
	p.dense.Backward(p.ds, p.dy, p.states, B)
	p.dY = grow(p.dY, T*B*p.outs)
	clear(p.dY)
	for b := range B {
		at := p.layout.Row(T-1, b) * p.outs
		copy(p.dY[at:at+p.outs], p.ds[b*in:])
	}
	_, _, err := p.encoder.Backward(&p.ws, p.dY, nil)
	return err
}

// loss returns the mean loss of a batch, and its derivative in p.dy.
func (p *pass) loss(batch []window) float64 {
	c := p.cfg
	H, K := c.steps(), c.answers()
	p.dy = grow(p.dy, len(p.y))
	norm := 1 / float64(len(batch)*H*K)
	sum := 0.0
	for b, w := range batch {
		for h := range H {
			target := w.target(h + 1)
			for k := range K {
				i := (b*H+h)*K + k
				l, d := c.lossOf(float64(p.y[i])-target, k)
				sum += l * norm
				p.dy[i] = float32(d * norm)
			}
		}
	}
	return sum
}

// lossOf is the loss of an answer k that is too large by e, and its derivative.
func (c Config) lossOf(e float64, k int) (loss, derivative float64) {
	switch {
	case c.Loss == Squared:
		return e * e, 2 * e
	case c.Loss == Pinball && e > 0:
		return (1 - c.Levels[k]) * e, 1 - c.Levels[k]
	case c.Loss == Pinball:
		return -c.Levels[k] * e, -c.Levels[k]
	case e > 0:
		return e, 1
	}
	return -e, -1
}
