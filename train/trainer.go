package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

var nan = float32(math.NaN())

// A Trainer fits models. Its fields are read once, when Fit begins; the zero
// value trains with the default Config. It may be used for several trainings,
// one after the other.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS, and so many count words and n-grams in any case. It changes no
	// bit of the model.
	Workers int

	// Device, if not nil, trains the network in place of this processor, which still
	// evaluates it and fits the wide branch.
	Device Device

	// Card describes the model; Fit adds seed, epochs and metrics.
	Card classify.Card

	// Checkpoint, if not "", is a directory, made if need be, in which Fit and
	// FitStream keep their state: the newest two checkpoints, each with all that is
	// needed to go on. They are written every so often after a batch, after an epoch
	// if a tenth of that time has passed, and when ctx ends. A crash at any moment
	// leaves the newest one whole. No other training may use the directory.
	Checkpoint string

	// CheckpointInterval is the time between two checkpoints; 0 means 5 minutes.
	CheckpointInterval time.Duration

	// Resume makes Fit go on from the newest checkpoint, if there is one, and end
	// with the model that it would have ended with uninterrupted, byte for byte.
	// Data, config and seed must be the same; a *MismatchError says what is not.
	// Without Resume, Fit refuses a directory that has checkpoints.
	Resume bool

	// OnProgress, if not nil, is called from Fit's goroutine after every batch
	// and after every evaluation. It should return soon.
	OnProgress func(Progress)

	// Start, if not nil, is what to start from instead of random word vectors and
	// a random encoder: a language model or a classifier. The config must ask for
	// its sizes, as Config.From makes it do, and for a pipeline whose tokens it
	// knows. Its words join the vocabulary with the counts that they have there.
	Start *Start

	// Unlabelled, if not nil, has texts for virtual adversarial training; labels
	// that they have are ignored. A step takes a batch of them beside one of the
	// others. They add nothing to the vocabulary.
	Unlabelled *corpora.Dataset

	// Teacher, if not nil, is a model whose probabilities the one in training is
	// to learn, as Config.Distill says: the heads are its heads, and texts need no
	// labels. Those that they have say more to the wide branch, which learns from
	// the teacher's answers where there are none. FitStream has no use for it.
	Teacher *classify.Model

	// Prepare, if not nil, is called once with the network as it was drawn, for
	// instance to fill in pretrained word vectors; of an ensemble with each
	// member.
	Prepare func(*classify.Network, *vocab.Vocabulary) error

	// Fingerprint stands for what decides the model beside the fields here, such as a
	// file that Prepare reads: a checkpoint of another is a mismatch.
	Fingerprint string

	goesOn bool                   // a second training follows, whose model is the result
	ends   []int                  // by member, the epoch to end after; nil for the last
	files  loop.CheckpointOptions // the file system of checkpoints, for tests
}

// A Result is what Fit returns. Where Config.Refit has trained twice, History and
// Dev are of the first time.
type Result struct {
	Model   *classify.Model
	Config  Config  // resolved
	History []Epoch // an ensemble has one member's after the other's

	// Dev has the evaluations on the dev texts, if there were any, of the whole
	// model as "joint" and of its branches alone as "deep" and "wide".
	Dev map[string]*DevScore

	// Quantized is what Config.Quantize has found, nil where it was not asked or there
	// are no dev texts. Dev is then of the model that was kept.
	Quantized *Quantized
}

// Fit trains a model on the texts of data. With dev it keeps the weights of the
// epoch that scores best there, or with Config.Refit goes on to train on all
// texts; without dev (nil) it keeps those of the last epoch. The same
// data, config and seed give the same model, byte for byte, whatever Workers is.
//
// Where Config.Model has several members, it trains one after the other, the
// first as it would be alone, the others with seeds that follow from Seed. Each
// keeps its own best epoch; the branches' scales are fitted for the mean.
//
// A loss, gradient or weight that is not finite sends it back to the start of
// the epoch, with half the learning rate from there on; the fourth time is a
// *DivergedError. What cannot fit into memory is a *MemoryError before the
// first step. The other errors are ctx's, and those about config, data and
// checkpoints.
func (t *Trainer) Fit(ctx context.Context, data, dev *corpora.Dataset) (*Result, error) {
	if data == nil {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	c, err := t.openCheckpoints(t.Checkpoint)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	switch {
	case dev == nil || !t.Refit && !t.RefitNgrams:
		return t.fit(ctx, c, data, dev)
	case !t.Refit:
		return t.fitThenNgrams(ctx, c, data, dev)
	}
	second, err := t.openCheckpoints(refitDir(t.Checkpoint))
	if err != nil {
		return nil, err
	}
	defer second.Close()
	first := *t
	first.goesOn = true
	r, err := first.fit(ctx, c, data, dev)
	if err != nil {
		return nil, err
	}
	return t.refit(ctx, second, r, data, dev)
}

// openCheckpoints returns nil if there are to be none.
func (t *Trainer) openCheckpoints(dir string) (*loop.Checkpoints, error) {
	o := t.files
	o.Path, o.Interval, o.Resume = dir, t.CheckpointInterval, t.Resume
	c, err := loop.OpenCheckpoints(o)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return c, nil
}

// RemoveCheckpoints deletes the checkpoints in a directory, and the directory
// if nothing else is in it, once the model that they led to is safe. It is an
// error if a training is using them.
func RemoveCheckpoints(dir string) error {
	if err := loop.RemoveCheckpoints(refitDir(dir)); err != nil {
		return err
	}
	return loop.RemoveCheckpoints(dir)
}

// fit is one training, with its checkpoints.
func (t *Trainer) fit(ctx context.Context, c *loop.Checkpoints, data, dev *corpora.Dataset) (*Result, error) {
	f, err := t.start(ctx, c, data, dev)
	if err != nil {
		return nil, err
	}
	return f.run(ctx)
}
