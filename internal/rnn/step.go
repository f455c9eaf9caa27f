package rnn

// Step advances s, the state of B sequences, by one input x [B][I] and returns
// the last layer's output [B][H], which aliases s. The stack must read forward.
func (m *Stack) Step(ws *Workspace, s *State, x []float32) (y []float32, err error) {
	B := len(x) / m.shape.Input
	if len(x) != B*m.shape.Input {
		return nil, m.errorf("len(x) = %d is not a multiple of I = %d", len(x), m.shape.Input)
	}
	ws.step = grow(ws.step, B*m.cells[0][0].Gates)
	project(B, x, m.cells[0][0], &m.weights(false, ws.Int8).cells[0][0], ws.step, &ws.stepRows)
	return m.StepProducts(ws, s, ws.step)
}

// StepProducts is Step where the first layer's bias and the products of its input, which
// are rows of products [B][Gates], are made by the caller. It overwrites them.
func (m *Stack) StepProducts(ws *Workspace, s *State, products []float32) (y []float32, err error) {
	G := m.cells[0][0].Gates
	B := len(products) / G
	if len(products) != B*G {
		return nil, m.errorf("len(products) = %d is not a multiple of the %d gates", len(products), G)
	}
	if err := m.checkState("state", s, B); err != nil {
		return nil, err
	}
	packed := m.weights(false, ws.Int8)
	pre := products
	for l, layer := range m.cells {
		c, p := layer[0], &packed.cells[l][0]
		if c.Reverse || len(layer) > 1 {
			panic("rnn: Step through a stack that does not read forward")
		}
		H := c.Hidden
		if l > 0 {
			ws.step = grow(ws.step, B*c.Gates)
			pre = ws.step
			project(B, y, c, p, pre, &ws.stepRows)
		}
		h, cs := c.state(s.H, B), c.state(s.C, B)
		p.hhT.mul(B, h, H, pre, c.Gates, &ws.stepRows)
		c.Kernel.Forward(B, H, pre, c.Gates, cs, cs, h, H)
		y = h
	}
	return y, nil
}

// NewState returns the zero state for B sequences.
func (m *Stack) NewState(B int) *State {
	return &State{H: make([]float32, m.units*B), C: make([]float32, m.units*B)}
}
