package nn

import (
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
)

// ClipNorm scales all gradients down by one factor, if need be, so that their
// joint Euclidean norm is at most limit (Pascanu et al. 2013), and returns the
// norm before. The sum of squares is taken in float64. limit <= 0 only
// measures; a norm that is not finite leaves the gradients alone, for Step to
// report.
//
// Only the touched rows of sparse parameters are read; Touched is put in
// ascending order, so that the norm does not depend on the order in which rows
// were touched.
func ClipNorm(params []*Param, limit float64) float64 {
	total := 0.0
	for _, p := range params {
		if p.Sparse && !slices.IsSorted(p.Touched) {
			slices.Sort(p.Touched)
		}
		forRows(p, func(lo, hi int) { total += vec.SumSq(p.Grad[lo:hi]) })
	}
	norm := math.Sqrt(total)
	if factor := ClipFactor(norm, limit); factor != 1 {
		for _, p := range params {
			forRows(p, func(lo, hi int) { vec.Scale(factor, p.Grad[lo:hi]) })
		}
	}
	return norm
}

// ClipFactor is what ClipNorm multiplies gradients of a joint norm by: 1 where it leaves
// them alone.
func ClipFactor(norm, limit float64) float32 {
	if limit <= 0 || norm <= limit || math.IsNaN(norm) || math.IsInf(norm, 0) {
		return 1
	}
	return float32(limit / (norm + 1e-6))
}
