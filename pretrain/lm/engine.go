package lm

import (
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A Device trains language models somewhere else than on this processor, such as on a
// GPU. Package device of the module of that name has some. Samples, schedules, checkpoints
// and perplexity are the same whatever the device.
type Device interface {
	// Name tells the device from others. It is part of what decides a model, since
	// another device gives other last bits.
	Name() string

	// OpenLanguage returns an engine for the weights of a language model of a resolved
	// config, and batches of so many words at most. What does not fit into the device's
	// memory is refused with figures. The weights are "embedding.weight" [V][D], those of
	// the LSTM with "encoder." before their names, output.NAME.weight [D][H] and
	// output.NAME.bias [D] for each of Batch.Predictions, and "output.bias" [V][1].
	OpenLanguage(params []*nn.Param, c Config, tokens int) (Engine, error)
}

// An Engine takes the steps of one training of a language model. A step is one Learn and
// one Step. It belongs to one goroutine. Package lmtest says by tests what is expected of
// one.
type Engine interface {
	loop.Engine

	// Learn finds the gradients of the mean loss of a batch's predictions, and returns
	// that loss; without any prediction all are zero.
	Learn(b *Batch) (loss float64, err error)

	// Close frees what the engine holds.
	Close() error
}

// A Batch is what a step learns from: pieces of texts in packed rows, each from a zero
// state, and what their states are to predict.
type Batch struct {
	Layout      *nn.Layout
	IDs         []vocab.ID    // [Rows] the words
	Mode        nn.Mode       // of the encoder's Forward
	Predictions []Predictions // by direction of the encoder
	Sample      Sample
}

// Predictions are the words that the states of one direction are to name: n of them.
type Predictions struct {
	Name     string     // "next" or "previous"
	Rows     []int32    // [n] of whose states; each once
	Targets  []vocab.ID // [n]
	Expected []float32  // [n] as in Sample, of the targets
	Hits     []int32    // [n] the place of the target in the sample, where it is no wrong answer; -1 for none
	Dropout  nn.Dropout // of the states [n][H]
}

// A Sample is distinct words that the true ones are compared with.
type Sample struct {
	Words []vocab.ID

	// Expected is the logarithm of the number of times that each was to be expected in
	// the sample, which its score is lowered by.
	Expected []float32
}

// against makes b the batch of a step.
func (b *Batch) against(s *sample, mode nn.Mode, dropout func(direction int) nn.Dropout) {
	b.Sample, b.Mode = s.Sample, mode
	for d := range b.Predictions {
		p := &b.Predictions[d]
		p.Dropout = dropout(d)
		p.Expected, p.Hits = p.Expected[:0], p.Hits[:0]
		for _, id := range p.Targets {
			hit, ok := s.at[id]
			if !ok {
				hit = -1
			}
			p.Expected, p.Hits = append(p.Expected, s.logCount(id)), append(p.Hits, hit)
		}
	}
}

// count is the number of predictions.
func (b *Batch) count() (n int) {
	for _, p := range b.Predictions {
		n += len(p.Rows)
	}
	return n
}

// host trains a network on this processor. Its loop moves the weights.
type host struct {
	loop.Engine // nil
	net         *network
	ws          *workspace
}

func (h host) Learn(*Batch) (float64, error) { return h.net.learn(h.ws) }

func (h host) Close() error { return nil }

// open makes the engine of the training.
func (f *fit) open() (err error) {
	f.engine = host{net: f.net, ws: &f.ws}
	if f.t.Device == nil {
		return nil
	}
	f.engine, err = f.t.Device.OpenLanguage(f.net.params, f.cfg, f.longest())
	f.loop.Engine = f.engine
	return err
}

// longest is the number of words in the largest batch of all epochs.
func (f *fit) longest() (tokens int) {
	for epoch := range f.cfg.Epochs {
		for _, pieces := range f.deal(epoch) {
			_, n := step{f, pieces}.Size()
			tokens = max(tokens, n)
		}
	}
	return tokens
}
