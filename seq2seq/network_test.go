package seq2seq

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// tiny is a config that finite differences can afford.
func tiny(c Config) Config {
	c.Embed, c.Hidden = 5, 4
	return c.Resolve()
}

// examples draws pairs of so many pieces.
func examples(r *rand.Rand, pieces int, lengths ...[2]int) []example {
	draw := func(n int) []vocab.ID {
		ids := make([]vocab.ID, n)
		for i := range ids {
			ids[i] = end + 1 + vocab.ID(r.IntN(pieces-int(end)-1))
		}
		return ids
	}
	var list []example
	for _, n := range lengths {
		list = append(list, example{append(draw(n[0]), end), draw(n[1])})
	}
	return list
}

func newPass(t testing.TB, c Config, source, target, workers int) *pass {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(c, source, target)
	if err != nil {
		t.Fatal(err)
	}
	n.init(seed.Rand(3, "test"))
	for _, p := range n.params {
		p.NeedGrad()
	}
	return &pass{network: n, workers: workers}
}

// Every parameter has, under every option, the gradient of finite differences.
func TestGradients(t *testing.T) {
	for name, c := range map[string]Config{
		"default":           {Dropout: -1, Smoothing: -1},
		"additive":          {Attention: nn.Additive, Dropout: -1},
		"no feeding":        {NoFeeding: true, Dropout: -1},
		"two layers":        {Layers: 2, Dropout: 0.3},
		"gru":               {Encoder: "gru", Dropout: 0.2},
		"untied":            {Tie: TieNone, Dropout: -1},
		"all tied":          {Shared: true, Dropout: 0.3},
		"sampling":          {Sampling: 0.6, Dropout: 0.3},
		"sampling, untied":  {Sampling: 0.9, Dropout: -1, NoFeeding: true, Tie: TieNone},
		"additive, dropped": {Attention: nn.Additive, Dropout: 0.4, Layers: 2},
	} {
		t.Run(name, func(t *testing.T) {
			c = tiny(c)
			source, target := 11, 13
			if c.Shared {
				source = target
			}
			p := newPass(t, c, source, target, 1)
			batch := examples(rand.New(rand.NewPCG(1, 1)), 11, [2]int{3, 4}, [2]int{5, 0}, [2]int{0, 2}, [2]int{2, 6})
			p.lay(batch)
			mode := nn.Mode{Train: true, Seed: 5}
			loss := func(sampling float64) float64 {
				nn.ZeroGrad(p.params)
				l, err := p.learn(mode, sampling)
				if err != nil {
					t.Fatal(err)
				}
				return l
			}
			loss(c.Sampling)
			inputs := slices.Clone(p.inputs)
			p.lay(batch)
			if slices.Equal(inputs, p.inputs) != (c.Sampling == 0) {
				t.Errorf("sampling %v: inputs %v, without %v", c.Sampling, inputs, p.inputs)
			}
			// What was guessed stays, since a guess jumps from one piece to another.
			gradcheck.Check(t, p.params, func() float64 {
				copy(p.inputs, inputs)
				return loss(0)
			}, 1e-2)
		})
	}
}

// The number of workers and the batch-mates change no bit.
func TestWorkersChangeNothing(t *testing.T) {
	for _, c := range []Config{{}, {Attention: nn.Additive, Layers: 2, Sampling: 0.5}} {
		c = tiny(c)
		c.Embed, c.Hidden = 40, 24
		batch := examples(rand.New(rand.NewPCG(2, 2)), 500, [2]int{3, 4}, [2]int{5, 1}, [2]int{9, 12}, [2]int{9, 11}, [2]int{7, 30},
			[2]int{4, 40}, [2]int{1, 50}, [2]int{12, 60}, [2]int{30, 70}, [2]int{8, 100}, [2]int{9, 100}, [2]int{30, 30})
		var want string
		for _, workers := range []int{1, 2, 3} {
			p := newPass(t, c, 500, 500, workers)
			p.lay(batch)
			l, err := p.learn(nn.Mode{Train: true, Seed: 7}, c.Sampling)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(l)
			for _, q := range p.params {
				got += fmt.Sprint(q.Grad)
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%d workers give other gradients", workers)
			}
		}
	}
}
