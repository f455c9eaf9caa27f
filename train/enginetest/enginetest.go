// Package enginetest says by tests what is expected of a train.Device.
package enginetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// Tolerance is how far a number may be from that of this processor, in units of the
// largest of its tensor.
const Tolerance = 1e-4

// A test is a network, and how it is trained.
type test struct {
	name   string
	change func(*train.Config)

	headsOnly bool
	empty     bool // all texts are
	silent    bool // the last head has no part in the loss
}

// base is a config of a small network.
func base() train.Config {
	return train.Config{Model: classify.Config{
		Embed: 11,
		LSTM:  lstm.Config{HiddenSize: 9, Direction: lstm.Bidirectional},
		Heads: []classify.Head{{Name: "topic", Labels: []string{"a", "b", "c"}}, {Name: "mood", Labels: []string{"bad", "good"}}},
	}}
}

// tests has one for every option that a network or a step knows.
var tests = []test{
	{name: "bidirectional", change: func(c *train.Config) {}},
	{name: "forward", change: func(c *train.Config) { c.Model.LSTM.Direction = lstm.Forward }},
	{name: "reverse", change: func(c *train.Config) { c.Model.LSTM.Direction = lstm.Reverse }},
	{name: "two layers", change: func(c *train.Config) { c.Model.LSTM.Layers = 2 }},
	{name: "three layers forward", change: func(c *train.Config) { c.Model.LSTM.Layers, c.Model.LSTM.Direction = 3, lstm.Forward }},
	{name: "stack", change: func(c *train.Config) {
		c.Model.LSTM = lstm.Config{Stack: []nn.Layer{{Units: 7, Direction: nn.Bidirectional}, {Units: 5, Direction: nn.Reverse}, {Units: 8}}}
	}},
	{name: "merged stack", change: merged},
	{name: "merged stack with dropouts", change: func(c *train.Config) {
		merged(c)
		c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.WeightDrop, c.Model.Pool = 0.3, true, 0.2, nn.Poolings()
	}},
	{name: "gru", change: gru},
	{name: "gru forward", change: func(c *train.Config) { gru(c); c.Model.LSTM.Direction = lstm.Forward }},
	{name: "gru of 33 units", change: func(c *train.Config) { gru(c); units(33)(c) }},
	{name: "gru of 96 units", change: func(c *train.Config) { gru(c); units(96)(c) }},
	{name: "gru of 128 units", change: func(c *train.Config) { gru(c); units(128)(c) }},
	{name: "gru of 129 units", change: func(c *train.Config) { gru(c); units(129)(c) }},
	{name: "gru with dropouts", change: func(c *train.Config) {
		gru(c)
		c.Model.LSTM.Layers, c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.WeightDrop = 2, 0.2, 0.3, 0.2
	}},
	{name: "gru with locked and tied dropouts", change: func(c *train.Config) {
		gru(c)
		c.Model.LSTM.Layers, c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.Tied = 2, 0.2, 0.3, true, true
	}},
	{name: "gru of a merged stack", change: func(c *train.Config) { gru(c); merged(c) }},
	{name: "subword", change: subword},
	{name: "subword with dropouts", change: func(c *train.Config) {
		subword(c)
		c.Model.WordDropout, c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 0.3, 0.2, true
	}},
	{name: "subword with averages", change: func(c *train.Config) { subword(c); c.EMA.Decay = 0.9 }},
	{name: "subword of chunks", change: func(c *train.Config) { subword(c); c.Model.Chunk, c.Model.WordDropout = 4, 0.3 }},
	{name: "subword of heads alone", change: func(c *train.Config) { subword(c); c.EMA.Decay = 0.9 }, headsOnly: true},
	{name: "subword of texts without words", change: subword, empty: true},
	{name: "peepholes", change: func(c *train.Config) { c.Model.LSTM.Peephole, c.Model.LSTM.Layers = true, 2 }},
	{name: "1 unit", change: units(1)},
	{name: "32 units", change: units(32)},
	{name: "33 units", change: units(33)},
	{name: "96 units", change: units(96)},
	{name: "97 units", change: units(97)},
	{name: "128 units", change: units(128)},
	{name: "129 units", change: units(129)},
	{name: "129 units with peepholes", change: func(c *train.Config) { units(129)(c); c.Model.LSTM.Peephole = true }},
	{name: "input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout = 0.3 }},
	{name: "locked input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 0.3, true }},
	{name: "tied input dropout", change: func(c *train.Config) { c.Model.LSTM.InputDropout, c.Model.LSTM.Tied = 0.3, true }},
	{name: "dropout between layers", change: func(c *train.Config) { c.Model.LSTM.Layers, c.Model.LSTM.Dropout = 2, 0.4 }},
	{name: "locked dropout between layers", change: func(c *train.Config) {
		c.Model.LSTM.Layers, c.Model.LSTM.Dropout, c.Model.LSTM.Locked = 2, 0.4, true
		c.Model.LSTM.InputDropout, c.Model.LSTM.Tied = 0.2, true
	}},
	{name: "dropout of recurrent weights", change: func(c *train.Config) { c.Model.LSTM.WeightDrop, c.Model.LSTM.Layers = 0.3, 2 }},
	{name: "dropout of recurrent weights of 130 units", change: func(c *train.Config) { units(130)(c); c.Model.LSTM.WeightDrop = 0.3 }},
	{name: "word dropout", change: func(c *train.Config) { c.Model.WordDropout = 0.3 }},
	{name: "dropout", change: func(c *train.Config) { c.Model.Dropout = 0.3 }},
	{name: "all dropouts", change: func(c *train.Config) {
		c.Model.LSTM.Layers, c.Model.WordDropout, c.Model.Dropout = 2, 0.1, 0.2
		c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.WeightDrop = 0.2, 0.3, 0.1
	}},
	{name: "last", change: pools(nn.Last)},
	{name: "last of forward", change: func(c *train.Config) { pools(nn.Last)(c); c.Model.LSTM.Direction = lstm.Forward }},
	{name: "last of reverse", change: func(c *train.Config) { pools(nn.Last)(c); c.Model.LSTM.Direction = lstm.Reverse }},
	{name: "mean", change: pools(nn.Mean)},
	{name: "max", change: pools(nn.Max)},
	{name: "max of padded texts", change: func(c *train.Config) { pools(nn.Max)(c); c.Model.Padded = 8 }},
	{name: "attention", change: pools(nn.Attention)},
	{name: "all poolings of chunks", change: func(c *train.Config) { pools(nn.Poolings()...)(c); c.Model.Chunk = 4 }},
	{name: "locked dropout of chunks", change: func(c *train.Config) { c.Model.Chunk, c.Model.LSTM.InputDropout, c.Model.LSTM.Locked = 4, 0.3, true }},
	{name: "hidden layers", change: func(c *train.Config) {
		c.Model.Heads[0].Hidden = 6
		for _, a := range append(nn.Activations(), "") {
			c.Model.Heads[1].Layers = append(c.Model.Heads[1].Layers, classify.HiddenLayer{Units: 5, Activation: a})
		}
	}},
	{name: "a head without a part", change: func(c *train.Config) {}, silent: true},
	{name: "heads alone", change: pools(nn.Max, nn.Attention), headsOnly: true},
	{name: "texts without words", change: pools(nn.Poolings()...), empty: true},
	{name: "adversarial", change: adversarial},
	{name: "adversarial with dropouts", change: func(c *train.Config) {
		adversarial(c)
		c.Model.WordDropout, c.Model.Dropout, c.Model.LSTM.Layers = 0.2, 0.2, 2
		c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.LSTM.Locked, c.Model.LSTM.WeightDrop = 0.2, 0.2, true, 0.2
	}},
	{name: "adversarial with a tied dropout and averages", change: func(c *train.Config) {
		adversarial(c)
		c.Model.LSTM.InputDropout, c.Model.LSTM.Tied, c.EMA.Decay = 0.2, true, 0.9
	}},
	{name: "adversarial of a gru with everything", change: func(c *train.Config) {
		adversarial(c)
		gru(c)
		merged(c)
		subword(c)
		c.Model.WordDropout, c.Model.LSTM.WeightDrop, c.Model.Pool, c.EMA.Decay = 0.2, 0.2, nn.Poolings(), 0.9
	}},
	{name: "AdamW", change: func(c *train.Config) { c.Optimizer.WeightDecay = 0.1 }},
	{name: "SGD", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, WeightDecay: 0.1} }},
	{name: "momentum", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9} }},
	{name: "Nesterov", change: func(c *train.Config) {
		c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9, Nesterov: true}
	}},
	{name: "RMSprop", change: func(c *train.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.RMSprop, Eps: 1e-2} }},
	{name: "RMSprop with momentum", change: func(c *train.Config) {
		c.Optimizer = nn.OptimizerConfig{Kind: nn.RMSprop, Momentum: 0.9, Eps: 1e-2}
	}},
	{name: "averages", change: func(c *train.Config) { c.EMA.Decay = 0.9 }},
	{name: "corrected averages", change: func(c *train.Config) { c.EMA = nn.EMAConfig{Decay: 0.9, BiasCorrect: true} }},
	{name: "averages of heads alone", change: func(c *train.Config) { c.EMA.Decay = 0.9 }, headsOnly: true},
}

func units(n int) func(*train.Config) {
	return func(c *train.Config) { c.Model.LSTM.HiddenSize = n }
}

func adversarial(c *train.Config) { c.Adversarial.Weight = 1 }

func gru(c *train.Config) { c.Model.Encoder = "gru" }

func subword(c *train.Config) { c.Model.Subword.Bits = 6 }

// merged merges layers in every way.
func merged(c *train.Config) {
	c.Model.LSTM = lstm.Config{Stack: []nn.Layer{
		{Units: 7, Direction: nn.Bidirectional, Merge: nn.Average}, {Units: 5, Direction: nn.Bidirectional, Merge: nn.Product},
		{Units: 4}, {Units: 6, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 3, Direction: nn.Bidirectional, Merge: nn.Sum},
	}}
}

func pools(kinds ...nn.Pooling) func(*train.Config) {
	return func(c *train.Config) { c.Model.Pool = kinds }
}

// Run puts a device through one test for every option. It must refuse, by its Check, the
// tests named in refused, and no other.
func Run(t *testing.T, d train.Device, refused ...string) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := base()
			test.change(&c)
			if c.Optimizer.Kind == "" {
				c.Optimizer.Eps = 1e-2 // else a gradient that is rounding alone moves a weight
			}
			c = c.Resolve()
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			err := d.Check(c)
			if (err != nil) != slices.Contains(refused, test.name) {
				t.Fatalf("refused: %v", err)
			}
			if err == nil {
				test.run(t, d, c)
			}
		})
	}
	t.Run("clipping", func(t *testing.T) { clipping(t, d) })
	t.Run("the same bytes again", func(t *testing.T) { again(t, d) })
	t.Run("going on", func(t *testing.T) { goingOn(t, d) })
	t.Run("numbers that are not finite", func(t *testing.T) { diverged(t, d) })
}

const words = 40

// newNetwork returns one with weights drawn from a seed.
func newNetwork(t *testing.T, c train.Config, s uint64) *classify.Network {
	t.Helper()
	net, err := classify.NewNetwork(c.Model, words)
	if err != nil {
		t.Fatal(err)
	}
	net.Index(vocabulary(t))
	r := seed.Rand(s, "weights")
	net.Init(r)
	for _, p := range net.Params() { // biases and peepholes that are zero would hide mistakes
		for i := range p.Data {
			if p.Group != nn.EmbeddingGroup {
				p.Data[i] += float32(0.1 * r.NormFloat64())
			}
		}
		p.Changed()
		if p.Group == nn.HeadGroup {
			p.LRScale = 1.5
		}
	}
	return net
}

// vocabulary has so many ids.
func vocabulary(t *testing.T) *vocab.Vocabulary {
	t.Helper()
	for n := 1; ; n++ {
		tokens, counts := make([]string, n), make([]int64, n)
		for i := range tokens {
			tokens[i], counts[i] = fmt.Sprintf("word%d", i*i), int64(n-i)
		}
		v, err := vocab.New(tokens, counts, 2)
		if err != nil {
			t.Fatal(err)
		}
		if v.Len() >= words {
			return v
		}
	}
}

// newTexts draws texts, those of no and of one word among them; words come twice, and with
// subwords there are some that have no id.
func newTexts(r *rand.Rand, c classify.Config, empty bool) (texts []classify.Encoded) {
	for _, n := range []int{5, 0, 13, 1, 5, 9, 2} {
		var e classify.Encoded
		for range n {
			switch {
			case empty:
			case c.HasSubword() && r.IntN(4) == 0:
				e.IDs = append(e.IDs, ^vocab.ID(len(e.Unknown)))
				e.Unknown = append(e.Unknown, c.Subword.AppendBuckets(nil, fmt.Sprint("other", r.IntN(5))))
			default:
				e.IDs = append(e.IDs, vocab.ID(r.IntN(words)))
			}
		}
		texts = append(texts, e)
	}
	return texts
}

// A trainee is a network with what takes its steps: an engine or, without one, this processor.
type trainee struct {
	net    *classify.Network
	engine train.Engine
	reader // without an engine
	words  train.Words
	o      *nn.Optimizer
	ema    *nn.EMA
}

// newTrainee makes one; d may be nil.
func newTrainee(t *testing.T, d train.Device, c train.Config) *trainee {
	t.Helper()
	n := &trainee{net: newNetwork(t, c, 1)}
	n.reader = newReader(n.net, c)
	n.words = n.reader
	var err error
	if n.o, err = nn.NewOptimizer(c.Optimizer); err != nil {
		t.Fatal(err)
	}
	if c.EMA.Decay != 0 {
		if n.ema, err = nn.NewEMA(n.net.Params(), c.EMA); err != nil {
			t.Fatal(err)
		}
	}
	if d == nil {
		for _, p := range n.net.Params() {
			p.NeedGrad()
		}
		return n
	}
	if n.engine, err = d.Open(n.net, c, 1000); err != nil {
		t.Fatal(err)
	}
	n.words = n.engine
	t.Cleanup(func() {
		if err := n.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	n.load(t)
	return n
}

// load hands the engine its weights.
func (n *trainee) load(t *testing.T) {
	t.Helper()
	if err := n.engine.Load(loop.Weights{Params: n.net.Params(), Optimizer: n.o, Steps: n.o.Steps(), EMA: n.ema}); err != nil {
		t.Fatal(err)
	}
}

// learning are the parameters that a step moves.
func (n *trainee) learning() []*nn.Param {
	params := n.net.Params()
	if n.net.HeadsOnly {
		params = slices.DeleteFunc(slices.Clone(params), func(p *nn.Param) bool { return p.Group != nn.HeadGroup })
	}
	return params
}

// forward returns scores.
func (n *trainee) forward(t *testing.T, texts []classify.Encoded, s uint64) (logits [][]float32) {
	t.Helper()
	mode, err := nn.Mode{Train: true, Seed: s}, error(nil)
	if n.engine != nil {
		logits, err = n.engine.Forward(texts, mode)
	} else {
		logits, err = n.net.Forward(n.ws, texts, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// backward finds gradients.
func (n *trainee) backward(t *testing.T, dLogits [][]float32) {
	t.Helper()
	var err error
	if n.engine != nil {
		err = n.engine.Backward(dLogits)
	} else {
		err = n.net.Backward(n.ws, dLogits)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// step moves the weights.
func (n *trainee) step(limit float64, rate float32) (norm float64, err error) {
	if n.engine != nil {
		return n.engine.Step(n.learning(), limit, rate)
	}
	defer nn.ZeroGrad(n.net.Params())
	norm = nn.ClipNorm(n.learning(), limit)
	if n.ema != nil {
		n.ema.Update()
	}
	return norm, n.o.Step(n.learning(), rate)
}

// sync brings weights and what goes with them here.
func (n *trainee) sync(t *testing.T) {
	t.Helper()
	if n.engine == nil {
		return
	}
	if err := n.engine.Sync(); err != nil {
		t.Fatal(err)
	}
}

// derivatives draws those of a loss by the scores.
func derivatives(r *rand.Rand, logits [][]float32, silent bool) [][]float32 {
	d := make([][]float32, len(logits))
	for h := range d {
		for range logits[h] {
			d[h] = append(d[h], float32(r.NormFloat64()))
		}
	}
	if silent {
		d[len(d)-1] = nil
	}
	return d
}

// run compares scores, gradients, and what some steps come to.
func (test *test) run(t *testing.T, d train.Device, c train.Config) {
	r := rand.New(rand.NewPCG(3, 4))

	// The gradients are what a step of gradient descent takes away.
	descent := c
	descent.Optimizer, descent.EMA = nn.OptimizerConfig{Kind: nn.SGD}.Resolved(), nn.EMAConfig{}
	here, there := newTrainee(t, nil, descent), newTrainee(t, d, descent)
	here.net.HeadsOnly, there.net.HeadsOnly = test.headsOnly, test.headsOnly
	texts := newTexts(r, c.Model, test.empty)
	logits := here.forward(t, texts, 5)
	got := there.forward(t, texts, 5)
	for h := range logits {
		compare(t, fmt.Sprintf("scores of head %d", h), got[h], logits[h])
	}
	dLogits := derivatives(r, logits, test.silent)
	here.backward(t, dLogits)
	there.backward(t, dLogits)
	if c.Adversarial.On() {
		adversary(t, r, here, there)
	}
	norm := nn.ClipNorm(here.learning(), 0)
	gotNorm, err := there.step(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "norm of the gradient", []float32{float32(gotNorm)}, []float32{float32(norm)})
	there.sync(t)
	for i, p := range here.learning() {
		scale := float32(1)
		if p.LRScale != 0 {
			scale = p.LRScale
		}
		after, g := there.learning()[i].Data, make([]float32, len(p.Data))
		for j := range g {
			g[j] = (p.Data[j] - after[j]) / scale
		}
		compare(t, "gradient of "+p.Name, g, p.Grad)
	}

	here, there = newTrainee(t, nil, c), newTrainee(t, d, c)
	here.net.HeadsOnly, there.net.HeadsOnly = test.headsOnly, test.headsOnly
	for s := range uint64(4) {
		texts := newTexts(r, c.Model, test.empty)
		logits := here.forward(t, texts, s)
		there.forward(t, texts, s)
		dLogits := derivatives(r, logits, test.silent)
		here.backward(t, dLogits)
		there.backward(t, dLogits)
		if c.Adversarial.On() {
			adversary(t, r, here, there)
		}
		for _, n := range []*trainee{here, there} {
			if _, err := n.step(1, 0.01); err != nil {
				t.Fatal(err)
			}
		}
	}
	there.sync(t)
	same(t, there, here)
}

// adversary does to both what adversarial losses do after a Backward, by the same directions: the vectors are
// moved, their gradient is asked for, alone and with that of the weights, and other texts follow.
func adversary(t *testing.T, r *rand.Rand, here, there *trainee) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	texts := newTexts(r, here.net.Config(), false)
	for range 2 {
		x, err := here.words.Vectors()
		check(err)
		got, err := there.words.Vectors()
		check(err)
		compare(t, "word vectors", got, x)
		moved := slices.Clone(x)
		for i := range moved {
			moved[i] += float32(0.1 * r.NormFloat64())
		}
		logits, err := here.words.ForwardVectors(moved)
		check(err)
		gotLogits, err := there.words.ForwardVectors(moved)
		check(err)
		for h := range logits {
			compare(t, fmt.Sprintf("scores of head %d at moved vectors", h), gotLogits[h], logits[h])
		}
		dLogits := derivatives(r, logits, false)
		for i := range 2 {
			find := [][2]func([][]float32) ([]float32, error){
				{here.words.WordGradient, there.words.WordGradient},
				{here.words.BackwardWords, there.words.BackwardWords},
			}[i]
			if i == 1 { // there is one Backward of a Forward
				_, err = here.words.ForwardVectors(moved)
				check(err)
				_, err = there.words.ForwardVectors(moved)
				check(err)
			}
			g, err := find[0](dLogits)
			check(err)
			got, err := find[1](dLogits)
			check(err)
			compare(t, "gradient of the word vectors", got, g)
		}
		var tokens, gotTokens []int
		here.words.EachToken(func(row, text int) { tokens = append(tokens, row, text) })
		there.words.EachToken(func(row, text int) { gotTokens = append(gotTokens, row, text) })
		if !slices.Equal(gotTokens, tokens) {
			t.Errorf("tokens %v, want %v", gotTokens, tokens)
		}
		s := r.Uint64()
		here.forward(t, texts, s)
		there.forward(t, texts, s)
	}
}

// same compares all that there is of two trainees.
func same(t *testing.T, got, want *trainee) {
	t.Helper()
	list := func(what string, got, want []*nn.Param) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%d tensors of %s, want %d", len(got), what, len(want))
		}
		for i, p := range want {
			if got[i].Name != p.Name {
				t.Errorf("tensor %d of %s is %s, want %s", i, what, got[i].Name, p.Name)
				continue
			}
			compare(t, what+" "+p.Name, got[i].Data, p.Data)
		}
	}
	list("weights", got.net.Params(), want.net.Params())
	list("moments", got.o.State(), want.o.State())
	if got.o.Steps() != want.o.Steps() {
		t.Errorf("the optimiser has taken %d steps, want %d", got.o.Steps(), want.o.Steps())
	}
	if want.ema != nil {
		list("averages", got.ema.State(), want.ema.State())
		if got.ema.Updates() != want.ema.Updates() {
			t.Errorf("%d updates of the averages, want %d", got.ema.Updates(), want.ema.Updates())
		}
	}
}

// compare reports the first number that is too far from what it should be.
func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	most := float32(0)
	for _, v := range want {
		most = max(most, max(v, -v))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= Tolerance*float64(most)+1e-7) {
			t.Errorf("%s: number %d is %v, want %v; the largest is %v", what, i, got[i], want[i], most)
			return
		}
	}
}

// learn takes steps on texts from a stream of random numbers.
func (n *trainee) learn(t *testing.T, r *rand.Rand, steps int) {
	t.Helper()
	for range steps {
		logits := n.forward(t, newTexts(r, n.net.Config(), false), r.Uint64())
		n.backward(t, derivatives(r, logits, false))
		if _, err := n.step(1, 0.01); err != nil {
			t.Fatal(err)
		}
	}
}

// dropping is a config with much that is random.
func dropping() train.Config {
	c := base()
	c.Model.LSTM.Layers, c.Model.LSTM.InputDropout, c.Model.LSTM.Dropout, c.Model.Dropout = 2, 0.2, 0.2, 0.2
	c.Model.Pool, c.EMA.Decay = nn.Poolings(), 0.9
	return c.Resolve()
}

// clipping compares a gradient of every norm under a limit.
func clipping(t *testing.T, d train.Device) {
	c := base().Resolve()
	c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD}.Resolved()
	for _, limit := range []float64{0, 1e-3, 1, 1e9} {
		r := rand.New(rand.NewPCG(5, 6))
		here, there := newTrainee(t, nil, c), newTrainee(t, d, c)
		texts := newTexts(r, c.Model, false)
		logits := here.forward(t, texts, 1)
		there.forward(t, texts, 1)
		dLogits := derivatives(r, logits, false)
		var norms [2]float64
		for i, n := range []*trainee{here, there} {
			n.backward(t, dLogits)
			var err error
			if norms[i], err = n.step(limit, 1); err != nil {
				t.Fatal(err)
			}
		}
		there.sync(t)
		if math.Abs(norms[1]/norms[0]-1) > Tolerance {
			t.Errorf("limit %v: norm %v, want %v", limit, norms[1], norms[0])
		}
		same(t, there, here)
	}
}

// again trains twice: the bytes must be the same.
func again(t *testing.T, d train.Device) {
	one, two := newTrainee(t, d, dropping()), newTrainee(t, d, dropping())
	for _, n := range []*trainee{one, two} {
		n.learn(t, rand.New(rand.NewPCG(7, 8)), 3)
		n.sync(t)
	}
	equal(t, two, one)
}

// equal is same, to the last bit.
func equal(t *testing.T, got, want *trainee) {
	t.Helper()
	for _, k := range [][2][]*nn.Param{{got.net.Params(), want.net.Params()}, {got.o.State(), want.o.State()}, {got.ema.State(), want.ema.State()}} {
		for i, p := range k[1] {
			if !slices.Equal(k[0][i].Data, p.Data) {
				t.Errorf("%s: other bits", p.Name)
			}
		}
	}
}

// goingOn compares a training with one that is fetched and loaded on the way, and which goes on elsewhere.
func goingOn(t *testing.T, d train.Device) {
	through, cut := newTrainee(t, d, dropping()), newTrainee(t, d, dropping())
	r := rand.New(rand.NewPCG(9, 10))
	through.learn(t, r, 4)
	through.sync(t)
	r = rand.New(rand.NewPCG(9, 10))
	cut.learn(t, r, 2)
	cut.sync(t)
	cut.learn(t, r, 1)
	cut.sync(t)
	other := newTrainee(t, d, dropping())
	for i, p := range cut.net.Params() {
		copy(other.net.Params()[i].Data, p.Data)
	}
	if err := other.o.LoadState(other.net.Params(), cut.o.Steps(), cut.o.State()); err != nil {
		t.Fatal(err)
	}
	if err := other.ema.LoadState(cut.ema.Updates(), cut.ema.State()); err != nil {
		t.Fatal(err)
	}
	other.load(t)
	other.learn(t, r, 1)
	other.sync(t)
	equal(t, other, through)
}

// diverged wants errors for gradients and weights that are not finite.
func diverged(t *testing.T, d train.Device) {
	c := base().Resolve()
	c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD}.Resolved()
	for _, tt := range []struct {
		name string
		d    float32
		rate float32
		want string
	}{
		{"a gradient", float32(math.NaN()), 1, "gradient"},
		{"a weight", 1, float32(math.Inf(1)), "weight"},
	} {
		n := newTrainee(t, d, c)
		logits := n.forward(t, newTexts(rand.New(rand.NewPCG(1, 1)), c.Model, false), 1)
		dLogits := derivatives(rand.New(rand.NewPCG(1, 2)), logits, false)
		dLogits[0][0] = tt.d
		n.backward(t, dLogits)
		_, err := n.step(1, tt.rate)
		switch e := err.(type) {
		case *nn.DivergedError:
			if tt.want != "gradient" || e.Value-e.Value == 0 || e.Name == "" {
				t.Errorf("%s that is not finite: %v", tt.name, err)
			}
		case *loop.DivergedError:
			if tt.want != "weight" || e.Value-e.Value == 0 || e.Name == "" {
				t.Errorf("%s that is not finite: %v", tt.name, err)
			}
		default:
			t.Errorf("%s that is not finite: error %v, want one of divergence", tt.name, err)
		}
		// Loading weights is a new beginning.
		for i, p := range newNetwork(t, c, 1).Params() {
			copy(n.net.Params()[i].Data, p.Data)
			n.net.Params()[i].Changed()
		}
		n.load(t)
		n.learn(t, rand.New(rand.NewPCG(1, 3)), 1)
	}
}
