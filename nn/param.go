package nn

import (
	"fmt"

	"github.com/textlstm/textlstm/internal/vec"
)

// A Param is one named tensor of learned weights and its gradient.
//
// Names are PyTorch's where PyTorch has the tensor ("weight_ih_l0"), with the
// owner's path in front once it is part of a model ("encoder.weight_ih_l0").
// A Param is not safe for concurrent writes.
type Param struct {
	Name  string
	Shape []int     // row-major, outermost first
	Data  []float32 // len is the product of Shape

	// Int8, if not nil, holds the values in place of Data, which is nil. Such a
	// parameter is for inference alone.
	Int8 *Int8

	// Grad accumulates dLoss/dData. It is nil until NeedGrad is called, so that
	// a model used only for inference costs no memory for gradients.
	Grad []float32

	// Sparse says that Grad is non-zero only in the rows listed in Touched
	// (rows of the first dimension, each listed once). Optimisers then update
	// those rows alone, as PyTorch's SparseAdam does.
	Sparse  bool
	Touched []int32

	// Group is the part of a network that the parameter belongs to.
	Group Group

	// Quantize says that a quantised model keeps the matrix in eight bits: word
	// vectors and the weights of an encoder are, biases and heads are not.
	Quantize bool

	// LRScale multiplies the learning rate; 0 means 1. Decay says whether
	// decoupled weight decay applies (weights yes, biases and embeddings no).
	LRScale float32
	Decay   bool

	// Version counts the changes to Data, so that whoever keeps a copy in
	// another layout (packed weights) can tell that it is stale.
	Version uint64

	touchedAt []uint32 // per row: the round in which it was last listed
	round     uint32
}

// A Group is a part of a network. Training may freeze the parameters of a group,
// give them a learning rate of their own, or start them from another model.
type Group uint8

// The groups, from the output of a network to its input.
const (
	HeadGroup      Group = iota // pooling and what follows it
	EncoderGroup                // what makes states of word vectors
	EmbeddingGroup              // word vectors, those of character n-grams among them
)

// NewParam returns a zeroed parameter of the given shape.
func NewParam(name string, shape ...int) *Param {
	n := 1
	for _, d := range shape {
		if d < 0 {
			panic(fmt.Sprintf("nn: parameter %s: negative dimension in %v", name, shape))
		}
		n *= d
	}
	return &Param{Name: name, Shape: shape, Data: values(n)}
}

// values is a tensor's room.
func values(n int) []float32 {
	x := make([]float32, n)
	vec.LargePages(x)
	return x
}

// An Int8 is a matrix in eight bits with one scale a row.
type Int8 struct {
	Q     []int8    // [rows][k]
	Scale []float32 // [rows]
}

// Row writes row r [len(dst)] to dst:
//
//	for j := range dst { dst[j] = Scale[r] * Q[r][j] }
func (q *Int8) Row(dst []float32, r int) {
	s := q.Scale[r]
	for j, v := range q.Q[r*len(dst):][:len(dst)] {
		dst[j] = s * float32(v)
	}
}

// NewInt8 returns a parameter of a matrix in eight bits, which is still to be
// given: its Int8 is empty.
func NewInt8(name string, rows, k int) *Param {
	return &Param{Name: name, Shape: []int{rows, k}, Int8: new(Int8)}
}

// Rounded returns Int8, or the rows of a matrix in float32 rounded to eight bits.
func (p *Param) Rounded() *Int8 {
	if p.Int8 != nil {
		return p.Int8
	}
	rows, k := p.Shape[0], p.Shape[1]
	q := &Int8{Q: make([]int8, rows*k), Scale: make([]float32, rows)}
	vec.QuantizeRows(rows, k, p.Data, k, q.Q, k, q.Scale)
	return q
}

// Len is the number of values, the product of Shape.
func (p *Param) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Values returns Data or, of a parameter in eight bits, a copy in float32.
func (p *Param) Values() []float32 {
	if p.Int8 == nil {
		return p.Data
	}
	v := make([]float32, p.Len())
	k := p.RowLen()
	for r := range p.Shape[0] {
		p.Int8.Row(v[r*k:(r+1)*k], r)
	}
	return v
}

// Changed records that Data was written to. Optimisers and loaders call it;
// so must anybody else who writes to Data.
func (p *Param) Changed() { p.Version++ }

// NeedGrad allocates Grad if it is nil.
func (p *Param) NeedGrad() {
	if p.Grad == nil {
		p.Grad = values(len(p.Data))
	}
}

// Touch adds row to Touched unless it is there already.
func (p *Param) Touch(row int32) {
	if p.touchedAt == nil {
		p.touchedAt = make([]uint32, p.Shape[0])
		p.round = 1
	}
	if p.touchedAt[row] != p.round {
		p.touchedAt[row] = p.round
		p.Touched = append(p.Touched, row)
	}
}

// ZeroGrad clears the gradient, of which a sparse parameter has only touched rows.
func (p *Param) ZeroGrad() {
	if !p.Sparse {
		clear(p.Grad)
		return
	}
	w := p.RowLen()
	for _, r := range p.Touched {
		clear(p.Grad[int(r)*w : (int(r)+1)*w])
	}
	p.Touched = p.Touched[:0]
	p.round++
}

// RowLen is the number of values in one row of the first dimension.
func (p *Param) RowLen() int {
	if len(p.Shape) == 0 || p.Shape[0] == 0 {
		return p.Len()
	}
	return p.Len() / p.Shape[0]
}
