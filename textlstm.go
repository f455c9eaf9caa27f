package textlstm

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/recipe"
	"github.com/textlstm/textlstm/train"
)

// A Model labels texts. It may be used by any number of goroutines.
type Model = classify.Model

// A Prediction is a model's answer for one text.
type Prediction = classify.Prediction

// A Dataset is labelled texts.
type Dataset = corpora.Dataset

// Read reads labelled texts from a file: TSV, CSV, JSON lines, Parquet, fastText, a
// directory for each label, compressed or not. columns are those of the labels, by name
// or number; each becomes a head of the model. name=column gives the head another name.
// Without columns the one column of labels is found by its name or its content. Package
// corpora has everything else that can be said of a file.
func Read(file string, columns ...string) (*Dataset, error) {
	var o corpora.Options
	for _, c := range columns {
		if !strings.Contains(c, "=") {
			c += "=" + c
		}
		h, err := corpora.ParseHead(c)
		if err != nil {
			return nil, err
		}
		o.Heads = append(o.Heads, h)
	}
	d, _, err := corpora.ReadFiles(o, file)
	return d, err
}

// Texts returns a data set of texts [n] and their labels [n], "" for none, whose one head
// has the name "label".
func Texts(texts, labels []string) (*Dataset, error) {
	return corpora.NewDataset("label", texts, labels)
}

// Options say how to train. The zero value is what suits the texts.
type Options struct {
	// Dev, if not nil, are the texts by which to choose the best epoch. Otherwise a tenth
	// of the texts, at most 1,000, is set aside for that.
	Dev *Dataset

	// Config is the path of a config file, "" for none, and Set has settings such as
	// "epochs=3", which come before those of the file. docs/settings.md lists them all.
	Config string
	Set    []string

	// Start is what to start from: "" for what suits the texts, a file, or one of the
	// constants of package recipe.
	Start recipe.Start

	// Name is what the model's card calls it.
	Name string

	// OnProgress, if not nil, is called after every batch; see watch.Console.
	OnProgress func(train.Progress)
}

// Train makes the model that "sentiment train" would make of the same texts, byte for
// byte: with the settings that suit their language, number and length, from the embedded
// language model where there is little English text, and a second time on all texts
// where there are few. The same texts and options give the same bytes. The errors are
// ctx's, and those about options and texts; those wrap corpora.ErrData where the texts
// are too few, or their labels.
func Train(ctx context.Context, data *Dataset, o Options) (*Model, error) {
	if data == nil {
		return nil, fmt.Errorf("textlstm: no texts: %w", corpora.ErrData)
	}
	r, err := recipe.Read(o.Config, o.Set)
	if err != nil {
		return nil, err
	}
	texts := recipe.InMemory(data, o.Dev)
	if o.Dev == nil {
		if texts, err = recipe.Split(data, -1, r.Seed); err != nil {
			return nil, err
		}
	}
	t := &train.Trainer{Card: r.CardOf(o.Name, nil), OnProgress: o.OnProgress}
	if len(t.Card.Data) == 0 {
		t.Card.Data = names(data.Sources)
	}
	if _, err := r.Setup(ctx, t, texts, recipe.Options{Start: o.Start}, io.Discard); err != nil {
		return nil, err
	}
	result, err := texts.Fit(ctx, t)
	if err != nil {
		return nil, err
	}
	return result.Model, nil
}

// names are those of the files of a data set, without their directories.
func names(sources []corpora.Source) []string {
	var names []string
	for _, s := range sources {
		if base := filepath.Base(s.Name); s.Name != "" && !slices.Contains(names, base) {
			names = append(names, base)
		}
	}
	return names
}

// Load reads the file of a model. An error that is the content's fault wraps
// classify.ErrFormat.
func Load(file string) (*Model, error) { return classify.Load(file) }

// Default returns the embedded model, for the sentiment and topic of English texts.
func Default() (*Model, error) { return pretrained.Default() }

// Evaluate judges a model on labelled texts: an evaluation for each head that data has
// labels of, by name; see score.Dataset. The errors are ctx's, and score.ErrLabels if the
// labels are not those of the model.
func Evaluate(ctx context.Context, m *Model, data *Dataset) ([]*evaluate.Evaluation, error) {
	predictions, err := score.Dataset(ctx, m, data, "")
	if err != nil {
		return nil, err
	}
	var all []*evaluate.Evaluation
	for _, p := range predictions {
		e, err := p.Evaluate(evaluate.Options{})
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}
