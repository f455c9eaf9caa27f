package rnn

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// Forward runs the batch through all layers. A nil init means zeros. In
// training mode ws keeps what Backward needs, and in.X must stay unchanged
// until then. The only errors are wrong sizes, wrapping ErrShape.
func (m *Stack) Forward(ws *Workspace, in nn.Batch, init *State, mode nn.Mode) (Output, error) {
	if err := m.checkBatch(in, init); err != nil {
		return Output{}, err
	}
	ws.batch, ws.mode, ws.taped = in, mode, mode.Train
	ws.inputSize = m.shape.Input
	ws.sharing = in.Index != nil && m.shares(ws)
	ws.gathering = in.Index != nil && !ws.sharing && m.inputDropout(ws, 0).P == 0
	ws.packed = m.weights(mode.Train, ws.Int8 && !mode.Train)
	if in.Cache != nil && in.Cache.Version != ws.packed.version {
		return Output{}, m.errorf("the input cache is for other weights")
	}
	lay := in.Layout
	B, N := lay.B(), lay.Rows()
	if len(ws.layers) != len(m.cells) {
		ws.layers = make([]layerTape, len(m.cells))
	}
	ws.proj = grow(ws.proj, len(m.cells[0]))
	m.setInit(ws, init)
	ws.final.H = grow(ws.final.H, m.units*B)
	ws.final.C = grow(ws.final.C, m.units*B)

	x := in.X
	for l, layer := range m.cells {
		tape := &ws.layers[l]
		m.setInput(ws, l, x)
		tape.y = grow(tape.y, N*layer[0].width)
		for d, c := range layer {
			ct := &tape.dirs[d]
			if mode.Train {
				ct.gates = grow(ct.gates, N*c.Gates)
				ct.c = grow(ct.c, N*c.Hidden)
				m.dropWeights(ws, l, d)
			}
			if ws.shared(l) {
				ws.projectDistinct(c, d, tape.x)
			}
		}
		if ws.shared(l) && in.Cache != nil {
			for u, key := range in.Keys {
				in.Cache.Put(int(key), ws.proj, u)
			}
		}
		ws.cut(lay, len(layer))
		ws.team.For(ws.workers(), len(ws.tasks), func(i int) {
			t := &ws.tasks[i]
			ws.forwardCell(layer[t.dir], l, t)
		})
		x = tape.y
		if H := layer[0].Hidden; m.merges(l) {
			tape.merged = grow(tape.merged, N*H)
			m.shape.Layer(l).Merge.Forward(tape.merged, x, N, H)
			x = tape.merged
		}
	}
	return Output{Y: x, Final: ws.final}, nil
}

// merges says whether the layer above l reads its two directions as one.
func (m *Stack) merges(l int) bool {
	return l < len(m.cells)-1 && !m.shape.Layer(l).Merge.Joins()
}

func (m *Stack) checkBatch(in nn.Batch, init *State) error {
	if in.Layout == nil {
		return m.errorf("batch without a layout")
	}
	N, I := in.Layout.Rows(), m.shape.Input
	if in.Index == nil && len(in.X) != N*I {
		return m.errorf("len(X) = %d, want Rows*I = %d*%d = %d", len(in.X), N, I, N*I)
	}
	if in.Index != nil {
		if len(in.Index) != N {
			return m.errorf("len(Index) = %d, want Rows = %d", len(in.Index), N)
		}
		if len(in.X)%I != 0 {
			return m.errorf("len(X) = %d is not a multiple of I = %d", len(in.X), I)
		}
		u := int32(len(in.X) / I)
		if in.Cache != nil && len(in.Keys) != int(u) {
			return m.errorf("len(Keys) = %d, want %d, one for each row of X", len(in.Keys), u)
		}
		for r, i := range in.Index {
			if i < 0 && in.Cache != nil && in.Cache.Has(int(^i)) {
				continue
			}
			if i < 0 || i >= u {
				return m.errorf("Index[%d] = %d, want 0 <= index < %d", r, i, u)
			}
		}
	}
	if init != nil {
		return m.checkState("init", init, in.Layout.B())
	}
	return nil
}

// errorf is an ErrShape of this kind of network.
func (m *Stack) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w: "+format, append([]any{m.cfg.Name, ErrShape}, args...)...)
}

func (m *Stack) checkState(name string, s *State, B int) error {
	if want := m.units * B; len(s.H) != want || len(s.C) != want {
		return m.errorf("%s has len(H) = %d, len(C) = %d, want B times the %d units of all layers and directions = %d",
			name, len(s.H), len(s.C), m.units, want)
	}
	return nil
}

// setInit keeps the initial state in sorted order.
func (m *Stack) setInit(ws *Workspace, init *State) {
	if init == nil {
		ws.init = State{}
		return
	}
	ws.init.H = grow(ws.init.H, len(init.H))
	ws.init.C = grow(ws.init.C, len(init.C))
	m.toSorted(ws.init.H, init.H, ws.batch.Layout)
	m.toSorted(ws.init.C, init.C, ws.batch.Layout)
}

// toSorted copies a part of a state from the original order of the sequences to the
// sorted one.
func (m *Stack) toSorted(dst, src []float32, lay *nn.Layout) {
	m.eachRow(lay, func(sorted, original, H int) { copy(dst[sorted:sorted+H], src[original:]) })
}

// fromSorted is the other way round.
func (m *Stack) fromSorted(dst, src []float32, lay *nn.Layout) {
	m.eachRow(lay, func(sorted, original, H int) { copy(dst[original:original+H], src[sorted:]) })
}

// eachRow calls f for each cell and sequence with the places of its H units in a state
// of sorted sequences and in one of sequences in the original order.
func (m *Stack) eachRow(lay *nn.Layout, f func(sorted, original, H int)) {
	B := lay.B()
	for _, layer := range m.cells {
		for _, c := range layer {
			H := c.Hidden
			for s, b := range lay.Order() {
				f(c.before*B+s*H, c.before*B+b*H, H)
			}
		}
	}
}

// setInput makes the tape's x of layer l from the rows below it: a copy where values are
// dropped, else an alias. In the copy, rows with the same input have one each if they do not
// share its products.
func (m *Stack) setInput(ws *Workspace, l int, x []float32) {
	tape, in := &ws.layers[l], m.cells[l][0].In
	tape.x = x
	if m.inputDropout(ws, l).P == 0 {
		return
	}
	if l == 0 && ws.batch.Index != nil && !ws.sharing {
		tape.own = grow(tape.own, ws.batch.Layout.Rows()*in)
		for r, i := range ws.batch.Index {
			copy(tape.own[r*in:(r+1)*in], x[int(i)*in:])
		}
	} else {
		tape.own = append(tape.own[:0], x...)
	}
	tape.x = tape.own
	m.dropInput(ws, l, tape.x)
}

// shares says whether rows with the same input share its products. A training by places
// needs no sums over the places of an input, which is more where few come twice.
func (m *Stack) shares(ws *Workspace) bool {
	switch {
	case !ws.mode.Train:
		return true
	case m.cfg.InputDropout > 0:
		return m.cfg.Tied
	}
	return 4*len(ws.batch.X) <= 3*ws.batch.Layout.Rows()*m.shape.Input
}

// shared says whether the inputs of layer l are multiplied by way of the Index.
func (ws *Workspace) shared(l int) bool { return l == 0 && ws.sharing }

// gathers says whether rows of layer l read their inputs by way of the Index, each for itself.
func (ws *Workspace) gathers(l int) bool { return l == 0 && ws.gathering }

// inputsOf returns the inputs [n][in] of rows first…first+n-1 of layer l, in room if they
// are gathered.
func (ws *Workspace) inputsOf(l, first, n, in int, room *[]float32) []float32 {
	x := ws.layers[l].x
	if !ws.gathers(l) {
		return x[first*in:]
	}
	*room = grow(*room, n*in)
	for r, i := range ws.batch.Index[first : first+n] {
		copy((*room)[r*in:(r+1)*in], x[int(i)*in:])
	}
	return *room
}

// projectDistinct computes the first layer's products of the distinct inputs
// x [U][in] in direction d: proj [U][Gates] = x·Wihᵀ + bias.
func (ws *Workspace) projectDistinct(c *Cell, d int, x []float32) {
	const block = 64
	U, G := len(x)/c.In, c.Gates
	p := &ws.packed.cells[0][d]
	ws.proj[d] = grow(ws.proj[d], U*G)
	ws.team.For(ws.workers(), (U+block-1)/block, func(i int) {
		lo := i * block
		n := min(block, U-lo)
		var rows vec.RowsInt8
		project(n, x[lo*c.In:], c, p, ws.proj[d][lo*G:], &rows)
	})
}

// project is dst [n][Gates] = bias + x [n][in]·Wihᵀ.
func project(n int, x []float32, c *Cell, p *packedCell, dst []float32, rows *vec.RowsInt8) {
	if c.Input > 0 {
		for r := range n {
			copy(dst[r*c.Gates:r*c.Gates+c.Input], p.bias)
		}
	}
	p.ihT.mulBias(n, x, c.In, p.bias[c.Input:], dst[c.Input:], c.Gates, rows)
}

// steps is the order in which a cell reads a layout: times 0, 1, … or back.
type steps struct {
	lay     *nn.Layout
	reverse bool
}

// at returns the k-th time in reading order.
func (s steps) at(k int) int {
	if s.reverse {
		return s.lay.T() - 1 - k
	}
	return k
}

// rows returns how many of the sequences lo…hi-1 (sorted positions) are alive at time
// t, and of those how many have been read before. t may lie outside 0…T-1.
func (s steps) rows(t, lo, hi int) (n, old int) {
	alive := func(t int) int {
		if t < 0 || t >= s.lay.T() {
			return 0
		}
		return max(min(hi, s.lay.Active(t))-lo, 0)
	}
	return alive(t), min(alive(t), alive(s.before(t)))
}

// before returns the time read before t; after, the one after it.
func (s steps) before(t int) int {
	if s.reverse {
		return t + 1
	}
	return t - 1
}

func (s steps) after(t int) int {
	if s.reverse {
		return t - 1
	}
	return t + 1
}

// shift is how many rows before each of the rows first…first+n-1 the one lies that was read before
// it, if that is the same number for all. It is negative where a layout is read backwards.
func (s steps) shift(first, n int) (rows int, ok bool) {
	for t := range s.lay.T() {
		lo, hi := s.lay.Offset(t), min(s.lay.Offset(t+1), first+n)
		if hi <= first || lo >= hi {
			continue
		}
		if _, old := s.rows(t, 0, s.lay.B()); hi-lo > old {
			return 0, false
		}
		by := lo - s.lay.Offset(s.before(t))
		if rows != 0 && by != rows {
			return 0, false
		}
		rows = by
	}
	return rows, true
}

// forwardCell runs one task of layer l: for each time in reading order
//
//	gates = bias + x_t·Wihᵀ + h_{t-1}·Whhᵀ
//	c_t, h_t = Kernel.Forward(gates, c_{t-1})
//
// h goes to its columns of y [Rows][D*H]. In training the gates and c of every step are kept;
// else they live in buffers of a few steps that stay in the cache.
func (ws *Workspace) forwardCell(c *Cell, l int, k *task) {
	tape, s := &ws.layers[l], steps{ws.batch.Layout, c.Reverse}
	H, B, T := c.Hidden, s.lay.B(), s.lay.T()
	f := forwardTask{
		k: k, s: s, c: c, ct: &tape.dirs[k.dir], keep: ws.mode.Train,
		hhT: &ws.packed.cells[l][k.dir].hhT, y: tape.y[min(c.column, len(tape.y)):],
	}
	if ws.init.H != nil {
		f.h0 = c.state(ws.init.H, B)[k.lo*H : k.hi*H]
		f.c0 = c.state(ws.init.C, B)[k.lo*H : k.hi*H]
	}
	if f.keep && f.ct.drop != nil {
		f.hhT = &f.ct.drop.hhT
	}
	if !f.keep {
		k.c = zeros(k.c, (k.hi-k.lo)*H)
		copy(k.c, f.c0)
	}
	f.begin = ws.shared(l) && !f.hhT.int8 && f.hhT.f.N == c.Gates
	f.gates = f.ct.gates
	for kk, done := 0, 0; kk < T; kk++ {
		t := s.at(kk)
		if kk == done { // the input's part of the next few steps
			done = ws.blockEnd(s, kk, k)
			if !f.keep {
				f.first = s.lay.Offset(min(t, s.at(done-1))) + k.lo
				k.gates = grow(k.gates, ws.blockRows(s, kk, done, k)*c.Gates)
				f.gates = k.gates
			}
			if !f.begin {
				ws.projectSteps(c, &ws.packed.cells[l][k.dir], l, k, s, kk, done, f.gates, f.first)
			}
		}
		if n, old := s.rows(t, k.lo, k.hi); n > 0 {
			if f.begin {
				k.starts = ws.inputRows(k.starts[:0], k.dir, s.lay.Offset(t)+k.lo, n)
			}
			f.step(t, n, old)
		}
	}
	ws.setFinal(c, l, k, s, f.y)
}

// A forwardTask is what forwardCell holds through all steps.
type forwardTask struct {
	k      *task
	s      steps
	c      *Cell
	ct     *cellTape
	hhT    *operand
	y      []float32 // from the cell's column on
	h0, c0 []float32 // [hi-lo][H], nil for zeros
	gates  []float32 // from row first of the batch on
	first  int
	keep   bool // whether this is a training
	begin  bool // whether products with h begin with starts, which have all columns of the gates
}

// step takes the n sequences that have time t through it; old of them have been read before.
func (f *forwardTask) step(t, n, old int) {
	c, H, G, width := f.c, f.c.Hidden, f.c.Gates, f.c.width
	row := f.s.lay.Offset(t) + f.k.lo
	pre, y := f.gates[(row-f.first)*G:], f.y[row*width:]
	var cPrev []float32 // [old][H]
	if old > 0 {
		prev := f.s.lay.Offset(f.s.before(t)) + f.k.lo
		if f.begin {
			vec.MatMulRows(old, f.y[prev*width:], width, &f.hhT.f, f.k.starts, pre, G)
		} else {
			f.hhT.mul(old, f.y[prev*width:], width, pre, G, &f.k.rows)
		}
		if f.keep {
			cPrev = f.ct.c[prev*H:]
		}
	}
	if f.begin {
		for r, start := range f.k.starts[old:] {
			copy(pre[(old+r)*G:][:G], start)
		}
	}
	if n > old && f.h0 != nil {
		f.hhT.mul(n-old, f.h0[old*H:], H, pre[old*G:], G, &f.k.rows)
	}
	if !f.keep {
		c.Kernel.Forward(n, H, pre, G, f.k.c, f.k.c, y, width)
		return
	}
	cells := f.ct.c[row*H:]
	if old > 0 {
		c.Kernel.Forward(old, H, pre, G, cPrev, cells, y, width)
	}
	if n > old {
		var start []float32
		if f.c0 != nil {
			start = f.c0[old*H:]
		}
		c.Kernel.Forward(n-old, H, pre[old*G:], G, start, cells[old*H:], y[old*width:], width)
	}
}

// blockEnd returns where the block of steps ends that begins with the kk-th in
// reading order: steps are taken together until their product is high enough
// to run at full speed. A task for some of the sequences takes one at a time,
// since its rows of several steps do not lie together.
func (ws *Workspace) blockEnd(s steps, kk int, k *task) int {
	const enough = 64 // rows
	end := kk + 1
	if k.lo > 0 || k.hi < s.lay.B() {
		return end
	}
	rows := s.lay.Active(s.at(kk))
	for end < s.lay.T() && rows < enough {
		rows += s.lay.Active(s.at(end))
		end++
	}
	return end
}

func (ws *Workspace) blockRows(s steps, from, to int, k *task) int {
	rows := 0
	for kk := from; kk < to; kk++ {
		n, _ := s.rows(s.at(kk), k.lo, k.hi)
		rows += n
	}
	return rows
}

// projectSteps computes bias + x·Wihᵀ for the steps from…to-1 in reading
// order. Row r of the batch goes to row r-first of gates.
func (ws *Workspace) projectSteps(c *Cell, p *packedCell, l int, k *task, s steps, from, to int, gates []float32, first int) {
	G := c.Gates
	n := ws.blockRows(s, from, to, k)
	row := s.lay.Offset(min(s.at(from), s.at(to-1))) + k.lo
	dst := gates[min((row-first)*G, len(gates)):]
	if ws.shared(l) {
		k.starts = ws.inputRows(k.starts[:0], k.dir, row, n)
		for r, from := range k.starts {
			copy(dst[r*G:(r+1)*G], from)
		}
		return
	}
	if n > 0 {
		project(n, ws.inputsOf(l, row, n, c.In, &k.x), c, p, dst, &k.rows)
	}
}

// inputRows appends the first layer's products [Gates] of rows row…row+n-1, which share them
// with other rows.
func (ws *Workspace) inputRows(dst [][]float32, dir, row, n int) [][]float32 {
	G := len(ws.packed.cells[0][dir].bias)
	for _, i := range ws.batch.Index[row : row+n] {
		if i < 0 {
			dst = append(dst, ws.batch.Cache.Row(dir, int(^i)))
		} else {
			dst = append(dst, ws.proj[dir][int(i)*G:(int(i)+1)*G])
		}
	}
	return dst
}

// setFinal writes the state of each sequence after its last step in reading
// order, or its initial state if it has none.
func (ws *Workspace) setFinal(c *Cell, l int, k *task, s steps, y []float32) {
	var cells []float32
	if ws.mode.Train {
		cells = ws.layers[l].dirs[k.dir].c
	}
	ws.setFinalOf(c, k, s, y, cells)
}

// setFinalOf is setFinal where cells [Rows][H] has the cell states of all steps, or is
// nil and the task has those of the last ones.
func (ws *Workspace) setFinalOf(c *Cell, k *task, s steps, y, cells []float32) {
	H, B := c.Hidden, s.lay.B()
	finalH, finalC := c.state(ws.final.H, B), c.state(ws.final.C, B)
	for pos := k.lo; pos < k.hi; pos++ {
		b := s.lay.Order()[pos]
		h, cell := finalH[b*H:(b+1)*H], finalC[b*H:(b+1)*H]
		n := s.lay.Length(b)
		switch {
		case n > 0:
			last := n - 1
			if c.Reverse {
				last = 0
			}
			row := s.lay.Offset(last) + pos
			copy(h, y[row*c.width:])
			if cells != nil {
				copy(cell, cells[row*H:])
			} else {
				copy(cell, k.c[(pos-k.lo)*H:])
			}
		case ws.init.H != nil:
			copy(h, c.state(ws.init.H, B)[pos*H:])
			copy(cell, c.state(ws.init.C, B)[pos*H:])
		default:
			clear(h)
			clear(cell)
		}
	}
}
