package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
)

// Options say what a record holds beside the answer for its text, and how the
// answers are called. The zero value is a record for each text, with the likeliest
// label of each head.
type Options struct {
	Naming

	// Heads are the names of the heads that answer; nil means all of the model's.
	Heads []string

	// Sentences also answers each sentence of a text.
	Sentences bool

	// Foreign, if not nil, returns the language of a text that the model does not read,
	// and "" for others: langid.ForeignTo. Such a text and its sentences have no labels,
	// unless Other has.
	Foreign func(text string) string

	// Other, if not nil, returns what answers texts of a language that Foreign has named, and
	// their sentences, in the place of the model; nil if nothing does. Heads count as the
	// same if they have the same name and labels. No words explain its answers.
	Other func(language string) Predictor

	// Explainer, if not nil, finds the words that weigh most in each answer. It must
	// be the model's.
	Explainer *explain.Explainer

	// Keep writes the fields of each text, and the answers behind them. A column of the
	// answers that one of the fields has the name of is called predicted_ and its name.
	// Tables then have no ids of ours.
	Keep bool
}

// Validate reports what does not fit a model of those heads, beginning with the name of
// the option in lower case.
func (o *Options) Validate(heads []classify.Head) error {
	if err := o.Naming.Validate(); err != nil {
		return err
	}
	for _, name := range o.Heads {
		if find(heads, name) < 0 {
			return fmt.Errorf("head %s: the model has %s", name, names(heads))
		}
	}
	return nil
}

func find(heads []classify.Head, name string) int {
	return slices.IndexFunc(heads, func(h classify.Head) bool { return h.Name == name })
}

func names(heads []classify.Head) string {
	var list []string
	for _, h := range heads {
		list = append(list, h.Name)
	}
	return strings.Join(list, ", ")
}

// ReadBy is an Options.Other: a model answers texts of the languages that it reads. The
// model is loaded, perhaps several times and by several goroutines, when it is first asked
// for, by a function that cannot fail, such as multilingual.Model.
func ReadBy(load func() (*classify.Model, error)) func(language string) Predictor {
	return func(language string) Predictor {
		m, err := load()
		if err != nil {
			panic(err) // the model is a part of the program
		}
		if !slices.Contains(m.Config().Languages, language) {
			return nil
		}
		return m
	}
}

// Pick returns the heads that answer, in the order of the model.
func (o *Options) Pick(heads []classify.Head) []classify.Head {
	if o.Heads == nil {
		return heads
	}
	var picked []classify.Head
	for _, h := range heads {
		if slices.Contains(o.Heads, h.Name) {
			picked = append(picked, h)
		}
	}
	return picked
}
