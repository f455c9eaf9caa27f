package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/gradcheck"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// twoHeads is a fit of two heads, one of them multi-label, with nothing to learn.
func twoHeads() *fit {
	f := new(fit)
	f.cfg.Model.Heads = []classify.Head{
		{Name: "a", Labels: []string{"x", "y", "z"}, Weight: 0.5},
		{Name: "b", Labels: []string{"p", "q"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy, Smoothing: 0.1}},
	}
	return f
}

// The divergence has the gradient that it says, is 0 where nothing has changed
// and more than 0 elsewhere.
func TestDivergence(t *testing.T) {
	const texts = 4
	f := twoHeads()
	r := rand.New(rand.NewPCG(1, 2))
	clean := [][]float32{make([]float32, 3*texts), make([]float32, 2*texts)}
	var params []*nn.Param
	logits := make([][]float32, len(clean))
	for h, l := range clean {
		for i := range l {
			l[i] = float32(r.NormFloat64())
		}
		p := nn.NewParam(f.cfg.Model.Heads[h].Name, len(l))
		copy(p.Data, l)
		params, logits[h] = append(params, p), p.Data
	}
	f.keepClean(clean)
	for h, head := range f.cfg.Model.Heads {
		head.Loss.Kind.Activate(f.adversary.clean[h], len(head.Labels))
	}
	least, d := f.divergence(logits)
	if math.Abs(least) > 1e-6 {
		t.Errorf("divergence %v of equal answers, want 0", least)
	}
	for h := range d {
		for i, v := range d[h] {
			if math.Abs(float64(v)) > 1e-6 {
				t.Errorf("head %d: gradient[%d] = %v of equal answers, want 0", h, i, v)
			}
		}
	}
	for range 20 {
		for h := range logits {
			for i := range logits[h] {
				logits[h][i] += float32(r.NormFloat64())
			}
		}
		sum, d := f.divergence(logits)
		if sum <= 0 {
			t.Fatalf("divergence %v, want more than 0", sum)
		}
		for h := range d {
			params[h].Grad = append(params[h].Grad[:0], d[h]...)
		}
		gradcheck.Check(t, params, func() float64 {
			loss, _ := f.divergence(logits)
			return loss
		}, 1e-2)
	}
}

// trained is a fit after 30 steps on a batch of 24 texts, and the batch.
func trained(t *testing.T, a Adversarial, unlabelled *corpora.Dataset) (*fit, *batch) {
	t.Helper()
	d := &corpora.Dataset{Heads: []string{"x"}}
	for i := range 24 {
		label, word := "a", "good"
		if i%2 == 1 {
			label, word = "b", "bad"
		}
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprint("it is ", word, " number ", i), Labels: []string{label}})
	}
	tr := Trainer{Config: Config{Seed: 3, Adversarial: a}, Unlabelled: unlabelled}
	tr.Model.Embed, tr.Model.LSTM = 8, lstm.Config{HiddenSize: 8}
	tr.Model.Vocab.MinCount = 1
	f, err := tr.start(t.Context(), nil, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	texts, batches := f.train.epoch(f.cfg, 0)
	one := &batch{f, dealt{f.train, texts, batches[0]}}
	adam, err := nn.NewOptimizer(f.cfg.Optimizer)
	if err != nil {
		t.Fatal(err)
	}
	for step := range 30 {
		nn.ZeroGrad(f.net.Params())
		if _, err := one.Learn(step); err != nil {
			t.Fatal(err)
		}
		nn.ClipNorm(f.net.Params(), 1)
		if err := adam.Step(f.net.Params(), float32(f.Rate(loop.Position{Step: step}))); err != nil {
			t.Fatal(err)
		}
	}
	return f, one
}

// The step of the power method finds a direction in which the answers change
// more than in random ones.
func TestVirtualDirection(t *testing.T) {
	f, one := trained(t, Adversarial{VAT: 1, Epsilon: 0.5}, nil)
	forward := func() {
		logits, err := f.net.Forward(&f.ws, one.gather(), lstm.Mode{Train: true, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		f.keepClean(logits)
	}
	forward()
	nn.ZeroGrad(f.net.Params())
	best, err := f.addVirtual(30, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k := range uint64(20) {
		random := make([]float32, len(f.ws.Vectors()))
		r := seed.Rand(1, "test", k)
		for i := range random {
			random[i] = float32(r.NormFloat64())
		}
		logits, err := f.perturb(random, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		if other, _ := f.divergence(logits); !(other < best/2) {
			t.Errorf("divergence %v in a random direction, %v in the one that was found", other, best)
		}
	}
}

// The loss of a step has all adversarial losses with their weights: that of labelled
// texts, and the virtual one of texts with labels and without.
func TestAdversarialLosses(t *testing.T) {
	unlabelled := &corpora.Dataset{Examples: []corpora.Example{{Text: "it is good and bad"}, {Text: "number 7 is good"}}}
	f, one := trained(t, Adversarial{Weight: 0.3, VAT: 0.6, Epsilon: 0.5}, unlabelled)
	batches := f.adversary.batches
	parts := map[string]float64{}
	var gradient []float32 // of the last one, in the first head
	more := func(weight, vat float64, batches [][]int) float64 {
		t.Helper()
		f.cfg.Adversarial.Weight, f.cfg.Adversarial.VAT, f.adversary.batches = weight, vat, batches
		logits, err := f.net.Forward(&f.ws, one.gather(), lstm.Mode{Train: true, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, dLogits := f.loss(logits, one.dealt)
		g, err := f.net.BackwardWords(&f.ws, dLogits)
		if err != nil {
			t.Fatal(err)
		}
		nn.ZeroGrad(f.net.Params())
		sum, err := f.addAdversarial(30, one.dealt, logits, g)
		if err != nil {
			t.Fatal(err)
		}
		params := f.net.Params()
		gradient = slices.Clone(params[len(params)-1].Grad)
		return sum
	}
	// What the losses are, taken one by one.
	if logits, err := f.net.Forward(&f.ws, one.gather(), lstm.Mode{Train: true, Seed: 1}); err != nil {
		t.Fatal(err)
	} else {
		_, dLogits := f.loss(logits, one.dealt)
		g, err := f.net.BackwardWords(&f.ws, dLogits)
		if err != nil {
			t.Fatal(err)
		}
		f.keepClean(logits)
		if logits, err = f.perturb(g, 0.5); err != nil {
			t.Fatal(err)
		}
		parts["adversarial"], _ = f.loss(logits, one.dealt)
		if parts["virtual"], err = f.addVirtual(30, 0); err != nil {
			t.Fatal(err)
		}
		mode := lstm.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "unlabelled step", 30)}
		if logits, err = f.net.Forward(&f.ws, f.unlabelledBatch(30), mode); err != nil {
			t.Fatal(err)
		}
		f.keepClean(logits)
		if parts["unlabelled"], err = f.addVirtual(30, 1); err != nil {
			t.Fatal(err)
		}
	}
	adversarial, virtual, of := 0.3*parts["adversarial"], parts["virtual"], parts["unlabelled"]
	if !(adversarial > 1e-3 && virtual > 1e-9 && of > 1e-9) || virtual == of {
		t.Fatalf("losses %v, virtual %v, of unlabelled texts %v, want all to be there", adversarial, virtual, of)
	}
	gradients := map[string][]float32{}
	for _, tt := range []struct {
		name        string
		weight, vat float64
		batches     [][]int
		want        float64
	}{
		{"adversarial", 0.3, 0, batches, adversarial},
		{"half of it", 0.15, 0, batches, adversarial / 2},
		{"with weight 1", 1, 0, batches, parts["adversarial"]},
		{"virtual with weight 1", 0, 1, nil, virtual / 0.6},
		{"virtual", 0, 0.6, nil, virtual},
		{"half of that", 0, 0.3, nil, virtual / 2},
		{"with unlabelled texts", 0, 0.6, batches, virtual + of},
		{"all", 0.3, 0.6, batches, adversarial + virtual + of},
	} {
		if got := more(tt.weight, tt.vat, tt.batches); math.Abs(got-tt.want) > 1e-6*tt.want {
			t.Errorf("%s: loss %v, want %v", tt.name, got, tt.want)
		}
		gradients[tt.name] = gradient
	}
	for i, g := range gradients["all"] {
		for _, pair := range [][2]float32{
			{gradients["half of it"][i], gradients["adversarial"][i] / 2}, {gradients["half of that"][i], gradients["virtual"][i] / 2},
			{g, gradients["adversarial"][i] + gradients["with unlabelled texts"][i]},
		} {
			if d := pair[0] - pair[1]; pair[0] == 0 || d > 1e-5 || d < -1e-5 {
				t.Errorf("gradient[%d] %v, want %v", i, pair[0], pair[1])
			}
		}
	}
}

// Each pass goes through all batches without labels, in another order than the one before.
func TestUnlabelledBatches(t *testing.T) {
	const batches = 6
	f := new(fit)
	f.adversary.unlabelled = make([]classify.Encoded, batches)
	for i := range batches {
		f.adversary.unlabelled[i].IDs = make([]vocab.ID, i+1) // by which it is known
		f.adversary.batches = append(f.adversary.batches, []int{i})
	}
	var passes [2][]int
	for k := range passes {
		for i := range batches {
			passes[k] = append(passes[k], len(f.unlabelledBatch(k*batches + i)[0].IDs))
		}
		if got := slices.Sorted(slices.Values(passes[k])); !slices.Equal(got, []int{1, 2, 3, 4, 5, 6}) {
			t.Errorf("pass %d goes through %v, want each once", k, passes[k])
		}
	}
	if slices.Equal(passes[0], passes[1]) {
		t.Errorf("both passes have the order %v", passes[0])
	}
}
