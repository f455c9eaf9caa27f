package classify

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/embed"
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
	card     Card

	workers workerPool
}

// A Card tells a model's user where it comes from. Every field may be empty.
type Card struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	License     string `json:"license,omitempty"`

	// Data names the training files, Seed and Epochs say how they were used.
	Data   []string `json:"data,omitempty"`
	Seed   uint64   `json:"seed,omitempty"`
	Epochs int      `json:"epochs,omitempty"`

	// Figures are results by name, such as "dev sentiment accuracy".
	Figures map[string]float64 `json:"figures,omitempty"`
}

// New joins the parts of a model. net must have been made from cfg and as many
// rows as v has.
func New(cfg Config, v *vocab.Vocabulary, net *Network, card Card) (*Model, error) {
	if net.embed.Rows() != v.Len() {
		return nil, fmt.Errorf("classify: %d rows of word vectors for a vocabulary of %d", net.embed.Rows(), v.Len())
	}
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	return &Model{cfg: cfg, pipeline: p, vocab: v, net: net, card: card}, nil
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

// Vocab returns the vocabulary.
func (m *Model) Vocab() *vocab.Vocabulary { return m.vocab }

// Embed returns the word vectors, for instance to look for neighbours. They
// must not be changed.
func (m *Model) Embed() *embed.Table { return m.net.embed }

// Network returns the learned part. It must not be changed.
func (m *Model) Network() *Network { return m.net }

// Card returns what is known of the model's making.
func (m *Model) Card() Card { return m.card }
