package nn

import "math"

// PoolParts pools a text whose rows come in parts, so that they need not be there
// at once. The zero value has no rows; it is for one goroutine at a time. What it
// returns differs from Pool.Forward of all rows by rounding alone, and by nothing
// where it takes the greatest or the last.
type PoolParts struct {
	pool        *Pool
	rows        int
	first, last int       // the parts at the ends
	logSum      float64   // of the attention, as in PoolWorkspace
	sum         []float64 // [OutSize]
	part        []float32 // [OutSize]
	groups      []int     // [B] zeros
}

// Reset forgets all rows and begins a text that p is to pool.
func (s *PoolParts) Reset(p *Pool) {
	s.pool, s.rows = p, 0
	s.sum = grow(s.sum, p.OutSize())
	s.part = grow(s.part, p.OutSize())
	clear(s.sum)
}

// Add takes in part k of the text, from 0, with its rows y [Rows][D], laid out by l:
// one sequence, or several that follow one another. Parts may come in any order.
func (s *PoolParts) Add(k int, y []float32, l *Layout, ws *PoolWorkspace) {
	n := l.Rows()
	if n == 0 {
		return
	}
	s.groups = grow(s.groups, l.B())
	clear(s.groups)
	s.pool.Forward(s.part, y, l, s.groups, ws)
	if s.rows == 0 {
		s.first, s.last = k, k
	}
	D, split := s.pool.cfg.Size, s.pool.split()
	for i, kind := range s.pool.cfg.Kinds {
		sum, part := s.sum[i*D:(i+1)*D], s.part[i*D:(i+1)*D]
		keep, add := 1.0, 1.0 // shares of what is there and of the part
		switch kind {
		case Last:
			for j, v := range part {
				if j < split && k >= s.last || j >= split && k <= s.first {
					sum[j] = float64(v)
				}
			}
			continue
		case Max:
			for j, v := range part {
				if s.rows == 0 || float64(v) > sum[j] || v != v {
					sum[j] = float64(v)
				}
			}
			continue
		case Mean:
			add = float64(n)
		case Attention:
			log := ws.logSum[0]
			if s.rows > 0 {
				most := max(s.logSum, log)
				log = most + math.Log(math.Exp(s.logSum-most)+math.Exp(log-most))
				keep = math.Exp(s.logSum - log)
			}
			add = math.Exp(ws.logSum[0] - log)
			s.logSum = log
		}
		for j, v := range part {
			sum[j] = keep*sum[j] + add*float64(v)
		}
	}
	s.rows += n
	s.first, s.last = min(s.first, k), max(s.last, k)
}

// Vector writes the pooled vector to dst [OutSize], zeros for a text without rows.
func (s *PoolParts) Vector(dst []float32) {
	D := s.pool.cfg.Size
	for i, kind := range s.pool.cfg.Kinds {
		share := 1.0
		if kind == Mean && s.rows > 0 {
			share = 1 / float64(s.rows)
		}
		for j := i * D; j < (i+1)*D; j++ {
			dst[j] = float32(share * s.sum[j])
		}
	}
}
