// Command forecast predicts the next value of a time series from the ten before
// it with a two-layer LSTM of 50 units, and compares it with two forecasts that
// cost nothing: the last value, and the value one season ago.
//
//	go run ./examples/forecast -season 12 airline-passengers.csv
//
// The series is the last column of a CSV file, one row a step, in order of time;
// without a file it is one made up here. The first 70 % are for training (of
// these the last fifth tells when to stop), the rest for the comparison. The
// scale is that of the training part.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"iter"
	"log"
	"math"
	"math/rand/v2"
	"os"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/weights"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/train/loop"
)

// window is the number of values that a forecast sees.
const window = 10

func main() {
	season := flag.Int("season", 12, "steps in a season, for the seasonal forecast")
	epochs := flag.Int("epochs", 60, "most passes over the training part")
	seed := flag.Uint64("seed", 1, "seed of weights and order")
	file := flag.String("weights", "", "`file` for the weights: read if it is there, else written after training; for one series")
	flag.Parse()
	log.SetFlags(0)

	names := flag.Args()
	if len(names) == 0 {
		names = []string{""}
	}
	if *file != "" && len(names) > 1 {
		log.Fatalf("forecast: -weights %s: the weights are those of one series, not of %d", *file, len(names))
	}
	var rows [][]any
	for _, name := range names {
		series, err := load(name)
		if err != nil {
			log.Fatalf("forecast: %v", err)
		}
		r, err := compare(series, *season, *epochs, *seed, *file)
		if err != nil {
			log.Fatalf("forecast: %s: %v", name, err)
		}
		rows = append(rows, []any{title(name), r.train, r.test, figure(r.naive), figure(r.seasonal), figure(r.lstm)})
	}
	header := []string{"series", "train", "test", "RMSE last value", "last season", "LSTM"}
	if err := report.Table(os.Stdout, header, rows, report.Text); err != nil {
		log.Fatal(err)
	}
}

func figure(v float64) string { return fmt.Sprintf("%.3f", v) }

// A result compares the root mean squared errors of three forecasts of the last
// 30 % of a series, which none of them has seen.
type result struct {
	train, test           int // windows
	naive, seasonal, lstm float64
}

// compare trains on the first 70 % of the series and forecasts the rest, one
// step ahead at a time. With a file it keeps the weights, or takes those that are
// there.
func compare(series []float64, season, epochs int, seed uint64, file string) (result, error) {
	cut := len(series) * 7 / 10
	if cut < window+2 || season < 1 || season > cut {
		return result{}, fmt.Errorf("%d values, season %d: too short to train on", len(series), season)
	}
	mean, sd := moments(series[:cut])
	scaled := make([]float32, len(series))
	for i, v := range series {
		scaled[i] = float32((v - mean) / sd)
	}
	f, err := newForecaster(seed)
	if err != nil {
		return result{}, err
	}
	dev := max(cut*4/5, window+1)
	_, err = weights.Load(file, f.params)
	if file == "" || errors.Is(err, fs.ErrNotExist) {
		err = f.fit(scaled[:dev], scaled[dev-window:cut], epochs, seed)
		if err == nil && file != "" {
			err = weights.Save(file, f.params, nil)
		}
	}
	if err != nil {
		return result{}, err
	}
	r := result{train: cut - window, test: len(series) - cut}
	for t := cut; t < len(series); t++ {
		r.naive += square(series[t-1] - series[t])
		r.seasonal += square(series[t-season] - series[t])
	}
	r.naive = math.Sqrt(r.naive / float64(r.test))
	r.seasonal = math.Sqrt(r.seasonal / float64(r.test))
	r.lstm, err = f.rmse(scaled[cut-window:])
	r.lstm *= sd
	return r, err
}

// A forecaster is LSTM(50), LSTM(50), Dense(1). The first layer hands its whole
// sequence of outputs to the second, of which only the last output counts. Both
// what it sees and what it says are differences from the last value of the
// window: a series may grow beyond what training has seen, and knowing nothing
// means forecasting the last value.
type forecaster struct {
	encoder *lstm.LSTM
	dense   *nn.Dense
	params  []*nn.Param

	ws     lstm.Workspace
	layout nn.Layout       // one sequence of ten steps
	x      [window]float32 // the encoder's input
	last   []float32       // the encoder's last output
}

func newForecaster(seed uint64) (*forecaster, error) {
	encoder, err := lstm.New(lstm.Config{InputSize: 1, HiddenSize: 50, Layers: 2})
	if err != nil {
		return nil, err
	}
	f := &forecaster{encoder: encoder, dense: nn.NewDense("dense", 50, 1)}
	f.layout.Reset([]int{window})
	r := rand.New(rand.NewPCG(seed, 0))
	encoder.Init(r)
	f.dense.Init(r)
	f.params = append(encoder.Params(), f.dense.Params()...)
	for _, p := range f.params {
		p.NeedGrad()
	}
	return f, nil
}

// predict forecasts the value after x [10][1].
func (f *forecaster) predict(x []float32, mode lstm.Mode) (float32, error) {
	now := x[window-1]
	for i, v := range x {
		f.x[i] = v - now
	}
	out, err := f.encoder.Forward(&f.ws, lstm.Batch{Layout: &f.layout, X: f.x[:]}, nil, mode)
	if err != nil {
		return 0, err
	}
	f.last = out.Y[(window-1)*50:]
	var change [1]float32
	f.dense.Forward(change[:], f.last, 1)
	return now + change[0], nil
}

// rmse is the root mean squared error over all windows of a series.
func (f *forecaster) rmse(series []float32) (float64, error) {
	sum, n := 0.0, len(series)-window
	for i := range n {
		y, err := f.predict(series[i:i+window], lstm.Mode{})
		if err != nil {
			return 0, err
		}
		sum += square(float64(y - series[i+window]))
	}
	return math.Sqrt(sum / float64(n)), nil
}

// fit trains on every window of train, one at a time (batch size 1), with Adam and
// the squared error, and keeps the weights of the epoch that does best on dev. It
// stops when ten epochs have brought nothing.
func (f *forecaster) fit(train, dev []float32, epochs int, seed uint64) error {
	l := loop.Loop{
		Config: loop.Config{Epochs: epochs, Optimizer: nn.OptimizerConfig{Kind: nn.Adam}, ClipNorm: 1, Patience: 10},
		Params: f.params,
	}
	return l.Run(context.Background(), &task{forecaster: f, train: train, dev: dev, seed: seed, best: math.Inf(1)})
}

// A task is what the training loop asks for.
type task struct {
	*forecaster
	train, dev []float32
	seed       uint64
	best       float64 // error on dev
}

// Epoch ranges over the windows in a random order.
func (t *task) Epoch(_ context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		r := rand.New(rand.NewPCG(t.seed, 1))
		var order []int
		for range epoch + 1 { // so that an epoch has the same order each time
			order = r.Perm(len(t.train) - window)
		}
		for _, i := range order[skip:] {
			if !yield(example{t.forecaster, t.train[i : i+window+1]}, nil) {
				return
			}
		}
	}
}

// Rate is the same throughout.
func (t *task) Rate(loop.Position) float64 { return 1e-3 }

// Evaluate says whether the error on dev is the lowest so far.
func (t *task) Evaluate(context.Context, loop.Epoch) (best bool, err error) {
	e, err := t.rmse(t.dev)
	best = e < t.best
	t.best = min(t.best, e)
	return best, err
}

// An example is a window with the value after it.
type example struct {
	*forecaster
	series []float32
}

// Size counts one window of ten values.
func (e example) Size() (texts, tokens int) { return 1, window }

// Learn adds the gradients of the squared error.
func (e example) Learn(int) (float64, error) {
	y, err := e.predict(e.series[:window], lstm.Mode{Train: true})
	if err != nil {
		return 0, err
	}
	var dy [1]float32
	squared := nn.Loss{Kind: nn.SquaredError}
	loss := squared.Eval(dy[:], []float32{y}, 1, 1, &nn.Targets{Values: e.series[window:]}, 0)
	dY := make([]float32, window*50) // only the last row is not zero
	e.dense.Backward(dY[(window-1)*50:], dy[:], e.last, 1)
	_, _, err = e.encoder.Backward(&e.ws, dY, nil)
	return loss, err
}
