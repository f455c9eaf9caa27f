package gru

import (
	"math"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// TestTrainingLikePyTorch takes ten steps of Adam on one batch and wants
// PyTorch's ten losses. As there, the final states of both directions lead to
// a linear layer; testdata/pytorch/gen.py describes the case.
func TestTrainingLikePyTorch(t *testing.T) {
	var g golden
	readGolden(t, "train.json", &g)
	m, err := New(g.Config)
	if err != nil {
		t.Fatal(err)
	}
	g.load(t, m)
	H, B, C := g.Config.HiddenSize, len(g.Lengths), g.Weights["fc.bias"].Shape[0]
	fc := nn.NewDense("fc", 2*H, C)
	for _, p := range fc.Params() {
		copy(p.Data, g.Weights[p.Name].float32())
		p.Changed()
	}
	params := slices.Concat(m.Params(), fc.Params())
	for _, p := range params {
		p.NeedGrad()
	}
	adam, err := nn.NewOptimizer(nn.OptimizerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	lay := new(nn.Layout)
	lay.Reset(g.Lengths)
	x := g.pack(lay, g.X)
	ws := new(Workspace)
	logits, dLogits := make([]float32, B*C), make([]float32, B*C)
	both, dBoth := make([]float32, B*2*H), make([]float32, B*2*H)
	for step, want := range g.Losses {
		out, err := m.Forward(ws, nn.Batch{Layout: lay, X: x}, nil, nn.Mode{Train: true})
		if err != nil {
			t.Fatal(err)
		}
		for b := range B {
			copy(both[b*2*H:], out.Final[b*H:(b+1)*H])
			copy(both[b*2*H+H:], out.Final[(B+b)*H:(B+b+1)*H])
		}
		fc.Forward(logits, both, B)
		loss := new(nn.Loss).Eval(dLogits, logits, B, C, &nn.Targets{Labels: g.Labels}, 0)
		if math.Abs(loss-want) > 1e-5*want {
			t.Errorf("step %d: loss %.8f, want %.8f", step, loss, want)
		}
		nn.ZeroGrad(params)
		fc.Backward(dBoth, dLogits, both, B)
		dFinal := make([]float32, 2*B*H)
		for b := range B {
			copy(dFinal[b*H:(b+1)*H], dBoth[b*2*H:])
			copy(dFinal[(B+b)*H:(B+b+1)*H], dBoth[b*2*H+H:])
		}
		if _, _, err := m.Backward(ws, nil, dFinal); err != nil {
			t.Fatal(err)
		}
		if err := adam.Step(params, 1e-2); err != nil {
			t.Fatal(err)
		}
	}
}
