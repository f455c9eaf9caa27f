package seq2seq

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/weights"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/tokenize/bpe"
	"github.com/textlstm/textlstm/vocab"
)

// A Model translates. It does not change, and any number of goroutines may use it.
type Model struct {
	cfg            Config
	source, target *language // the same one, if they share their pieces
	net            *network
}

// Config returns the resolved configuration.
func (m *Model) Config() Config { return m.cfg }

// Params returns the weights. They must not be changed.
func (m *Model) Params() []*nn.Param { return m.net.params }

// Vocabularies returns the pieces of both languages: first "<s>" and "</s>", then the
// others, by frequency.
func (m *Model) Vocabularies() (source, target *vocab.Vocabulary) {
	return m.source.vocab, m.target.vocab
}

// formatVersion is the newest version of the model file that this code knows, and
// metadataKey the entry of the file's metadata that holds a description.
const (
	formatVersion = 1
	metadataKey   = "textlstm.seq2seq"
)

// ErrFormat says that a file is not a model that this code can read. Errors wrapping it
// say why.
var ErrFormat = errors.New("seq2seq: not a readable model")

// A description is what a model file holds beside its tensors, as JSON.
type description struct {
	Version int     `json:"version"`
	Config  Config  `json:"config"`
	Source  *pieces `json:"source"`
	Target  *pieces `json:"target,omitempty"` // those of source, if there are none
}

// A pieces is a language in a file.
type pieces struct {
	Vocab  *vocab.Vocabulary `json:"vocab"`
	Merges *bpe.Codes        `json:"merges,omitempty"`
}

// Save writes the model to a file of safetensors, whole or not at all. Equal models give
// equal bytes.
func (m *Model) Save(path string) error {
	d := description{Version: formatVersion, Config: m.cfg, Source: &pieces{m.source.vocab, m.source.codes}}
	if !m.cfg.Shared {
		d.Target = &pieces{m.target.vocab, m.target.codes}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("seq2seq: %w", err)
	}
	return weights.Save(path, m.net.params, map[string]string{metadataKey: string(text)})
}

// Load reads a model that Save has written. What is not one is an error that wraps
// ErrFormat; no file makes it take more than a few times its size of memory.
func Load(path string) (*Model, error) {
	return modelfile.Load(path, tensorfile.Limits{MaxBytes: math.MaxInt64}, ErrFormat, decode)
}

// Decode is Load of bytes in memory, which must not be changed afterwards.
func Decode(b []byte) (*Model, error) { return modelfile.Decode(b, ErrFormat, decode) }

func decode(f *tensorfile.File) (*Model, error) {
	var d description
	if err := f.Describe(metadataKey, formatVersion, &d); err != nil {
		return nil, err
	}
	if err := d.Config.Validate(); err != nil {
		return nil, err
	}
	m := &Model{cfg: d.Config}
	var err error
	if m.source, err = d.Config.language(d.Source); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if m.target = m.source; d.Config.Shared != (d.Target == nil) {
		return nil, errors.New("languages share their pieces and each has its own, or neither")
	}
	if d.Target != nil {
		if m.target, err = d.Config.language(d.Target); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
	}
	if err := modelfile.Holds(f, d.Config.numParams(m.source.vocab.Len(), m.target.vocab.Len())); err != nil {
		return nil, err
	}
	if m.net, err = newNetwork(d.Config, m.source.vocab.Len(), m.target.vocab.Len()); err != nil {
		return nil, err
	}
	if err := modelfile.Fill(f, m.net.params); err != nil {
		return nil, err
	}
	return m, nil
}

// language makes one of what a file holds.
func (c Config) language(p *pieces) (*language, error) {
	if p == nil || p.Vocab == nil {
		return nil, errors.New("no vocabulary")
	}
	if c.WholeWords != (p.Merges == nil) {
		return nil, errors.New("merges of whole words, or none of pieces")
	}
	pipeline, err := tokenize.Parse(c.Pipeline)
	if err != nil {
		return nil, err
	}
	l := &language{pipeline, p.Merges, p.Vocab}
	return l, l.check()
}
