package classify

import (
	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// HasSubword says whether words have vectors for their character n-grams.
func (c Config) HasSubword() bool { return c.Subword != embed.SubwordConfig{} }

// EncodeTokens returns what the deep branch reads of a text that the model's
// pipeline has made into tokens.
func (m *Model) EncodeTokens(tokens []tokenize.Token) Encoded {
	var e Encoded
	e.appendTokens(m, tokens)
	return e
}

func (e *Encoded) appendTokens(m *Model, tokens []tokenize.Token) {
	if m.cfg.NoDeep || !m.cfg.HasSubword() {
		for i := range tokens {
			e.IDs = append(e.IDs, m.vocab.ID(tokens[i].Text))
		}
		return
	}
	for i := range tokens {
		id, known := m.vocab.Lookup(tokens[i].Text)
		if !known {
			id = ^vocab.ID(len(e.Unknown))
			e.Unknown = append(e.Unknown, m.cfg.Subword.AppendBuckets(nil, tokens[i].Text))
		}
		e.IDs = append(e.IDs, id)
	}
}

// Vectors returns the word vectors of a text as the encoder of the first member
// reads them, in float32: [len(IDs)][Embed]. It panics without a deep branch.
func (m *Model) Vectors(e Encoded) []float32 {
	x := make([]float32, len(e.IDs)*m.cfg.Embed)
	m.Deep().members[0].gather(x, e.IDs, e.Unknown)
	return x
}

// gather writes the word vectors of ids, those of unknown words among them, to
// dst [len(ids)][D].
func (n *Network) gather(dst []float32, ids []vocab.ID, unknown [][]int32) {
	if n.subwords == nil {
		n.embed.Gather(dst, ids)
		return
	}
	D := n.cfg.Embed
	for i, id := range ids {
		row, grams := n.parts(id, unknown)
		x := dst[i*D : (i+1)*D]
		n.embed.Gather(x, []vocab.ID{row})
		n.subwords.AddMean(x, grams)
	}
}

// parts returns what the vector of a word is made from: its row, and its
// n-grams' buckets.
func (n *Network) parts(id vocab.ID, unknown [][]int32) (row vocab.ID, grams []int32) {
	if id < 0 {
		return vocab.Unk, unknown[^id]
	}
	return id, n.subwords.Of(id)
}

// addWordGrad adds the gradient of the word vectors that were read to that of what they
// were made from.
func (n *Network) addWordGrad(ws *Workspace, dX []float32) {
	if n.subwords == nil {
		n.embed.AddGrad(ws.read, dX)
		return
	}
	D := n.cfg.Embed
	for i, id := range ws.read {
		row, grams := n.parts(id, ws.unknown)
		d := dX[i*D : (i+1)*D]
		n.embed.AddGrad([]vocab.ID{row}, d)
		n.subwords.AddGrad(grams, d)
	}
}

// wordKey tells words apart, for the dropout of words: ids, and a hash of the
// n-grams of the unknown ones.
func (ws *Workspace) wordKey(id vocab.ID) int32 {
	if id >= 0 {
		return int32(id)
	}
	h := uint32(2166136261)
	for _, b := range ws.unknown[^id] {
		h = (h ^ uint32(b)) * 16777619
	}
	return int32(h | 1<<31) // unlike any id
}
