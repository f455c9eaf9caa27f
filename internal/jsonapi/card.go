package jsonapi

import (
	"encoding/json"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/escape"
)

// A Card is what a client may know of a model.
type Card struct {
	Identity
	Default  bool          `json:"default"` // it answers where no model is named
	Heads    []Head        `json:"heads"`
	Pipeline string        `json:"pipeline"`
	Words    int           `json:"words"`   // of the vocabulary
	Weights  int           `json:"weights"` // numbers that were learned
	Card     classify.Card `json:"card"`
}

// A Head is a question that a model answers.
type Head struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"` // label, labels or number
	Labels []string `json:"labels,omitempty"`
}

// NewCard describes a model.
func NewCard(id Identity, m *classify.Model) Card {
	c := Card{Identity: id, Pipeline: m.Pipeline().String(), Words: m.Vocab().Len(), Weights: m.NumParams(), Card: m.Card()}
	for _, h := range m.Heads() {
		kind := "label"
		switch {
		case !h.Labelled():
			kind = "number"
		case h.MultiLabel():
			kind = "labels"
		}
		c.Heads = append(c.Heads, Head{Name: h.Name, Kind: kind, Labels: h.Labels})
	}
	return c
}

// Cards is the list of models as JSON.
func Cards(list []Card) []byte {
	b, err := json.Marshal(map[string][]Card{"models": list})
	if err != nil {
		panic(err) // it holds finite numbers and strings
	}
	return append(escape.JSON(b), '\n')
}
