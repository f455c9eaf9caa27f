package jsonapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/explain"
)

// A Model answers texts, explains its answers, and knows the languages that it does not
// read, and who does.
type Model interface {
	answer.Predictor
	Explainer() *explain.Explainer
	Foreign() func(text string) string             // as answer.Options.Foreign
	Other() func(language string) answer.Predictor // as answer.Options.Other
}

// Options say which model answers, and how.
type Options struct {
	Model     string  `json:"model"`     // "" means the first
	Version   string  `json:"version"`   // "" means the newest
	Heads     Names   `json:"heads"`     // none means all
	Explain   bool    `json:"explain"`   // the words that weigh most too
	Sentences bool    `json:"sentences"` // the sentences too
	Abstain   float64 `json:"abstain"`   // no label below this probability
	Neutral   float64 `json:"neutral"`   // neutral below this probability

	AnyLanguage bool `json:"any_language"` // label texts of languages that the model does not read too
}

// A Classify is a request to label one text or several.
type Classify struct {
	Options
	Text  *string `json:"text"`
	Texts Texts   `json:"texts"`
}

// ParseClassify reads a request.
func ParseClassify(body []byte, l Limits) (*Classify, error) {
	var c Classify
	if err := Decode(body, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Text == nil && c.Texts == nil:
		return nil, Invalid("texts", "want text or texts")
	case c.Text != nil && c.Texts != nil:
		return nil, Invalid("text", "want either text or texts, not both")
	case c.Text != nil:
		c.Texts = Texts{{Text: *c.Text}}
		if l.Bytes > 0 && len(*c.Text) > l.Bytes {
			e := AsError(l.Check("text", 1, func(int) string { return *c.Text }))
			e.Field = "text"
			return nil, e
		}
	}
	if err := l.Check("texts", len(c.Texts), func(i int) string { return c.Texts[i].Text }); err != nil {
		return nil, err
	}
	for i := range c.Texts {
		if !c.Texts[i].named {
			c.Texts[i].ID = strconv.Itoa(i + 1)
		}
	}
	return &c, c.check()
}

func (o *Options) check() error {
	for _, p := range []struct {
		field string
		value float64
	}{{"abstain", o.Abstain}, {"neutral", o.Neutral}} {
		if !(p.value >= 0 && p.value <= 1) {
			return Invalid(p.field, "%g is no probability: want 0 to 1", p.value)
		}
	}
	return nil
}

// A Labeler answers texts as one request wants it.
type Labeler struct {
	model   Model
	options answer.Options
}

// NewLabeler returns what answers with m as o says.
func NewLabeler(m Model, o Options) (*Labeler, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	l := &Labeler{model: m, options: answer.Options{
		Naming: answer.Naming{Abstain: o.Abstain, Neutral: o.Neutral}, Heads: o.Heads, Sentences: o.Sentences,
	}}
	var names []string
	for _, h := range m.Heads() {
		names = append(names, h.Name)
	}
	for i, name := range o.Heads {
		if !slices.Contains(names, name) {
			return nil, Invalid(fmt.Sprintf("heads[%d]", i), "%.64q is no head of the model: want %s", name, strings.Join(names, ", "))
		}
	}
	if o.Explain {
		l.options.Explainer = m.Explainer()
	}
	if !o.AnyLanguage {
		l.options.Foreign, l.options.Other = m.Foreign(), m.Other()
	}
	return l, nil
}

// Label writes the record of each text as sentiment classify does, in order: a line
// each, which are an array if array is set.
func (l *Labeler) Label(ctx context.Context, texts iter.Seq[answer.Text], array bool, b *bytes.Buffer) error {
	w := answer.NewWriter(b, l.model.Heads(), l.options, array)
	for r, err := range answer.All(ctx, l.model, texts, l.options) {
		if err != nil {
			return err
		}
		if err := w.Write(r); err != nil {
			return err
		}
	}
	return w.Close()
}

// All ranges over the texts.
func (t Texts) All() iter.Seq[answer.Text] {
	return func(yield func(answer.Text) bool) {
		for i := range t {
			if !yield(answer.Text{ID: t[i].ID, Text: t[i].Text}) {
				return
			}
		}
	}
}

// Answer answers a request with one JSON object: what answered, and a record for each
// text.
func (c *Classify) Answer(ctx context.Context, m Model, id Identity) ([]byte, error) {
	l, err := NewLabeler(m, c.Options)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	head, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	b.Write(head[:len(head)-1])
	b.WriteString(`,"results":`)
	if err := l.Label(ctx, c.Texts.All(), true, &b); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the newline
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// An Identity says what answered.
type Identity struct {
	Model    string `json:"model"`
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the file: the first digits of its SHA-256
}
