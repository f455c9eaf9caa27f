package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

func newEMA(t testing.TB, params []*nn.Param, cfg nn.EMAConfig) *nn.EMA {
	t.Helper()
	e, err := nn.NewEMA(params, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The average, dense or sparse, is the one that a float64 loop over all values
// at every update gives.
func TestEMA(t *testing.T) {
	for _, cfg := range []nn.EMAConfig{{}, {Decay: 0.5}, {Decay: 0.9}, {Decay: 0.9, BiasCorrect: true}, {Decay: 0.05}, {BiasCorrect: true}} {
		t.Run(fmt.Sprintf("%+v", cfg), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 0))
			params := trainable(rng)
			e := newEMA(t, params, cfg)
			decay := cfg.Decay
			if decay == 0 {
				decay = 0.999
			}
			want := make([][]float64, len(params))
			for i, p := range params {
				for _, v := range p.Data {
					want[i] = append(want[i], float64(v))
				}
				if cfg.BiasCorrect {
					clear(want[i])
				}
			}
			o := newOptimizer(t, nn.OptimizerConfig{Kind: nn.SGD})
			const updates = 200
			for n := 1; n <= updates; n++ {
				fillGrads(params, n)
				e.Update()
				for i, p := range params {
					keep := min(decay, float64(1+n)/float64(10+n))
					if cfg.BiasCorrect {
						keep = decay
					}
					for j, v := range p.Data {
						want[i][j] = keep*want[i][j] + (1-keep)*float64(v)
					}
				}
				if err := o.Step(params, 0.1); err != nil {
					t.Fatal(err)
				}
				if n < 3 || n == 50 || n == updates {
					e.Swap()
					for i, p := range params {
						w := make([]float32, len(want[i]))
						for j, v := range want[i] {
							if cfg.BiasCorrect {
								v /= 1 - math.Pow(decay, float64(n))
							}
							w[j] = float32(v)
						}
						// The last row touched has moved since the update: the
						// average stands at the update before.
						near(t, fmt.Sprintf("%s after %d", p.Name, n), p.Data, w, 2e-5)
					}
					e.Swap()
				}
			}
			if e.Updates() != updates {
				t.Errorf("Updates() = %d, want %d", e.Updates(), updates)
			}
		})
	}
}

func TestEMASwap(t *testing.T) {
	params := trainable(rand.New(rand.NewPCG(1, 0)))
	e := newEMA(t, params, nn.EMAConfig{})
	for n := range 5 {
		fillGrads(params, n)
		e.Update()
		for _, p := range params {
			for _, r := range p.Touched {
				p.Data[int(r)*p.RowLen()]++
			}
		}
	}
	before := copies(params)
	want := e.Average(1)
	version := params[1].Version
	e.Swap()
	if !slices.Equal(params[1].Data, want) || !slices.Equal(e.Average(1), want) {
		t.Errorf("swapped in %v, average %v, want %v", params[1].Data, e.Average(1), want)
	}
	if params[1].Version == version {
		t.Error("Swap did not say that it changed Data")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Update while swapped did not panic")
			}
		}()
		e.Update()
	}()
	if err := e.LoadState(0, nil); err == nil {
		t.Error("LoadState while swapped was accepted")
	}
	e.Swap()
	for i, p := range params {
		if !slices.Equal(p.Data, before[i].Data) {
			t.Errorf("%s came back as %v, was %v", p.Name, p.Data, before[i].Data)
		}
	}
}

// A resumed average goes on to the same bits, whether or not it was looked at.
func TestEMAResumes(t *testing.T) {
	for _, cfg := range []nn.EMAConfig{{}, {Decay: 0.9, BiasCorrect: true}} {
		run := func(params []*nn.Param, e *nn.EMA, from, to int) {
			for n := from; n < to; n++ {
				fillGrads(params, n)
				e.Update()
				for _, p := range params {
					for i, g := range p.Grad {
						p.Data[i] -= 0.1 * g
					}
				}
			}
		}
		params := trainable(rand.New(rand.NewPCG(1, 0)))
		e := newEMA(t, params, cfg)
		run(params, e, 0, 20)
		weights, state, n := copies(params), copies(e.State()), e.Updates()
		run(params, e, 20, 40)

		resumed := trainable(rand.New(rand.NewPCG(2, 0)))
		again := newEMA(t, resumed, cfg)
		for i, p := range weights {
			copy(resumed[i].Data, p.Data)
		}
		if err := again.LoadState(n, state); err != nil {
			t.Fatal(err)
		}
		again.Swap()
		again.Swap()
		run(resumed, again, 20, 40)
		for i := range params {
			if !slices.Equal(e.Average(i), again.Average(i)) {
				t.Errorf("average of %s: %v, resumed %v", params[i].Name, e.Average(i), again.Average(i))
			}
		}
	}
}

func TestEMALoadStateErrors(t *testing.T) {
	params := trainable(rand.New(rand.NewPCG(1, 0)))
	e := newEMA(t, params, nn.EMAConfig{})
	e.Update()
	good := copies(e.State())
	ahead := copies(good)
	ahead[2].Data[1] = 2
	for _, tt := range []struct {
		name    string
		updates int
		state   []*nn.Param
		want    string
	}{
		{"negative", -1, good, "-1 updates"},
		{"missing", 1, good[:2], "2 tensors, want 3"},
		{"other name", 1, append(copies(good[:2]), nn.NewParam("x", 5)), "ema_seen.e is missing"},
		{"wrong size", 1, append(copies(good[:2]), nn.NewParam("ema_seen.e", 4)), "ema_seen.e has 4 values, want 5"},
		{"from the future", 1, ahead, "ema_seen.e[1] is 2, want a whole number in [0, 1]"},
	} {
		if err := e.LoadState(tt.updates, tt.state); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		}
	}
	for _, decay := range []float64{-1, 1, math.NaN()} {
		if _, err := nn.NewEMA(params, nn.EMAConfig{Decay: decay}); err == nil {
			t.Errorf("Decay %v was accepted", decay)
		}
	}
}
