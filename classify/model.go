package classify

import (
	"errors"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Model is a trained classifier: pipeline, vocabulary and network. It does
// not change; any number of goroutines may use it at once. A zero or nil Model is none:
// it answers nothing and cannot be written, which is an error, or a panic where a method
// returns none.
type Model struct {
	cfg      Config
	pipeline *tokenize.Pipeline
	vocab    *vocab.Vocabulary
	branches []Branch // in the order of branchKinds
	card     Card

	workers   workerPool
	cacheOnce sync.Once
	caches    []*nn.InputCache // by member
	cacheOff  bool
}

// cacheWords is the number of frequent words whose products with the first
// layer's weights a model keeps from batch to batch.
const cacheWords = 4096

// A Card tells a model's user where it comes from. Every field may be empty.
type Card struct {
	// Name, Description and License are the maker's own words.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	License     string `json:"license,omitempty"`

	// Data names the training files, Seed and Epochs say how they were used. Start
	// names the model or the word vectors that the training began with, if any.
	Data   []string `json:"data,omitempty"`
	Start  string   `json:"start,omitempty"`
	Seed   uint64   `json:"seed,omitempty"`
	Epochs int      `json:"epochs,omitempty"`

	// Budget says what was chosen for a training of limited time, as settings.
	Budget string `json:"budget,omitempty"`

	// Optimizer, Schedule and Rate, the highest learning rate, say how the deep
	// branch learned, in batches of BatchSize texts and about BatchTokens tokens
	// at most.
	Optimizer   string  `json:"optimizer,omitempty"`
	Schedule    string  `json:"schedule,omitempty"`
	Rate        float64 `json:"rate,omitempty"`
	BatchSize   int     `json:"batch_size,omitempty"`
	BatchTokens int     `json:"batch_tokens,omitempty"`

	// Figures are results by name, such as "dev sentiment accuracy".
	Figures map[string]float64 `json:"figures,omitempty"`

	// History is the learning curve, an entry for each epoch, and Metric what its scores
	// are of.
	History []Epoch `json:"history,omitempty"`
	Metric  string  `json:"metric,omitempty"`
}

// An Epoch is a pass over the training texts.
type Epoch struct {
	Member  int     `json:"member,omitempty"`   // of an ensemble, from 1
	Refit   bool    `json:"refit,omitempty"`    // in the second training, on the dev texts as well
	Epoch   int     `json:"epoch"`              // from 1
	Loss    float64 `json:"loss"`               // mean over its batches
	DevLoss float64 `json:"dev_loss,omitempty"` // log loss on the dev texts; 0 if it is not known
	Score   float64 `json:"score,omitempty"`    // of Card.Metric on the dev texts; 0 if it is not known
}

// New joins the parts of a model: the branches that cfg asks for, which must have
// been made from cfg and for as many ids as v has, in any order.
func New(cfg Config, v *vocab.Vocabulary, card Card, branches ...Branch) (*Model, error) {
	list, err := arrange(cfg, v, branches)
	if err != nil {
		return nil, err
	}
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	return &Model{cfg: cfg, pipeline: p, vocab: v, branches: list, card: card}, nil
}

// check reports a zero or nil Model.
func (m *Model) check() error {
	if m == nil || m.pipeline == nil {
		return errors.New("classify: an empty Model: Load, New or a training makes one")
	}
	return nil
}

// Config returns the resolved configuration. It must not be changed.
func (m *Model) Config() Config { return m.cfg }

// Heads returns the heads. They must not be changed.
func (m *Model) Heads() []Head { return m.cfg.Heads }

// Head returns the index of the head called name, -1 if there is none.
func (m *Model) Head(name string) int {
	return slices.IndexFunc(m.cfg.Heads, func(h Head) bool { return h.Name == name })
}

// Pipeline returns the text pipeline.
func (m *Model) Pipeline() *tokenize.Pipeline { return m.pipeline }

// WithoutCache returns the model without its cache: inference multiplies each
// distinct word of a batch anew. The cache holds the most frequent words and
// takes D*4*H*4 bytes for each, 16 MiB for a bidirectional LSTM of 128 units,
// for every member of an ensemble; it fills as texts are read.
func (m *Model) WithoutCache() *Model {
	bare := m.with(m.cfg, m.branches...)
	bare.cacheOff = true
	return bare
}

// inputCaches returns the caches of the members of the deep branch d, made at the
// first call; nil if there are none.
func (m *Model) inputCaches(d *Deep) []*nn.InputCache {
	if m.cacheOff {
		return nil
	}
	m.cacheOnce.Do(func() {
		for _, member := range d.members {
			m.caches = append(m.caches, member.encoder.NewInputCache(min(cacheWords, m.vocab.Len())))
		}
	})
	return m.caches
}

// Vocab returns the vocabulary.
func (m *Model) Vocab() *vocab.Vocabulary { return m.vocab }

// Embed returns the word vectors, for instance to look for neighbours; nil if
// there is no deep branch. Those of the first member stand for several. They must
// not be changed.
func (m *Model) Embed() *embed.Table {
	d := m.Deep()
	if d == nil {
		return nil
	}
	return d.members[0].embed
}

// NumParams counts the weights of all branches.
func (m *Model) NumParams() (n int) {
	for _, b := range m.branches {
		n += b.NumParams()
	}
	return n
}

// Card returns what is known of the model's making.
func (m *Model) Card() Card { return m.card }
