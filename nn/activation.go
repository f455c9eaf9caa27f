package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// An Activation is a function applied to each value by itself.
type Activation string

// The activations. The empty string is Identity.
const (
	Identity Activation = "identity" // x
	ReLU     Activation = "relu"     // max(x, 0)
	Tanh     Activation = "tanh"     // (e^x - e^-x) / (e^x + e^-x)
	Sigmoid  Activation = "sigmoid"  // 1 / (1 + e^-x)
	GELU     Activation = "gelu"     // x·Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016)
	SiLU     Activation = "silu"     // x·sigmoid(x), also called swish
	ELU      Activation = "elu"      // x, below 0 e^x - 1 (Clevert et al. 2016)
)

// activations are all of them.
var activations = []Activation{Identity, ReLU, Tanh, Sigmoid, GELU, SiLU, ELU}

// Activations lists them.
func Activations() []Activation { return slices.Clone(activations) }

// Validate reports an activation that does not exist.
func (a Activation) Validate() error {
	if a == "" || slices.Contains(activations, a) {
		return nil
	}
	return fmt.Errorf("nn: unknown activation %q, want one of %q", string(a), activations)
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
	case Sigmoid:
		vec.Sigmoid(x, x)
	case GELU:
		for i, v := range x {
			x[i] = float32(float64(v) * normal(float64(v)))
		}
	case SiLU:
		for i, v := range x {
			x[i] = float32(float64(v) * logistic(float64(v)))
		}
	case ELU:
		for i, v := range x {
			if v < 0 {
				x[i] = float32(math.Expm1(float64(v)))
			}
		}
	}
}

// ReadsInput says whether Backward looks at the inputs: the outputs do not say the
// gradient of GELU and SiLU, which take some values twice.
func (a Activation) ReadsInput() bool { return a == GELU || a == SiLU }

// Backward turns the gradient dy of the outputs y = a(x) into the gradient of
// the inputs x, in place. x may be nil unless ReadsInput.
func (a Activation) Backward(dy, x, y []float32) {
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
	case Sigmoid:
		for i, v := range y[:len(dy)] {
			dy[i] *= v * (1 - v)
		}
	case GELU:
		for i, v := range x[:len(dy)] {
			u := float64(v)
			dy[i] *= float32(normal(u) + u*math.Exp(-u*u/2)/math.Sqrt(2*math.Pi))
		}
	case SiLU:
		for i, v := range x[:len(dy)] {
			u, s := float64(v), logistic(float64(v))
			dy[i] *= float32(s + u*s*(1-s))
		}
	case ELU:
		for i, v := range y[:len(dy)] {
			if v < 0 {
				dy[i] *= 1 + v
			}
		}
	}
}

// normal is the normal distribution function.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// logistic is 1 / (1 + e^-x).
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
