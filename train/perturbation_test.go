package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// rowsOf calls f for the rows of texts of given lengths, one after the other.
func rowsOf(lengths ...int) func(func(row, text int)) {
	return func(f func(row, text int)) {
		row := 0
		for text, n := range lengths {
			for range n {
				f(row, text)
				row++
			}
		}
	}
}

func normals(r *rand.Rand, n int, mean, sd float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(mean + sd*r.NormFloat64())
	}
	return v
}

// r has norm epsilon in normalised vectors for each text with a gradient, and no other
// direction of that norm raises the loss as much, to first order.
func TestPerturbation(t *testing.T) {
	const epsilon, D, n = 0.8, 4, 9
	rng := rand.New(rand.NewPCG(3, 3))
	x, g := normals(rng, n*D, 2, 0.7), normals(rng, n*D, 0, 1)
	r := perturbation(nil, x, g, D, rowsOf(n), epsilon)
	if len(r) != n*D {
		t.Fatalf("%d values of r, want %d", len(r), n*D)
	}
	variance := make([]float64, D)
	for j := range variance {
		mean, sum := 0.0, 0.0
		for i := range n {
			mean += float64(x[i*D+j]) / n
		}
		for i := range n {
			sum += math.Pow(float64(x[i*D+j])-mean, 2)
		}
		variance[j] = sum / n
		// It also follows from a gradient of one value alone: r_j is then epsilon*s_j.
		one := make([]float32, len(g))
		one[j] = -3
		if s := float64(perturbation(nil, x, one, D, rowsOf(n), 1)[j]); math.Abs(s*s-variance[j]) > 1e-5 || s > 0 {
			t.Errorf("coordinate %d is moved by %v, want a standard deviation of %v with its gradient's sign", j, s, math.Sqrt(variance[j]))
		}
	}
	norm := func(r []float32) float64 {
		sum := 0.0
		for i, v := range r {
			sum += float64(v) * float64(v) / variance[i%D]
		}
		return math.Sqrt(sum)
	}
	dot := func(r []float32) float64 {
		sum := 0.0
		for i, v := range r {
			sum += float64(v) * float64(g[i])
		}
		return sum
	}
	if n := norm(r); math.Abs(n-epsilon) > 1e-5 {
		t.Errorf("norm %v, want %v", n, epsilon)
	}
	best := dot(r)
	for range 100 {
		other := slices.Clone(r)
		for i := range other {
			other[i] += float32(0.05 * rng.NormFloat64())
		}
		if d := dot(other) * epsilon / norm(other); d > best*(1+1e-6) {
			t.Fatalf("another direction raises the loss by %v, this one by %v", d, best)
		}
	}
}

// A text is perturbed as a whole and alone: without a gradient it stays.
func TestPerturbationByText(t *testing.T) {
	const D = 4
	rng := rand.New(rand.NewPCG(1, 1))
	x, g := normals(rng, 9*D, 0, 1), normals(rng, 9*D, 0, 1)
	clear(g[7*D:])
	r := perturbation(nil, x, g, D, rowsOf(7, 2), 1)
	for row := range 9 {
		if moved := slices.ContainsFunc(r[row*D:(row+1)*D], func(v float32) bool { return v != 0 }); moved != (row < 7) {
			t.Errorf("row %d is perturbed: %t, want the 2 of the text without a loss to stay", row, moved)
		}
	}
}
