package train

import (
	"context"
	"errors"
	"math"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
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
	alone.Model.LSTM.Dropout, alone.Model.LSTM.InputDropout, alone.Model.LSTM.WeightDrop = 0, 0, 0
	f, err := alone.start(ctx, nil, data, nil)
	if err != nil {
		return nil, 0, err
	}
	mean, least := 0.0, math.Inf(1)
	for epoch := 0; len(points) < steps; epoch++ {
		texts, batches := f.train.epoch(f.cfg, epoch)
		for _, batch := range batches[:min(len(batches), steps-len(points))] {
			if err := ctx.Err(); err != nil {
				return nil, 0, err
			}
			n := len(points)
			rate := low * math.Pow(high/low, float64(n)/float64(max(steps-1, 1)))
			f.cfg.Schedule = nn.Schedule{Kind: nn.Constant, Rate: rate}
			before := f.Sum
			err := f.runStep(texts, batch)
			var diverged *DivergedError
			if errors.As(err, &diverged) {
				return points, tenth(points), nil
			}
			if err != nil {
				return nil, 0, err
			}
			mean = smooth*mean + (1-smooth)*(f.Sum-before)
			loss := mean / (1 - math.Pow(smooth, float64(n+1)))
			points = append(points, RatePoint{rate, loss})
			if least = min(least, loss); loss > exploded*least {
				return points, tenth(points), nil
			}
		}
	}
	return points, tenth(points), nil
}

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
