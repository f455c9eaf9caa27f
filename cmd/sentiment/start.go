package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/lm"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/train"
)

// embedded and embeddedLanguage name the embedded models where a file is wanted;
// ./default is a file of that name.
const (
	embedded         = "default"
	embeddedLanguage = "language"
)

// addStartFlag adds the flag that names a model to start from.
func addStartFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "init", "", "language model or classifier to start from: a `file` of sentiment pretrain or train, or language or default for one of the embedded models")
}

// loadStart reads what a training is to start from; nil for "".
func loadStart(file string) (*train.Start, error) {
	if file == "" {
		return nil, nil
	}
	s, err := readStart(file)
	if err != nil {
		return nil, modelError{fmt.Errorf("--init %s: %w", file, err)}
	}
	return s, nil
}

func readStart(file string) (*train.Start, error) {
	if file == embedded {
		m, err := pretrained.Default()
		if err != nil {
			return nil, err
		}
		return train.FromClassifier(m)
	}
	if file == embeddedLanguage {
		m, err := pretrained.Language()
		if err != nil {
			return nil, err
		}
		return train.FromLanguageModel(m), nil
	}
	language, err := lm.Load(file)
	if err == nil {
		return train.FromLanguageModel(language), nil
	}
	if !errors.Is(err, lm.ErrFormat) {
		return nil, err
	}
	m, other := classify.Load(file)
	var damaged *tensorfile.FormatError
	switch {
	case other != nil && errors.As(err, &damaged):
		return nil, fmt.Errorf("neither a language model nor a classifier: %w", damaged)
	case other != nil:
		return nil, fmt.Errorf("neither a language model (%w) nor a classifier (%w)", err, other)
	}
	return train.FromClassifier(m)
}
