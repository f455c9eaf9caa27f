package gru

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

func BenchmarkForward(b *testing.B) { benchmark(b, nn.Mode{}) }
func BenchmarkTrain(b *testing.B)   { benchmark(b, nn.Mode{Train: true}) }

func benchmark(b *testing.B, mode nn.Mode) {
	for _, s := range []struct{ H, B int }{{128, 1}, {128, 32}} {
		b.Run(fmt.Sprintf("H%d/B%d", s.H, s.B), func(b *testing.B) {
			m, in := must(New, Config{InputSize: 100, HiddenSize: s.H, Direction: nn.Bidirectional}), nn.Batch{Layout: new(nn.Layout)}
			m.Init(rand.New(rand.NewPCG(1, 1)))
			in.Layout.Reset(slices.Repeat([]int{200}, s.B))
			in.X = make([]float32, in.Layout.Rows()*100)
			dY := make([]float32, in.Layout.Rows()*2*s.H)
			var ws Workspace
			for b.Loop() {
				if _, err := m.Forward(&ws, in, nil, mode); err != nil {
					b.Fatal(err)
				}
				if mode.Train {
					if _, _, err := m.Backward(&ws, dY, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(in.Layout.Rows())*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
