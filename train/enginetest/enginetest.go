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
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/train/loop/looptest"
	"github.com/textlstm/textlstm/vocab"
)

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
		looptest.Compare(t, fmt.Sprintf("scores of head %d", h), got[h], logits[h])
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
	looptest.Compare(t, "norm of the gradient", []float32{float32(gotNorm)}, []float32{float32(norm)})
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
		looptest.Compare(t, "gradient of "+p.Name, g, p.Grad)
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
			looptest.Compare(t, what+" "+p.Name, got[i].Data, p.Data)
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
		if math.Abs(norms[1]/norms[0]-1) > looptest.Tolerance {
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
