package rnn

import "github.com/textlstm/textlstm/nn"

// A pass is a workspace for one stack at a time.
type pass struct {
	ws    Workspace
	stack *Stack
}

// Pass is nn.Encoder's. int8s makes inference multiply with eight bits.
func (m *Stack) Pass(old nn.Pass, int8s bool) nn.Pass {
	p, ok := old.(*pass)
	if !ok {
		p = new(pass)
	}
	p.stack, p.ws.Int8 = m, int8s
	return p
}

func (p *pass) Forward(in nn.Batch, mode nn.Mode, workers int) ([]float32, error) {
	p.ws.Workers = workers
	out, err := p.stack.Forward(&p.ws, in, nil, mode)
	return out.Y, err
}

// ForwardPieces is nn.Pass's. It sweeps over the pieces, and hands the state of each
// cell on to the piece that the cell reads next. A sweep in a cell's own direction
// finds its states if its inputs are right: those of the first layer are, and those of
// another once the cells below have been swept over, one way and the other. So
// each sweep after the first finds the states of one layer more, and of the next the
// direction in which it goes.
func (p *pass) ForwardPieces(n int, piece func(k int) (nn.Batch, error), states func(k int, y []float32), workers int) error {
	m := p.stack
	p.ws.Workers = workers
	sweeps, reverse := 1, m.cells[0][0].Reverse
	if !m.oneWay() {
		sweeps += len(m.cells)
	}
	begin := make([]State, n) // the states that the cells have when they come to a piece
	for k := range begin {
		begin[k] = State{make([]float32, m.units), make([]float32, m.units)}
	}
	for s := range sweeps {
		backward := sweeps == 1 && reverse || (sweeps-s)%2 == 0
		for i := range n {
			k := i
			if backward {
				k = n - 1 - i
			}
			in, err := piece(k)
			if err != nil {
				return err
			}
			out, err := m.Forward(&p.ws, in, &begin[k], nn.Mode{})
			if err != nil {
				return err
			}
			m.handOn(begin, k, out.Final)
			if s == sweeps-1 {
				states(k, out.Y)
			}
		}
	}
	return nil
}

// oneWay says whether all cells read in the same direction.
func (m *Stack) oneWay() bool {
	for _, layer := range m.cells {
		for _, c := range layer {
			if c.Reverse != m.cells[0][0].Reverse {
				return false
			}
		}
	}
	return true
}

// handOn makes the final state of each cell in piece k that with which it begins the
// piece that it reads next.
func (m *Stack) handOn(begin []State, k int, final State) {
	for _, layer := range m.cells {
		for _, c := range layer {
			next := k + 1
			if c.Reverse {
				next = k - 1
			}
			if next >= 0 && next < len(begin) {
				from, to := c.before, c.before+c.Hidden
				copy(begin[next].H[from:to], final.H[from:])
				copy(begin[next].C[from:to], final.C[from:])
			}
		}
	}
}

func (p *pass) Backward(dY []float32, want nn.Want) ([]float32, error) {
	p.ws.InputOnly, p.ws.Norms = !want.Params, want.Norms
	dX, _, err := p.stack.Backward(&p.ws, dY, nil)
	return dX, err
}

func (p *pass) StepNorms() [][]float64 {
	var norms [][]float64
	for l := range p.stack.cells {
		for d := range p.stack.cells[l] {
			norms = append(norms, p.ws.StepNorms(l, d))
		}
	}
	return norms
}
