package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"

	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// series reads the forecaster that Keras has trained, trains it on one window at a time,
// and writes it back with what it answers. It reports the errors before and after.
func series(dir string) error {
	f, err := keras.Open(filepath.Join(dir, "forecaster.keras"), "")
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := f.Network(keras.Options{})
	if err != nil {
		return err
	}
	s, err := n.Sequential()
	if err != nil {
		return err
	}
	var data struct {
		Windows [][][]float32 `json:"windows"`
		Targets [][]float32   `json:"targets"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "forecaster.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &data); err != nil {
		return err
	}
	t := &forecasting{Sequential: s, windows: data.Windows, targets: data.Targets}
	before, err := t.rmse()
	if err != nil {
		return err
	}
	l := loop.Loop{
		Config: loop.Config{Epochs: 3, Optimizer: nn.OptimizerConfig{Kind: nn.Adam, Eps: 1e-7}},
		Params: s.Params(),
	}
	if err := l.Run(context.Background(), t); err != nil {
		return err
	}
	after, err := t.rmse()
	if err != nil {
		return err
	}
	fmt.Printf("forecaster: RMSE %.4f as Keras left it, %.4f after %d steps here\n", before, after, l.Step)
	base := filepath.Join(dir, "forecaster_on")
	x, err := keras.ExportNetwork(s.Network(), filepath.Base(base)+".weights.h5")
	if err != nil {
		return err
	}
	if err := writeKeras(base, x); err != nil {
		return err
	}
	answers, err := t.answers()
	if err != nil {
		return err
	}
	b, err = json.Marshal(map[string]any{"windows": data.Windows, "answers": answers})
	if err != nil {
		return err
	}
	return os.WriteFile(base+".windows.json", b, 0o644)
}

// A forecasting is the task of learning windows in order.
type forecasting struct {
	*interop.Sequential
	windows [][][]float32
	targets [][]float32
}

func (t *forecasting) answers() ([]float32, error) {
	return answersOfWindows(t.Network(), t.windows)
}

func (t *forecasting) rmse() (float64, error) {
	y, err := t.answers()
	sum := 0.0
	for i, v := range y {
		d := float64(v - t.targets[i][0])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(t.targets))), err
}

// Epoch has each window once.
func (t *forecasting) Epoch(_ context.Context, _, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for i := skip; i < len(t.windows) && yield(&window{t, i, interop.Pass{}}, nil); i++ {
		}
	}
}

// Rate is the same throughout.
func (*forecasting) Rate(loop.Position) float64 { return 1e-3 }

// Evaluate keeps the last weights.
func (*forecasting) Evaluate(context.Context, loop.Epoch) (best bool, err error) { return false, nil }

type window struct {
	*forecasting
	i    int
	pass interop.Pass
}

// Size counts one window.
func (w *window) Size() (texts, tokens int) { return 1, len(w.windows[w.i]) }

// Learn adds the gradient of the squared error.
func (w *window) Learn(int) (float64, error) {
	lay := new(nn.Layout)
	lay.Reset([]int{len(w.windows[w.i])})
	var x []float32
	for _, row := range w.windows[w.i] {
		x = append(x, row...)
	}
	y, err := w.Forward(&w.pass, nn.Batch{Layout: lay, X: x}, nn.Mode{Train: true})
	if err != nil {
		return 0, err
	}
	d := y[0] - w.targets[w.i][0]
	_, err = w.Backward(&w.pass, []float32{2 * d})
	return float64(d * d), err
}
