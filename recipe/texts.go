package recipe

import (
	"context"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// Texts are what a training reads, in memory or on disk.
type Texts interface {
	// Recommend returns the settings that suit the texts.
	Recommend(ctx context.Context) (train.Config, error)

	// Train has the texts to learn from, or nil if they are on disk, and Dev those to
	// choose an epoch by, or nil.
	Train() *corpora.Dataset
	Dev() *corpora.Dataset

	// Len is the number of texts to learn from, Header a data set with their heads,
	// sources and separator, but perhaps without the texts.
	Len() int
	Header() *corpora.Dataset

	// Fit trains on the texts. Where Dev was a part of the labelled texts, the heads
	// have the labels of both.
	Fit(ctx context.Context, t *train.Trainer) (*train.Result, error)

	// Close gives up what the texts take on disk.
	Close() error
}

// A memory is training and dev texts in memory; dev is nil if there are none.
type memory struct {
	train, dev *corpora.Dataset
	split      bool // dev was a part of the training texts
}

// InMemory returns texts that are there already; dev is nil if there are none.
func InMemory(train, dev *corpora.Dataset) Texts { return memory{train: train, dev: dev} }

// DevTexts is the most texts that are set aside for dev unless a share is given:
// enough to choose an epoch by and to fit the scales of the branches to, and each
// more is one less to learn from.
const DevTexts = 1000

// Split returns data without a share that is set aside for dev, of which every label
// has its part. A negative share is a tenth of the texts, DevTexts at most; 0 sets
// none aside. It fails with an error that wraps corpora.ErrData where either part
// would be empty.
func Split(data *corpora.Dataset, share float64, seed uint64) (Texts, error) {
	if share < 0 {
		share = min(0.1, DevTexts/float64(data.Len()))
	}
	if share == 0 {
		return memory{train: data}, nil
	}
	train, dev, err := setAside(data, share, seed, ": give dev texts (--dev), or train without (--dev-split 0)")
	if err != nil {
		return nil, err
	}
	dev.Dedup() // of texts that are read several times
	return memory{train, dev, true}, nil
}

// SetAside cuts a share from data, with every label's part of it. It fails with an
// error that wraps corpora.ErrData where either part would be empty.
func SetAside(data *corpora.Dataset, share float64, seed uint64) (rest, aside *corpora.Dataset, err error) {
	return setAside(data, share, seed, "")
}

// setAside is SetAside with what can be done where it fails.
func setAside(data *corpora.Dataset, share float64, seed uint64, hint string) (rest, aside *corpora.Dataset, err error) {
	parts, err := data.Split(seed, 1-share, share)
	if err != nil {
		return nil, nil, err
	}
	if parts[0].Len() == 0 || parts[1].Len() == 0 {
		return nil, nil, fmt.Errorf("no share of %v can be set aside of %s%s: %w", share, data.Amount(), hint, corpora.ErrData)
	}
	return parts[0], parts[1], nil
}

// ReadTexts reads the training texts of a recipe into memory, and its dev texts or, if
// it has none, a share of the training texts as Split sets it aside. See ReadSources
// for opts and dir.
func (r *Recipe) ReadTexts(opts corpora.Options, dir string, share float64) (Texts, error) {
	data, err := ReadSources(opts, dir, r.Data, r.Seed)
	if err != nil {
		return nil, err
	}
	if data.Len() == 0 {
		return nil, fmt.Errorf("no texts to train on: %w", corpora.ErrData)
	}
	if len(r.Dev) == 0 {
		return Split(data, share, r.Seed)
	}
	dev, err := ReadSources(opts, dir, r.Dev, r.Seed)
	if err == nil && slices.ContainsFunc(r.Dev, func(s Source) bool { return s.Apart }) {
		data, _ = data.Without(dev)
	}
	return InMemory(data, dev), err
}

func (m memory) Recommend(context.Context) (train.Config, error) {
	return recommend.For(m.train), nil
}

func (m memory) Train() *corpora.Dataset { return m.train }

func (m memory) Dev() *corpora.Dataset { return m.dev }

func (m memory) Len() int { return m.train.Len() }

func (m memory) Header() *corpora.Dataset { return m.train }

func (m memory) Fit(ctx context.Context, t *train.Trainer) (*train.Result, error) {
	if m.split {
		// A rare label may have all its texts among those set aside.
		all, err := corpora.Join(m.train, m.dev)
		if err != nil {
			return nil, err
		}
		if t.Model.Heads, err = train.Heads(t.Model.Heads, all); err != nil {
			return nil, err
		}
	}
	return t.Fit(ctx, m.train, m.dev)
}

func (m memory) Close() error { return nil }
