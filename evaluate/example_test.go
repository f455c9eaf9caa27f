package evaluate_test

import (
	"fmt"
	"strings"

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

func ExampleCompare() {
	labels := []string{"negative", "positive"}
	gold := []int{0, 0, 0, 1, 1, 1, 1, 0}
	a := &evaluate.Predictions{Labels: labels, Gold: gold, Predicted: []int{1, 0, 1, 1, 0, 0, 1, 0}}
	b := &evaluate.Predictions{Labels: labels, Gold: gold, Predicted: []int{0, 0, 0, 1, 1, 1, 0, 0}}
	c, err := evaluate.Compare(a, b, evaluate.CompareOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("only a right: %d, only b right: %d, McNemar p = %.3f\n", c.OnlyA, c.OnlyB, c.McNemar.Exact)
	for _, w := range c.Regressions {
		fmt.Printf("row %d: gold %s, a %s, b %s\n", w.Index, w.Gold, w.A, w.B)
	}
	// Output:
	// only a right: 1, only b right: 4, McNemar p = 0.375
	// row 6: gold [positive], a [positive], b [negative]
}

func ExampleCalibrate() {
	p := &evaluate.Predictions{
		Labels: []string{"negative", "positive"},
		Gold:   []int{0, 1, 1, 1, 0},
		Probs:  []float64{0.99, 0.01, 0.02, 0.98, 0.97, 0.03, 0.01, 0.99, 0.96, 0.04},
	}
	cal, err := evaluate.Calibrate(p, evaluate.Temperature)
	if err != nil {
		fmt.Println(err)
		return
	}
	probs := []float64{0.98, 0.02}
	cal.Apply(probs)
	fmt.Printf("T = %.2f, 0.98 becomes %.2f\n", cal.Temperature, probs[0])
	// Output:
	// T = 2.59, 0.98 becomes 0.82
}

func ExamplePredictions_ThresholdFor() {
	p := &evaluate.Predictions{
		Labels: []string{"negative", "positive"},
		Gold:   []int{0, 1, 1, 1},
		Probs:  []float64{0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7},
	}
	pt, ok, err := p.ThresholdFor(0.95)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: answer from %.2f, %.0f %% of rows, %.0f %% right\n", ok, pt.Threshold, 100*pt.Coverage, 100*pt.Accuracy)
	// Output:
	// true: answer from 0.70, 75 % of rows, 100 % right
}

func ExampleNewMulti() {
	p := &evaluate.MultiPredictions{Head: "topics", Labels: []string{"grain", "trade", "wheat"}}
	p.Add([]int{0, 2}, []float32{0.9, 0.1, 0.8}, evaluate.Row{})
	p.Add([]int{1}, []float32{0.2, 0.7, 0.6}, evaluate.Row{})
	p.Add(nil, []float32{0.1, 0.3, 0.2}, evaluate.Row{})
	e, err := evaluate.NewMulti(p, evaluate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("all labels right in %.2f of rows, micro F1 %.3f, macro F1 %.3f\n", e.Accuracy, e.MicroF1, e.MacroF1)
	// Output:
	// all labels right in 0.67 of rows, micro F1 0.857, macro F1 0.889
}

func ExampleReadAnswersJSONL() {
	file := strings.NewReader(`{"id":"1","sentiment":{"label":"positive","probs":{"negative":0.1,"positive":0.9}}}
{"id":"2","sentiment":{"label":"negative","probs":{"negative":0.8,"positive":0.2}}}
`)
	answers, err := evaluate.ReadAnswersJSONL(file, "sentiment")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := evaluate.FromAnswers("sentiment", []string{"negative", "positive"}, []int{1, 1}, nil, answers)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := evaluate.New(p, evaluate.Options{})
	fmt.Printf("%.2f %v\n", e.Accuracy, err)
	// Output:
	// 0.50 <nil>
}
