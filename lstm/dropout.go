package lstm

import (
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// Each mask is a function of the mode's seed, of what it is for and of the
// place, so that neither the order of work nor the number of workers matters.
const (
	seedInput  uint64 = 0x696e707574 // "input"
	seedWeight uint64 = 0x776561     // "wea"
)

// inputDropout is the dropout on the input of layer l in this mode.
func (m *LSTM) inputDropout(ws *Workspace, l int) nn.Dropout {
	if !ws.mode.Train {
		return nn.Dropout{}
	}
	p := m.cfg.Dropout
	if l == 0 {
		p = m.cfg.InputDropout
	}
	return nn.Dropout{P: p, Locked: m.cfg.Locked, Seed: nn.Mix(ws.mode.Seed, seedInput, uint64(l))}
}

// droppedWeights are the recurrent weights of one cell under a mask.
type droppedWeights struct {
	mask []float32 // [4H][H]: 0 or 1/(1-p)
	w    []float32 // mask * weight_hh
	grad []float32 // of w
	hhT  vec.Packed
	hh   vec.Packed
}

// dropWeights draws the mask of one cell and packs its weights, or removes
// what an earlier Forward left (DropConnect; Merity et al. 2018, section 3).
func (m *LSTM) dropWeights(ws *Workspace, l, d int) {
	ct, c := &ws.layers[l].dirs[d], m.cells[l][d]
	if m.cfg.WeightDrop == 0 {
		ct.drop = nil
		return
	}
	if ct.drop == nil {
		n := len(c.whh.Data)
		ct.drop = &droppedWeights{mask: make([]float32, n), w: make([]float32, n), grad: make([]float32, n)}
	}
	w, H := ct.drop, c.hidden
	for i := range w.mask {
		w.mask[i] = 1
	}
	drop := nn.Dropout{P: m.cfg.WeightDrop, Seed: nn.Mix(ws.mode.Seed, seedWeight, uint64(l), uint64(d))}
	drop.Apply(w.mask, w.mask)
	copy(w.w, c.whh.Data)
	vec.Mul(w.w, w.mask)
	w.hhT.PackT(H, 4*H, w.w, H)
	w.hh.Pack(4*H, H, w.w, H)
}
