package gradflow_test

import (
	"fmt"

	"github.com/textlstm/textlstm/explain/gradflow"
	"github.com/textlstm/textlstm/lstm"
)

// What is left of a gradient fifty steps before the end of a sequence, without
// a bias of the forget gates and with the usual one.
func ExampleFresh() {
	inputs := gradflow.Noise(4, 100, 16, 0.5, 1)
	curves, err := gradflow.Fresh(lstm.Config{InputSize: 16, HiddenSize: 32}, inputs, gradflow.Options{Seed: 1})
	if err != nil {
		panic(err)
	}
	for _, c := range curves {
		fmt.Printf("%s: × %.2f a step\n", c.Name, c.Factor)
	}
	// Output:
	// forget bias 0: × 0.69 a step
	// forget bias 1: × 0.90 a step
}
