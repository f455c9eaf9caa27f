package seq2seq

import (
	"math"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/vocab"
)

// scoreRows is how many answers are scored at a time.
const scoreRows = 384

// loss returns the mean over the batch's pieces of the cross-entropy of p.answers, with
// a share of each target that goes to all pieces alike. With learn it adds the gradients
// of the output layer and leaves that of the answers in p.dAnswers.
func (p *pass) loss(smoothing float64, learn bool) float64 {
	E, V, rows := p.cfg.Embed, p.output.Out(), p.targetLayout.Rows()
	p.output.Workers = p.workers
	p.scores = resize(p.scores, min(rows, scoreRows)*V)
	p.losses = resize(p.losses, scoreRows)
	p.dAnswers = resize(p.dAnswers, rows*E)
	scale, total := 1/float64(rows), 0.0
	for lo := 0; lo < rows; lo += scoreRows {
		n := min(scoreRows, rows-lo)
		p.output.Forward(p.scores, p.answers[lo*E:], n)
		const block = 16
		par.For(p.workers, (n+block-1)/block, func(i int) {
			for r := i * block; r < min((i+1)*block, n); r++ {
				p.losses[r] = crossEntropy(p.scores[r*V:(r+1)*V], p.targets[lo+r], smoothing, scale)
			}
		})
		for _, l := range p.losses[:n] {
			total += l
		}
		if learn {
			p.output.Backward(p.dAnswers[lo*E:(lo+n)*E], p.scores[:n*V], p.answers[lo*E:(lo+n)*E], n)
		}
	}
	return total * scale
}

// crossEntropy returns that of scores x for a target that has 1-smoothing beside a share
// of smoothing/V of every piece, and makes x scale times its gradient:
//
//	log Σ exp(x) - (1-smoothing) x_y - smoothing mean(x)
func crossEntropy(x []float32, y vocab.ID, smoothing, scale float64) float64 {
	score, mean := float64(x[y]), float64(vec.Sum(x))/float64(len(x))
	top, sum := vec.ExpSum(x, x)
	one := 1 / sum
	logSum := float64(top) - math.Log(float64(one))
	share := float32(smoothing * scale / float64(len(x)))
	s := float32(scale)
	for i, v := range x {
		v *= one
		x[i] = s*v - share
	}
	x[y] -= float32((1 - smoothing) * scale)
	return logSum - (1-smoothing)*score - smoothing*mean
}
