package rnn

import "github.com/textlstm/textlstm/internal/vec"

// rowBlock is the number of rows over which gradients are summed at a time, small enough to
// stay in the cache for all their uses.
const rowBlock = 256

// A piece is gates lo…hi-1 of a direction, for whose weights one goroutine finds the
// gradients.
type piece struct {
	dir, lo, hi int
	ih, hh      int // where their rows of Wih and Whh begin, -1 for none
	packed      vec.Packed
}

// A strided is rows of numbers, ld apart.
type strided struct {
	data []float32
	ld   int
}

// A block is n rows in a row, of the layout or of the batch's X, and what their gradients
// are made from.
type block struct {
	n    int
	dPre [2][]float32 // by direction [n][Gates]
	x    []float32    // [n][In], the inputs of the rows; nil if nothing is wanted of them
	dX   []float32    // [n][In], the gradient of x to set, or nil
	h    [2]strided   // by direction [n][H], the states that the rows started from, or none
}

// grads turns the dPre of a layer into the gradient dX of its input, unless that is nil, and,
// if weights are wanted, of those. Each number of a gradient is one sum over all rows in order, so that
// cutting the work by outputs leaves the result as it is. Where rows share inputs, the dPre
// of all rows of an input are summed first, in their order, and multiplied once.
func (m *Stack) grads(ws *Workspace, l int, dX []float32, weights bool) {
	var (
		layer  = m.cells[l]
		tape   = &ws.layers[l]
		in     = layer[0].In
		shared = ws.shared(l)
		rows   = ws.batch.Layout.Rows()
	)
	ws.cutGates(layer)
	if ws.gathers(l) {
		clear(dX)
	}
	if weights {
		for d, c := range layer {
			ws.grads[d].begin(c, tape.dirs[d].c)
		}
	}
	if shared {
		ws.sortByInput()
		inputs := ws.inputs()
		for first := 0; first < inputs; first += rowBlock {
			b := block{n: min(rowBlock, inputs-first), x: tape.x[first*in:], dX: dX[first*in:]}
			for d, c := range layer {
				ws.grads[d].sums = grow(ws.grads[d].sums, rowBlock*c.Gates)
				b.dPre[d] = ws.grads[d].sums
			}
			ws.team.For(ws.workers(), len(ws.pieces), func(i int) {
				p := &ws.pieces[i]
				ws.sumByInput(b.dPre[p.dir], first, b.n, tape.dirs[p.dir].gates, layer[p.dir].Gates, p.lo, p.hi)
			})
			ws.blockGrads(layer, l, &b, weights)
		}
	}
	for first := 0; first < rows && (weights || !shared); first += rowBlock {
		b := block{n: min(rowBlock, rows-first)}
		if !shared && weights {
			b.x = ws.inputsOf(l, first, b.n, in, &ws.x)
		}
		switch {
		case ws.gathers(l):
			ws.dXRows = grow(ws.dXRows, b.n*in)
			b.dX = ws.dXRows
		case !shared && dX != nil:
			b.dX = dX[first*in:]
		}
		for d, c := range layer {
			b.dPre[d] = tape.dirs[d].gates[first*c.Gates:]
		}
		if weights {
			ws.team.For(ws.workers(), len(layer), func(d int) { b.h[d] = ws.previous(layer[d], l, d, first, b.n) })
		}
		ws.blockGrads(layer, l, &b, weights)
		if ws.gathers(l) {
			for r, u := range ws.batch.Index[first : first+b.n] {
				vec.Add(dX[int(u)*in:int(u+1)*in], b.dX[r*in:(r+1)*in])
			}
		}
	}
	if weights {
		ws.team.For(ws.workers(), len(layer), func(d int) { ws.keepGrads(layer[d], l, d) })
	}
}

// begin sets the gradients of the weights to zero. They take the place of the layer's cell
// states, which nothing but a Learner reads from here on, if those have room for them.
func (g *cellGrads) begin(c *Cell, room []float32) {
	ih, hh := len(c.Wih.Data), len(c.Whh.Data)
	if _, reads := c.Kernel.(Learner); reads || cap(room) < ih+hh {
		g.own = grow(g.own, ih+hh)
		room = g.own
	}
	room = zeros(room, ih+hh)
	g.dWih, g.dWhh = room[:ih], room[ih:]
}

// cutGates cuts the gates of a layer into pieces: at the ends of the weights' rows, and so
// that there is one for each worker.
func (ws *Workspace) cutGates(layer []*Cell) {
	parts := (ws.workers() + len(layer) - 1) / len(layer)
	i := 0
	for d, c := range layer {
		Gi, Gh := c.Wih.Shape[0], c.Whh.Shape[0]
		most := max((c.Gates/parts+31)/32*32, 32)
		for lo, hi := 0, 0; lo < c.Gates; lo = hi {
			hi = min(lo+most, c.Gates)
			for _, end := range [...]int{c.Input, c.Input + Gi, c.Shift, Gh} {
				if lo < end {
					hi = min(hi, end)
				}
			}
			if i == len(ws.pieces) {
				ws.pieces = append(ws.pieces, piece{})
			}
			p := &ws.pieces[i]
			p.dir, p.lo, p.hi, p.ih, p.hh = d, lo, hi, -1, -1
			if lo >= c.Input && lo < c.Input+Gi {
				p.ih = lo - c.Input
			}
			if lo < Gh {
				p.hh = (lo - c.Shift + Gh) % Gh
			}
			i++
		}
	}
	ws.pieces = ws.pieces[:i]
}

// blockGrads adds what the rows of b give to the gradients of the weights, if wanted, and
// sets that of their inputs.
func (ws *Workspace) blockGrads(layer []*Cell, l int, b *block, weights bool) {
	const rows = 64 // of dX in one piece of work
	pieces := 0
	if weights {
		pieces = len(ws.pieces)
	}
	blocks := 0
	if b.dX != nil {
		blocks = (b.n + rows - 1) / rows
	}
	ws.team.For(ws.workers(), pieces+blocks, func(i int) {
		if i < pieces {
			p := &ws.pieces[i]
			p.addGrads(layer[p.dir], &ws.grads[p.dir], b)
			return
		}
		lo := (i - pieces) * rows
		ws.inputGrads(layer, l, lo, min(rows, b.n-lo), &b.dPre, b.dX)
	})
}

// inputGrads sets rows lo…lo+n-1 of the gradient dX of a layer's input, given dPre.
func (ws *Workspace) inputGrads(layer []*Cell, l, lo, n int, dPre *[2][]float32, dX []float32) {
	for d, c := range layer {
		beta := float32(d) // the second direction adds
		vec.MatMul(n, dPre[d][lo*c.Gates+c.Input:], c.Gates, &ws.packed.cells[l][d].ih, beta, dX[lo*c.In:], c.In)
	}
}

// addGrads adds what the rows of b give to the gradients of the piece's weights, which are
// transposed, and biases.
func (p *piece) addGrads(c *Cell, g *cellGrads, b *block) {
	h := b.h[p.dir]
	ofX, ofH := b.x != nil && p.ih >= 0, h.data != nil && p.hh >= 0
	if !ofX && !ofH {
		return
	}
	w, dPre := p.hi-p.lo, b.dPre[p.dir][p.lo:]
	p.packed.Pack(b.n, w, dPre, c.Gates)
	if ofX {
		vec.AddRows(c.Bih.Grad[p.ih:p.ih+w], b.n, dPre, c.Gates)
		vec.MatMulTA(c.In, b.x, c.In, &p.packed, 1, g.dWih[p.ih:], c.Wih.Shape[0])
	}
	if ofH {
		if c.Bhh != nil {
			vec.AddRows(c.Bhh.Grad[p.hh:p.hh+w], b.n, dPre, c.Gates)
		}
		vec.MatMulTA(c.Hidden, h.data, h.ld, &p.packed, 1, g.dWhh[p.hh:], c.Whh.Shape[0])
	}
}

// keepGrads adds the gradients that one direction of a layer has found to those of its
// parameters.
func (ws *Workspace) keepGrads(c *Cell, l, d int) {
	g, Gi, Gh := &ws.grads[d], c.Wih.Shape[0], c.Whh.Shape[0]
	vec.AddTransposed(c.In, Gi, c.Wih.Grad, c.In, g.dWih, Gi)
	if drop := ws.layers[l].dirs[d].drop; drop != nil {
		clear(drop.grad)
		vec.AddTransposed(c.Hidden, Gh, drop.grad, c.Hidden, g.dWhh, Gh)
		vec.MulAdd(c.Whh.Grad, drop.mask, drop.grad)
	} else {
		vec.AddTransposed(c.Hidden, Gh, c.Whh.Grad, c.Hidden, g.dWhh, Gh)
	}
	if learner, ok := c.Kernel.(Learner); ok {
		ws.kernelGrads(learner, c, l, d)
	}
}

// inputs is the number U of inputs that rows share.
func (ws *Workspace) inputs() int { return len(ws.starts) - 1 }

// sortByInput lists the rows of each input of the batch, in order: those of input u are
// byInput[starts[u]:starts[u+1]].
func (ws *Workspace) sortByInput() {
	index := ws.batch.Index
	U := len(ws.batch.X) / ws.inputSize
	ws.starts = zeros(ws.starts, U+1)
	for _, u := range index {
		ws.starts[u+1]++
	}
	for u := range U {
		ws.starts[u+1] += ws.starts[u]
	}
	ws.byInput = grow(ws.byInput, len(index))
	for row, u := range index {
		ws.byInput[ws.starts[u]] = int32(row)
		ws.starts[u]++
	}
	copy(ws.starts[1:], ws.starts)
	ws.starts[0] = 0
}

// sumByInput sets columns lo…hi-1 of dst [n][width] to the sums of those rows of src that
// belong to the inputs from first on.
func (ws *Workspace) sumByInput(dst []float32, first, n int, src []float32, width, lo, hi int) {
	for u := range n {
		sum := dst[u*width+lo : u*width+hi]
		rows := ws.byInput[ws.starts[first+u]:ws.starts[first+u+1]]
		if len(rows) == 0 {
			clear(sum)
			continue
		}
		copy(sum, src[int(rows[0])*width+lo:])
		for _, r := range rows[1:] {
			vec.Add(sum, src[int(r)*width+lo:int(r)*width+hi])
		}
	}
}

// previous returns the hidden states [n][H] that the rows first…first+n-1 started from: those of
// the layer's output themselves where they lie there in this order, else a copy.
func (ws *Workspace) previous(c *Cell, l, d, first, n int) strided {
	y, s := ws.layers[l].y, steps{ws.batch.Layout, c.Reverse}
	g, H := &ws.grads[d], c.Hidden
	if shift, ok := s.shift(first, n); ok {
		return strided{y[(first-shift)*c.width+c.column:], c.width}
	}
	g.hPrev = grow(g.hPrev, n*H)
	init := c.state(ws.init.H, s.lay.B())
	t := 0
	for row := first; row < first+n; row++ {
		for row >= s.lay.Offset(t+1) {
			t++
		}
		r := row - s.lay.Offset(t)
		dst := g.hPrev[(row-first)*H : (row-first+1)*H]
		switch _, old := s.rows(t, 0, s.lay.B()); {
		case r < old:
			copy(dst, y[(s.lay.Offset(s.before(t))+r)*c.width+c.column:])
		case init != nil:
			copy(dst, init[r*H:])
		default:
			clear(dst)
		}
	}
	return strided{g.hPrev, H}
}

// kernelGrads adds the gradients of a kernel's own weights over all rows in order.
func (ws *Workspace) kernelGrads(k Learner, c *Cell, l, d int) {
	ct, s := &ws.layers[l].dirs[d], steps{ws.batch.Layout, c.Reverse}
	H, G := c.Hidden, c.Gates
	init := c.state(ws.init.C, s.lay.B())
	for t := range s.lay.T() {
		n, old := s.rows(t, 0, s.lay.B())
		for r := range n {
			row := s.lay.Offset(t) + r
			var cPrev []float32
			switch {
			case r < old:
				cPrev = ct.c[(s.lay.Offset(s.before(t))+r)*H:][:H]
			case init != nil:
				cPrev = init[r*H:][:H]
			}
			k.AddGrad(ct.gates[row*G:(row+1)*G], cPrev, ct.c[row*H:(row+1)*H])
		}
	}
}
