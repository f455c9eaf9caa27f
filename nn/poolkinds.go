package nn

import (
	"math"

	"github.com/textlstm/textlstm/internal/vec"
)

// lastPool is Last.
type lastPool struct{}

func (lastPool) forward(v *view, dst []float32) {
	last := v.ws.stateRow(0, v.p.cfg.Size)
	for g := range v.G {
		if v.ws.count[g] > 0 {
			v.p.lastStates(last, v.y, g, v.ws)
			v.p.mergeInto(v.of(dst, g), last, 1)
		}
	}
}

func (lastPool) backward(v *view, d []float32) {
	D, split, ws := v.p.cfg.Size, v.p.split(), v.ws
	last, dlast := ws.stateRow(0, D), ws.stateRow(1, D)
	for g := range v.G {
		if ws.count[g] > 0 {
			v.p.lastStates(last, v.y, g, ws)
			v.p.mergeBackward(dlast, v.of(d, g), last, 1)
			end, start := int(ws.last[g])*D, int(ws.first[g])*D
			vec.Add(v.dy[end:end+split], dlast[:split])
			vec.Add(v.dy[start+split:start+D], dlast[split:])
		}
	}
}

func (lastPool) add(*PoolParts, []float64, []float32, int, *PoolWorkspace) {} // see PoolParts.keepEnds

func (lastPool) vector(s *PoolParts, dst []float32, _ []float64) { s.pool.mergeInto(dst, s.ends, 1) }

// meanPool is Mean.
type meanPool struct{}

func (meanPool) forward(v *view, dst []float32) {
	for r, g := range v.ws.owner {
		vec.Add(v.of(dst, int(g)), v.row(v.rows, r))
	}
	for g, n := range v.ws.count {
		if n > 0 {
			vec.Scale(1/float32(n), v.of(dst, g))
		}
	}
}

func (meanPool) backward(v *view, d []float32) {
	for r, g := range v.ws.owner {
		vec.Axpy(1/float32(v.ws.count[g]), v.of(d, int(g)), v.row(v.drows, r))
	}
}

func (meanPool) add(_ *PoolParts, sum []float64, part []float32, n int, _ *PoolWorkspace) {
	for j, v := range part {
		sum[j] += float64(n) * float64(v)
	}
}

func (meanPool) vector(s *PoolParts, dst []float32, sum []float64) {
	share := 1 / float64(s.rows)
	for j, v := range sum {
		dst[j] = float32(share * v)
	}
}

// maxPool is Max.
type maxPool struct{}

// forward writes the greatest value of each column, and remembers where it was.
func (maxPool) forward(v *view, dst []float32) {
	D, ws := v.W, v.ws
	ws.argmax = grow(ws.argmax, v.G*D)
	for g := range v.G {
		ws.argmax[g*D] = -1 // no row of this text seen yet
	}
	for r, g := range ws.owner {
		d, x := v.of(dst, int(g)), v.row(v.rows, r)
		at := ws.argmax[int(g)*D : (int(g)+1)*D]
		if at[0] >= 0 {
			vec.MaxIndex(d, at, x, int32(r))
			continue
		}
		copy(d, x)
		for j := range at {
			at[j] = int32(r)
		}
	}
	for g, n := range ws.count {
		if n == 0 || n >= v.p.cfg.Padded {
			continue
		}
		d, at := v.of(dst, g), ws.argmax[g*D:(g+1)*D]
		for j := range d {
			if d[j] < 0 {
				d[j], at[j] = 0, -1
			}
		}
	}
}

func (maxPool) backward(v *view, d []float32) {
	for g := range v.G {
		if v.ws.count[g] == 0 {
			continue
		}
		d := v.of(d, g)
		for j, r := range v.ws.argmax[g*v.W : (g+1)*v.W] {
			if r >= 0 {
				v.drows[int(r)*v.W+j] += d[j]
			}
		}
	}
}

func (maxPool) add(s *PoolParts, sum []float64, part []float32, _ int, _ *PoolWorkspace) {
	for j, v := range part {
		if s.rows == 0 || float64(v) > sum[j] || v != v {
			sum[j] = float64(v)
		}
	}
}

func (maxPool) vector(s *PoolParts, dst []float32, sum []float64) {
	for j, v := range sum {
		if dst[j] = float32(v); s.rows < s.padded {
			dst[j] = max(dst[j], 0)
		}
	}
}

// attentionPool is Attention.
type attentionPool struct{}

func (attentionPool) forward(v *view, dst []float32) {
	v.p.attend(v.rows, v.G, v.ws)
	for r, g := range v.ws.owner {
		vec.Axpy(v.ws.weights[r], v.row(v.rows, r), v.of(dst, int(g)))
	}
}

// attend computes hidden = tanh(y·Wᵀ + b) and weights = softmax of v·hidden
// over the rows of each text.
func (p *Pool) attend(y []float32, G int, ws *PoolWorkspace) {
	A, D := p.cfg.Hidden, p.cfg.Width()
	ws.hidden = grow(ws.hidden, ws.rows*A)
	ws.weights = grow(ws.weights, ws.rows)
	ws.perText = grow(ws.perText, G)
	rowBlocks(p.Workers, ws.rows, func(lo, hi int) {
		p.Hidden.forwardRows(ws.hidden[lo*A:hi*A], y[lo*D:hi*D], hi-lo)
		Tanh.Forward(ws.hidden[lo*A : hi*A])
		for r := lo; r < hi; r++ {
			ws.weights[r] = vec.Dot(p.Context.Data, ws.hidden[r*A:(r+1)*A])
		}
	})

	for g := range G {
		ws.perText[g] = float32(math.Inf(-1))
	}
	for r, g := range ws.owner {
		ws.perText[g] = max(ws.perText[g], ws.weights[r])
	}
	for r, g := range ws.owner {
		ws.weights[r] -= ws.perText[g]
	}
	ws.logSum = grow(ws.logSum, G)
	for g, most := range ws.perText {
		ws.logSum[g] = float64(most)
	}
	vec.Exp(ws.weights, ws.weights)
	clear(ws.perText)
	for r, g := range ws.owner {
		ws.perText[g] += ws.weights[r]
	}
	for g, sum := range ws.perText {
		ws.logSum[g] += math.Log(float64(sum))
	}
	for r, g := range ws.owner {
		ws.weights[r] /= ws.perText[g]
	}
}

// backward is the gradient of attend and of the weighted sum after it.
func (attentionPool) backward(v *view, dpooled []float32) {
	p, ws, A := v.p, v.ws, v.p.cfg.Hidden
	ws.dscore = grow(ws.dscore, ws.rows)
	clear(ws.perText)
	for r, g := range ws.owner {
		d := v.of(dpooled, int(g))
		ws.dscore[r] = vec.Dot(d, v.row(v.rows, r))
		ws.perText[g] += ws.weights[r] * ws.dscore[r]
		vec.Axpy(ws.weights[r], d, v.row(v.drows, r))
	}
	for r, g := range ws.owner {
		ws.dscore[r] = ws.weights[r] * (ws.dscore[r] - ws.perText[g])
	}
	for r := range ws.rows {
		h := ws.hidden[r*A : (r+1)*A]
		if p.Context.Grad != nil {
			vec.Axpy(ws.dscore[r], h, p.Context.Grad)
		}
		tanhScoreGrad(h, ws.dscore[r], p.Context.Data) // from here on hidden holds dLoss/d(y·Wᵀ + b)
	}
	if p.Hidden.Workers != p.Workers { // else frozen layers could not run side by side
		p.Hidden.Workers = p.Workers
	}
	p.Hidden.backwardParams(ws.hidden, v.rows, ws.rows)
	p.Hidden.backwardInput(v.drows, ws.hidden, ws.rows, 1)
}

func (attentionPool) add(s *PoolParts, sum []float64, part []float32, _ int, ws *PoolWorkspace) {
	log, keep := ws.logSum[0], 1.0 // keep is the share of what is there
	if s.rows > 0 {
		most := max(s.logSum, log)
		log = most + math.Log(math.Exp(s.logSum-most)+math.Exp(log-most))
		keep = math.Exp(s.logSum - log)
	}
	share := math.Exp(ws.logSum[0] - log)
	s.logSum = log
	for j, v := range part {
		sum[j] = keep*sum[j] + share*float64(v)
	}
}

func (attentionPool) vector(_ *PoolParts, dst []float32, sum []float64) {
	for j, v := range sum {
		dst[j] = float32(v)
	}
}
