package nn

import (
	"math"

	"github.com/textlstm/textlstm/internal/vec"
)

// adam is the rule of Adam and AdamW.
type adam struct {
	b1, b2, eps float32
	c1, c2      float32 // corrections of the young moments, for the step under way
}

func adamDefaults(c *OptimizerConfig) {
	setDefault(&c.Beta1, 0.9)
	setDefault(&c.Beta2, 0.999)
	setDefault(&c.Eps, 1e-8)
}

func newAdam(c OptimizerConfig) rule {
	return &adam{b1: float32(c.Beta1), b2: float32(c.Beta2), eps: float32(c.Eps)}
}

func (*adam) moments() []string { return []string{"exp_avg", "exp_avg_sq"} }

// The corrections are those of the betas that the kernel sees, in float32.
func (a *adam) begin(step int) {
	a.c1 = float32(1 / (1 - math.Pow(float64(a.b1), float64(step))))
	a.c2 = float32(1 / (1 - math.Pow(float64(a.b2), float64(step))))
}

func (a *adam) move(w, g []float32, m [][]float32, rate, decay float32) {
	vec.Adam(w, g, m[0], m[1], rate, a.b1, a.b2, a.eps, decay, a.c1, a.c2)
}
