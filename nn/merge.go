package nn

import (
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// A Merge makes one row of the two directions of a bidirectional layer, as the
// merge_mode of Keras's Bidirectional does.
type Merge string

// The ways to merge. The empty string is Concat.
const (
	Concat  Merge = "concat" // both, side by side
	Sum     Merge = "sum"    // f + b
	Average Merge = "ave"    // (f + b) / 2
	Product Merge = "mul"    // f * b, element by element
)

// merges are all of them.
var merges = []Merge{Concat, Sum, Average, Product}

// Merges lists them.
func Merges() []Merge { return slices.Clone(merges) }

// Validate reports a merge that does not exist.
func (m Merge) Validate() error {
	if m == "" || slices.Contains(merges, m) {
		return nil
	}
	return fmt.Errorf("nn: unknown merge %q, want one of %q", string(m), merges)
}

// Joins says whether the two directions stay side by side.
func (m Merge) Joins() bool { return m == "" || m == Concat }

// Forward writes to dst [n][H] the merged halves of the rows of y [n][2H]; m must
// not be one that joins.
func (m Merge) Forward(dst, y []float32, n, H int) {
	for r := range n {
		d, f, b := dst[r*H:(r+1)*H], y[2*r*H:(2*r+1)*H], y[(2*r+1)*H:(2*r+2)*H]
		copy(d, f)
		if m == Product {
			vec.Mul(d, b)
			continue
		}
		vec.Add(d, b)
		if m == Average {
			vec.Scale(0.5, d)
		}
	}
}

// Backward writes to dy [n][2H] the gradient of the rows y that Forward has merged,
// given that of the result, d [n][H].
func (m Merge) Backward(dy, d, y []float32, n, H int) {
	for r := range n {
		df, db := dy[2*r*H:(2*r+1)*H], dy[(2*r+1)*H:(2*r+2)*H]
		copy(df, d[r*H:(r+1)*H])
		if m == Average {
			vec.Scale(0.5, df)
		}
		copy(db, df)
		if m == Product {
			vec.Mul(df, y[(2*r+1)*H:(2*r+2)*H])
			vec.Mul(db, y[2*r*H:(2*r+1)*H])
		}
	}
}
