package train_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lm"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// language is a language model of texts, made with a config that differs from
// small's.
func language(t *testing.T, d *corpora.Dataset, seed uint64) *lm.Model {
	t.Helper()
	var texts []string
	for i := range d.Examples {
		texts = append(texts, d.Examples[i].Text)
	}
	cfg := lm.Config{
		Pipeline: "words|lower", Vocab: vocab.Options{MinCount: 1}, Embed: 6, LSTM: lstm.Config{HiddenSize: 5, Direction: lstm.Bidirectional},
		Samples: 4, BatchTokens: 200, Epochs: 2, Seed: seed, Schedule: nn.Schedule{Rate: 0.02},
	}
	r, err := (&lm.Trainer{Config: cfg}).Fit(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return r.Model
}

// While the heads learn alone the rest is the language model's, and the
// vocabulary has the words of both.
func TestStartFromALanguageModel(t *testing.T) {
	m := language(t, reviews(100, 1), 1)
	d := reviews(60, 2)
	d.Examples[0].Text += " newword"
	cfg := small().From(m)
	cfg.Finetune.HeadEpochs = cfg.Epochs
	r, err := (&train.Trainer{Config: cfg, Start: m}).Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := r.Model.Vocab()
	if _, known := v.Lookup("newword"); !known {
		t.Error("a word of the training texts is unknown")
	}
	for id, token := range m.Vocab().All() {
		here, known := v.Lookup(token)
		if !known {
			t.Fatalf("%q is unknown", token)
		}
		if !slices.Equal(r.Model.Embed().Row(here), m.Embed().Row(id)) {
			t.Fatalf("%q has another vector", token)
		}
	}
	checked := 0
	for _, p := range r.Model.Network().Params() {
		for _, from := range m.LSTM().Params() {
			if p.Name == from.Name {
				checked++
				if !slices.Equal(p.Data, from.Data) {
					t.Errorf("%s has changed", p.Name)
				}
			}
		}
		if strings.HasSuffix(p.Name, ".weight") && strings.HasPrefix(p.Name, "heads.") && !slices.ContainsFunc(p.Data, func(v float32) bool { return v > 0.5 || v < -0.5 }) {
			t.Errorf("%s has not learned: %v", p.Name, p.Data)
		}
	}
	if checked != len(m.LSTM().Params()) {
		t.Errorf("%d parameters of the encoder, want %d", checked, len(m.LSTM().Params()))
	}
}

// Decay divides the rates: with SGD the first step shows it.
func TestFinetuneDecay(t *testing.T) {
	d := reviews(8, 1)
	moved := func(decay float64) map[string]float64 {
		cfg := small()
		cfg.Epochs = 1
		cfg.Optimizer.Kind = nn.SGD
		cfg.Schedule = nn.Schedule{Kind: nn.Constant, Rate: 0.1}
		cfg.Finetune.Decay = decay
		var before [][]float32
		var net *classify.Network
		tr := train.Trainer{Config: cfg, Prepare: func(n *classify.Network, _ *vocab.Vocabulary) error {
			net = n
			for _, p := range n.Params() {
				before = append(before, slices.Clone(p.Data))
			}
			return nil
		}}
		if _, err := tr.Fit(t.Context(), d, nil); err != nil {
			t.Fatal(err)
		}
		sums := map[string]float64{}
		for i, p := range net.Params() {
			part, _, _ := strings.Cut(p.Name, ".")
			for j := range p.Data {
				diff := float64(p.Data[j] - before[i][j])
				sums[part] += diff * diff
			}
		}
		return sums
	}
	plain, decayed := moved(0), moved(3)
	for part, want := range map[string]float64{"heads": 1, "encoder": 9, "embedding": 81} {
		if got := plain[part] / decayed[part]; got < 0.95*want || got > 1.05*want {
			t.Errorf("%s: the squared step shrank by %.3f, want %v", part, got, want)
		}
	}
}

func TestStartResumes(t *testing.T) {
	m, d := language(t, reviews(100, 1), 1), reviews(48, 2)
	cfg := small().From(m)
	want, err := (&train.Trainer{Config: cfg, Start: m}).Fit(t.Context(), d, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, reports := range []int{3, 9, 20} {
		tr := train.Trainer{Config: cfg, Start: m, Checkpoint: t.TempDir(), Resume: true}
		if _, stopped := interrupted(t, tr, d, d, reports); !stopped {
			t.Fatal("not interrupted")
		}
		other := tr
		other.Start = language(t, reviews(100, 1), 2)
		if _, err := other.Fit(t.Context(), d, d); err == nil || !strings.Contains(err.Error(), "language model") {
			t.Errorf("resumed from another language model: %v", err)
		}
		r, err := tr.Fit(t.Context(), d, d)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(modelBytes(t, r.Model), modelBytes(t, want.Model)) {
			t.Errorf("interrupted after %d reports: another model", reports)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	m := language(t, reviews(50, 1), 1)
	for want, change := range map[string]func(*train.Config){
		"model.embed = 7":            func(c *train.Config) { c.Model.Embed = 7 },
		"model.lstm.hidden_size = 9": func(c *train.Config) { c.Model.LSTM.HiddenSize = 9 },
		"model.lstm.peephole = true": func(c *train.Config) { c.Model.LSTM.Peephole = true },
		"finetune.decay = 0.5":       func(c *train.Config) { c.Finetune.Decay = 0.5 },
		"finetune.head_epochs = -1":  func(c *train.Config) { c.Finetune.HeadEpochs = -1 },
		"nothing to start from":      func(c *train.Config) { c.Model.Ngrams.Words = 1; c.Model.NoDeep = true },
	} {
		cfg := small().From(m)
		change(&cfg)
		if _, err := (&train.Trainer{Config: cfg, Start: m}).Fit(t.Context(), reviews(20, 1), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}
