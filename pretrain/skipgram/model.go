package skipgram

import (
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/vocab"
)

// The tables of a model.
const (
	in  = iota // v, of words
	out        // u, of words as neighbours
)

// A model is the weights: two tables of [V][D], by ID.
type model struct {
	dim    int
	tables [2][]float32
	terms  [2][]float32 // [V], all 0 between two moves
}

func newModel(dim int, words []float32) *model {
	m := &model{dim: dim}
	m.tables = [2][]float32{words, make([]float32, len(words))}
	m.terms = [2][]float32{make([]float32, len(words)/dim), make([]float32, len(words)/dim)}
	return m
}

// init draws the vectors as word2vec does: small ones for words, and none for
// neighbours.
func (m *model) init(v *vocab.Vocabulary, r *rand.Rand) {
	for id := range v.All() {
		row := m.row(in, id)
		for k := range row {
			row[k] = (r.Float32() - 0.5) / float32(m.dim)
		}
	}
}

func (m *model) row(table int, id vocab.ID) []float32 {
	return m.tables[table][int(id)*m.dim : (int(id)+1)*m.dim]
}

// most is the number of terms of a row's gradient in one batch of which the step
// may be the sum; of more, it is their mean times most. Only the most frequent
// words of a large corpus have more. A step on n terms overshoots at rates above
// 8 / (n * |u|^2), u being the other vectors, which get about 2 long: for 64 terms
// that is more than the default rate, for 256 it is less, and the vectors of a
// small vocabulary then swing from side to side.
const most = 64

// move adds the gradients of pieces to the rows of a table that mine chooses.
func (m *model) move(table int, pieces []piece, rate float32, mine func(vocab.ID) bool) {
	total := m.terms[table]
	for i := range pieces {
		ids, terms, _ := pieces[i].gradient(table)
		for k, id := range ids {
			if mine(id) {
				total[id] += terms[k]
			}
		}
	}
	for i := range pieces {
		ids, _, d := pieces[i].gradient(table)
		for k, id := range ids {
			if mine(id) {
				vec.Axpy(rate*min(1, most/max(total[id], 1)), d[k*m.dim:(k+1)*m.dim], m.row(table, id))
			}
		}
	}
	for i := range pieces {
		ids, _, _ := pieces[i].gradient(table)
		for _, id := range ids {
			if mine(id) {
				total[id] = 0
			}
		}
	}
}
