// Package loop is the one training loop: it takes a [Task] through its epochs, and
// does what every training needs beside its own data and loss. That is the clipping
// of gradients, the optimiser's step, averaged weights, going back where a number is
// not finite, keeping the best weights, stopping early, checkpoints, cancellation
// and progress.
//
// A task draws all that is random from its seed, the epoch and the step. So an
// interrupted training ends with the bytes of one that was not.
package loop

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/textlstm/textlstm/nn"
)

// A Batch is what one step learns from.
type Batch interface {
	// Learn adds the gradients of the batch's loss to those of the parameters, and
	// returns the loss. What it draws at random follows from step, the number of
	// steps before. It may return a loss that is not finite, or a *DivergedError
	// with Name and Value.
	Learn(step int) (loss float64, err error)

	// Size counts what the batch holds: texts, or whatever a rate may go by, and
	// tokens, which progress is told in.
	Size() (texts, tokens int)
}

// A Task is what a Loop trains. All calls come from the goroutine of Loop.Run.
type Task interface {
	// Epoch ranges over the batches of an epoch, from 0, without the first skip of
	// them. They are the same each time. An error is yielded last.
	Epoch(ctx context.Context, epoch, skip int) iter.Seq2[Batch, error]

	// Rate is the learning rate of the step that follows p, before halvings.
	Rate(p Position) float64

	// Evaluate is called at the end of every epoch, while the averages are in place
	// of the weights if there are some. It says whether the weights are the best
	// so far, which are then kept and put in place at the end. If none ever are, the
	// last ones stay.
	Evaluate(ctx context.Context, e Epoch) (best bool, err error)
}

// An Optimizer moves parameters; *nn.Optimizer is one, and says what the methods do.
type Optimizer interface {
	Step(params []*nn.Param, rate float32) error
	State() []*nn.Param
	LoadState(params []*nn.Param, steps int, state []*nn.Param) error
	Moments() int
}

// A Config says how a Loop trains.
type Config struct {
	// Epochs is the number of passes over the data.
	Epochs int

	// Optimizer moves the weights.
	Optimizer nn.OptimizerConfig

	// ClipNorm is the largest norm of the gradient; 0 means any.
	ClipNorm float64

	// EMA, if its Decay is not 0, averages the weights.
	EMA nn.EMAConfig

	// Patience is the number of epochs without better weights after which training
	// stops; 0 means never.
	Patience int

	// Retries is how often a training that diverges goes back to the start of the
	// epoch with half the rate and an optimiser that starts anew; 0 means 3, and less
	// means never.
	Retries int
}

// A Loop is one training. Its exported fields are set before Run.
type Loop struct {
	Config

	// Params are the weights, with room for gradients unless Optimizer does without.
	Params []*nn.Param

	// Learning, if not nil, lists those that learn in an epoch. Where more of them do
	// than in the epoch before, the optimiser starts anew, since its correction for
	// young moments goes by its steps.
	Learning func(epoch int) []*nn.Param

	// Workers is the number of goroutines that share a step of nn's optimiser; 0 means 1.
	Workers int

	// NewOptimizer, if not nil, takes the place of nn.NewOptimizer(Config.Optimizer).
	NewOptimizer func() (Optimizer, error)

	// Engine, if not nil, moves the weights in place of this processor. The parameters
	// then have no gradients, and batches leave theirs with the engine.
	Engine Engine

	// Position is how far the training is. Run begins with the tokens and the time
	// that are there already, such as those of a training before.
	Position

	// Checkpoints, if not nil, keep the state. Run goes on from what they have found.
	Checkpoints *Checkpoints

	// State, if not nil, points to what a task keeps in checkpoints, beside the
	// weights: a value that package encoding/json reads and writes. Only Evaluate
	// may change it.
	State any

	// Done are tensors that checkpoints hold beside those of the training: what
	// trainings before it led to.
	Done []*nn.Param

	// Check, if not nil, reports a position in a checkpoint that this training
	// cannot reach.
	Check func(Position) error

	// OnProgress, if not nil, is called after every batch, and as Progress says.
	OnProgress func(Progress)

	task      Task
	engine    Engine
	ahead     bool // whether the engine has moved what the others have not seen
	optimizer Optimizer
	ema       *nn.EMA
	averaged  bool   // whether the averages are in place at the end
	good      *state // at the start of the epoch, to go back to; see keep
	best      [][]float32
	start     time.Time
}

// A Position is how far a training has come.
type Position struct {
	Epoch     int           `json:"epoch"`      // epochs done
	Batch     int           `json:"batch"`      // batches done of the next epoch
	Step      int           `json:"step"`       // batches done in all
	Texts     int           `json:"texts"`      // seen in the epoch under way
	Tokens    int64         `json:"tokens"`     // seen in all
	Loss      float64       `json:"loss"`       // running mean
	Sum       float64       `json:"sum"`        // of the losses of the epoch under way
	Norm      float64       `json:"norm"`       // of the last gradient, before clipping
	WorstNorm float64       `json:"worst_norm"` // of the epoch under way
	Clipped   int           `json:"clipped"`    // batches of the epoch under way
	Halvings  int           `json:"halvings"`   // of the learning rate
	Fresh     Fresh         `json:"fresh"`
	Best      int           `json:"best"` // epoch of the best weights, from 1; 0 for none
	Elapsed   time.Duration `json:"elapsed"`
}

// Fresh is where the optimiser started anew; zero if it did not.
type Fresh struct {
	Step  int `json:"step"`
	Epoch int `json:"epoch"` // from 0
}

// An Epoch is what is known of an epoch at its end.
type Epoch struct {
	Epoch     int     // from 1
	Loss      float64 // mean over its batches
	Rate      float64 // of the next step
	GradNorm  float64 // of its last batch, before clipping
	WorstNorm float64 // of all its batches
	Clipped   int     // batches whose gradient was clipped
	Seconds   float64 // since the start
}

// Progress is what OnProgress is told beside the position.
type Progress struct {
	// Resumed is set once, where a training goes on from a checkpoint.
	Resumed bool

	// Warning is set after something that the training has survived: a *DivergedError
	// before it goes back, or a checkpoint that could not be written or read.
	Warning error
}

// RateAt is the learning rate of the step that follows p.
func (l *Loop) RateAt(p Position) float64 { return math.Ldexp(l.task.Rate(p), -l.Halvings) }

// Run trains to the end, and leaves the best weights in the parameters or, if no
// epoch was said to be the best, the averages or the last weights. The errors are
// ctx's, the task's, a *DivergedError, and those about checkpoints. Where ctx ends,
// a checkpoint is written.
func (l *Loop) Run(ctx context.Context, task Task) error {
	if err := l.begin(task); err != nil {
		return err
	}
	for l.Epoch < l.Epochs && !l.stalled() {
		if err := l.rollBack(l.epoch(ctx)); err != nil {
			if ctx.Err() != nil {
				l.Save()
			}
			return err
		}
	}
	l.good = nil
	switch {
	case l.Best > 0:
		for i, p := range l.Params {
			copy(p.Data, l.best[i])
			p.Changed()
		}
	case l.ema != nil:
		l.ema.Swap()
		l.averaged = true
	}
	return nil
}

func (l *Loop) begin(task Task) (err error) {
	l.task, l.start = task, time.Now().Add(-l.Elapsed)
	if l.engine = l.Engine; l.engine == nil {
		l.engine = new(Host)
	}
	if l.optimizer, err = l.newOptimizer(); err != nil {
		return err
	}
	if l.EMA.Decay != 0 {
		if l.ema, err = nn.NewEMA(l.Params, l.EMA); err != nil {
			return err
		}
	}
	if l.Checkpoints.Found() {
		return l.resume()
	}
	return l.load()
}

func (l *Loop) newOptimizer() (Optimizer, error) {
	if l.NewOptimizer != nil {
		return l.NewOptimizer()
	}
	o, err := nn.NewOptimizer(l.Optimizer)
	if err != nil {
		return nil, err
	}
	o.Workers = l.Workers
	return o, nil
}

// learning lists the parameters that learn in an epoch.
func (l *Loop) learning(epoch int) []*nn.Param {
	if l.Learning == nil {
		return l.Params
	}
	return l.Learning(epoch)
}

// stalled says whether there were no better weights for Patience epochs.
func (l *Loop) stalled() bool {
	return l.Patience > 0 && l.Best > 0 && l.Epoch-l.Best >= l.Patience
}

// epoch trains on what is left of an epoch and evaluates.
func (l *Loop) epoch(ctx context.Context) error {
	if l.Batch == 0 {
		if err := l.beginEpoch(); err != nil {
			return err
		}
	}
	for batch, err := range l.task.Epoch(ctx, l.Epoch, l.Batch) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.step(batch); err != nil {
			return err
		}
		l.report(Progress{})
		if err := l.saveDue(1); err != nil {
			return err
		}
	}
	if err := l.sync(); err != nil {
		return err
	}
	if err := l.checkFinite(l.Params); err != nil {
		return err
	}
	if err := l.evaluate(ctx); err != nil {
		return err
	}
	l.Epoch++
	l.Batch, l.Texts, l.Sum, l.Clipped, l.WorstNorm = 0, 0, 0, 0, 0
	return l.saveDue(10)
}

// beginEpoch keeps what the epoch may have to go back to.
func (l *Loop) beginEpoch() (err error) {
	if l.Epoch > 0 && len(l.learning(l.Epoch)) != len(l.learning(l.Epoch-1)) {
		l.Fresh = Fresh{l.Step, l.Epoch}
		if l.optimizer, err = l.newOptimizer(); err != nil {
			return err
		}
		if err := l.load(); err != nil {
			return err
		}
	}
	l.keep(l.state().start())
	return nil
}

// evaluate has the task evaluate the weights, and keeps them if they are the best.
func (l *Loop) evaluate(ctx context.Context) error {
	e := Epoch{
		Epoch: l.Epoch + 1, Loss: l.Sum / float64(l.Batch), Rate: l.RateAt(l.Position),
		GradNorm: l.Norm, WorstNorm: l.WorstNorm, Clipped: l.Clipped, Seconds: time.Since(l.start).Seconds(),
	}
	if l.ema != nil {
		l.ema.Swap()
		defer l.ema.Swap()
	}
	best, err := l.task.Evaluate(ctx, e)
	if err != nil || !best {
		return err
	}
	l.Best = e.Epoch
	if l.best == nil {
		l.best = make([][]float32, len(l.Params))
	}
	for i, p := range l.Params {
		l.best[i] = append(l.best[i][:0], p.Data...)
	}
	return nil
}

func (l *Loop) report(p Progress) {
	l.Elapsed = time.Since(l.start)
	if l.OnProgress != nil {
		l.OnProgress(p)
	}
}

func (l *Loop) warn(err error) { l.report(Progress{Warning: err}) }

// Copies is how many numbers a Loop keeps of each weight, that itself and its
// gradient among them; evaluated says whether the best weights are kept. While the
// averages are evaluated there is one more.
func (c Config) Copies(evaluated bool) int {
	moments := c.Optimizer.Moments()
	n := 2 + moments + 1 // and the weight at the start of the epoch
	if c.EMA.Decay != 0 {
		n += 3 // the average, that at the start of the epoch, the weights while averages are evaluated
	}
	if evaluated {
		n++
	}
	return n
}

func cloneParams(list []*nn.Param) []*nn.Param {
	clones := make([]*nn.Param, len(list))
	for i, p := range list {
		clones[i] = &nn.Param{Name: p.Name, Shape: p.Shape, Data: slices.Clone(p.Data)}
	}
	return clones
}
