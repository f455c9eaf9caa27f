package device

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// A layer is one of the LSTM's.
type layer struct {
	in, units, width int // width of a row of its output: D*H
	cells            []*cell
	x                *array // what it has read, where that is not what is below it
	y                *array // [Rows][D*H]
}

// A cell is a layer in one direction.
type cell struct {
	reverse             bool
	number              int // of the direction in the layer
	column              int // where its part of a row of the output begins
	wih, whh, bih, peep *weight
	gates               *array // [Rows][4H], later their gradients
	c                   *array // [Rows][H]
	dropped             *array // whh under its mask
}

// A pool is the pooling.
type pool struct {
	width, attended int // of a row and of the attention's hidden layer
	split           int // where the reverse direction begins
	at              *array
	hidden, parts   *array // of the attention
	weights, d      *array // [Rows] of the attention
	pooled, dPooled *array // [B][P]
}

// A head is the layers from the pooled vector to the scores.
type head struct {
	*classify.Head
	names   []string // of the hidden layers, and of the last
	sizes   []int    // of what goes into each, and of the scores
	kinds   []nn.Activation
	out     []*array // of the hidden layers
	before  []*array // the same before the activation, where its gradient wants that
	d       []*array
	scores  *array
	dScores *array
	logits  []float32
}

// newNetwork makes what is around the weights.
func (e *engine) newNetwork() {
	c := e.cfg.Model
	e.newBatch()
	shape, in := c.EncoderShape(), c.Embed
	for l, s := range shape.AllLayers() {
		y := &layer{in: in, units: s.Units, width: s.NumDirections() * s.Units, x: e.array(1), y: e.array(1)}
		for d := range s.NumDirections() {
			suffix := fmt.Sprintf("_l%d", l)
			k := &cell{reverse: s.Direction == nn.Reverse || d == 1, number: d, column: d * s.Units, gates: e.array(1), c: e.array(1), dropped: e.array(1)}
			if k.reverse {
				suffix += "_reverse"
			}
			find := func(name string) *weight { return e.byName["encoder."+name+suffix] }
			k.wih, k.whh, k.bih, k.peep = find("weight_ih"), find("weight_hh"), find("bias"), find("weight_peephole")
			y.cells = append(y.cells, k)
		}
		e.layers = append(e.layers, y)
		in = y.width
	}
	p := &e.pool
	for _, a := range []**array{&p.at, &p.hidden, &p.parts, &p.weights, &p.d, &p.pooled, &p.dPooled, &e.dY[0], &e.dY[1], &e.temp[0], &e.temp[1], &e.parts, &e.dH, &e.dC, &e.x} {
		*a = e.array(1)
	}
	p.width, p.split = in, in
	switch shape.Direction {
	case nn.Bidirectional:
		p.split = in / 2
	case nn.Reverse:
		p.split = 0
	}
	if w := e.byName["pool.context"]; w != nil {
		p.attended = w.n
	}
	P := in * len(c.Pool)
	for i := range c.Heads {
		h := &head{Head: &c.Heads[i], sizes: []int{P}, scores: e.array(1), dScores: e.array(1)}
		for j, l := range h.HiddenLayers() {
			h.names, h.sizes, h.kinds = append(h.names, h.HiddenName(j)), append(h.sizes, l.Units), append(h.kinds, l.Activation)
			h.out, h.before, h.d = append(h.out, e.array(1)), append(h.before, e.array(1)), append(h.d, e.array(1))
		}
		h.names, h.sizes = append(h.names, "heads."+h.Name), append(h.sizes, h.Width())
		e.heads = append(e.heads, h)
	}
}

// Forward is train.Engine's.
func (e *engine) Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error) {
	e.mode = mode
	e.pack(texts)
	b, D := &e.batch, e.cfg.Model.Embed
	n := len(b.IDs) * D
	e.room(e.x, n)
	e.each("gather", n, e.x, e.byName["embedding.weight"].w, b.ids, D, D, 0)
	e.dropWords(e.x)
	for l := range e.layers {
		e.forwardLayer(l)
	}
	e.forwardPool()
	logits := make([][]float32, len(e.heads))
	for i, h := range e.heads {
		logits[i] = e.forwardHead(h)
	}
	return logits, e.err
}

// Backward is train.Engine's.
func (e *engine) Backward(dLogits [][]float32) error {
	b, p, table := &e.batch, &e.pool, e.byName["embedding.weight"]
	for _, w := range e.weights {
		if !w.p.Sparse {
			e.zero(w.g, w.n)
		}
	}
	n := b.Texts * e.heads[0].sizes[0]
	e.room(p.dPooled, n)
	e.zero(p.dPooled, n)
	for i, h := range e.heads {
		if dLogits[i] != nil {
			e.backwardHead(h, dLogits[i])
		}
	}
	e.dropPooled(p.dPooled)
	e.backwardPool()
	if e.net.HeadsOnly {
		table.touched = nil
		return e.err
	}
	for l := len(e.layers) - 1; l >= 0; l-- {
		e.backwardLayer(l)
	}
	e.dropWords(table.g)
	if n, rows, D := table.gradients(); slices.Contains(table.touched, -1) { // padding learns nothing
		e.each("clearRows", n, table.g, rows, D)
	}
	return e.err
}

// dropWords applies the dropout of words to their vectors [U][D] or the gradient.
func (e *engine) dropWords(x *array) {
	D := e.cfg.Model.Embed
	if m := newMask(e.cfg.Model.WordDropout, seed.For(e.mode.Seed, "word dropout")); m.dropped > 0 {
		e.each("dropTypes", len(e.batch.IDs)*D, x, e.batch.ids, D, m.seed, m.dropped, m.keep)
	}
}

// dropPooled applies the dropout of pooled vectors to them or their gradient.
func (e *engine) dropPooled(x *array) {
	if m := newMask(e.cfg.Model.Dropout, seed.For(e.mode.Seed, "pooled dropout")); m.dropped > 0 {
		e.drop(m, x, x, e.batch.Texts*e.heads[0].sizes[0], 0)
	}
}

// shared says whether the first layer reads each word of the batch once, and not each of its places.
func (e *engine) shared(l int) bool {
	c := e.cfg.Model.LSTM
	return l == 0 && (c.InputDropout == 0 || c.Tied)
}

// inputMask is the dropout of the input of a layer, and the columns of one that a sequence keeps.
func (e *engine) inputMask(l int) (m mask, columns int) {
	c := e.cfg.Model.LSTM
	p := c.Dropout
	if l == 0 {
		p = c.InputDropout
	}
	if c.Locked && !e.shared(l) {
		columns = e.layers[l].in
	}
	return newMask(p, seed.For(e.mode.Seed, "input dropout", uint64(l))), columns
}

// input makes what a layer reads, and says how many rows it has.
func (e *engine) input(l int) (x *array, n int) {
	y, N := e.layers[l], e.batch.Layout.Rows()
	m, columns := e.inputMask(l)
	switch {
	case l > 0:
		x, n = e.layers[l-1].y, N
	case e.shared(0):
		x, n = e.x, len(e.batch.IDs)
	default:
		e.room(y.x, N*y.in)
		e.each("gather", N*y.in, y.x, e.x, e.batch.index, y.in, y.in, 0)
		x, n = y.x, N
	}
	if m.dropped > 0 {
		e.room(y.x, n*y.in)
		e.drop(m, y.x, x, n*y.in, columns)
		x = y.x
	}
	return x, n
}

// read is what input has made.
func (e *engine) read(l int) *array {
	m, _ := e.inputMask(l)
	switch {
	case m.dropped > 0:
		return e.layers[l].x
	case l > 0:
		return e.layers[l-1].y
	}
	return e.x
}

// forwardLayer runs a layer in its directions.
func (e *engine) forwardLayer(l int) {
	y, N := e.layers[l], e.batch.Layout.Rows()
	x, n := e.input(l)
	e.room(y.y, N*y.width)
	G := 4 * y.units
	for _, k := range y.cells {
		e.room(k.gates, N*G)
		e.room(k.c, N*y.units)
		sums := k.gates
		if e.shared(l) {
			sums = e.temp[0]
			e.room(sums, n*G)
		}
		e.product(n, G, y.in, rows(x, y.in), transposed(k.wih.w, y.in), k.bih.w, 0, sums, 0, G)
		if e.shared(l) {
			e.each("gather", N*G, k.gates, sums, e.batch.index, G, G, 0)
		}
		if m := e.weightMask(l, k); m.dropped > 0 {
			e.room(k.dropped, k.whh.n)
			e.drop(m, k.dropped, k.whh.w, k.whh.n, 0)
		}
		e.forwardCell(y, k, e.recurrent(l, k))
	}
}

// weightMask is the dropout of the recurrent weights of a cell.
func (e *engine) weightMask(l int, k *cell) mask {
	return newMask(e.cfg.Model.LSTM.WeightDrop, seed.For(e.mode.Seed, "weight drop", uint64(l), uint64(k.number)))
}

// recurrent are the recurrent weights of a cell, under their mask.
func (e *engine) recurrent(l int, k *cell) *array {
	if e.weightMask(l, k).dropped > 0 {
		return k.dropped
	}
	return k.whh.w
}

// peep are the arguments of a kernel for the peepholes.
func (k *cell) peepholes() (weights any, has bool) {
	if k.peep == nil {
		return nil, false
	}
	return k.peep.w, true
}

// The kernels that take sequences through all their steps: of how many units a cell may be at most,
// and from how many the weights are in registers. Those from others are in memory that a group shares.
type kept struct{ most, registers int }

var (
	forwardKernels  = []kept{{32, 32}, {64, 64}, {96, 96}, {128, 96}}
	backwardKernels = []kept{{32, 32}, {64, 64}, {96, 96}, {128, 80}}
)

// sequence returns the kernel of a cell of so many units, and the memory that a group shares; "" where
// there is none, or it does not fit onto the device.
func (e *engine) sequence(name string, kernels []kept, units int) (kernel string, shared int) {
	i := slices.IndexFunc(kernels, func(k kept) bool { return units <= k.most })
	if i < 0 {
		return "", 0
	}
	kernel, shared = fmt.Sprintf("%s_%d", name, kernels[i].most), 4*max(4*units*(units-kernels[i].registers), 4)
	if !e.ctx.Fits(kernel, 4*units, shared) {
		return "", 0
	}
	return kernel, shared
}

// forwardCell runs a cell from the sums of its inputs on.
func (e *engine) forwardCell(y *layer, k *cell, whh *array) {
	b, H := &e.batch, y.units
	lay, G := b.Layout, 4*y.units
	peep, peeps := k.peepholes()
	if name, shared := e.sequence("sequenceForward", forwardKernels, H); name != "" {
		e.launch(name, sequences(lay), 1, G, shared, H, b.offset, b.length, k.reverse, k.gates, whh, k.c, y.y, y.width, k.column, peep, peeps)
		return
	}
	for _, s := range steps(lay, k.reverse) {
		if s.old > 0 {
			h := matrix{y.y, s.before*y.width + k.column, y.width, 1}
			e.product(s.old, G, H, h, transposed(whh, H), nil, 1, k.gates, s.row*G, G)
		}
		e.each("cellForward", s.n*H, H, s.row, s.before, s.old, k.gates, k.c, y.y, y.width, k.column, peep, peeps)
	}
}

// sequences is the number of those with a step.
func sequences(l *nn.Layout) int {
	if l.T() == 0 {
		return 0
	}
	return l.Active(0)
}

// A step has n rows from row on. The first old of them have been read before, where before begins;
// the first later ones go on at the rows after.
type step struct{ row, n, before, old, after, later int }

// steps are those of a layout, in the order in which a cell reads them.
func steps(l *nn.Layout, reverse bool) []step {
	list := make([]step, l.T())
	for t := range list {
		s := &list[t]
		s.row, s.n = l.Offset(t), l.Active(t)
		if t > 0 {
			s.before, s.old = l.Offset(t-1), s.n
		}
		s.after, s.later = l.Offset(t+1), l.Active(t+1)
		if reverse {
			s.before, s.old, s.after, s.later = s.after, s.later, s.before, s.old
		}
	}
	if reverse {
		slices.Reverse(list)
	}
	return list
}

// backwardCell turns the gates of a cell into their gradients.
func (e *engine) backwardCell(y *layer, k *cell, whh, dY *array) {
	b, H := &e.batch, y.units
	lay, G := b.Layout, 4*y.units
	peep, peeps := k.peepholes()
	if name, shared := e.sequence("sequenceBackward", backwardKernels, H); name != "" {
		e.launch(name, sequences(lay), 1, G, shared, H, b.offset, b.length, k.reverse, k.gates, whh, k.c, dY, y.width, k.column, peep, peeps)
		return
	}
	e.room(e.dH, lay.B()*H)
	e.room(e.dC, lay.B()*H)
	list := steps(lay, k.reverse)
	for _, s := range slices.Backward(list) {
		if s.later > 0 {
			e.product(s.later, H, G, rows(k.gates, G).from(s.after), rows(whh, H), nil, 0, e.dH, 0, H)
		}
		e.each("cellBackward", s.n*H, H, s.row, s.before, s.old, s.later, k.gates, k.c, dY, y.width, k.column, e.dH, e.dC, peep, peeps)
	}
}

// backwardLayer finds the gradients of a layer's weights and puts that of its input in place of that of its
// output; of the first layer it is that of the words.
func (e *engine) backwardLayer(l int) {
	var (
		y, b   = e.layers[l], &e.batch
		H, G   = y.units, 4 * y.units
		N, U   = b.Layout.Rows(), len(b.IDs)
		x, n   = e.read(l), N
		shared = e.shared(l)
		dY, dX = e.dY[0], e.dY[1]
		table  = e.byName["embedding.weight"].g
	)
	if l == 0 {
		e.room(table, U*y.in)
	}
	if shared {
		n, dX = U, table
	}
	e.room(dX, n*y.in)
	for d, k := range y.cells {
		e.backwardCell(y, k, e.recurrent(l, k), dY)
		before := b.before[0]
		if k.reverse {
			before = b.before[1]
		}
		if k.peep != nil {
			e.room(e.temp[0], N*3*H)
			e.each("peepholes", N*H, H, e.temp[0], k.gates, k.c, before)
			e.sumColumns(k.peep.g, N, 3*H, e.temp[0])
		}
		e.sumColumns(k.bih.g, N, G, k.gates)
		e.room(e.temp[0], N*H)
		e.each("gather", N*H, e.temp[0], y.y, before, H, y.width, k.column)
		e.product(G, H, N, transposed(k.gates, G), rows(e.temp[0], H), nil, 0, k.whh.g, 0, H)
		if m := e.weightMask(l, k); m.dropped > 0 {
			e.drop(m, k.whh.g, k.whh.g, k.whh.n, 0)
		}
		sums := k.gates
		if shared {
			sums = e.temp[1]
			e.room(sums, U*G)
			e.each("sumRows", U*G, sums, k.gates, b.starts, b.places, G)
		}
		e.product(G, y.in, n, transposed(sums, G), rows(x, y.in), nil, 0, k.wih.g, 0, y.in)
		e.product(n, y.in, G, rows(sums, G), rows(k.wih.w, y.in), nil, float32(min(d, 1)), dX, 0, y.in)
	}
	if m, columns := e.inputMask(l); m.dropped > 0 {
		e.drop(m, dX, dX, n*y.in, columns)
	}
	if l == 0 && !shared {
		e.each("sumRows", U*y.in, table, dX, b.starts, b.places, y.in)
	}
	e.dY[0], e.dY[1] = e.dY[1], e.dY[0]
}

// forwardPool pools the rows of the last layer.
func (e *engine) forwardPool() {
	p, b := &e.pool, &e.batch
	W, y, N := p.width, e.layers[len(e.layers)-1].y, b.Layout.Rows()
	P, n := e.heads[0].sizes[0], b.Texts*p.width
	e.room(p.pooled, b.Texts*P)
	for i, kind := range e.cfg.Model.Pool {
		column := i * W
		switch kind {
		case nn.Max:
			e.room(p.at, n)
			e.each("poolMax", n, p.pooled, P, column, p.at, y, W, b.textStarts, b.textRows, e.cfg.Model.Padded)
		case nn.Mean:
			e.each("poolSum", n, p.pooled, P, column, y, W, b.textStarts, b.textRows, nil, true)
		case nn.Last:
			e.each("poolLast", n, p.pooled, P, column, y, W, p.split, b.first, b.last)
		case nn.Attention:
			A := p.attended
			e.room(p.hidden, N*A)
			e.room(p.weights, N)
			e.dense("pool.hidden", p.hidden, y, N, W, A)
			e.activate(nn.Tanh, p.hidden, nil, N*A)
			e.each("dotRows", N, p.weights, p.hidden, A, e.byName["pool.context"].w, 0, 0, nil)
			e.each("softmaxTexts", b.Texts, p.weights, b.textStarts, b.textRows)
			e.each("poolSum", n, p.pooled, P, column, y, W, b.textStarts, b.textRows, p.weights, false)
		}
	}
	e.dropPooled(p.pooled)
}

// backwardPool makes the gradient of the last layer's rows.
func (e *engine) backwardPool() {
	p, b, dy := &e.pool, &e.batch, e.dY[0]
	W, y, N := p.width, e.layers[len(e.layers)-1].y, b.Layout.Rows()
	P, n := e.heads[0].sizes[0], b.Texts*p.width
	e.room(dy, N*W)
	e.zero(dy, N*W)
	for i, kind := range e.cfg.Model.Pool {
		column := i * W
		switch kind {
		case nn.Max:
			e.each("poolMaxBackward", n, dy, p.dPooled, P, column, p.at, W)
		case nn.Mean:
			e.each("poolSumBackward", N*W, dy, p.dPooled, P, column, W, b.text, b.textStarts, nil, true)
		case nn.Last:
			e.each("poolLastBackward", n, dy, p.dPooled, P, column, W, p.split, b.first, b.last)
		case nn.Attention:
			A := p.attended
			e.room(p.d, N)
			e.room(p.parts, N*A)
			context := e.byName["pool.context"]
			e.each("dotRows", N, p.d, y, W, p.dPooled, P, column, b.text)
			e.each("softmaxTextsBackward", b.Texts, p.d, p.weights, b.textStarts, b.textRows)
			e.each("poolSumBackward", N*W, dy, p.dPooled, P, column, W, b.text, b.textStarts, p.weights, false)
			e.each("attentionBackward", N*A, p.hidden, p.parts, p.d, context.w, A)
			e.sumColumns(context.g, N, A, p.parts)
			e.denseBackward("pool.hidden", dy, p.hidden, y, N, W, A)
		}
	}
}

// activate applies an activation, and keeps what it was applied to in before, unless that is nil.
func (e *engine) activate(a nn.Activation, x, before *array, n int) {
	var kept any
	if before != nil {
		e.room(before, n)
		kept = before
	}
	e.each("activate", n, x, kept, before != nil, max(slices.Index(nn.Activations(), a), 0))
}

// forwardHead returns the scores of a head.
func (e *engine) forwardHead(h *head) []float32 {
	B, x, last := e.batch.Texts, e.pool.pooled, len(h.kinds)
	for i, kind := range h.kinds {
		e.room(h.out[i], B*h.sizes[i+1])
		e.dense(h.names[i], h.out[i], x, B, h.sizes[i], h.sizes[i+1])
		e.activate(kind, h.out[i], h.before[i], B*h.sizes[i+1])
		x = h.out[i]
	}
	C := h.sizes[last+1]
	e.room(h.scores, B*C)
	e.dense(h.names[last], h.scores, x, B, h.sizes[last], C)
	h.logits = slices.Grow(h.logits[:0], B*C)[:B*C]
	read(e, h.logits, h.scores)
	return h.logits
}

// backwardHead adds to the gradients of a head's weights and of the pooled vectors.
func (e *engine) backwardHead(h *head, dLogits []float32) {
	B := e.batch.Texts
	write(e, h.dScores, dLogits)
	d := h.dScores
	for i := len(h.kinds); i >= 0; i-- {
		x, dx := e.pool.pooled, e.pool.dPooled
		if i > 0 {
			x, dx = h.out[i-1], h.d[i-1]
			e.room(dx, B*h.sizes[i])
			e.zero(dx, B*h.sizes[i])
		}
		e.denseBackward(h.names[i], dx, d, x, B, h.sizes[i], h.sizes[i+1])
		if i > 0 {
			e.each("activateBackward", B*h.sizes[i], dx, h.before[i-1], h.out[i-1], slices.Index(nn.Activations(), h.kinds[i-1]))
		}
		d = dx
	}
}
