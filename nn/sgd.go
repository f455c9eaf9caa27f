package nn

// sgd is buf = momentum*buf + g; w -= lr*(buf + decay*w), with g + momentum*buf in
// place of buf under Nesterov. Without momentum g stands in place of buf.
type sgd struct {
	momentum float32
	nesterov bool
}

func newSGD(c OptimizerConfig) rule { return &sgd{float32(c.Momentum), c.Nesterov} }

func (s *sgd) moments() []string { return momentumBuffer(s.momentum) }

// momentumBuffer names what momentum remembers.
func momentumBuffer(momentum float32) []string {
	if momentum == 0 {
		return nil
	}
	return []string{"momentum_buffer"}
}

func (*sgd) begin(int) {}

func (s *sgd) move(w, g []float32, m [][]float32, rate, decay float32) {
	for i, d := range g {
		if len(m) > 0 {
			buf := m[0]
			buf[i] = s.momentum*buf[i] + d
			if s.nesterov {
				d += s.momentum * buf[i]
			} else {
				d = buf[i]
			}
		}
		w[i] -= rate * (d + decay*w[i])
	}
}
