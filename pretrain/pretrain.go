// Package pretrain has what trainings on texts without labels have in common: those of
// language models, package lm, and of word vectors, package skipgram.
package pretrain

import (
	"fmt"
	"runtime"
	"time"

	"github.com/textlstm/textlstm/train/loop"
)

// A Run says how a training is run. Nothing in it changes what the training ends with.
type Run struct {
	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS.
	Workers int

	// Checkpoint, if not "", is a directory, made if need be, in which Fit keeps its
	// state: the newest two checkpoints, written every so often and when its context
	// ends, each time whole or not at all. No other training may use the directory.
	Checkpoint string

	// CheckpointInterval is the time between two checkpoints; 0 means 5 minutes.
	CheckpointInterval time.Duration

	// Resume makes Fit go on from the newest checkpoint, if there is one, and end as it
	// would have ended uninterrupted, byte for byte. Texts and config must be the same; a
	// *MismatchError says what is not. Without Resume, Fit refuses a directory that has
	// checkpoints.
	Resume bool
}

// What ends a training, beside its context and what is wrong with config or texts.
type (
	// A MismatchError says that a checkpoint is of another training.
	MismatchError = loop.MismatchError

	// A DivergedError reports a number that is not finite: the loss, or an element
	// of a gradient or a weight.
	DivergedError = loop.DivergedError

	// A MemoryError says that a training cannot fit into memory.
	MemoryError = loop.MemoryError
)

// ErrUnfinished says that the directory for checkpoints holds those of a training
// that nobody asked to resume.
var ErrUnfinished = loop.ErrUnfinished

// RemoveCheckpoints deletes the checkpoints in a directory, and the directory if
// nothing else is in it, once what they led to is safe. It is no error if there are none.
func RemoveCheckpoints(dir string) error { return loop.RemoveCheckpoints(dir) }

// NumWorkers is Workers, or GOMAXPROCS.
func (r Run) NumWorkers() int {
	if r.Workers > 0 {
		return r.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Open opens the directory for checkpoints; nil if there is to be none.
func (r Run) Open() (*loop.Checkpoints, error) {
	return loop.OpenCheckpoints(loop.CheckpointOptions{Path: r.Checkpoint, Interval: r.CheckpointInterval, Resume: r.Resume})
}

// Identity lists what must be the same for a training to go on: kernel is loop.Kernel() or the
// name of a device, texts a hash of them.
func Identity(kind, kernel string, seed uint64, texts string, config any) loop.Identity {
	return loop.Identity{
		{Name: "kind of model", Value: kind},
		{Name: "kernel", Value: kernel},
		{Name: "seed", Value: seed},
		{Name: "texts", Value: texts},
		{Value: config},
	}
}

// CheckPosition reports a position in a checkpoint that a training of so many batches an
// epoch cannot reach.
func CheckPosition(p loop.Position, batches int) error {
	if p.Batch > batches || p.Step != p.Epoch*batches+p.Batch {
		return fmt.Errorf("epoch %d, batch %d, step %d are not a place in this training", p.Epoch, p.Batch, p.Step)
	}
	return nil
}

// A Progress says how far a training is.
type Progress struct {
	Epoch, Epochs int // the epoch under way, from 1
	Step, Steps   int
	Loss          float64 // mean over the recent batches
	Rate          float64
	Tokens        int64
	Elapsed       time.Duration
	Resumed       bool // set once, where a training goes on from a checkpoint

	// Warning is set once after something that the training has survived: a
	// *DivergedError before it goes back to the start of the epoch at half the
	// rate, or a checkpoint that could not be written or read.
	Warning error
}

// ProgressOf returns how far a loop of so many steps is, with what it tells.
func ProgressOf(l *loop.Loop, steps int, told loop.Progress) Progress {
	return Progress{
		Epoch: min(l.Epoch+1, l.Epochs), Epochs: l.Epochs, Step: l.Step, Steps: steps, Loss: l.Loss,
		Rate:   l.RateAt(loop.Position{Step: max(l.Step-1, 0)}), // of the last step
		Tokens: l.Tokens, Elapsed: l.Elapsed, Resumed: told.Resumed, Warning: told.Warning,
	}
}

// TokensPerSecond is the speed so far.
func (p Progress) TokensPerSecond() float64 {
	return float64(p.Tokens) / max(p.Elapsed.Seconds(), 1e-9)
}
