package nn

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// An Encoder makes a state of each input of a sequence, from what comes before
// or after it: a recurrent network, for instance. Packages lstm and gru have
// some; package nn/encodertest says by tests what is expected of one. Any number
// of goroutines may use an encoder at once, each with a Pass of its own, as long
// as nobody writes to the parameters meanwhile. A training Forward with its
// Backward is such a write.
type Encoder interface {
	// Params returns the weights in a fixed order.
	Params() []*Param

	// Init draws the weights.
	Init(r *rand.Rand)

	// OutputSize is the width of a state.
	OutputSize() int

	// Pass returns a workspace for the encoder, in the storage of old if that is
	// one that it can use; old may be nil.
	Pass(old Pass) Pass

	// NewInputCache returns an empty cache of so many rows for the weights that
	// the encoder has now.
	NewInputCache(rows int) *InputCache

	// Freeze makes the encoder share the values of the parameters of another of
	// its shape. From then on its Backward finds the gradient of the input alone,
	// and writes to no parameter, so that any number of goroutines may run its
	// training Forward and Backward.
	Freeze(weights []*Param)
}

// A Pass holds the activations of one Forward of an encoder for one Backward. It
// grows to the largest batch seen. It is for one goroutine at a time.
type Pass interface {
	// Forward returns a state for each row of the batch [Rows][OutputSize], which
	// is valid until the next use of the pass. In training mode the pass keeps
	// what Backward needs, and in.X must stay unchanged until then. So many
	// goroutines share the work, 0 means 1; that changes no bit of the result. The
	// only errors are wrong sizes.
	Forward(in Batch, mode Mode, workers int) (y []float32, err error)

	// ForwardPieces is Forward in inference for one sequence that is too long to be
	// held as a whole: it comes in n pieces, which piece returns, each a batch of one
	// sequence that is valid until the next call, and the states of each go to states
	// as a Forward of the piece would return them. They have the bits that they have
	// in the whole sequence. Piece may be called for a k several times, states is
	// called once, in no promised order. An encoder of L layers that reads both ways
	// takes L+1 times as long as Forward. An error of piece ends it and is returned.
	ForwardPieces(n int, piece func(k int) (Batch, error), states func(k int, y []float32), workers int) error

	// Backward returns the gradient with respect to the batch's X
	// of a loss with the derivative dY [Rows][OutputSize] by the states of
	// the last training Forward. It is valid until the next use of the pass.
	Backward(dY []float32, want Want) (dX []float32, err error)

	// StepNorms returns, for each layer and direction, the norm of the derivative
	// of the loss by the state of each row: what the last Backward found if that
	// was wanted.
	StepNorms() [][]float64
}

// A Want says what a Backward finds beside the gradient of the input.
type Want struct {
	Params bool // adds the gradients of the parameters to their Grad
	Norms  bool // keeps what StepNorms returns; changes no other result
}

// A Batch is B sequences laid out in packed rows, without padding. What a
// sequence yields does not depend on the others in its batch, to the last bit.
type Batch struct {
	Layout *Layout
	X      []float32 // [Rows][I]; with Index [U][I]

	// Index, if not nil, has one entry a row: the input of row r is
	// X[Index[r]]. Each distinct input is then multiplied with the
	// weights of the first layer once, however many steps share it; in
	// training only where none is to have a dropout mask for each step.
	Index []int32

	// Cache, for inference with an Index, keeps such products from one batch to
	// the next: a negative Index[r] stands for row ^Index[r] of Cache, which
	// must be there, and Keys [U] says for each row of X which row of Cache its
	// product is to fill; -1 for none.
	Cache *InputCache
	Keys  []int32
}

// Mode says whether a Forward is part of training.
type Mode struct {
	Train bool   // keep what Backward needs; apply dropout
	Seed  uint64 // of the dropout masks: a function of it, of the place, and of nothing else
}

// A Shape is the size of an encoder.
type Shape struct {
	Input, Hidden int // widths of an input row and of one direction's state
	Layers        int // from 1 on
	Direction     Direction

	// Stack has the layers where they differ. Then Layers is their number, and
	// Hidden and Direction are those of the last one.
	Stack []Layer
}

// A Layer is one of a stack whose layers differ.
type Layer struct {
	Units     int       `json:"units"`               // H, of a direction
	Direction Direction `json:"direction,omitempty"` // which way it reads
	Merge     Merge     `json:"merge,omitempty"`     // of the two directions, for the layer above; "" means concat
}

// Stacked is the shape of layers that differ; there must be one at least.
func Stacked(input int, layers []Layer) Shape {
	last := layers[len(layers)-1]
	return Shape{Input: input, Hidden: last.Units, Layers: len(layers), Direction: last.Direction, Stack: layers}
}

// Layer returns the l-th layer, from 0.
func (s Shape) Layer(l int) Layer {
	if len(s.Stack) > 0 {
		return s.Stack[l]
	}
	return Layer{Units: s.Hidden, Direction: s.Direction}
}

// AllLayers returns the layers from below, also where they are alike.
func (s Shape) AllLayers() []Layer {
	layers := make([]Layer, s.Layers)
	for l := range layers {
		layers[l] = s.Layer(l)
	}
	return layers
}

// NumDirections is D of the last layer: 2 if Bidirectional, else 1.
func (s Shape) NumDirections() int { return s.Direction.Num() }

// OutputSize is D*H, the width of an output row. The last layer's directions are
// side by side whatever its Merge, which is left to who reads the rows, as Pool
// does: the last state of each direction is not in the same row.
func (s Shape) OutputSize() int { return s.NumDirections() * s.Hidden }

// Validate reports everything that is wrong with l.
func (l Layer) Validate() error {
	var errs []error
	if l.Units < 1 {
		errs = append(errs, fmt.Errorf("units = %d, want at least 1", l.Units))
	}
	if l.Direction > Bidirectional {
		errs = append(errs, fmt.Errorf("direction = %d, want 0 to 2", l.Direction))
	}
	if err := l.Merge.Validate(); err != nil {
		errs = append(errs, err)
	} else if !l.Merge.Joins() && l.Direction != Bidirectional {
		errs = append(errs, fmt.Errorf("merge = %s of a %s layer, which has nothing to merge", l.Merge, l.Direction))
	}
	return errors.Join(errs...)
}

// NumDirections is D: 2 if Bidirectional, else 1.
func (l Layer) NumDirections() int { return l.Direction.Num() }

// Width is the width of a row for the layer above: D*H, or H where the directions
// are merged into one.
func (l Layer) Width() int {
	if l.Merge.Joins() {
		return l.NumDirections() * l.Units
	}
	return l.Units
}

// Direction says which way a layer reads its input.
type Direction uint8

// The directions. A bidirectional layer has two cells; the forward one fills
// the first half of every output row.
const (
	Forward Direction = iota
	Reverse
	Bidirectional
)

// Num is the number of cells of a layer that reads so: 2 if Bidirectional, else 1.
func (d Direction) Num() int {
	if d == Bidirectional {
		return 2
	}
	return 1
}

var directionNames = [...]string{"forward", "reverse", "bidirectional"}

// errDirection says that a direction has no name.
var errDirection = errors.New("nn: unknown direction")

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
		return nil, fmt.Errorf("%w: %s", errDirection, d)
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
	return fmt.Errorf("%w: direction %q, want forward, reverse or bidirectional", errDirection, text)
}
