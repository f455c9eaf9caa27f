package device

import (
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/nn"
)

// A pool is the pooling.
type pool struct {
	width, attended int    // of a row, its directions merged where they are to be, and of the attention's hidden layer
	split           int    // where the reverse direction begins, where they are not
	ends, dEnds     *array // [B][2H] the last states of the directions, where they are
	at              *array
	hidden, parts   *array // of the attention
	weights, d      *array // [Rows] of the attention
	pooled, dPooled *array // [B][P]
}

// A head is the layers from the pooled vector to the scores.
type head struct {
	*classify.Head
	names   []string // of the hidden layers, and of the last
	sizes   []int    // of what goes into each, and of the scores
	kinds   []nn.Activation
	out     []*array // of the hidden layers
	before  []*array // the same before the activation, where its gradient wants that
	d       []*array
	scores  *array
	dScores *array
	logits  []float32
}

// newPool makes the pooling.
func (e *engine) newPool() {
	p, y := &e.pool, e.layers[len(e.layers)-1]
	for _, a := range []**array{&p.at, &p.hidden, &p.parts, &p.weights, &p.d, &p.pooled, &p.dPooled, &p.ends, &p.dEnds} {
		*a = e.array(1)
	}
	if p.width, p.split = y.width, y.width; y.merge > 0 {
		p.width = y.units
	}
	switch e.cfg.Model.EncoderShape().Direction {
	case nn.Bidirectional:
		p.split = y.width / 2
	case nn.Reverse:
		p.split = 0
	}
	if w := e.byName["pool.context"]; w != nil {
		p.attended = w.n
	}
}

// newHeads makes the heads.
func (e *engine) newHeads() {
	c := &e.cfg.Model
	for i := range c.Heads {
		h := &head{Head: &c.Heads[i], sizes: []int{e.pool.width * len(c.Pool)}, scores: e.array(1), dScores: e.array(1)}
		for j, l := range h.HiddenLayers() {
			h.names, h.sizes, h.kinds = append(h.names, h.HiddenName(j)), append(h.sizes, l.Units), append(h.kinds, l.Activation)
			h.out, h.before, h.d = append(h.out, e.array(1)), append(h.before, e.array(1)), append(h.d, e.array(1))
		}
		h.names, h.sizes = append(h.names, "heads."+h.Name), append(h.sizes, h.Width())
		e.heads = append(e.heads, h)
	}
}

// forwardPool pools the rows of the last layer.
func (e *engine) forwardPool() {
	p, b := &e.pool, &e.batch
	top, W, N := e.layers[len(e.layers)-1], p.width, b.Layout.Rows()
	y, P, n := top.out(), e.heads[0].sizes[0], b.Texts*p.width
	e.room(p.pooled, b.Texts*P)
	for i, kind := range e.cfg.Model.Pool {
		column := i * W
		switch kind {
		case nn.Max:
			e.room(p.at, n)
			e.each("poolMax", n, p.pooled, P, column, p.at, y, W, b.textStarts, b.textRows, e.cfg.Model.Padded)
		case nn.Mean:
			e.each("poolSum", n, p.pooled, P, column, y, W, b.textStarts, b.textRows, nil, true)
		case nn.Last:
			if top.merge == 0 {
				e.each("poolLast", n, p.pooled, P, column, y, W, p.split, b.first, b.last)
				continue
			}
			e.room(p.ends, 2*n)
			e.each("poolLast", 2*n, p.ends, 2*W, 0, top.y, 2*W, p.split, b.first, b.last)
			e.each("merge", n, p.pooled, P, column, p.ends, W, top.merge)
		case nn.Attention:
			A := p.attended
			e.room(p.hidden, N*A)
			e.room(p.weights, N)
			e.dense("pool.hidden", p.hidden, y, N, W, A)
			e.activate(nn.Tanh, p.hidden, nil, N*A)
			e.each("dotRows", N, p.weights, p.hidden, A, e.byName["pool.context"].w, 0, 0, nil)
			e.each("softmaxTexts", b.Texts, p.weights, b.textStarts, b.textRows)
			e.each("poolSum", n, p.pooled, P, column, y, W, b.textStarts, b.textRows, p.weights, false)
		}
	}
	e.dropPooled(p.pooled)
}

// backwardPool makes the gradient of the last layer's rows.
func (e *engine) backwardPool() {
	p, b, dy := &e.pool, &e.batch, e.dY[0]
	top, W, N := e.layers[len(e.layers)-1], p.width, b.Layout.Rows()
	y, P, n := top.out(), e.heads[0].sizes[0], b.Texts*p.width
	e.room(dy, N*W)
	e.zero(dy, N*W)
	for i, kind := range e.cfg.Model.Pool {
		column := i * W
		switch kind {
		case nn.Max:
			e.each("poolMaxBackward", n, dy, p.dPooled, P, column, p.at, W)
		case nn.Mean:
			e.each("poolSumBackward", N*W, dy, p.dPooled, P, column, W, b.text, b.textStarts, nil, true)
		case nn.Last:
			if top.merge == 0 {
				e.each("poolLastBackward", n, dy, p.dPooled, P, column, W, p.split, b.first, b.last)
			}
		case nn.Attention:
			A := p.attended
			e.room(p.d, N)
			e.room(p.parts, N*A)
			context := e.byName["pool.context"]
			e.each("dotRows", N, p.d, y, W, p.dPooled, P, column, b.text)
			e.each("softmaxTextsBackward", b.Texts, p.d, p.weights, b.textStarts, b.textRows)
			e.each("poolSumBackward", N*W, dy, p.dPooled, P, column, W, b.text, b.textStarts, p.weights, false)
			e.each("attentionBackward", N*A, p.hidden, p.parts, p.d, context.w, A)
			if !e.frozen {
				e.sumColumns(context.g, N, A, p.parts)
			}
			e.denseBackward("pool.hidden", dy, p.hidden, y, N, W, A)
		}
	}
	if top.merge == 0 {
		return
	}
	e.mergeBackward(top)
	if i := slices.Index(e.cfg.Model.Pool, nn.Last); i >= 0 { // which has merged the states at the ends
		e.room(p.dEnds, 2*n)
		e.each("mergeBackward", n, p.dEnds, p.dPooled, P, i*W, p.ends, W, top.merge)
		e.each("poolLastBackward", 2*n, e.dY[0], p.dEnds, 2*W, 0, 2*W, p.split, b.first, b.last)
	}
}

// activate applies an activation, and keeps what it was applied to in before, unless that is nil.
func (e *engine) activate(a nn.Activation, x, before *array, n int) {
	var kept any
	if before != nil {
		e.room(before, n)
		kept = before
	}
	e.each("activate", n, x, kept, before != nil, max(slices.Index(nn.Activations(), a), 0))
}

// forwardHead returns the scores of a head.
func (e *engine) forwardHead(h *head) []float32 {
	B, x, last := e.batch.Texts, e.pool.pooled, len(h.kinds)
	for i, kind := range h.kinds {
		e.room(h.out[i], B*h.sizes[i+1])
		e.dense(h.names[i], h.out[i], x, B, h.sizes[i], h.sizes[i+1])
		e.activate(kind, h.out[i], h.before[i], B*h.sizes[i+1])
		x = h.out[i]
	}
	C := h.sizes[last+1]
	e.room(h.scores, B*C)
	e.dense(h.names[last], h.scores, x, B, h.sizes[last], C)
	h.logits = slices.Grow(h.logits[:0], B*C)[:B*C]
	read(e, h.logits, h.scores)
	return h.logits
}

// backwardHead adds to the gradients of a head's weights and of the pooled vectors.
func (e *engine) backwardHead(h *head, dLogits []float32) {
	B := e.batch.Texts
	write(e, h.dScores, dLogits)
	d := h.dScores
	for i := len(h.kinds); i >= 0; i-- {
		x, dx := e.pool.pooled, e.pool.dPooled
		if i > 0 {
			x, dx = h.out[i-1], h.d[i-1]
			e.room(dx, B*h.sizes[i])
			e.zero(dx, B*h.sizes[i])
		}
		e.denseBackward(h.names[i], dx, d, x, B, h.sizes[i], h.sizes[i+1])
		if i > 0 {
			e.each("activateBackward", B*h.sizes[i], dx, h.before[i-1], h.out[i-1], slices.Index(nn.Activations(), h.kinds[i-1]))
		}
		d = dx
	}
}
