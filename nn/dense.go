package nn

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
)

// Dense is the affine map y = x·Wᵀ + b, PyTorch's Linear.
type Dense struct {
	Weight *Param // (out, in)
	Bias   *Param // (out); nil means no bias

	// Workers is the number of goroutines that one call may use; 0 means 1.
	// Results do not depend on it.
	Workers int

	from, to int // the columns of Weight that are multiplied; to = 0 means all

	forward  packedParam // Wᵀ, for y = x·Wᵀ
	backward packedParam // W, for dx = dy·W
	input    vec.Packed  // x, for dW = dyᵀ·x
}

// NewDense returns a zeroed map from in to out values whose parameters are
// called name.weight and name.bias ("weight" and "bias" if name is empty).
func NewDense(name string, in, out int) *Dense {
	return &Dense{
		Weight: &Param{Name: join(name, "weight"), Shape: []int{out, in}, Data: make([]float32, out*in), Decay: true},
		Bias:   NewParam(join(name, "bias"), out),
	}
}

// join puts an owner's name in front of a parameter's.
func join(owner, name string) string {
	if owner == "" {
		return name
	}
	return owner + "." + name
}

// Columns returns the map of inputs lo…hi-1 of d alone, without the bias. It shares the
// weight, and adds its gradients to those columns of its.
func (d *Dense) Columns(lo, hi int) *Dense {
	if lo < 0 || hi <= lo || hi > d.In() {
		panic(fmt.Sprintf("nn: dense: columns %d to %d of %d", lo, hi, d.In()))
	}
	return &Dense{Weight: d.Weight, from: d.from + lo, to: d.from + hi}
}

// In is the number of inputs.
func (d *Dense) In() int { return cmp.Or(d.to, d.Weight.Shape[1]) - d.from }

// Out is the number of outputs.
func (d *Dense) Out() int { return d.Weight.Shape[0] }

// Params lists the weight and, if there is one, the bias.
func (d *Dense) Params() []*Param {
	if d.Bias == nil {
		return []*Param{d.Weight}
	}
	return []*Param{d.Weight, d.Bias}
}

// Init draws weight and bias as PyTorch's Linear does: uniform in
// ±1/sqrt(in).
func (d *Dense) Init(rng *rand.Rand) {
	bound := 1 / math.Sqrt(float64(max(d.In(), 1)))
	for _, p := range d.Params() {
		Uniform(p, bound, rng)
	}
}

// Forward writes x·Wᵀ + b to dst: x is [n][in], dst [n][out]. Neither may
// overlap the other.
//
// The first call after a change of the weight packs it, once, whichever
// goroutine comes first.
func (d *Dense) Forward(dst, x []float32, n int) {
	in, out := d.In(), d.Out()
	checkRows("dense", dst, out, x, in, n)
	if d.Workers <= 1 {
		d.forwardRows(dst, x, n)
		return
	}
	rowBlocks(d.Workers, n, func(lo, hi int) { d.forwardRows(dst[lo*out:], x[lo*in:], hi-lo) })
}

// Add adds x·Wᵀ to dst, on the calling goroutine; there is no bias. The sums go on where
// dst stops, so that Columns one after the other give the bits of all at once.
func (d *Dense) Add(dst, x []float32, n int) {
	in, out := d.In(), d.Out()
	checkRows("dense", dst, out, x, in, n)
	vec.MatMul(n, x, in, d.forwardWeight(), 1, dst, out)
}

// forwardRows is Forward on the calling goroutine.
func (d *Dense) forwardRows(dst, x []float32, n int) {
	in, out := d.In(), d.Out()
	w := d.forwardWeight()
	if d.Bias == nil {
		vec.MatMul(n, x, in, w, 0, dst, out)
		return
	}
	vec.MatMulFrom(n, x, in, w, d.Bias.Data, 0, dst, out)
}

// Backward adds the gradients of weight and bias for the rows x [n][in] that
// Forward saw and the gradient dy [n][out] of what it wrote, and writes the
// gradient of x to dx [n][in] unless dx is nil.
func (d *Dense) Backward(dx, dy, x []float32, n int) {
	checkRows("dense gradient", dy, d.Out(), x, d.In(), n)
	d.backwardParams(dy, x, n)
	if dx != nil {
		d.backwardInput(dx, dy, n, 0)
	}
}

// backwardParams is dW += dyᵀ·x, db += column sums of dy.
func (d *Dense) backwardParams(dy, x []float32, n int) {
	in, out, width := d.In(), d.Out(), d.Weight.Shape[1]
	if d.Weight.Grad != nil {
		d.input.Pack(n, in, x, in)
		rowBlocks(d.Workers, out, func(lo, hi int) {
			vec.MatMulTA(hi-lo, dy[lo:], out, &d.input, 1, d.Weight.Grad[lo*width+d.from:], width)
		})
	}
	if d.Bias != nil && d.Bias.Grad != nil {
		vec.AddRows(d.Bias.Grad, n, dy, out)
	}
}

// backwardInput is dx = beta*dx + dy·W.
func (d *Dense) backwardInput(dx, dy []float32, n int, beta float32) {
	in, out := d.In(), d.Out()
	rowBlocks(d.Workers, n, func(lo, hi int) { d.backwardRows(dx[lo*in:], dy[lo*out:], hi-lo, beta) })
}

// backwardRows is backwardInput on the calling goroutine.
func (d *Dense) backwardRows(dx, dy []float32, n int, beta float32) {
	in, out := d.In(), d.Out()
	w := d.backward.get(d.Weight, func(p *vec.Packed, w []float32, ld int) { p.Pack(out, in, w[d.from:], ld) })
	vec.MatMul(n, dy, out, w, beta, dx, in)
}

// forwardWeight is Wᵀ as the right-hand side of a product.
func (d *Dense) forwardWeight() *vec.Packed {
	return d.forward.get(d.Weight, func(p *vec.Packed, w []float32, ld int) { p.PackT(d.In(), d.Out(), w[d.from:], ld) })
}

// checkRows panics unless y holds n rows of out values and x n rows of in.
func checkRows(what string, y []float32, out int, x []float32, in, n int) {
	if len(y) < n*out || len(x) < n*in {
		panic(fmt.Sprintf("nn: %s: len(y) = %d, len(x) = %d, want at least n*out = %d*%d, n*in = %d*%d",
			what, len(y), len(x), n, out, n, in))
	}
}

// rowBlocks calls f on ranges that cover [0, n) once, on up to workers
// goroutines. Small work is not cut.
func rowBlocks(workers, n int, f func(lo, hi int)) {
	const minBlock = 64
	blocks := max(1, min(workers, n/minBlock))
	if blocks == 1 {
		if n > 0 {
			f(0, n)
		}
		return
	}
	par.For(workers, blocks, func(i int) { f(i*n/blocks, (i+1)*n/blocks) })
}

// A packedParam is a copy of a matrix, or of some of its columns, in the layout that
// products want, made anew when the parameter has changed. Any number of goroutines may
// get it while nobody writes to the parameter.
type packedParam struct {
	mu     sync.Mutex
	made   atomic.Uint64 // Version+1 of the packed copy; 0 means none
	packed vec.Packed
}

// get returns what pack makes of the values of p, whose rows are ld apart.
func (k *packedParam) get(p *Param, pack func(dst *vec.Packed, w []float32, ld int)) *vec.Packed {
	if k.made.Load() == p.Version+1 {
		return &k.packed
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made.Load() == p.Version+1 {
		return &k.packed
	}
	pack(&k.packed, p.Data, p.Shape[1])
	k.made.Store(p.Version + 1)
	return &k.packed
}
