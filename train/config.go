package train

import (
	"errors"
	"fmt"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

// A Config is everything that decides what a training yields, apart from the
// data. It is what a config file holds, as JSON. The zero value of every field
// is the documented default.
type Config struct {
	// Model describes the model. Heads may be left out, or have no labels: they
	// are then the heads of the training data with the labels found there.
	Model classify.Config `json:"model,omitzero"`

	// Seed decides the initial weights, the order of the texts and the dropout;
	// the members of an ensemble differ in what follows from it.
	Seed uint64 `json:"seed,omitempty"`

	// Epochs is the number of passes over the training texts; 0 means 8.
	Epochs int `json:"epochs,omitempty"`

	// A batch holds at most BatchSize texts and about BatchTokens tokens;
	// 0 means 32 and 8,192.
	BatchSize   int `json:"batch_size,omitempty"`
	BatchTokens int `json:"batch_tokens,omitempty"`

	// Optimizer and Schedule move the weights. The zero Schedule is one cycle
	// to a rate of 0.003.
	Optimizer nn.OptimizerConfig `json:"optimizer,omitzero"`
	Schedule  nn.Schedule        `json:"schedule,omitzero"`

	// ClipNorm is the largest norm of the gradient; 0 means 1.
	ClipNorm float64 `json:"clip_norm,omitempty"`

	// EMA, if its Decay is not 0, averages the weights; the average is what is
	// evaluated and kept.
	EMA nn.EMAConfig `json:"ema,omitzero"`

	// Crop is the share of the long texts, of more than 40 tokens, that an epoch
	// sees as one to three of their sentences, chosen anew each time: so a
	// model learns from long reviews what short ones sound like.
	Crop float64 `json:"crop,omitempty"`

	// Balance weighs the texts of each source, as of corpora.Example, so that all labels
	// that a head's texts have there count alike, and the source as much as before. It
	// raises the macro-F1 where labels are rare, and the answer of a model that learns from
	// several sources depends less on which labels each of them has most. It goes with heads
	// that give a text one label; FitStream refuses it.
	Balance bool `json:"balance,omitempty"`

	// Finetune says how a network that starts from another model goes on
	// learning.
	Finetune Finetune `json:"finetune,omitzero"`

	// Adversarial adds losses of perturbed word vectors.
	Adversarial Adversarial `json:"adversarial,omitzero"`

	// Distill says how the network learns from a Trainer's Teacher.
	Distill Distillation `json:"distill,omitzero"`

	// NBSVM says how the wide branch learns, where the model has one.
	NBSVM ngram.Options `json:"nbsvm,omitzero"`

	// NgramCandidates, if not 0, is the binary logarithm of the number of slots of a first
	// table of n-grams, from 4 to 24, of which those are kept whose weights matter most: as
	// many as Model.Ngrams.Bits has room for. They are learned again without the others. So
	// a small table holds what a large one knows, for more than twice the time. 0 means that
	// the most frequent n-grams are kept. FitStream refuses it.
	NgramCandidates int `json:"ngram_candidates,omitempty"`

	// LengthNorm fits classify.Head.WideNorm to the dev texts too, where the model has a wide
	// branch: which power of the number of a text's n-grams their sum is divided by. It
	// helps where some texts are long and others short, since in long ones the sums of n-grams
	// outvote the network.
	LengthNorm bool `json:"length_norm,omitempty"`

	// Metric chooses the best epoch on the dev texts: a metric of package
	// evaluate such as "accuracy", "macro_f1" or "log_loss", of one head as
	// "topic:macro_f1", else the mean over the heads that have it: those that answer
	// with labels, or those that answer with numbers. "" means macro_f1, or where
	// all heads answer with numbers r2, and rmse for a single one.
	Metric string `json:"metric,omitempty"`

	// Patience is the number of epochs without a better dev score after which
	// training stops; 0 means never.
	Patience int `json:"patience,omitempty"`

	// Refit trains a second time, on the dev texts as well: for as many epochs
	// as were best for them, with the scales and thresholds that were fitted to
	// them. It doubles the time; where texts are few, a tenth more of them is
	// worth it. FitStream does not do it.
	Refit bool `json:"refit,omitempty"`

	// RefitNgrams learns the n-grams alone a second time, on the dev texts as well, beside
	// the network of the first and with the scales that were fitted. That takes seconds.
	// With Refit it changes nothing. FitStream does not do it.
	RefitNgrams bool `json:"refit_ngrams,omitempty"`

	// Quantize keeps the model in eight bits, as classify.Model.Quantize makes it, if
	// the metric on the dev texts loses no more by it than two thousandths of itself.
	// Without dev texts nothing is known of that, and the model stays as it is.
	Quantize bool `json:"quantize,omitempty"`
}

// Resolve returns c with its defaults filled in. Model is resolved apart from
// heads that are to come from the data.
func (c Config) Resolve() Config {
	c.Model = c.Model.Resolve()
	if c.Epochs == 0 {
		c.Epochs = 8
	}
	if c.BatchSize == 0 {
		c.BatchSize = 32
	}
	if c.BatchTokens == 0 {
		c.BatchTokens = 8192
	}
	c.Optimizer = c.Optimizer.Resolved()
	if c.Schedule.Kind == "" && c.Schedule.Rate == 0 {
		c.Schedule.Kind = nn.OneCycle
	}
	if c.Schedule.Rate == 0 {
		c.Schedule.Rate = 3e-3
	}
	c.Schedule = c.Schedule.Resolved()
	c.Adversarial = c.Adversarial.resolve()
	c.NBSVM = c.NBSVM.Resolve()
	if c.ClipNorm == 0 {
		c.ClipNorm = 1
	}
	if c.Metric == "" {
		c.Metric = score.DefaultMetric(c.Model.Heads)
	}
	return c
}

// Validate reports everything that is wrong with a resolved config, as a
// *ConfigError.
func (c Config) Validate() error {
	return configError(append(c.check(), c.Model.Validate(), c.checkMetric())...)
}

// CheckSettings reports, as a *ConfigError, what is wrong with c before it is resolved, while
// texts and a start have still to choose what it leaves open: with each setting alone.
// Validate says what is wrong with the heads and with settings together.
func (c Config) CheckSettings() error {
	c = c.Resolve()
	return configError(append(c.check(), c.Model.CheckSettings(), c.checkMetricName())...)
}

func configError(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return &ConfigError{err}
	}
	return nil
}

// check reports what is wrong with the settings of a training, but for those of the model
// and the metric, which the heads have a say in.
func (c Config) check() (errs []error) {
	for _, f := range []struct {
		name  string
		value int
	}{{"epochs", c.Epochs}, {"batch_size", c.BatchSize}, {"batch_tokens", c.BatchTokens}} {
		if f.value < 1 {
			errs = append(errs, fmt.Errorf("train: %s = %d, want at least 1", f.name, f.value))
		}
	}
	if c.Patience < 0 {
		errs = append(errs, fmt.Errorf("train: patience = %d, want 0 or more", c.Patience))
	}
	if !(c.Crop >= 0 && c.Crop <= 1) {
		errs = append(errs, fmt.Errorf("train: crop = %v, want a share from 0 to 1", c.Crop))
	}
	if n := c.NgramCandidates; n != 0 && (n < 4 || n > 24) {
		errs = append(errs, fmt.Errorf("train: ngram_candidates = %d, want 0 or 4 to 24", n))
	}
	if c.Finetune.HeadEpochs < 0 || c.Finetune.Decay != 0 && !(c.Finetune.Decay >= 1) {
		errs = append(errs, fmt.Errorf("train: finetune.head_epochs = %d, finetune.decay = %v, want 0 or more, and 0 or at least 1", c.Finetune.HeadEpochs, c.Finetune.Decay))
	}
	if !(c.ClipNorm > 0) {
		errs = append(errs, fmt.Errorf("train: clip_norm = %v, want more than 0", c.ClipNorm))
	}
	return append(errs, c.Optimizer.Validate(), c.Schedule.Validate(), c.EMA.Validate(), c.NBSVM.Validate(), c.Adversarial.validate(), c.Distill.validate())
}

// A ConfigError says that settings make no sense, whatever the data.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ConfigError) Unwrap() error { return e.Err }

// metric splits Metric into the head it is of, "" for all, and the metric.
func (c Config) metric() (head, metric string) {
	if head, metric, ok := strings.Cut(c.Metric, ":"); ok {
		return head, metric
	}
	return "", c.Metric
}
