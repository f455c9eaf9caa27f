package nn

import "math"

// rmsprop is s = alpha*s + (1-alpha)*g*g; d = g/(sqrt(s)+eps); buf = momentum*buf + d;
// w -= lr*(buf + decay*w), with d in place of buf without momentum.
type rmsprop struct{ alpha, eps, momentum float32 }

func rmspropDefaults(c *OptimizerConfig) {
	setDefault(&c.Alpha, 0.99)
	setDefault(&c.Eps, 1e-8)
}

func newRMSprop(c OptimizerConfig) rule {
	return &rmsprop{float32(c.Alpha), float32(c.Eps), float32(c.Momentum)}
}

func (r *rmsprop) moments() []string {
	return append([]string{"square_avg"}, momentumBuffer(r.momentum)...)
}

func (*rmsprop) begin(int) {}

func (r *rmsprop) move(w, g []float32, m [][]float32, rate, decay float32) {
	s := m[0]
	for i, v := range g {
		s[i] = r.alpha*s[i] + (1-r.alpha)*v*v
		d := v / (float32(math.Sqrt(float64(s[i]))) + r.eps)
		if len(m) > 1 {
			buf := m[1]
			buf[i] = r.momentum*buf[i] + d
			d = buf[i]
		}
		w[i] -= rate * (d + decay*w[i])
	}
}
