package skipgram

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Config is everything that decides what a training yields, apart from the
// texts. The zero value of every field is the documented default.
type Config struct {
	// Pipeline turns a text into tokens, in the syntax of tokenize.Parse; ""
	// means "words|lower". A classifier that starts from the vectors should have
	// the same, for it finds them by its own tokens.
	Pipeline string `json:"pipeline,omitempty"`

	// Vocab says which tokens are words. A zero MinCount means 3, a zero
	// MaxSize 30,000. Buckets get no vectors.
	Vocab vocab.Options `json:"vocab,omitzero"`

	// Embed is D, the width of the vectors; 0 means 128.
	Embed int `json:"embed,omitempty"`

	// Window is the largest number of tokens to each side that are a token's
	// neighbours; 0 means 5.
	Window int `json:"window,omitempty"`

	// Negatives is K, the weight of the noise against the one true neighbour of a
	// pair; 0 means 5.
	Negatives int `json:"negatives,omitempty"`

	// Sample is the share of all tokens above which a word is so frequent that
	// tokens of it are left out; 0 means 1e-4, 1 leaves out none.
	Sample float64 `json:"sample,omitempty"`

	// Rate is the learning rate at the beginning; 0 means 0.025.
	Rate float64 `json:"rate,omitempty"`

	// Seed decides the initial weights, the order of the texts and all that is
	// drawn.
	Seed uint64 `json:"seed,omitempty"`

	// Epochs is the number of passes over the texts; 0 means 5.
	Epochs int `json:"epochs,omitempty"`
}

// Resolve returns c with its defaults filled in.
func (c Config) Resolve() Config {
	c.Pipeline = cmp.Or(c.Pipeline, "words|lower")
	c.Vocab.MinCount, c.Vocab.MaxSize = cmp.Or(c.Vocab.MinCount, 3), cmp.Or(c.Vocab.MaxSize, 30_000)
	c.Embed, c.Window, c.Negatives = cmp.Or(c.Embed, 128), cmp.Or(c.Window, 5), cmp.Or(c.Negatives, 5)
	c.Sample, c.Rate = cmp.Or(c.Sample, 1e-4), cmp.Or(c.Rate, 0.025)
	c.Epochs = cmp.Or(c.Epochs, 5)
	return c
}

// batchBytes is what a batch takes: copies of the vectors of its tokens and of the
// words beside them, with their gradients, and the scores of the noise.
func (c Config) batchBytes() float64 {
	return 4 * batchPieces * (4*float64(c.Embed)*(pieceTokens+draws) + pieceTokens*draws)
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
	}{{"embed", c.Embed}, {"window", c.Window}, {"negatives", c.Negatives}, {"epochs", c.Epochs}} {
		if f.value < 1 {
			errs = append(errs, fmt.Errorf("skipgram: %s = %d, want at least 1", f.name, f.value))
		}
	}
	if !(c.Sample > 0 && c.Sample <= 1) {
		errs = append(errs, fmt.Errorf("skipgram: sample = %v, want more than 0 and at most 1", c.Sample))
	}
	if !(c.Rate > 0 && c.Rate <= math.MaxFloat32) {
		errs = append(errs, fmt.Errorf("skipgram: rate = %v, want more than 0", c.Rate))
	}
	return errors.Join(append(errs, c.Vocab.Validate())...)
}
