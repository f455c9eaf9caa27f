package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/nn"
)

var everyLoss = []nn.LossKind{nn.CrossEntropy, nn.BinaryCrossEntropy, nn.SquaredError, nn.AbsoluteError}

// What is missing or has weight 0 contributes nothing, whatever its logits.
func TestLossMasks(t *testing.T) {
	nan := float32(math.NaN())
	const C = 3
	logits := []float32{1, 2, 3, nan, nan, nan, 0.5, -1, 2}
	present := slices.Concat(logits[:3], logits[6:])
	for _, kind := range everyLoss {
		for _, smoothing := range []float64{0, 0.1} {
			l := nn.Loss{Kind: kind, Smoothing: smoothing}
			want := make([]float32, 2*C)
			wantLoss := l.Eval(want, present, 2, C, &nn.Targets{Labels: []int32{0, 2}}, 0)
			soft := []float32{1, 0, 0, 0, 0, 1}
			for name, targets := range map[string]nn.Targets{
				"missing label":        {Labels: []int32{0, -1, 2}},
				"weight 0":             {Labels: []int32{0, 1, 2}, Weights: []float32{1, 0, 1}},
				"missing distribution": {Values: slices.Concat(soft[:3], []float32{nan, nan, nan}, soft[3:])},
			} {
				d := make([]float32, 3*C)
				loss := l.Eval(d, logits, 3, C, &targets, 0)
				if math.Abs(loss-wantLoss) > 1e-7 {
					t.Errorf("%s, %s: loss %v, without the example %v", kind, name, loss, wantLoss)
				}
				if !slices.Equal(d[C:2*C], []float32{0, 0, 0}) {
					t.Errorf("%s, %s: gradient %v, want zeros", kind, name, d[C:2*C])
				}
				near(t, name, slices.Concat(d[:C], d[2*C:]), want, 1e-7)
			}
		}
	}
}

// A value that is missing or not allowed contributes nothing by itself.
func TestLossMasksSingleValues(t *testing.T) {
	nan := float32(math.NaN())
	for _, kind := range []nn.LossKind{nn.BinaryCrossEntropy, nn.SquaredError, nn.AbsoluteError} {
		l := nn.Loss{Kind: kind}
		want := make([]float32, 2)
		wantLoss := l.Eval(want, []float32{1, -2}, 1, 2, &nn.Targets{Values: []float32{1, 0}}, 0)
		for name, targets := range map[string]nn.Targets{
			"NaN":         {Values: []float32{1, nan, 0}},
			"not allowed": {Values: []float32{1, 1, 0}, Allowed: [][]bool{{true, false, true}}},
		} {
			d := make([]float32, 3)
			loss := l.Eval(d, []float32{1, nan, -2}, 1, 3, &targets, 0)
			if loss != wantLoss || d[0] != want[0] || d[1] != 0 || d[2] != want[1] {
				t.Errorf("%s, %s: %v %v, want %v %v without the second", kind, name, loss, d, wantLoss, want)
			}
		}
	}
}

// Shards normalised by the whole batch's weight add up to the batch.
func TestLossShards(t *testing.T) {
	const B, C = 7, 4
	rng := rand.New(rand.NewPCG(1, 1))
	logits := normals(rng, B*C)
	targets := nn.Targets{Labels: []int32{0, 1, -1, 3, 2, -1, 1}, Weights: []float32{1, 2, 1, 0.5, 1, 1, 3}}
	for _, kind := range everyLoss {
		l := nn.Loss{Kind: kind, LabelWeights: []float32{1, 2, 0.5, 1}}
		want := make([]float32, B*C)
		wantLoss := l.Eval(want, logits, B, C, &targets, 0)
		norm := l.Weight(&targets, B, C)
		got, loss := make([]float32, B*C), 0.0
		for lo := 0; lo < B; lo += 3 {
			hi := min(lo+3, B)
			shard := nn.Targets{Labels: targets.Labels[lo:hi], Weights: targets.Weights[lo:hi]}
			loss += l.Eval(got[lo*C:hi*C], logits[lo*C:hi*C], hi-lo, C, &shard, norm)
		}
		if !slices.Equal(got, want) || math.Abs(loss-wantLoss) > 1e-12 {
			t.Errorf("%s: shards give %v %v, the batch %v %v", kind, loss, got, wantLoss, want)
		}
	}
}

func TestLossOfNothing(t *testing.T) {
	for _, kind := range everyLoss {
		l := nn.Loss{Kind: kind}
		d := []float32{1, 2, 3, 4}
		if loss := l.Eval(d, []float32{1, 2, 3, 4}, 2, 2, &nn.Targets{Labels: []int32{-1, -1}}, 0); loss != 0 || !slices.Equal(d, make([]float32, 4)) {
			t.Errorf("%s of a batch without labels: %v, %v, want zeros", kind, loss, d)
		}
		l.LabelWeights = []float32{0, 0}
		if loss := l.Eval(d, []float32{1, 2, 3, 4}, 2, 2, &nn.Targets{Labels: []int32{1, 0}}, 0); loss != 0 || !slices.Equal(d, make([]float32, 4)) {
			t.Errorf("%s of labels of weight 0: %v, %v, want zeros", kind, loss, d)
		}
		if loss := l.Eval(nil, nil, 0, 2, &nn.Targets{}, 0); loss != 0 {
			t.Errorf("%s of an empty batch: %v, want 0", kind, loss)
		}
	}
}

func TestLossExtremeLogits(t *testing.T) {
	for _, kind := range []nn.LossKind{nn.CrossEntropy, nn.BinaryCrossEntropy} {
		for _, gamma := range []float64{0, 0.5, 2} {
			l := nn.Loss{Kind: kind, Gamma: gamma}
			d := make([]float32, 4)
			loss := l.Eval(d, []float32{1e4, -1e4, -1e4, 1e4}, 2, 2, &nn.Targets{Labels: []int32{0, 0}}, 0)
			// The first is right, the second as wrong as can be.
			want := 1e4
			if kind == nn.BinaryCrossEntropy {
				want = 5e3 // a mean over four values, two of them wrong by 1e4
			}
			if kind == nn.CrossEntropy {
				want = 1e4 // a mean over two examples, one wrong by 2e4
			}
			if math.Abs(loss-want) > 1e-3*want {
				t.Errorf("%s gamma=%v: loss %v, want %v", kind, gamma, loss, want)
			}
			for _, v := range d {
				if v-v != 0 {
					t.Errorf("%s gamma=%v: gradient %v", kind, gamma, d)
				}
			}
		}
	}
}

// A diverged network must not look like a good one.
func TestLossShowsNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, kind := range everyLoss {
		l := nn.Loss{Kind: kind}
		if loss := l.Eval(nil, []float32{nan, 1}, 1, 2, &nn.Targets{Labels: []int32{0}}, 0); !math.IsNaN(loss) {
			t.Errorf("%s of NaN = %v", kind, loss)
		}
	}
}

func TestActivate(t *testing.T) {
	x := []float32{0, 0, 1, 1}
	nn.CrossEntropy.Activate(x, 2)
	near(t, "softmax", x, []float32{0.5, 0.5, 0.5, 0.5}, 1e-7)
	x = []float32{0, -1e4, 1e4}
	nn.BinaryCrossEntropy.Activate(x, 3)
	near(t, "sigmoid", x, []float32{0.5, 0, 1}, 1e-7)
	x = []float32{3, -4}
	nn.SquaredError.Activate(x, 2)
	near(t, "identity", x, []float32{3, -4}, 0)
}

// The numbers are those of scikit-learn's compute_class_weight("balanced").
func TestBalancedWeights(t *testing.T) {
	if diff := cmp.Diff([]float32{2. / 3, 2, 1}, nn.BalancedWeights([]int{3, 1, 2})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float32{1, 0, 1}, nn.BalancedWeights([]int{5, 0, 5})); diff != "" {
		t.Errorf("a label without examples (-want +got):\n%s", diff)
	}
}

func TestLossValidate(t *testing.T) {
	nan := float32(math.NaN())
	l := nn.Loss{Kind: "hinge", LabelWeights: []float32{1, -1}, PositiveWeights: []float32{1, 1, nan}, Smoothing: 1, Gamma: math.NaN()}
	err := l.Validate(3)
	for _, want := range []string{`"hinge"`, "2 LabelWeights for 3 labels", "LabelWeights[1] is -1", "PositiveWeights[2] is NaN", "Smoothing is 1", "Gamma is NaN"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if err := new(nn.Loss).Validate(3); err != nil {
		t.Errorf("zero Loss: %v", err)
	}
}

func TestLossPanics(t *testing.T) {
	var l nn.Loss
	for name, f := range map[string]func(){
		"label too large": func() { l.Eval(nil, make([]float32, 2), 1, 2, &nn.Targets{Labels: []int32{2}}, 0) },
		"label below -1":  func() { l.Eval(nil, make([]float32, 2), 1, 2, &nn.Targets{Labels: []int32{-2}}, 1) },
		"excluded label": func() {
			l.Eval(nil, make([]float32, 2), 1, 2, &nn.Targets{Labels: []int32{0}, Allowed: [][]bool{{false, true}}}, 0)
		},
		"too few logits": func() { l.Eval(nil, make([]float32, 1), 1, 2, &nn.Targets{Labels: []int32{0}}, 0) },
		"too few labels": func() { l.Eval(nil, make([]float32, 4), 2, 2, &nn.Targets{Labels: []int32{0}}, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}
