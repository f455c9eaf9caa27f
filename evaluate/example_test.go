package evaluate_test

import (
	"fmt"

	"github.com/textlstm/textlstm/evaluate"
)

func ExampleNew() {
	p := &evaluate.Predictions{
		Head:   "sentiment",
		Labels: []string{"negative", "positive"},
		Gold:   []int{0, 0, 1, 1},
		Probs: []float64{
			0.9, 0.1,
			0.4, 0.6,
			0.2, 0.8,
			0.3, 0.7,
		},
	}
	e, err := evaluate.New(p, evaluate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("accuracy %.2f, macro F1 %.3f, log loss %.3f\n", e.Accuracy, e.MacroF1, e.LogLoss)
	fmt.Println(e.Confusion)
	// Output:
	// accuracy 0.75, macro F1 0.733, log loss 0.400
	// [[1 1] [0 2]]
}
