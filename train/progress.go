package train

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/score"
)

// A Progress says how far a training is.
type Progress struct {
	Epoch, Epochs int     // the epoch under way, from 1
	Step, Steps   int     // batches done, of how many in the whole training
	Loss          float64 // mean over the recent batches
	Rate          float64 // learning rate
	GradNorm      float64 // of the last batch, before clipping
	Tokens        int64   // seen so far
	Elapsed       time.Duration

	// Dev is set once an epoch, after its evaluation on the dev texts.
	Dev *DevScore
}

// TokensPerSecond is the speed so far.
func (p Progress) TokensPerSecond() float64 {
	return float64(p.Tokens) / max(p.Elapsed.Seconds(), 1e-9)
}

// Remaining estimates the time to the end of the last epoch.
func (p Progress) Remaining() time.Duration {
	if p.Step == 0 {
		return 0
	}
	return time.Duration(float64(p.Elapsed) * float64(p.Steps-p.Step) / float64(p.Step))
}

// A DevScore is the evaluation on the dev texts after an epoch.
type DevScore struct {
	Epoch   int                             `json:"epoch"`
	Metric  string                          `json:"metric"`
	Score   float64                         `json:"score"`    // of the metric
	LogLoss evaluate.Score                  `json:"log_loss"` // of the same heads
	Best    bool                            `json:"best"`     // the best so far
	Heads   map[string]*evaluate.Evaluation `json:"heads"`
}

// An Epoch is one line of a training's history.
type Epoch struct {
	Epoch    int       `json:"epoch"`
	Loss     float64   `json:"loss"` // mean over the epoch's batches
	Rate     float64   `json:"rate"` // at its end
	GradNorm float64   `json:"grad_norm"`
	Seconds  float64   `json:"seconds"` // since the start
	Dev      *DevScore `json:"dev,omitempty"`
}

// A DivergedError reports a loss that is not a finite number. A gradient that
// is not is reported by *nn.DivergedError.
type DivergedError struct {
	Epoch, Step int
	Loss        float64
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("train: diverged in epoch %d, step %d: the loss is %v; lower the learning rate", e.Epoch, e.Step, e.Loss)
}

func (c Config) checkMetric() error {
	head, figure := c.metric()
	if !slices.Contains(evaluate.Names(), figure) {
		return fmt.Errorf("train: metric %q is not one of %q", figure, evaluate.Names())
	}
	for _, h := range c.Model.Heads {
		if head == "" || h.Name == head {
			return nil
		}
	}
	return fmt.Errorf("train: metric %q names a head that the model lacks", c.Metric)
}

// devScore reduces the predictions on the dev texts to the score of the metric.
func (c Config) devScore(epoch int, predictions []score.Predictions) (*DevScore, error) {
	head, figure := c.metric()
	d := &DevScore{Epoch: epoch, Metric: c.Metric, Heads: map[string]*evaluate.Evaluation{}}
	n := 0
	for _, p := range predictions {
		e, err := p.Evaluate(evaluate.Options{})
		if err != nil {
			return nil, err
		}
		d.Heads[p.Head] = e
		if head == "" || head == p.Head {
			v, err := e.Get(figure)
			if err != nil {
				return nil, err
			}
			d.Score += v
			d.LogLoss += e.LogLoss
			n++
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("train: the dev texts have no labels for metric %q", c.Metric)
	}
	d.Score /= float64(n)
	d.LogLoss /= evaluate.Score(n)
	return d, nil
}

// better says whether a beats b, nil if there is none yet: by the metric, among
// equals by the loss, which tells a sure answer from a narrow one. NaN beats
// nothing.
func (c Config) better(a, b *DevScore) bool {
	if b == nil {
		return !math.IsNaN(a.Score)
	}
	if a.Score == b.Score {
		return a.LogLoss < b.LogLoss
	}
	_, figure := c.metric()
	if evaluate.LowerIsBetter(figure) {
		return a.Score < b.Score
	}
	return a.Score > b.Score
}
