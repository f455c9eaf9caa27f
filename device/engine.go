package device

import (
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
)

// An engine trains one network. Its methods queue work; the first error is kept, nothing is
// queued after it, and what returns an error returns it.
type engine struct {
	ctx compute.Context
	cfg train.Config
	net *classify.Network
	err error

	arrays []*array
	none   *array // for an argument that a kernel does not look at

	weights []*weight
	byName  map[string]*weight
	table   *weight // of the words' vectors
	grams   *weight // those of n-grams; nil without
	fresh   bool    // no gradient of the step under way is there
	frozen  bool    // the backward under way is for the words' gradient alone
	state   loop.Weights
	order   []*weight // as the optimiser has first seen them
	updates int       // of the averages
	sums    *array    // of squares
	bad     *array    // by weight, whether it has become a number that is not finite

	ws      classify.Workspace
	batch   batch
	unit    unit        // the kind of cells
	drops   lstm.Config // their dropouts
	moving  bool        // the vectors of places are to be moved: a word's are not the same
	layers  []*layer
	pool    pool
	heads   []*head
	mode    nn.Mode
	x, dX   *array    // [U][D] the words, and their gradient
	spread  *array    // [Rows][D] what the first layer reads where that is not words
	dY      [2]*array // the gradient of a layer's output, and of its input
	dMerged *array    // the former, where the layer above has it of the merged output
	temp    [2]*array
	parts   *array // of sums
	dH, dC  *array // [B][H] of the step under way
}

// An array is memory on the device that grows as needed.
type array struct {
	buf compute.Buffer
	cap int // numbers of 32 bits
}

// A weight is a parameter on the device.
type weight struct {
	p       *nn.Param
	n       int // numbers
	at      int // among the weights
	w, g    *array
	moments []*array
	average *array
	stepped bool
	*sparse // nil for one that a step reads all of
}

// newEngine makes one for weights, with the layers that the config says.
func newEngine(ctx compute.Context, params []*nn.Param, c train.Config) (*engine, error) {
	e := &engine{ctx: ctx, cfg: c, byName: map[string]*weight{}, fresh: true}
	e.none = e.array(1)
	e.sums, e.bad = e.array(1), e.array(len(params))
	for i, p := range params {
		w := &weight{p: p, n: p.Len(), at: i, w: e.array(p.Len()), g: e.array(1)}
		if p.Sparse {
			w.sparse = e.newSparse()
		} else {
			e.room(w.g, w.n)
		}
		for range c.Optimizer.Moments() {
			w.moments = append(w.moments, e.array(w.n))
		}
		if c.EMA.Decay != 0 {
			w.average = e.array(w.n)
		}
		e.weights = append(e.weights, w)
		e.byName[p.Name] = w
	}
	e.newNetwork()
	if e.err == nil && !ctx.Fits("product", items, 0) {
		e.err = fmt.Errorf("device: it cannot run groups of %d", items)
	}
	if e.err != nil {
		e.Close()
		return nil, e.err
	}
	return e, nil
}

// array returns one of n numbers.
func (e *engine) array(n int) *array {
	a := new(array)
	e.arrays = append(e.arrays, a)
	e.room(a, max(n, 1))
	return a
}

// room makes an array hold n numbers at least. What it held is lost where it grows.
func (e *engine) room(a *array, n int) {
	if e.err != nil || n <= a.cap {
		return
	}
	if a.buf != nil {
		e.err = a.buf.Free()
		n += n / 4
	}
	a.buf, a.cap = nil, 0
	buf, err := e.ctx.Alloc(4 * n)
	if e.err = errors.Join(e.err, err); e.err == nil {
		a.buf, a.cap = buf, n
	}
}

// write copies numbers to an array.
func write[E int32 | float32](e *engine, a *array, x []E) {
	if e.room(a, len(x)); e.err == nil {
		e.err = e.ctx.Write(a.buf, compute.Bytes(x))
	}
}

// read copies numbers from an array.
func read[E int32 | float32](e *engine, x []E, a *array) {
	if e.err == nil {
		e.err = e.ctx.Read(compute.Bytes(x), a.buf)
	}
}

const items = 256 // of a group

// each queues a kernel for n items, whose first argument n is.
func (e *engine) each(kernel string, n int, args ...any) {
	if n > 0 {
		e.launch(kernel, (n+items-1)/items, 1, items, 0, append([]any{n}, args...)...)
	}
}

// launch queues a kernel. An argument that is nil is memory that the kernel does not look at.
func (e *engine) launch(kernel string, x, y, items, shared int, args ...any) {
	if e.err != nil || x*y == 0 {
		return
	}
	for i, arg := range args {
		switch a := arg.(type) {
		case nil:
			args[i] = e.none.buf
		case *array:
			args[i] = a.buf
		case bool:
			args[i] = 0
			if a {
				args[i] = 1
			}
		}
	}
	e.err = e.ctx.Launch(kernel, x, y, items, shared, args...)
}

// A matrix is one in an array: where it begins, and the steps from row to row and from column to
// column.
type matrix struct {
	a                  *array
	first, row, column int
}

// rows is a matrix of rows of so many columns; transposed is its transpose.
func rows(a *array, columns int) matrix       { return matrix{a, 0, columns, 1} }
func transposed(a *array, columns int) matrix { return matrix{a, 0, 1, columns} }

// from begins a matrix at a row.
func (m matrix) from(row int) matrix { m.first += row * m.row; return m }

// product is C [M][N] = beta*C + bias + A·B over K, with C's rows ldc numbers apart from number c0 on. bias may be nil.
// A long sum of few numbers is split, in a way that follows from the sizes alone.
func (e *engine) product(M, N, K int, A, B matrix, bias *array, beta float32, C *array, c0, ldc int) {
	const tile, many, least = 64, 128, 256 // many groups keep a GPU busy; a part has so many terms at least
	x, y := (N+tile-1)/tile, (M+tile-1)/tile
	splits := 1
	if bias == nil && x*y > 0 {
		splits = max(min(many/(x*y), K/least), 1)
	}
	depth := (K + splits - 1) / splits
	var b any
	if bias != nil {
		b = bias
	}
	to, from, ld, keep := C, c0, ldc, beta
	if splits > 1 {
		e.room(e.parts, splits*M*N)
		to, from, ld, keep = e.parts, 0, N, 0
	}
	e.launch("product", x, y*splits, items, 0, M, N, K, A.a, A.first, A.row, A.column, B.a, B.first, B.row, B.column, b, bias != nil, keep, to, from, ld, splits, depth)
	if splits > 1 {
		e.each("sumParts", M*N, N, e.parts, splits, beta, C, c0, ldc)
	}
}

// sumColumns adds those of x [n][columns] to dst.
func (e *engine) sumColumns(dst *array, n, columns int, x *array) {
	const block = 256
	blocks := (n + block - 1) / block
	e.room(e.parts, blocks*columns)
	e.launch("sumColumns", (columns+31)/32, blocks, items, 0, n, columns, e.parts, x)
	e.each("sumParts", columns, columns, e.parts, blocks, float32(1), dst, 0, columns)
}

// dense is y [n][out] = x·Wᵀ + b of the weights called name.weight and name.bias.
func (e *engine) dense(name string, y, x *array, n, in, out int) {
	e.product(n, out, in, rows(x, in), transposed(e.byName[name+".weight"].w, in), e.byName[name+".bias"].w, 0, y, 0, out)
}

// denseBackward adds to the gradients of its weights, where they are wanted, and to dx.
func (e *engine) denseBackward(name string, dx, dy, x *array, n, in, out int) {
	w := e.byName[name+".weight"]
	if !e.frozen {
		e.product(out, in, n, transposed(dy, out), rows(x, in), nil, 1, w.g, 0, in)
		e.sumColumns(e.byName[name+".bias"].g, n, out, dy)
	}
	e.product(n, in, out, rows(dy, out), rows(w.w, in), nil, 1, dx, 0, in)
}

// zero clears the first n numbers of an array.
func (e *engine) zero(a *array, n int) { e.each("fill", n, a, float32(0)) }

// A mask is a dropout with what a kernel needs to draw it.
type mask struct {
	seed    uint64
	dropped int
	keep    float32
}

func newMask(p float64, seed uint64) mask {
	dropped, keep := nn.Dropout{P: p}.Threshold()
	return mask{seed, int(dropped), keep}
}

// drop is dst = x under a mask by place, or where columns > 0 by sequence and column.
func (e *engine) drop(m mask, dst, x *array, n, columns int) {
	e.each("drop", n, dst, x, m.seed, m.dropped, m.keep, columns, e.batch.sequence)
}

// Close is train.Engine's.
func (e *engine) Close() error {
	var errs []error
	for _, a := range e.arrays {
		if a.buf != nil {
			errs = append(errs, a.buf.Free())
		}
	}
	e.arrays = nil
	return errors.Join(append(errs, e.ctx.Close())...)
}
