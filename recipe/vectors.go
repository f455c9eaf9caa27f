package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// Vectors is the path of a file of word vectors to start from, in the format of GloVe,
// word2vec or fastText, compressed or not; "" for none.
type Vectors string

// recommend returns c with words, and vectors as wide as those of the file.
func (f Vectors) recommend(c train.Config) (train.Config, error) {
	if f == "" {
		return c, nil
	}
	c = c.WithWords()
	err := f.open(func(r io.Reader) (err error) {
		c.Model.Embed, err = embed.ReadDim(r, embed.ReadOptions{})
		return err
	})
	return c, err
}

// prepare returns what fills a network's word vectors from the file, and tells
// log, the first time, how many it knew. Words that it lacks have random vectors as long as
// its own, other ones in each member of an ensemble.
func (f Vectors) prepare(log io.Writer) func(*classify.Network, *vocab.Vocabulary) error {
	if f == "" {
		return nil
	}
	return func(n *classify.Network, v *vocab.Vocabulary) error {
		var (
			table    *embed.Table
			coverage embed.Coverage
		)
		last := n.Embed().Row(vocab.ID(n.Embed().Rows() - 1)) // as it was drawn for this member
		rng := rand.New(rand.NewPCG(uint64(math.Float32bits(last[0])), 0))
		if err := f.open(func(r io.Reader) (err error) {
			table, coverage, err = embed.Read(r, v, rng, embed.ReadOptions{})
			return err
		}); err != nil {
			return err
		}
		if have, want := table.Dim(), n.Embed().Dim(); have != want {
			return errorf("--vectors %s: vectors of %d values, model.embed = %d: leave that out", f, have, want)
		}
		copy(n.Embed().Weight.Data, table.Weight.Data)
		n.Embed().Weight.Changed()
		fmt.Fprintf(log, "vectors: %v\n", coverage)
		log = io.Discard
		return nil
	}
}

// sum is a hash of the file's content; "" for none.
func (f Vectors) sum() (string, error) {
	if f == "" {
		return "", nil
	}
	h := sha256.New()
	err := f.open(func(r io.Reader) error {
		_, err := io.Copy(h, r)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// open calls read with the file's content, decompressed.
func (f Vectors) open(read func(io.Reader) error) error {
	file, err := os.Open(string(f))
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := corpora.Decompress(file, corpora.Limits{})
	if err != nil {
		return fmt.Errorf("--vectors %s: %w", f, err)
	}
	defer r.Close()
	if err := read(r); err != nil {
		return fmt.Errorf("--vectors %s: %w", f, err)
	}
	return nil
}
