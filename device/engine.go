package device

import (
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
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
	state   loop.Weights
	order   []*weight // as the optimiser has first seen them
	updates int       // of the averages
	sums    *array    // of squares
	bad     *array    // by weight, whether it has become a number that is not finite

	ws     classify.Workspace
	batch  batch
	layers []*layer
	pool   pool
	heads  []*head
	mode   nn.Mode
	x      *array    // [U][D] the words
	dY     [2]*array // the gradient of a layer's output, and of its input
	temp   [2]*array
	parts  *array // of sums
	dH, dC *array // [B][H] of the step under way
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

	// Of a sparse one: the row of the weight that each row of the gradient is of, -1 for none,
	// here and there; and the share of itself that the average of each keeps.
	touched     []int32
	rows, keeps *array
	seen        []float32 // by row, the update that the average stands at
}

// newEngine makes one for weights, with the layers that the config says.
func newEngine(ctx compute.Context, params []*nn.Param, c train.Config) (*engine, error) {
	e := &engine{ctx: ctx, cfg: c, byName: map[string]*weight{}}
	e.none = e.array(1)
	e.sums, e.bad = e.array(1), e.array(len(params))
	for i, p := range params {
		w := &weight{p: p, n: p.Len(), at: i, w: e.array(p.Len()), g: e.array(1)}
		if p.Sparse {
			w.rows, w.keeps = e.array(1), e.array(1)
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

// denseBackward adds to the gradients of its weights and to dx.
func (e *engine) denseBackward(name string, dx, dy, x *array, n, in, out int) {
	w := e.byName[name+".weight"]
	e.product(out, in, n, transposed(dy, out), rows(x, in), nil, 1, w.g, 0, in)
	e.sumColumns(e.byName[name+".bias"].g, n, out, dy)
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

// Load is loop.Engine's.
func (e *engine) Load(s loop.Weights) error {
	moments := map[string]*nn.Param{}
	for _, p := range s.Optimizer.State() {
		moments[p.Name] = p
	}
	averages := map[string]*nn.Param{}
	if s.EMA != nil {
		for _, p := range s.EMA.State() {
			averages[p.Name] = p
		}
		e.updates = s.EMA.Updates()
	}
	if len(s.Params) != len(e.weights) {
		return fmt.Errorf("device: %d parameters to train, the network has %d", len(s.Params), len(e.weights))
	}
	e.state, e.order = s, nil
	for _, w := range e.weights {
		write(e, w.w, w.p.Data)
		w.stepped = false
		for i, name := range e.cfg.Optimizer.MomentNames() {
			if from := moments[name+"."+w.p.Name]; from != nil {
				write(e, w.moments[i], from.Data)
				w.stepped = true
			} else {
				e.zero(w.moments[i], w.n)
			}
		}
		if s.EMA == nil {
			continue
		}
		write(e, w.average, averages["ema."+w.p.Name].Data)
		if w.p.Sparse {
			w.seen = append(w.seen[:0], averages["ema_seen."+w.p.Name].Data...)
		}
	}
	for _, p := range s.Optimizer.State() { // the order in which they were first stepped
		for _, w := range e.weights {
			if len(w.moments) > 0 && p.Name == e.cfg.Optimizer.MomentNames()[0]+"."+w.p.Name {
				e.order = append(e.order, w)
			}
		}
	}
	return e.err
}

// Sync is loop.Engine's.
func (e *engine) Sync() error {
	fetch := func(name string, like *nn.Param, a *array) *nn.Param {
		p := &nn.Param{Name: name, Shape: like.Shape, Data: make([]float32, len(like.Data))}
		read(e, p.Data, a)
		return p
	}
	for _, w := range e.weights {
		read(e, w.p.Data, w.w)
		w.p.Changed()
	}
	var moments []*nn.Param
	for _, w := range e.order {
		for i, name := range e.cfg.Optimizer.MomentNames() {
			moments = append(moments, fetch(name+"."+w.p.Name, w.p, w.moments[i]))
		}
	}
	var averages []*nn.Param
	if e.state.EMA != nil {
		for _, w := range e.weights {
			averages = append(averages, fetch("ema."+w.p.Name, w.p, w.average))
			if w.p.Sparse {
				averages = append(averages, &nn.Param{Name: "ema_seen." + w.p.Name, Shape: []int{len(w.seen)}, Data: w.seen})
			}
		}
	}
	if e.err != nil {
		return e.err
	}
	if err := e.state.Optimizer.LoadState(e.state.Params, e.state.Steps, moments); err != nil {
		return err
	}
	if e.state.EMA == nil {
		return nil
	}
	return e.state.EMA.LoadState(e.updates, averages)
}

// gradients is how many numbers the gradient of a weight has, and of a sparse one the array
// of its rows and their width.
func (w *weight) gradients() (n int, rows any, width int) {
	if !w.p.Sparse {
		return w.n, nil, 0
	}
	width = w.p.RowLen()
	return len(w.touched) * width, w.rows, width
}

// touch says which rows of a sparse weight the gradient is of.
func (e *engine) touch(w *weight, rows []int32) {
	w.touched = rows
	write(e, w.rows, rows)
}

// Step is loop.Engine's.
func (e *engine) Step(params []*nn.Param, limit float64, rate float32) (norm float64, err error) {
	var moving []*weight
	for _, p := range params {
		moving = append(moving, e.byName[p.Name])
	}
	norm, err = e.norm(moving)
	if err != nil {
		return norm, err
	}
	if e.state.EMA != nil {
		e.average()
	}
	e.state.Steps++
	e.zero(e.bad, len(e.weights))
	for _, w := range moving {
		e.move(w, nn.ClipFactor(norm, limit), rate)
	}
	bad := make([]int32, len(e.weights))
	if read(e, bad, e.bad); e.err != nil {
		return norm, e.err
	}
	for _, w := range moving {
		if bad[w.at] != 0 {
			return norm, e.notFinite(w)
		}
	}
	return norm, nil
}

// norm returns that of the gradients of some weights. One that is not finite is a
// *nn.DivergedError.
func (e *engine) norm(weights []*weight) (float64, error) {
	const block = 1024
	first := make([]int, len(weights)+1)
	for i, w := range weights {
		n, _, _ := w.gradients()
		first[i+1] = first[i] + (n+block-1)/block
	}
	e.room(e.sums, first[len(weights)])
	for i, w := range weights {
		n, _, _ := w.gradients()
		e.launch("squares", (n+block-1)/block, 1, items, 0, n, w.g, e.sums, first[i])
	}
	sums := make([]float32, first[len(weights)])
	if read(e, sums, e.sums); e.err != nil {
		return 0, e.err
	}
	total := 0.0
	for i, w := range weights {
		sum := 0.0
		for _, s := range sums[first[i]:first[i+1]] {
			sum += float64(s)
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) { // or only too large for the sum of a block
			var err error
			if sum, err = e.exactly(w); err != nil {
				return math.NaN(), err
			}
		}
		total += sum
	}
	return math.Sqrt(total), nil
}

// exactly is the sum of the squares of a gradient, in float64.
func (e *engine) exactly(w *weight) (sum float64, err error) {
	n, _, _ := w.gradients()
	g := make([]float32, n)
	if read(e, g, w.g); e.err != nil {
		return 0, e.err
	}
	for i, v := range g {
		if v-v != 0 {
			if w.p.Sparse {
				width := w.p.RowLen()
				i = int(w.touched[i/width])*width + i%width
			}
			return 0, &nn.DivergedError{Name: w.p.Name, Index: i, Value: v}
		}
		sum += float64(v) * float64(v)
	}
	return sum, nil
}

// notFinite finds the number in a weight that is not.
func (e *engine) notFinite(w *weight) error {
	x := make([]float32, w.n)
	read(e, x, w.w)
	if err := loop.CheckFinite(w.p.Name, x); err != nil {
		return err
	}
	return errors.Join(e.err, fmt.Errorf("device: %s was not finite, and is", w.p.Name))
}

// average takes the weights into their averages, as nn.EMA does.
func (e *engine) average() {
	e.updates++
	for _, w := range e.weights {
		if !w.p.Sparse {
			e.each("averaged", w.n, w.average, w.w, e.cfg.EMA.Keep(e.updates-1, e.updates), nil, nil, 0)
			continue
		}
		keeps := make([]float32, len(w.touched))
		for u, id := range w.touched {
			if id >= 0 {
				keeps[u] = e.cfg.EMA.Keep(int(w.seen[id]), e.updates)
				w.seen[id] = float32(e.updates)
			}
		}
		if len(keeps) > 0 {
			write(e, w.keeps, keeps)
			n, rows, width := w.gradients()
			e.each("averaged", n, w.average, w.w, float32(0), rows, w.keeps, width)
		}
	}
}

// move moves a weight.
func (e *engine) move(w *weight, scale, rate float32) {
	if !w.stepped {
		w.stepped = true
		e.order = append(e.order, w)
	}
	decay := float32(0)
	if w.p.LRScale != 0 {
		rate *= w.p.LRScale
	}
	if w.p.Decay {
		decay = float32(e.cfg.Optimizer.WeightDecay)
	}
	n, rows, width := w.gradients()
	args := []any{w.w, w.g, scale, rows, width, rate, decay, e.bad, w.at}
	moment := func(i int) any {
		if i < len(w.moments) {
			return w.moments[i]
		}
		return nil
	}
	o := e.cfg.Optimizer
	switch o.Kind {
	case nn.Adam:
		correct := func(beta float64) float32 {
			return float32(1 / (1 - math.Pow(float64(float32(beta)), float64(e.state.Steps))))
		}
		e.each("moveAdam", n, append(args, moment(0), moment(1), float32(o.Beta1), float32(o.Beta2), float32(o.Eps), correct(o.Beta1), correct(o.Beta2))...)
	case nn.SGD:
		e.each("moveSGD", n, append(args, moment(0), float32(o.Momentum), o.Nesterov)...)
	case nn.RMSprop:
		e.each("moveRMSprop", n, append(args, moment(0), moment(1), float32(o.Alpha), float32(o.Eps), float32(o.Momentum))...)
	}
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

// A batch is the texts of a step on the device.
type batch struct {
	classify.Packed
	ids    *array // [U]
	index  *array // [Rows] the word of a row
	starts *array // [U+1] and
	places *array // [Rows]: the rows of each word
	offset *array // [T+1] the first row of a step
	length *array // by position in the layout

	sequence *array    // [Rows] the sequence of a row, in the order of the batch
	before   [2]*array // by direction, [Rows] the row that was read before; -1 for none

	text        *array // [Rows] the text of a row
	textStarts  *array // [B+1] and
	textRows    *array // [Rows]: the rows of a text
	first, last *array // [B] its first and its last row
}

func (e *engine) newBatch() {
	b := &e.batch
	for _, a := range []**array{&b.ids, &b.index, &b.starts, &b.places, &b.offset, &b.length,
		&b.sequence, &b.before[0], &b.before[1], &b.text, &b.textStarts, &b.textRows, &b.first, &b.last} {
		*a = e.array(1)
	}
}

// pack lays texts out on the device.
func (e *engine) pack(texts []classify.Encoded) { e.place(e.net.Pack(&e.ws, texts)) }

// place puts what is laid out on the device.
func (e *engine) place(packed classify.Packed) {
	b := &e.batch
	b.Packed = packed
	l := b.Layout
	N, B := l.Rows(), l.B()
	ids, touched := make([]int32, len(b.IDs)), make([]int32, len(b.IDs))
	for u, id := range b.IDs {
		ids[u], touched[u] = int32(id), int32(id)
		if id == vocab.Pad {
			touched[u] = -1
		}
	}
	write(e, b.ids, ids)
	e.touch(e.byName["embedding.weight"], touched)
	write(e, b.index, b.Index)
	e.lists(b.Index, len(ids), b.starts, b.places)

	offset, length := make([]int32, l.T()+1), make([]int32, B)
	sequence, text := make([]int32, N), make([]int32, N)
	before := [2][]int32{make([]int32, N), make([]int32, N)}
	first, last := make([]int32, b.Texts), make([]int32, b.Texts)
	for g := range first {
		first[g], last[g] = -1, -1
	}
	for t := range offset {
		offset[t] = int32(l.Offset(t))
	}
	for s, seq := range l.Order() {
		n := l.Length(seq)
		length[s] = int32(n)
		for t := range n {
			row := l.Offset(t) + s
			sequence[row], text[row] = int32(seq), int32(b.Groups[seq])
			before[0][row], before[1][row] = -1, -1
			if t > 0 {
				before[0][row] = int32(l.Offset(t-1) + s)
			}
			if t+1 < n {
				before[1][row] = int32(l.Offset(t+1) + s)
			}
		}
	}
	for seq, g := range b.Groups {
		if n := l.Length(seq); n > 0 {
			if first[g] < 0 {
				first[g] = int32(l.Row(0, seq))
			}
			last[g] = int32(l.Row(n-1, seq))
		}
	}
	write(e, b.offset, offset)
	write(e, b.length, length)
	write(e, b.sequence, sequence)
	write(e, b.before[0], before[0])
	write(e, b.before[1], before[1])
	write(e, b.text, text)
	write(e, b.first, first)
	write(e, b.last, last)
	e.lists(text, b.Texts, b.textStarts, b.textRows)
}

// lists writes which rows belong to each of n owners, in ascending order: those of u are
// list[starts[u]:starts[u+1]].
func (e *engine) lists(owner []int32, n int, starts, list *array) {
	at, rows := make([]int32, n+1), make([]int32, len(owner))
	for _, u := range owner {
		at[u+1]++
	}
	for u := range n {
		at[u+1] += at[u]
	}
	write(e, starts, at)
	for r, u := range owner {
		rows[at[u]] = int32(r)
		at[u]++
	}
	write(e, list, rows)
}
