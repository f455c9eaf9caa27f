package lstm

import (
	"path/filepath"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/internal/rnn/rnntest"
)

// network is an LSTM for rnntest.
func network(c Config) (rnntest.Network, error) {
	m, err := New(c)
	if err != nil {
		return rnntest.Network{}, err
	}
	ws := new(Workspace)
	return rnntest.Network{
		Params: m.Params(),
		Forward: func(in Batch, init *rnn.State, mode Mode) (rnn.Output, error) {
			out, err := m.Forward(ws, in, (*State)(init), mode)
			return rnn.Output{Y: out.Y, Final: rnn.State(out.Final)}, err
		},
		Backward: func(dY []float32, dFinal *rnn.State) ([]float32, rnn.State, error) {
			dX, dInit, err := m.Backward(ws, dY, (*State)(dFinal))
			return dX, rnn.State(dInit), err
		},
	}, nil
}

func TestPyTorch(t *testing.T) {
	for _, name := range []string{"forward", "reverse", "bidirectional", "stacked", "lengths", "states", "wide"} {
		t.Run(name, func(t *testing.T) { rnntest.PyTorch(t, filepath.Join("testdata", "pytorch", name+".json"), network) })
	}
}

// TestPeephole holds peepholes against an explicit cell in PyTorch, which the
// script has checked against ONNX Runtime's LSTM.
func TestPeephole(t *testing.T) {
	rnntest.PyTorch(t, filepath.Join("testdata", "pytorch", "peephole.json"), network)
}

// The case of ten steps is described in testdata/pytorch/gen.py.
func TestTrainingLikePyTorch(t *testing.T) {
	rnntest.TrainingLikePyTorch(t, filepath.Join("testdata", "pytorch", "train.json"), network)
}
