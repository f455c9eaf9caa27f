package classify

import (
	"fmt"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Model is a trained classifier: pipeline, vocabulary and network. It does
// not change; any number of goroutines may use it at once.
type Model struct {
	cfg      Config
	pipeline *tokenize.Pipeline
	vocab    *vocab.Vocabulary
	net      *Network
	wide     *Wide // nil without one
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
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	License     string `json:"license,omitempty"`

	// Data names the training files, Seed and Epochs say how they were used. Start
	// names the model or the word vectors that the training began with, if any.
	Data   []string `json:"data,omitempty"`
	Start  string   `json:"start,omitempty"`
	Seed   uint64   `json:"seed,omitempty"`
	Epochs int      `json:"epochs,omitempty"`

	// Figures are results by name, such as "dev sentiment accuracy".
	Figures map[string]float64 `json:"figures,omitempty"`
}

// New joins the parts of a model. net must have been made from cfg and as many
// rows as v has, and be nil if cfg has no deep branch; wide must be nil if it
// has no wide one.
func New(cfg Config, v *vocab.Vocabulary, net *Network, wide *Wide, card Card) (*Model, error) {
	if (net == nil) != cfg.NoDeep || (wide == nil) == cfg.HasWide() {
		return nil, fmt.Errorf("classify: deep branch %t, wide branch %t, the config says %t, %t", net != nil, wide != nil, !cfg.NoDeep, cfg.HasWide())
	}
	if net != nil && len(net.Members()) != cfg.NumMembers() {
		return nil, fmt.Errorf("classify: a network of %d members, the config says %d", len(net.Members()), cfg.NumMembers())
	}
	if net != nil && net.embed.Rows() != v.Len() {
		return nil, fmt.Errorf("classify: %d rows of word vectors for a vocabulary of %d", net.embed.Rows(), v.Len())
	}
	if net != nil && cfg.HasSubword() {
		for _, member := range net.Members() {
			member.subwords.Index(v)
		}
	}
	if wide != nil {
		if err := wide.check(cfg); err != nil {
			return nil, err
		}
	}
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	return &Model{cfg: cfg, pipeline: p, vocab: v, net: net, wide: wide, card: card}, nil
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
	return &Model{cfg: m.cfg, pipeline: m.pipeline, vocab: m.vocab, net: m.net, wide: m.wide, card: m.card, cacheOff: true}
}

// inputCaches returns the caches of the members of the deep branch, made at the
// first call; nil if there are none.
func (m *Model) inputCaches() []*nn.InputCache {
	if m.cacheOff {
		return nil
	}
	m.cacheOnce.Do(func() {
		for _, member := range m.net.Members() {
			m.caches = append(m.caches, member.encoder.NewInputCache(min(cacheWords, m.vocab.Len())))
		}
	})
	return m.caches
}

// Vocab returns the vocabulary.
func (m *Model) Vocab() *vocab.Vocabulary { return m.vocab }

// Embed returns the word vectors, for instance to look for neighbours: those of
// the first member of an ensemble, nil if there is no deep branch. They must not
// be changed.
func (m *Model) Embed() *embed.Table {
	if m.net == nil {
		return nil
	}
	return m.net.embed
}

// Network returns the deep branch, nil if there is none. It must not be changed.
func (m *Model) Network() *Network { return m.net }

// Wide returns the wide branch, nil if there is none.
func (m *Model) Wide() *Wide { return m.wide }

// NumParams counts the weights of both branches.
func (m *Model) NumParams() int {
	n := 0
	if m.net != nil {
		for _, p := range m.net.params {
			n += p.Len()
		}
	}
	if m.wide != nil {
		for _, l := range m.wide.Heads {
			n += l.NumWeights() + len(l.Bias)
		}
	}
	return n
}

// DeepOnly and WideOnly return the model with one of its branches alone and no
// lexicon, sharing its weights; nil if it has none. They show what each one gives.
func (m *Model) DeepOnly() *Model {
	if m.net == nil {
		return nil
	}
	cfg := m.cfg.withoutLexicon()
	cfg.Ngrams = ngram.Config{}
	return &Model{cfg: cfg, pipeline: m.pipeline, vocab: m.vocab, net: m.net, card: m.card}
}

// WideOnly is described at DeepOnly.
func (m *Model) WideOnly() *Model {
	if m.wide == nil {
		return nil
	}
	cfg := m.cfg.withoutLexicon()
	cfg.NoDeep, cfg.Members, cfg.Directions = true, 0, nil
	return &Model{cfg: cfg, pipeline: m.pipeline, vocab: m.vocab, wide: m.wide, card: m.card}
}

// Card returns what is known of the model's making.
func (m *Model) Card() Card { return m.card }
