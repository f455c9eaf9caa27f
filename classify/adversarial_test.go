package classify_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
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
	texts []classify.Encoded
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
		func() ([][]float32, error) { return p.near(r) },
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

// near gives the scores at x + r.
func (p *problem) near(r []float32) ([][]float32, error) {
	x := slices.Clone(p.ws.Vectors())
	vec.Add(x, r)
	return p.n.ForwardVectors(&p.ws, x)
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
			r := slices.Clone(g)
			vec.Scale(0.7/float32(math.Sqrt(vec.SumSq(r))), r)
			nn.ZeroGrad(p.n.Params())
			p.loss(t, r, true)
			gradcheck.Check(t, p.n.Params(), func() float64 { return p.loss(t, r, false) }, 1e-2)
		})
	}
}

// The gradient by the word vectors is that of the loss at x + r by r.
func TestWordGradient(t *testing.T) {
	p := newProblem(t, drops)
	g := p.words(t)
	r := &nn.Param{Name: "r", Shape: []int{len(g) / 4, 4}, Data: make([]float32, len(g)), Grad: g}
	gradcheck.Check(t, []*nn.Param{r}, func() float64 {
		logits, err := p.near(r.Data)
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
