package keras_test

import (
	"bytes"
	"context"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// training is how a forecaster goes on in Keras.
type training struct {
	X         [][][]float32 `json:"x"`
	Y         [][]float32   `json:"y"`
	Gradients []any         `json:"gradients"` // of the mean squared error of all windows
	Losses    []float64     `json:"losses"`    // before each step of Adam on one window
	After     [][]float64   `json:"after"`     // what it answers then
}

// A task is a forecaster that learns one window at a time, in order.
type task struct {
	*interop.Sequential
	training
	losses []float64
}

func (t *task) Epoch(_ context.Context, _, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for i := skip; i < len(t.X) && yield(&step{t, i}, nil); i++ {
		}
	}
}

func (*task) Rate(loop.Position) float64 { return 1e-3 }

func (*task) Evaluate(context.Context, loop.Epoch) (best bool, err error) { return false, nil }

type step struct {
	*task
	window int
}

func (*step) Size() (texts, tokens int) { return 1, 10 }

func (s *step) Learn(int) (float64, error) {
	loss, err := learn(s.Sequential, s.X[s.window:s.window+1], s.Y[s.window:s.window+1])
	s.losses = append(s.losses, loss)
	return loss, err
}

// learn adds the gradients of the mean squared error of some windows.
func learn(s *interop.Sequential, x [][][]float32, y [][]float32) (loss float64, err error) {
	var pass interop.Pass
	out, err := s.Forward(&pass, batchOf(x), nn.Mode{Train: true})
	if err != nil {
		return 0, err
	}
	d := make([]float32, len(out))
	for i, v := range out {
		e := v - y[i][0]
		loss += float64(e*e) / float64(len(out))
		d[i] = 2 * e / float32(len(out))
	}
	_, err = s.Backward(&pass, d)
	return loss, err
}

// numbers flattens lists of lists.
func numbers(v any) (out []float64) {
	if list, ok := v.([]any); ok {
		for _, below := range list {
			out = append(out, numbers(below)...)
		}
		return out
	}
	return []float64{v.(float64)}
}

// A forecaster from Keras has Keras's gradients, goes on as it would there, and goes back
// with what it has learned.
func TestTraining(t *testing.T) {
	var g answers
	readJSON(t, "forecaster.json", &g)
	task := new(task)
	readJSON(t, "forecaster_training.json", &task.training)
	s, err := network(t, "forecaster.keras", keras.Options{}).Sequential()
	if err != nil {
		t.Fatal(err)
	}
	task.Sequential = s
	if _, err := learn(s, task.X, task.Y); err != nil {
		t.Fatal(err)
	}
	for i, p := range s.Params() {
		want := numbers(task.Gradients[i])
		got := p.Grad
		if len(p.Shape) == 2 {
			got = interop.Transpose(got, p.Shape[0], p.Shape[1])
		}
		if worst := far(t, got, want); !(worst <= limit) {
			t.Errorf("the gradient of %s is off by %.2g, want at most %g", p.Name, worst, limit)
		}
		p.ZeroGrad()
	}

	l := loop.Loop{
		Config: loop.Config{Epochs: 1, Optimizer: nn.OptimizerConfig{Kind: nn.Adam, Eps: 1e-12}},
		Params: s.Params(),
	}
	if err := l.Run(context.Background(), task); err != nil {
		t.Fatal(err)
	}
	for i, loss := range task.losses {
		if d := math.Abs(loss - task.Losses[i]); !(d <= limit) {
			t.Errorf("step %d: loss %v, in Keras %v", i, loss, task.Losses[i])
		}
	}
	if worst := far(t, forward(t, s, g.Windows), slices.Concat(task.After...)); !(worst <= limit) {
		t.Errorf("after training it is off by %.2g, want at most %g", worst, limit)
	}

	x, err := keras.ExportNetwork(s.Network(), "forecaster.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	var weights bytes.Buffer
	if err := x.Write(&weights); err != nil {
		t.Fatal(err)
	}
	f, err := keras.Read(bytes.NewReader(weights.Bytes()), int64(weights.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f.Config = testdata(t, "forecaster_model.json")[0]
	n, err := f.Network(keras.Options{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := n.Sequential()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(forward(t, back, g.Windows), forward(t, s, g.Windows)) {
		t.Error("another answer from the weights that were written")
	}
}
