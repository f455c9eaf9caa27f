package lm

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// power flattens the distribution of the samples, as Mikolov et al. (2013) do:
// rare words are met often enough to learn what they are not.
const power = 0.75

// A sampler draws words.
type sampler struct {
	words      []vocab.ID // the known ones
	cumulative []float64  // of count^power
	size       int        // of a sample
}

func newSampler(v *vocab.Vocabulary, size int) *sampler {
	s := &sampler{}
	sum := 0.0
	for id := range v.All() {
		if !v.IsKnown(id) {
			continue
		}
		sum += math.Pow(float64(max(v.Count(id), 1)), power)
		s.words = append(s.words, id)
		s.cumulative = append(s.cumulative, sum)
	}
	s.size = min(size, len(s.words))
	return s
}

// A sample is a Sample with what is known of any word.
type sample struct {
	Sample
	at       map[vocab.ID]int32 // place in Words
	logCount func(vocab.ID) float32
}

// draw draws words until it has size distinct ones.
func (s *sampler) draw(r *rand.Rand) *sample {
	total := s.cumulative[len(s.cumulative)-1]
	out := &sample{at: make(map[vocab.ID]int32, s.size)}
	tries := 0.0
	if s.size == len(s.words) {
		out.Words, tries = slices.Clone(s.words), math.Inf(1)
		for i, id := range out.Words {
			out.at[id] = int32(i)
		}
	}
	for ; len(out.Words) < s.size; tries++ {
		i := sort.SearchFloat64s(s.cumulative, r.Float64()*total)
		id := s.words[min(i, len(s.words)-1)]
		if _, again := out.at[id]; !again {
			out.at[id] = int32(len(out.Words))
			out.Words = append(out.Words, id)
		}
	}
	first := s.words[0]
	out.logCount = func(id vocab.ID) float32 {
		i := int(id - first) // known words have ids without gaps
		p := s.cumulative[i]
		if i > 0 {
			p -= s.cumulative[i-1]
		}
		// 1 - (1-p)^tries, the chance to be in the sample
		return float32(math.Log(-math.Expm1(tries * math.Log1p(-p/total))))
	}
	for _, id := range out.Words {
		out.Expected = append(out.Expected, out.logCount(id))
	}
	return out
}

// A softmax computes the loss of predictions against a sample.
type softmax struct {
	vectors  []float32 // [S][D] of the sample
	offsets  []float32 // [S] bias minus logarithm of the expected count
	scores   []float32 // [n][S+1], the true word last; then their gradient
	losses   []float64 // by row
	dVectors []float32 // [S][D]
	dBias    []float32 // [S+1]
	dTrue    []float32 // [n][D], of the true words' vectors
	right    vec.Packed
	left     vec.Packed
	states   vec.Packed
}

// eval returns the summed loss of predictions p from the projected states u [n][D],
// writes scale times its gradient to dU and adds it to the gradients of the word
// vectors and biases.
func (x *softmax) eval(table *embed.Table, bias *nn.Param, dU, u []float32, p *Predictions, s *Sample, scale float32, workers int) float64 {
	targets := p.Targets
	D, S, n := table.Dim(), len(s.Words), len(targets)
	W := S + 1
	x.vectors = resize(x.vectors, S*D)
	table.Gather(x.vectors, s.Words)
	x.offsets = resize(x.offsets, S)
	for j, id := range s.Words {
		x.offsets[j] = bias.Data[id] - s.Expected[j]
	}
	x.right.PackT(D, S, x.vectors, D)
	x.left.Pack(S, D, x.vectors, D)
	x.scores = resize(x.scores, n*W)
	x.losses = resize(x.losses, n)
	x.dTrue = resize(x.dTrue, n*D)
	blocks(workers, n, func(lo, hi int) {
		vec.MatMul(hi-lo, u[lo*D:], D, &x.right, 0, x.scores[lo*W:], W)
		for i := lo; i < hi; i++ {
			id, row, ui := targets[i], x.scores[i*W:(i+1)*W], u[i*D:(i+1)*D]
			e := table.Row(id)
			vec.Add(row[:S], x.offsets)
			row[S] = vec.Dot(ui, e) + bias.Data[id] - p.Expected[i]
			if j := p.Hits[i]; j >= 0 {
				row[j] = float32(math.Inf(-1)) // the true word is no wrong answer
			}
			vec.Softmax(row)
			x.losses[i] = -math.Log(max(float64(row[S]), math.SmallestNonzeroFloat32))
			row[S]--
			vec.Scale(scale, row)
		}
		vec.MatMul(hi-lo, x.scores[lo*W:], W, &x.left, 0, dU[lo*D:], D)
		for i := lo; i < hi; i++ {
			g, dTrue := x.scores[i*W+S], x.dTrue[i*D:(i+1)*D]
			vec.Axpy(g, table.Row(targets[i]), dU[i*D:(i+1)*D])
			clear(dTrue)
			vec.Axpy(g, u[i*D:(i+1)*D], dTrue)
		}
	})
	x.dVectors = resize(x.dVectors, S*D)
	x.states.Pack(n, D, u, D)
	blocks(workers, S, func(lo, hi int) {
		vec.MatMulTA(hi-lo, x.scores[lo:], W, &x.states, 0, x.dVectors[lo*D:], D)
	})
	x.dBias = resize(x.dBias, W)
	clear(x.dBias)
	vec.AddRows(x.dBias, n, x.scores, W)
	table.AddGrad(s.Words, x.dVectors)
	table.AddGrad(targets, x.dTrue)
	for j, id := range s.Words {
		bias.Grad[id] += x.dBias[j]
		bias.Touch(int32(id))
	}
	loss := 0.0
	for i, id := range targets {
		bias.Grad[id] += x.scores[i*W+S]
		bias.Touch(int32(id))
		loss += x.losses[i]
	}
	return loss
}

// full returns the summed loss of the states u [n][D] over all known words,
// without a gradient.
func (x *softmax) full(table *embed.Table, bias *nn.Param, u []float32, targets []vocab.ID, words []vocab.ID, workers int) float64 {
	D, V, n := table.Dim(), len(words), len(targets)
	first := words[0]
	x.right.PackT(D, V, table.Weight.Data[int(first)*D:], D)
	x.losses = resize(x.losses, n)
	const block = 32 // rows of scores at a time
	par.For(workers, (n+block-1)/block, func(b int) {
		lo, hi := b*block, min((b+1)*block, n)
		scores := make([]float32, (hi-lo)*V)
		vec.MatMul(hi-lo, u[lo*D:], D, &x.right, 0, scores, V)
		for i := lo; i < hi; i++ {
			row := scores[(i-lo)*V : (i-lo+1)*V]
			vec.Add(row, bias.Data[first:int(first)+V])
			vec.Softmax(row)
			x.losses[i] = -math.Log(max(float64(row[targets[i]-first]), math.SmallestNonzeroFloat32))
		}
	})
	loss := 0.0
	for _, l := range x.losses {
		loss += l
	}
	return loss
}

// blocks calls f on ranges that cover [0, n) once.
func blocks(workers, n int, f func(lo, hi int)) {
	const block = 128
	par.For(workers, (n+block-1)/block, func(i int) { f(i*block, min((i+1)*block, n)) })
}
