package interop_test

import (
	"fmt"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/nn"
)

// A forecaster of one unit that was trained elsewhere.
func ExampleNetwork_Sequential() {
	n := &interop.Network{
		Layers: []interop.Layer{{
			Name: "lstm", Kind: interop.LSTM,
			Cells: []interop.Cell{{
				Input:     interop.Matrix{Rows: 4, Cols: 1, Data: []float32{1, 1, 1, 1}},
				Recurrent: interop.Matrix{Rows: 4, Cols: 1, Data: []float32{0, 0, 0, 0}},
			}},
		}},
		Heads: []interop.Head{{Layers: []interop.Dense{{
			Name: "dense", Weight: interop.Matrix{Rows: 1, Cols: 1, Data: []float32{2}}, Bias: []float32{1},
		}}}},
	}
	s, err := n.Sequential()
	if err != nil {
		panic(err)
	}
	var layout nn.Layout
	layout.Reset([]int{3}) // one window of three values
	y, err := s.Forward(new(interop.Pass), nn.Batch{Layout: &layout, X: []float32{0, 1, 2}}, nn.Mode{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", y)
	// Output: [2.535]
}
