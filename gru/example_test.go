package gru_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/nn"
)

// Two sequences, of 3 steps and of 1, go through a network in both directions.
func Example() {
	m, err := gru.New(gru.Config{InputSize: 4, HiddenSize: 8, Direction: nn.Bidirectional})
	if err != nil {
		panic(err)
	}
	m.Init(rand.New(rand.NewPCG(1, 2)))
	lay := new(nn.Layout)
	lay.Reset([]int{3, 1})
	in := nn.Batch{Layout: lay, X: make([]float32, lay.Rows()*4)}
	var ws gru.Workspace
	out, err := m.Forward(&ws, in, nil, nn.Mode{Train: true})
	if err != nil {
		panic(err)
	}
	dX, _, err := m.Backward(&ws, make([]float32, len(out.Y)), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println("output:", len(out.Y), "final states:", len(out.Final), "gradient of the input:", len(dX))
	// Output:
	// output: 64 final states: 32 gradient of the input: 16
}
