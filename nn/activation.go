package nn

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
)

// An Activation is a function applied to each value by itself.
type Activation string

// The activations. The empty string is Identity.
const (
	Identity Activation = "identity" // x
	ReLU     Activation = "relu"     // max(x, 0)
	Tanh     Activation = "tanh"     // (e^x - e^-x) / (e^x + e^-x)
)

// Validate reports an activation that does not exist.
func (a Activation) Validate() error {
	switch a {
	case "", Identity, ReLU, Tanh:
		return nil
	}
	return fmt.Errorf("nn: unknown activation %q, want %s, %s or %s", string(a), Identity, ReLU, Tanh)
}

// Forward replaces each x by a(x).
func (a Activation) Forward(x []float32) {
	switch a {
	case ReLU:
		for i, v := range x {
			if v < 0 { // not max(v, 0): NaN stays NaN
				x[i] = 0
			}
		}
	case Tanh:
		vec.Tanh(x, x)
	}
}

// Backward turns the gradient dy of the outputs y = a(x) into the gradient of
// the inputs, in place.
func (a Activation) Backward(dy, y []float32) {
	switch a {
	case ReLU:
		for i, v := range y[:len(dy)] {
			if v <= 0 {
				dy[i] = 0
			}
		}
	case Tanh:
		for i, v := range y[:len(dy)] {
			dy[i] *= 1 - v*v
		}
	}
}
