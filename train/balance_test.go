package train

import (
	"math"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
)

// Each label of a source counts as much as each other that it has, and the source as many
// texts as before; a text without a label keeps its weight.
func TestBalance(t *testing.T) {
	s := &set{
		texts:   make([]classify.Encoded, 9),
		source:  []int32{0, 0, 0, 0, 1, 1, 1, 1, 1},
		targets: []nn.Targets{{Labels: []int32{0, 0, 0, 2, 1, 0, 0, -1, 0}}},
	}
	s.balance()
	const many = 2. / 3 // of the label that three of four texts have
	for i, want := range []float32{many, many, many, 2, 2, many, many, 1, many} {
		if math.Abs(float64(s.weights[i]-want)) > 1e-6 {
			t.Errorf("text %d counts %v times, want %v", i, s.weights[i], want)
		}
	}
	s = &set{
		texts:   make([]classify.Encoded, 3),
		source:  make([]int32, 3),
		weights: []float32{4, 1, 1},
		targets: []nn.Targets{{Labels: []int32{0, 1, 1}}, {Values: []float32{1, 2, 3}}},
	}
	s.balance()
	for i, want := range []float32{3, 1.5, 1.5} {
		if math.Abs(float64(s.weights[i]-want)) > 1e-6 {
			t.Errorf("text %d of weight counts %v times, want %v", i, s.weights[i], want)
		}
	}
}
