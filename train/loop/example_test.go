package loop_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// A line is a task: a slope and an offset that fit points.
type line struct {
	w      *nn.Param
	points [][2]float32
}

// Epoch has each point once.
func (l *line) Epoch(_ context.Context, _, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for _, p := range l.points[skip:] {
			if !yield(point{l.w, p}, nil) {
				return
			}
		}
	}
}

// Rate is the same throughout.
func (l *line) Rate(loop.Position) float64 { return 0.05 }

// Evaluate keeps the last weights.
func (l *line) Evaluate(context.Context, loop.Epoch) (best bool, err error) { return false, nil }

type point struct {
	w  *nn.Param
	xy [2]float32
}

// Size counts one point.
func (p point) Size() (texts, tokens int) { return 1, 1 }

// Learn adds the gradient of the squared error.
func (p point) Learn(int) (float64, error) {
	d := p.w.Data[0]*p.xy[0] + p.w.Data[1] - p.xy[1]
	p.w.Grad[0] += 2 * d * p.xy[0]
	p.w.Grad[1] += 2 * d
	return float64(d * d), nil
}

func Example() {
	w := nn.NewParam("line", 2)
	w.NeedGrad()
	task := &line{w, [][2]float32{{0, 1}, {1, 3}, {2, 5}}}
	l := loop.Loop{
		Config: loop.Config{Epochs: 300, Optimizer: nn.OptimizerConfig{Kind: nn.SGD}},
		Params: []*nn.Param{w},
	}
	if err := l.Run(context.Background(), task); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.2fx + %.2f after %d steps\n", w.Data[0], w.Data[1], l.Step)
	// Output: y = 2.00x + 1.00 after 900 steps
}
