package train

import (
	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// A Device trains networks somewhere else than on this processor, such as on a GPU.
// Packages of module device have some. Losses, schedules, evaluations and checkpoints
// are the same whatever the device.
type Device interface {
	// Name tells the device from others. It is part of what decides a model, since
	// another device gives other last bits.
	Name() string

	// Check reports what the device cannot train of a resolved config, by the name of
	// the setting, as far as that is known before there are texts.
	Check(c Config) error

	// Open returns an engine for a network of the config, for batches of so many tokens at
	// most. What does not fit into the device's memory is refused with figures.
	Open(net *classify.Network, c Config, tokens int) (Engine, error)
}

// An Engine takes the steps of one training of a network. A step is one Forward, one
// Backward and one Step; with adversarial losses there are several Forwards and Backwards before
// the Step, which moves the weights by the sum of their gradients. An engine belongs to one goroutine.
// Package enginetest says by tests what is expected of one.
type Engine interface {
	loop.Engine
	Words

	// Forward returns the scores of texts by head, [B][C], as Network.Forward does in
	// this mode, which is one of training. They are valid until the next Forward.
	Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error)

	// Backward finds the gradients of the weights, given the derivative of the loss by
	// the scores of the last Forward, nil for a head that has no part in it. It stops
	// where Network.HeadsOnly says.
	Backward(dLogits [][]float32) error

	// Close frees what the engine holds.
	Close() error
}

// Words are the word vectors x [Rows][D] that a network has read in the last Forward, one row for each
// place, as adversarial losses want them. What the methods return is valid until the next Forward or Backward
// of any kind. Where a config has no such losses, Adversarial.On says false, they are not called.
type Words interface {
	// Vectors returns x, the dropout of words applied.
	Vectors() ([]float32, error)

	// EachToken calls f for each row with the text that it belongs to, text by text.
	EachToken(f func(row, text int))

	// ForwardVectors is the last Forward over again, with the same dropout masks, at other vectors.
	ForwardVectors(x []float32) ([][]float32, error)

	// BackwardWords is Backward, and returns the derivative by the vectors that were read.
	BackwardWords(dLogits [][]float32) ([]float32, error)

	// WordGradient is BackwardWords, but leaves the gradients of the weights as they are.
	WordGradient(dLogits [][]float32) ([]float32, error)
}

// host trains a network on this processor. Its loop moves the weights.
type host struct {
	loop.Engine // nil
	net         *classify.Network
	ws          *classify.Workspace
}

func (h host) Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error) {
	return h.net.Forward(h.ws, texts, mode)
}

func (h host) Backward(dLogits [][]float32) error { return h.net.Backward(h.ws, dLogits) }

func (h host) Vectors() ([]float32, error) { return h.ws.Vectors(), nil }

func (h host) EachToken(f func(row, text int)) { h.ws.EachToken(f) }

func (h host) ForwardVectors(x []float32) ([][]float32, error) { return h.net.ForwardVectors(h.ws, x) }

func (h host) BackwardWords(dLogits [][]float32) ([]float32, error) {
	return h.net.BackwardWords(h.ws, dLogits)
}

func (h host) WordGradient(dLogits [][]float32) ([]float32, error) {
	return h.net.WordGradient(h.ws, dLogits)
}

func (h host) Close() error { return nil }

// validate reports what is wrong with the config, or too much for the device.
func (f *fit) validate() error {
	if err := f.cfg.Validate(); err != nil || f.t.Device == nil || f.cfg.Model.NoDeep {
		return err
	}
	return configError(f.t.Device.Check(f.cfg))
}

// open makes the engine of the member in training.
func (f *fit) open() error {
	if f.t.Device == nil {
		for _, p := range f.net.Params() {
			p.NeedGrad()
		}
		f.engine = host{net: f.net, ws: &f.ws}
		return nil
	}
	e, err := f.t.Device.Open(f.net, f.cfg, f.longest)
	if err != nil {
		return err
	}
	f.engine, f.loop.Engine = e, e
	return nil
}

// close frees what the engine holds.
func (f *fit) close() error {
	e := f.engine
	if f.engine = nil; e == nil {
		return nil
	}
	return e.Close()
}
