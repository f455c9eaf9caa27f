package interop

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/escape"
	"github.com/textlstm/textlstm/vocab"
)

// A Row is what an exported model reads of one text. In a batch, rows of unlike lengths
// are filled up with the numbers of [Padding].
type Row struct {
	// IDs are those of the tokens, in order.
	IDs []int64 `json:"ids"`

	// Ngrams are the rows of the wide branch, of models that have one.
	Ngrams []int64 `json:"ngrams,omitempty"`

	// Polarity is what the lexicon says of the words, where a head weighs it.
	Polarity float32 `json:"polarity,omitempty"`

	// Subwords are the character n-grams of each token, of models with vectors for them.
	Subwords [][]int64 `json:"subwords,omitempty"`
}

// A Padding says what fills up rows: IDs are followed by 0, which no output depends on.
type Padding struct {
	IDs      int64 `json:"ids"`
	Ngrams   int64 `json:"ngrams,omitempty"`
	Subwords int64 `json:"subwords,omitempty"`
}

// PaddingOf returns the padding of the rows of a model.
func PaddingOf(m *classify.Model) Padding {
	var p Padding
	cfg := m.Config()
	if cfg.HasWide() {
		p.Ngrams = int64(m.Wide().Dictionary.Rows())
	}
	if cfg.HasSubword() {
		p.Subwords = 1 << cfg.Subword.Bits
	}
	return p
}

// Rows returns what a model reads of texts, for an export of it that runs elsewhere. The
// only error is ctx's.
func Rows(ctx context.Context, m *classify.Model, texts []string) ([]Row, error) {
	encoded, err := m.Encode(ctx, texts)
	if err != nil {
		return nil, err
	}
	cfg := m.Config()
	rows := make([]Row, len(texts))
	for i, e := range encoded {
		r := Row{IDs: []int64{}, Ngrams: wide(e.Rows), Polarity: e.Polarity}
		for _, id := range e.IDs {
			if cfg.HasSubword() && !cfg.NoDeep {
				r.Subwords = append(r.Subwords, wide(subwords(m, e, id)))
			}
			r.IDs = append(r.IDs, int64(max(id, vocab.Unk)))
		}
		rows[i] = r
	}
	return rows, nil
}

// WriteRows writes the rows of texts as they come, a line of JSON each, and holds a
// thousand at most. The errors are those of texts, ctx's and w's; what came before is
// written.
func WriteRows(ctx context.Context, w io.Writer, m *classify.Model, texts iter.Seq2[string, error]) error {
	const window = 1000
	var waiting []string
	flush := func() error {
		rows, err := Rows(ctx, m, waiting)
		if err != nil {
			return err
		}
		e := json.NewEncoder(escape.Writer(w))
		for i := range rows {
			if err := e.Encode(&rows[i]); err != nil {
				return err
			}
		}
		waiting = waiting[:0]
		return nil
	}
	for text, err := range texts {
		if err != nil {
			return errors.Join(flush(), err)
		}
		if waiting = append(waiting, text); len(waiting) == window {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// subwords are the buckets of the n-grams of a word, by its id in e.
func subwords(m *classify.Model, e classify.Encoded, id vocab.ID) []int32 {
	switch {
	case id < 0:
		return slices.Clone(e.Unknown[^id])
	case m.Vocab().IsKnown(id):
		return m.Config().Subword.AppendBuckets(nil, m.Vocab().Token(id))
	}
	return nil
}

func wide(v []int32) []int64 {
	var out []int64
	for _, x := range v {
		out = append(out, int64(x))
	}
	return out
}
