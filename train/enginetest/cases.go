package enginetest

import (
	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// A test is a network, and how it is trained.
type test struct {
	name   string
	change func(*train.Config)

	headsOnly bool
	empty     bool // all texts are
	silent    bool // the last head has no part in the loss
}

// base is a config of a small network.
func base() train.Config {
	return train.Config{Model: classify.Config{
		Embed: 11,
		LSTM:  lstm.Config{HiddenSize: 9, Direction: lstm.Bidirectional},
		Heads: []classify.Head{{Name: "topic", Labels: []string{"a", "b", "c"}}, {Name: "mood", Labels: []string{"bad", "good"}}},
	}}
}

// tests has one for every option that a network or a step knows.
var tests = []test{
	{name: "bidirectional", change: func(c *train.Config) {}},
	{name: "forward", change: func(c *train.Config) { c.Model.LSTM.Direction = lstm.Forward }},
	{name: "reverse", change: func(c *train.Config) { c.Model.LSTM.Direction = lstm.Reverse }},
	{name: "two layers", change: func(c *train.Config) { c.Model.LSTM.Layers = 2 }},
	{name: "three layers forward", change: func(c *train.Config) { c.Model.LSTM.Layers, c.Model.LSTM.Direction = 3, lstm.Forward }},
	{name: "stack", change: func(c *train.Config) {
		c.Model.LSTM = lstm.Config{Stack: []nn.Layer{{Units: 7, Direction: nn.Bidirectional}, {Units: 5, Direction: nn.Reverse}, {Units: 8}}}
	}},
	{name: "merged stack", change: merged},
	{name: "merged stack with dropouts", change: func(c *train.Config) {
		merged(c)
		c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.WeightDrop, c.Model.Pool = 0.3, true, 0.2, nn.Poolings()
	}},
	{name: "gru", change: gru},
	{name: "gru forward", change: func(c *train.Config) { gru(c); c.Model.LSTM.Direction = lstm.Forward }},
	{name: "gru of 33 units", change: func(c *train.Config) { gru(c); units(33)(c) }},
	{name: "gru of 96 units", change: func(c *train.Config) { gru(c); units(96)(c) }},
	{name: "gru of 128 units", change: func(c *train.Config) { gru(c); units(128)(c) }},
	{name: "gru of 129 units", change: func(c *train.Config) { gru(c); units(129)(c) }},
	{name: "gru with dropouts", change: func(c *train.Config) {
		gru(c)
		c.Model.LSTM.Layers, c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.WeightDrop = 2, 0.2, 0.3, 0.2
	}},
	{name: "gru with locked and tied dropouts", change: func(c *train.Config) {
		gru(c)
		c.Model.LSTM.Layers, c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.Tied = 2, 0.2, 0.3, true, true
	}},
	{name: "gru of a merged stack", change: func(c *train.Config) { gru(c); merged(c) }},
	{name: "subword", change: subword},
	{name: "subword with dropouts", change: func(c *train.Config) {
		subword(c)
		c.Model.WordDropout, c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 0.3, 0.2, true
	}},
	{name: "subword with averages", change: func(c *train.Config) { subword(c); c.EMA.Decay = 0.9 }},
	{name: "subword of chunks", change: func(c *train.Config) { subword(c); c.Model.Chunk, c.Model.WordDropout = 4, 0.3 }},
	{name: "subword of heads alone", change: func(c *train.Config) { subword(c); c.EMA.Decay = 0.9 }, headsOnly: true},
	{name: "subword of texts without words", change: subword, empty: true},
	{name: "peepholes", change: func(c *train.Config) { c.Model.LSTM.Peephole, c.Model.LSTM.Layers = true, 2 }},
	{name: "1 unit", change: units(1)},
	{name: "32 units", change: units(32)},
	{name: "33 units", change: units(33)},
	{name: "96 units", change: units(96)},
	{name: "97 units", change: units(97)},
	{name: "128 units", change: units(128)},
	{name: "129 units", change: units(129)},
	{name: "129 units with peepholes", change: func(c *train.Config) { units(129)(c); c.Model.LSTM.Peephole = true }},
	{name: "input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout = 0.3 }},
	{name: "locked input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 0.3, true }},
	{name: "tied input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout, c.Model.LSTM.Tied = 0.3, true }},
	{name: "dropout between layers", change: func(c *train.Config) { c.Model.LSTM.Layers, c.Model.LSTM.Dropout = 2, 0.4 }},
	{name: "locked dropout between layers", change: func(c *train.Config) {
		c.Model.LSTM.Layers, c.Model.LSTM.Dropout, c.Model.LSTM.Locked = 2, 0.4, true
		c.Model.LSTM.InputDropout, c.Model.LSTM.Tied = 0.2, true
	}},
	{name: "dropout of recurrent weights", change: func(c *train.Config) { c.Model.LSTM.WeightDrop, c.Model.LSTM.Layers = 0.3, 2 }},
	{name: "dropout of recurrent weights of 130 units", change: func(c *train.Config) { units(130)(c); c.Model.LSTM.WeightDrop = 0.3 }},
	{name: "word dropout", change: func(c *train.Config) { c.Model.WordDropout = 0.3 }},
	{name: "dropout", change: func(c *train.Config) { c.Model.Dropout = 0.3 }},
	{name: "all dropouts", change: func(c *train.Config) {
		c.Model.LSTM.Layers, c.Model.WordDropout, c.Model.Dropout = 2, 0.1, 0.2
		c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.WeightDrop = 0.2, 0.3, 0.1
	}},
	{name: "last", change: pools(nn.Last)},
	{name: "last of forward", change: func(c *train.Config) { pools(nn.Last)(c); c.Model.LSTM.Direction = lstm.Forward }},
	{name: "last of reverse", change: func(c *train.Config) { pools(nn.Last)(c); c.Model.LSTM.Direction = lstm.Reverse }},
	{name: "mean", change: pools(nn.Mean)},
	{name: "max", change: pools(nn.Max)},
	{name: "max of padded texts", change: func(c *train.Config) { pools(nn.Max)(c); c.Model.Padded = 8 }},
	{name: "attention", change: pools(nn.Attention)},
	{name: "all poolings of chunks", change: func(c *train.Config) { pools(nn.Poolings()...)(c); c.Model.Chunk = 4 }},
	{name: "locked dropout of chunks", change: func(c *train.Config) { c.Model.Chunk, c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 4, 0.3, true }},
	{name: "hidden layers", change: func(c *train.Config) {
		c.Model.Heads[0].Hidden = 6
		for _, a := range append(nn.Activations(), "") {
			c.Model.Heads[1].Layers = append(c.Model.Heads[1].Layers, classify.HiddenLayer{Units: 5, Activation: a})
		}
	}},
	{name: "a head without a part", change: func(c *train.Config) {}, silent: true},
	{name: "heads alone", change: pools(nn.Max, nn.Attention), headsOnly: true},
	{name: "texts without words", change: pools(nn.Poolings()...), empty: true},
	{name: "adversarial", change: adversarial},
	{name: "adversarial with dropouts", change: func(c *train.Config) {
		adversarial(c)
		c.Model.WordDropout, c.Model.Dropout, c.Model.LSTM.Layers = 0.2, 0.2, 2
		c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.WeightDrop = 0.2, 0.2, true, 0.2
	}},
	{name: "adversarial with a tied dropout and averages", change: func(c *train.Config) {
		adversarial(c)
		c.Model.LSTM.InputDropout, c.Model.LSTM.Tied, c.EMA.Decay = 0.2, true, 0.9
	}},
	{name: "adversarial of a gru with everything", change: func(c *train.Config) {
		adversarial(c)
		gru(c)
		merged(c)
		subword(c)
		c.Model.WordDropout, c.Model.LSTM.WeightDrop, c.Model.Pool, c.EMA.Decay = 0.2, 0.2, nn.Poolings(), 0.9
	}},
	{name: "AdamW", change: func(c *train.Config) { c.Optimizer.WeightDecay = 0.1 }},
	{name: "SGD", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, WeightDecay: 0.1} }},
	{name: "momentum", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9} }},
	{name: "Nesterov", change: func(c *train.Config) {
		c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9, Nesterov: true}
	}},
	{name: "RMSprop", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.RMSprop, Eps: 1e-2} }},
	{name: "RMSprop with momentum", change: func(c *train.Config) {
		c.Optimizer = nn.OptimizerConfig{Kind: nn.RMSprop, Momentum: 0.9, Eps: 1e-2}
	}},
	{name: "averages", change: func(c *train.Config) { c.EMA.Decay = 0.9 }},
	{name: "corrected averages", change: func(c *train.Config) { c.EMA = nn.EMAConfig{Decay: 0.9, BiasCorrect: true} }},
	{name: "averages of heads alone", change: func(c *train.Config) { c.EMA.Decay = 0.9 }, headsOnly: true},
}

func units(n int) func(*train.Config) {
	return func(c *train.Config) { c.Model.LSTM.HiddenSize = n }
}

func adversarial(c *train.Config) { c.Adversarial.Weight = 1 }

func gru(c *train.Config) { c.Model.Encoder = "gru" }

func subword(c *train.Config) { c.Model.Subword.Bits = 6 }

// merged merges layers in every way.
func merged(c *train.Config) {
	c.Model.LSTM = lstm.Config{Stack: []nn.Layer{
		{Units: 7, Direction: nn.Bidirectional, Merge: nn.Average}, {Units: 5, Direction: nn.Bidirectional, Merge: nn.Product},
		{Units: 4}, {Units: 6, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 3, Direction: nn.Bidirectional, Merge: nn.Sum},
	}}
}

func pools(kinds ...nn.Pooling) func(*train.Config) {
	return func(c *train.Config) { c.Model.Pool = kinds }
}
