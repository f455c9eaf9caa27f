package crossval

import (
	"context"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/score"
	"github.com/textlstm/textlstm/train"
)

// Options say how to cut the texts. The zero value has the defaults.
type Options struct {
	Folds    int     // k; 0 means 10
	DevShare float64 // of the texts outside a fold, kept back for choosing the epoch; 0 means 0.1
	Seed     uint64  // of the cuts

	// OnFold, if not nil, is called before a fold is trained with the texts
	// that it learns from, and after it with its figures.
	OnFold func(Progress)
}

// A Progress is a fold that begins or has ended.
type Progress struct {
	Fold, Folds      int // from 1
	Train, Dev, Test int // texts
	Done             *Fold
}

// A Fold is how the model of one fold did on it.
type Fold struct {
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
// give the same result. Checkpoints of t are switched off. An error of a
// training names its fold; the others are about options, and ctx's.
func Run(ctx context.Context, t train.Trainer, data *corpora.Dataset, o Options) (*Result, error) {
	if o.Folds == 0 {
		o.Folds = 10
	}
	if o.DevShare == 0 {
		o.DevShare = 0.1
	}
	if o.Folds < 2 || o.Folds > data.Len() {
		return nil, fmt.Errorf("crossval: %d folds of %d texts, want from 2 to one for each text: %w", o.Folds, data.Len(), corpora.ErrData)
	}
	if !(o.DevShare > 0 && o.DevShare < 1) {
		return nil, fmt.Errorf("crossval: dev share %v, want above 0 and below 1", o.DevShare)
	}
	var err error
	r := &Result{FoldOf: data.FoldOf(o.Seed, o.Folds), Answers: make([]classify.Prediction, data.Len())}
	// All models have the labels of all texts, also where a fold has all there
	// are of a rare one.
	if r.Heads, err = train.Heads(t.Config.Model.Heads, data); err != nil {
		return nil, err
	}
	t.Config.Model.Heads = r.Heads
	t.Checkpoint, t.Resume = "", false
	for f := range o.Folds {
		done, err := r.runFold(ctx, t, data, f, o)
		if err != nil {
			return nil, fmt.Errorf("fold %d of %d: %w", f+1, o.Folds, err)
		}
		r.Folds = append(r.Folds, *done)
	}
	r.Pooled, err = score.Gather(r.Heads, data, r.Answers)
	return r, err
}

// runFold trains on what is outside a fold and answers what is inside.
func (r *Result) runFold(ctx context.Context, t train.Trainer, data *corpora.Dataset, f int, o Options) (*Fold, error) {
	var inside, outside []int
	for i, g := range r.FoldOf {
		if g == f {
			inside = append(inside, i)
		} else {
			outside = append(outside, i)
		}
	}
	parts, err := data.Subset(outside).Split(seed.For(o.Seed, "dev", uint64(f)), 1-o.DevShare, o.DevShare)
	if err != nil {
		return nil, err
	}
	learn, dev, test := parts[0], parts[1], data.Subset(inside)
	p := Progress{Fold: f + 1, Folds: o.Folds, Train: learn.Len(), Dev: dev.Len(), Test: test.Len()}
	if o.OnFold != nil {
		o.OnFold(p)
	}
	trained, err := t.Fit(ctx, learn, dev)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(inside))
	for k := range inside {
		texts[k] = test.Examples[k].Text
	}
	answers, err := trained.Model.PredictBatch(ctx, texts)
	if err != nil {
		return nil, err
	}
	for k, i := range inside {
		r.Answers[i] = answers[k]
	}
	predictions, err := score.Gather(r.Heads, test, answers)
	if err != nil {
		return nil, err
	}
	p.Done = &Fold{Texts: len(inside), Epoch: trained.Model.Card().Epochs, Heads: map[string]*evaluate.Evaluation{}}
	for _, one := range predictions {
		if p.Done.Heads[one.Head], err = one.Evaluate(evaluate.Options{}); err != nil {
			return nil, err
		}
	}
	if o.OnFold != nil {
		o.OnFold(p)
	}
	return p.Done, nil
}

// A Spread is a figure over the folds where it is defined.
type Spread struct {
	Mean evaluate.Score `json:"mean"` // NaN if no fold has it
	SD   evaluate.Score `json:"sd"`   // with n-1; NaN for fewer than 2 folds
	Low  evaluate.Score `json:"low"`  // least and greatest
	High evaluate.Score `json:"high"`
	N    int            `json:"n"` // folds
}

// Spread returns the spread of a figure of package evaluate for one head.
func (r *Result) Spread(head, figure string) (Spread, error) {
	var values []float64
	for _, f := range r.Folds {
		e := f.Heads[head]
		if e == nil {
			continue
		}
		v, err := e.Get(figure)
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
