package device

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// A unit is a kind of cell.
type unit struct {
	sums, state       int    // numbers by unit: of a row of sums, and of what else is kept
	cell, sequence    string // what its kernels' names begin with: for a step, and for all of them
	forward, backward []kept
}

// The kernels that take sequences through all their steps: of how many units a cell may be at most,
// and from how many the weights are in registers. Those from others are in memory that a group shares.
type kept struct{ most, registers int }

var (
	lstmUnit = unit{4, 1, "cell", "sequence",
		[]kept{{32, 32}, {64, 64}, {96, 96}, {128, 96}},
		[]kept{{32, 32}, {64, 64}, {96, 96}, {128, 80}}}
	gruUnit = unit{3, 3, "gruCell", "gruSequence",
		[]kept{{32, 32}, {64, 64}, {96, 96}, {128, 128}},
		[]kept{{32, 32}, {64, 64}, {96, 88}, {128, 104}}}
)

// unitOf is the kind of cells of a model.
func unitOf(c classify.Config) unit {
	if c.EncoderName() == "gru" {
		return gruUnit
	}
	return lstmUnit
}

// A cell is a layer in one direction.
type cell struct {
	reverse                  bool
	number                   int // of the direction in the layer
	column                   int // where its part of a row of the output begins
	wih, whh, bih, bhh, peep *weight
	gates                    *array // [Rows][G] the sums of the input, then the gates, later the gradients of the sums
	sums                     *array // [Rows][G] those of the state; an LSTM's are the gates
	state                    *array // what else is kept: an LSTM's cell [Rows][H], a GRU's sums
	dropped                  *array // whh under its mask
}

// newCell returns a cell of a layer, whose weights' names end so.
func (e *engine) newCell(reverse bool, number, units int, suffix string) *cell {
	find := func(name string) *weight { return e.byName["encoder."+name+suffix] }
	k := &cell{reverse: reverse, number: number, column: number * units, gates: e.array(1), state: e.array(1), dropped: e.array(1)}
	k.wih, k.whh, k.bih, k.bhh, k.peep = find("weight_ih"), find("weight_hh"), find("bias"), find("bias_hh"), find("weight_peephole")
	if k.sums = k.gates; k.bhh != nil {
		k.bih, k.sums = find("bias_ih"), k.state
	}
	return k
}

// weightMask is the dropout of the recurrent weights of a cell.
func (e *engine) weightMask(l int, k *cell) mask {
	return newMask(e.drops.WeightDrop, seed.For(e.mode.Seed, "weight drop", uint64(l), uint64(k.number)))
}

// recurrent are the recurrent weights of a cell, under their mask.
func (e *engine) recurrent(l int, k *cell) *array {
	if e.weightMask(l, k).dropped > 0 {
		return k.dropped
	}
	return k.whh.w
}

// peepholes are the arguments of a kernel for them.
func (k *cell) peepholes() []any {
	if k.peep == nil {
		return []any{nil, false}
	}
	return []any{k.peep.w, true}
}

// sequence returns the kernel of a cell of so many units, and the memory that a group shares; "" where
// there is none, or it does not fit onto the device.
func (e *engine) sequence(way string, kernels []kept, units int) (kernel string, shared int) {
	i := slices.IndexFunc(kernels, func(k kept) bool { return units <= k.most })
	if i < 0 {
		return "", 0
	}
	G := e.unit.sums * units
	kernel, shared = fmt.Sprintf("%s%s_%d", e.unit.sequence, way, kernels[i].most), 4*max(G*(units-kernels[i].registers), 4)
	if !e.ctx.Fits(kernel, G, shared) {
		return "", 0
	}
	return kernel, shared
}

// forwardCell runs a cell from the sums of its inputs on.
func (e *engine) forwardCell(y *layer, k *cell, whh *array) {
	var (
		b, lay = &e.batch, e.batch.Layout
		H, G   = y.units, e.unit.sums * y.units
		more   = k.peepholes()
		beta   = float32(1) // the sums of the state go to those of the input
	)
	if k.bhh != nil {
		more, beta = []any{k.bhh.w}, 0
	}
	if name, shared := e.sequence("Forward", e.unit.forward, H); name != "" {
		args := []any{H, b.offset, b.length, k.reverse, k.gates, whh, k.state, y.y, y.width, k.column}
		e.launch(name, sequences(lay), 1, G, shared, append(args, more...)...)
		return
	}
	for _, s := range steps(lay, k.reverse) {
		if s.old > 0 {
			h := matrix{y.y, s.before*y.width + k.column, y.width, 1}
			e.product(s.old, G, H, h, transposed(whh, H), nil, beta, k.sums, s.row*G, G)
		}
		e.each(e.unit.cell+"Forward", s.n*H, append([]any{H, s.row, s.before, s.old, k.gates, k.state, y.y, y.width, k.column}, more...)...)
	}
}

// backwardCell turns the gates of a cell, and the sums of its state, into the gradients of the sums.
func (e *engine) backwardCell(y *layer, k *cell, whh, dY *array) {
	var (
		b, lay = &e.batch, e.batch.Layout
		H, G   = y.units, e.unit.sums * y.units
		more   = k.peepholes()
	)
	if k.bhh != nil {
		more = []any{y.y}
	}
	if name, shared := e.sequence("Backward", e.unit.backward, H); name != "" {
		args := []any{H, b.offset, b.length, k.reverse, k.gates, whh, k.state, dY, y.width, k.column}
		e.launch(name, sequences(lay), 1, G, shared, append(args, more...)...)
		return
	}
	e.room(e.dH, lay.B()*H)
	e.room(e.dC, lay.B()*H)
	for _, s := range slices.Backward(steps(lay, k.reverse)) {
		if s.later > 0 {
			e.product(s.later, H, G, rows(k.sums, G).from(s.after), rows(whh, H), nil, 0, e.dH, 0, H)
		}
		args := []any{H, s.row, s.before, s.old, s.later, k.gates, k.state, dY, y.width, k.column, e.dH, e.dC}
		e.each(e.unit.cell+"Backward", s.n*H, append(args, more...)...)
	}
}

// cellWeights adds to the gradients of a cell's recurrent weights and its biases.
func (e *engine) cellWeights(l int, y *layer, k *cell) {
	b, H, G, N := &e.batch, y.units, e.unit.sums*y.units, e.batch.Layout.Rows()
	before := b.before[0]
	if k.reverse {
		before = b.before[1]
	}
	if k.peep != nil {
		e.room(e.temp[0], N*3*H)
		e.each("peepholes", N*H, H, e.temp[0], k.gates, k.state, before)
		e.sumColumns(k.peep.g, N, 3*H, e.temp[0])
	}
	if e.sumColumns(k.bih.g, N, G, k.gates); k.bhh != nil {
		e.sumColumns(k.bhh.g, N, G, k.sums)
	}
	e.room(e.temp[0], N*H)
	e.each("gather", N*H, e.temp[0], y.y, before, H, y.width, k.column)
	m := e.weightMask(l, k)
	if m.dropped == 0 {
		e.product(G, H, N, transposed(k.sums, G), rows(e.temp[0], H), nil, 1, k.whh.g, 0, H)
		return
	}
	e.room(e.temp[1], G*H)
	e.product(G, H, N, transposed(k.sums, G), rows(e.temp[0], H), nil, 0, e.temp[1], 0, H)
	e.drop(m, e.temp[1], e.temp[1], G*H, 0)
	e.each("add", G*H, k.whh.g, e.temp[1])
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
