package gru

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/rnn"
	"github.com/textlstm/textlstm/internal/rnn/rnntest"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/encodertest"
)

var configs = []Config{
	{InputSize: 10, HiddenSize: 6, Layers: 2, Direction: nn.Bidirectional, Dropout: 0.3, WeightDrop: 0.2},
	{InputSize: 3, HiddenSize: 2},
	{InputSize: 3, HiddenSize: 4, Direction: nn.Reverse},
	{InputSize: 2, HiddenSize: 3, Direction: nn.Bidirectional},
	{InputSize: 2, HiddenSize: 3, Layers: 3},
	{InputSize: 3, HiddenSize: 3, InputDropout: 0.4},
	{InputSize: 3, HiddenSize: 3, Layers: 2, Direction: nn.Bidirectional, Dropout: 0.5, InputDropout: 0.3, Locked: true},
	{InputSize: 4, HiddenSize: 17, Direction: nn.Bidirectional, WeightDrop: 0.3}, // past one vector of 16
	{InputSize: 3, Stack: []nn.Layer{{Units: 4, Direction: nn.Bidirectional}, {Units: 2, Direction: nn.Reverse}, {Units: 3}}},
	{InputSize: 2, Stack: []nn.Layer{{Units: 3, Direction: nn.Bidirectional, Merge: nn.Product}, {Units: 2, Direction: nn.Bidirectional, Merge: nn.Average}, {Units: 4, Direction: nn.Bidirectional}}, Dropout: 0.3},
	{InputSize: 5, HiddenSize: 40, Layers: 2, Direction: nn.Bidirectional},
}

func (c Config) testName() string {
	return fmt.Sprintf("I%d H%d L%d %s %v dropout %v %v tied %v locked %v weight drop %v",
		c.InputSize, c.HiddenSize, c.Layers, c.Direction, c.Stack, c.InputDropout, c.Dropout, c.Tied, c.Locked, c.WeightDrop)
}

// must makes a GRU of a config that is right.
func must(make func(Config) (*GRU, error), c Config) *GRU {
	m, err := make(c)
	if err != nil {
		panic(err)
	}
	return m
}

// definition is the package's equations.
func definition(W map[string][]float64, x, h, _ []float64) (next, same []float64) {
	H, ih, hh, biasIH, biasHH := len(h), W["weight_ih"], W["weight_hh"], W["bias_ih"], W["bias_hh"]
	for j := range H {
		in := func(gate int) float64 { return biasIH[gate*H+j] + rnntest.Row(ih, gate*H+j, x) }
		rec := func(gate int) float64 { return biasHH[gate*H+j] + rnntest.Row(hh, gate*H+j, h) }
		r, z := rnntest.Sigmoid(in(0)+rec(0)), rnntest.Sigmoid(in(1)+rec(1))
		n := math.Tanh(in(2) + r*rec(2))
		next = append(next, (1-z)*n+z*h[j])
	}
	return next, next
}

func recurrent() rnntest.Kind {
	k := rnntest.Kind{Cell: definition, Weights: []string{"weight_ih", "weight_hh", "bias_ih", "bias_hh"}, OneState: true}
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
		{InputSize: 5, HiddenSize: 20, Layers: 2, Direction: nn.Bidirectional, InputDropout: 0.2, Dropout: 0.3, WeightDrop: 0.3},
		{InputSize: 4, HiddenSize: 6, Layers: 2, Direction: nn.Bidirectional, InputDropout: 0.3, Locked: true},
		{InputSize: 7, HiddenSize: 24, Layers: 3, Direction: nn.Reverse},
		{InputSize: 4, HiddenSize: 9, Layers: 2, Direction: nn.Bidirectional, InputDropout: 0.4, Tied: true, Dropout: 0.2, Locked: true},
		{InputSize: 30, HiddenSize: 64, Direction: nn.Bidirectional},
		{InputSize: 6, Stack: []nn.Layer{{Units: 24, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 17}, {Units: 5, Direction: nn.Bidirectional}}, Dropout: 0.3},
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

func TestNumParams(t *testing.T) {
	for _, c := range configs {
		n := 0
		for _, p := range must(New, c).Params() {
			n += p.Len()
		}
		if c.NumParams() != float64(n) {
			t.Errorf("%s: NumParams = %v, want %d", c.testName(), c.NumParams(), n)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []Config{{}, {InputSize: 1}, {InputSize: 1, HiddenSize: 1, Layers: -1}, {InputSize: 1, HiddenSize: 1, Direction: 7}, {InputSize: 1, HiddenSize: 1, Dropout: 1},
		{InputSize: 1, HiddenSize: 1, Stack: []nn.Layer{{Units: 1}}}, {InputSize: 1, Stack: []nn.Layer{{}}}, {InputSize: 1, Stack: []nn.Layer{{Units: 1, Direction: 7}}},
		{InputSize: 1, Stack: []nn.Layer{{Units: 1, Merge: nn.Sum}}}, {InputSize: 1, Stack: []nn.Layer{{Units: 1, Merge: "max"}}}} {
		if _, err := New(c); err == nil {
			t.Errorf("New(%+v): no error", c)
		}
		if _, err := NewInt8(c); err == nil {
			t.Errorf("NewInt8(%+v): no error", c)
		}
	}
	m, in := must(New, Config{InputSize: 2, HiddenSize: 3}), nn.Batch{Layout: new(nn.Layout)}
	in.Layout.Reset([]int{2})
	in.X = slices.Repeat([]float32{1}, 4)
	if _, err := m.Forward(new(Workspace), in, make([]float32, 2), nn.Mode{}); err == nil {
		t.Error("a short initial state: no error")
	}
}
