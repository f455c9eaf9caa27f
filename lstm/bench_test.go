package lstm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// BenchmarkVanishing is the backward pass of a gradient that comes from the
// last state alone and has long vanished at the first steps: numbers too small
// for a normal float32 must not slow the kernels down.
func BenchmarkVanishing(b *testing.B) {
	for _, dFinal := range []bool{false, true} {
		name := "everywhere"
		if dFinal {
			name = "last state"
		}
		b.Run(name, func(b *testing.B) {
			const T, B, H = 1000, 16, 128
			m, err := New(Config{InputSize: 100, HiddenSize: H})
			if err != nil {
				b.Fatal(err)
			}
			m.InitForget(rand.New(rand.NewPCG(1, 1)), -1) // forgets at once
			lay := new(nn.Layout)
			lay.Reset(slices.Repeat([]int{T}, B))
			x := make([]float32, lay.Rows()*100)
			dY := make([]float32, lay.Rows()*H)
			state := m.NewState(B)
			for _, v := range [][]float32{dY, state.H} {
				for i := range v {
					v[i] = 1
				}
			}
			ws := new(Workspace)
			for b.Loop() {
				if _, err := m.Forward(ws, Batch{Layout: lay, X: x}, nil, Mode{Train: true}); err != nil {
					b.Fatal(err)
				}
				if dFinal {
					_, _, err = m.Backward(ws, nil, state)
				} else {
					_, _, err = m.Backward(ws, dY, nil)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(lay.Rows())*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func BenchmarkForward(b *testing.B) { benchmark(b, Mode{}) }
func BenchmarkTrain(b *testing.B)   { benchmark(b, Mode{Train: true}) }

func benchmark(b *testing.B, mode Mode) {
	for _, s := range []struct{ H, B int }{{128, 1}, {128, 32}, {256, 32}} {
		b.Run(fmt.Sprintf("H%d/B%d", s.H, s.B), func(b *testing.B) {
			const T = 200
			m, err := New(Config{InputSize: 100, HiddenSize: s.H, Direction: Bidirectional})
			if err != nil {
				b.Fatal(err)
			}
			m.Init(rand.New(rand.NewPCG(1, 1)))
			lay := new(nn.Layout)
			lay.Reset(slices.Repeat([]int{T}, s.B))
			x := make([]float32, lay.Rows()*100)
			dY := make([]float32, lay.Rows()*2*s.H)
			ws := new(Workspace)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Forward(ws, Batch{Layout: lay, X: x}, nil, mode); err != nil {
					b.Fatal(err)
				}
				if mode.Train {
					if _, _, err := m.Backward(ws, dY, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(lay.Rows())*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
