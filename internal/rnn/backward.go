package rnn

import (
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/vec"
)

// Backward adds to the Grad of every parameter the gradient of a loss whose
// derivative with respect to the Output of ws's last training Forward is
// dY [Rows][D*H] and dFinal (either may be nil for zero). It returns the
// gradient with respect to the batch's X, and, if there was an initial state, with
// respect to that. Both alias ws. The errors are ErrNoTape and ErrShape.
func (m *Stack) Backward(ws *Workspace, dY []float32, dFinal *State) (dX []float32, dInit State, err error) {
	if !ws.taped {
		return nil, State{}, fmt.Errorf("%s: %w", m.cfg.Name, ErrNoTape)
	}
	lay := ws.batch.Layout
	N, B, W := lay.Rows(), lay.B(), m.shape.OutputSize()
	if dY != nil && len(dY) != N*W {
		return nil, State{}, m.errorf("len(dY) = %d, want Rows*D*H = %d*%d = %d", len(dY), N, W, N*W)
	}
	ws.dFinal = State{}
	if dFinal != nil {
		if err := m.checkState("dFinal", dFinal, B); err != nil {
			return nil, State{}, err
		}
		ws.dFinal.H = make([]float32, m.units*B)
		ws.dFinal.C = make([]float32, m.units*B)
		m.toSorted(ws.dFinal.H, dFinal.H, lay)
		m.toSorted(ws.dFinal.C, dFinal.C, lay)
	}
	ws.taped = false
	if ws.init.H != nil {
		ws.dInit.H = grow(ws.dInit.H, m.units*B)
		ws.dInit.C = grow(ws.dInit.C, m.units*B)
	}
	inputOnly := m.frozen || ws.InputOnly
	if !inputOnly {
		for _, p := range m.params {
			p.NeedGrad()
		}
	}
	for l := len(m.cells) - 1; l >= 0; l-- {
		m.backwardLayer(ws, l, dY)
		// dY has been read: what follows needs the gates alone.
		ws.dX = grow(ws.dX, len(ws.layers[l].x))
		dX = ws.dX
		m.grads(ws, l, dX, !inputOnly)
		m.dropInput(ws, l, dX)
		dY = dX
	}
	if ws.batch.Index != nil && !ws.shared(0) && !ws.gathers(0) { // each place had an input of its own
		ws.sortByInput()
		tape := &ws.layers[0] // whose inputs have been read
		tape.own = grow(tape.own, len(ws.batch.X))
		ws.sumByInput(tape.own, 0, ws.inputs(), dX, m.shape.Input, 0, m.shape.Input)
		dX = tape.own
	}
	if ws.init.H != nil {
		dInit.H = make([]float32, m.units*B)
		dInit.C = make([]float32, m.units*B)
		m.fromSorted(dInit.H, ws.dInit.H, lay)
		m.fromSorted(dInit.C, ws.dInit.C, lay)
	}
	return dX, dInit, nil
}

// backwardLayer turns the gates of a layer into their gradients, given that of what the
// layer above, or the loss, has read.
func (m *Stack) backwardLayer(ws *Workspace, l int, dY []float32) {
	layer, lay := m.cells[l], ws.batch.Layout
	N, H := lay.Rows(), layer[0].Hidden
	if ws.Norms {
		for d := range layer {
			ct := &ws.layers[l].dirs[d]
			ct.dhNorm = grow(ct.dhNorm, N)
		}
	}
	if m.merges(l) {
		ws.dY = grow(ws.dY, 2*N*H)
		m.shape.Layer(l).Merge.Backward(ws.dY, dY, ws.layers[l].y, N, H)
		dY = ws.dY
	}
	ws.cut(lay, len(layer))
	ws.team.For(ws.workers(), len(ws.tasks), func(i int) {
		k := &ws.tasks[i]
		ws.backwardCell(layer[k.dir], l, k, dY)
	})
}

// backwardCell runs one task of layer l from the last step read to the first:
//
//	dh = dY_t + dPre_{t+1}·Whh   (or dFinal at a sequence's last step)
//	dPre_t, dc_{t-1} = Kernel.Backward(dh, dc_t)
//
// and leaves dPre in place of the gates.
func (ws *Workspace) backwardCell(c *Cell, l int, k *task, dY []float32) {
	var (
		ct    = &ws.layers[l].dirs[k.dir]
		hh    = &ws.packed.cells[l][k.dir].hh
		s     = steps{ws.batch.Layout, c.Reverse}
		H, G  = c.Hidden, c.Gates
		width = c.width
		own   = func(state []float32) []float32 { // this task's part of a state
			if state == nil {
				return nil
			}
			return c.state(state, s.lay.B())[k.lo*H : k.hi*H]
		}
		c0         = own(ws.init.C)
		dhN, dcN   = own(ws.dFinal.H), own(ws.dFinal.C)
		dh0, dc0   []float32
		rowsOf     = func(t int) int { return s.lay.Offset(t) + k.lo }
		sequences  = k.hi - k.lo
		wantsDInit = ws.init.H != nil
	)
	if ct.drop != nil {
		hh = &ct.drop.hh
	}
	if wantsDInit {
		dh0, dc0 = own(ws.dInit.H), own(ws.dInit.C)
		// A sequence without steps hands its final state's gradient through.
		clear(dh0)
		clear(dc0)
		copy(dh0, dhN)
		copy(dc0, dcN)
	}
	k.dH = grow(k.dH, sequences*H)
	k.dC = grow(k.dC, sequences*H)
	for kk := s.lay.T() - 1; kk >= 0; kk-- {
		t := s.at(kk)
		n, old := s.rows(t, k.lo, k.hi)
		if n == 0 {
			continue
		}
		// The sequences that have a later step come first.
		_, later := s.rows(s.after(t), k.lo, k.hi)
		row := rowsOf(t)
		var above []float32 // the gradient by way of the output
		if dY != nil {
			above = dY[row*width+c.column:]
		}
		var dPre []float32
		if later > 0 {
			dPre = ct.gates[rowsOf(s.after(t))*G:]
		}
		c.stateGrads(k.dH[:n*H], k.dC[:n*H], later, dPre, hh, above, dhN, dcN)
		if ws.Norms {
			rowNorms(ct.dhNorm[row:row+n], k.dH, H)
		}
		if old > 0 {
			c.Kernel.Backward(old, H, ct.gates[row*G:], G, ct.c[rowsOf(s.before(t))*H:], ct.c[row*H:], k.dH, k.dC)
		}
		if n > old {
			var start []float32
			if c0 != nil {
				start = c0[old*H:]
			}
			c.Kernel.Backward(n-old, H, ct.gates[(row+old)*G:], G, start, ct.c[(row+old)*H:], k.dH[old*H:], k.dC[old*H:])
			if wantsDInit {
				vec.MatMul(n-old, ct.gates[(row+old)*G:], G, hh, 0, dh0[old*H:], H)
				copy(dc0[old*H:n*H], k.dC[old*H:])
			}
		}
	}
}

// stateGrads sets the gradients dH and dC [n][H] of the states after a step: from above, the
// rows of the output's gradient from the cell's column on (nil for zeros), from dPre, the gates'
// gradient of the step after, which the first later sequences have, and for the others from
// those of their final states (nil for zeros). dC of the first is there.
func (c *Cell) stateGrads(dH, dC []float32, later int, dPre []float32, hh *vec.Packed, above, dhN, dcN []float32) {
	H := c.Hidden
	n := len(dH) / H
	if later > 0 {
		vec.MatMulFrom(later, dPre, c.Gates, hh, above, c.width, dH, H)
	}
	ends := dH[later*H:]
	clear(ends)
	clear(dC[later*H:])
	if dhN != nil {
		copy(ends, dhN[later*H:])
		copy(dC[later*H:], dcN[later*H:])
	}
	if above != nil && n > later {
		addColumns(ends, n-later, H, above[later*c.width:], c.width)
	}
	if c.Kernel.OneState() {
		vec.Add(dH, dC)
		clear(dC)
	}
}

// addColumns adds the first H columns of src [n][width] to dst [n][H].
func addColumns(dst []float32, n, H int, src []float32, width int) {
	for r := range n {
		vec.Add(dst[r*H:(r+1)*H], src[r*width:r*width+H])
	}
}

// rowNorms sets norms to the Euclidean norms of the rows of x [len(norms)][H].
func rowNorms(norms []float64, x []float32, H int) {
	for r := range norms {
		norms[r] = math.Sqrt(vec.SumSq(x[r*H : (r+1)*H]))
	}
}

// StepNorms returns, for one layer and direction (0 is the first) and each row
// of the layout, the Euclidean norm of dL/dh: the gradient of the loss with
// respect to that step's hidden state, by way of the output and of all later
// steps. It is what the last Backward found if Norms was set; it aliases ws.
func (ws *Workspace) StepNorms(layer, direction int) []float64 {
	return ws.layers[layer].dirs[direction].dhNorm
}
