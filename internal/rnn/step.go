package rnn

// Step advances s, the state of B sequences, by one input x [B][I] and returns
// the last layer's output [B][H], which aliases s. The stack must read forward.
func (m *Stack) Step(ws *Workspace, s *State, x []float32) (y []float32, err error) {
	B := len(x) / m.shape.Input
	if len(x) != B*m.shape.Input {
		return nil, m.errorf("len(x) = %d is not a multiple of I = %d", len(x), m.shape.Input)
	}
	if err := m.checkState("state", s, B); err != nil {
		return nil, err
	}
	packed := m.weights(false, ws.Int8)
	for l, layer := range m.cells {
		c, p := layer[0], &packed.cells[l][0]
		if c.Reverse || len(layer) > 1 {
			panic("rnn: Step through a stack that does not read forward")
		}
		H := c.Hidden
		ws.step = grow(ws.step, B*c.Gates)
		h, cs := c.state(s.H, B), c.state(s.C, B)
		project(B, x, c, p, ws.step, &ws.stepRows)
		p.hhT.mul(B, h, H, ws.step, c.Gates, &ws.stepRows)
		c.Kernel.Forward(B, H, ws.step, c.Gates, cs, cs, h, H)
		x = h
	}
	return x, nil
}

// NewState returns the zero state for B sequences.
func (m *Stack) NewState(B int) *State {
	return &State{H: make([]float32, m.units*B), C: make([]float32, m.units*B)}
}
