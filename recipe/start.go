package recipe

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/language"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// A Start names what a training starts from: one of the constants, or the path of a
// language model or a classifier. ./default is a file of that name.
type Start string

// The starts that are no files.
const (
	Auto     Start = "auto"     // Language for little English text, None for other
	None     Start = "none"     // random weights
	Default  Start = "default"  // the embedded classifier
	Language Start = "language" // the embedded language model
)

// A ModelError is a model to start from that cannot be used.
type ModelError struct {
	Name string
	Err  error
}

func (e *ModelError) Error() string { return fmt.Sprintf("--init %s: %v", e.Name, e.Err) }

// Unwrap returns Err.
func (e *ModelError) Unwrap() error { return e.Err }

// Explicit says whether a model is asked for by name.
func (s Start) Explicit() bool { return s != "" && s != Auto && s != None }

// File is the path of the model, "" if there is none to read.
func (s Start) File() string {
	if !s.Explicit() || s == Default || s == Language {
		return ""
	}
	return string(s)
}

// load reads the model.
func (s Start) load() (*train.Start, error) {
	start, err := s.read()
	if err != nil {
		return nil, &ModelError{string(s), err}
	}
	return start, nil
}

func (s Start) read() (*train.Start, error) {
	switch s {
	case Default:
		m, err := pretrained.Default()
		if err != nil {
			return nil, err
		}
		return train.FromClassifier(m)
	case Language:
		m, err := language.Model()
		if err != nil {
			return nil, err
		}
		return train.FromLanguageModel(m), nil
	}
	language, m, err := LoadModel(string(s))
	switch {
	case err != nil:
		return nil, err
	case language != nil:
		return train.FromLanguageModel(language), nil
	}
	return train.FromClassifier(m)
}

// LoadModel reads a language model or a classifier; the other is nil.
func LoadModel(path string) (*lm.Model, *classify.Model, error) {
	language, err := lm.Load(path)
	if err == nil || !errors.Is(err, lm.ErrFormat) {
		return language, nil, err
	}
	m, other := classify.Load(path)
	var damaged *tensorfile.FormatError
	switch {
	case other != nil && errors.As(err, &damaged):
		return nil, nil, fmt.Errorf("neither a language model nor a classifier: %w", damaged)
	case other != nil:
		return nil, nil, fmt.Errorf("neither a language model (%w) nor a classifier (%w)", err, other)
	}
	return nil, m, nil
}

// A Beginning is what a training begins with.
type Beginning struct {
	Config train.Config // the recipe's settings over those that suit texts and start
	Start  *train.Start // nil for random weights
	Name   string       // of the start or the file of vectors, "" for none
}

// Options are what a command line says of a training beside its recipe.
type Options struct {
	Start   Start
	Vectors Vectors // to start from in place of a model
	Losses  Losses
}

// Begin returns what a training begins with: a start, or word vectors, and the
// settings of the recipe over those that suit the texts and the start. With Auto nothing
// starts that is to have other vectors, another network or other words than the
// embedded language model. Without texts, nil, the settings are the recipe's alone.
func (r *Recipe) Begin(ctx context.Context, texts Texts, o Options) (b Beginning, err error) {
	var data *corpora.Dataset
	var heads []string
	var recommended train.Config
	if texts != nil {
		data, heads = texts.Train(), texts.Header().Heads
		if recommended, err = texts.Recommend(ctx); err != nil {
			return b, err
		}
	}
	if b, err = r.begin(o.Start, o.Vectors, data, recommended); err != nil {
		return b, err
	}
	b.Config.Model.Heads, err = o.Losses.heads(b.Config.Model.Heads, heads)
	return b, err
}

// begin is Begin for one start or file of vectors, with the settings that suit the texts,
// recommended. The texts are nil if they are not in memory.
func (r *Recipe) begin(s Start, vectors Vectors, texts *corpora.Dataset, recommended train.Config) (b Beginning, err error) {
	if (s == Auto || s == "") && texts != nil && vectors == "" && recommend.StartHelps(texts, "en") {
		b, err = r.begin(Language, "", texts, recommended)
		if err != nil || b.Config.CheckStart(b.Start) == nil && b.Config.Model.Pipeline == recommended.From(b.Start, 0).Model.Pipeline {
			return b, err
		}
		b = Beginning{}
	}
	if s.Explicit() {
		if b.Start, err = s.load(); err != nil {
			return b, err
		}
		n := 0
		if texts != nil {
			n = texts.Len()
		}
		recommended, b.Name = recommended.From(b.Start, n), filepath.Base(string(s))
	}
	if vectors != "" {
		b.Name = filepath.Base(string(vectors))
	}
	if recommended, err = vectors.recommend(recommended); err != nil {
		return b, err
	}
	b.Config, err = r.Over(recommended)
	return b, err
}
