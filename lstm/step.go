package lstm

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
)

// NewState returns the zero state for B sequences.
func (m *LSTM) NewState(B int) *State {
	n := len(m.cells) * m.cfg.NumDirections() * B * m.cfg.HiddenSize
	return &State{H: make([]float32, n), C: make([]float32, n)}
}

// Step advances s, the state of B sequences, by one input x [B][I] and returns
// the last layer's output [B][H], which aliases s. It is an inference, equal to
// the next step of a Forward, and needs Direction Forward: the others must see
// the end of a sequence first (ErrConfig). Wrong sizes give ErrShape.
func (m *LSTM) Step(ws *Workspace, s *State, x []float32) (y []float32, err error) {
	if m.cfg.Direction != Forward {
		return nil, fmt.Errorf("%w: Step through a %s LSTM, want forward", ErrConfig, m.cfg.Direction)
	}
	B := len(x) / m.cfg.InputSize
	if len(x) != B*m.cfg.InputSize {
		return nil, fmt.Errorf("%w: len(x) = %d is not a multiple of I = %d", ErrShape, len(x), m.cfg.InputSize)
	}
	if err := m.checkState("state", s, B); err != nil {
		return nil, err
	}
	packed := m.weights(false)
	H := m.cfg.HiddenSize
	ws.step = grow(ws.step, B*4*H)
	for l, layer := range m.cells {
		c, p := layer[0], &packed.cells[l][0]
		h, cs := s.H[l*B*H:(l+1)*B*H], s.C[l*B*H:(l+1)*B*H]
		project(B, x, c, p, ws.step, &ws.stepRows)
		p.hhT.mul(B, h, H, ws.step, 4*H, &ws.stepRows)
		vec.CellForward(B, H, ws.step, 4*H, cs, cs, h, H, c.peephole())
		x = h
	}
	return x, nil
}
