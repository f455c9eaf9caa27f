package classify

import (
	"gonum.org/v1/gonum/floats"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// lexicalBranch is what the words of a text say by the lexicon, as Head.Lexicon
// weighs it. It has no weights of its own.
type lexicalBranch struct{}

func (lexicalBranch) Name() string                          { return "lexicon" }
func (lexicalBranch) Scale(*Head) *float64                  { return nil }
func (lexicalBranch) NumParams() int                        { return 0 }
func (lexicalBranch) check(Config, *vocab.Vocabulary) error { return nil }
func (lexicalBranch) tensors(Config) []tensorfile.Tensor    { return nil }
func (lexicalBranch) readsTokens(Config) bool               { return true }

func (lexicalBranch) begin(_ *Model, w *worker) {
	w.lexicon, w.polarities = lexicon.Reader{}, w.polarities[:0]
}

func (lexicalBranch) read(w *worker, tokens []tokenize.Token) {
	w.polarities = w.lexicon.Append(w.polarities, tokens)
}

func (lexicalBranch) end(w *worker, e *Encoded) {
	w.lexicon.Scale(w.polarities)
	e.Polarity = float32(floats.Sum(w.polarities))
}

func (lexicalBranch) addScores(m *Model, w *worker, sums [][]float32) error {
	for h, head := range m.cfg.Heads {
		for i, t := range w.texts {
			for c, v := range head.Lexicon {
				sums[h][i*len(head.Labels)+c] += float32(v) * t.Polarity
			}
		}
	}
	return nil
}

// TokenScores is described at TokenBranch.
func (lexicalBranch) TokenScores(h *Head, direction []float32, tokens []tokenize.Token) []float64 {
	if len(h.Lexicon) == 0 {
		return nil
	}
	weight := 0.0
	for c, v := range h.Lexicon {
		weight += float64(direction[c]) * v
	}
	parts := lexicon.AppendPolarities([]float64{}, tokens)
	floats.Scale(weight, parts)
	return parts
}
