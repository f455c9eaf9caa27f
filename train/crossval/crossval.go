package crossval

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/resume"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/train"
)

// Options say how to cut the texts. The zero value has the defaults.
type Options struct {
	Folds    int     // k, of Run; 0 means 10
	DevShare float64 // of the texts outside a fold, kept back for choosing the epoch; 0 means 0.1
	Seed     uint64  // of the cuts

	// SplitDuplicates lets Run put equal texts into different folds, as most published
	// metrics do. Answers to texts that were learned are then among the metrics.
	SplitDuplicates bool

	// File, if not "", is replaced after every fold by what all folds so far
	// answered; the checkpoints of the fold in training are in the directory of
	// that name with ".checkpoint". With Resume the folds of a file that is there
	// are not trained again, and the training of the next goes on; a
	// *MismatchError says that the file is of other texts, settings or cuts.
	// Without, a file that is there is an error that wraps fs.ErrExist.
	File   string
	Resume bool

	// Shard is the share of the folds to train where other processes train the others; the
	// zero value is all. The result of a shard has its folds alone, with nothing pooled
	// over them: what counts is its File. Merge names the files of shards: their folds
	// are not trained again, and a run that has them all yields what one run would.
	Shard Shard
	Merge []string

	// OnFold, if not nil, is called before a fold is trained with the texts
	// that it learns from, and after it with its metrics.
	OnFold func(Progress)
}

// A Progress is a fold that begins or has ended.
type Progress struct {
	Fold, Folds      int    // from 1
	Group            string // of LeaveOut
	Left             int    // folds that follow, of the shard
	Train, Dev, Test int    // texts
	Kept             bool   // not trained now: its answers are those of Options.File
	Done             *Fold
}

// A Fold is how the model of one fold did on it.
type Fold struct {
	Group string                          `json:"group,omitempty"` // of LeaveOut
	Texts int                             `json:"texts"`
	Epoch int                             `json:"epoch"` // chosen on its dev texts
	Heads map[string]*evaluate.Evaluation `json:"heads"` // those that the fold has labels of
}

// A Result is what Run returns.
type Result struct {
	Heads []classify.Head
	Folds []Fold

	// FoldOf [n] is the fold of each text of the data, from 0, and Answers [n]
	// what the model of that fold said of it.
	FoldOf  []int
	Answers []classify.Prediction

	// Pooled are the answers to all the texts that have a label, by head.
	Pooled []score.Predictions
}

// Run trains t once for each fold of data. The same data, options and config
// give the same result. The checkpoints are those of the options, not t's. An error of a
// training names its fold; the others are about options, the file, and ctx's.
func Run(ctx context.Context, t train.Trainer, data *corpora.Dataset, o Options) (*Result, error) {
	if o.Folds == 0 {
		o.Folds = 10
	}
	if o.Folds < 2 || o.Folds > data.Len() {
		return nil, fmt.Errorf("crossval: %d folds of %d texts, want from 2 to one for each text: %w", o.Folds, data.Len(), corpora.ErrData)
	}
	foldOf := data.FoldOf
	if o.SplitDuplicates {
		foldOf = data.FoldOfDuplicates
	}
	r := &Result{FoldOf: foldOf(o.Seed, o.Folds), Answers: make([]classify.Prediction, data.Len())}
	cuts := make([]cut, o.Folds)
	for f := range cuts {
		for i, g := range r.FoldOf {
			if g == f {
				cuts[f].inside = append(cuts[f].inside, i)
			} else {
				cuts[f].outside = append(cuts[f].outside, i)
			}
		}
	}
	if slices.ContainsFunc(cuts, func(c cut) bool { return len(c.outside) == 0 }) {
		return nil, oneFold(o.Folds, data)
	}
	s, err := newSession(t, data, o, cuts)
	if err != nil {
		return nil, err
	}
	r.Heads = s.heads
	if r.Folds, err = s.run(ctx, r.Answers, func(d *corpora.Dataset, a []classify.Prediction) ([]score.Predictions, error) {
		return score.Gather(s.heads, d, a)
	}); err != nil || !o.Shard.Whole() {
		return r, err
	}
	r.Pooled, err = score.Gather(r.Heads, data, r.Answers)
	return r, err
}

// oneFold is the error where all texts are in one fold, as equal ones are.
func oneFold(folds int, data *corpora.Dataset) error {
	return fmt.Errorf("crossval: %d folds of %s: %w", folds, data.Amount(), corpora.ErrData)
}

// A cut is one fold: the texts that are answered and those that are learned, as
// indices.
type cut struct {
	group           string
	inside, outside []int
	repeated        bool // texts outside may be there several times
}

// A session trains and answers the folds of one cross-validation.
type session struct {
	trainer train.Trainer
	data    *corpora.Dataset
	o       Options
	cuts    []cut
	heads   []classify.Head
	id      resume.Identity
	state   state
}

// newSession checks the options and takes over what is in their file.
func newSession(t train.Trainer, data *corpora.Dataset, o Options, cuts []cut) (*session, error) {
	if o.DevShare == 0 {
		o.DevShare = 0.1
	}
	if !(o.DevShare > 0 && o.DevShare < 1) {
		return nil, fmt.Errorf("crossval: dev share %v, want above 0 and below 1", o.DevShare)
	}
	if err := o.Shard.Validate(len(cuts)); err != nil {
		return nil, fmt.Errorf("crossval: %w", err)
	}
	s := &session{trainer: t, data: data, o: o, cuts: cuts}
	var err error
	// All models have the labels of all texts, also where a fold has all there
	// are of a rare one.
	if s.heads, err = train.Heads(t.Config.Model.Heads, data); err != nil {
		return nil, err
	}
	s.trainer.Config.Model.Heads = s.heads
	s.trainer.Checkpoint, s.trainer.Resume = "", o.Resume
	if o.File != "" {
		s.trainer.Checkpoint = o.File + ".checkpoint"
	}
	return s, s.open()
}

// run answers every fold, into answers [n], and judges each by gather.
func (s *session) run(ctx context.Context, answers []classify.Prediction, gather func(*corpora.Dataset, []classify.Prediction) ([]score.Predictions, error)) ([]Fold, error) {
	var folds []Fold
	for f := range s.cuts {
		if !s.o.Shard.Has(f) {
			continue
		}
		done, err := s.fold(ctx, f, answers, gather)
		if err != nil {
			return nil, fmt.Errorf("fold %d of %d: %w", f+1, len(s.cuts), err)
		}
		folds = append(folds, *done)
	}
	return folds, nil
}

// fold trains on what is outside a fold and answers what is inside.
func (s *session) fold(ctx context.Context, f int, answers []classify.Prediction, gather func(*corpora.Dataset, []classify.Prediction) ([]score.Predictions, error)) (*Fold, error) {
	c := &s.cuts[f]
	outside := s.data.Subset(c.outside)
	parts, err := outside.Split(seed.For(s.o.Seed, "dev", uint64(f)), 1-s.o.DevShare, s.o.DevShare)
	if err != nil {
		return nil, err
	}
	learn, dev, test := parts[0], parts[1], s.data.Subset(c.inside)
	if c.repeated {
		dev.Dedup()
	}
	p := Progress{Fold: f + 1, Folds: len(s.cuts), Left: s.o.Shard.Count(len(s.cuts)) - s.o.Shard.Count(f+1), Group: c.group, Train: learn.Len(), Dev: dev.Len(), Test: test.Len(), Kept: s.state.Folds[f] != nil}
	if s.o.OnFold != nil {
		s.o.OnFold(p)
	}
	if !p.Kept {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if learn.Len() == 0 || dev.Len() == 0 {
			return nil, fmt.Errorf("no share of %v can be set aside of the %s outside it: take a larger one (--dev-split) or more texts: %w", s.o.DevShare, outside.Amount(), corpora.ErrData)
		}
		saved, err := s.train(ctx, learn, dev, test)
		if err != nil {
			return nil, err
		}
		if err := s.keep(f, saved); err != nil {
			return nil, err
		}
	}
	saved := s.state.Folds[f]
	for k, i := range c.inside {
		answers[i] = saved.Answers[k]
	}
	predictions, err := gather(test, saved.Answers)
	if err != nil {
		return nil, err
	}
	p.Done = &Fold{Group: c.group, Texts: test.Len(), Epoch: saved.Epoch, Heads: map[string]*evaluate.Evaluation{}}
	for _, one := range predictions {
		if p.Done.Heads[one.Head], err = one.Evaluate(evaluate.Options{}); err != nil {
			return nil, err
		}
	}
	if s.o.OnFold != nil {
		s.o.OnFold(p)
	}
	return p.Done, nil
}

func (s *session) train(ctx context.Context, learn, dev, test *corpora.Dataset) (*answered, error) {
	trained, err := s.trainer.Fit(ctx, learn, dev)
	if err != nil {
		return nil, err
	}
	texts := make([]string, test.Len())
	for k := range texts {
		texts[k] = test.Examples[k].Text
	}
	answers, err := trained.Model.PredictBatch(ctx, texts)
	if err == nil && s.trainer.Checkpoint != "" {
		err = train.RemoveCheckpoints(s.trainer.Checkpoint)
	}
	return &answered{Epoch: trained.Model.Card().Epochs, Heads: trained.Model.Heads(), Answers: answers}, err
}

// A Spread is a metric over the folds where it is defined.
type Spread struct {
	Mean evaluate.Score `json:"mean"` // NaN if no fold has it
	SD   evaluate.Score `json:"sd"`   // with n-1; NaN for fewer than 2 folds
	Low  evaluate.Score `json:"low"`  // least and greatest
	High evaluate.Score `json:"high"`
	N    int            `json:"n"` // folds
}

// Summary lists the metrics to tell of a head over the folds, none if no fold is judged on
// it.
func (r *Result) Summary(head string) []string {
	for _, f := range r.Folds {
		if e := f.Heads[head]; e != nil {
			return e.Summary()
		}
	}
	return nil
}

// Spread returns the spread of a metric of package evaluate for one head.
func (r *Result) Spread(head, metric string) (Spread, error) {
	var values []float64
	for _, f := range r.Folds {
		e := f.Heads[head]
		if e == nil {
			continue
		}
		v, err := e.Get(metric)
		if err != nil {
			return Spread{}, err
		}
		if !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return newSpread(values), nil
}

func newSpread(values []float64) Spread {
	nan := evaluate.Score(math.NaN())
	s := Spread{Mean: nan, SD: nan, Low: nan, High: nan, N: len(values)}
	if s.N == 0 {
		return s
	}
	sum, low, high := 0.0, values[0], values[0]
	for _, v := range values {
		sum += v
		low, high = min(low, v), max(high, v)
	}
	mean := sum / float64(s.N)
	s.Mean, s.Low, s.High = evaluate.Score(mean), evaluate.Score(low), evaluate.Score(high)
	if s.N > 1 {
		squares := 0.0
		for _, v := range values {
			squares += (v - mean) * (v - mean)
		}
		s.SD = evaluate.Score(math.Sqrt(squares / float64(s.N-1)))
	}
	return s
}
