package rnn

import (
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
)

// packedWeights are the weights in the layouts that the products want, made
// once for each version of the parameters.
type packedWeights struct {
	version  uint64
	backward bool           // whether ih and hh are there
	int8     bool           // whether ihT and hhT are quantised
	cells    [][]packedCell // [L][D]
}

type packedCell struct {
	bias     []float32  // [Gates], where the gates begin
	ihT, hhT operand    // forward: x·Wihᵀ, h·Whhᵀ
	ih, hh   vec.Packed // backward: dPre·Wih, dPre·Whh
}

// An operand is a packed weight, in float32 or in eight bits.
type operand struct {
	f    vec.Packed
	q    vec.PackedInt8
	int8 bool
}

// pack takes the transpose of w [n][k].
func (o *operand) pack(w *nn.Param, int8s bool) {
	n, k := w.Shape[0], w.Shape[1]
	o.int8 = int8s
	if !int8s {
		o.f.PackT(k, n, w.Data, k)
		return
	}
	q, scale := make([]int8, n*k), make([]float32, n)
	if w.Int8 == nil {
		vec.QuantizeRows(n, k, w.Data, k, q, k, scale)
	} else {
		// A scale from elsewhere need not be the one that QuantizeRows gives the row.
		row := make([]float32, k)
		for r := range n {
			w.Int8.Row(row, r)
			vec.QuantizeRows(1, k, row, k, q[r*k:], k, scale[r:])
		}
	}
	o.q.PackT(k, n, q, k, scale)
}

// mul is c [n] = c + a [n]·wᵀ, with rows lda and ldc apart. rows is scratch.
func (o *operand) mul(n int, a []float32, lda int, c []float32, ldc int, rows *vec.RowsInt8) {
	if !o.int8 {
		vec.MatMul(n, a, lda, &o.f, 1, c, ldc)
		return
	}
	rows.Quantize(n, o.q.K, a, lda)
	vec.MatMulInt8(rows, &o.q, 1, c, ldc)
}

// mulBias is c [n] = bias + a [n]·wᵀ.
func (o *operand) mulBias(n int, a []float32, lda int, bias, c []float32, ldc int, rows *vec.RowsInt8) {
	if !o.int8 {
		vec.MatMulFrom(n, a, lda, &o.f, bias, 0, c, ldc)
		return
	}
	for r := range n {
		copy(c[r*ldc:], bias)
	}
	o.mul(n, a, lda, c, ldc, rows)
}

// version changes whenever a parameter does.
func (m *Stack) version() uint64 {
	v := uint64(0)
	for _, p := range m.params {
		v += p.Version
	}
	return v
}

// weights returns the packed weights, packing them anew if a parameter has
// changed since; train says that they are for a training step, int8s that they
// are to be in eight bits.
func (m *Stack) weights(train, int8s bool) *packedWeights {
	version := m.version()
	ready := func(w *packedWeights) bool {
		return w != nil && w.version == version && w.int8 == int8s && (w.backward || !train)
	}
	if w := m.packed.Load(); ready(w) {
		return w
	}
	m.pack.Lock()
	defer m.pack.Unlock()
	w := m.packed.Load()
	if ready(w) {
		return w
	}
	// A training step is exclusive, so it may overwrite the old storage; an
	// inference may have neighbours that still read it.
	if w == nil || !train {
		w = &packedWeights{cells: make([][]packedCell, len(m.cells))}
		for l := range w.cells {
			w.cells[l] = make([]packedCell, len(m.cells[l]))
		}
	}
	w.version, w.backward, w.int8 = version, train, int8s
	for l, layer := range m.cells {
		for d, c := range layer {
			p, hh := &w.cells[l][d], rotated(c.Whh, c.Shift)
			p.bias = c.bias(p.bias)
			p.ihT.pack(c.Wih, int8s)
			p.hhT.pack(hh, int8s)
			if train {
				p.ih.Pack(c.Wih.Shape[0], c.In, c.Wih.Data, c.In)
				p.hh.Pack(hh.Shape[0], c.Hidden, hh.Data, c.Hidden)
			}
		}
	}
	m.packed.Store(w)
	return w
}

// rotated returns w [n][k] with row g at (g+shift)%n.
func rotated(w *nn.Param, shift int) *nn.Param {
	if shift == 0 {
		return w
	}
	at := (w.Shape[0] - shift) * w.Shape[1]
	if w.Int8 == nil {
		return &nn.Param{Shape: w.Shape, Data: slices.Concat(w.Data[at:], w.Data[:at])}
	}
	row := w.Shape[0] - shift
	return &nn.Param{Shape: w.Shape, Int8: &nn.Int8{
		Q:     slices.Concat(w.Int8.Q[at:], w.Int8.Q[:at]),
		Scale: slices.Concat(w.Int8.Scale[row:], w.Int8.Scale[:row]),
	}}
}

// bias returns what the gates begin with, in dst's storage where it is not the
// parameter itself.
func (c *Cell) bias(dst []float32) []float32 {
	if c.Bhh == nil {
		return c.Bih.Data
	}
	dst = grow(dst, c.Gates)
	clear(dst)
	copy(dst[c.Input:], c.Bih.Data)
	rows := len(c.Bhh.Data)
	for g, v := range c.Bhh.Data {
		dst[(g+c.Shift)%rows] += v
	}
	return dst
}
