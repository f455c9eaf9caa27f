package forecast

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// walk is a random walk with a season, above zero, and a covariate that is known ahead
// and one that is not.
func walk(n int, seedValue uint64) Series {
	r := rand.New(rand.NewPCG(seedValue, 0))
	s := Series{Values: make([]float64, n), Covariates: [][]float64{make([]float64, n+5), make([]float64, n)}}
	level := 50.0
	for i := range s.Values {
		level += r.NormFloat64()
		s.Values[i] = level + 5*float64(i%4)
		s.Covariates[1][i] = r.NormFloat64()
	}
	for i := range s.Covariates[0] {
		s.Covariates[0][i] = r.NormFloat64()
	}
	return s
}

// Every parameter has the gradient of the loss, whatever the options.
func TestGradients(t *testing.T) {
	with := func(f func(*Config)) Config {
		c := Config{
			Horizon: 2, Window: 4, Base: Last, Log: Off, Local: Off, Loss: Squared, Members: 1, Batch: 3, Rate: 0.1,
			LSTM: lstm.Config{HiddenSize: 3, Layers: 2},
		}
		f(&c)
		return c.Resolve()
	}
	covariates := []Covariate{{Name: "known", Known: true}, {Name: "past"}}
	for i, c := range []Config{
		with(func(c *Config) {}),
		with(func(c *Config) { c.Loss = Absolute }),
		with(func(c *Config) { c.Loss, c.Levels = Pinball, []float64{0.1, 0.5, 0.8} }),
		with(func(c *Config) { c.Base, c.Season = Season, 4 }),
		with(func(c *Config) { c.Base, c.Log = None, On }),
		with(func(c *Config) { c.Local, c.Covariates = On, covariates }),
		with(func(c *Config) { c.Recursive, c.Covariates, c.LSTM.Peephole = true, covariates, true }),
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			s := walk(20, 1)
			if len(c.Covariates) == 0 {
				s.Covariates = nil
			}
			n, err := newNetwork(c)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(3, 0))
			n.init(r)
			for _, p := range n.params() {
				p.NeedGrad()
				for k := range p.Data {
					p.Data[k] = float32(r.NormFloat64()) * 0.6
				}
				p.Changed()
			}
			batch := c.prepare(s, c.newScaler(s)).windows(0, 20)[2:5]
			p := pass{network: n}
			loss := func() float64 {
				if _, err := p.forward(batch, nn.Mode{Train: true}); err != nil {
					t.Fatal(err)
				}
				return p.loss(batch)
			}
			loss()
			if err := p.backward(len(batch)); err != nil {
				t.Fatal(err)
			}
			gradcheck.Check(t, n.params(), loss, 1e-2)
		})
	}
}

// What a window answers does not depend on the windows beside it.
func TestBatchesAreIndependent(t *testing.T) {
	c := Config{Horizon: 3, Window: 5, Base: Last, Log: Off, Local: Off, Members: 1, Batch: 4, Rate: 1}.Resolve()
	s := walk(40, 2)
	s.Covariates = nil
	n, err := newNetwork(c)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 0))
	n.init(r)
	n.dense.Init(r)
	windows := c.prepare(s, c.newScaler(s)).windows(0, 40)
	p := pass{network: n}
	all, err := p.forward(windows, nn.Mode{})
	if err != nil {
		t.Fatal(err)
	}
	width := len(all) / len(windows)
	alone := pass{network: n}
	for i, w := range windows {
		y, err := alone.forward([]window{w}, nn.Mode{})
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range y {
			if v != all[i*width+k] {
				t.Fatalf("window %d, answer %d: %v alone, %v among others", i, k, v, all[i*width+k])
			}
		}
	}
}
