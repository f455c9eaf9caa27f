package nn_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/nn"
)

// normals are n standard normal draws.
func normals(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// apart are n values, in random order, any two of which differ by at least
// 0.1, so that no finite difference crosses a tie between them.
func apart(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i, j := range rng.Perm(n) {
		x[i] = 0.1*float32(j-n/2) + 0.02
	}
	return x
}

// dot is sum x*y, the loss whose gradient by x is y.
func dot(x, y []float32) float64 {
	sum := 0.0
	for i, v := range x {
		sum += float64(v) * float64(y[i])
	}
	return sum
}

func TestDenseGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	const n, in, hidden, out = 4, 5, 6, 3
	for _, a := range nn.Activations() {
		for _, bias := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s bias=%t", a, bias), func(t *testing.T) {
				one, two := nn.NewDense("one", in, hidden), nn.NewDense("two", hidden, out)
				one.Init(rng)
				two.Init(rng)
				if !bias {
					one.Bias = nil
				}
				x, dy := param("x", nil, n, in), normals(rng, n*out)
				h, pre, y := make([]float32, n*hidden), make([]float32, n*hidden), make([]float32, n*out)
				loss := func() float64 {
					one.Forward(h, x.Data, n)
					copy(pre, h)
					a.Forward(h)
					two.Forward(y, h, n)
					return dot(y, dy)
				}
				for kink := true; kink; { // draw inputs that keep ReLU away from 0
					copy(x.Data, normals(rng, n*in))
					one.Forward(h, x.Data, n)
					kink = slices.ContainsFunc(h, func(v float32) bool { return a == nn.ReLU && v > -0.06 && v < 0.06 })
				}
				params := append(append(one.Params(), two.Params()...), x)
				for _, p := range params {
					p.NeedGrad()
				}
				loss()
				dh := make([]float32, n*hidden)
				two.Backward(dh, dy, h, n)
				a.Backward(dh, pre, h)
				one.Backward(x.Grad, dh, x.Data, n)
				gradcheck.Check(t, params, loss, 2e-3)
			})
		}
	}
}

func TestPoolGradient(t *testing.T) {
	const D, G = 4, 3
	lengths, chunks := []int{3, 0, 5, 1}, []int{1, 0, 1, 2}
	for _, tt := range []struct {
		name   string
		cfg    nn.PoolConfig
		groups []int
	}{
		{"default", nn.PoolConfig{}, nil},
		{"last", nn.PoolConfig{Kinds: []nn.Pooling{nn.Last}}, nil},
		{"last, reverse", nn.PoolConfig{Kinds: []nn.Pooling{nn.Last}, Reverse: true}, nil},
		{"last, bidirectional, groups", nn.PoolConfig{Kinds: []nn.Pooling{nn.Last}, Bidirectional: true}, chunks},
		{"mean", nn.PoolConfig{Kinds: []nn.Pooling{nn.Mean}}, nil},
		{"attention", nn.PoolConfig{Kinds: []nn.Pooling{nn.Attention}}, nil},
		{"attention, wide, groups", nn.PoolConfig{Kinds: []nn.Pooling{nn.Attention}, Hidden: 7}, chunks},
		{"sum", nn.PoolConfig{Kinds: []nn.Pooling{nn.Last, nn.Max}, Bidirectional: true, Merge: nn.Sum}, nil},
		{"average, groups", nn.PoolConfig{Kinds: []nn.Pooling{nn.Mean, nn.Last}, Bidirectional: true, Merge: nn.Average}, chunks},
		{"product, all", nn.PoolConfig{Kinds: []nn.Pooling{nn.Max, nn.Mean, nn.Attention, nn.Last}, Bidirectional: true, Merge: nn.Product}, nil},
		{"padded", nn.PoolConfig{Kinds: []nn.Pooling{nn.Max, nn.Mean}, Bidirectional: true, Padded: 4}, nil},
		{"all, groups", nn.PoolConfig{Kinds: []nn.Pooling{nn.Max, nn.Mean, nn.Attention, nn.Last}, Bidirectional: true}, chunks},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(2, 0))
			tt.cfg.Size = D
			p, err := nn.NewPool("pool", tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			p.Init(rng)
			texts := len(lengths)
			if tt.groups != nil {
				texts = G
			}
			var l nn.Layout
			l.Reset(lengths)
			y := param("y", apart(rng, l.Rows()*D), l.Rows(), D)
			dpooled, pooled := normals(rng, texts*p.OutSize()), make([]float32, texts*p.OutSize())
			var ws nn.PoolWorkspace
			loss := func() float64 {
				p.Forward(pooled, y.Data, &l, tt.groups, &ws)
				return dot(pooled, dpooled)
			}
			params := append(p.Params(), y)
			for _, q := range params {
				q.NeedGrad()
			}
			loss()
			p.Backward(y.Grad, dpooled, y.Data, &l, tt.groups, &ws)
			gradcheck.Check(t, params, loss, 5e-3)
		})
	}
}

func TestLossGradient(t *testing.T) {
	const B, C = 5, 4
	rng := rand.New(rand.NewPCG(3, 0))
	labels := nn.Targets{Labels: []int32{2, -1, 0, 3, 3}, Weights: []float32{1, 1, 0.5, 2, 0},
		Allowed: [][]bool{{true, false, true, true}, nil, nil, {false, true, false, true}, nil}}
	values := nn.Targets{Values: make([]float32, B*C), Weights: labels.Weights, Allowed: [][]bool{nil, nil, {true, true, true, false}, nil, nil}}
	for i := range values.Values {
		values.Values[i] = rng.Float32()
	}
	each := []float32{0.5, 1, 2, 0.1}
	for _, kind := range []nn.LossKind{nn.CrossEntropy, nn.BinaryCrossEntropy, nn.SquaredError, nn.AbsoluteError} {
		for _, gamma := range []float64{0, 0.5, 1, 2} {
			for _, smoothing := range []float64{0, 0.1} {
				for name, targets := range map[string]*nn.Targets{"labels": &labels, "values": &values} {
					t.Run(fmt.Sprintf("%s gamma=%v smoothing=%v %s", kind, gamma, smoothing, name), func(t *testing.T) {
						l := nn.Loss{Kind: kind, Gamma: gamma, Smoothing: smoothing, LabelWeights: each}
						if kind == nn.BinaryCrossEntropy {
							l.PositiveWeights = []float32{3, 1, 0.5, 2}
						}
						x := param("logits", normals(rng, B*C), B, C)
						if kind == nn.AbsoluteError {
							for i, v := range x.Data { // not beside a target, all of which are from 0 to 1
								x.Data[i] = v - 0.1
								if v > 0 {
									x.Data[i] = v + 1.1
								}
							}
						}
						loss := func() float64 { return l.Eval(nil, x.Data, B, C, targets, 0) }
						l.Eval(x.Grad, x.Data, B, C, targets, 0)
						gradcheck.Check(t, []*nn.Param{x}, loss, 1e-3)
					})
				}
			}
		}
	}
}

func TestDropoutGradient(t *testing.T) {
	const D = 4
	rng := rand.New(rand.NewPCG(4, 0))
	var l nn.Layout
	l.Reset([]int{2, 5, 0, 3})
	ids := []int32{7, 3, 3, 9, 1, 7, 0, 2, 5, 9}
	d := nn.Dropout{P: 0.4, Seed: 11}
	for name, apply := range map[string]func([]float32){
		"elementwise": func(x []float32) { d.Apply(x, 3) },
		"locked":      func(x []float32) { d.Locked(x, &l, D, nil, 0) },
		"types":       func(x []float32) { d.Types(x, D, ids) },
	} {
		t.Run(name, func(t *testing.T) {
			x, dy := param("x", normals(rng, l.Rows()*D), l.Rows(), D), normals(rng, l.Rows()*D)
			y := make([]float32, len(dy))
			loss := func() float64 {
				copy(y, x.Data)
				apply(y)
				return dot(y, dy)
			}
			copy(x.Grad, dy)
			apply(x.Grad)
			gradcheck.Check(t, []*nn.Param{x}, loss, 1e-3)
		})
	}
}
