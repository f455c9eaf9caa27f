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
