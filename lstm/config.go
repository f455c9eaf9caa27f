package lstm

import (
	"errors"
	"slices"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/nn"
)

// A Config describes an LSTM. InputSize and either HiddenSize or Stack must be set;
// the zero value of every other field is a sensible default. The dropouts act in
// training only and scale what they keep by 1/(1-p).
type Config struct {
	InputSize  int       `json:"input_size"`          // I, the width of an input row
	HiddenSize int       `json:"hidden_size"`         // H, the units of a layer and direction
	Layers     int       `json:"layers,omitempty"`    // L, layers on top of each other; 0 means 1
	Direction  Direction `json:"direction,omitempty"` // which way every layer reads
	Peephole   bool      `json:"peephole,omitempty"`  // gates also see the cell (Gers & Schmidhuber 2000)

	// Stack has the layers from below where they differ in size or direction, or do not
	// keep their two directions side by side. HiddenSize, Layers and Direction are zero then.
	Stack []nn.Layer `json:"stack,omitempty"`

	InputDropout float64 `json:"input_dropout,omitempty"` // share of the first layer's input that is dropped
	Tied         bool    `json:"tied,omitempty"`          // a word has one mask of input_dropout wherever it stands in a batch, which trains faster
	Dropout      float64 `json:"dropout,omitempty"`       // share of every later layer's input that is dropped
	Locked       bool    `json:"locked,omitempty"`        // one dropout mask for all steps of a sequence (Gal & Ghahramani 2016)
	WeightDrop   float64 `json:"weight_drop,omitempty"`   // share of the recurrent weights that a batch drops (Merity et al. 2018)
}

// stack is c for package rnn.
func (c Config) stack() rnn.Config {
	return rnn.Config{
		Name: "lstm", Invalid: ErrConfig,
		InputSize: c.InputSize, HiddenSize: c.HiddenSize, Layers: c.Layers, Direction: c.Direction, Stack: c.Stack,
		InputDropout: c.InputDropout, Tied: c.Tied, Dropout: c.Dropout, Locked: c.Locked, WeightDrop: c.WeightDrop,
	}
}

// Shape is the size of the network.
func (c Config) Shape() nn.Shape { return c.stack().Shape() }

// Reading returns c for inputs of a size, read in a direction: those of its layers
// where Stack gives them.
func (c Config) Reading(input int, d nn.Direction) Config {
	c.InputSize = input
	if len(c.Stack) == 0 {
		c.Direction = d
	}
	return c
}

// Like returns another config with the dropouts of c: with none, if c is zero.
func (c Config) Like(from Config) Config {
	from.InputDropout, from.Tied, from.Dropout, from.Locked, from.WeightDrop = c.InputDropout, c.Tied, c.Dropout, c.Locked, c.WeightDrop
	from.Stack = slices.Clone(from.Stack)
	return from
}

// NumLayers is Layers, or 1 where that is 0, or the number of those in Stack.
func (c Config) NumLayers() int { return c.Shape().Layers }

// NumDirections is D of the last layer: 2 if Bidirectional, else 1.
func (c Config) NumDirections() int { return c.Shape().NumDirections() }

// OutputSize is D*H, the width of an output row.
func (c Config) OutputSize() int { return c.Shape().OutputSize() }

// NumParams counts the weights. It is a float64 because a config can ask for more
// than an int holds.
func (c Config) NumParams() float64 {
	others := 4 // the biases
	if c.Peephole {
		others += 3
	}
	return c.stack().NumParams(4, others)
}

// Validate reports everything that is wrong with c, wrapping ErrConfig.
func (c Config) Validate() error { return c.stack().Validate() }

// Errors that callers may branch on.
var (
	ErrConfig = errors.New("lstm: invalid config")
	ErrShape  = rnn.ErrShape
	ErrNoTape = rnn.ErrNoTape
)
