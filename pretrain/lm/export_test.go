package lm

import (
	"fmt"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A Mirror is a device that is this processor, with weights of its own as a GPU has them.
type Mirror struct{}

func (Mirror) Name() string { return "mirror" }

func (Mirror) OpenLanguage(params []*nn.Param, c Config, tokens int) (Engine, error) {
	if tokens < 1 {
		return nil, fmt.Errorf("batches of %d tokens", tokens)
	}
	known := make([]string, params[0].Shape[0]-2)
	for i := range known {
		known[i] = fmt.Sprintf("w%d", i)
	}
	v, err := vocab.New(known, make([]int64, len(known)), 0)
	if err != nil {
		return nil, err
	}
	own, err := newNetwork(c, v)
	return &mirror{own: own, config: c, tokens: tokens}, err
}

type mirror struct {
	own    *network
	config Config
	tokens int
	ws     workspace
	there  loop.Weights
	host   loop.Host
}

func (m *mirror) Load(w loop.Weights) (err error) {
	m.there = w
	if err := copyParams(m.own.params, w.Params); err != nil {
		return err
	}
	o, err := nn.NewOptimizer(m.config.Optimizer)
	if err != nil {
		return err
	}
	m.host.Optimizer = o
	if err := o.LoadState(m.own.params, w.Steps, w.Optimizer.State()); err != nil || w.EMA == nil {
		return err
	}
	if m.host.EMA, err = nn.NewEMA(m.own.params, m.config.EMA); err != nil {
		return err
	}
	return m.host.EMA.LoadState(w.EMA.Updates(), w.EMA.State())
}

func (m *mirror) Learn(b *Batch) (float64, error) {
	if n := b.Layout.Rows(); n > m.tokens {
		return 0, fmt.Errorf("a batch of %d tokens, want %d at most", n, m.tokens)
	}
	nn.ZeroGrad(m.own.params)
	m.ws.batch = *b
	return m.own.learn(&m.ws)
}

func (m *mirror) Step(params []*nn.Param, limit float64, rate float32) (float64, error) {
	if len(params) != len(m.own.params) {
		return 0, fmt.Errorf("%d parameters to move, want %d", len(params), len(m.own.params))
	}
	return m.host.Step(m.own.params, limit, rate)
}

func (m *mirror) Sync() error {
	if err := copyParams(m.there.Params, m.own.params); err != nil {
		return err
	}
	o := m.host.Optimizer.(*nn.Optimizer)
	if err := m.there.Optimizer.LoadState(m.there.Params, o.Steps(), o.State()); err != nil || m.there.EMA == nil {
		return err
	}
	return m.there.EMA.LoadState(m.host.EMA.Updates(), m.host.EMA.State())
}

func (m *mirror) Close() error { return nil }

func copyParams(to, from []*nn.Param) error {
	for i, p := range to {
		if p.Name != from[i].Name || copy(p.Data, from[i].Data) != len(p.Data) {
			return fmt.Errorf("%s in the place of %s", from[i].Name, p.Name)
		}
		p.Changed()
	}
	return nil
}
