package embed

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// InitSD is the standard deviation of a fresh table's values: smaller than
// that of pretrained vectors (GloVe's 50-dimensional ones have 0.6), so that
// what training has not touched does not drown what it has, and large enough
// for the gates to see. Adam, whose steps do not scale with the gradient, makes
// little of the difference.
const InitSD = 0.1

// A Table is a [Rows][Dim] row-major matrix of float32, one row per vocab.ID.
// Any number of goroutines may read it as long as none writes.
type Table struct {
	// Weight is the matrix: name "embedding.weight", shape [Rows][Dim], sparse
	// gradient. It may be in eight bits.
	Weight *nn.Param
}

// New returns a table of zeros. rows, at least 1 for the padding, is the Len of
// a vocabulary.
func New(rows, dim int) (*Table, error) {
	if err := checkShape(rows, dim); err != nil {
		return nil, err
	}
	return newTable(nn.NewParam(weightName, rows, dim)), nil
}

// NewInt8 returns a table in eight bits, whose Weight.Int8 is to be given by
// whoever made it. It cannot be trained.
func NewInt8(rows, dim int) (*Table, error) {
	if err := checkShape(rows, dim); err != nil {
		return nil, err
	}
	return newTable(nn.NewInt8(weightName, rows, dim)), nil
}

func newTable(p *nn.Param) *Table {
	p.Group, p.Quantize, p.Sparse = nn.EmbeddingGroup, true, true
	return &Table{Weight: p}
}

const weightName = "embedding.weight"

func checkShape(rows, dim int) error {
	if rows < 1 || dim < 1 || rows > math.MaxInt32 || rows > math.MaxInt/4/dim {
		return fmt.Errorf("embed: no table of %d rows by %d", rows, dim)
	}
	return nil
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return t.Weight.Shape[0] }

// Dim returns the dimension of the vectors.
func (t *Table) Dim() int { return t.Weight.Shape[1] }

// Params returns the table's one parameter.
func (t *Table) Params() []*nn.Param { return []*nn.Param{t.Weight} }

// Init draws every value from a normal distribution with mean 0 and standard
// deviation InitSD, in row order, and clears row Pad.
func (t *Table) Init(rng *rand.Rand) {
	for i := range t.Weight.Data {
		t.Weight.Data[i] = float32(rng.NormFloat64() * InitSD)
	}
	clear(t.Row(vocab.Pad))
	t.Weight.Changed()
}

// Row returns the vector of id. It aliases the table, unless that is in eight
// bits, and must not be written to if id is Pad. It panics if id is out of
// range.
func (t *Table) Row(id vocab.ID) []float32 {
	if t.Weight.Int8 != nil {
		return t.row(make([]float32, t.Dim()), id)
	}
	return t.row(nil, id)
}

// row is Row, in scratch [Dim] if the table is in eight bits.
func (t *Table) row(scratch []float32, id vocab.ID) []float32 {
	d := t.Dim()
	t.checkID(id)
	if q := t.Weight.Int8; q != nil {
		q.Row(scratch, int(id))
		return scratch
	}
	return t.Weight.Data[int(id)*d : (int(id)+1)*d : (int(id)+1)*d]
}

// Gather is
//
//	for i, id := range ids { copy(dst[i*Dim:(i+1)*Dim], Row(id)) }
//
// dst is [len(ids)][Dim]. It panics if dst has another length or an id is out
// of range.
func (t *Table) Gather(dst []float32, ids []vocab.ID) {
	d := t.Dim()
	t.check("Gather", dst, ids)
	for i, id := range ids {
		to := dst[i*d : (i+1)*d]
		copy(to, t.row(to, id))
	}
}

func (t *Table) checkID(id vocab.ID) {
	if id < 0 || int(id) >= t.Rows() {
		panic(fmt.Sprintf("embed: id %d of a table of %d rows", id, t.Rows()))
	}
}

// AddGrad adds dY [len(ids)][Dim], the gradient of what Gather wrote for ids,
// to the gradient of the rows:
//
//	for i, id := range ids { if id != Pad { dRow(id) += dY[i] } }
//
// in that order, so that sums do not depend on anything else. It marks the
// rows as touched. Without a gradient (Weight.Grad is nil: a frozen table) it
// does nothing.
func (t *Table) AddGrad(ids []vocab.ID, dY []float32) {
	p, d := t.Weight, t.Dim()
	t.check("AddGrad", dY, ids)
	if p.Grad == nil {
		return
	}
	for i, id := range ids {
		if id == vocab.Pad {
			continue
		}
		t.checkID(id)
		vec.Add(p.Grad[int(id)*d:(int(id)+1)*d], dY[i*d:(i+1)*d])
		p.Touch(int32(id))
	}
}

func (t *Table) check(op string, x []float32, ids []vocab.ID) {
	if len(x) != len(ids)*t.Dim() {
		panic(fmt.Sprintf("embed: %s: %d values for %d ids of dimension %d, want %d", op, len(x), len(ids), t.Dim(), len(ids)*t.Dim()))
	}
}
