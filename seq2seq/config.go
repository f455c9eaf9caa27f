package seq2seq

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train/loop"
)

// A Tie says which matrices of a network are one (Press & Wolf 2017).
type Tie string

// The ties. "" is TieOutput, or TieAll where both languages share their pieces.
const (
	TieNone   Tie = "none"   // nothing
	TieOutput Tie = "output" // the vectors of the target's pieces score them too
	TieAll    Tie = "all"    // the vectors of the source's are the same ones as well
)

// A Config is everything that decides what a training yields, apart from the texts. The
// zero value of every field is the documented default.
type Config struct {
	// Pipeline turns texts of both languages into words, in the syntax of
	// tokenize.Parse; "" means "words". Words of the target become text again as the
	// pipeline leaves them: a filter that changes them changes what comes out.
	Pipeline string `json:"pipeline,omitempty"`

	// Pieces is the number of pieces of each language, or of both together with
	// Shared, that words are cut into; 0 means 8,000. WholeWords takes that many of the
	// most frequent words instead, and the rest for unknown.
	Pieces     int  `json:"pieces,omitempty"`
	WholeWords bool `json:"whole_words,omitempty"`

	// Shared learns one vocabulary for both languages.
	Shared bool `json:"shared,omitempty"`

	// Embed is E, the width of vectors of pieces and of what attention gives; 0 means 256.
	Embed int `json:"embed,omitempty"`

	// Encoder is "lstm", which "" means, or "gru". It reads both ways. Hidden is H, the
	// units of each of its directions and of the decoder, an LSTM; 0 means 256. Layers
	// is that of both; 0 means 1.
	Encoder string `json:"encoder,omitempty"`
	Hidden  int    `json:"hidden,omitempty"`
	Layers  int    `json:"layers,omitempty"`

	// Attention scores the states of the encoder; "" means nn.General. NoFeeding leaves
	// out what attention gave at a step from what the decoder reads at the next.
	Attention nn.AttentionKind `json:"attention,omitempty"`
	NoFeeding bool             `json:"no_feeding,omitempty"`

	// Tie says which matrices are one.
	Tie Tie `json:"tie,omitempty"`

	// Dropout below 1 is the share of values dropped from vectors of pieces, between
	// layers and from what attention gives; 0 means 0.3, less means none.
	Dropout float64 `json:"dropout,omitempty"`

	// Smoothing below 1 is the share of a target that goes to all pieces alike
	// (Szegedy et al. 2016); 0 means 0.1, less means none.
	Smoothing float64 `json:"smoothing,omitempty"`

	// Sampling in [0, 1) is the share of the decoder's inputs that are, at the end of a
	// training, its own guesses in place of the true pieces. The share rises from 0 in
	// a straight line (scheduled sampling, Bengio et al. 2015).
	Sampling float64 `json:"sampling,omitempty"`

	// MaxPieces leaves pairs with more pieces on one side out of training; 0 means 100.
	MaxPieces int `json:"max_pieces,omitempty"`

	// Epochs is the number of passes over the pairs, 0 means 20; Patience the number
	// without better translations of the dev pairs after which training stops, 0 means
	// 5, less means never.
	Epochs   int `json:"epochs,omitempty"`
	Patience int `json:"patience,omitempty"`

	// BatchPieces is the most pieces, of both sides, in a batch; 0 means 3,000.
	BatchPieces int `json:"batch_pieces,omitempty"`

	// Optimizer and Schedule move the weights. The zero Schedule is one cycle to a rate
	// of 0.002.
	Optimizer nn.OptimizerConfig `json:"optimizer,omitzero"`
	Schedule  nn.Schedule        `json:"schedule,omitzero"`

	// ClipNorm is the largest norm of the gradient; 0 means 1.
	ClipNorm float64 `json:"clip_norm,omitempty"`

	// EMA, if its Decay is not 0, averages the weights; the average is what is
	// evaluated and kept.
	EMA nn.EMAConfig `json:"ema,omitzero"`

	// Seed is that of weights, order, dropout and sampling.
	Seed uint64 `json:"seed,omitempty"`
}

// Resolve returns c with its defaults filled in.
func (c Config) Resolve() Config {
	c.Pipeline = cmp.Or(c.Pipeline, "words")
	c.Encoder = cmp.Or(c.Encoder, "lstm")
	c.Attention = cmp.Or(c.Attention, nn.General)
	if c.Tie == "" {
		if c.Tie = TieOutput; c.Shared {
			c.Tie = TieAll
		}
	}
	for _, f := range []struct {
		v *int
		d int
	}{
		{&c.Pieces, 8000}, {&c.Embed, 256}, {&c.Hidden, 256}, {&c.Layers, 1}, {&c.MaxPieces, 100},
		{&c.Epochs, 20}, {&c.Patience, 5}, {&c.BatchPieces, 3000},
	} {
		*f.v = cmp.Or(*f.v, f.d)
	}
	c.Dropout, c.Smoothing = cmp.Or(c.Dropout, 0.3), cmp.Or(c.Smoothing, 0.1)
	c.Optimizer = c.Optimizer.Resolved()
	if c.Schedule.Kind == "" && c.Schedule.Rate == 0 {
		c.Schedule.Kind = nn.OneCycle
	}
	c.Schedule.Rate = cmp.Or(c.Schedule.Rate, 2e-3)
	c.Schedule = c.Schedule.Resolved()
	c.ClipNorm = cmp.Or(c.ClipNorm, 1)
	return c
}

// Validate reports everything that is wrong with a resolved config.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("seq2seq: "+format, args...)) }
	if _, err := tokenize.Parse(c.Pipeline); err != nil {
		errs = append(errs, err)
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"pieces", c.Pieces}, {"embed", c.Embed}, {"hidden", c.Hidden}, {"layers", c.Layers},
		{"max_pieces", c.MaxPieces}, {"epochs", c.Epochs}, {"batch_pieces", c.BatchPieces},
	} {
		if f.value < 1 {
			bad("%s = %d, want at least 1", f.name, f.value)
		}
	}
	if c.Encoder != "lstm" && c.Encoder != "gru" {
		bad("encoder = %q, want lstm or gru", c.Encoder)
	}
	if !slices.Contains([]Tie{TieNone, TieOutput, TieAll}, c.Tie) {
		bad("tie = %q, want none, output or all", string(c.Tie))
	}
	if c.Tie == TieAll && !c.Shared {
		bad("tie = all of languages that do not share their pieces: want shared too")
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"dropout", c.Dropout}, {"smoothing", c.Smoothing}, {"sampling", c.Sampling}} {
		if !(f.value < 1) || f.name == "sampling" && f.value < 0 {
			bad("%s = %v, want less than 1", f.name, f.value)
		}
	}
	if !(c.ClipNorm > 0) {
		bad("clip_norm = %v, want more than 0", c.ClipNorm)
	}
	if len(errs) == 0 {
		errs = append(errs, c.attention().Validate(), c.decoder().Validate())
	}
	errs = append(errs, c.Optimizer.Validate(), c.Schedule.Validate(), c.EMA.Validate())
	return errors.Join(errs...)
}

// dropout is the share to drop.
func (c Config) dropout() float64 { return max(c.Dropout, 0) }

// memory is M, the width of the encoder's states.
func (c Config) memory() int { return 2 * c.Hidden }

func (c Config) attention() nn.AttentionConfig {
	return nn.AttentionConfig{Kind: c.Attention, Memory: c.memory(), Query: c.Hidden, Output: c.Embed}
}

// decoder is the LSTM that reads the target: the piece before and, unless NoFeeding,
// what attention gave at the step before.
func (c Config) decoder() lstm.Config {
	d := lstm.Config{InputSize: c.Embed, HiddenSize: c.Hidden, Layers: c.Layers, Dropout: c.dropout()}
	if !c.NoFeeding {
		d.InputSize += c.Embed
	}
	return d
}

func (c Config) lstmEncoder() lstm.Config {
	return lstm.Config{InputSize: c.Embed, HiddenSize: c.Hidden, Layers: c.Layers, Direction: nn.Bidirectional, Dropout: c.dropout()}
}

func (c Config) gruEncoder() gru.Config {
	return gru.Config{InputSize: c.Embed, HiddenSize: c.Hidden, Layers: c.Layers, Direction: nn.Bidirectional, Dropout: c.dropout()}
}

// newEncoder makes the encoder of a valid config.
func (c Config) newEncoder() (nn.Encoder, error) {
	if c.Encoder == "gru" {
		return gru.New(c.gruEncoder())
	}
	return lstm.New(c.lstmEncoder())
}

// numParams counts the weights for vocabularies of so many pieces. It is a float64
// because a config can ask for more than an int holds.
func (c Config) numParams(source, target int) float64 {
	E, H, L, S, T := float64(c.Embed), float64(c.Hidden), float64(c.Layers), float64(source), float64(target)
	n := T*E + T + c.attention().NumParams() + c.decoder().NumParams() + (2*H+1)*2*L*H
	if c.Tie == TieNone {
		n += T * E
	}
	if c.Tie != TieAll {
		n += S * E
	}
	if c.Encoder == "gru" {
		return n + c.gruEncoder().NumParams()
	}
	return n + c.lstmEncoder().NumParams()
}

// need is the memory that a training takes, where the largest batch has so many pieces
// on each side.
func (c Config) need(l loop.Config, evaluated bool, source, target, sourceRows, targetRows int) loop.Need {
	weights := 4 * c.numParams(source, target)
	E, H, L := float64(c.Embed), float64(c.Hidden), float64(c.Layers)
	encoder := 5*E + 2*L*(7*H) + 8*H
	decoder := 10*E + L*8*H + H
	return loop.Need{
		Model: 2 * weights, Weights: weights * float64(l.Copies(evaluated)-2),
		Batch:  4 * (float64(sourceRows)*encoder + float64(targetRows)*decoder + float64(min(targetRows, scoreRows)*target)) * 5 / 4,
		Tokens: sourceRows + targetRows,
	}
}
