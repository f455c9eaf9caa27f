package recipe

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/recipe/settings"
	"github.com/textlstm/textlstm/train"
)

// A Recipe is a config file: the settings of a training, and the files that it reads.
// Its Config has what the recipe says alone, without the defaults that suit the texts.
type Recipe struct {
	train.Config

	// Card is what the model says of itself.
	Card classify.Card `json:"card,omitzero"`

	// Data are the files to learn from, Dev those to choose the epoch by.
	Data []Source `json:"data,omitempty"`
	Dev  []Source `json:"dev,omitempty"`

	// Budget is the time that a training by RunWithin may take, such as 2m; 0 means any.
	Budget Budget `json:"budget,omitempty"`

	settings settings.Tree
}

// An Error says what is wrong with settings, whatever the data.
type Error = settings.Error

func errorf(format string, args ...any) error { return &Error{Err: fmt.Errorf(format, args...)} }

// Choices are the values of the settings that have a few which their types do not say.
func (Recipe) Choices() map[string][]string {
	return map[string][]string{
		"metric":               evaluate.Names(),
		"model.encoder":        classify.EncoderNames(),
		"model.ngrams.lexicon": {"vader"},
	}
}

// Read reads a config file, if one is named, and applies path=value settings. An
// *Error or a *train.ConfigError says what is wrong with them, as far as that does not
// depend on texts; other errors are the system's.
func Read(file string, sets []string) (*Recipe, error) {
	tree, err := settings.Read(file, sets)
	if err != nil {
		return nil, err
	}
	r := &Recipe{settings: tree}
	if err := tree.Over(r); err != nil {
		return nil, err
	}
	if err := r.CheckSettings(); err != nil {
		return nil, err
	}
	for _, list := range [][]Source{r.Data, r.Dev} {
		for i := range list {
			list[i].beside = filepath.Dir(file)
		}
	}
	return r, nil
}

// Over returns the settings of c with those of the recipe in their place.
func (r *Recipe) Over(c train.Config) (train.Config, error) {
	laid := Recipe{Config: c}
	if err := r.settings.Over(&laid); err != nil {
		return c, err
	}
	return laid.Config, nil
}

// CardOf is the card of a model made of sources: that of the recipe, with the name, if
// it is not "", and the names of the sources where it has none.
func (r *Recipe) CardOf(name string, sources []Source) classify.Card {
	c := r.Card
	c.Name = cmp.Or(name, c.Name)
	if len(c.Data) == 0 {
		for _, s := range sources {
			c.Data = append(c.Data, s.name())
		}
	}
	return c
}

// WriteFile writes the recipe, with the settings c in the place of its own, as a config
// file that Read reads. It leaves out the sources that Files made, which are relative
// to the working directory, and settings that are zero, unless the recipe has them or
// named has their paths.
func (r *Recipe) WriteFile(file string, c train.Config, named ...string) error {
	tree, err := settings.Of(r.with(c))
	if err != nil {
		return err
	}
	all, err := settings.AllOf(c)
	if err != nil {
		return err
	}
	for _, path := range append(r.settings.Paths(), named...) {
		if v, ok := all.At(path); ok {
			if err := tree.Put(path, v); err != nil {
				return err
			}
		}
	}
	return tree.WriteFile(file)
}

// WriteAll writes the recipe as WriteFile does, in TOML, but with every setting that
// there is: laid over any defaults, it is c.
func (r *Recipe) WriteAll(w io.Writer, c train.Config) error {
	tree, err := settings.Of(r.with(c))
	if err != nil {
		return err
	}
	all, err := settings.AllOf(c)
	if err != nil {
		return err
	}
	maps.Copy(tree, all)
	return tree.WriteTOML(w)
}

func (r *Recipe) with(c train.Config) Recipe {
	here := func(s Source) bool { return s.here }
	return Recipe{
		Config: c, Card: r.Card, Budget: r.Budget,
		Data: slices.DeleteFunc(slices.Clone(r.Data), here),
		Dev:  slices.DeleteFunc(slices.Clone(r.Dev), here),
	}
}
