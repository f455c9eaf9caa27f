package classify

import (
	"fmt"
	"math/rand/v2"

	"github.com/textlstm/textlstm/nn"
)

// A HiddenLayer is a dense layer between the pooled vector and the scores of a head.
type HiddenLayer struct {
	Units      int           `json:"units"`                // at least 1
	Activation nn.Activation `json:"activation,omitempty"` // of each unit; "" means none
}

// HiddenLayers are those that Hidden or Layers say, from the pooled vector up.
func (h *Head) HiddenLayers() []HiddenLayer {
	if h.Hidden > 0 {
		return []HiddenLayer{{h.Hidden, nn.ReLU}}
	}
	return h.Layers
}

// HiddenName is what the names of the weights of the i-th hidden layer begin with in a
// model file.
func (h *Head) HiddenName(i int) string {
	if h.Hidden > 0 {
		return "heads." + h.Name + ".hidden"
	}
	return fmt.Sprintf("heads.%s.hidden.%d", h.Name, i)
}

// checkHidden reports what is wrong with the hidden layers of a head among others of
// these names.
func (h *Head) checkHidden(names map[string]bool) (errs []error) {
	if h.Hidden > 0 && len(h.Layers) > 0 {
		errs = append(errs, fmt.Errorf("classify: head %s: hidden = %d and %d layers, want one of the two", h.Name, h.Hidden, len(h.Layers)))
	}
	for i, l := range h.HiddenLayers() {
		if l.Units < 1 {
			errs = append(errs, fmt.Errorf("classify: head %s: layers[%d].units = %d, want at least 1", h.Name, i, l.Units))
		}
		if err := l.Activation.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("classify: head %s: layers[%d]: %w", h.Name, i, err))
		}
		if other := h.HiddenName(i)[len("heads."):]; names[other] {
			errs = append(errs, fmt.Errorf("classify: head %s has the name of the hidden layer of head %s", other, h.Name))
		}
	}
	return errs
}

// numParams counts the weights of the head's layers over a vector of in numbers.
func (h *Head) numParams(in float64) (n float64) {
	for _, l := range h.HiddenLayers() {
		n += (in + 1) * float64(l.Units)
		in = float64(l.Units)
	}
	return n + (in+1)*float64(h.Width())
}

// headLayers lead from the pooled vector to the scores of one head.
type headLayers struct {
	hidden []hiddenLayer
	out    *nn.Dense
}

type hiddenLayer struct {
	dense      *nn.Dense
	activation nn.Activation
}

// newHeadLayers returns the layers of a head over a vector of in numbers, with all
// weights zero.
func newHeadLayers(h *Head, in int) (l headLayers) {
	for i, hidden := range h.HiddenLayers() {
		l.hidden = append(l.hidden, hiddenLayer{nn.NewDense(h.HiddenName(i), in, hidden.Units), hidden.Activation})
		in = hidden.Units
	}
	l.out = nn.NewDense("heads."+h.Name, in, h.Width())
	return l
}

func (l *headLayers) params() (params []*nn.Param) {
	for _, h := range l.hidden {
		params = append(params, h.dense.Params()...)
	}
	return append(params, l.out.Params()...)
}

func (l *headLayers) init(r *rand.Rand) {
	for _, h := range l.hidden {
		h.dense.Init(r)
	}
	l.out.Init(r)
}

// headActivations are what one head makes of B pooled vectors.
type headActivations struct {
	hidden []hiddenActivations
	logits []float32 // [B][C]
}

type hiddenActivations struct {
	in, out []float32 // [B][size], before the activation, where that reads it, and behind it
	d       []float32
}

// forward returns the scores [B][C] of pooled vectors x, which alias a.
func (l *headLayers) forward(a *headActivations, x []float32, B int) []float32 {
	a.hidden = grow(a.hidden, len(l.hidden))
	for i, h := range l.hidden {
		b := &a.hidden[i]
		b.out = grow(b.out, B*h.dense.Out())
		h.dense.Forward(b.out, x, B)
		if h.activation.ReadsInput() {
			b.in = append(b.in[:0], b.out...)
		}
		h.activation.Forward(b.out)
		x = b.out
	}
	a.logits = grow(a.logits, B*l.out.Out())
	l.out.Forward(a.logits, x, B)
	return a.logits
}

// backward writes to dx the gradient of the pooled vectors x that forward has read, given
// that of the scores, and adds to the gradients of the weights.
func (l *headLayers) backward(a *headActivations, dx, dy, x []float32, B int) {
	input := func(i int) []float32 { // of hidden layer i, or of the last layer
		if i == 0 {
			return x
		}
		return a.hidden[i-1].out
	}
	gradient := func(i int) []float32 {
		if i == 0 {
			return dx
		}
		b := &a.hidden[i-1]
		b.d = grow(b.d, len(b.out))
		return b.d
	}
	n := len(l.hidden)
	l.out.Backward(gradient(n), dy, input(n), B)
	for i := n - 1; i >= 0; i-- {
		h, b := l.hidden[i], &a.hidden[i]
		h.activation.Backward(b.d, b.in, b.out)
		h.dense.Backward(gradient(i), b.d, input(i), B)
	}
}
