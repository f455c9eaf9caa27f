package lstm_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// Two sequences of lengths 3 and 1 go through a bidirectional LSTM.
func Example() {
	m, err := lstm.New(lstm.Config{InputSize: 2, HiddenSize: 4, Direction: lstm.Bidirectional})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Init(rand.New(rand.NewPCG(1, 2)))

	var layout nn.Layout
	layout.Reset([]int{3, 1})
	x := make([]float32, layout.Rows()*2)
	for t := range 3 {
		x[layout.Row(t, 0)*2] = float32(t) // the first sequence's inputs
	}
	x[layout.Row(0, 1)*2+1] = 1 // the second one's only input

	var ws lstm.Workspace
	out, err := m.Forward(&ws, lstm.Batch{Layout: &layout, X: x}, nil, lstm.Mode{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("rows:", layout.Rows(), "of", len(out.Y)/layout.Rows())
	fmt.Println("weights:", m.Config().NumParams())
	// Output:
	// rows: 4 of 8
	// weights: 224
}

// A stream is read one step at a time, keeping the state.
func ExampleLSTM_Step() {
	m, err := lstm.New(lstm.Config{InputSize: 1, HiddenSize: 3, Layers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Init(rand.New(rand.NewPCG(1, 2)))
	var ws lstm.Workspace
	state := m.NewState(1)
	for _, value := range []float32{0.5, -1, 2} {
		y, err := m.Step(&ws, state, []float32{value})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(y))
	}
	// Output:
	// 3
	// 3
	// 3
}

// Layers may differ: a wide one of two directions, whose states are added up, below a
// narrow one.
func ExampleConfig() {
	c := lstm.Config{InputSize: 8, Stack: []nn.Layer{
		{Units: 32, Direction: nn.Bidirectional, Merge: nn.Sum},
		{Units: 16},
	}}
	m, err := lstm.New(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range m.Params() {
		fmt.Println(p.Name, p.Shape)
	}
	fmt.Println("width of a state:", m.OutputSize())
	// Output:
	// weight_ih_l0 [128 8]
	// weight_hh_l0 [128 32]
	// bias_l0 [128]
	// weight_ih_l0_reverse [128 8]
	// weight_hh_l0_reverse [128 32]
	// bias_l0_reverse [128]
	// weight_ih_l1 [64 32]
	// weight_hh_l1 [64 16]
	// bias_l1 [64]
	// width of a state: 16
}
