package watch

import (
	"maps"
	"slices"
	"time"

	"github.com/textlstm/textlstm/internal/tfevents"
	"github.com/textlstm/textlstm/train"
)

// A Board keeps the course of a training in an event file for TensorBoard.
type Board struct {
	w   *tfevents.Writer
	err error // the first; the training goes on without a board
}

// OpenBoard makes an event file in a directory.
func OpenBoard(dir string) (*Board, error) {
	w, err := tfevents.Create(dir, time.Now())
	if err != nil {
		return nil, err
	}
	return &Board{w: w}, nil
}

// mostPoints is how many steps of a training are kept at most.
const mostPoints = 10000

// Report adds what there is to see.
func (b *Board) Report(t train.Progress) {
	if b.err != nil || t.Warning != nil || t.Resumed || t.Asked > 0 {
		return
	}
	var scalars []tfevents.Scalar
	add := func(tag string, v float64) { scalars = append(scalars, tfevents.Scalar{Tag: tag, Value: v}) }
	if t.Dev != nil {
		add("dev/"+t.Dev.Metric, float64(t.Dev.Score))
		if t.Dev.Metric != "log_loss" {
			add("dev/log_loss", float64(t.Dev.LogLoss))
		}
		for _, head := range slices.Sorted(maps.Keys(t.Dev.Heads)) {
			e := t.Dev.Heads[head]
			for _, metric := range e.Headlines() {
				v, _ := e.Get(metric)
				add("dev "+head+"/"+metric, v)
			}
		}
	} else if t.Step%(t.Steps/mostPoints+1) == 0 {
		add("train/loss", t.Loss)
		add("train/rate", t.Rate)
		add("train/grad_norm", t.GradNorm)
		add("train/tokens_per_second", t.TokensPerSecond())
	}
	if scalars != nil {
		b.err = b.w.Write(time.Now(), int64(t.Step), scalars...)
	}
}

// Close closes the file and returns what went wrong with it.
func (b *Board) Close() error {
	err := b.w.Close()
	if b.err != nil {
		return b.err
	}
	return err
}
