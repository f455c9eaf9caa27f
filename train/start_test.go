package train_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
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

// While the heads learn alone the rest is what was started from, and the
// vocabulary has the words of both.
func TestStartCopies(t *testing.T) {
	m := language(t, reviews(100, 1), 1)
	trained := func(c train.Config) *classify.Model {
		c.Model.LSTM.HiddenSize, c.Model.Embed = 5, 6
		return fit(t, train.Trainer{Config: c}, reviews(100, 1), nil).Model
	}
	peephole := joint()
	peephole.Model.LSTM.Layers, peephole.Model.LSTM.Peephole = 2, true
	eight, err := trained(joint()).Quantize()
	if err != nil {
		t.Fatal(err)
	}
	ensemble := small()
	ensemble.Model.Members, ensemble.Model.Directions = 2, []lstm.Direction{lstm.Reverse, lstm.Forward}
	type start struct {
		*train.Start
		v      *vocab.Vocabulary
		params []*nn.Param // those that are copied, and others
		copied int         // so many
	}
	from := func(m *classify.Model, copied int) start {
		return start{fromClassifier(t, m), m.Vocab(), m.Member(0).Deep().Params(), copied}
	}
	const cell = 3 // two matrices and a bias
	for name, tt := range map[string]start{
		"language model": {train.FromLanguageModel(m), m.Vocab(), m.Params(), 1 + 2*cell},
		"classifier":     from(trained(peephole), 1+2*2*(cell+1)),
		"eight bits":     from(eight, 1+2*cell),
		"n-grams":        from(trained(subword()), 1+2*cell+1),
		"ensemble":       from(trained(ensemble), 1+cell),
	} {
		d := reviews(60, 2)
		d.Examples[0].Text += " newword"
		cfg := small().From(tt.Start, 0)
		cfg.Finetune.HeadEpochs = cfg.Epochs
		got := fit(t, train.Trainer{Config: cfg, Start: tt.Start}, d, nil).Model
		if _, known := got.Vocab().Lookup("newword"); !known {
			t.Errorf("%s: a word of the training texts is unknown", name)
		}
		here := map[string][]float32{}
		for _, p := range got.Deep().Params() {
			here[p.Name] = p.Data
			if strings.HasPrefix(p.Name, "heads.") && strings.HasSuffix(p.Name, ".weight") &&
				!slices.ContainsFunc(p.Data, func(v float32) bool { return v > 0.5 || v < -0.5 }) {
				t.Errorf("%s: %s has not learned: %v", name, p.Name, p.Data)
			}
		}
		words := tt.params[0].Values()
		row := func(id vocab.ID) []float32 { return words[int(id)*cfg.Model.Embed:][:cfg.Model.Embed] }
		for id, token := range tt.v.All() {
			if now, known := got.Vocab().Lookup(token); !known {
				t.Errorf("%s: %q is unknown", name, token)
			} else if !slices.Equal(got.Embed().Row(now), row(id)) {
				t.Errorf("%s: %q has another vector", name, token)
			}
		}
		if !slices.Equal(got.Embed().Row(vocab.Unk), row(vocab.Unk)) {
			t.Errorf("%s: unknown words have another vector", name)
		}
		copied := 1
		for _, p := range tt.params[1:] {
			if strings.HasPrefix(p.Name, "encoder.") || strings.HasPrefix(p.Name, "embedding.") {
				if copied++; !slices.Equal(here[p.Name], p.Values()) {
					t.Errorf("%s: %s has changed", name, p.Name)
				}
			}
		}
		if copied != tt.copied {
			t.Errorf("%s: %d parameters are the same, want %d", name, copied, tt.copied)
		}
	}
}

func fromClassifier(t *testing.T, m *classify.Model) *train.Start {
	t.Helper()
	s, err := train.FromClassifier(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
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

// Heads start too where they are asked to: those of the same labels, if the pooling is
// the same.
func TestStartHeads(t *testing.T) {
	d := reviews(60, 1)
	from := fit(t, train.Trainer{Config: small()}, d, nil).Model
	other := *d
	other.Heads = []string{"sentiment", "kind"}
	for name, tt := range map[string]struct {
		data   *corpora.Dataset
		change func(*train.Config)
		want   []string // the heads that start
	}{
		"as it was":    {d, func(*train.Config) {}, []string{"sentiment", "topic"}},
		"without":      {d, func(c *train.Config) { c.Finetune.Heads = false }, nil},
		"another head": {&other, func(*train.Config) {}, []string{"sentiment"}},
		"another label": {d, func(c *train.Config) {
			c.Model.Heads = []classify.Head{{Name: "sentiment", Labels: []string{"positive", "negative"}}, {Name: "topic"}}
		}, []string{"topic"}},
		"another pooling": {d, func(c *train.Config) { c.Model.Pool = []nn.Pooling{nn.Mean, nn.Max} }, nil},
	} {
		start := fromClassifier(t, from)
		cfg := small().From(start, 0)
		cfg.Epochs, cfg.Schedule.Rate, cfg.Finetune.Heads = 1, 1e-9, true
		tt.change(&cfg)
		m := fit(t, train.Trainer{Config: cfg, Start: start}, tt.data, nil).Model
		had := map[string][]float32{}
		for _, p := range from.Deep().Params() {
			had[p.Name] = p.Data
		}
		for _, p := range m.Deep().Params() {
			if !strings.HasPrefix(p.Name, "heads.") || !strings.HasSuffix(p.Name, ".weight") {
				continue
			}
			same := len(p.Data) == len(had[p.Name])
			for i := range p.Data {
				same = same && math.Abs(float64(p.Data[i]-had[p.Name][i])) < 1e-4
			}
			if head := strings.Split(p.Name, ".")[1]; same != slices.Contains(tt.want, head) {
				t.Errorf("%s: head %s starts from the other model's: %t", name, head, same)
			}
		}
	}
}

func TestStartResumes(t *testing.T) {
	learned, d := reviews(100, 1), reviews(48, 2)
	classifier := func(d *corpora.Dataset) *train.Start {
		return fromClassifier(t, fit(t, train.Trainer{Config: joint()}, d, nil).Model)
	}
	for name, starts := range map[string][2]*train.Start{
		"language model": {train.FromLanguageModel(language(t, learned, 1)), train.FromLanguageModel(language(t, learned, 2))},
		"classifier":     {classifier(learned), classifier(d)},
	} {
		cfg := small().From(starts[0], 0)
		want := fit(t, train.Trainer{Config: cfg, Start: starts[0]}, d, d)
		for _, reports := range []int{3, 9, 20} {
			tr := train.Trainer{Config: cfg, Start: starts[0], Checkpoint: t.TempDir(), Resume: true}
			if _, stopped := interrupted(t, tr, d, d, reports); !stopped {
				t.Fatal("not interrupted")
			}
			for _, s := range []*train.Start{nil, starts[1]} {
				other := tr
				other.Start = s
				if _, err := other.Fit(t.Context(), d, d); err == nil || !strings.Contains(err.Error(), "model to start from") {
					t.Errorf("resumed from another %s: %v", name, err)
				}
			}
			if r := fit(t, tr, d, d); !bytes.Equal(modelBytes(t, r.Model), modelBytes(t, want.Model)) {
				t.Errorf("%s: interrupted after %d reports: another model", name, reports)
			}
		}
	}
}

func TestStartRefuses(t *testing.T) {
	language := train.FromLanguageModel(language(t, reviews(50, 1), 1))
	grams := fromClassifier(t, fit(t, train.Trainer{Config: subword()}, reviews(50, 1), nil).Model)
	stacked := map[string]*train.Start{}
	for _, encoder := range []string{"lstm", "gru"} {
		c := small()
		c.Epochs, c.Model.Encoder, c.Model.LSTM = 1, encoder, lstm.Config{Stack: []nn.Layer{{Units: 8, Direction: nn.Bidirectional}}}
		stacked[encoder] = fromClassifier(t, fit(t, train.Trainer{Config: c}, reviews(20, 1), nil).Model)
	}
	for _, tt := range []struct {
		start  *train.Start
		want   string
		change func(*train.Config)
	}{
		{language, "model.embed = 7", func(c *train.Config) { c.Model.Embed = 7 }},
		{language, "model.lstm.hidden_size = 9", func(c *train.Config) { c.Model.LSTM.HiddenSize = 9 }},
		{language, "model.lstm.peephole = true", func(c *train.Config) { c.Model.LSTM.Peephole = true }},
		{language, "model.directions[1] = reverse", func(c *train.Config) {
			c.Model.Members, c.Model.Directions = 2, []lstm.Direction{lstm.Bidirectional, lstm.Reverse}
		}},
		{language, "finetune.decay = 0.5", func(c *train.Config) { c.Finetune.Decay = 0.5 }},
		{language, "finetune.head_epochs = -1", func(c *train.Config) { c.Finetune.HeadEpochs = -1 }},
		{language, "nothing to start from", func(c *train.Config) { c.Model.Ngrams.Words = 1; c.Model.NoDeep = true }},
		{stacked["lstm"], "model.lstm.stack = [{6", func(c *train.Config) { c.Model.LSTM.Stack[0].Units = 6 }},
		{stacked["gru"], "model.gru.stack = [{6", func(c *train.Config) { c.Model.GRU.Stack[0].Units = 6 }},
		{grams, "model.subword = {3 4 12}, the model to start from has {2 4 12}", func(c *train.Config) { c.Model.Subword.Min = 3 }},
	} {
		cfg := small().From(tt.start, 0)
		tt.change(&cfg)
		if _, err := (&train.Trainer{Config: cfg, Start: tt.start}).Fit(t.Context(), reviews(20, 1), nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want an error with %q", err, tt.want)
		}
	}
	wide := joint()
	wide.Model.NoDeep = true
	m := fit(t, train.Trainer{Config: wide}, reviews(50, 1), nil).Model
	if _, err := train.FromClassifier(m); err == nil || !strings.Contains(err.Error(), "without a deep branch") {
		t.Errorf("a start from a model without a deep branch: %v", err)
	}
}

// What starts from another model has a quarter of the epochs, at least two, but of few
// texts as many as it needs, and never more than without; and larger batches of many texts with few labels.
func TestStartEpochs(t *testing.T) {
	s := train.FromLanguageModel(language(t, reviews(50, 1), 1))
	for _, tt := range []struct{ epochs, texts, want int }{
		{8, 0, 8}, {8, 100, 8}, {8, 3999, 4}, {8, 10_000, 2}, {16, 5000, 4}, {16, 100_000, 4}, {5, 25_000, 2}, {1, 25_000, 1},
	} {
		got := train.Config{Epochs: tt.epochs, BatchSize: 32}.From(s, tt.texts)
		if got.Epochs != tt.want {
			t.Errorf("%d epochs of %d texts become %d, want %d", tt.epochs, tt.texts, got.Epochs, tt.want)
		}
		if want := map[bool]int{false: 32, true: 64}[tt.texts >= 5000 && tt.epochs <= 8]; got.BatchSize != want {
			t.Errorf("%d texts: batches of %d, want %d", tt.texts, got.BatchSize, want)
		}
	}
}
