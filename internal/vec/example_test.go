package vec_test

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
)

// The weights of a layer, [out][in] as PyTorch stores them, are packed once and
// multiply any number of batches.
func ExampleMatMul() {
	weight := []float32{ // [2][3]
		1, 2, 3,
		4, 5, 6,
	}
	var w vec.Packed
	w.PackT(3, 2, weight, 3)

	x := []float32{1, 0, -1, 0, 1, 0} // [2][3]
	y := make([]float32, 2*2)
	vec.MatMul(2, x, 3, &w, 0, y, 2)
	fmt.Println(y)
	// Output: [-2 -2 2 5]
}

func ExampleSoftmax() {
	x := []float32{0, 0, 0, 0}
	vec.Softmax(x)
	fmt.Println(x)
	// Output: [0.25 0.25 0.25 0.25]
}

// Max pooling over the steps of a sequence, with the step that each maximum came from.
func ExampleMaxIndex() {
	steps := [][]float32{{1, 5}, {3, 2}, {2, 4}}
	pooled, from := []float32{-100, -100}, make([]int32, 2)
	for t, h := range steps {
		vec.MaxIndex(pooled, from, h, int32(t))
	}
	fmt.Println(pooled, from)
	// Output: [3 5] [1 0]
}
