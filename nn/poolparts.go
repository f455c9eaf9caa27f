package nn

// PoolParts pools a text whose rows come in parts, so that they need not be there
// at once. The zero value has no rows; it is for one goroutine at a time. What it
// returns differs from Pool.Forward of all rows by rounding alone, and by nothing
// where it takes the greatest or the last.
type PoolParts struct {
	pool        *Pool // without Padded, which is of whole texts
	padded      int
	rows        int
	first, last int       // the parts at the ends
	logSum      float64   // of the attention, as in PoolWorkspace
	sum         []float64 // [OutSize]
	part        []float32 // [OutSize]
	ends        []float32 // [2][D]: the last states, and those of the part
	groups      []int     // [B] zeros
}

// Reset forgets all rows and begins a text that p is to pool.
func (s *PoolParts) Reset(p *Pool) {
	s.rows, s.padded = 0, p.cfg.Padded
	if s.pool = p; s.padded > 0 {
		whole := *p
		whole.cfg.Padded = 0
		s.pool = &whole
	}
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
	s.keepEnds(k, y, ws)
	W := s.pool.cfg.Width()
	for i, kind := range s.pool.cfg.Kinds {
		sum, part := s.sum[i*W:(i+1)*W], s.part[i*W:(i+1)*W]
		poolKinds[kind].add(s, sum, part, n, ws)
	}
	s.rows += n
	s.first, s.last = min(s.first, k), max(s.last, k)
}

// keepEnds keeps the last states of the text as far as it is known: what comes last
// is in its last part, and for the reverse direction in its first.
func (s *PoolParts) keepEnds(k int, y []float32, ws *PoolWorkspace) {
	D, split := s.pool.cfg.Size, s.pool.split()
	s.ends = grow(s.ends, 2*D)
	part := s.ends[D:]
	s.pool.lastStates(part, y, 0, ws)
	if k >= s.last {
		copy(s.ends[:split], part[:split])
	}
	if k <= s.first {
		copy(s.ends[split:D], part[split:])
	}
}

// Vector writes the pooled vector to dst [OutSize], zeros for a text without rows.
func (s *PoolParts) Vector(dst []float32) {
	W := s.pool.cfg.Width()
	for i, kind := range s.pool.cfg.Kinds {
		dst, sum := dst[i*W:(i+1)*W], s.sum[i*W:(i+1)*W]
		if s.rows == 0 {
			clear(dst)
			continue
		}
		poolKinds[kind].vector(s, dst, sum)
	}
}
