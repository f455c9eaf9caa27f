package jsonapi

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/textlstm/textlstm/explain"
)

// An Explain is a request for the weight of each word of a text.
type Explain struct {
	Model   string  `json:"model"`
	Version string  `json:"version"`
	Text    *string `json:"text"`
	Head    string  `json:"head"`    // "" means the first
	Label   string  `json:"label"`   // "" means the likeliest
	Against string  `json:"against"` // "" means the mean of the others
}

// ParseExplain reads a request.
func ParseExplain(body []byte, l Limits) (*Explain, error) {
	var e Explain
	if err := Decode(body, &e); err != nil {
		return nil, err
	}
	if e.Text == nil {
		return nil, Invalid("text", "want a text")
	}
	if l.Bytes > 0 && len(*e.Text) > l.Bytes {
		return nil, Errorf(413, "text", "a text of %d bytes, at most %d are read", len(*e.Text), l.Bytes)
	}
	return &e, nil
}

// Answer answers a request as sentiment explain does, with one JSON object.
func (e *Explain) Answer(ctx context.Context, m Model) ([]byte, error) {
	x, err := m.Explainer().Explain(ctx, *e.Text, explain.Options{Head: e.Head, Label: e.Label, Against: e.Against})
	switch {
	case errors.Is(err, explain.ErrHead):
		return nil, Invalid("head", "the model has no head %.64q", e.Head)
	case errors.Is(err, explain.ErrLabel):
		field, name := "label", e.Label
		if e.Against != "" {
			field, name = "against", e.Against
		}
		return nil, Invalid(field, "%.64q is no label that this head can be explained by", name)
	case errors.Is(err, explain.ErrTooLong):
		return nil, Errorf(413, "text", "the text has more words than can be explained")
	case err != nil:
		return nil, err
	}
	b, err := json.Marshal(x)
	return append(b, '\n'), err
}
