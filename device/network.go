package device

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A layer is one of the encoder.
type layer struct {
	in, units, width int // width of a row of y: D*H
	merge            int // how what is above reads the directions as one, by nn.Merges; 0 where it does not
	cells            []*cell
	x                *array // what it has read, where that is not what is below it
	y                *array // [Rows][D*H]
	merged           *array // [Rows][H]
}

// out is what is above a layer, or pools it, reads.
func (y *layer) out() *array {
	if y.merge > 0 {
		return y.merged
	}
	return y.y
}

// mergeBackward makes of the gradient of a layer's merged output that of its directions.
func (e *engine) mergeBackward(y *layer) {
	n := e.batch.Layout.Rows() * y.units
	e.room(e.dMerged, 2*n)
	e.each("mergeBackward", n, e.dMerged, e.dY[0], y.units, 0, y.y, y.units, y.merge)
	e.dY[0], e.dMerged = e.dMerged, e.dY[0]
}

// newNetwork makes what is around the weights.
func (e *engine) newNetwork() {
	c := e.cfg.Model
	e.table, e.grams = e.byName["embedding.weight"], e.byName["embedding.subword"]
	e.unit, e.drops = unitOf(c), c.LSTM
	if g := c.GRU; c.EncoderName() == "gru" {
		e.drops = lstm.Config{InputDropout: g.InputDropout, Dropout: g.Dropout, WeightDrop: g.WeightDrop, Tied: g.Tied, Locked: g.Locked}
	}
	e.moving = e.cfg.Adversarial.On()
	e.newBatch()
	for _, a := range []**array{&e.x, &e.dX, &e.spread, &e.dY[0], &e.dY[1], &e.dMerged, &e.temp[0], &e.temp[1], &e.parts, &e.dH, &e.dC} {
		*a = e.array(1)
	}
	e.newLayers()
	e.newPool()
	e.newHeads()
}

// newLayers makes the layers of the encoder.
func (e *engine) newLayers() {
	shape, in := e.cfg.Model.EncoderShape(), e.cfg.Model.Embed
	for l, s := range shape.AllLayers() {
		y := &layer{in: in, units: s.Units, width: s.NumDirections() * s.Units, x: e.array(1), y: e.array(1), merged: e.array(1)}
		y.merge = max(slices.Index(nn.Merges(), s.Merge), 0)
		for d := range s.NumDirections() {
			reverse, suffix := s.Direction == nn.Reverse || d == 1, fmt.Sprintf("_l%d", l)
			if reverse {
				suffix += "_reverse"
			}
			y.cells = append(y.cells, e.newCell(reverse, d, s.Units, suffix))
		}
		e.layers = append(e.layers, y)
		in = s.Width()
	}
}

// Forward is train.Engine's.
func (e *engine) Forward(texts []classify.Encoded, mode nn.Mode) ([][]float32, error) {
	if e.fresh {
		e.fresh = false
		for _, w := range e.weights {
			if w.sparse != nil {
				w.sparse.forget()
			} else {
				e.zero(w.g, w.n)
			}
		}
	}
	e.mode = mode
	e.pack(texts)
	e.forwardWords()
	return e.forward()
}

// forward is Forward from the vectors of words and places on.
func (e *engine) forward() ([][]float32, error) {
	for l := range e.layers {
		e.forwardLayer(l)
	}
	e.forwardPool()
	logits := make([][]float32, len(e.heads))
	for i, h := range e.heads {
		logits[i] = e.forwardHead(h)
	}
	return logits, e.err
}

// Backward is train.Engine's.
func (e *engine) Backward(dLogits [][]float32) error {
	e.backward(dLogits, true)
	return e.err
}

// backward finds the gradient of the words, or that of their places, and, where they are wanted, adds to those of the weights.
func (e *engine) backward(dLogits [][]float32, weights bool) {
	b, p := &e.batch, &e.pool
	e.frozen = !weights
	n := b.Texts * e.heads[0].sizes[0]
	e.room(p.dPooled, n)
	e.zero(p.dPooled, n)
	for i, h := range e.heads {
		if dLogits[i] != nil {
			e.backwardHead(h, dLogits[i])
		}
	}
	e.dropPooled(p.dPooled)
	e.backwardPool()
	if e.net.HeadsOnly {
		for _, w := range e.weights {
			if w.sparse != nil {
				w.sparse.forget()
			}
		}
		return
	}
	for l := len(e.layers) - 1; l >= 0; l-- {
		if y := e.layers[l]; y.merge > 0 && l < len(e.layers)-1 { // the pooling has done so with the last one
			e.mergeBackward(y)
		}
		e.backwardLayer(l)
	}
	if weights {
		e.backwardWords()
	}
}

// dropPooled applies the dropout of pooled vectors to them or their gradient.
func (e *engine) dropPooled(x *array) {
	if m := newMask(e.cfg.Model.Dropout, seed.For(e.mode.Seed, "pooled dropout")); m.dropped > 0 {
		e.drop(m, x, x, e.batch.Texts*e.heads[0].sizes[0], 0)
	}
}

// shared says whether the first layer reads each word of the batch once, and not each of its places.
func (e *engine) shared(l int) bool {
	return l == 0 && (e.drops.InputDropout == 0 || e.drops.Tied) && !e.moving
}

// inputMask is the dropout of the input of a layer, and the columns of one that a sequence keeps.
func (e *engine) inputMask(l int) (m mask, columns int) {
	p := e.drops.Dropout
	if l == 0 {
		p = e.drops.InputDropout
	}
	if e.drops.Locked && !e.shared(l) {
		columns = e.layers[l].in
	}
	return newMask(p, seed.For(e.mode.Seed, "input dropout", uint64(l))), columns
}

// below is what a layer reads, before the dropout, and how many rows that has.
func (e *engine) below(l int) (x *array, n int) {
	N := e.batch.Layout.Rows()
	switch {
	case l > 0:
		return e.layers[l-1].out(), N
	case e.shared(0):
		return e.x, len(e.batch.Words)
	}
	return e.spread, N
}

// input is what a layer has read, and how many rows that has.
func (e *engine) input(l int) (x *array, n int) {
	x, n = e.below(l)
	if m, _ := e.inputMask(l); m.dropped > 0 {
		x = e.layers[l].x
	}
	return x, n
}

// forwardLayer runs a layer in its directions.
func (e *engine) forwardLayer(l int) {
	y, N := e.layers[l], e.batch.Layout.Rows()
	x, n := e.below(l)
	if m, columns := e.inputMask(l); m.dropped > 0 {
		e.room(y.x, n*y.in)
		e.drop(m, y.x, x, n*y.in, columns)
		x = y.x
	}
	e.room(y.y, N*y.width)
	G := e.unit.sums * y.units
	for _, k := range y.cells {
		e.room(k.gates, N*G)
		e.room(k.state, N*e.unit.state*y.units)
		sums := k.gates
		if e.shared(l) {
			sums = e.temp[0]
			e.room(sums, n*G)
		}
		e.product(n, G, y.in, rows(x, y.in), transposed(k.wih.w, y.in), k.bih.w, 0, sums, 0, G)
		if e.shared(l) {
			e.each("gather", N*G, k.gates, sums, e.batch.index, G, G, 0)
		}
		if m := e.weightMask(l, k); m.dropped > 0 {
			e.room(k.dropped, k.whh.n)
			e.drop(m, k.dropped, k.whh.w, k.whh.n, 0)
		}
		e.forwardCell(y, k, e.recurrent(l, k))
	}
	if y.merge > 0 {
		e.room(y.merged, N*y.units)
		e.each("merge", N*y.units, y.merged, y.units, 0, y.y, y.units, y.merge)
	}
}

// backwardLayer adds to the gradients of a layer's weights and puts that of its input in place of that of its
// output; of the first layer it is that of the words or their places.
func (e *engine) backwardLayer(l int) {
	var (
		y, b   = e.layers[l], &e.batch
		G      = e.unit.sums * y.units
		x, n   = e.input(l)
		shared = e.shared(l)
		dY, dX = e.dY[0], e.dY[1]
	)
	if shared {
		dX = e.dX
	}
	e.room(dX, n*y.in)
	for d, k := range y.cells {
		e.backwardCell(y, k, e.recurrent(l, k), dY)
		if !e.frozen {
			e.cellWeights(l, y, k)
		}
		sums := k.gates
		if shared {
			sums = e.temp[1]
			e.room(sums, n*G)
			e.each("sumRows", n*G, sums, k.gates, b.starts, b.places, G)
		}
		if !e.frozen {
			e.product(G, y.in, n, transposed(sums, G), rows(x, y.in), nil, 1, k.wih.g, 0, y.in)
		}
		e.product(n, y.in, G, rows(sums, G), rows(k.wih.w, y.in), nil, float32(min(d, 1)), dX, 0, y.in)
	}
	if m, columns := e.inputMask(l); m.dropped > 0 {
		e.drop(m, dX, dX, n*y.in, columns)
	}
	e.dY[0], e.dY[1] = e.dY[1], e.dY[0]
}
