package nn

import "math/rand/v2"

// Uniform fills p with draws from the uniform distribution on [-bound, bound).
func Uniform(p *Param, bound float64, rng *rand.Rand) {
	for i := range p.Data {
		p.Data[i] = float32((2*rng.Float64() - 1) * bound)
	}
	p.Changed()
}

// Normal fills p with draws from the normal distribution of mean 0 and
// standard deviation sd.
func Normal(p *Param, sd float64, rng *rand.Rand) {
	for i := range p.Data {
		p.Data[i] = float32(rng.NormFloat64() * sd)
	}
	p.Changed()
}
