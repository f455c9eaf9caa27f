package rnn

import (
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// A State is the output h and the state c of every layer and direction, for the
// sequences in their original order, layer by layer and forward before reverse:
// slice l*D+d is layer l, direction d, where all layers have D directions. They
// are the same where the kernel says so.
type State struct {
	H, C []float32 // of each layer and direction [B][H]
}

// An Output aliases the Workspace that made it and is valid until its next use.
type Output struct {
	Y     []float32 // [Rows][D*H], the last layer
	Final State     // the state after the last step; the initial state for length 0
}

// A Workspace holds the activations of one Forward for one Backward. The zero
// value is ready; it grows to the largest batch seen and then allocates
// nothing. It is for one goroutine at a time.
type Workspace struct {
	// Workers is the number of goroutines that share one Forward or Backward;
	// 0 means 1. It changes no result, not by a bit.
	Workers int

	// Int8 makes inference multiply with weights of eight bits.
	Int8 bool

	// Norms makes Backward keep what StepNorms returns. It changes no result.
	Norms bool

	// InputOnly makes Backward find the gradient of the input and of the initial
	// state alone, in about two thirds of the time, and leave that of the
	// parameters as it is.
	InputOnly bool

	team   par.Team
	layers []layerTape
	tasks  []task
	proj   [][]float32 // [D][U][Gates], the first layer's products of distinct inputs
	init   State       // in sorted order; nil slices mean zeros
	final  State
	dFinal State // sorted order
	dInit  State

	batch  nn.Batch
	mode   nn.Mode
	taped  bool // a training Forward has run and its Backward has not
	packed *packedWeights

	sharing   bool // whether rows share the products of their inputs
	gathering bool // whether rows share their inputs alone
	inputSize int
	byInput   []int32 // rows, see sortByInput
	starts    []int32
	pieces    []piece
	grads     [2]cellGrads // by direction

	dX       []float32 // [Rows][in], the gradient between layers; [U][in] of shared inputs
	x        []float32 // [rowBlock][in], gathered inputs
	dXRows   []float32 // [rowBlock][in], their gradients
	dY       []float32 // [Rows][2H], that of a layer whose directions are merged
	step     []float32 // [B][Gates], of Step
	stepRows vec.RowsInt8
}

// A layerTape is what one layer keeps of a Forward.
type layerTape struct {
	x      []float32 // [Rows][in], or [U][in] of shared or gathered inputs, after dropout; aliases its source where none is dropped
	own    []float32 // the storage of x where it is not an alias
	y      []float32 // [Rows][D*H]
	merged []float32 // [Rows][H], where the layer above reads that
	dX     []float32 // [Rows][in], the gradient of x, of BackwardSteps
	dirs   [2]cellTape
}

// A cellTape is what one direction of one layer keeps.
type cellTape struct {
	gates  []float32 // [Rows][Gates]; Backward turns them into dPre
	c      []float32 // [Rows][H]
	drop   *droppedWeights
	dhNorm []float64 // [Rows], if Norms
}

// A cellGrads is what the gradients of one direction of a layer are made in, which all
// layers use in turn.
type cellGrads struct {
	hPrev      []float32 // [rowBlock][H], the hidden states that rows started from
	sums       []float32 // [rowBlock][Gates], dPre summed by input
	dWih, dWhh []float32 // [in][Gi] and [H][Gh], the gradients of the weights, transposed
	own        []float32 // the storage of both, if it is not the layer's cell states
}

// A task is a range of sequences in one direction, run by one goroutine.
type task struct {
	dir    int
	lo, hi int       // sorted positions
	gates  []float32 // inference: the pre-activations of a few steps
	x      []float32 // the gathered inputs of a few steps
	c      []float32 // inference: [hi-lo][H] the cell state now
	dH, dC []float32 // [hi-lo][H]
	rows   vec.RowsInt8
	starts [][]float32 // of rows that share the products of their inputs
}

func grow[E any](s []E, n int) []E {
	if cap(s) < n {
		s = make([]E, n, n+n/4)
		vec.LargePages(s)
	}
	return s[:n]
}

// zeros is grow, cleared.
func zeros[E any](s []E, n int) []E {
	s = grow(s, n)
	clear(s)
	return s
}

func (ws *Workspace) workers() int { return max(ws.Workers, 1) }

// cut divides the work of a layer into tasks: one for each direction and, if
// there are more workers than directions, for each range of sequences with
// about the same number of steps.
func (ws *Workspace) cut(lay *nn.Layout, directions int) {
	const least = 4 // sequences in a range; fewer make thin products
	parts := (ws.workers() + directions - 1) / directions
	parts = max(1, min(parts, lay.B()/least))
	i := 0
	for d := range directions {
		lo, steps := 0, 0
		for p := range parts {
			want := lay.Rows() * (p + 1) / parts
			hi := lo
			for hi < lay.B() && (steps < want || p == parts-1) {
				steps += lay.Length(lay.Order()[hi])
				hi++
			}
			if i == len(ws.tasks) {
				ws.tasks = append(ws.tasks, task{})
			}
			t := &ws.tasks[i]
			t.dir, t.lo, t.hi = d, lo, hi
			lo = hi
			i++
		}
	}
	ws.tasks = ws.tasks[:i]
}
