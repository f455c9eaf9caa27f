package gru

import (
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/internal/rnn/rnntest"
	"github.com/textlstm/textlstm/nn"
)

// network is a GRU for rnntest.
func network(c Config) (rnntest.Network, error) {
	m, err := New(c)
	if err != nil {
		return rnntest.Network{}, err
	}
	ws := new(Workspace)
	return rnntest.Network{
		Params: m.Params(),
		Forward: func(in nn.Batch, init *rnn.State, mode nn.Mode) (rnn.Output, error) {
			var h []float32
			if init != nil {
				h = init.H
			}
			out, err := m.Forward(ws, in, h, mode)
			return rnn.Output{Y: out.Y, Final: rnn.State{H: out.Final}}, err
		},
		Backward: func(dY []float32, dFinal *rnn.State) ([]float32, rnn.State, error) {
			dX, dInit, err := m.Backward(ws, dY, dFinal.H)
			return dX, rnn.State{H: dInit}, err
		},
	}, nil
}

func TestPyTorch(t *testing.T) {
	for _, name := range []string{"forward", "reverse", "bidirectional", "stacked", "lengths", "states", "wide"} {
		t.Run(name, func(t *testing.T) { rnntest.PyTorch(t, filepath.Join("testdata", "pytorch", name+".json"), network) })
	}
}

func TestTrainingLikePyTorch(t *testing.T) {
	rnntest.TrainingLikePyTorch(t, filepath.Join("testdata", "pytorch", "train.json"), network)
}
