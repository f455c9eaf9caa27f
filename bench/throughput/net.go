package main

import (
	"math/rand/v2"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

const (
	words  = 20_000
	labels = 2
	rate   = 1e-3
)

// A net is the classifier and one batch of random words for it.
type net struct {
	rng    *rand.Rand
	texts  [][]vocab.ID // to draw from; nil for random words
	table  *embed.Table
	lstm   *lstm.LSTM
	pool   *nn.Pool
	dense  *nn.Dense
	adam   *nn.Optimizer
	params []*nn.Param

	ws     lstm.Workspace
	poolWS nn.PoolWorkspace

	layout  nn.Layout
	ids     []vocab.ID // [Rows]
	targets nn.Targets

	seen     [words]int32 // the place of a word among the batch's distinct ones, plus 1
	distinct []vocab.ID
	index    []int32 // [Rows]
	keys     []int32
	cache    *lstm.InputCache // nil without one

	x, dY, pooled, dPooled, logits, dLogits []float32
}

func newNet(c lstm.Config, threads int, seed uint64) (*net, error) {
	n := &net{rng: rand.New(rand.NewPCG(seed, 0))}
	var err error
	if n.table, err = embed.New(words, c.InputSize); err != nil {
		return nil, err
	}
	if n.lstm, err = lstm.New(c); err != nil {
		return nil, err
	}
	if n.pool, err = nn.NewPool("pool", nn.PoolConfig{Kinds: []nn.Pooling{nn.Max}, Size: c.OutputSize()}); err != nil {
		return nil, err
	}
	if n.adam, err = nn.NewOptimizer(nn.OptimizerConfig{Kind: nn.Adam}); err != nil {
		return nil, err
	}
	n.dense = nn.NewDense("head", n.pool.OutSize(), labels)
	n.table.Init(n.rng)
	n.lstm.Init(n.rng)
	n.dense.Init(n.rng)
	n.ws.Workers, n.dense.Workers, n.adam.Workers = threads, threads, threads
	n.params = append(n.params, n.table.Params()...)
	n.params = append(n.params, n.lstm.Params()...)
	n.params = append(n.params, n.dense.Params()...)
	return n, nil
}

// draw makes a new batch, of the texts or of random words.
func (n *net) draw(batch int, from []int) {
	texts, lengths := make([][]vocab.ID, batch), make([]int, batch)
	n.targets.Labels = make([]int32, batch)
	for b := range lengths {
		if n.texts != nil {
			texts[b] = n.texts[n.rng.IntN(len(n.texts))]
			lengths[b] = len(texts[b])
		} else {
			lengths[b] = from[n.rng.IntN(len(from))]
		}
		n.targets.Labels[b] = int32(n.rng.IntN(labels))
	}
	n.layout.Reset(lengths)
	n.ids = grow(n.ids, n.layout.Rows())
	if n.texts == nil {
		for i := range n.ids {
			n.ids[i] = vocab.ID(1 + n.rng.IntN(words-1)) // 0 is the padding
		}
		return
	}
	for b, text := range texts {
		for at, id := range text {
			n.ids[n.layout.Row(at, b)] = id
		}
	}
}

// distinctWords lists the words of the batch that are not in the cache, each once, and
// gathers their vectors: a word that stands in a batch more than once is multiplied with
// the input weights once.
func (n *net) distinctWords(cache *lstm.InputCache) lstm.Batch {
	n.distinct, n.index, n.keys = n.distinct[:0], grow(n.index, len(n.ids)), n.keys[:0]
	for i, id := range n.ids {
		if n.seen[id] == 0 {
			if cache != nil && cache.Has(int(id)) {
				n.index[i] = ^int32(id)
				continue
			}
			n.distinct = append(n.distinct, id)
			n.keys = append(n.keys, int32(id))
			n.seen[id] = int32(len(n.distinct))
		}
		n.index[i] = n.seen[id] - 1
	}
	for _, id := range n.distinct {
		n.seen[id] = 0
	}
	n.x = grow(n.x, len(n.distinct)*n.table.Dim())
	n.table.Gather(n.x, n.distinct)
	return lstm.Batch{Layout: &n.layout, X: n.x, Index: n.index, Cache: cache, Keys: n.keys}
}

// train takes one step of Adam on the batch.
func (n *net) train() error {
	for _, p := range n.params {
		p.NeedGrad()
	}
	nn.ZeroGrad(n.params)
	out, err := n.lstm.Forward(&n.ws, n.distinctWords(nil), nil, lstm.Mode{Train: true})
	if err != nil {
		return err
	}
	n.head(out.Y)
	B := n.layout.B()
	n.dLogits = grow(n.dLogits, len(n.logits))
	n.dPooled = grow(n.dPooled, len(n.pooled))
	n.dY = grow(n.dY, len(out.Y))
	clear(n.dY)
	loss := nn.Loss{}
	loss.Eval(n.dLogits, n.logits, B, labels, &n.targets, 0)
	n.dense.Backward(n.dPooled, n.dLogits, n.pooled, B)
	n.pool.Backward(n.dY, n.dPooled, out.Y, &n.layout, nil, &n.poolWS)
	dX, _, err := n.lstm.Backward(&n.ws, n.dY, nil)
	if err != nil {
		return err
	}
	n.table.AddGrad(n.distinct, dX)
	return n.adam.Step(n.params, rate)
}

// infer computes the probabilities of the batch.
func (n *net) infer() error {
	out, err := n.lstm.Forward(&n.ws, n.distinctWords(n.cache), nil, lstm.Mode{})
	if err != nil {
		return err
	}
	n.head(out.Y)
	nn.CrossEntropy.Activate(n.logits, labels)
	return nil
}

// head pools y [Rows][D*H] and fills the logits [B][labels].
func (n *net) head(y []float32) {
	B := n.layout.B()
	n.pooled = grow(n.pooled, B*n.pool.OutSize())
	n.pool.Forward(n.pooled, y, &n.layout, nil, &n.poolWS)
	n.logits = grow(n.logits, B*labels)
	n.dense.Forward(n.logits, n.pooled, B)
}

// grow returns a slice of n elements in s's storage if that is large enough.
func grow[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}
