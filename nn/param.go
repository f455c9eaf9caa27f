package nn

import "fmt"

// A Param is one named tensor of learned weights and its gradient.
//
// Names are PyTorch's where PyTorch has the tensor ("weight_ih_l0"), with the
// owner's path in front once it is part of a model ("encoder.weight_ih_l0").
// A Param is not safe for concurrent writes.
type Param struct {
	Name  string
	Shape []int     // row-major, outermost first
	Data  []float32 // len is the product of Shape

	// Grad accumulates dLoss/dData. It is nil until NeedGrad is called, so that
	// a model used only for inference costs no memory for gradients.
	Grad []float32

	// Sparse says that Grad is non-zero only in the rows listed in Touched
	// (rows of the first dimension, each listed once). Optimisers then update
	// those rows alone, as PyTorch's SparseAdam does.
	Sparse  bool
	Touched []int32

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

// NewParam returns a zeroed parameter of the given shape.
func NewParam(name string, shape ...int) *Param {
	n := 1
	for _, d := range shape {
		if d < 0 {
			panic(fmt.Sprintf("nn: parameter %s: negative dimension in %v", name, shape))
		}
		n *= d
	}
	return &Param{Name: name, Shape: shape, Data: make([]float32, n)}
}

// Changed records that Data was written to. Optimisers and loaders call it;
// so must anybody else who writes to Data.
func (p *Param) Changed() { p.Version++ }

// NeedGrad allocates Grad if it is nil.
func (p *Param) NeedGrad() {
	if p.Grad == nil {
		p.Grad = make([]float32, len(p.Data))
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

// ZeroGrad clears the gradient: of a sparse parameter only the touched rows.
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
		return len(p.Data)
	}
	return len(p.Data) / p.Shape[0]
}
