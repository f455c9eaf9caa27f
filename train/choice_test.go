package train

import (
	"math"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// The better epoch has the better metric, or the same and a smaller loss; NaN is never it.
func TestBetter(t *testing.T) {
	nan := evaluate.Score(math.NaN())
	dev := func(score, loss evaluate.Score) *DevScore { return &DevScore{Score: score, LogLoss: loss} }
	for _, tt := range []struct {
		metric string
		a, b   *DevScore
		want   bool
	}{
		{"accuracy", dev(0.1, 9), nil, true},
		{"accuracy", dev(nan, 1), nil, false},
		{"accuracy", dev(0.8, 9), dev(0.7, 1), true},
		{"accuracy", dev(0.7, 1), dev(0.8, 9), false},
		{"accuracy", dev(0.8, 1), dev(0.8, 2), true},
		{"accuracy", dev(0.8, 2), dev(0.8, 1), false},
		{"accuracy", dev(0.8, 1), dev(0.8, 1), false},
		{"accuracy", dev(nan, 1), dev(0.1, 2), false},
		{"x:log_loss", dev(0.5, 0.5), dev(0.6, 0.6), true},
		{"x:log_loss", dev(0.6, 0.5), dev(0.5, 0.6), false},
		{"rmse", dev(nan, 0.1), dev(3, 1), false},
	} {
		tt.a.Metric = tt.metric
		if got := (Config{Metric: tt.metric}).better(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %+v better than %+v: %t, want %t", tt.metric, tt.a, tt.b, got, tt.want)
		}
	}
}

// By the metric alone, of one head too, equals are not better.
func TestBetterByMetric(t *testing.T) {
	for _, tt := range []struct {
		metric string
		a, b   evaluate.Score
		want   bool
	}{
		{"macro_f1", 0.9, 0.8, true},
		{"macro_f1", 0.8, 0.9, false},
		{"macro_f1", 0.8, 0.8, false},
		{"topic:macro_f1", 0.9, 0.8, true},
		{"rmse", 0.5, 0.6, true},
		{"rmse", 0.6, 0.5, false},
		{"rmse", 0.5, 0.5, false},
		{"stars:log_loss", 0.5, 0.6, true},
		{"stars:log_loss", 0.6, 0.5, false},
	} {
		a, b := &DevScore{Metric: tt.metric, Score: tt.a}, &DevScore{Metric: tt.metric, Score: tt.b}
		if got := a.Better(b); got != tt.want {
			t.Errorf("%s of %v is better than %v: %v", tt.metric, tt.a, tt.b, got)
		}
	}
}

// A second training of each member ends after the epoch that was its best last.
func TestBestEpochs(t *testing.T) {
	best, other := &DevScore{Best: true}, &DevScore{}
	history := []Epoch{
		{Member: 1, Epoch: 1, Dev: best}, {Member: 1, Epoch: 2, Dev: other}, {Member: 1, Epoch: 3, Dev: best}, {Member: 1, Epoch: 4, Dev: other},
		{Member: 2, Epoch: 1, Dev: best}, {Member: 2, Epoch: 2, Dev: best}, {Member: 2, Epoch: 3},
	}
	if got := bestEpochs(history, 2); !slices.Equal(got, []int{3, 2}) {
		t.Errorf("best epochs %v, want 3 and 2", got)
	}
	if got := bestEpoch(history); got != 3 {
		t.Errorf("best epoch %d, want 3", got)
	}
	if got := bestEpoch([]Epoch{{Epoch: 1}, {Epoch: 2}}); got != 0 {
		t.Errorf("best epoch %d without dev texts, want 0", got)
	}
	if got := bestEpochs([]Epoch{{Epoch: 1, Dev: best}, {Epoch: 2, Dev: other}}, 1); !slices.Equal(got, []int{1}) {
		t.Errorf("best epochs %v of one network, want 1", got)
	}
	f := &fit{t: &Trainer{ends: []int{3, 2}}, cfg: Config{Epochs: 9}}
	if f.lastEpoch(0) != 3 || f.lastEpoch(1) != 2 {
		t.Errorf("a second training ends after epochs %d, %d, want 3, 2", f.lastEpoch(0), f.lastEpoch(1))
	}
	if f.t.ends = nil; f.lastEpoch(1) != 9 {
		t.Errorf("a first training ends after epoch %d, want 9", f.lastEpoch(1))
	}
}

// The encoder's rate is divided once, that of the word vectors twice.
func TestRatesOfParts(t *testing.T) {
	for _, tt := range []struct {
		decay float64
		want  [3]float32
	}{{2, [3]float32{0.25, 0.5, 1}}, {0, [3]float32{1, 1, 1}}} {
		groups := []nn.Group{nn.EmbeddingGroup, nn.EncoderGroup, nn.HeadGroup}
		var params []*nn.Param
		for _, g := range groups {
			params = append(params, &nn.Param{Group: g, LRScale: 1})
		}
		Config{Finetune: Finetune{Decay: tt.decay}}.setRates(params)
		for i, p := range params {
			if p.LRScale != tt.want[i] {
				t.Errorf("decay %v: the rate of %v is multiplied by %v, want %v", tt.decay, groups[i], p.LRScale, tt.want[i])
			}
		}
	}
}

// An example without a weight has weight 1 among others that have one.
func TestWeightsOf(t *testing.T) {
	d := &corpora.Dataset{Examples: []corpora.Example{{}, {Weight: 3}, {Weight: 0.5}}}
	if got := weightsOf(d); !slices.Equal(got, []float32{1, 3, 0.5}) {
		t.Errorf("weights %v, want 1, 3, 0.5", got)
	}
	d.Examples = d.Examples[:1]
	if got := weightsOf(d); got != nil {
		t.Errorf("weights %v, want none", got)
	}
}

// Fewer epochs go on from a start: a quarter of them, at least two and as many as show it
// 18,000 texts, but never more than were asked for.
func TestEpochsFromStart(t *testing.T) {
	for _, tt := range []struct{ epochs, texts, want int }{
		{8, 0, 8}, {8, 100_000, 2}, {16, 100_000, 4}, {8, 6000, 3}, {8, 1000, 8}, {1, 100_000, 1}, {40, 1500, 12}, {30_000, 1, 18_000},
	} {
		if got := (Config{Epochs: tt.epochs}).From(new(Start), tt.texts).Epochs; got != tt.want {
			t.Errorf("%d epochs of %d texts become %d, want %d", tt.epochs, tt.texts, got, tt.want)
		}
	}
}

// What goes on from a start has its pipeline, its sizes, words in place of stems, and a
// larger vocabulary unless another size is asked for.
func TestFromStart(t *testing.T) {
	s := &Start{model: classify.Config{Pipeline: "words|lower", Embed: 7, LSTM: lstm.Config{HiddenSize: 5}}}
	var c Config
	c.Model.Pipeline, c.Model.Embed = "words|stem:en", 9
	c.Model.Ngrams.Words = 2
	c.Model.Subword.Bits = 4
	got := c.From(s, 0).Model
	if got.Pipeline != "words|lower" || got.Embed != 7 || got.LSTM.HiddenSize != 5 || got.Vocab.MaxSize != 50_000 || got.Ngrams.Stem != "en" || got.Subword != c.Model.Subword {
		t.Errorf("from a start of words: %+v", got)
	}
	c.Model.Vocab.MaxSize = 10
	s.model.Subword.Bits, s.model.Subword.Min, s.model.Subword.Max = 6, 2, 3
	if got := c.From(s, 0).Model; got.Vocab.MaxSize != 10 || got.Subword != s.model.Subword {
		t.Errorf("from a start with sub-words: %+v", got)
	}
}
