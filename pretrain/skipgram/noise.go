package skipgram

import (
	"math"
	"math/rand/v2"
	"sort"

	"github.com/textlstm/textlstm/vocab"
)

// power flattens the distribution of the noise: rare words are met often enough
// to learn what they are not.
const power = 0.75

// A noise draws words with probabilities proportional to count^power.
type noise struct {
	first      vocab.ID  // the known words have ids without gaps
	cumulative []float64 // of count^power
}

func newNoise(v *vocab.Vocabulary) *noise {
	n := &noise{}
	sum := 0.0
	for id := range v.All() {
		if len(n.cumulative) == 0 {
			n.first = id
		}
		sum += math.Pow(float64(v.Count(id)), power)
		n.cumulative = append(n.cumulative, sum)
	}
	return n
}

func (n *noise) draw(r *rand.Rand) vocab.ID {
	last := len(n.cumulative) - 1
	i := sort.SearchFloat64s(n.cumulative, r.Float64()*n.cumulative[last])
	return n.first + vocab.ID(min(i, last))
}

// keepShares returns, by ID, the probability that a token is kept; 0 for unknown
// words, which have no vectors.
func keepShares(v *vocab.Vocabulary, sample float64) []float32 {
	keep := make([]float32, v.Len())
	for id := range v.All() {
		x := sample * float64(v.Total()) / float64(v.Count(id))
		keep[id] = float32(min(math.Sqrt(x)+x, 1))
	}
	return keep
}
