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
// dropped, else an alias. Rows with the same input have one each if they do not share its
// products.
func (m *Stack) setInput(ws *Workspace, l int, x []float32) {
	tape, in := &ws.layers[l], m.cells[l][0].In
	spread := l == 0 && ws.batch.Index != nil && !ws.sharing
	tape.x = x
	if !spread && m.inputDropout(ws, l).P == 0 {
		return
	}
	if spread {
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

// forwardCell runs one task of layer l: for each time in reading order
//
//	gates = bias + x_t·Wihᵀ + h_{t-1}·Whhᵀ
//	c_t, h_t = Kernel.Forward(gates, c_{t-1})
//
// h goes to its columns of y [Rows][D*H]. In training the gates and c of every step are kept;
// else they live in buffers of a few steps that stay in the cache.
func (ws *Workspace) forwardCell(c *Cell, l int, k *task) {
	var (
		tape  = &ws.layers[l]
		ct    = &tape.dirs[k.dir]
		p     = &ws.packed.cells[l][k.dir]
		s     = steps{ws.batch.Layout, c.Reverse}
		T, B  = s.lay.T(), s.lay.B()
		H, G  = c.Hidden, c.Gates
		width = c.width
		y     = tape.y[min(c.column, len(tape.y)):]
		keep  = ws.mode.Train
		h0    []float32 // [hi-lo][H] of this task
		c0    []float32
		hhT   = &p.hhT
	)
	if ws.init.H != nil {
		h0 = c.state(ws.init.H, B)[k.lo*H : k.hi*H]
		c0 = c.state(ws.init.C, B)[k.lo*H : k.hi*H]
	}
	if keep && ct.drop != nil {
		hhT = &ct.drop.hhT
	}
	if !keep {
		k.c = grow(k.c, (k.hi-k.lo)*H)
		if c0 == nil {
			clear(k.c)
		} else {
			copy(k.c, c0)
		}
	}
	first := 0 // the row of the first gates row in the buffer
	gates := ct.gates
	for kk, done := 0, 0; kk < T; kk++ {
		t := s.at(kk)
		if kk == done { // the input's part of the next few steps
			done = ws.blockEnd(s, kk, k)
			if !keep {
				lowest := min(s.at(kk), s.at(done-1))
				n := ws.blockRows(s, kk, done, k)
				first = s.lay.Offset(lowest) + k.lo
				k.gates = grow(k.gates, n*G)
				gates = k.gates
			}
			ws.projectSteps(c, p, l, k, s, kk, done, gates, first)
		}
		n, old := s.rows(t, k.lo, k.hi)
		if n == 0 {
			continue
		}
		row := s.lay.Offset(t) + k.lo
		pre := gates[(row-first)*G:]
		var cPrev []float32 // [old][H]
		if old > 0 {
			prev := s.lay.Offset(s.before(t)) + k.lo
			hhT.mul(old, y[prev*width:], width, pre, G, &k.rows)
			if keep {
				cPrev = ct.c[prev*H:]
			}
		}
		if n > old && h0 != nil {
			hhT.mul(n-old, h0[old*H:], H, pre[old*G:], G, &k.rows)
		}
		if !keep {
			c.Kernel.Forward(n, H, pre, G, k.c, k.c, y[row*width:], width)
			continue
		}
		if old > 0 {
			c.Kernel.Forward(old, H, pre, G, cPrev, ct.c[row*H:], y[row*width:], width)
		}
		if n > old {
			var start []float32
			if c0 != nil {
				start = c0[old*H:]
			}
			c.Kernel.Forward(n-old, H, pre[old*G:], G, start, ct.c[(row+old)*H:], y[(row+old)*width:], width)
		}
	}
	ws.setFinal(c, l, k, s, y)
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
		proj := ws.proj[k.dir]
		for r := range n {
			i := int(ws.batch.Index[row+r])
			if i < 0 {
				copy(dst[r*G:(r+1)*G], ws.batch.Cache.Row(k.dir, ^i))
			} else {
				copy(dst[r*G:(r+1)*G], proj[i*G:])
			}
		}
		return
	}
	if n > 0 {
		project(n, ws.layers[l].x[row*c.In:], c, p, dst, &k.rows)
	}
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
