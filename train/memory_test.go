package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// A text of ten megabytes in 256 MiB is refused before the first step, with the
// metrics and what to do; a pipeline that cuts it makes it fit.
func TestMemoryBudget(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20))
	d := data([]string{"x"}, []string{"a", strings.Repeat("reasonably longish words ", 400_000)}, []string{"b", "short"})
	c := small()
	c.Model.LSTM.HiddenSize = 64
	tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		if p.Step > 0 {
			t.Error("a step was taken")
		}
	}}
	before := total()
	_, err := tr.Fit(t.Context(), d, nil)
	if made := total() - before; made > 400<<20 { // in all, to read the text
		t.Errorf("refused after %d MiB were allocated", made>>20)
	}
	var full *train.MemoryError
	if !errors.As(err, &full) {
		t.Fatalf("err = %v, want a MemoryError", err)
	}
	if full.Limit != 256<<20 || full.Need < 3<<30 || full.Tokens != 1_200_000 || full.Batch < full.Need/2 {
		t.Errorf("%+v", full)
	}
	if sum := (full.Data + full.Weights + full.Batch) * 10 / 9; full.Data < 9<<20 || full.Weights == 0 || full.Wide != 0 || max(sum, full.Need)-min(sum, full.Need) > 8 {
		t.Errorf("%+v: the parts do not come to the whole", full)
	}
	for _, want := range []string{"1200000 tokens", "GOMEMLIMIT", "256 MiB", "max:N", fmt.Sprintf("for a batch of %d tokens", full.Tokens), fmt.Sprintf("%d MiB", full.Data>>20)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("err = %q does not say %q", err, want)
		}
	}
	c.Model.Pipeline = "words|lower|max:400"
	c.Epochs = 1
	fit(t, train.Trainer{Config: c}, d, nil)
}

// What a training needs is counted for what it has: no network for n-grams alone, no
// n-grams for a network alone, more for each member, layer and direction.
func TestNeed(t *testing.T) {
	sizes := train.Sizes{Words: 1000, Ngrams: 5000, Tokens: 300, Texts: 70}
	heads := []classify.Head{{Name: "a", Labels: []string{"x", "y", "z"}}}
	deep := train.Config{Model: classify.Config{Embed: 10, LSTM: lstm.Config{HiddenSize: 20}, Heads: heads}}.Resolve()
	plain := deep.Need(sizes, 2)
	// One layer: 10 inputs and 20 states with 4 gates and one bias.
	const weights = 1000*10 + 4*20*(10+20+1)
	if plain.Tokens != 300 || plain.Model != 8*weights || plain.Wide != 0 || plain.Weights != 4*weights*3 {
		t.Errorf("a network: %+v, want a model of %d", plain, 8*weights)
	}
	// Three times the vectors; gates, cell and output; three gradients of the outputs.
	if want := float64(4*(3*10+6*20+3*20)+16) * 300 * 5 / 4; plain.Batch != want {
		t.Errorf("a batch of %g bytes, want %g", plain.Batch, want)
	}
	wide := deep
	wide.Model.NoDeep, wide.Model.Ngrams = true, ngram.Config{Words: 2, Bits: 12}
	if n := wide.Need(sizes, 2); n.Weights != 0 || n.Batch != 0 || n.Model != 4*5000*3 || n.Wide != 2*(24*5000+64*70) {
		t.Errorf("n-grams: %+v", n)
	}
	if n := wide.Need(sizes, 8); n.Wide != 3*(24*5000+64*70) {
		t.Errorf("n-grams of three labels by eight workers: %+v", n)
	}
	for name, tt := range map[string]struct {
		change func(c *train.Config)
		model  float64 // bytes more
	}{
		"members":   {func(c *train.Config) { c.Model.Members = 2 }, 4 * weights}, // the gradients of one at a time
		"layers":    {func(c *train.Config) { c.Model.LSTM.Layers = 2 }, 8 * 4 * 20 * (20 + 20 + 1)},
		"direction": {func(c *train.Config) { c.Model.LSTM.Direction = lstm.Bidirectional }, 8 * 4 * 20 * (10 + 20 + 1)},
		"sub-words": {func(c *train.Config) { c.Model.Subword.Bits = 8 }, 8 * 256 * 10},
		"n-grams":   {func(c *train.Config) { c.Model.Ngrams = wide.Model.Ngrams }, 4 * 5000 * 3},
	} {
		c := deep
		tt.change(&c)
		if n := c.Need(sizes, 2); n.Model != plain.Model+tt.model {
			t.Errorf("%s: %+v, want %g more than %+v", name, n, tt.model, plain)
		}
	}
	adversarial := deep
	adversarial.Adversarial.Weight = 1
	if n := adversarial.Need(sizes, 2); n.Batch != plain.Batch+4*3*10*300*5/4 || n.Model != plain.Model {
		t.Errorf("adversarial: %+v, without %+v", n, plain)
	}
	average := deep
	average.EMA.Decay = 0.9
	sizes.Dev = true
	// Two moments and the weights of the epoch's start; the best; three of the average.
	if n, before := average.Need(sizes, 2), deep.Need(sizes, 2); n.Weights != 4*weights*7 || before.Weights != 4*weights*4 {
		t.Errorf("weights with an average %g, with dev texts %g, without %g", n.Weights, before.Weights, plain.Weights)
	}
}

// The estimate is not far from what a training has on its heap.
func TestMemoryEstimate(t *testing.T) {
	if testing.Short() {
		t.Skip("collects garbage after every batch")
	}
	for name, change := range map[string]func(*train.Config){
		"large batch": func(c *train.Config) { c.BatchSize, c.BatchTokens = 1000, 100_000 },
		"large vocabulary": func(c *train.Config) {
			c.Model.Embed, c.Model.LSTM.HiddenSize, c.Model.Vocab.Buckets = 64, 4, 30_000
			c.EMA.Decay = 0.9
		},
		"adversarial": func(c *train.Config) {
			c.BatchSize, c.BatchTokens = 1000, 100_000
			c.Adversarial.Weight, c.Adversarial.VAT = 1, 1
		},
		"members": func(c *train.Config) {
			c.Model.Embed, c.Model.LSTM.HiddenSize, c.Model.Vocab.Buckets = 64, 4, 10_000
			c.Model.Members, c.Model.Directions = 2, []lstm.Direction{lstm.Forward, lstm.Bidirectional}
			c.BatchSize, c.BatchTokens = 1000, 100_000
		},
		"layers": func(c *train.Config) {
			c.Model.LSTM.Layers, c.BatchSize, c.BatchTokens = 3, 500, 100_000
			c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9}
		},
	} {
		c := small()
		c.Epochs, c.Model.Embed, c.Model.LSTM = 1, 32, lstm.Config{HiddenSize: 64, Direction: lstm.Bidirectional}
		change(&c)
		d, dev := reviews(4000, 1), reviews(10, 2)
		collect()
		estimate, err := train.Estimate(t.Context(), train.Trainer{Config: c}, d, dev)
		if err != nil {
			t.Fatal(err)
		}
		peak := uint64(0)
		last := time.Time{}
		tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
			if time.Since(last) < 50*time.Millisecond && p.Dev == nil {
				return
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			last = time.Now()
		}}
		fit(t, tr, d, dev)
		ratio := float64(estimate) / float64(peak)
		t.Logf("%s: estimated %.1f MiB, seen %.1f MiB", name, float64(estimate)/(1<<20), float64(peak)/(1<<20))
		if ratio < 0.9 || ratio > 2 {
			t.Errorf("%s: the estimate is %.2f times what was seen", name, ratio)
		}
	}
}

// Gradients that explode through 2,000 steps of a recurrence that grows are
// clipped, counted, and trained on.
func TestExplodingGradients(t *testing.T) {
	c := small()
	c.Epochs = 2
	d := data([]string{"x"}, []string{"a", strings.Repeat("good film ", 1000)}, []string{"b", strings.Repeat("bad film ", 1000)})
	tr := train.Trainer{Config: c, Prepare: func(n *classify.Network, _ *vocab.Vocabulary) error {
		for _, p := range n.Params() {
			for i := range p.Data {
				p.Data[i] *= 8
			}
			p.Changed()
		}
		return nil
	}}
	clipped, worst := 0, 0.0
	tr.OnProgress = func(p train.Progress) {
		clipped, worst = p.Clipped, max(worst, p.WorstNorm)
		if p.Warning != nil {
			t.Error(p.Warning)
		}
	}
	r := fit(t, tr, d, nil)
	first := r.History[0]
	if clipped == 0 || first.Clipped == 0 || first.WorstNorm <= 1 || first.WorstNorm != first.GradNorm || worst < first.WorstNorm || math.IsInf(worst, 0) {
		t.Errorf("%d clipped, worst norm %v, first epoch %+v", clipped, worst, first)
	}
}

// Settings whose weights alone are too many are refused before anything is allocated
// for them, within a moment.
func TestMemoryIsCheckedFirst(t *testing.T) {
	d, dev := reviews(40, 1), reviews(10, 2)
	for name, change := range map[string]func(*train.Config){
		"units":       func(c *train.Config) { c.Model.LSTM.HiddenSize = 200_000 },
		"more units":  func(c *train.Config) { c.Model.LSTM.HiddenSize = math.MaxInt32 },
		"embed":       func(c *train.Config) { c.Model.Embed = math.MaxInt32 },
		"layers":      func(c *train.Config) { c.Model.LSTM.HiddenSize, c.Model.LSTM.Layers = 200, 1024 },
		"4,000 units": func(c *train.Config) { c.Model.LSTM.HiddenSize = 4000 },
		"members":     func(c *train.Config) { c.Model.LSTM.HiddenSize, c.Model.Members = 700, 16 },
		"buckets":     func(c *train.Config) { c.Model.Vocab.Buckets = 1 << 24 },
	} {
		c := small()
		change(&c)
		func() {
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(300 << 20))
			begin := time.Now()
			before := total()
			tr := train.Trainer{Config: c, OnProgress: func(train.Progress) { t.Errorf("%s: it begins", name) }}
			for _, fit := range []func() error{
				func() error { _, err := tr.Fit(t.Context(), d, dev); return err },
				func() error { _, err := tr.FitStream(t.Context(), streamOf(t, d), dev); return err },
			} {
				var full *train.MemoryError
				if err := fit(); !errors.As(err, &full) || full.Limit != 300<<20 || full.Need <= full.Limit {
					t.Errorf("%s: err = %v, want a MemoryError", name, err)
				}
			}
			if took, bytes := time.Since(begin), total()-before; took > 5*time.Second || bytes > 100<<20 {
				t.Errorf("%s: refused after %v and %d MiB", name, took, bytes>>20)
			}
		}()
	}
}

// collect frees what nothing uses; what a pool holds outlives one collection.
func collect() {
	runtime.GC()
	runtime.GC()
}

// total is how many bytes were ever allocated.
func total() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// The estimate has a copy of the weights for the averages three times and for the best
// ones once.
func TestMemoryOfAveragesAndBestWeights(t *testing.T) {
	c := small()
	c.Model.Embed, c.Model.Vocab.Buckets = 64, 100_000
	d, dev := reviews(40, 1), reviews(10, 2)
	estimate := func(decay float64, dev *corpora.Dataset) float64 {
		c := c
		c.EMA.Decay = decay
		collect()
		n, err := train.Estimate(t.Context(), train.Trainer{Config: c}, d, dev)
		if err != nil {
			t.Fatal(err)
		}
		return float64(n) * 9 / 10
	}
	weights := 4 * 64 * 100_000.0
	plain := estimate(0, nil)
	for name, tt := range map[string]struct{ got, want float64 }{
		"averages":     {estimate(0.9, nil) - plain, 3 * weights},
		"best weights": {estimate(0, dev) - plain, weights},
	} {
		if math.Abs(tt.got-tt.want) > 0.2*weights {
			t.Errorf("%s: %.1f MiB, want %.1f", name, tt.got/(1<<20), tt.want/(1<<20))
		}
	}
}

// A network whose start takes minutes can be cancelled within a second.
func TestCancelInit(t *testing.T) {
	c := small()
	c.Model.LSTM.HiddenSize = 1500
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(2*time.Second, cancel)
	defer timer.Stop()
	begin := time.Now()
	tr := train.Trainer{Config: c, OnProgress: func(train.Progress) { t.Error("it begins") }}
	if _, err := tr.Fit(ctx, reviews(10, 1), nil); !errors.Is(err, context.Canceled) || time.Since(begin) > 4*time.Second {
		t.Errorf("err = %v after %v", err, time.Since(begin))
	}
}

// What is needed first are the weights of all members, with the gradients of one.
func TestNeedOfWeights(t *testing.T) {
	c := small().Resolve()
	one := c.Need(train.Sizes{Words: 1000, Tokens: 10}, 1).Model
	c.Model.Members = 3
	if got := c.Need(train.Sizes{Words: 1000, Tokens: 10}, 1).Model; got != 2*one {
		t.Errorf("three members need %v bytes, want twice the %v of one: four of its size, not two", got, one)
	}
	n := float64(1000*c.Model.Embed) + c.Model.NumEncoderParams()
	if one != 8*n {
		t.Errorf("one member needs %v bytes, want 8 for each of %v weights", one, n)
	}
}

// A step with adversarial losses keeps three more vectors for each token.
func TestMemoryOfAdversarialSteps(t *testing.T) {
	c := small().Resolve()
	sizes := train.Sizes{Words: 10, Tokens: 1000, Texts: 10}
	plain := c.Need(sizes, 1).Batch
	c.Adversarial.VAT = 1
	if got, want := c.Need(sizes, 1).Batch-plain, 3*8*1000*4*1.25; got != want {
		t.Errorf("%v bytes more, want %v", got, want)
	}
}

// The weights of the n-grams of many labels are counted before they are made, those of all
// heads together; as many as there are n-grams, not as many as the table could have.
func TestMemoryOfManyLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("the detector of races takes memory too")
	}
	const labels = 300
	rows := make([][]string, 1500)
	for i := range rows {
		label := fmt.Sprintf("label %d", i%labels)
		rows[i] = []string{label, label, fmt.Sprintf("w%d w%d w%d w%d", i%701, i%809, i%907, i%labels)}
	}
	d := data([]string{"x", "y"}, rows...)
	c := small()
	c.Epochs, c.Model.NoDeep = 1, true
	c.Model.Ngrams = ngram.Config{Words: 3, MinCount: 1}
	c.NBSVM.Passes = 1
	ngrams := 0
	for limit, fits := range map[int64]bool{24 << 20: false, 200 << 20: true} {
		collect()
		func() {
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
			before := total()
			tr := train.Trainer{Config: c, Workers: 1}
			r, err := tr.Fit(t.Context(), d, nil)
			var full *train.MemoryError
			switch {
			case fits && err != nil:
				t.Errorf("in %d MiB: %v", limit>>20, err)
			case fits:
				ngrams = r.Model.Wide().Dictionary.Rows()
			case !errors.As(err, &full) || full.Need <= limit || full.Need > 2*limit || total()-before > 24<<20:
				t.Errorf("in %d MiB: %v after %d MiB", limit>>20, err, (total()-before)>>20)
			}
		}()
	}
	if ngrams < 10_000 || ngrams > 15_000 {
		t.Errorf("%d n-grams", ngrams)
	}
}
