package interop

import (
	"slices"
	"strconv"

	"github.com/textlstm/textlstm/vocab"
)

// A Text says how a text becomes rows of the embedding.
type Text struct {
	// Pipeline makes tokens of a text, in the syntax of tokenize.Parse; "" means "fields".
	// The truncation of the framework is a stage of it, such as max:80.
	Pipeline string

	// Tokens name the rows of the embedding, the first ones. Rows of padding and of unknown
	// tokens have one of the usual names: "", <pad>, [PAD]; <unk>, [UNK], <oov>. Without
	// Tokens a row's token is its number, so that texts are the ids of their words.
	Tokens []string
}

var (
	padNames     = []string{"", "<pad>", "<PAD>", "[PAD]"}
	unknownNames = []string{"<unk>", "<UNK>", "[UNK]", "<oov>", "<OOV>"}
)

// vocabulary returns the tokens of the rows of an embedding, and the embedding with its rows in the
// order of their ids: padding, unknown, tokens. Where there is none of the first two, its row is zeros.
func (t *Text) vocabulary(e *Matrix) (*vocab.Vocabulary, []float32, error) {
	tokens := t.Tokens
	if tokens == nil {
		for i := range e.Rows {
			tokens = append(tokens, strconv.Itoa(i))
		}
	}
	if len(tokens) > e.Rows {
		return nil, nil, refuse("embedding", "%d tokens for %d rows", len(tokens), e.Rows)
	}
	table := make([]float32, 2*e.Cols, (2+len(tokens))*e.Cols)
	var known []string
	for i, token := range tokens {
		row := e.Data[i*e.Cols : (i+1)*e.Cols]
		switch {
		case slices.Contains(padNames, token):
			copy(table[:e.Cols], row)
		case slices.Contains(unknownNames, token):
			copy(table[e.Cols:2*e.Cols], row)
		default:
			known = append(known, token)
			table = append(table, row...)
		}
	}
	v, err := vocab.New(known, nil, 0)
	return v, table, err
}

// pipeline is Pipeline with its default.
func (t *Text) pipeline() string {
	if t.Pipeline == "" {
		return "fields"
	}
	return t.Pipeline
}
