package seq2seq

import (
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/nn"
)

// BenchmarkLearn is a step of a usual size: 100 pairs of 15 pieces a side.
func BenchmarkLearn(b *testing.B) {
	c := Config{}.Resolve()
	r := rand.New(rand.NewPCG(1, 1))
	var lengths [][2]int
	for range 100 {
		lengths = append(lengths, [2]int{13 + r.IntN(4), 13 + r.IntN(4)})
	}
	p := newPass(b, c, 4000, 4000, 2)
	batch := examples(r, 4000, lengths...)
	pieces := 0
	for _, e := range batch {
		pieces += e.len()
	}
	step := uint64(0)
	for b.Loop() {
		nn.ZeroGrad(p.params)
		p.lay(batch)
		if _, err := p.learn(nn.Mode{Train: true, Seed: step}, 0); err != nil {
			b.Fatal(err)
		}
		step++
	}
	b.ReportMetric(float64(pieces*b.N)/b.Elapsed().Seconds(), "pieces/s")
}
