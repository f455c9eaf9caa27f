package baseline_test

import (
	"context"
	"fmt"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
)

func ExampleVADER() {
	v, err := baseline.NewVADER("negative", "neutral", "positive")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"The plot was good.", "The plot was VERY good!!", "The plot wasn't good.", "There is a plot."} {
		label, _ := v.Classify(nil, text)
		fmt.Printf("%-8s %7.4f  %s\n", v.Labels()[label], v.Polarity(text).Compound, text)
	}
	// Output:
	// positive  0.4404  The plot was good.
	// positive  0.6715  The plot was VERY good!!
	// negative -0.3412  The plot wasn't good.
	// neutral   0.0000  There is a plot.
}

func ExamplePredict() {
	m, err := baseline.NewMajority([]string{"ham", "spam"}, []int{87, 13})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := baseline.Predict(context.Background(), m, []string{"see you at noon", "you have won", "ok"}, []int{0, 1, 0}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := evaluate.New(p, evaluate.Options{})
	fmt.Printf("accuracy %.2f, macro F1 %.2f %v\n", e.Accuracy, e.MacroF1, err)
	// Output:
	// accuracy 0.67, macro F1 0.40 <nil>
}
