package lstm

import (
	"errors"
	"fmt"
)

// Direction says which way a layer reads its input.
type Direction uint8

// The directions. A bidirectional layer has two cells; the forward one fills
// the first half of every output row.
const (
	Forward Direction = iota
	Reverse
	Bidirectional
)

var directionNames = [...]string{"forward", "reverse", "bidirectional"}

// String returns the name that ONNX uses: "forward", "reverse" or "bidirectional".
func (d Direction) String() string {
	if int(d) < len(directionNames) {
		return directionNames[d]
	}
	return fmt.Sprintf("Direction(%d)", uint8(d))
}

// MarshalText writes the name of d.
func (d Direction) MarshalText() ([]byte, error) {
	if int(d) >= len(directionNames) {
		return nil, fmt.Errorf("%w: %s", ErrConfig, d)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads a name that MarshalText wrote.
func (d *Direction) UnmarshalText(text []byte) error {
	for i, n := range directionNames {
		if n == string(text) {
			*d = Direction(i)
			return nil
		}
	}
	return fmt.Errorf("%w: direction %q, want forward, reverse or bidirectional", ErrConfig, text)
}

// A Config describes an LSTM. InputSize and HiddenSize must be set; the zero
// value of every other field is a sensible default. The dropouts act in
// training only and scale what they keep by 1/(1-p).
type Config struct {
	InputSize  int       `json:"input_size"`          // I
	HiddenSize int       `json:"hidden_size"`         // H
	Layers     int       `json:"layers,omitempty"`    // L; 0 means 1
	Direction  Direction `json:"direction,omitempty"` // of every layer
	Peephole   bool      `json:"peephole,omitempty"`  // Gers & Schmidhuber 2000

	InputDropout float64 `json:"input_dropout,omitempty"` // on the input of the first layer
	Dropout      float64 `json:"dropout,omitempty"`       // on the input of every later layer
	Locked       bool    `json:"locked,omitempty"`        // one dropout mask for all steps of a sequence (Gal & Ghahramani 2016)
	WeightDrop   float64 `json:"weight_drop,omitempty"`   // on the recurrent weights, one mask a batch (Merity et al. 2018)
}

// NumLayers is Layers, or 1 where that is 0.
func (c Config) NumLayers() int { return max(c.Layers, 1) }

// NumDirections is D: 2 if Bidirectional, else 1.
func (c Config) NumDirections() int {
	if c.Direction == Bidirectional {
		return 2
	}
	return 1
}

// OutputSize is D*H, the width of an output row.
func (c Config) OutputSize() int { return c.NumDirections() * c.HiddenSize }

// NumParams counts the weights.
func (c Config) NumParams() int {
	n, in := 0, c.InputSize
	for range c.NumLayers() {
		cell := 4 * c.HiddenSize * (in + c.HiddenSize + 1)
		if c.Peephole {
			cell += 3 * c.HiddenSize
		}
		n += c.NumDirections() * cell
		in = c.OutputSize()
	}
	return n
}

// Validate reports everything that is wrong with c, wrapping ErrConfig.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	if c.InputSize < 1 {
		bad("input_size = %d, want at least 1", c.InputSize)
	}
	if c.HiddenSize < 1 {
		bad("hidden_size = %d, want at least 1", c.HiddenSize)
	}
	if c.Layers < 0 {
		bad("layers = %d, want at least 1 (or 0 for 1)", c.Layers)
	}
	if c.Direction > Bidirectional {
		bad("direction = %d, want 0 to 2", c.Direction)
	}
	for _, p := range []struct {
		name string
		p    float64
	}{{"input_dropout", c.InputDropout}, {"dropout", c.Dropout}, {"weight_drop", c.WeightDrop}} {
		if !(p.p >= 0 && p.p < 1) {
			bad("%s = %v, want 0 <= p < 1", p.name, p.p)
		}
	}
	return errors.Join(errs...)
}

// Errors that callers may branch on.
var (
	ErrConfig = errors.New("lstm: invalid config")
	ErrShape  = errors.New("lstm: shape mismatch")
	ErrNoTape = errors.New("lstm: Backward without a training Forward")
)
