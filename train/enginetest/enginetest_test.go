package enginetest

import (
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
)

// host is this processor as a device: the tests must pass it.
type host struct{}

func (host) Name() string               { return "host" }
func (host) Check(c train.Config) error { return nil }

func (host) Open(net *classify.Network, c train.Config, tokens int) (train.Engine, error) {
	e := &hostEngine{net: net, ws: classify.Workspace{Share: true}}
	for _, p := range net.Params() {
		p.NeedGrad()
	}
	return e, nil
}

type hostEngine struct {
	loop.Weights
	net *classify.Network
	ws  classify.Workspace
}

func (e *hostEngine) Load(w loop.Weights) error { e.Weights = w; return nil }
func (e *hostEngine) Sync() error               { return nil }
func (e *hostEngine) Close() error              { return nil }

func (e *hostEngine) Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error) {
	nn.ZeroGrad(e.Params)
	return e.net.Forward(&e.ws, texts, mode)
}

func (e *hostEngine) Backward(dLogits [][]float32) error { return e.net.Backward(&e.ws, dLogits) }

func (e *hostEngine) Step(params []*nn.Param, limit float64, rate float32) (float64, error) {
	norm := nn.ClipNorm(params, limit)
	if e.EMA != nil {
		e.EMA.Update()
	}
	if err := e.Optimizer.Step(params, rate); err != nil {
		return norm, err
	}
	for _, p := range params {
		for _, v := range p.Data {
			if v-v != 0 {
				return norm, &loop.DivergedError{Name: p.Name, Value: float64(v)}
			}
		}
	}
	return norm, nil
}

func TestHost(t *testing.T) { Run(t, host{}) }
