package skipgram

import (
	"math"
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/vocab"
)

// draws is the number of words of noise that the pairs of a piece share. Each is
// part of every pair, so that few of them mean long steps of few rows.
const draws = 128

// A span is a stretch of one text.
type span []vocab.ID

// A piece is the part of a batch that one goroutine computes. Its storage is
// used again.
type piece struct {
	// The pairs. Token i is the centre of the pairs with the neighbours
	// near[ends[i-1]:ends[i]], which are places in outs.
	centres []vocab.ID // [n]
	ends    []int32    // [n]
	near    []int32

	// The distinct words among noise and neighbours, those of the noise first,
	// and the weight of each of those in a pair: the number of times that it was
	// drawn, times K/draws.
	outs      []vocab.ID // [m]
	weights   []float32  // [number of the noise]
	negatives int        // K, the sum of the weights

	// The gradients of what training raises, minus the loss, and how many terms
	// of it each is the sum of.
	dIn      []float32 // [n][D]
	dOut     []float32 // [m][D]
	inTerms  []float32 // [n]
	outTerms []float32 // [m]

	*scratch
}

// A scratch is what a goroutine needs while it computes a piece.
type scratch struct {
	at     []int32 // by ID, place in outs plus 1; all 0 between two pieces
	kept   []vocab.ID
	x      []float32 // [n][D] of the centres
	o      []float32 // [m][D] of outs
	scores []float32 // [n][noise], then their gradients
	truth  []float32 // [len(near)], the same of the neighbours
	hits   []float32
	packed vec.Packed
}

// draw draws the pairs of spans and their noise.
func (p *piece) draw(r *rand.Rand, spans []span, keep []float32, n *noise, window, negatives int) {
	p.centres, p.ends, p.near = p.centres[:0], p.ends[:0], p.near[:0]
	p.outs, p.weights, p.negatives = p.outs[:0], p.weights[:0], negatives
	if len(p.at) != len(keep) {
		p.at = make([]int32, len(keep))
	}
	share := float32(negatives) / draws
	for range draws {
		j := p.place(n.draw(r))
		if int(j) == len(p.weights) {
			p.weights = append(p.weights, 0)
		}
		p.weights[j] += share
	}
	for _, s := range spans {
		p.kept = p.kept[:0]
		for _, id := range s {
			if k := keep[id]; k == 1 || k > 0 && r.Float32() < k {
				p.kept = append(p.kept, id)
			}
		}
		for i, id := range p.kept {
			reach := 1 + r.IntN(window)
			before := len(p.near)
			for k := max(i-reach, 0); k < min(i+reach+1, len(p.kept)); k++ {
				if k != i {
					p.near = append(p.near, p.place(p.kept[k]))
				}
			}
			if len(p.near) > before {
				p.centres = append(p.centres, id)
				p.ends = append(p.ends, int32(len(p.near)))
			}
		}
	}
	for _, id := range p.outs {
		p.at[id] = 0
	}
}

// place returns the place of a word in outs.
func (p *piece) place(id vocab.ID) int32 {
	if p.at[id] == 0 {
		p.outs = append(p.outs, id)
		p.at[id] = int32(len(p.outs))
	}
	return p.at[id] - 1
}

// neighbours returns the places of the neighbours of centre i, and where they
// begin in near.
func (p *piece) neighbours(i int) (near []int32, from int) {
	if i > 0 {
		from = int(p.ends[i-1])
	}
	return p.near[from:p.ends[i]], from
}

// eval computes the gradients and, if asked to, the mean loss of a pair.
func (p *piece) eval(m *model, wantLoss bool) (loss float64) {
	D, n := m.dim, len(p.centres)
	p.dIn = resize(p.dIn, n*D)
	p.inTerms = resize(p.inTerms, n)
	p.dOut = resize(p.dOut, len(p.outs)*D)
	p.outTerms = resize(p.outTerms, len(p.outs))
	if n == 0 {
		clear(p.dOut)
		clear(p.outTerms)
		return 0
	}
	p.predict(m)
	if wantLoss {
		loss = p.loss()
	}
	p.weigh()
	p.backward(D)
	return loss
}

// predict computes the probabilities that the words of the noise, and the neighbours,
// are neighbours of each centre.
func (p *piece) predict(m *model) {
	D, n, noise := m.dim, len(p.centres), len(p.weights)
	p.x = resize(p.x, n*D)
	p.o = resize(p.o, len(p.outs)*D)
	for i, id := range p.centres {
		copy(p.x[i*D:(i+1)*D], m.row(in, id))
	}
	for j, id := range p.outs {
		copy(p.o[j*D:(j+1)*D], m.row(out, id))
	}
	p.scores = resize(p.scores, n*noise)
	p.packed.PackT(D, noise, p.o, D)
	vec.MatMul(n, p.x, D, &p.packed, 0, p.scores, noise)
	vec.Sigmoid(p.scores, p.scores)
	p.truth = resize(p.truth, len(p.near))
	for i := range n {
		near, from := p.neighbours(i)
		x := p.x[i*D : (i+1)*D]
		for k, j := range near {
			p.truth[from+k] = vec.Dot(x, p.o[int(j)*D:(int(j)+1)*D])
		}
	}
	vec.Sigmoid(p.truth, p.truth)
}

// weigh turns the probabilities of the noise into their gradients, and counts the
// terms.
func (p *piece) weigh() {
	noise := len(p.weights)
	clear(p.outTerms)
	vec.Axpy(float32(len(p.near)), p.weights, p.outTerms[:noise])
	for i := range p.centres {
		near, _ := p.neighbours(i)
		row := p.scores[i*noise : (i+1)*noise]
		vec.Mul(row, p.weights)
		p.inTerms[i] = float32(len(near) * (1 + p.negatives))
		p.hits = p.hits[:0]
		for _, j := range near {
			p.outTerms[j]++
			if int(j) < noise {
				p.hits = append(p.hits, row[j])
				p.outTerms[j] -= p.weights[j]
			}
		}
		vec.Scale(-float32(len(near)), row)
		for _, j := range near { // a neighbour is no noise to itself
			if int(j) < noise {
				row[j] += p.hits[0]
				p.hits = p.hits[1:]
			}
		}
	}
}

// backward computes the gradients of the rows of both tables, of width D.
func (p *piece) backward(D int) {
	n, noise := len(p.centres), len(p.weights)
	p.packed.Pack(noise, D, p.o, D)
	vec.MatMul(n, p.scores, noise, &p.packed, 0, p.dIn, D)
	p.packed.Pack(n, D, p.x, D)
	vec.MatMulTA(noise, p.scores, noise, &p.packed, 0, p.dOut, D)
	clear(p.dOut[noise*D:])
	for i := range n {
		near, from := p.neighbours(i)
		x, dx := p.x[i*D:(i+1)*D], p.dIn[i*D:(i+1)*D]
		for k, j := range near {
			g := 1 - p.truth[from+k]
			vec.Axpy(g, p.o[int(j)*D:(int(j)+1)*D], dx)
			vec.Axpy(g, x, p.dOut[int(j)*D:(int(j)+1)*D])
		}
	}
}

// gradient returns the gradient of the rows of a table, of which some may be
// there several times: their ids, their numbers of terms, and the rows.
func (p *piece) gradient(table int) (ids []vocab.ID, terms, d []float32) {
	if table == in {
		return p.centres, p.inTerms, p.dIn
	}
	return p.outs, p.outTerms, p.dOut
}

// loss is the mean loss of a pair, by the probabilities in scores and truth.
func (p *piece) loss() float64 {
	noise := len(p.weights)
	sum := 0.0
	nll := func(q float32) float64 { return -math.Log(max(float64(q), 1e-12)) }
	for i := range p.centres {
		near, from := p.neighbours(i)
		row := p.scores[i*noise : (i+1)*noise]
		for j, q := range row {
			sum += float64(len(near)) * float64(p.weights[j]) * nll(1-q)
		}
		for k, j := range near {
			sum += nll(p.truth[from+k])
			if int(j) < noise {
				sum -= float64(p.weights[j]) * nll(1-row[j])
			}
		}
	}
	return sum / float64(len(p.near))
}

// resize returns s with length n and any content.
func resize(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n, n+n/4)
	}
	return s[:n]
}
