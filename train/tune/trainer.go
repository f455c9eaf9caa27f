package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train"
)

// A Trainer tries settings by training with them. It may be used by several
// goroutines.
type Trainer struct {
	// Trainer has the settings that a task's are put in place of. Checkpoints
	// are not used. A task whose network is not of the shapes of Start begins with
	// random weights.
	train.Trainer

	// Data are the texts to learn from, Dev those to judge on.
	Data, Dev *corpora.Dataset
}

// Options fills in what of o follows from the training: the metric, the number
// of epochs, the settings to begin with and the identity; the space, if there is
// none, is DefaultSpace without the shapes of Start. It fails if the space does
// not fit the settings.
func (t *Trainer) Options(o Options) (Options, error) {
	if o.Space == nil && t.Start != nil {
		o.Space = slices.DeleteFunc(DefaultSpace(), t.unfit)
	}
	o = o.Resolve()
	c := t.Config.Resolve()
	if err := o.Space.Validate(); err != nil {
		return o, err
	}
	for _, p := range o.Space {
		for _, v := range p.extremes() {
			if _, err := (Values{p.Path: v}).Apply(t.Config); err != nil {
				return o, fmt.Errorf("%w (at %s = %v)", err, p.Path, v)
			}
		}
	}
	o.Metric, o.Lower, o.Epochs = c.Metric, evaluate.LowerIsBetter(c.Metric), c.Epochs
	var err error
	if o.Default, err = o.Space.Of(t.Config); err != nil {
		return o, err
	}
	if o.Identity, err = t.Identity(t.Data, t.Dev); err != nil {
		return o, err
	}
	return o, o.Validate()
}

// unfit says whether values of p give a network that is not of the shapes of Start.
func (t *Trainer) unfit(p Param) bool {
	return slices.ContainsFunc(p.extremes(), func(v any) bool {
		c, err := (Values{p.Path: v}).Apply(t.Config)
		return err == nil && c.CheckStart(t.Start) != nil
	})
}

// Try is an Objective.
func (t *Trainer) Try(ctx context.Context, task Task) (Outcome, error) {
	c, err := t.config(task)
	if err != nil {
		return Outcome{}, err
	}
	one := t.Trainer
	one.Config, one.Checkpoint, one.Resume = c, "", false
	if one.Start != nil && c.CheckStart(one.Start) != nil {
		one.Start = nil
	}
	one.Refit, one.RefitNgrams = false, false // a trial is judged by dev texts that it has not seen
	if task.Together > 1 {
		one.Workers = max(runtime.GOMAXPROCS(0)/task.Together, 1)
	}
	r, err := one.Fit(ctx, t.Data, t.Dev)
	var diverged *train.DivergedError
	var memory *train.MemoryError
	if errors.As(err, &diverged) || errors.As(err, &memory) {
		return Outcome{}, &TrialError{err}
	}
	if err != nil {
		return Outcome{}, err
	}
	d := r.Dev["joint"]
	return Outcome{Score: d.Score, LogLoss: d.LogLoss, Epoch: r.Model.Card().Epochs}, nil
}

func (t *Trainer) config(task Task) (train.Config, error) {
	c, err := task.Values.Apply(t.Config)
	if task.Epochs > 0 {
		c.Epochs = task.Epochs
	}
	return c, err
}

// Need estimates the bytes that a task takes at its peak beside the texts, on the
// high side: the texts as a model reads them, and what its training needs.
func (t *Trainer) Need(task Task) int64 {
	c, err := t.config(task)
	if err != nil {
		return 0 // Try will say so
	}
	c = c.Resolve()
	text := 0
	for _, d := range []*corpora.Dataset{t.Data, t.Dev} {
		for i := range d.Examples {
			text += len(d.Examples[i].Text)
		}
	}
	encoded := 4 * text // a token in five bytes, its id in four
	if c.Model.HasWide() {
		encoded += 16 * text // n-grams of words and characters
	}
	sizes := train.Sizes{
		Words:  min(c.Model.Vocab.MaxSize, text),
		Tokens: min(max(2*c.BatchTokens, 1<<14), text+1), // at least one text, however long
		Ngrams: min(1<<c.Model.Ngrams.Bits, 2*text),
		Texts:  t.Data.Len(),
		Dev:    true,
	}
	return int64(encoded) + c.Need(sizes, cmp.Or(t.Workers, runtime.GOMAXPROCS(0))).Bytes()
}
