package train_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// negations are texts that are positive if "good" is not negated or "bad" is:
// no sum over single words can tell, since each word is as frequent in the
// positive texts as in the negative ones.
func negations(n int, seed uint64) *corpora.Dataset {
	r := rand.New(rand.NewPCG(seed, 1))
	var rows [][]string
	for i := range n {
		var text []string
		for range r.IntN(4) {
			text = append(text, fillers[r.IntN(len(fillers))])
		}
		if i&1 != 0 {
			text = append(text, "not")
		} else {
			text = append(text, "so")
		}
		for range r.IntN(2) {
			text = append(text, "very")
		}
		text = append(text, []string{"good", "bad"}[i>>1&1])
		for range r.IntN(3) {
			text = append(text, fillers[r.IntN(len(fillers))])
		}
		label := []string{"positive", "negative"}[i&1^i>>1&1]
		rows = append(rows, []string{label, strings.Join(text, " ")})
	}
	return data([]string{"sentiment"}, rows...)
}

func TestNegationNeedsOrder(t *testing.T) {
	d, test := negations(240, 1), negations(200, 2)
	c := small()
	c.Epochs, c.Schedule.Rate = 15, 0.02
	deep := fit(t, train.Trainer{Config: c}, d, nil).Model
	if a := accuracy(deep, test, "sentiment"); a != 1 {
		t.Errorf("deep: accuracy %v, want 1", a)
	}
	c.Model.NoDeep, c.Model.Ngrams = true, ngram.Config{Words: 1, MinCount: 1, Bits: 8}
	unigrams := fit(t, train.Trainer{Config: c}, d, nil).Model
	if a := accuracy(unigrams, test, "sentiment"); a > 0.8 {
		t.Errorf("single words: accuracy %v, want at most 3 of the 4 cases", a)
	}
	c.Model.Ngrams.Words = 3
	trigrams := fit(t, train.Trainer{Config: c}, d, nil).Model
	if a := accuracy(trigrams, test, "sentiment"); a < 0.9 {
		t.Errorf("triples of words: accuracy %v", a)
	}
}

func TestCancel(t *testing.T) {
	d, dev := reviews(100, 1), reviews(20, 2)
	c := joint()
	c.Epochs = 1000
	for _, stop := range []int{1, 5, 13, 30} {
		ctx, cancel := context.WithCancel(t.Context())
		calls, late := 0, 0
		tr := train.Trainer{Config: c, OnProgress: func(train.Progress) {
			if ctx.Err() != nil {
				late++
			}
			if calls++; calls == stop {
				cancel()
			}
		}}
		r, err := tr.Fit(ctx, d, dev)
		if !errors.Is(err, context.Canceled) || r != nil {
			t.Errorf("cancelled after %d reports: err = %v, want context.Canceled", stop, err)
		}
		if late > 0 {
			t.Errorf("cancelled after %d reports: %d more batches were done", stop, late)
		}
		cancel()
	}

	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	for name, c := range map[string]train.Config{"deep": small(), "joint": joint()} {
		tr := train.Trainer{Config: c}
		if _, err := tr.Fit(ctx, d, dev); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, too late to begin: err = %v", name, err)
		}
	}
}

func TestDiverged(t *testing.T) {
	c := small()
	c.Epochs, c.ClipNorm = 50, 1e30
	c.Optimizer.Kind, c.Schedule.Rate = nn.SGD, 1e30
	steps, warnings := 0, 0
	tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		steps = p.Step
		if p.Warning != nil {
			warnings++
		}
	}}
	r, err := tr.Fit(t.Context(), reviews(40, 1), nil)
	if r != nil {
		t.Error("a model in spite of the error")
	}
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("err = %v, want a DivergedError", err)
	}
	if diverged.Step != steps+1 || diverged.Epoch < 1 || diverged.Halvings != 3 || warnings != 3 || diverged.Value-diverged.Value == 0 {
		t.Errorf("%+v after %d steps and %d warnings", diverged, steps, warnings)
	}
	if !strings.Contains(err.Error(), "lower the learning rate") {
		t.Errorf("err = %q does not say what to do", err)
	}
}

// A weight that is not a number is found in the first step.
func TestPoisonedWeights(t *testing.T) {
	for _, name := range []string{"embedding.weight", "encoder.weight_hh_l0", "heads.topic.bias"} {
		tr := train.Trainer{Config: small(), Prepare: func(n *classify.Network, _ *vocab.Vocabulary) error {
			for _, p := range n.Params() {
				if p.Name == name {
					for i := range p.Data {
						p.Data[i] = float32(math.NaN())
					}
					p.Changed()
				}
			}
			return nil
		}}
		var loss *train.DivergedError
		if _, err := tr.Fit(t.Context(), reviews(40, 1), nil); !errors.As(err, &loss) || loss.Step != 1 || loss.Epoch != 1 {
			t.Errorf("%s: err = %v, want a DivergedError of epoch 1, step 1", name, err)
		}
	}
}

func TestPrepareError(t *testing.T) {
	stop := errors.New("no vectors")
	tr := train.Trainer{Config: small(), Prepare: func(*classify.Network, *vocab.Vocabulary) error { return stop }}
	if _, err := tr.Fit(t.Context(), reviews(10, 1), nil); !errors.Is(err, stop) {
		t.Errorf("err = %v, want Prepare's", err)
	}
}

// Labels at random: the dev score goes up and down, so the best epoch is
// seldom the last. The returned model is that of the best epoch.
func TestBestEpochIsReturned(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	noise := func(seed uint64) *corpora.Dataset {
		d := keep(reviews(40, seed), "sentiment")
		for i := range d.Examples {
			d.Examples[i].Labels = []string{[]string{"negative", "positive"}[r.IntN(2)]}
		}
		return d
	}
	d, dev := noise(1), noise(2)
	for _, tt := range []struct {
		metric string
		ema    float64
	}{{"macro_f1", 0}, {"accuracy", 0.9}, {"log_loss", 0}, {"sentiment:mcc", 0}} {
		c := small()
		c.Epochs, c.Metric, c.EMA.Decay = 10, tt.metric, tt.ema
		var devs []*train.DevScore
		tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
			if p.Dev != nil {
				devs = append(devs, p.Dev)
			}
		}}
		res := fit(t, tr, d, dev)
		if len(res.History) != 10 || len(devs) != 10 {
			t.Fatalf("%s: %d epochs in the history, %d dev scores reported, want 10", tt.metric, len(res.History), len(devs))
		}
		_, metric, _ := strings.Cut(":"+tt.metric, ":")
		if i := strings.LastIndex(tt.metric, ":"); i >= 0 {
			metric = tt.metric[i+1:]
		}
		sign := 1.0
		if evaluate.LowerIsBetter(metric) {
			sign = -1
		}
		var best *train.DevScore
		for i, e := range res.History {
			if e.Dev != devs[i] || e.Epoch != i+1 || e.Dev.Epoch != i+1 {
				t.Fatalf("%s: history %d is %+v", tt.metric, i, e)
			}
			want, err := e.Dev.Heads["sentiment"].Get(metric)
			if err != nil {
				t.Fatal(err)
			}
			if float64(e.Dev.Score) != want {
				t.Errorf("%s: the dev score is %v, the figure %v", tt.metric, e.Dev.Score, want)
			}
			better := best == nil || sign*float64(e.Dev.Score-best.Score) > 0 || e.Dev.Score == best.Score && e.Dev.LogLoss < best.LogLoss
			if e.Dev.Best != better {
				t.Errorf("%s: epoch %d is the best so far: %t, want %t", tt.metric, i+1, e.Dev.Best, better)
			}
			if better {
				best = e.Dev
			}
		}
		if res.Model.Card().Epochs != best.Epoch {
			t.Errorf("%s: the card says %d epochs, the best is %d", tt.metric, res.Model.Card().Epochs, best.Epoch)
		}
		predictions, err := score.Dataset(t.Context(), res.Model, dev, "")
		if err != nil {
			t.Fatal(err)
		}
		e, err := predictions[0].Evaluate(evaluate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		// The scale of the scores, which comes last, changes no answer but the loss.
		if want := best.Heads["sentiment"]; !cmp.Equal(e.Confusion, want.Confusion) {
			t.Errorf("%s: the model's confusion is %v, the best epoch's %v", tt.metric, e.Confusion, want.Confusion)
		}
		if got := res.Dev["joint"].Heads["sentiment"]; !cmp.Equal(e.Confusion, got.Confusion) || math.Abs(float64(e.LogLoss-got.LogLoss)) > 1e-6 {
			t.Errorf("%s: Result.Dev says %v, %v, the model %v, %v", tt.metric, got.Confusion, got.LogLoss, e.Confusion, e.LogLoss)
		}
		// Scaling was fitted to the dev texts: it cannot have done harm there.
		if e.LogLoss > best.LogLoss+1e-6 {
			t.Errorf("%s: the log loss is %v, before scaling %v", tt.metric, e.LogLoss, best.LogLoss)
		}
	}
}

func TestPatience(t *testing.T) {
	c := small()
	c.Epochs, c.Patience = 60, 2
	c.Metric = "log_loss" // which gets worse once the training texts are known by heart
	d := keep(reviews(12, 1), "sentiment")
	res := fit(t, train.Trainer{Config: c}, d, keep(reviews(40, 2), "sentiment"))
	best := res.Model.Card().Epochs
	if n := len(res.History); n == 60 || n != best+2 {
		t.Errorf("stopped after %d epochs, the best is %d, want 2 more", n, best)
	}
	c.Patience = 0
	if n := len(fit(t, train.Trainer{Config: c}, d, keep(reviews(40, 2), "sentiment")).History); n != 60 {
		t.Errorf("without patience: %d epochs, want all 60", n)
	}
}

func TestMetricOfOneHead(t *testing.T) {
	c := small()
	c.Epochs = 3
	dev := reviews(30, 2)
	for metric, want := range map[string]func(h map[string]*evaluate.Evaluation) float64{
		"topic:macro_f1": func(h map[string]*evaluate.Evaluation) float64 { return float64(h["topic"].MacroF1) },
		"accuracy": func(h map[string]*evaluate.Evaluation) float64 {
			return float64(h["topic"].Accuracy+h["sentiment"].Accuracy) / 2
		},
	} {
		c.Metric = metric
		for _, e := range fit(t, train.Trainer{Config: c}, reviews(40, 1), dev).History {
			if w := want(e.Dev.Heads); math.Abs(float64(e.Dev.Score)-w) > 1e-12 || e.Dev.Metric != metric {
				t.Errorf("%s in epoch %d: %v, want %v", e.Dev.Metric, e.Epoch, e.Dev.Score, w)
			}
		}
	}
	c.Metric = "topic:accuracy"
	tr := train.Trainer{Config: c}
	if _, err := tr.Fit(t.Context(), reviews(40, 1), keep(dev, "sentiment")); err == nil || !strings.Contains(err.Error(), "topic:accuracy") {
		t.Errorf("dev texts without the metric's head: err = %v", err)
	}
}

// Dev texts of one head choose the epoch; the other is left as it comes.
func TestDevOfOneHead(t *testing.T) {
	dev := reviews(30, 2)
	for i := range dev.Examples {
		dev.Examples[i].Labels[1] = ""
	}
	res := fit(t, train.Trainer{Config: joint()}, reviews(60, 1), dev)
	if h := res.Dev["joint"].Heads; h["sentiment"] == nil || h["topic"] != nil {
		t.Errorf("evaluated heads: %v", h)
	}
	if h := res.Model.Heads()[res.Model.Head("topic")]; h.Deep != 0 || h.Wide != 0 {
		t.Errorf("scales of a head without dev labels: %v, %v, want none", h.Deep, h.Wide)
	}
}

func TestProgress(t *testing.T) {
	var all []train.Progress
	c := small()
	c.Epochs = 3
	d, dev := reviews(50, 1), reviews(10, 2)
	fit(t, train.Trainer{Config: c, OnProgress: func(p train.Progress) { all = append(all, p) }}, d, dev)
	steps := 3 * 7 // 50 texts in batches of 8
	if len(all) != steps+3 {
		t.Fatalf("%d reports, want %d steps and 3 evaluations", len(all), steps)
	}
	step, tokens := 0, int64(0)
	for _, p := range all {
		if p.Dev == nil {
			step++
			if want := (step-1)/7 + 1; p.Epoch != want {
				t.Errorf("step %d: epoch %d, want %d", step, p.Epoch, want)
			}
			if p.Tokens <= tokens {
				t.Errorf("step %d: %d tokens after %d", step, p.Tokens, tokens)
			}
		} else if step%7 != 0 || p.Dev.Epoch != p.Epoch || p.Epoch != step/7 {
			t.Errorf("an evaluation of epoch %d (%d) after step %d", p.Dev.Epoch, p.Epoch, step)
		}
		tokens = p.Tokens
		if p.Step != step || p.Steps != steps || p.Epochs != 3 {
			t.Errorf("step %d of %d, epochs %d, want %d, %d, 3", p.Step, p.Steps, p.Epochs, step, steps)
		}
		if !(p.Loss > 0) || !(p.GradNorm > 0) || !(p.Rate >= 0) || p.Elapsed < 0 {
			t.Errorf("%+v", p)
		}
	}
	if last := all[len(all)-1]; last.Remaining() != 0 || !(last.TokensPerSecond() > 0) || last.Loss >= all[0].Loss {
		t.Errorf("at the end: %v remain, %v tokens/s, loss %v, at first %v", last.Remaining(), last.TokensPerSecond(), last.Loss, all[0].Loss)
	}
	if (train.Progress{}).Remaining() != 0 {
		t.Error("before the first step something remains")
	}
	if r := (train.Progress{Step: 1, Steps: 4, Elapsed: time.Second}).Remaining(); r != 3*time.Second {
		t.Errorf("after 1 of 4 steps and 1 s, %v remain, want 3s", r)
	}
}

func TestResult(t *testing.T) {
	card := classify.Card{Name: "toy", Data: []string{"reviews.tsv"}}
	c := joint()
	c.Seed = 7
	res := fit(t, train.Trainer{Config: c, Card: card}, reviews(60, 1), reviews(20, 2))
	got := res.Model.Card()
	if got.Name != "toy" || got.Seed != 7 || got.Epochs < 1 || len(got.Data) != 1 {
		t.Errorf("card: %+v", got)
	}
	if got.Optimizer != "adam" || got.Schedule != "constant" || got.Rate != c.Schedule.Rate || got.BatchSize != c.BatchSize || got.BatchTokens != 8192 {
		t.Errorf("how it learned: %+v", got)
	}
	for name, e := range res.Dev["joint"].Heads {
		if got.Figures["dev "+name+" accuracy"] != float64(e.Accuracy) {
			t.Errorf("figures of the card: %v, head %s has %v", got.Figures, name, e.Accuracy)
		}
	}
	for _, branch := range []string{"joint", "deep", "wide"} {
		if res.Dev[branch] == nil {
			t.Errorf("no dev score of the %s model", branch)
		}
	}
	for _, p := range res.Model.Deep().Params() {
		if p.Grad != nil {
			t.Errorf("%s holds on to its gradient", p.Name)
		}
	}
	if _, err := json.Marshal(res.History); err != nil {
		t.Errorf("the history as JSON: %v", err)
	}
	if diff := cmp.Diff(res.Config.Model, res.Model.Config()); diff != "" {
		t.Errorf("configs of result and model differ:\n%s", diff)
	}
	// Each branch alone has what it needs.
	alone := joint()
	alone.Model.NoDeep = true
	wide := fit(t, train.Trainer{Config: alone}, reviews(60, 1), reviews(20, 2))
	if wide.Dev["deep"] != nil || wide.Dev["wide"] == nil || len(wide.History) != 0 {
		t.Errorf("a wide model has the dev scores %v and %d epochs", wide.Dev, len(wide.History))
	}
	deep := fit(t, train.Trainer{Config: small()}, reviews(60, 1), nil)
	if deep.Dev != nil || len(deep.History) != small().Epochs || deep.Model.Card().Epochs != small().Epochs {
		t.Errorf("without dev texts: dev scores %v, %d epochs, card %+v", deep.Dev, len(deep.History), deep.Model.Card())
	}
}

// Scales that the config has are where fitting begins, not a second factor.
func TestScalesInConfig(t *testing.T) {
	d, dev := reviews(60, 1), reviews(200, 2)
	for i := range dev.Examples { // wrong labels keep the best scales finite
		if i%4 == 0 {
			dev.Examples[i].Labels = reviews(200, 3).Examples[i].Labels
		}
	}
	wide := joint()
	wide.Model.NoDeep = true
	for name, c := range map[string]train.Config{"deep": small(), "wide": wide} {
		plain := fit(t, train.Trainer{Config: c}, d, dev)
		c.Model.Heads = []classify.Head{{Name: "sentiment", Deep: 0.25, Wide: 0.25}, {Name: "topic", Deep: 4, Wide: 4}}
		scaled := fit(t, train.Trainer{Config: c}, d, dev)
		for h, got := range scaled.Model.Heads() {
			want := plain.Model.Heads()[h]
			for _, v := range [][2]float64{{got.Deep, want.Deep}, {got.Wide, want.Wide}} {
				if r := v[0] / v[1]; r < 0.9 || r > 1.1 { // the prior makes a small difference
					t.Errorf("%s, head %s: scale %v, want about %v", name, got.Name, v[0], v[1])
				}
			}
		}
		// What a training returns trains again to the same.
		again := fit(t, train.Trainer{Config: plain.Config}, d, dev)
		for h, got := range again.Model.Heads() {
			want := plain.Model.Heads()[h]
			if r := (got.Deep + got.Wide) / (want.Deep + want.Wide); r < 0.9 || r > 1.1 {
				t.Errorf("%s again, head %s: scales %v, %v, want about %v, %v", name, got.Name, got.Deep, got.Wide, want.Deep, want.Wide)
			}
		}
	}
}

// Where long texts hold many n-grams that mislead, a norm is fitted; where it is not asked for,
// none is, and one that the config has stays.
func TestLengthNorm(t *testing.T) {
	dev := reviews(200, 2)
	for i := range dev.Examples { // of long texts the n-grams say too much
		if i%2 == 0 {
			dev.Examples[i].Text = strings.Repeat(dev.Examples[i].Text+" ", 1+i%7)
			dev.Examples[i].Text += " " + strings.Join(slices.Concat(good, bad, books, films)[i%8:], " ")
		}
	}
	loss := map[string]float64{}
	norms := map[string]float64{}
	for name, set := range map[string]func(*train.Config){
		"none": func(*train.Config) {},
		"given": func(c *train.Config) {
			c.Model.Heads = []classify.Head{{Name: "sentiment", WideNorm: 0.25}, {Name: "topic"}}
		},
		"fitted": func(c *train.Config) { c.LengthNorm = true },
		"anew": func(c *train.Config) {
			c.LengthNorm = true
			c.Model.Heads = []classify.Head{{Name: "sentiment", WideNorm: 0.9}, {Name: "topic", WideNorm: 0.1}}
		},
	} {
		c := joint()
		c.Model.NoDeep = true
		set(&c)
		r := fit(t, train.Trainer{Config: c}, reviews(60, 1), dev)
		norms[name], loss[name] = r.Model.Heads()[0].WideNorm, float64(r.Dev["joint"].Heads["sentiment"].LogLoss)
	}
	if norms["none"] != 0 || norms["given"] != 0.25 {
		t.Errorf("norms of %v, want 0 for none, 0.25 for given", norms)
	}
	if norms["fitted"] < 0.01 || norms["fitted"] > 0.99 || math.Abs(norms["fitted"]-norms["anew"]) > 0.01 {
		t.Errorf("norms of %v: want one fitted, whatever the config has", norms)
	}
	if !(loss["fitted"] < loss["none"]) || !(loss["fitted"] <= loss["given"]) {
		t.Errorf("losses of %v: want the least one fitted", loss)
	}
}

// Weighing the branches of a model by the dev texts of its training gives it their scales.
func TestWeigh(t *testing.T) {
	d, dev := reviews(60, 1), reviews(200, 2)
	for i, other := range reviews(50, 3).Examples { // wrong labels keep the best scales finite
		dev.Examples[i].Labels = other.Labels
	}
	c := joint()
	c.LengthNorm = true
	m := fit(t, train.Trainer{Config: c}, d, dev).Model
	heads := slices.Clone(m.Heads())
	for h := range heads {
		heads[h].ClearScales()
	}
	again, err := train.Weigh(t.Context(), m.With(heads, m.Card()), dev, true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.Heads(), again.Heads()); diff != "" {
		t.Errorf("heads of the training and weighed (-want +got):\n%s", diff)
	}
	if _, err := train.Weigh(t.Context(), m, data([]string{"mood"}, []string{"good", "a text"}), true); err == nil {
		t.Error("dev texts of none of the heads are no error")
	}
}

// The lexicon keeps its weights, changes no other but the scales, and knows words
// that the training texts do not have.
func TestLexicon(t *testing.T) {
	d, dev := reviews(60, 1), reviews(40, 2)
	for i, other := range reviews(8, 3).Examples { // wrong labels keep the best scales finite
		dev.Examples[i].Labels = other.Labels
	}
	c := joint()
	c.Model.Heads = []classify.Head{{Name: "sentiment"}, {Name: "topic"}}
	plain := fit(t, train.Trainer{Config: c}, d, dev).Model
	weights := []float64{-1, 1}
	c.Model.Heads[0].Lexicon = weights
	m := fit(t, train.Trainer{Config: c}, d, dev).Model
	if got := m.Heads()[0].Lexicon; !slices.Equal(got, weights) {
		t.Errorf("the weights are %v, were %v", got, weights)
	}
	for i, p := range m.Deep().Params() {
		if !slices.Equal(p.Data, plain.Deep().Params()[i].Data) {
			t.Errorf("%s has other weights", p.Name)
		}
	}
	for h, l := range m.Wide().Heads {
		if !slices.Equal(l.Weights, plain.Wide().Heads[h].Weights) {
			t.Errorf("the wide branch of head %d has other weights", h)
		}
	}
	if a, b := m.Heads()[0], plain.Heads()[0]; a.Deep == b.Deep && a.Wide == b.Wide {
		t.Errorf("the scales %v, %v are those without the lexicon", a.Deep, a.Wide)
	}
	for _, text := range []string{"delighted", "disgusted"} { // of no training text
		with, without := m.Predict(text).Scores, plain.Predict(text).Scores
		if up := with[0].Probs[1] > without[0].Probs[1]; up != (text == "delighted") {
			t.Errorf("%q is positive with probability %v, without the lexicon %v", text, with[0].Probs[1], without[0].Probs[1])
		}
	}
}

// The averaged weights are what is kept, with dev texts and without.
func TestEMA(t *testing.T) {
	d := reviews(40, 1)
	c := small()
	plain := fit(t, train.Trainer{Config: c}, d, nil).Model
	c.EMA.Decay = 0.8
	averaged := fit(t, train.Trainer{Config: c}, d, nil).Model
	for i, p := range averaged.Deep().Params() {
		if slices.Equal(p.Data, plain.Deep().Params()[i].Data) {
			t.Errorf("%s is not averaged", p.Name)
		}
	}
	c.EMA.Decay = 2
	tr := train.Trainer{Config: c}
	if _, err := tr.Fit(t.Context(), d, nil); err == nil || !strings.Contains(err.Error(), "2") {
		t.Errorf("decay 2: err = %v", err)
	}
}

// A head's weight is its share of the gradient of what is shared.
func TestHeadWeight(t *testing.T) {
	d := reviews(40, 1)
	c := small()
	c.Epochs, c.ClipNorm = 1, 1e9
	c.Optimizer.Kind = nn.SGD
	bias := func(weight float64) float64 {
		c.Model.Heads = []classify.Head{{Name: "sentiment", Weight: weight}, {Name: "topic"}}
		first := map[string][]float32{}
		m := fit(t, train.Trainer{Config: c, Prepare: initial(first)}, d, nil).Model
		for _, p := range m.Deep().Params() {
			if p.Name == "heads.sentiment.bias" {
				return math.Abs(float64(p.Data[0] - first[p.Name][0]))
			}
		}
		t.Fatal("no such bias")
		return 0
	}
	if one, three := bias(0), bias(3); !(three > 1.5*one) {
		t.Errorf("the bias moved by %v with weight 1, by %v with weight 3", one, three)
	}
	c.Model.Heads = nil
}

func ExampleTrainer_Fit_heads() {
	rows := [][]string{
		{"positive", "", "what a superb film"}, {"negative", "", "an awful film"},
		{"positive", "", "a superb novel"}, {"negative", "", "what an awful book"},
		{"", "book", "a long novel"}, {"", "film", "the actor on the screen"},
		{"", "book", "the novel is a book"}, {"", "film", "a film for the screen"},
	}
	d := &corpora.Dataset{Heads: []string{"sentiment", "topic"}}
	for _, r := range rows {
		d.Examples = append(d.Examples, corpora.Example{Labels: r[:2], Text: r[2]})
	}
	c := small()
	c.Epochs = 30
	t := train.Trainer{Config: c}
	result, err := t.Fit(context.Background(), d, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := result.Model.Predict("a superb novel")
	for h, head := range result.Model.Heads() {
		fmt.Println(head.Name, head.Labels[answer.Scores[h].Label])
	}
	// Output:
	// sentiment positive
	// topic book
}
