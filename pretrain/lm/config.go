package lm

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A Config is everything that decides what a training yields, apart from the
// texts. The zero value of every field is the documented default.
type Config struct {
	// Pipeline turns a text into tokens, in the syntax of tokenize.Parse; ""
	// means "words|lower". A classifier that starts from the model
	// has the same.
	Pipeline string `json:"pipeline,omitempty"`

	// Vocab says which tokens are words. A zero MinCount means 3, a zero
	// MaxSize 30,000.
	Vocab vocab.Options `json:"vocab,omitzero"`

	// Embed is D, the width of the word vectors; 0 means 128.
	Embed int `json:"embed,omitempty"`

	// LSTM is the encoder. InputSize follows Embed; a zero HiddenSize means 256
	// and then the encoder is bidirectional. A bidirectional one has one layer:
	// a second would see the words to predict.
	LSTM lstm.Config `json:"lstm,omitzero"`

	// Dropout in [0, 1) drops values of the states that words are predicted from.
	Dropout float64 `json:"dropout,omitempty"`

	// Chunk is the number of words read at a stretch; 0 means 64.
	Chunk int `json:"chunk,omitempty"`

	// Samples is the number of words that the true one is compared with; 0
	// means 1,024, or all where the vocabulary is smaller.
	Samples int `json:"samples,omitempty"`

	// Seed decides the initial weights, the order of the texts, the samples and
	// the dropout.
	Seed uint64 `json:"seed,omitempty"`

	// Epochs is the number of passes over the texts; 0 means 3.
	Epochs int `json:"epochs,omitempty"`

	// BatchTokens is the mean number of words in a batch; 0 means 4,096.
	BatchTokens int `json:"batch_tokens,omitempty"`

	// Optimizer and Schedule move the weights. The zero Schedule is one cycle
	// to a rate of 0.003.
	Optimizer nn.OptimizerConfig `json:"optimizer,omitzero"`
	Schedule  nn.Schedule        `json:"schedule,omitzero"`

	// ClipNorm is the largest norm of the gradient; 0 means 1.
	ClipNorm float64 `json:"clip_norm,omitempty"`

	// EMA, if its Decay is not 0, averages the weights; the average is what is
	// measured and kept.
	EMA nn.EMAConfig `json:"ema,omitzero"`
}

// need is what a training takes for a vocabulary of so many words and a batch of so
// many of them.
func (c Config) need(l loop.Config, words, tokens int) loop.Need {
	V, E, H, D := float64(words), float64(c.Embed), float64(c.LSTM.HiddenSize), float64(c.LSTM.NumDirections())
	weights := V*E + c.LSTM.NumParams() + D*(H*E+E) + V
	// Word vectors with their gradient, the gates, the cell, the output and its
	// gradient; then the projections and the scores of the samples with theirs.
	token := 3*E + float64(c.LSTM.NumLayers())*D*6*H + 3*D*H + 2*D*(E+H) + 2*float64(min(c.Samples, words))
	return loop.Need{
		Model: 4 * 2 * weights, Weights: 4 * weights * float64(l.Copies(false)-2),
		Batch: 4 * token * float64(tokens) * 5 / 4, Tokens: tokens,
	}
}

// Resolve returns c with its defaults filled in.
func (c Config) Resolve() Config {
	c.Pipeline = cmp.Or(c.Pipeline, "words|lower")
	c.Vocab.MinCount, c.Vocab.MaxSize = cmp.Or(c.Vocab.MinCount, 3), cmp.Or(c.Vocab.MaxSize, 30_000)
	c.Embed = cmp.Or(c.Embed, 128)
	c.LSTM.InputSize = c.Embed
	if c.LSTM.HiddenSize == 0 {
		c.LSTM.HiddenSize = 256
		c.LSTM.Direction = lstm.Bidirectional
	}
	c.Chunk, c.Samples = cmp.Or(c.Chunk, 64), cmp.Or(c.Samples, 1024)
	c.Epochs, c.BatchTokens = cmp.Or(c.Epochs, 3), cmp.Or(c.BatchTokens, 4096)
	c.Optimizer = c.Optimizer.Resolved()
	if c.Schedule.Kind == "" && c.Schedule.Rate == 0 {
		c.Schedule.Kind = nn.OneCycle
	}
	if c.Schedule.Rate == 0 {
		c.Schedule.Rate = 3e-3
	}
	c.Schedule = c.Schedule.Resolved()
	if c.ClipNorm == 0 {
		c.ClipNorm = 1
	}
	return c
}

// Validate reports everything that is wrong with a resolved config.
func (c Config) Validate() error {
	var errs []error
	if _, err := tokenize.Parse(c.Pipeline); err != nil {
		errs = append(errs, err)
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"embed", c.Embed}, {"chunk", c.Chunk}, {"samples", c.Samples}, {"epochs", c.Epochs}, {"batch_tokens", c.BatchTokens}} {
		if f.value < 1 {
			errs = append(errs, fmt.Errorf("lm: %s = %d, want at least 1", f.name, f.value))
		}
	}
	if !(c.ClipNorm > 0) {
		errs = append(errs, fmt.Errorf("lm: clip_norm = %v, want more than 0", c.ClipNorm))
	}
	if len(c.LSTM.Stack) > 0 {
		errs = append(errs, errors.New("lm: lstm.stack: want layers alike, by hidden_size, layers and direction"))
	}
	if c.LSTM.Direction == lstm.Bidirectional && c.LSTM.NumLayers() > 1 {
		errs = append(errs, fmt.Errorf("lm: a bidirectional LSTM of %d layers sees the words that it is to predict: want 1 layer, or one direction", c.LSTM.NumLayers()))
	}
	if c.LSTM.InputSize != c.Embed {
		errs = append(errs, fmt.Errorf("lm: lstm.input_size = %d, embed = %d, want them equal", c.LSTM.InputSize, c.Embed))
	}
	if err := (nn.Dropout{P: c.Dropout}).Validate(); err != nil {
		errs = append(errs, fmt.Errorf("lm: %w", err))
	}
	errs = append(errs, c.Vocab.Validate(), c.LSTM.Validate(), c.Optimizer.Validate(), c.Schedule.Validate(), c.EMA.Validate())
	return errors.Join(errs...)
}
