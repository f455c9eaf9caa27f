// Package encode counts a vocabulary over texts and turns them into its ids.
package encode

import (
	"context"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/resume"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// Sum identifies texts as a model reads them.
func Sum(texts [][]vocab.ID) string {
	s := resume.NewSum()
	for _, ids := range texts {
		s.Numbers(uint64(len(ids)))
		for _, id := range ids {
			s.Numbers(uint64(id))
		}
	}
	return s.String()
}

// Texts returns the vocabulary that o keeps of the tokens of texts, and the ids
// of each text. The pipeline is in the syntax of tokenize.Parse. The number of
// workers changes nothing. The errors are about the pipeline and o, and ctx's.
func Texts(ctx context.Context, texts []string, pipeline string, o vocab.Options, workers int) (*vocab.Vocabulary, [][]vocab.ID, error) {
	p, err := tokenize.Parse(pipeline)
	if err != nil {
		return nil, nil, err
	}
	// One shard a worker, since the words of each take memory.
	shards := max(min(workers, 16), 1)
	tokens := make([][]tokenize.Token, shards)
	each := func(visit func(shard, i int)) error {
		par.For(workers, shards, func(s int) {
			for i := s; i < len(texts) && ctx.Err() == nil; i += shards {
				tokens[s] = p.AppendTokens(tokens[s][:0], texts[i])
				visit(s, i)
			}
		})
		return ctx.Err()
	}
	counters := make([]vocab.Counter, shards)
	if err := each(func(s, i int) {
		for k := range tokens[s] {
			counters[s].Add(tokens[s][k].Text)
		}
	}); err != nil {
		return nil, nil, err
	}
	for s := 1; s < shards; s++ {
		counters[0].Merge(&counters[s])
	}
	v, err := counters[0].Build(o)
	if err != nil {
		return nil, nil, err
	}
	clear(counters)
	ids := make([][]vocab.ID, len(texts))
	if err := each(func(s, i int) {
		ids[i] = make([]vocab.ID, len(tokens[s]))
		for k := range tokens[s] {
			ids[i][k] = v.ID(tokens[s][k].Text)
		}
	}); err != nil {
		return nil, nil, err
	}
	return v, ids, nil
}
