package gradflow

import (
	"context"
	"errors"
	"math/rand/v2"
	"sort"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/vocab"
)

// A Sample says which inputs a model is measured on.
type Sample struct {
	// Texts are what the model reads; without any it reads words drawn from its own
	// vocabulary, as often as they occur there.
	Texts []string

	Sequences int // the most texts that are read, and the number of drawn ones; at least 1
	Steps     int // the most words that are read of a text, and the words of a drawn one; at least 1
}

// Model returns the curves of m on a sample: the gradient of its own score
// ([Pooled]) and, where its encoder is an LSTM, the gradient of its last state
// ([Trained]) and of the last states of untrained LSTMs of its shape on the same
// inputs ([Fresh]). The first network of several is measured. There are no curves
// where no text has a word; it is an error if the model has no deep branch.
func Model(ctx context.Context, m *classify.Model, s Sample, o Options) ([]Curve, error) {
	if m.Deep() == nil {
		return nil, errors.New("gradflow: the model has no LSTM, only n-grams")
	}
	var encoded []classify.Encoded
	if len(s.Texts) > 0 {
		var err error
		if encoded, err = m.Encode(ctx, s.Texts[:min(len(s.Texts), s.Sequences)]); err != nil {
			return nil, err
		}
	} else {
		draw := drawWords(m.Vocab(), seed.Rand(o.Seed, "words"))
		for range s.Sequences {
			ids := make([]vocab.ID, s.Steps)
			for t := range ids {
				ids[t] = draw()
			}
			encoded = append(encoded, classify.Encoded{IDs: ids})
		}
	}
	var sequences [][]float32
	for i := range encoded {
		e := &encoded[i]
		e.IDs = e.IDs[:min(len(e.IDs), s.Steps)]
		if len(e.IDs) == 0 {
			continue
		}
		sequences = append(sequences, m.Vectors(*e))
	}
	if len(sequences) == 0 {
		return nil, nil
	}
	own, err := Pooled("trained, pooled", m, encoded)
	if err != nil {
		return nil, err
	}
	encoder, ok := m.Deep().Members()[0].Encoder().(*lstm.LSTM)
	if !ok {
		return own, nil // the others are of LSTMs
	}
	last, err := Trained("trained, last state", encoder, sequences, o)
	if err != nil {
		return nil, err
	}
	untrained, err := Fresh(encoder.Config(), sequences, o)
	if err != nil {
		return nil, err
	}
	return append(append(own, last...), untrained...), nil
}

// drawWords draws words as often as they occur, or all alike where the
// vocabulary does not say.
func drawWords(v *vocab.Vocabulary, r *rand.Rand) func() vocab.ID {
	var ids []vocab.ID
	var upTo []int64
	var sum int64
	for id := range v.All() {
		count := v.Count(id)
		if v.Total() == 0 {
			count = 1
		}
		sum += count
		ids, upTo = append(ids, id), append(upTo, sum)
	}
	if sum == 0 {
		return func() vocab.ID { return vocab.Unk }
	}
	return func() vocab.ID {
		n := r.Int64N(sum)
		return ids[sort.Search(len(upTo), func(i int) bool { return upTo[i] > n })]
	}
}
