package train

import (
	"context"
	"errors"
	"math"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/train/loop"
)

// A RatePoint is how a learning rate did in FindRate.
type RatePoint struct {
	Rate float64 `json:"rate"`
	Loss float64 `json:"loss"` // running mean
}

// FindRate trains a deep branch for some steps while the learning rate rises
// from 1e-5 to 1 by equal factors (the range test of Smith 2017), and returns
// the losses on the way and a tenth of the rate at which the loss was lowest, the
// usual choice for Schedule.Rate. There is no dropout, which would hide the fall. It ends early where
// the loss explodes. The network is thrown away. steps = 0 means 300. The
// errors are those of Fit.
func (t *Trainer) FindRate(ctx context.Context, data *corpora.Dataset, steps int) (points []RatePoint, best float64, err error) {
	const low, high, smooth, exploded = 1e-5, 1.0, 0.95, 4
	if steps == 0 {
		steps = 300
	}
	alone := *t
	alone.Checkpoint, alone.OnProgress = "", nil
	alone.Finetune.HeadEpochs = 0
	alone.Model.Ngrams = ngram.Config{}
	alone.Model = alone.Model.Member(0)
	alone.Model.Dropout, alone.Model.WordDropout = 0, 0
	alone.Model = alone.Model.WithoutDropout()
	f, err := alone.start(ctx, nil, data, nil)
	if err != nil {
		return nil, 0, err
	}
	defer f.close()
	outer := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l, mean, before, least := f.loop, 0.0, 0.0, math.Inf(1)
	l.Epochs, l.Retries = math.MaxInt, -1
	r := rising{f, func(step int) float64 { return low * math.Pow(high/low, float64(step)/float64(max(steps-1, 1))) }}
	l.OnProgress = func(loop.Progress) {
		if l.Batch == 1 {
			before = 0 // an epoch's sum
		}
		n := len(points)
		mean = smooth*mean + (1-smooth)*(l.Sum-before)
		before = l.Sum
		loss := mean / (1 - math.Pow(smooth, float64(n+1)))
		points = append(points, RatePoint{r.rate(n), loss})
		if least = min(least, loss); loss > exploded*least || n+1 == steps {
			stop()
		}
	}
	err = l.Run(ctx, r)
	var diverged *DivergedError
	if errors.As(err, &diverged) || errors.Is(err, context.Canceled) && outer.Err() == nil {
		return points, tenth(points), nil
	}
	return nil, 0, err
}

// rising is a fit whose rate rises.
type rising struct {
	*fit
	rate func(step int) float64
}

// Rate is loop.Task's.
func (r rising) Rate(p loop.Position) float64 { return r.rate(p.Step) }

// tenth is a tenth of the rate with the lowest loss; 0 of no points.
func tenth(points []RatePoint) float64 {
	lowest := RatePoint{Loss: math.Inf(1)}
	for _, p := range points {
		if p.Loss < lowest.Loss {
			lowest = p
		}
	}
	return lowest.Rate / 10
}
