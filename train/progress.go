package train

import (
	"fmt"
	"slices"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train/loop"
)

// A Progress says how far a training is.
type Progress struct {
	Member, Members int // the network in training, from 1, of how many that the model averages

	// Refit says that it is the second training, of Config.Refit.
	Refit bool

	Epoch, Epochs int     // the epoch under way, from 1
	Step, Steps   int     // batches done, of how many in the whole training; FitStream estimates these
	Loss          float64 // mean over the recent batches
	Rate          float64 // learning rate
	GradNorm      float64 // of the last batch, before clipping
	WorstNorm     float64 // the largest of the epoch
	Clipped       int     // batches of the epoch whose gradient was clipped
	Tokens        int64   // seen so far
	Elapsed       time.Duration

	// Asked counts the training texts that the teacher has answered, of how many
	// Texts, before the first step; 0 without a teacher and later.
	Asked, Texts int

	// Dev is set once an epoch, after its evaluation on the dev texts.
	Dev *DevScore

	// Resumed is set once, where a training goes on from a checkpoint.
	Resumed bool

	// Warning is set once after something that the training has survived: a
	// *DivergedError before it goes back to the start of the epoch at half the
	// rate, or a checkpoint that could not be written or read.
	Warning error
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
	Score   evaluate.Score                  `json:"score"`    // of the metric
	LogLoss evaluate.Score                  `json:"log_loss"` // of the same heads
	Best    bool                            `json:"best"`     // the best so far
	Heads   map[string]*evaluate.Evaluation `json:"heads"`
}

// Better says whether d is better than the score of other by the metric, which is that of both.
func (d *DevScore) Better(other *DevScore) bool {
	if evaluate.LowerIsBetter(d.Metric) {
		return d.Score < other.Score
	}
	return d.Score > other.Score
}

// An Epoch is one line of a training's history.
type Epoch struct {
	Member    int       `json:"member,omitempty"` // from 1; 0 of a model of one network
	Epoch     int       `json:"epoch"`
	Loss      float64   `json:"loss"`       // mean over the epoch's batches
	Rate      float64   `json:"rate"`       // at its end
	GradNorm  float64   `json:"grad_norm"`  // of its last batch, before clipping
	WorstNorm float64   `json:"worst_norm"` // of all its batches
	Clipped   int       `json:"clipped"`    // batches whose gradient was clipped
	Seconds   float64   `json:"seconds"`    // since the start
	Dev       *DevScore `json:"dev,omitempty"`
}

// What ends a training, beside its context and what is wrong with data or settings.
type (
	// A DivergedError reports a number that is not finite: the loss, or an element
	// of a gradient or a weight.
	DivergedError = loop.DivergedError

	// A MemoryError says that a training cannot fit into memory.
	MemoryError = loop.MemoryError
)

// checkMetricName reports a metric that there is not.
func (c Config) checkMetricName() error {
	if _, metric := c.metric(); !slices.Contains(evaluate.Names(), metric) {
		return fmt.Errorf("train: metric %q is not one of %q", metric, evaluate.Names())
	}
	return nil
}

// checkMetric reports a metric that there is not, or not of the heads.
func (c Config) checkMetric() error {
	if err := c.checkMetricName(); err != nil {
		return err
	}
	head, metric := c.metric()
	heads := slices.DeleteFunc(slices.Clone(c.Model.Heads), func(h classify.Head) bool { return head != "" && h.Name != head })
	if len(heads) == 0 {
		return fmt.Errorf("train: metric %q names a head that the model lacks", c.Metric)
	}
	if err := score.CheckMetric(heads, metric); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// devScore reduces the predictions on the dev texts to the score of the metric, the mean
// over the heads that have it.
func (c Config) devScore(epoch int, predictions []score.Predictions) (*DevScore, error) {
	head, metric := c.metric()
	d := &DevScore{Epoch: epoch, Metric: c.Metric, Heads: map[string]*evaluate.Evaluation{}}
	n := 0
	for _, p := range predictions {
		e, err := p.Evaluate(evaluate.Options{})
		if err != nil {
			return nil, err
		}
		d.Heads[p.Head] = e
		if (head == "" || head == p.Head) && slices.Contains(e.Names(), metric) {
			v, err := e.Get(metric)
			if err != nil {
				return nil, err
			}
			d.Score += evaluate.Score(v)
			d.LogLoss += e.LogLoss
			n++
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("train: the dev texts have no labels for metric %q: %w", c.Metric, corpora.ErrData)
	}
	d.Score /= evaluate.Score(n)
	d.LogLoss /= evaluate.Score(n)
	return d, nil
}

// better says whether a beats b, nil if there is none yet: by the metric, among
// equals by the loss, which tells a sure answer from a narrow one. NaN beats
// nothing.
func (c Config) better(a, b *DevScore) bool {
	if b == nil {
		return a.Score.Defined()
	}
	if a.Score == b.Score {
		return a.LogLoss < b.LogLoss
	}
	return a.Better(b)
}
