package nn_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/textlstm/textlstm/nn"
)

// Three texts of 2, 3 and 1 steps, one value per step, without padding.
func ExampleLayout() {
	var l nn.Layout
	l.Reset([]int{2, 3, 1})
	fmt.Println("rows:", l.Rows(), "order:", l.Order())
	for t := range l.T() {
		fmt.Printf("step %d: rows %d to %d\n", t, l.Offset(t), l.Offset(t)+l.Active(t)-1)
	}
	fmt.Println("step 1 of text 0 is row", l.Row(1, 0))
	// Output:
	// rows: 6 order: [1 0 2]
	// step 0: rows 0 to 2
	// step 1: rows 3 to 4
	// step 2: rows 5 to 5
	// step 1 of text 0 is row 4
}

// Two chunks of one text and another text, pooled to the greatest and the mean
// value of each.
func ExamplePool() {
	pool, err := nn.NewPool("pool", nn.PoolConfig{Size: 1, Kinds: []nn.Pooling{nn.Max, nn.Mean}})
	if err != nil {
		log.Fatal(err)
	}
	var l nn.Layout
	l.Reset([]int{2, 1, 2})
	rows := make([]float32, l.Rows())
	l.Pack(rows, []float32{
		1, 9, 4, // step 0 of the three sequences
		2, 0, 6, // step 1; the second sequence has none
	}, 2, 1)

	groups := []int{0, 0, 1}
	pooled := make([]float32, 2*pool.OutSize())
	pool.Forward(pooled, rows, &l, groups, new(nn.PoolWorkspace))
	fmt.Println(pooled)
	// Output: [9 4 6 5]
}

// The second example's label is missing: it contributes nothing.
func ExampleLoss() {
	var loss nn.Loss
	logits := []float32{0, 0, 5, 1}
	dlogits := make([]float32, 4)
	mean := loss.Eval(dlogits, logits, 2, 2, &nn.Targets{Labels: []int32{1, -1}}, 0)
	fmt.Printf("%.4f %v\n", mean, dlogits)
	// Output: 0.6931 [0.5 -0.5 0 0]
}

// A straight line fitted to four points.
func ExampleOptimizer() {
	line := nn.NewDense("line", 1, 1)
	line.Init(rand.New(rand.NewPCG(1, 0)))
	params := line.Params()
	for _, p := range params {
		p.NeedGrad()
	}
	opt, err := nn.NewOptimizer(nn.OptimizerConfig{})
	if err != nil {
		log.Fatal(err)
	}
	loss := nn.Loss{Kind: nn.SquaredError}
	schedule := nn.Schedule{Kind: nn.Cosine, Rate: 0.3}

	x, targets := []float32{0, 1, 2, 3}, nn.Targets{Values: []float32{1, 3, 5, 7}}
	y, dy := make([]float32, 4), make([]float32, 4)
	const steps = 200
	for step := range steps {
		line.Forward(y, x, 4)
		loss.Eval(dy, y, 4, 1, &targets, 0)
		nn.ZeroGrad(params)
		line.Backward(nil, dy, x, 4)
		nn.ClipNorm(params, 5)
		if err := opt.Step(params, float32(schedule.LR(step, steps))); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("y = %.2f*x + %.2f\n", line.Weight.Data[0], line.Bias.Data[0])
	// Output: y = 2.00*x + 1.00
}

// The slanted triangle of Howard & Ruder, over ten steps.
func ExampleSchedule() {
	s := nn.Schedule{Kind: nn.Linear, Rate: 0.01, Warmup: 0.2, Start: 1. / 32, Final: 1. / 32}
	for step := range 10 {
		fmt.Printf("%.4f ", s.LR(step, 10))
	}
	// Output: 0.0035 0.0068 0.0100 0.0086 0.0072 0.0058 0.0045 0.0031 0.0017 0.0003
}

// The average follows the weight at a distance.
func ExampleEMA() {
	w := nn.NewParam("w", 1)
	average, err := nn.NewEMA([]*nn.Param{w}, nn.EMAConfig{Decay: 0.5, BiasCorrect: true})
	if err != nil {
		log.Fatal(err)
	}
	for step := range 4 {
		w.Data[0] = float32(step)
		average.Update()
	}
	average.Swap() // evaluate with the averages
	fmt.Printf("%.3f\n", w.Data[0])
	average.Swap() // train on
	fmt.Printf("%.3f\n", w.Data[0])
	// Output:
	// 2.267
	// 3.000
}

// A mask is a function of seed and position: the same call on the gradient is
// the backward pass.
func ExampleDropout() {
	d := nn.Dropout{P: 0.5, Seed: 1}
	x, dx := []float32{1, 2, 3, 4}, []float32{1, 1, 1, 1}
	d.Apply(x, 0)
	d.Apply(dx, 0)
	fmt.Println(x, dx)
	// Output: [0 4 0 8] [0 2 0 2]
}
