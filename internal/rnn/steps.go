package rnn

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// ForwardSteps is Forward for inputs that depend on outputs. It takes each step through
// all layers before it goes on to the next, and calls after when it has done step t: rows
// first…first+n-1 of the last layer's y [Rows][H] are new, and after may write the rows of
// in.X of the step that follows. The work is cut into ranges of sequences, each of which
// goes through all steps by itself; after is called from several goroutines at a time,
// each for sequences of its own. Nothing but init and in.X is given from outside: all
// layers must read forward, and the input is dropped by whoever makes it.
func (m *Stack) ForwardSteps(ws *Workspace, in nn.Batch, init *State, mode nn.Mode, after func(t, first, n int, y []float32)) (Output, error) {
	if err := m.checkSteps(in); err != nil {
		return Output{}, err
	}
	if err := m.checkBatch(in, init); err != nil {
		return Output{}, err
	}
	ws.batch, ws.mode, ws.taped, ws.sharing, ws.gathering = in, mode, mode.Train, false, false
	ws.packed = m.weights(mode.Train, false)
	lay := in.Layout
	B, N := lay.B(), lay.Rows()
	if len(ws.layers) != len(m.cells) {
		ws.layers = make([]layerTape, len(m.cells))
	}
	m.setInit(ws, init)
	ws.final.H = grow(ws.final.H, m.units*B)
	ws.final.C = grow(ws.final.C, m.units*B)
	x := in.X
	for l, layer := range m.cells {
		c, tape := layer[0], &ws.layers[l]
		if tape.x = x; l > 0 && m.inputDropout(ws, l).P > 0 {
			tape.own = grow(tape.own, N*c.In)
			tape.x = tape.own
		}
		tape.y = grow(tape.y, N*c.Hidden)
		ct := &tape.dirs[0]
		ct.gates = grow(ct.gates, N*c.Gates)
		ct.c = grow(ct.c, N*c.Hidden)
		if ct.drop = nil; mode.Train {
			m.dropWeights(ws, l, 0)
		}
		x = tape.y
	}
	ws.cut(lay, 1)
	ws.team.For(ws.workers(), len(ws.tasks), func(i int) { m.forwardSteps(ws, &ws.tasks[i], after) })
	return Output{Y: x, Final: ws.final}, nil
}

// checkSteps reports what cannot go step by step.
func (m *Stack) checkSteps(in nn.Batch) error {
	for _, l := range m.shape.AllLayers() {
		if l.Direction != nn.Forward {
			return m.errorf("steps through a %s layer, want forward", l.Direction)
		}
	}
	if m.cfg.InputDropout > 0 || m.cfg.Locked || in.Index != nil {
		return m.errorf("steps with a dropout of the input, a locked one or an index of the batch")
	}
	return nil
}

// forwardSteps takes the sequences of a task through all steps.
func (m *Stack) forwardSteps(ws *Workspace, k *task, after func(t, first, n int, y []float32)) {
	lay := ws.batch.Layout
	s := steps{lay: lay}
	top := &ws.layers[len(m.cells)-1]
	for t := range lay.T() {
		n, _ := s.rows(t, k.lo, k.hi)
		if n == 0 {
			break
		}
		row := lay.Offset(t) + k.lo
		for l, layer := range m.cells {
			if tape := &ws.layers[l]; l > 0 && len(tape.own) > 0 && &tape.x[0] == &tape.own[0] {
				rows := tape.x[row*layer[0].In : (row+n)*layer[0].In]
				copy(rows, ws.layers[l-1].y[row*layer[0].In:])
				m.inputDropout(ws, l).Apply(rows, row*layer[0].In)
			}
			m.forwardStep(ws, k, l, t, n)
		}
		after(t, row, n, top.y)
	}
	for l, layer := range m.cells {
		ws.setFinalOf(layer[0], k, s, ws.layers[l].y, ws.layers[l].dirs[0].c)
	}
}

// forwardStep is step t of layer l, for the n sequences of a task that have it: each of
// them has all steps before.
func (m *Stack) forwardStep(ws *Workspace, k *task, l, t, n int) {
	c, tape, p := m.cells[l][0], &ws.layers[l], &ws.packed.cells[l][0]
	lay, ct, H, G := ws.batch.Layout, &tape.dirs[0], c.Hidden, c.Gates
	row := lay.Offset(t) + k.lo
	pre := ct.gates[row*G:]
	hhT := &p.hhT
	if ct.drop != nil {
		hhT = &ct.drop.hhT
	}
	project(n, tape.x[row*c.In:], c, p, pre, &k.rows)
	h, cPrev := m.before(ws, c, l, t, k.lo, k.hi)
	if h != nil {
		hhT.mul(n, h, H, pre, G, &k.rows)
	}
	c.Kernel.Forward(n, H, pre, G, cPrev, ct.c[row*H:], tape.y[row*H:], H)
}

// before returns the states from which step t of the sequences lo…hi-1 starts, nil for
// zeros.
func (m *Stack) before(ws *Workspace, c *Cell, l, t, lo, hi int) (h, cell []float32) {
	H, lay := c.Hidden, ws.batch.Layout
	switch {
	case t > 0:
		row := lay.Offset(t-1) + lo
		return ws.layers[l].y[row*H:], ws.layers[l].dirs[0].c[row*H:]
	case ws.init.H != nil:
		return c.state(ws.init.H, lay.B())[lo*H : hi*H], c.state(ws.init.C, lay.B())[lo*H : hi*H]
	}
	return nil, nil
}

// BackwardSteps is Backward after ForwardSteps. Before it goes back through step t, of
// which rows first…first+n-1 of dY are, it calls before, which may add to these rows what
// follows from the gradient dX [Rows][I] of the step after, which is then there.
func (m *Stack) BackwardSteps(ws *Workspace, dY []float32, before func(t, first, n int, dX []float32)) (dX []float32, dInit State, err error) {
	if !ws.taped {
		return nil, State{}, fmt.Errorf("%s: %w", m.cfg.Name, ErrNoTape)
	}
	lay := ws.batch.Layout
	N, B, W := lay.Rows(), lay.B(), m.shape.OutputSize()
	if len(dY) != N*W {
		return nil, State{}, m.errorf("len(dY) = %d, want Rows*H = %d*%d = %d", len(dY), N, W, N*W)
	}
	ws.taped = false
	if ws.init.H != nil {
		ws.dInit.H = grow(ws.dInit.H, m.units*B)
		ws.dInit.C = grow(ws.dInit.C, m.units*B)
		clear(ws.dInit.H)
		clear(ws.dInit.C)
	}
	for l, layer := range m.cells {
		ws.layers[l].dX = grow(ws.layers[l].dX, N*layer[0].In)
	}
	ws.cut(lay, 1)
	ws.team.For(ws.workers(), len(ws.tasks), func(i int) { m.backwardSteps(ws, &ws.tasks[i], dY, before) })
	if !m.frozen && !ws.InputOnly {
		for _, p := range m.params {
			p.NeedGrad()
		}
		for l := range m.cells {
			m.grads(ws, l, nil, true)
		}
	}
	if ws.init.H != nil {
		dInit.H = make([]float32, m.units*B)
		dInit.C = make([]float32, m.units*B)
		m.fromSorted(dInit.H, ws.dInit.H, lay)
		m.fromSorted(dInit.C, ws.dInit.C, lay)
	}
	return ws.layers[0].dX, dInit, nil
}

// backwardSteps takes the sequences of a task back through all steps.
func (m *Stack) backwardSteps(ws *Workspace, k *task, dY []float32, before func(t, first, n int, dX []float32)) {
	lay := ws.batch.Layout
	s := steps{lay: lay}
	k.dH = grow(k.dH, (k.hi-k.lo)*m.units)
	k.dC = grow(k.dC, (k.hi-k.lo)*m.units)
	for t := lay.T() - 1; t >= 0; t-- {
		n, _ := s.rows(t, k.lo, k.hi)
		if n == 0 {
			continue
		}
		row := lay.Offset(t) + k.lo
		before(t, row, n, ws.layers[0].dX)
		d := dY
		for l := len(m.cells) - 1; l >= 0; l-- {
			m.backwardStep(ws, k, l, t, n, d)
			d = ws.layers[l].dX
		}
	}
}

// backwardStep is step t of layer l, whose output has the gradient dY.
func (m *Stack) backwardStep(ws *Workspace, k *task, l, t, n int, dY []float32) {
	c, tape := m.cells[l][0], &ws.layers[l]
	lay, ct, H, G := ws.batch.Layout, &tape.dirs[0], c.Hidden, c.Gates
	row := lay.Offset(t) + k.lo
	hh := &ws.packed.cells[l][0].hh
	if ct.drop != nil {
		hh = &ct.drop.hh
	}
	dH, dC := k.dH[c.before*(k.hi-k.lo):], k.dC[c.before*(k.hi-k.lo):]
	later, _ := steps{lay: lay}.rows(t+1, k.lo, k.hi)
	var dPre []float32
	if later > 0 {
		dPre = ct.gates[(lay.Offset(t+1)+k.lo)*G:]
	}
	c.stateGrads(dH[:n*H], dC[:n*H], later, dPre, hh, dY[row*H:], nil, nil)
	_, cPrev := m.before(ws, c, l, t, k.lo, k.hi)
	c.Kernel.Backward(n, H, ct.gates[row*G:], G, cPrev, ct.c[row*H:], dH, dC)
	ws.inputGrads(m.cells[l], l, row, n, &[2][]float32{ct.gates}, tape.dX)
	if l > 0 {
		m.inputDropout(ws, l).Apply(tape.dX[row*c.In:(row+n)*c.In], row*c.In)
	}
	if t == 0 && ws.init.H != nil {
		vec.MatMul(n, ct.gates[row*G:], G, hh, 0, c.state(ws.dInit.H, lay.B())[k.lo*H:k.hi*H], H)
		copy(c.state(ws.dInit.C, lay.B())[k.lo*H:k.hi*H], dC[:n*H])
	}
}
