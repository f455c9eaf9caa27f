package classify_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

const rows = 20 // ids of the networks under test

// batch has texts of the given lengths.
func batch(r *rand.Rand, lengths ...int) []classify.Encoded {
	texts := make([]classify.Encoded, len(lengths))
	for i, n := range lengths {
		texts[i].IDs = make([]vocab.ID, n)
		for j := range texts[i].IDs {
			texts[i].IDs[j] = vocab.ID(1 + r.IntN(rows-1))
		}
	}
	return texts
}

func newNetwork(t *testing.T, set func(*classify.Config)) *classify.Network {
	t.Helper()
	c := classify.Config{
		Embed: 4,
		LSTM:  lstm.Config{HiddenSize: 3, Direction: lstm.Bidirectional},
		Heads: []classify.Head{
			{Name: "a", Labels: []string{"x", "y", "z"}, Hidden: 5},
			{Name: "b", Labels: []string{"p", "q"}},
		},
	}
	set(&c)
	n, err := classify.NewNetwork(c.Resolve(), rows)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 8)) // keeps the maxima apart by more than the checker's steps
	n.Init(r)
	nn.Uniform(n.Embed().Weight, 1, r) // rows that differ more than the checker's steps
	for _, p := range n.Params() {
		if p.Name == "heads.a.hidden.bias" { // far from the ReLU's kink
			for i := range p.Data {
				p.Data[i] = 2 - 4*float32(i%2)
			}
			p.Changed()
		}
	}
	return n
}

// lossOf is the sum of both heads' losses; it backpropagates if asked to.
func lossOf(t *testing.T, n *classify.Network, ws *classify.Workspace, texts []classify.Encoded, mode lstm.Mode, backward bool) float64 {
	t.Helper()
	logits, err := n.Forward(ws, texts, mode)
	if err != nil {
		t.Fatal(err)
	}
	B := len(texts)
	a := nn.Targets{Labels: make([]int32, B)}
	b := nn.Targets{Values: make([]float32, 2*B)}
	for i := range B {
		a.Labels[i] = int32(i%4) - 1 // a quarter have none
		b.Values[2*i+i%2] = 1
	}
	cross, binary := nn.Loss{}, nn.Loss{Kind: nn.BinaryCrossEntropy}
	dA, dB := make([]float32, 3*B), make([]float32, 2*B)
	loss := cross.Eval(dA, logits[0], B, 3, &a, 1) + binary.Eval(dB, logits[1], B, 2, &b, 1)
	if backward {
		nn.ZeroGrad(n.Params())
		if err := n.Backward(ws, [][]float32{dA, dB}); err != nil {
			t.Fatal(err)
		}
	}
	return loss
}

func TestGradients(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*classify.Config)
	}{
		{"last", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Last} }},
		{"mean", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Mean} }},
		{"max", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Max} }},
		{"attention", func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Attention} }},
		{"all poolings, chunks", func(c *classify.Config) {
			c.Pool = []nn.Pooling{nn.Last, nn.Mean, nn.Max, nn.Attention}
			c.Chunk = 3
		}},
		{"word dropout", func(c *classify.Config) { c.Pool, c.WordDropout = []nn.Pooling{nn.Mean}, 0.4 }},
		{"pooled dropout", func(c *classify.Config) { c.Pool, c.Dropout = []nn.Pooling{nn.Mean}, 0.4 }},
		{"layers of their own", func(c *classify.Config) {
			c.Pool = []nn.Pooling{nn.Last, nn.Mean}
			c.LSTM = lstm.Config{Stack: []nn.Layer{{Units: 4, Direction: lstm.Bidirectional}, {Units: 2}, {Units: 3, Direction: lstm.Bidirectional, Merge: nn.Sum}}}
			c.Heads[0].Hidden, c.Heads[0].Layers = 0, []classify.HiddenLayer{{Units: 4, Activation: nn.GELU}, {Units: 3, Activation: nn.Tanh}, {Units: 5}}
			c.Heads[1].Layers = []classify.HiddenLayer{{Units: 2, Activation: nn.Sigmoid}}
		}},
		{"all dropouts, two layers, reverse", func(c *classify.Config) {
			c.Pool, c.WordDropout, c.Dropout = []nn.Pooling{nn.Mean, nn.Last}, 0.2, 0.2
			c.LSTM = lstm.Config{HiddenSize: 3, Layers: 2, Direction: lstm.Reverse, InputDropout: 0.2, Dropout: 0.2, Locked: true, WeightDrop: 0.2}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, tt.set)
			texts := batch(rand.New(rand.NewPCG(1, 1)), 5, 0, 1, 8, 3, 5, 2)
			mode := lstm.Mode{Train: true, Seed: 11}
			var ws classify.Workspace
			lossOf(t, n, &ws, texts, mode, true)
			params := n.Params()
			if testing.Short() {
				params = params[:2] // that of the words has passed through all others
			}
			gradcheck.Check(t, params, func() float64 { return lossOf(t, n, &ws, texts, mode, false) }, 1e-2)
		})
	}
}

// A head that has no part in the loss gets no gradient.
func TestBackwardWithoutAHead(t *testing.T) {
	n := newNetwork(t, func(*classify.Config) {})
	var ws classify.Workspace
	texts := batch(rand.New(rand.NewPCG(1, 1)), 4, 2)
	if _, err := n.Forward(&ws, texts, lstm.Mode{Train: true}); err != nil {
		t.Fatal(err)
	}
	if err := n.Backward(&ws, [][]float32{nil, {1, -1, 0.5, 0.5}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range n.Params() {
		zero := !slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 })
		if want := strings.HasPrefix(p.Name, "heads.a"); zero != want {
			t.Errorf("%s: gradient is zero: %t, want %t", p.Name, zero, want)
		}
	}
}

func TestBackwardNeedsTraining(t *testing.T) {
	n := newNetwork(t, func(*classify.Config) {})
	var ws classify.Workspace
	if _, err := n.Forward(&ws, batch(rand.New(rand.NewPCG(1, 1)), 4), lstm.Mode{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Backward(&ws, [][]float32{nil, {1, -1}}); err == nil {
		t.Error("Backward after an inference is no error")
	}
}

// The same bits come out for any number of workers, in training and inference.
func TestNetworkWorkers(t *testing.T) {
	set := func(c *classify.Config) {
		c.Embed, c.LSTM.HiddenSize, c.LSTM.Layers = 16, 24, 2
		c.Pool = []nn.Pooling{nn.Max, nn.Attention}
		c.WordDropout, c.Dropout, c.LSTM.InputDropout = 0.1, 0.3, 0.3
	}
	n := newNetwork(t, set)
	texts := batch(rand.New(rand.NewPCG(2, 3)), 40, 0, 7, 13, 1, 22, 22, 9, 31, 2, 2, 5)
	type result struct {
		Loss  float64
		Grads [][]float32
	}
	run := func(workers int) result {
		ws := classify.Workspace{Workers: workers}
		r := result{Loss: lossOf(t, n, &ws, texts, lstm.Mode{Train: true, Seed: 3}, true)}
		for _, p := range n.Params() {
			r.Grads = append(r.Grads, slices.Clone(p.Grad))
		}
		return r
	}
	want := run(1)
	for _, workers := range []int{2, 3, 7} {
		if !cmp.Equal(want, run(workers)) {
			t.Errorf("%d workers give other bits than 1", workers)
		}
	}
}

// Inference reads each word once, training each token; without dropout both
// give the same bits, whatever else is in the batch and was there before.
func TestForwardOfTrainingAndInference(t *testing.T) {
	for _, chunk := range []int{0, 1, 4, 100} {
		n := newNetwork(t, func(c *classify.Config) {
			c.Chunk = chunk
			c.Pool = []nn.Pooling{nn.Last, nn.Max, nn.Mean, nn.Attention}
		})
		r := rand.New(rand.NewPCG(8, 9))
		var ws classify.Workspace
		tries := 50
		if testing.Short() {
			tries = 10
		}
		for range tries {
			lengths := make([]int, 1+r.IntN(8))
			for i := range lengths {
				lengths[i] = r.IntN(12)
			}
			texts := batch(r, lengths...)
			forward := func(ws *classify.Workspace, texts []classify.Encoded, train bool) [][]float32 {
				logits, err := n.Forward(ws, texts, lstm.Mode{Train: train})
				if err != nil {
					t.Fatal(err)
				}
				return [][]float32{slices.Clone(logits[0]), slices.Clone(logits[1])}
			}
			all := forward(&ws, texts, false)
			if diff := cmp.Diff(forward(&ws, texts, true), all); diff != "" {
				t.Fatalf("chunk %d, lengths %v (-training +inference):\n%s", chunk, lengths, diff)
			}
			for i := range texts {
				alone := forward(new(classify.Workspace), texts[i:i+1], false)
				if diff := cmp.Diff(alone, [][]float32{all[0][3*i : 3*i+3], all[1][2*i : 2*i+2]}); diff != "" {
					t.Fatalf("chunk %d, text %d of %v (-alone +in the batch):\n%s", chunk, i, lengths, diff)
				}
			}
		}
	}
}

// A chunk that no text exceeds changes nothing; a shorter one does.
func TestChunk(t *testing.T) {
	texts := batch(rand.New(rand.NewPCG(1, 1)), 7, 3, 0, 1)
	forward := func(chunk int) []float32 {
		n := newNetwork(t, func(c *classify.Config) { c.Chunk = chunk })
		var ws classify.Workspace
		logits, err := n.Forward(&ws, texts, lstm.Mode{})
		if err != nil {
			t.Fatal(err)
		}
		return logits[1]
	}
	whole := forward(0)
	if !slices.Equal(whole, forward(7)) {
		t.Error("chunks as long as the longest text change its scores")
	}
	cut := forward(3)
	if slices.Equal(whole[:2], cut[:2]) {
		t.Error("cutting a text of 7 tokens after 3 leaves its scores as they are")
	}
	if !slices.Equal(whole[2:], cut[2:]) {
		t.Error("cutting one text changes the others")
	}
}

// A text that is read piece by piece gets the scores that it has in one piece, as
// training reads it, and the same bits in any batch.
func TestLongTexts(t *testing.T) {
	const length = 1<<14 + 1<<12 + 100
	r := rand.New(rand.NewPCG(3, 5))
	for name, set := range map[string]func(*classify.Config){
		"whole":       func(c *classify.Config) {},
		"two layers":  func(c *classify.Config) { c.LSTM.Layers = 2 },
		"reverse":     func(c *classify.Config) { c.LSTM.Direction = lstm.Reverse },
		"chunks":      func(c *classify.Config) { c.Chunk = 100 },
		"long chunks": func(c *classify.Config) { c.Chunk = 1<<12 + 5 },
		"gru":         func(c *classify.Config) { c.Encoder = "gru" },
		"subwords":    func(c *classify.Config) { c.Subword.Bits = 6 },
	} {
		t.Run(name, func(t *testing.T) {
			for _, pool := range []nn.Pooling{nn.Last, nn.Max, nn.Mean, nn.Attention} {
				n := newNetwork(t, func(c *classify.Config) {
					c.Pool = []nn.Pooling{pool}
					set(c)
				})
				texts := batch(r, 7, length, 0)
				if name == "subwords" {
					for i, at := range []int{5, 4095, 4096, length - 1} {
						texts[1].IDs[at] = ^vocab.ID(i)
						texts[1].Unknown = append(texts[1].Unknown, []int32{int32(i), 9})
					}
				}
				forward := func(texts []classify.Encoded, train bool) []float32 {
					logits, err := n.Forward(new(classify.Workspace), texts, nn.Mode{Train: train})
					if err != nil {
						t.Fatal(err)
					}
					return slices.Concat(logits...)
				}
				want, got := forward(texts, true), forward(texts, false)
				for i, v := range got {
					if d := math.Abs(float64(v - want[i])); !(d <= 1e-5) || d != 0 && (pool == nn.Last || pool == nn.Max) {
						t.Errorf("%s: score %d is %v, in one piece %v", pool, i, v, want[i])
					}
				}
				if alone := forward(texts[1:2], false); !slices.Equal(alone[:3], got[3:6]) {
					t.Errorf("%s: alone the scores are %v, in the batch %v", pool, alone[:3], got[3:6])
				}
			}
		})
	}
}

func TestNetworkParams(t *testing.T) {
	n := newNetwork(t, func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Attention} })
	var got []string
	for _, p := range n.Params() {
		got = append(got, p.Name)
	}
	want := []string{
		"embedding.weight",
		"encoder.weight_ih_l0", "encoder.weight_hh_l0", "encoder.bias_l0",
		"encoder.weight_ih_l0_reverse", "encoder.weight_hh_l0_reverse", "encoder.bias_l0_reverse",
		"pool.hidden.weight", "pool.hidden.bias", "pool.context",
		"heads.a.hidden.weight", "heads.a.hidden.bias", "heads.a.weight", "heads.a.bias",
		"heads.b.weight", "heads.b.bias",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}
