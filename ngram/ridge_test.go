package ngram_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/textlstm/textlstm/ngram"
)

// Numbers are learned as the normal equations of ridge regression solve them, with the
// features scaled by the smoothed mean number of their texts.
func TestRidgeIsExact(t *testing.T) {
	const rows, n, C, alpha = 12, 40, 0.7, 1.0
	r := rand.New(rand.NewPCG(4, 2))
	var values []float32
	d := ngram.Data{Labels: 1, Task: ngram.Numbers, Target: func(i, _ int) float32 { return values[i] }}
	for i := range n {
		var text []int32
		for row := range int32(rows) {
			if r.IntN(3) == 0 {
				text = append(text, row)
			}
		}
		d.Rows = append(d.Rows, text)
		values = append(values, float32(r.NormFloat64()))
		d.Weights = append(d.Weights, 1+float32(i%3))
	}
	values[5] = float32(math.NaN()) // says nothing
	l, err := ngram.Fit(context.Background(), d, rows, ngram.Options{C: C, Alpha: alpha, Passes: 3000, Tolerance: 1e-7}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}

	ratio := make([]float64, rows+1)
	ratio[rows] = 1 // the bias
	for f := range rows {
		sum, count := 0.0, alpha
		for i, text := range d.Rows {
			for _, row := range text {
				if int(row) == f && i != 5 {
					sum += float64(d.Weights[i]) * float64(values[i])
					count += float64(d.Weights[i])
				}
			}
		}
		ratio[f] = sum / count
	}
	a, b := mat.NewSymDense(rows+1, nil), mat.NewVecDense(rows+1, nil)
	for f := range rows + 1 {
		a.SetSym(f, f, 1)
	}
	for i, text := range d.Rows {
		if i == 5 {
			continue
		}
		x := mat.NewVecDense(rows+1, nil)
		x.SetVec(rows, 1)
		for _, row := range text {
			x.SetVec(int(row), ratio[row])
		}
		cost := 2 * C * float64(d.Weights[i])
		a.SymRankOne(a, cost, x)
		b.AddScaledVec(b, cost*float64(values[i]), x)
	}
	var w mat.VecDense
	if err := w.SolveVec(a, b); err != nil {
		t.Fatal(err)
	}
	for f := range rows {
		if want := w.AtVec(f) * ratio[f]; math.Abs(float64(l.Weights[f])-want) > 2e-4 {
			t.Errorf("weight %d: %v, want %v", f, l.Weights[f], want)
		}
	}
	if want := w.AtVec(rows); math.Abs(float64(l.Bias[0])-want) > 2e-4 {
		t.Errorf("bias %v, want %v", l.Bias[0], want)
	}
}
