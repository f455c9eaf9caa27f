package lm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/modelfile"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A Model is a trained language model. It does not change.
type Model struct {
	cfg   Config
	vocab *vocab.Vocabulary
	net   *network
	int8  bool // its file has word vectors and encoder in eight bits
}

// Config returns the resolved configuration. It must not be changed.
func (m *Model) Config() Config { return m.cfg }

// Vocab returns the vocabulary.
func (m *Model) Vocab() *vocab.Vocabulary { return m.vocab }

// Embed returns the word vectors. They must not be changed.
func (m *Model) Embed() *embed.Table { return m.net.embed }

// Params returns the weights of word vectors and encoder under the names of a
// classifier's, in its order.
func (m *Model) Params() []*nn.Param {
	return m.net.params[:1+len(m.net.encoder.Params())]
}

const (
	formatVersion = 1
	metadataKey   = "textlstm.lm"
)

// ErrFormat says that a file is not a language model that this code can read.
// Errors wrapping it say why.
var ErrFormat = errors.New("lm: not a readable language model")

type description struct {
	Version int               `json:"version"`
	Config  Config            `json:"config"`
	Vocab   *vocab.Vocabulary `json:"vocab"`
	Int8    bool              `json:"int8,omitempty"`
}

// Save writes m to a safetensors file, atomically: whatever happens, the file
// is the old one or the new one, whole. Equal models give equal bytes.
func (m *Model) Save(path string) error {
	return fsx.WriteFile(fsx.OS{}, path, func(w io.Writer) error { return m.write(w) })
}

func (m *Model) write(w io.Writer) error {
	d, err := json.Marshal(description{formatVersion, m.cfg, m.vocab, m.int8})
	if err != nil {
		return err
	}
	return tensorfile.Write(w, map[string]string{metadataKey: string(d)}, modelfile.Tensors(m.net.params, m.int8))
}

// Load reads a file that Save wrote. Errors that are the content's fault wrap
// ErrFormat and name the file.
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
	if d.Vocab == nil {
		return nil, fmt.Errorf("metadata %s: no vocabulary", metadataKey)
	}
	if err := d.Config.Validate(); err != nil {
		return nil, err
	}
	D, H, layers := float64(d.Config.Embed), float64(d.Config.LSTM.HiddenSize), float64(d.Config.LSTM.NumLayers())
	if err := modelfile.Holds(f, float64(d.Vocab.Len())*D+layers*4*H*(min(D, H)+H)+D*H); err != nil {
		return nil, err
	}
	net, err := newNetwork(d.Config, d.Vocab)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range net.params {
		more, err := read(f, p, d.Int8)
		if err != nil {
			return nil, err
		}
		p.Changed()
		names = append(names, more...)
	}
	if err := f.CheckNames(names...); err != nil {
		return nil, err
	}
	return &Model{d.Config, d.Vocab, net, d.Int8}, nil
}
