package train

import (
	"context"
	"errors"
	"time"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/train/loop"
)

// EpochTime estimates how long an epoch of the first member's network takes on this
// machine: it trains one for about the time d, a few steps at least, and throws it away.
// The errors are those of Fit.
func (t *Trainer) EpochTime(ctx context.Context, data *corpora.Dataset, d time.Duration) (time.Duration, error) {
	const least = 3 // steps after the first, in which storage grows
	alone := *t
	alone.Checkpoint, alone.OnProgress = "", nil
	alone.Finetune.HeadEpochs = 0 // they take less time than others
	alone.Model.Ngrams = ngram.Config{}
	alone.Model = alone.Model.Member(0)
	f, err := alone.start(ctx, nil, data, nil)
	if err != nil {
		return 0, err
	}
	defer f.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var begin time.Time
	var before int64
	var spent time.Duration
	var tokens int64
	f.loop.OnProgress = func(p loop.Progress) {
		if begin.IsZero() {
			begin, before = time.Now(), f.loop.Tokens
			return
		}
		spent, tokens = time.Since(begin), f.loop.Tokens-before
		if spent >= d && f.loop.Step > least {
			stop(errMeasured)
		}
	}
	if err = f.loop.Run(ctx, f); err != nil && !errors.Is(context.Cause(ctx), errMeasured) {
		return 0, err
	}
	all := 0
	for _, text := range f.train.texts {
		all += len(text.IDs)
	}
	return time.Duration(float64(spent) * float64(all) / float64(max(tokens, 1))), nil
}

var errMeasured = errors.New("train: measured")
