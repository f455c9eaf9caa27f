package interop

import (
	"slices"
	"strconv"

	"github.com/textlstm/textlstm/nn"
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

// vocabulary returns the tokens of the rows of an embedding of so many rows, and the row of
// each id: padding, unknown, tokens. Where there is none of the first two it is -1.
func (t *Text) vocabulary(rows int) (*vocab.Vocabulary, []int, error) {
	tokens := t.Tokens
	if tokens == nil {
		for i := range rows {
			tokens = append(tokens, strconv.Itoa(i))
		}
	}
	if len(tokens) > rows {
		return nil, nil, refuse("embedding", "%d tokens for %d rows", len(tokens), rows)
	}
	row := []int{-1, -1}
	var known []string
	for i, token := range tokens {
		switch {
		case slices.Contains(padNames, token):
			row[vocab.Pad] = i
		case slices.Contains(unknownNames, token):
			row[vocab.Unk] = i
		default:
			known = append(known, token)
			row = append(row, i)
		}
	}
	v, err := vocab.New(known, nil, 0)
	return v, row, err
}

// copyRows gives the parameter of word vectors the rows of an embedding, zeros for -1.
func copyRows(p *nn.Param, e *Matrix, rows []int) {
	for id, row := range rows {
		if row >= 0 {
			copy(p.Data[id*e.Cols:(id+1)*e.Cols], e.Data[row*e.Cols:])
		}
	}
	p.Changed()
}

// pipeline is Pipeline with its default.
func (t *Text) pipeline() string {
	if t.Pipeline == "" {
		return "fields"
	}
	return t.Pipeline
}
