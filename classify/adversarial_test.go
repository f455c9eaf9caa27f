package classify_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// drops has every dropout, and texts in chunks.
func drops(c *classify.Config) {
	c.Pool, c.Chunk = []nn.Pooling{nn.Mean, nn.Last}, 3
	c.WordDropout, c.Dropout, c.LSTM.InputDropout, c.LSTM.WeightDrop = 0.2, 0.2, 0.2, 0.2
}

// A problem is a loss of two heads: targets that do not change, so that a loss
// of it is a function of the weights and the word vectors.
type problem struct {
	n     *classify.Network
	ws    classify.Workspace
	texts [][]vocab.ID
	mode  lstm.Mode
}

// eval is the cross-entropy of logits against fixed targets, and its gradient.
func (p *problem) eval(logits [][]float32) (float64, [][]float32) {
	B := len(p.texts)
	a, b := nn.Targets{Labels: make([]int32, B)}, nn.Targets{Labels: make([]int32, B)}
	for i := range B {
		a.Labels[i], b.Labels[i] = int32(i%3), int32(i%2)
	}
	dA, dB := make([]float32, 3*B), make([]float32, 2*B)
	var cross nn.Loss
	return cross.Eval(dA, logits[0], B, 3, &a, 1) + cross.Eval(dB, logits[1], B, 2, &b, 1), [][]float32{dA, dB}
}

func newProblem(t *testing.T, set func(*classify.Config)) *problem {
	return &problem{
		n:     newNetwork(t, set),
		texts: batch(rand.New(rand.NewPCG(1, 1)), 5, 0, 1, 8, 3),
		mode:  lstm.Mode{Train: true, Seed: 11},
	}
}

// loss is that at x, plus that at x + r.
func (p *problem) loss(t *testing.T, r []float32, backward bool) float64 {
	t.Helper()
	sum := 0.0
	for _, forward := range []func() ([][]float32, error){
		func() ([][]float32, error) { return p.n.Forward(&p.ws, p.texts, p.mode) },
		func() ([][]float32, error) { return p.n.ForwardNear(&p.ws, r) },
	} {
		logits, err := forward()
		if err != nil {
			t.Fatal(err)
		}
		loss, d := p.eval(logits)
		sum += loss
		if backward {
			if err := p.n.Backward(&p.ws, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return sum
}

// words returns the gradient of the loss at x with respect to x.
func (p *problem) words(t *testing.T) []float32 {
	t.Helper()
	logits, err := p.n.Forward(&p.ws, p.texts, p.mode)
	if err != nil {
		t.Fatal(err)
	}
	_, d := p.eval(logits)
	g, err := p.n.BackwardWords(&p.ws, d)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(g)
}

// The gradient of L(x) + L(x + r) by the weights, with r held constant.
func TestGradientNear(t *testing.T) {
	for name, set := range map[string]func(*classify.Config){"plain": func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Mean} }, "drops": drops} {
		t.Run(name, func(t *testing.T) {
			p := newProblem(t, set)
			g := p.words(t)
			r := p.n.Perturbation(&p.ws, nil, g, 0.7)
			nn.ZeroGrad(p.n.Params())
			p.loss(t, r, true)
			gradcheck.Check(t, p.n.Params(), func() float64 { return p.loss(t, r, false) }, 1e-2)
		})
	}
}

// The gradient by the word vectors is that of ForwardNear's loss by r.
func TestWordGradient(t *testing.T) {
	p := newProblem(t, drops)
	g := p.words(t)
	r := &nn.Param{Name: "r", Shape: []int{p.ws.Rows(), 4}, Data: make([]float32, len(g)), Grad: g}
	gradcheck.Check(t, []*nn.Param{r}, func() float64 {
		logits, err := p.n.ForwardNear(&p.ws, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		loss, _ := p.eval(logits)
		return loss
	}, 1e-2)

	// WordGradient gives the same bits and touches no parameter.
	before := make([][]float32, 0)
	for _, q := range p.n.Params() {
		before = append(before, slices.Clone(q.Grad))
	}
	logits, err := p.n.Forward(&p.ws, p.texts, p.mode)
	if err != nil {
		t.Fatal(err)
	}
	_, d := p.eval(logits)
	alone, err := p.n.WordGradient(&p.ws, d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g, alone); diff != "" {
		t.Errorf("gradient (-BackwardWords +WordGradient):\n%s", diff)
	}
	for i, q := range p.n.Params() {
		if !slices.Equal(before[i], q.Grad) {
			t.Errorf("WordGradient changes the gradient of %s", q.Name)
		}
	}
}

// r has norm epsilon in normalised vectors for each text with a gradient, and
// no other direction of that norm raises the loss as much, to first order.
func TestPerturbation(t *testing.T) {
	const epsilon, D = 0.8, 4
	p := newProblem(t, drops)
	p.texts = batch(rand.New(rand.NewPCG(3, 3)), 9) // one, so that all rows are its
	g := p.words(t)
	r := p.n.Perturbation(&p.ws, nil, g, epsilon)
	if len(r) != 9*D || len(g) != 9*D {
		t.Fatalf("%d values of r, %d of g, want %d", len(r), len(g), 9*D)
	}
	variance := make([]float64, D)
	// The variance follows from a gradient of one value alone: r_j is then epsilon*s_j.
	for j := range variance {
		one := make([]float32, len(g))
		one[j] = -3
		variance[j] = math.Pow(float64(p.n.Perturbation(&p.ws, nil, one, 1)[j]), 2)
		if !(variance[j] > 0.01) {
			t.Fatalf("coordinate %d: variance %v", j, variance[j])
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
	best, rng := dot(r), rand.New(rand.NewPCG(4, 4))
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
	p := newProblem(t, func(c *classify.Config) { c.Chunk = 3 })
	p.texts = batch(rand.New(rand.NewPCG(1, 1)), 7, 2)
	logits, err := p.n.Forward(&p.ws, p.texts, p.mode)
	if err != nil {
		t.Fatal(err)
	}
	_, d := p.eval(logits)
	clear(d[0][3:])
	clear(d[1][2:])
	g, err := p.n.WordGradient(&p.ws, d)
	if err != nil {
		t.Fatal(err)
	}
	r := p.n.Perturbation(&p.ws, nil, g, 1)
	zero := 0
	for at := 0; at < len(r); at += 4 {
		if !slices.ContainsFunc(r[at:at+4], func(v float32) bool { return v != 0 }) {
			zero++
		}
	}
	if zero != 2 {
		t.Errorf("%d rows are not perturbed, want the 2 of the text without a loss", zero)
	}
}
