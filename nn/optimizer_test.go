package nn_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/textlstm/textlstm/nn"
)

func newOptimizer(t testing.TB, cfg nn.OptimizerConfig) *nn.Optimizer {
	t.Helper()
	o, err := nn.NewOptimizer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var everyOptimizer = []nn.OptimizerConfig{
	{}, {Kind: nn.Adam, WeightDecay: 0.1}, {Kind: nn.SGD}, {Kind: nn.SGD, Momentum: 0.9, Nesterov: true},
	{Kind: nn.RMSprop}, {Kind: nn.RMSprop, Momentum: 0.5},
}

// A small model: a dense and a sparse parameter and gradients that depend on
// the step.
func trainable(rng *rand.Rand) []*nn.Param {
	w := param("w", normals(rng, 6), 2, 3)
	w.Decay = true
	e := param("e", normals(rng, 10), 5, 2)
	e.Sparse = true
	e.LRScale = 0.5
	return []*nn.Param{w, e}
}

func fillGrads(params []*nn.Param, step int) {
	nn.ZeroGrad(params)
	rng := rand.New(rand.NewPCG(uint64(step), 77))
	copy(params[0].Grad, normals(rng, 6))
	for range 2 {
		r := rng.Int32N(5)
		params[1].Touch(r)
		copy(params[1].Grad[r*2:], normals(rng, 2))
	}
}

func steps(t testing.TB, o *nn.Optimizer, params []*nn.Param, from, to int) {
	t.Helper()
	for s := from; s < to; s++ {
		fillGrads(params, s)
		if err := o.Step(params, 0.1); err != nil {
			t.Fatal(err)
		}
	}
}

// copies are what a checkpoint would write and read back.
func copies(params []*nn.Param) []*nn.Param {
	var out []*nn.Param
	for _, p := range params {
		out = append(out, &nn.Param{Name: p.Name, Shape: slices.Clone(p.Shape), Data: slices.Clone(p.Data)})
	}
	return out
}

func TestOptimizerResumes(t *testing.T) {
	for _, cfg := range everyOptimizer {
		rng := rand.New(rand.NewPCG(1, 0))
		params := trainable(rng)
		o := newOptimizer(t, cfg)
		steps(t, o, params, 0, 4)
		saved, state, n := copies(params), copies(o.State()), o.Steps()
		steps(t, o, params, 4, 9)

		resumed := trainable(rng)
		for i, p := range saved {
			copy(resumed[i].Data, p.Data)
		}
		again := newOptimizer(t, cfg)
		if err := again.LoadState(resumed, n, state); err != nil {
			t.Fatalf("%+v: %v", cfg, err)
		}
		steps(t, again, resumed, 4, 9)
		if diff := cmp.Diff(copies(params), copies(resumed), cmpopts.IgnoreUnexported(nn.Param{})); diff != "" {
			t.Errorf("%+v: weights of the uninterrupted run and of the resumed one:\n%s", cfg, diff)
		}
		if diff := cmp.Diff(copies(o.State()), copies(again.State()), cmpopts.IgnoreUnexported(nn.Param{})); diff != "" {
			t.Errorf("%+v: state of the uninterrupted run and of the resumed one:\n%s", cfg, diff)
		}
		if o.Steps() != 9 || again.Steps() != 9 {
			t.Errorf("%d and %d steps, want 9", o.Steps(), again.Steps())
		}
	}
}

func TestOptimizerLoadStateErrors(t *testing.T) {
	params := trainable(rand.New(rand.NewPCG(1, 0)))
	o := newOptimizer(t, nn.OptimizerConfig{})
	steps(t, o, params, 0, 1)
	good := o.State()
	for _, tt := range []struct {
		name  string
		steps int
		state []*nn.Param
		want  string
	}{
		{"negative steps", -1, good, "-1 steps"},
		{"twice", 1, append(copies(good), good[0]), "exp_avg.w is there twice"},
		{"stranger", 1, []*nn.Param{nn.NewParam("exp_avg.x", 1)}, "exp_avg.x belongs to no parameter"},
		{"another rule", 1, []*nn.Param{nn.NewParam("square_avg.w", 6)}, "square_avg.w belongs to no parameter"},
		{"half missing", 1, good[:1], "exp_avg_sq.w is missing"},
		{"wrong size", 1, []*nn.Param{good[0], nn.NewParam("exp_avg_sq.w", 5)}, "exp_avg_sq.w has 5 values, want 6"},
	} {
		err := o.LoadState(params, tt.steps, tt.state)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		}
		if o.Steps() != 1 || len(o.State()) != 4 {
			t.Fatalf("%s: the optimiser changed", tt.name)
		}
	}
	if err := o.LoadState(params, 0, nil); err != nil || len(o.State()) != 0 {
		t.Errorf("empty state: %v, %d tensors", err, len(o.State()))
	}
}

// A gradient that is not finite stops the step before anything has moved.
func TestOptimizerDiverged(t *testing.T) {
	for _, cfg := range everyOptimizer {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for i, name := range []string{"w", "e"} {
				params := trainable(rand.New(rand.NewPCG(1, 0)))
				o := newOptimizer(t, cfg)
				steps(t, o, params, 0, 1)
				before, state := copies(params), copies(o.State())
				fillGrads(params, 1)
				at := 1
				if i == 1 {
					at = 2*int(params[1].Touched[0]) + 1
				}
				params[i].Grad[at] = float32(bad)
				err := o.Step(params, 0.1)
				var d *nn.DivergedError
				if !errors.As(err, &d) || d.Name != name || d.Index != at || math.IsNaN(bad) != math.IsNaN(float64(d.Value)) {
					t.Errorf("error %v, want a DivergedError of %s at %d", err, name, at)
				}
				if cmp.Diff(before, copies(params), cmpopts.IgnoreUnexported(nn.Param{})) != "" || o.Steps() != 1 ||
					cmp.Diff(state, copies(o.State()), cmpopts.IgnoreUnexported(nn.Param{})) != "" {
					t.Error("the refused step changed something")
				}
			}
		}
	}
}

func TestDivergedErrorText(t *testing.T) {
	err := &nn.DivergedError{Name: "encoder.weight_ih_l0", Index: 3, Value: float32(math.Inf(1))}
	want := "nn: training diverged: gradient of encoder.weight_ih_l0 is +Inf at element 3; lower the learning rate or clip the gradient"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// Rows that were not touched do not move, nor do frozen parameters.
func TestOptimizerLeavesAlone(t *testing.T) {
	for _, cfg := range everyOptimizer {
		params := trainable(rand.New(rand.NewPCG(1, 0)))
		frozen := nn.NewParam("frozen", 2)
		e := params[1]
		e.Decay = true
		o := newOptimizer(t, cfg)
		for s := range 5 {
			fillGrads(params, s)
			before := slices.Clone(e.Data)
			version := e.Version
			if err := o.Step(append(params, frozen), 0.1); err != nil {
				t.Fatal(err)
			}
			for r := range int32(5) {
				moved := e.Data[2*r] != before[2*r] || e.Data[2*r+1] != before[2*r+1]
				if moved != slices.Contains(e.Touched, r) {
					t.Errorf("%+v: row %d moved: %t, touched: %v", cfg, r, moved, e.Touched)
				}
			}
			if e.Version == version {
				t.Errorf("%+v: Version stayed at %d", cfg, version)
			}
		}
		if frozen.Version != 0 || !slices.Equal(frozen.Data, []float32{0, 0}) {
			t.Error("a frozen parameter moved")
		}
	}
}

// Sparse parameters of which every row is touched move as dense ones do.
func TestOptimizerSparseIsDense(t *testing.T) {
	for _, cfg := range everyOptimizer {
		rng := rand.New(rand.NewPCG(1, 0))
		start := normals(rng, 8)
		dense, sparse := param("p", start, 4, 2), param("p", start, 4, 2)
		sparse.Sparse = true
		a, b := newOptimizer(t, cfg), newOptimizer(t, cfg)
		for range 5 {
			g := normals(rng, 8)
			copy(dense.Grad, g)
			copy(sparse.Grad, g)
			for _, r := range []int32{2, 0, 3, 1} {
				sparse.Touch(r)
			}
			if err := errors.Join(a.Step([]*nn.Param{dense}, 0.1), b.Step([]*nn.Param{sparse}, 0.1)); err != nil {
				t.Fatal(err)
			}
		}
		near(t, "sparse", sparse.Data, dense.Data, 1e-6)
	}
}

func TestLRScale(t *testing.T) {
	for _, cfg := range everyOptimizer {
		one, half := param("p", ones(3), 3), param("p", ones(3), 3)
		half.LRScale = 0.5
		for _, p := range []*nn.Param{one, half} {
			copy(p.Grad, []float32{1, -2, 3})
			if err := newOptimizer(t, cfg).Step([]*nn.Param{p}, 0.1); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			if a, b := one.Data[i]-1, half.Data[i]-1; math.Abs(float64(a-2*b)) > 1e-6 {
				t.Errorf("%+v: steps %v and %v, want the second half the first", cfg, a, b)
			}
		}
	}
}

func TestOptimizerConfigValidate(t *testing.T) {
	cfg := nn.OptimizerConfig{Kind: "lion", Beta1: 1, Beta2: -1, Alpha: math.NaN(), Momentum: 2, Eps: -1, WeightDecay: math.Inf(1), Nesterov: true}
	err := cfg.Validate()
	for _, want := range []string{`"lion"`, "Beta1 is 1", "Beta2 is -1", "Alpha is NaN", "Momentum is 2", "Eps is -1", "WeightDecay is +Inf", "Nesterov"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if _, err := nn.NewOptimizer(cfg); err == nil {
		t.Error("NewOptimizer accepted it")
	}
	want := nn.OptimizerConfig{Kind: nn.Adam, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	if diff := cmp.Diff(want, newOptimizer(t, nn.OptimizerConfig{}).Config()); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestClipNorm(t *testing.T) {
	dense := param("w", nil, 2)
	sparse := param("e", nil, 3, 1)
	sparse.Sparse = true
	frozen := nn.NewParam("frozen", 2)
	params := []*nn.Param{dense, sparse, frozen}
	fill := func() {
		copy(dense.Grad, []float32{2, -1})
		sparse.Touched = nil
		sparse.Touch(2)
		sparse.Touch(0)
		copy(sparse.Grad, []float32{2, 100, -4}) // row 1 is not touched, so it counts as 0
	}
	fill()
	if got := nn.ClipNorm(params, 0); got != 5 || dense.Grad[0] != 2 {
		t.Errorf("measured norm %v and gradient %v, want 5 and 2", got, dense.Grad[0])
	}
	if got := nn.ClipNorm(params, 5); got != 5 || dense.Grad[0] != 2 {
		t.Errorf("norm %v at the limit 5, gradient %v, want 5 and 2", got, dense.Grad[0])
	}
	if got := nn.ClipNorm(params, 2.5); got != 5 {
		t.Errorf("norm before clipping %v, want 5", got)
	}
	near(t, "dense", dense.Grad, []float32{1, -0.5}, 1e-6)
	near(t, "sparse", sparse.Grad, []float32{1, 100, -2}, 1e-6)
	if !slices.Equal(sparse.Touched, []int32{0, 2}) {
		t.Errorf("Touched = %v, want it in order", sparse.Touched)
	}

	huge := param("h", []float32{0, 0}, 2)
	copy(huge.Grad, []float32{3e38, -3e38})
	if got := nn.ClipNorm([]*nn.Param{huge}, 1); math.Abs(got/4.2426e38-1) > 1e-3 {
		t.Errorf("norm of huge gradients = %v, want 4.24e38", got)
	}
	huge.Grad[1] = float32(math.Inf(1))
	if got := nn.ClipNorm([]*nn.Param{huge}, 1); !math.IsInf(got, 1) || !math.IsInf(float64(huge.Grad[1]), 1) {
		t.Errorf("norm %v, gradient %v; want both infinite", got, huge.Grad[1])
	}
	if got := nn.ClipNorm(nil, 1); got != 0 {
		t.Errorf("norm of nothing = %v", got)
	}
}

// The number of workers changes no bit of what many parts come to.
func TestOptimizerWorkers(t *testing.T) {
	for _, cfg := range everyOptimizer {
		var want [][]float32
		for _, workers := range []int{0, 1, 2, 3} {
			rng := rand.New(rand.NewPCG(4, 0))
			dense, sparse := param("w", normals(rng, 20_011), 20_011), param("e", normals(rng, 400*101), 400, 101)
			dense.Decay, sparse.Sparse = true, true
			params := []*nn.Param{dense, sparse}
			o := newOptimizer(t, cfg)
			o.Workers = workers
			for range 3 {
				nn.ZeroGrad(params)
				copy(dense.Grad, normals(rng, len(dense.Grad)))
				for _, r := range rng.Perm(400)[:250] {
					sparse.Touch(int32(r))
					copy(sparse.Grad[r*101:], normals(rng, 101))
				}
				if err := o.Step(params, 0.1); err != nil {
					t.Fatal(err)
				}
			}
			var got [][]float32
			for _, p := range slices.Concat(params, o.State()) {
				got = append(got, p.Data)
			}
			if want == nil {
				want = got
			} else if !slices.EqualFunc(got, want, slices.Equal[[]float32]) {
				t.Errorf("%+v: %d workers move weights or moments otherwise than one", cfg, workers)
			}
		}
	}
}
