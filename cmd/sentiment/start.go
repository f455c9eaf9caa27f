package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/language"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// embedded and embeddedLanguage name the embedded models where a file is wanted;
// ./default is a file of that name.
const (
	embedded         = "default"
	embeddedLanguage = "language"
)

// A startModel names what a training starts from: a file, one of the embedded
// models, noStart, or autoStart for what suits the texts.
type startModel string

const (
	noStart   startModel = "none"
	autoStart startModel = "auto"
)

// addFlag adds the flag that names the model.
func (s *startModel) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(s), "init", string(autoStart), "language model or classifier to start from: a `file` of sentiment pretrain or train; language or default for one of the embedded models; none; or auto, which is language for little English text and none for other")
}

// given says whether a model is asked for by name.
func (s startModel) given() bool { return s != noStart && s != autoStart }

// file is the path of the model, "" if there is none to read.
func (s startModel) file() string {
	if !s.given() || s == embedded || s == embeddedLanguage {
		return ""
	}
	return string(s)
}

// settings returns what a training begins with: the start, nil for random weights,
// with its name for the card, and the settings of r laid over those that suit the
// texts. Nothing starts by itself what is to have other vectors, another network
// or other words than the embedded language model. The texts are nil if they are
// not in memory.
func (s startModel) settings(r *trainRecipe, vectors vectorFile, texts *corpora.Dataset, recommended train.Config) (start *train.Start, name string, c train.Config, err error) {
	if s == autoStart && texts != nil && vectors == "" && recommend.StartHelps(texts, "en") {
		start, name, c, err = startModel(embeddedLanguage).settings(r, "", texts, recommended)
		if err != nil || c.CheckStart(start) == nil && c.Model.Pipeline == recommended.From(start, 0).Model.Pipeline {
			return start, name, c, err
		}
		start, name = nil, ""
	}
	if s.given() {
		if start, err = s.load(); err != nil {
			return nil, "", c, err
		}
		n := 0
		if texts != nil {
			n = texts.Len()
		}
		recommended, name = recommended.From(start, n), filepath.Base(string(s))
	}
	if vectors != "" {
		name = filepath.Base(string(vectors))
	}
	if recommended, err = vectors.recommend(recommended); err != nil {
		return nil, "", c, err
	}
	c, err = r.over(recommended)
	return start, name, c, err
}

// load reads the model.
func (s startModel) load() (*train.Start, error) {
	start, err := s.read()
	if err != nil {
		return nil, modelError{fmt.Errorf("--init %s: %w", s, err)}
	}
	return start, nil
}

func (s startModel) read() (*train.Start, error) {
	switch s {
	case embedded:
		m, err := pretrained.Default()
		if err != nil {
			return nil, err
		}
		return train.FromClassifier(m)
	case embeddedLanguage:
		m, err := language.Model()
		if err != nil {
			return nil, err
		}
		return train.FromLanguageModel(m), nil
	}
	language, m, err := loadEither(string(s))
	switch {
	case err != nil:
		return nil, err
	case language != nil:
		return train.FromLanguageModel(language), nil
	}
	return train.FromClassifier(m)
}

// loadEither reads a language model or a classifier; the other is nil.
func loadEither(path string) (*lm.Model, *classify.Model, error) {
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
