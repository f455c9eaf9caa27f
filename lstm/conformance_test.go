package lstm

import (
	"fmt"
	"math"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/internal/rnn/rnntest"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/encodertest"
)

var configs = []Config{
	{InputSize: 10, HiddenSize: 6, Layers: 2, Direction: Bidirectional, Peephole: true, Dropout: 0.3, WeightDrop: 0.2},
	{InputSize: 3, HiddenSize: 2},
	{InputSize: 3, HiddenSize: 4, Direction: Reverse},
	{InputSize: 2, HiddenSize: 3, Direction: Bidirectional},
	{InputSize: 2, HiddenSize: 3, Layers: 3},
	{InputSize: 2, HiddenSize: 3, Layers: 3, Direction: Bidirectional},
	{InputSize: 3, HiddenSize: 2, Peephole: true},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Peephole: true},
	{InputSize: 3, HiddenSize: 3, InputDropout: 0.4},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Dropout: 0.5},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: Bidirectional, Dropout: 0.5, InputDropout: 0.3, Locked: true},
	{InputSize: 3, HiddenSize: 4, Layers: 2, Direction: Bidirectional, WeightDrop: 0.5},
	{InputSize: 4, HiddenSize: 17, Direction: Bidirectional, Peephole: true, WeightDrop: 0.3}, // past one vector of 16
	{InputSize: 3, Stack: []nn.Layer{{Units: 4, Direction: Bidirectional}, {Units: 2, Direction: Reverse}, {Units: 3}}},
	{InputSize: 2, Stack: []nn.Layer{{Units: 3, Direction: Bidirectional, Merge: nn.Sum}, {Units: 2, Direction: Bidirectional, Merge: nn.Product}, {Units: 4, Direction: Bidirectional}}, Peephole: true},
	{InputSize: 3, Stack: []nn.Layer{{Units: 2, Direction: Bidirectional, Merge: nn.Average}, {Units: 5}}, Dropout: 0.4, WeightDrop: 0.3, Locked: true},
	{InputSize: 5, HiddenSize: 40, Layers: 2, Direction: Bidirectional},
}

func (c Config) testName() string {
	s := fmt.Sprintf("I%d H%d L%d %s", c.InputSize, c.HiddenSize, c.NumLayers(), c.Direction)
	for _, l := range c.Stack {
		s += fmt.Sprintf(" %d %s %s", l.Units, l.Direction, l.Merge)
	}
	if c.Peephole {
		s += " peephole"
	}
	if c.InputDropout+c.Dropout > 0 {
		s += fmt.Sprintf(" dropout %v %v tied %v locked %v", c.InputDropout, c.Dropout, c.Tied, c.Locked)
	}
	if c.WeightDrop > 0 {
		s += " weight drop"
	}
	return s
}

// must makes an LSTM of a config that is right.
func must(make func(Config) (*LSTM, error), c Config) *LSTM {
	m, err := make(c)
	if err != nil {
		panic(err)
	}
	return m
}

// definition is the package's equations.
func definition(W map[string][]float64, x, h, c []float64) (nextH, nextC []float64) {
	H, bias, ih, hh, peep := len(h), W["bias"], W["weight_ih"], W["weight_hh"], W["weight_peephole"]
	pre := func(gate, j int) float64 {
		r := gate*H + j
		return bias[r] + rnntest.Row(ih, r, x) + rnntest.Row(hh, r, h)
	}
	for j := range H {
		var pi, pf, po float64
		if peep != nil {
			pi, pf, po = peep[j], peep[H+j], peep[2*H+j]
		}
		i := rnntest.Sigmoid(pre(0, j) + pi*c[j])
		f := rnntest.Sigmoid(pre(1, j) + pf*c[j])
		next := f*c[j] + i*math.Tanh(pre(2, j))
		nextC = append(nextC, next)
		nextH = append(nextH, rnntest.Sigmoid(pre(3, j)+po*next)*math.Tanh(next))
	}
	return nextH, nextC
}

func recurrent() rnntest.Kind {
	k := rnntest.Kind{Cell: definition, Weights: []string{"weight_ih", "weight_hh", "bias", "weight_peephole"}}
	for _, c := range configs {
		k.Cases = append(k.Cases, rnntest.Case{Name: c.testName(), Config: c.stack(), New: func() *rnn.Stack { return must(New, c).stack }})
	}
	return k
}

func TestGradients(t *testing.T) { rnntest.Gradients(t, recurrent()) }

func TestRecurrent(t *testing.T) { rnntest.Run(t, recurrent()) }

func TestEncoder(t *testing.T) {
	var cases []encodertest.Case
	for _, c := range []Config{
		{InputSize: 3, HiddenSize: 5},
		{InputSize: 5, HiddenSize: 20, Layers: 2, Direction: Bidirectional, InputDropout: 0.2, Dropout: 0.3, WeightDrop: 0.3},
		{InputSize: 4, HiddenSize: 6, Layers: 2, Direction: Bidirectional, Peephole: true, InputDropout: 0.3, Locked: true},
		{InputSize: 7, HiddenSize: 24, Layers: 3, Direction: Reverse},
		{InputSize: 4, HiddenSize: 9, Layers: 2, Direction: Bidirectional, InputDropout: 0.4, Tied: true, Dropout: 0.2, Locked: true},
		{InputSize: 30, HiddenSize: 64, Direction: Bidirectional},
		{InputSize: 6, Stack: []nn.Layer{{Units: 24, Direction: Bidirectional, Merge: nn.Sum}, {Units: 17}, {Units: 5, Direction: Bidirectional}}, Dropout: 0.3},
	} {
		cases = append(cases, encodertest.Case{
			Name: c.testName(), Input: c.InputSize,
			New: func(int8s bool) nn.Encoder {
				m := must(New, c)
				m.Int8 = int8s
				return m
			},
			NewInt8: func() nn.Encoder { return must(NewInt8, c) },
			Bare:    func() nn.Encoder { return must(New, Config{}.Like(c)) },
		})
	}
	encodertest.Run(t, cases)
}
