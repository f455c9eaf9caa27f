package classify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A Network is the learned part of a model: ids → vectors → states → pooled
// vector → scores of each head. The concurrency is that of nn.Encoder: any number
// of inferences at once, each with its own Workspace; training alone.
type Network struct {
	// HeadsOnly makes Backward stop below the pooling: encoder and word vectors
	// get no gradient.
	HeadsOnly bool

	cfg      Config
	embed    *embed.Table
	subwords *embed.Subwords // nil without them
	encoder  nn.Encoder
	pool     *nn.Pool
	heads    []headLayers
	params   []*nn.Param
}

// NewNetwork returns the network of a resolved config with all weights zero,
// for a vocabulary of rows ids.
func NewNetwork(cfg Config, rows int) (*Network, error) {
	return newNetwork(cfg, rows, false)
}

// newNetwork is NewNetwork, with word vectors and encoder still to be given and
// kept in eight bits if int8s says so; it cannot be trained then.
func newNetwork(cfg Config, rows int, int8s bool) (*Network, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if n := cfg.NumMembers(); n > 1 {
		return nil, fmt.Errorf("classify: one network for a config of %d members: NewDeep makes them", n)
	}
	newTable, newSubwords := embed.New, embed.NewSubwords
	if int8s {
		newTable, newSubwords = embed.NewInt8, embed.NewSubwordsInt8
	}
	table, err := newTable(rows, cfg.Embed)
	if err != nil {
		return nil, err
	}
	encoder, err := cfg.encoderKind().build(&cfg, int8s)
	if err != nil {
		return nil, err
	}
	pool, err := nn.NewPool("pool", cfg.poolConfig())
	if err != nil {
		return nil, err
	}
	n := &Network{cfg: cfg, embed: table, encoder: encoder, pool: pool}
	n.params = append(n.params, table.Weight)
	for _, p := range encoder.Params() {
		p.Name = "encoder." + p.Name
		n.params = append(n.params, p)
	}
	n.params = append(n.params, pool.Params()...)
	for _, h := range cfg.Heads {
		l := newHeadLayers(&h, pool.OutSize())
		n.params = append(n.params, l.params()...)
		n.heads = append(n.heads, l)
	}
	if cfg.HasSubword() {
		if n.subwords, err = newSubwords(cfg.Subword, cfg.Embed); err != nil {
			return nil, err
		}
		n.params = append(n.params, n.subwords.Weight)
	}
	return n, nil
}

// Index tells a network with subwords the words whose n-grams it is to read. A deep branch does that
// when it becomes a model's.
func (n *Network) Index(v *vocab.Vocabulary) {
	if n.subwords != nil {
		n.subwords.Index(v)
	}
}

// Like returns a network of n's config that reads the same words, with all weights zero.
func (n *Network) Like() (*Network, error) {
	own, err := NewNetwork(n.cfg, n.embed.Rows())
	if err == nil && n.subwords != nil {
		own.subwords.IndexLike(n.subwords)
	}
	return own, err
}

// Init draws all weights.
func (n *Network) Init(r *rand.Rand) {
	n.embed.Init(r)
	n.encoder.Init(r)
	n.pool.Init(r)
	for i := range n.heads {
		n.heads[i].init(r)
	}
	if n.subwords != nil {
		n.subwords.Init(r)
	}
}

// Params returns the weights in a fixed order, under the names of a model file.
func (n *Network) Params() []*nn.Param { return n.params }

// Embed returns the word vectors, for instance to fill them with pretrained ones.
func (n *Network) Embed() *embed.Table { return n.embed }

// Config is what the network was made from.
func (n *Network) Config() Config { return n.cfg }

// A Workspace holds the activations of one Forward for one Backward. The zero
// value is ready; it is for one goroutine at a time.
type Workspace struct {
	Workers int // goroutines that share one call; 0 means 1; changes no result

	// Cache, if not nil, keeps the encoder's products of the word vectors with the
	// lowest ids, which are those of the most frequent words. It is for
	// inference and may be shared with other workspaces.
	Cache *nn.InputCache

	// Share makes a training Forward read each distinct word of its texts once, as an
	// inference does, and Backward sum the gradients of its places first. Vectors and
	// what goes with them, EachToken, ForwardVectors and WordGradient, are about places
	// and want it false.
	Share bool

	caches []*nn.InputCache // of several members, nil for none
	mean   [][]float32      // of their scores

	pass    nn.Pass // of the encoder
	pool    nn.PoolWorkspace
	layout  nn.Layout
	lengths []int
	groups  []int
	ids     []vocab.ID // [Rows]; ^k is the unknown word with the n-grams unknown[k]
	unknown [][]int32  // of all texts
	before  []int      // [B] of those, how many are of texts before
	read    []vocab.ID // the ids whose vectors are x: ids or unique
	words   []int32    // those again, in training, as nn.Dropout tells them apart
	x       []float32  // [Rows][D], or [U][D] of the distinct ids
	index   []int32    // [Rows] into x
	seen    []int32    // [V]: 1 + index of an id in x, 0 if not there
	unique  []vocab.ID // [U]
	keys    []int32    // [U] rows of the cache to fill
	y       []float32  // aliases pass
	pooled  []float32  // [B][P]
	heads   []headActivations
	dPooled []float32
	dHead   []float32
	dY      []float32
	dWords  []float32 // [Rows][D], with word dropout
	mode    nn.Mode
	texts   int
	long    longText

	ctx context.Context // ends an inference of a long text; nil for none
}

// Forward returns the scores (logits) of each head, [B][C], for B texts given
// as Model.Encode makes them. They alias ws. A text without ids gets the scores of the bias.
//
// An inference reads texts of more than 16,384 tokens piece by piece, in bounded
// memory. That may change the last bits of a mean and of an attention, not those of other
// pooling.
func (n *Network) Forward(ws *Workspace, texts []Encoded, mode nn.Mode) ([][]float32, error) {
	ws.mode, ws.texts = mode, len(texts)
	if !mode.Train && slices.ContainsFunc(texts, isLong) {
		return n.forwardLong(ws, texts)
	}
	ws.lay(texts, n.cfg.Chunk)
	return n.forwardVectors(ws, n.input(ws))
}

// input is what the encoder reads of the texts that ws has laid out.
func (n *Network) input(ws *Workspace) nn.Batch {
	in := nn.Batch{Layout: &ws.layout}
	ws.read = ws.ids
	if !ws.mode.Train || ws.Share {
		cache := ws.Cache
		if ws.mode.Train {
			cache = nil
		}
		ws.distinct(n.embed.Rows(), cache)
		ws.read, in.Index = ws.unique, ws.index
	}
	ws.x = grow(ws.x, len(ws.read)*n.cfg.Embed)
	n.gather(ws.x, ws.read, ws.unknown)
	if ws.mode.Train {
		ws.words = ws.words[:0]
		for _, id := range ws.read {
			ws.words = append(ws.words, ws.wordKey(id))
		}
		n.dropWords(ws, ws.x)
	} else {
		in.Cache, in.Keys = ws.Cache, ws.keys
	}
	in.X = ws.x
	return in
}

// forwardVectors is Forward from the word vectors on.
func (n *Network) forwardVectors(ws *Workspace, in nn.Batch) ([][]float32, error) {
	ws.pass = n.encoder.Pass(ws.pass)
	y, err := ws.pass.Forward(in, ws.mode, ws.Workers)
	if err != nil {
		return nil, err
	}
	ws.y = y
	ws.pooled = grow(ws.pooled, ws.texts*n.pool.OutSize())
	n.pool.Forward(ws.pooled, ws.y, &ws.layout, ws.groups, &ws.pool)
	n.dropPooled(ws, ws.pooled)
	return n.scores(ws), nil
}

// scores is Forward from the pooled vectors on.
func (n *Network) scores(ws *Workspace) [][]float32 {
	B := ws.texts
	if len(ws.heads) != len(n.heads) {
		ws.heads = make([]headActivations, len(n.heads))
	}
	logits := make([][]float32, len(n.heads))
	for h := range n.heads {
		logits[h] = n.heads[h].forward(&ws.heads[h], ws.pooled, B)
	}
	return logits
}

// Backward adds to the gradients of all parameters, given the derivative of
// the loss with respect to the scores of ws's last training Forward. A nil
// entry says that a head has no part in the loss.
func (n *Network) Backward(ws *Workspace, dLogits [][]float32) error {
	_, err := n.BackwardWords(ws, dLogits)
	return err
}

// BackwardWords is Backward. It returns the gradient with respect to the word
// vectors as the encoder has read them, [Rows][D] in the order of the layout,
// which is valid until the next call with ws; nil with HeadsOnly. With Share it is
// that of the distinct words.
func (n *Network) BackwardWords(ws *Workspace, dLogits [][]float32) ([]float32, error) {
	for _, p := range n.params {
		p.NeedGrad()
	}
	if n.HeadsOnly {
		n.backwardHeads(ws, dLogits)
		return nil, nil
	}
	dX, err := n.backwardVectors(ws, dLogits, nn.Want{Params: true})
	if err != nil {
		return nil, err
	}
	words := dX
	if n.cfg.WordDropout > 0 {
		ws.dWords = append(ws.dWords[:0], dX...)
		words = ws.dWords
		n.dropWords(ws, words)
	}
	n.addWordGrad(ws, words)
	return dX, nil
}

// backwardVectors is Backward down to the word vectors, whose gradient
// [Rows][D] it returns. want is the encoder's.
func (n *Network) backwardVectors(ws *Workspace, dLogits [][]float32, want nn.Want) ([]float32, error) {
	n.backwardHeads(ws, dLogits)
	return ws.pass.Backward(ws.dY, want)
}

// backwardHeads is Backward down to the encoder's output, whose gradient it
// leaves in ws.dY.
func (n *Network) backwardHeads(ws *Workspace, dLogits [][]float32) {
	B, P := ws.texts, n.pool.OutSize()
	ws.dPooled = grow(ws.dPooled, B*P)
	ws.dHead = grow(ws.dHead, B*P)
	clear(ws.dPooled)
	for h := range n.heads {
		if dy := dLogits[h]; dy != nil {
			n.heads[h].backward(&ws.heads[h], ws.dHead, dy, ws.pooled, B)
			vec.Add(ws.dPooled, ws.dHead)
		}
	}
	n.dropPooled(ws, ws.dPooled)
	ws.dY = grow(ws.dY, len(ws.y))
	clear(ws.dY)
	n.pool.Backward(ws.dY, ws.dPooled, ws.y, &ws.layout, ws.groups, &ws.pool)
}

// dropWords applies the word dropout to rows [Rows][D] or their gradient.
func (n *Network) dropWords(ws *Workspace, rows []float32) {
	d := nn.Dropout{P: n.cfg.WordDropout, Seed: seed.For(ws.mode.Seed, "word dropout")}
	d.Types(rows, n.cfg.Embed, ws.words)
}

// dropPooled applies the dropout on pooled vectors to them or their gradient.
func (n *Network) dropPooled(ws *Workspace, pooled []float32) {
	if ws.mode.Train {
		d := nn.Dropout{P: n.cfg.Dropout, Seed: seed.For(ws.mode.Seed, "pooled dropout")}
		d.Apply(pooled, 0)
	}
}

// lay places the texts in packed rows, cut into chunks if chunk > 0.
func (ws *Workspace) lay(texts []Encoded, chunk int) {
	ws.lengths, ws.groups = ws.lengths[:0], ws.groups[:0]
	ws.unknown, ws.before = ws.unknown[:0], ws.before[:0]
	for b, text := range texts {
		ws.before = append(ws.before, len(ws.unknown))
		ws.unknown = append(ws.unknown, text.Unknown...)
		for n := len(text.IDs); ; n -= chunk {
			ws.groups = append(ws.groups, b)
			if chunk == 0 || n <= chunk {
				ws.lengths = append(ws.lengths, n)
				break
			}
			ws.lengths = append(ws.lengths, chunk)
		}
	}
	ws.layout.Reset(ws.lengths)
	ws.ids = grow(ws.ids, ws.layout.Rows())
	ws.eachRow(func(row, text, at int) {
		id := texts[text].IDs[at]
		if id < 0 {
			id -= vocab.ID(ws.before[text]) // ^(k+before)
		}
		ws.ids[row] = id
	})
}

// A Packed batch is B texts as a network reads them. It aliases the workspace that
// packed it.
type Packed struct {
	Layout *nn.Layout // its sequences are the texts, or with Config.Chunk parts of them
	Groups []int      // by sequence, the text that it is from
	Words  []int32    // [U] the distinct words, as nn.Dropout.Types tells them apart
	Index  []int32    // [Rows] into Words
	Texts  int        // B

	// Vectors [U] has the row of the table of word vectors that is each word's. With subwords the
	// mean of rows Grams[u] of theirs is added to it; Grams is nil without them.
	Vectors []int32
	Grams   [][]int32
}

// Pack lays texts out as a training Forward does, for who computes it elsewhere.
func (n *Network) Pack(ws *Workspace, texts []Encoded) Packed {
	ws.lay(texts, n.cfg.Chunk)
	ws.distinct(n.embed.Rows(), nil)
	p := Packed{Layout: &ws.layout, Groups: ws.groups, Index: ws.index, Texts: len(texts)}
	for _, id := range ws.unique {
		p.Words = append(p.Words, ws.wordKey(id))
		if n.subwords == nil {
			p.Vectors = append(p.Vectors, int32(id))
			continue
		}
		row, grams := n.parts(id, ws.unknown)
		p.Vectors, p.Grams = append(p.Vectors, int32(row)), append(p.Grams, grams)
	}
	return p
}

// eachRow calls f for every row of the layout with its text and the place of
// its token there.
func (ws *Workspace) eachRow(f func(row, text, at int)) {
	from := 0 // the sequence's first token in its text
	for s, b := range ws.groups {
		if s == 0 || b != ws.groups[s-1] {
			from = 0
		}
		rank := ws.layout.Rank()[s]
		for t := range ws.lengths[s] {
			f(ws.layout.Offset(t)+rank, b, from+t)
		}
		from += ws.lengths[s]
	}
}

// distinct lists the ids of the batch that are not in the cache once each, in
// order of first appearance, and says for each row where to find its product.
func (ws *Workspace) distinct(rows int, cache *nn.InputCache) {
	if len(ws.seen) != rows {
		ws.seen = make([]int32, rows)
	}
	ws.unique, ws.index, ws.keys = ws.unique[:0], ws.index[:0], ws.keys[:0]
	for _, id := range ws.ids {
		if id < 0 { // an unknown word, seldom there twice
			ws.unique = append(ws.unique, id)
			ws.keys = append(ws.keys, -1)
			ws.index = append(ws.index, int32(len(ws.unique)-1))
			continue
		}
		if ws.seen[id] == 0 {
			if cache != nil && cache.Has(int(id)) {
				ws.index = append(ws.index, ^int32(id))
				continue
			}
			ws.unique = append(ws.unique, id)
			ws.keys = append(ws.keys, int32(id))
			ws.seen[id] = int32(len(ws.unique))
		}
		ws.index = append(ws.index, ws.seen[id]-1)
	}
	for _, id := range ws.unique {
		if id >= 0 {
			ws.seen[id] = 0
		}
	}
}

// grow returns a slice of n elements in s's storage if that is large enough.
func grow[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n, n+n/4)
	}
	return s[:n]
}
