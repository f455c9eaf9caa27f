// Package lmtest says by tests what is expected of an lm.Device.
package lmtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/fsx"
	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/train/loop/looptest"
	"github.com/textlstm/textlstm/vocab"
)

// base is a config of a small model. Some of the 90 words of its texts are unknown.
func base() lm.Config {
	return lm.Config{
		Pipeline: "words", Vocab: vocab.Options{MinCount: 4}, Embed: 11, Samples: 25, Chunk: 9, BatchTokens: 80, Epochs: 2, Seed: 5,
		LSTM: lstm.Config{HiddenSize: 9, Direction: lstm.Bidirectional},
	}
}

// A test is a way to train.
type test struct {
	name   string
	change func(*lm.Config)
}

// tests has one for every option that a language model or a step knows.
var tests = []test{
	{"bidirectional", func(*lm.Config) {}},
	{"forward", func(c *lm.Config) { c.LSTM.Direction = lstm.Forward }},
	{"reverse", func(c *lm.Config) { c.LSTM.Direction = lstm.Reverse }},
	{"two layers forward", func(c *lm.Config) { c.LSTM.Layers, c.LSTM.Direction = 2, lstm.Forward }},
	{"peepholes", func(c *lm.Config) { c.LSTM.Peephole = true }},
	{"1 unit", func(c *lm.Config) { c.LSTM.HiddenSize, c.Embed = 1, 1 }},
	{"129 units", func(c *lm.Config) { c.LSTM.HiddenSize, c.Embed = 129, 65 }},
	{"input dropout", func(c *lm.Config) { c.LSTM.InputDropout = 0.3 }},
	{"tied input dropout", func(c *lm.Config) { c.LSTM.InputDropout, c.LSTM.Tied = 0.3, true }},
	{"all dropouts", func(c *lm.Config) {
		c.LSTM.Layers, c.LSTM.Direction, c.LSTM.Locked = 2, lstm.Reverse, true
		c.LSTM.InputDropout, c.LSTM.Dropout, c.LSTM.WeightDrop, c.Dropout = 0.2, 0.3, 0.1, 0.4
	}},
	{"dropout of states", func(c *lm.Config) { c.Dropout = 0.4 }},
	{"1 sample", func(c *lm.Config) { c.Samples = 1 }},
	{"a sample of all words", func(c *lm.Config) { c.Samples = 1000 }},
	{"pieces of one word", func(c *lm.Config) { c.Chunk = 1 }},
	{"whole texts", func(c *lm.Config) { c.Chunk = 1000 }},
	{"AdamW", func(c *lm.Config) { c.Optimizer.WeightDecay = 0.1 }},
	{"momentum", func(c *lm.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD, Momentum: 0.9} }},
	{"RMSprop", func(c *lm.Config) { c.Optimizer = nn.OptimizerConfig{Kind: nn.RMSprop, Momentum: 0.9, Eps: 1e-2} }},
	{"clipping", func(c *lm.Config) { c.ClipNorm = 1e-3; c.Optimizer = nn.OptimizerConfig{Kind: nn.SGD} }},
	{"averages", func(c *lm.Config) { c.EMA.Decay = 0.9 }},
	{"corrected averages", func(c *lm.Config) { c.EMA = nn.EMAConfig{Decay: 0.9, BiasCorrect: true} }},
}

// Run puts a device through one test for every option.
func Run(t *testing.T, d lm.Device) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := base()
			test.change(&c)
			gradients(t, d, c)
			steps(t, d, c)
		})
	}
	t.Run("the same bytes again", func(t *testing.T) { again(t, d) })
	t.Run("numbers that are not finite", func(t *testing.T) { diverged(t, d) })
}

// texts are of words, some more frequent than others.
func texts() (list []string) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var words []string
		for range 1 + r.IntN(18) {
			words = append(words, fmt.Sprintf("w%d", r.IntN(1+r.IntN(90))))
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// gradients compares the loss of a first step and the gradients, which are what a step
// of gradient descent takes away.
func gradients(t *testing.T, d lm.Device, c lm.Config) {
	t.Helper()
	c.Optimizer, c.EMA, c.ClipNorm = nn.OptimizerConfig{Kind: nn.SGD}, nn.EMAConfig{}, 1e9
	c.BatchTokens, c.Epochs = 1_000_000, 1
	fit := func(d lm.Device, rate float64) (map[string][]float32, float64) {
		c.Schedule = nn.Schedule{Kind: nn.Constant, Rate: rate}
		r, err := (&lm.Trainer{Config: c, Device: d}).Fit(t.Context(), texts())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "model")
		if err := r.Model.Save(path); err != nil {
			t.Fatal(err)
		}
		return tensors(t, path), r.History[0].Loss
	}
	const rate = 1000 // much more than the weights, so that nothing of the gradients is lost
	begin, _ := fit(nil, 1e-30)
	want, loss := fit(nil, rate)
	got, gotLoss := fit(d, rate)
	looptest.Compare(t, "loss", []float32{float32(gotLoss)}, []float32{float32(loss)})
	for name, w := range begin {
		for i, v := range w {
			want[name][i], got[name][i] = (v-want[name][i])/rate, (v-got[name][i])/rate
		}
		looptest.Compare(t, "gradient of "+name, got[name], want[name])
	}
}

// steps compares weights, moments and averages after some steps.
func steps(t *testing.T, d lm.Device, c lm.Config) {
	t.Helper()
	c.Schedule.Rate = 0.02
	if c.Optimizer.Kind == "" {
		c.Optimizer.Eps = 1e-2 // else a gradient that is rounding alone moves a weight
	}
	want, got := interrupted(t, nil, c, 8), interrupted(t, d, c, 8)
	if len(want) != len(got) {
		t.Errorf("a checkpoint of %d tensors, want %d", len(got), len(want))
	}
	for name := range want {
		looptest.Compare(t, name, got[name], want[name])
	}
}

// interrupted returns the checkpoint of a training that ends after so many steps.
func interrupted(t *testing.T, d lm.Device, c lm.Config, steps int) map[string][]float32 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tr := lm.Trainer{Config: c, Device: d, Run: pretrain.Run{Checkpoint: t.TempDir()}, OnProgress: func(p lm.Progress) {
		if p.Step == steps {
			cancel()
		}
	}}
	if _, err := tr.Fit(ctx, texts()); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want one of an interruption", err)
	}
	files, err := filepath.Glob(filepath.Join(tr.Checkpoint, "*.safetensors"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no checkpoint, %v", err)
	}
	return tensors(t, slices.Max(files))
}

// tensors are those of a file.
func tensors(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	f, err := tensorfile.ReadFile(fsx.OS{}, path, tensorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m := map[string][]float32{}
	for _, tensor := range f.Tensors {
		v, err := f.Float32(tensor.Name)
		if err != nil {
			t.Fatal(err)
		}
		m[tensor.Name] = slices.Clone(v)
	}
	return m
}

// again trains twice, and once with interruptions: the bytes must be the same.
func again(t *testing.T, d lm.Device) {
	c := base()
	c.LSTM.InputDropout, c.Dropout, c.EMA.Decay, c.Epochs = 0.2, 0.2, 0.9, 3
	dir := t.TempDir()
	fit := func(ctx context.Context, tr lm.Trainer) ([]byte, error) {
		tr.Config, tr.Device = c, d
		r, err := tr.Fit(ctx, texts())
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, "model")
		if err := r.Model.Save(path); err != nil {
			return nil, err
		}
		return os.ReadFile(path)
	}
	want, err := fit(t.Context(), lm.Trainer{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fit(t.Context(), lm.Trainer{}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the second time another model, or %v", err)
	}
	for stops := 0; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		got, err := fit(ctx, lm.Trainer{Run: pretrain.Run{Checkpoint: filepath.Join(dir, "checkpoints"), Resume: true}, OnProgress: func(p lm.Progress) {
			if n++; n == 7 {
				cancel()
			}
		}})
		cancel()
		if errors.Is(err, context.Canceled) {
			continue
		}
		if err != nil || stops < 2 || !bytes.Equal(got, want) {
			t.Errorf("after %d interruptions another model, or %v", stops, err)
		}
		break
	}
}

// diverged wants weights that are not finite to halve the rate, and then an error.
func diverged(t *testing.T, d lm.Device) {
	c := base()
	c.Schedule.Rate = 1e37
	warnings := 0
	tr := lm.Trainer{Config: c, Device: d, OnProgress: func(p lm.Progress) {
		if p.Warning != nil {
			warnings++
		}
	}}
	var e *pretrain.DivergedError
	if _, err := tr.Fit(t.Context(), texts()); !errors.As(err, &e) || warnings != 3 || e.Halvings != 3 {
		t.Errorf("error %v after %d warnings", err, warnings)
	}
}
