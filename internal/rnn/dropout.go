package rnn

import (
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// inputDropout is the dropout on the input of layer l in this mode. Each mask
// is a function of the mode's seed, of what it is for and of the place, so that
// neither the order of work nor the number of workers matters.
func (m *Stack) inputDropout(ws *Workspace, l int) nn.Dropout {
	p := m.cfg.Dropout
	if l == 0 {
		p = m.cfg.InputDropout
	}
	if !ws.mode.Train {
		p = 0
	}
	return nn.Dropout{P: p, Seed: seed.For(ws.mode.Seed, "input dropout", uint64(l))}
}

// dropInput applies it to packed rows x [Rows][in] or shared inputs [U][in], or to their
// gradient.
func (m *Stack) dropInput(ws *Workspace, l int, x []float32) {
	drop := m.inputDropout(ws, l)
	if m.cfg.Locked && !ws.shared(l) {
		drop.Locked(x, ws.batch.Layout, m.cells[l][0].In, nil, 0)
	} else {
		drop.Apply(x, 0)
	}
}

// droppedWeights are the recurrent weights of one cell under a mask.
type droppedWeights struct {
	mask []float32 // [Gh][H]: 0 or 1/(1-p)
	w    []float32 // mask * weight_hh
	grad []float32 // of w
	hhT  operand
	hh   vec.Packed
}

// dropWeights draws the mask of one cell and packs its weights, or removes
// what an earlier Forward left (DropConnect; Merity et al. 2018, section 3).
func (m *Stack) dropWeights(ws *Workspace, l, d int) {
	ct, c := &ws.layers[l].dirs[d], m.cells[l][d]
	if m.cfg.WeightDrop == 0 {
		ct.drop = nil
		return
	}
	if n := len(c.Whh.Data); ct.drop == nil || len(ct.drop.mask) != n {
		ct.drop = &droppedWeights{mask: make([]float32, n), w: make([]float32, n), grad: make([]float32, n)}
	}
	w, H := ct.drop, c.Hidden
	for i := range w.mask {
		w.mask[i] = 1
	}
	drop := nn.Dropout{P: m.cfg.WeightDrop, Seed: seed.For(ws.mode.Seed, "weight drop", uint64(l), uint64(d))}
	drop.Apply(w.mask, 0)
	copy(w.w, c.Whh.Data)
	vec.Mul(w.w, w.mask)
	dropped := rotated(&nn.Param{Shape: c.Whh.Shape, Data: w.w}, c.Shift)
	w.hhT.pack(dropped, false)
	w.hh.Pack(dropped.Shape[0], H, dropped.Data, H)
}
