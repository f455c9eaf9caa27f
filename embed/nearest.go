package embed

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/vocab"
)

// A Neighbor is one answer of Nearest.
type Neighbor struct {
	ID     vocab.ID
	Cosine float32 // in [-1, 1] but for rounding
}

// Nearest returns the k rows whose vectors have the largest cosine with q, by
// falling cosine, ties by rising ID. Pad, Unk, rows of zeros, rows with a number that
// is not finite and the IDs in except are never among them, so there may be fewer than
// k. A q of zeros or with such a number has no neighbours. It panics if q is not of the table's dimension.
//
// It takes time O(Rows * (Dim + log k)) and is exact.
func (t *Table) Nearest(q []float32, k int, except ...vocab.ID) []Neighbor {
	if len(q) != t.Dim() {
		panic(fmt.Sprintf("embed: Nearest: query of dimension %d, want %d", len(q), t.Dim()))
	}
	nq := norm(q)
	if !directed(nq) || k <= 0 {
		return nil
	}
	best := make([]Neighbor, 0, min(k, t.Rows())+1)
	scratch := make([]float32, t.Dim())
	for id := vocab.Unk + 1; int(id) < t.Rows(); id++ {
		row := t.row(scratch, id)
		n := norm(row)
		if !directed(n) || slices.Contains(except, id) {
			continue
		}
		c := Neighbor{id, float32(dot(q, row) / nq / n)}
		if len(best) == k && byCosine(c, best[k-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, c, byCosine)
		best = slices.Insert(best, at, c)
		best = best[:min(k, len(best))]
	}
	return best
}

func byCosine(a, b Neighbor) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.ID, b.ID))
}

// Analogy returns the k best answers to "a is to b as c is to ?": the rows
// nearest to b - a + c, each of the three scaled to unit length, without a, b
// and c themselves (3CosAdd, Mikolov et al. 2013). It returns nil if one of
// the three has a row of zeros.
func (t *Table) Analogy(a, b, c vocab.ID, k int) []Neighbor {
	q := make([]float32, t.Dim())
	for _, term := range []struct {
		id   vocab.ID
		sign float64
	}{{a, -1}, {b, 1}, {c, 1}} {
		row := t.Row(term.id)
		n := norm(row)
		if !directed(n) {
			return nil
		}
		vec.Axpy(float32(term.sign/n), row, q)
	}
	return t.Nearest(q, k, a, b, c)
}

// directed says whether a vector of length n has a direction.
func directed(n float64) bool { return n > 0 && !math.IsInf(n, 0) }

// dot is the product of two vectors of finite numbers, however large.
func dot(a, b []float32) float64 {
	if d := float64(vec.Dot(a, b)); !math.IsNaN(d) && !math.IsInf(d, 0) {
		return d
	}
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

func norm(x []float32) float64 { return math.Sqrt(vec.SumSq(x)) }
