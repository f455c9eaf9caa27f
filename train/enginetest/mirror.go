package enginetest

import (
	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
)

// A Mirror is a device that is this processor, with weights of its own as a GPU has them. What it
// makes is what this processor makes without it, to the last bit.
type Mirror struct{}

// Name is train.Device's.
func (Mirror) Name() string { return "mirror" }

// Check is train.Device's.
func (Mirror) Check(train.Config) error { return nil }

// Open is train.Device's.
func (Mirror) Open(net *classify.Network, c train.Config, tokens int) (train.Engine, error) {
	own, err := net.Like()
	if err != nil {
		return nil, err
	}
	m := &mirror{net: net, reader: newReader(own, c), config: c, params: map[string]*nn.Param{}, fresh: true}
	for i, p := range own.Params() {
		p.LRScale = net.Params()[i].LRScale
		p.NeedGrad()
		m.params[p.Name] = p
	}
	return m, nil
}

// A reader is a network on this processor that reads texts as a training of a config does.
type reader struct {
	own *classify.Network
	ws  *classify.Workspace
}

func newReader(net *classify.Network, c train.Config) reader {
	return reader{net, &classify.Workspace{Share: !c.Adversarial.On()}}
}

// These are train.Words.
func (r reader) Vectors() ([]float32, error)     { return r.ws.Vectors(), nil }
func (r reader) EachToken(f func(row, text int)) { r.ws.EachToken(f) }
func (r reader) ForwardVectors(x []float32) ([][]float32, error) {
	return r.own.ForwardVectors(r.ws, x)
}
func (r reader) BackwardWords(dLogits [][]float32) ([]float32, error) {
	return r.own.BackwardWords(r.ws, dLogits)
}
func (r reader) WordGradient(dLogits [][]float32) ([]float32, error) {
	return r.own.WordGradient(r.ws, dLogits)
}

// A mirror is the engine.
type mirror struct {
	reader
	net       *classify.Network
	config    train.Config
	fresh     bool                 // the next Forward begins a step
	params    map[string]*nn.Param // of own
	there     loop.Weights
	optimizer *nn.Optimizer
	ema       *nn.EMA
}

// Load is loop.Engine's.
func (m *mirror) Load(w loop.Weights) (err error) {
	m.there, m.fresh = w, true
	for _, p := range w.Params {
		copy(m.params[p.Name].Data, p.Data)
		m.params[p.Name].Changed()
	}
	if m.optimizer, err = nn.NewOptimizer(m.config.Optimizer); err != nil {
		return err
	}
	if err := m.optimizer.LoadState(m.own.Params(), w.Steps, w.Optimizer.State()); err != nil || w.EMA == nil {
		return err
	}
	if m.ema, err = nn.NewEMA(m.own.Params(), m.config.EMA); err != nil {
		return err
	}
	return m.ema.LoadState(w.EMA.Updates(), w.EMA.State())
}

// Forward is train.Engine's.
func (m *mirror) Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error) {
	if m.fresh {
		nn.ZeroGrad(m.own.Params())
		m.fresh = false
	}
	return m.own.Forward(m.ws, texts, mode)
}

// Backward is train.Engine's.
func (m *mirror) Backward(dLogits [][]float32) error {
	m.own.HeadsOnly = m.net.HeadsOnly
	return m.own.Backward(m.ws, dLogits)
}

// Step is loop.Engine's.
func (m *mirror) Step(params []*nn.Param, limit float64, rate float32) (norm float64, err error) {
	m.fresh = true
	own := make([]*nn.Param, len(params))
	for i, p := range params {
		own[i] = m.params[p.Name]
	}
	host := loop.Host{Weights: loop.Weights{Optimizer: m.optimizer, EMA: m.ema}}
	return host.Step(own, limit, rate)
}

// Sync is loop.Engine's.
func (m *mirror) Sync() error {
	for _, p := range m.there.Params {
		copy(p.Data, m.params[p.Name].Data)
		p.Changed()
	}
	if err := m.there.Optimizer.LoadState(m.there.Params, m.optimizer.Steps(), m.optimizer.State()); err != nil || m.ema == nil {
		return err
	}
	return m.there.EMA.LoadState(m.ema.Updates(), m.ema.State())
}

// Close is train.Engine's.
func (m *mirror) Close() error { return nil }
