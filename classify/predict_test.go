package classify_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/classifytest"
	"github.com/textlstm/textlstm/nn"
)

func TestConformance(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			classifytest.Test(t, func(t testing.TB) classifytest.Classifier { return newModel(t, k.set) })
		})
	}
	t.Run("quantised", func(t *testing.T) {
		classifytest.Test(t, func(t testing.TB) classifytest.Classifier {
			q, err := newModel(t, kinds[0].set).Quantize()
			if err != nil {
				t.Fatal(err)
			}
			return q
		})
	})
}

// The cache of words, the number of texts at once and what was asked before
// change no bit of an answer.
func TestCacheChangesNothing(t *testing.T) {
	for _, k := range kinds {
		m := newModel(t, k.set)
		bare := m.WithoutCache()
		for range 2 {
			for _, text := range texts {
				checkAnswers(t, k.name+", "+text, []classify.Prediction{bare.Predict(text)}, []classify.Prediction{m.Predict(text)})
			}
		}
	}
}

func TestEmptyTextGetsTheBias(t *testing.T) {
	m := newModel(t, deepOnly)
	for _, p := range m.Deep().Params() {
		if p.Name == "heads.topic.bias" {
			copy(p.Data, []float32{0, float32(math.Log(3)) / 0.5}) // the head's scale is 0.5
			p.Changed()
		}
	}
	for _, text := range []string{"", "  ", "\n\t\r"} {
		p := m.Predict(text)
		if p.Tokens != 0 || p.Unknown != 0 {
			t.Errorf("%q has %d tokens, %d unknown", text, p.Tokens, p.Unknown)
		}
		probs := p.Scores[1].Probs
		if math.Abs(float64(probs[0])-0.25) > 1e-6 || math.Abs(float64(probs[1])-0.75) > 1e-6 {
			t.Errorf("%q: probabilities %v, want 0.25, 0.75 from the bias", text, probs)
		}
		checkProbs(t, m, p)
	}
}

func TestTokensAndUnknown(t *testing.T) {
	for _, k := range kinds {
		m := newModel(t, k.set)
		if p := m.Predict("The good Zebra is NOT quite bad"); p.Tokens != 7 || p.Unknown != 2 {
			t.Errorf("%s: %d tokens, %d unknown, want 7, 2", k.name, p.Tokens, p.Unknown)
		}
	}
}

func TestLogits(t *testing.T) {
	ctx := t.Context()
	for _, k := range kinds {
		m := newModel(t, k.set)
		encoded, err := m.Encode(ctx, texts)
		if err != nil {
			t.Fatal(err)
		}
		logits, err := m.Logits(ctx, encoded)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := m.PredictEncoded(ctx, encoded)
		if err != nil {
			t.Fatal(err)
		}
		for h, head := range m.Heads() {
			C := len(head.Labels)
			for i := range texts {
				probs := slices.Clone(logits[h][i*C : (i+1)*C])
				head.Loss.Kind.Activate(probs, C)
				if !slices.Equal(probs, answers[i].Scores[h].Probs) {
					t.Errorf("%s, head %s, text %d: probabilities %v, of the logits %v", k.name, head.Name, i, answers[i].Scores[h].Probs, probs)
				}
			}
		}
	}
}

// A joint model adds the scores of its branches, each times its scale.
func TestBranches(t *testing.T) {
	ctx := t.Context()
	m := newModel(t, kinds[0].set)
	encoded, err := m.Encode(ctx, texts)
	if err != nil {
		t.Fatal(err)
	}
	logits := func(m *classify.Model) [][]float32 {
		l, err := m.Logits(ctx, encoded)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	deep, wide, joint := logits(m.Only("deep")), logits(m.Only("wide")), logits(m)
	for h := range joint {
		for i := range joint[h] {
			if sum := deep[h][i] + wide[h][i]; math.Abs(float64(sum-joint[h][i])) > 1e-6 {
				t.Errorf("head %d, score %d: %v + %v, joint %v", h, i, deep[h][i], wide[h][i], joint[h][i])
			}
		}
	}
	// The topic's scales are 0.5 and 2.
	for i, e := range encoded {
		var direct [2]float32
		m.Wide().Heads[1].Score(direct[:], e.Rows)
		var ws classify.Workspace
		scores, err := m.Deep().Forward(&ws, []classify.Encoded{{IDs: e.IDs}})
		if err != nil {
			t.Fatal(err)
		}
		for c := range direct {
			if wide[1][2*i+c] != 2*direct[c] || deep[1][2*i+c] != 0.5*scores[1][c] {
				t.Errorf("text %d: branches score %v, %v, want 0.5*%v, 2*%v", i, deep[1][2*i+c], wide[1][2*i+c], scores[1][c], direct[c])
			}
		}
	}
	// Alone they read the same of a text.
	for _, part := range []*classify.Model{m.Only("deep"), m.Only("wide")} {
		direct, err := part.PredictBatch(ctx, texts)
		if err != nil {
			t.Fatal(err)
		}
		shared, err := part.PredictEncoded(ctx, encoded)
		if err != nil {
			t.Fatal(err)
		}
		checkAnswers(t, "texts that the joint model has encoded", direct, shared)
		again, err := classify.Decode(encode(t, part))
		if err != nil {
			t.Fatal(err)
		}
		checkAnswers(t, "saved and loaded", []classify.Prediction{part.Predict("not good")}, []classify.Prediction{again.Predict("not good")})
	}
	if m.Only("deep").Only("wide") != nil || m.Only("wide").Only("deep") != nil {
		t.Error("a branch alone has the other one")
	}
	if m.Only("wide").Embed() != nil || m.Only("wide").Deep() != nil || m.Only("deep").Wide() != nil || m.Embed() == nil {
		t.Error("the parts of a branch alone are not its own")
	}
	if d, w := m.Only("deep").NumParams(), m.Only("wide").NumParams(); d+w != m.NumParams() || d == 0 || w == 0 {
		t.Errorf("%d + %d weights, together %d", d, w, m.NumParams())
	}
}

// A norm divides the scores of the wide branch by a power of the number of n-grams found.
func TestWideNorm(t *testing.T) {
	ctx := t.Context()
	m := newModel(t, wideOnly)
	heads := slices.Clone(m.Heads())
	heads[0].WideNorm, heads[1].WideNorm = 0.375, 1
	encoded, err := m.Encode(ctx, texts)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := m.Logits(ctx, encoded)
	if err != nil {
		t.Fatal(err)
	}
	normed, err := m.With(heads, m.Card()).Logits(ctx, encoded)
	if err != nil {
		t.Fatal(err)
	}
	lengths := map[int]bool{}
	for h, head := range heads {
		C := len(head.Labels)
		for i, e := range encoded {
			lengths[len(e.Rows)] = true
			by := math.Pow(float64(max(len(e.Rows), 1)), head.WideNorm)
			for c := range C {
				if got, want := float64(normed[h][i*C+c]), float64(sums[h][i*C+c])/by; math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("head %s, text %d of %d n-grams: score %v, want %v", head.Name, i, len(e.Rows), got, want)
				}
			}
		}
	}
	if !lengths[0] || len(lengths) < 5 {
		t.Errorf("texts of %v n-grams: too few lengths", lengths)
	}
}

// Weights that overflow give answers that mean nothing, but are numbers.
func TestHugeWeights(t *testing.T) {
	for _, k := range kinds {
		for _, size := range []float32{1e20, 3e38} {
			m := newModel(t, k.set)
			r := rand.New(rand.NewPCG(3, 3))
			huge := func(w []float32) {
				for i := range w {
					w[i] = size * float32(1-2*r.IntN(2))
				}
			}
			if n := m.Deep(); n != nil {
				for _, p := range n.Params() {
					huge(p.Data)
					p.Changed()
				}
			}
			if w := m.Wide(); w != nil {
				for _, l := range w.Heads {
					huge(l.Weights)
					huge(l.Bias)
				}
			}
			for _, text := range texts {
				checkProbs(t, m, m.Predict(text))
			}
		}
	}
	m := newModel(t, func(c *classify.Config) { c.Heads[0].Deep, c.Heads[1].Wide = 1e300, math.MaxFloat64 })
	for _, text := range texts {
		checkProbs(t, m, m.Predict(text))
	}
}

// Probs of an answer may be appended to without touching another's.
func TestAnswersShareNothing(t *testing.T) {
	m := newModel(t, kinds[0].set)
	got, err := m.PredictBatch(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		for h := range got[i].Scores {
			s := &got[i].Scores[h]
			s.Probs = append(s.Probs, 99)
			s.Probs = s.Probs[:len(s.Probs)-1]
		}
	}
	for i, text := range texts {
		checkAnswers(t, text, []classify.Prediction{m.Predict(text)}, got[i:i+1])
	}
}

func TestConcurrentUse(t *testing.T) {
	m := newModel(t, kinds[0].set)
	var want []classify.Prediction
	for _, text := range texts {
		want = append(want, m.WithoutCache().Predict(text))
	}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 2 * len(texts) {
				j := (i + 3*g) % len(texts)
				if g%2 == 0 {
					checkAnswers(t, "alone", want[j:j+1], []classify.Prediction{m.Predict(texts[j])})
					continue
				}
				got, err := m.PredictBatch(t.Context(), texts[j:])
				if err != nil {
					t.Error(err)
					return
				}
				checkAnswers(t, "batch", want[j:], got)
			}
		})
	}
	wg.Wait()
}

// More texts than one batch and one window hold come back in order.
func TestManyTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of texts")
	}
	m := newModel(t, kinds[0].set)
	var many []string
	for i := range 4500 {
		many = append(many, strings.Repeat("good ", i%5)+strings.Repeat("bad film ", i%7)+fmt.Sprint(i))
	}
	batch, err := m.PredictBatch(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for p, err := range m.PredictAll(t.Context(), slices.Values(many)) {
		if err != nil {
			t.Fatal(err)
		}
		if want := i%5 + 2*(i%7) + 1; p.Tokens != want {
			t.Fatalf("answer %d is of a text of %d tokens, want %d", i, p.Tokens, want)
		}
		if !slices.Equal(p.Scores[0].Probs, batch[i].Scores[0].Probs) {
			t.Fatalf("answer %d differs", i)
		}
		i++
	}
	if i != len(many) {
		t.Errorf("%d answers for %d texts", i, len(many))
	}
}

func TestCancelled(t *testing.T) {
	m := newModel(t, kinds[0].set)
	encoded, err := m.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for name, call := range map[string]func() error{
		"Encode":         func() error { _, err := m.Encode(ctx, texts); return err },
		"PredictBatch":   func() error { _, err := m.PredictBatch(ctx, texts); return err },
		"PredictEncoded": func() error { _, err := m.PredictEncoded(ctx, encoded); return err },
		"Logits":         func() error { _, err := m.Logits(ctx, encoded); return err },
		"PredictAll": func() error {
			n := 0
			for _, err := range m.PredictAll(ctx, slices.Values(texts)) {
				if n++; n > 1 {
					t.Error("PredictAll goes on after an error")
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: err = %v, want context.Canceled", name, err)
		}
	}
}

// A deadline holds within a text too, however long, and whatever reads it.
func TestDeadlineWithinAText(t *testing.T) {
	size := 100 << 20
	if testing.Short() {
		size = 10 << 20
	}
	long := strings.Repeat("not good &amp; ", size/15)
	for name, set := range map[string]func(*classify.Config){
		"joint":    func(c *classify.Config) {},
		"deep":     deepOnly,
		"chunks":   func(c *classify.Config) { deepOnly(c); c.Chunk = 64 },
		"html":     func(c *classify.Config) { c.Pipeline = "html|words|lower" },
		"negation": func(c *classify.Config) { c.Pipeline = "words|lower|neg" },
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, set)
			for _, after := range []time.Duration{time.Millisecond, 300 * time.Millisecond} {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				begin := time.Now()
				_, err := m.PredictBatch(ctx, []string{long, long})
				cancel()
				if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > after+time.Second {
					t.Errorf("after %v: error %v after %v", after, err, took)
				}
			}
		})
	}
}

func TestNewChecksItsParts(t *testing.T) {
	joint, deep := newModel(t, kinds[0].set), newModel(t, deepOnly)
	three := newModel(t, func(c *classify.Config) { c.Heads[1].Labels = []string{"film", "book", "play"} })
	one := newModel(t, func(c *classify.Config) { c.Heads = c.Heads[:1] })
	buckets := newModel(t, func(c *classify.Config) { deepOnly(c); c.Vocab.Buckets = 5 })
	for _, tt := range []struct {
		name string
		cfg  classify.Config
		have []classify.Branch
		want []string // in the error
	}{
		{"no deep branch", deep.Config(), nil, []string{"deep branch false"}},
		{"a wide branch too many", deep.Config(), []classify.Branch{deep.Deep(), joint.Wide()}, []string{"wide branch true"}},
		{"no wide branch", joint.Config(), []classify.Branch{joint.Deep()}, []string{"wide branch false"}},
		{"word vectors of another vocabulary", deep.Config(), []classify.Branch{buckets.Deep()}, []string{"25 rows", "vocabulary of 20"}},
		{"other heads", joint.Config(), []classify.Branch{joint.Deep(), one.Wide()}, []string{"1 heads", "model of 2"}},
		{"other labels", joint.Config(), []classify.Branch{joint.Deep(), three.Wide()}, []string{"head topic", "3 labels", "want 2 labels"}},
		{"unknown pipeline", func() classify.Config { c := deep.Config(); c.Pipeline = "spells"; return c }(), []classify.Branch{deep.Deep()}, []string{"spells"}},
	} {
		_, err := classify.New(tt.cfg, deep.Vocab(), classify.Card{}, tt.have...)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: err = %q, want it to say %q", tt.name, err, want)
			}
		}
	}
}

// A prediction answers by the names of its model's heads.
func TestLabelsByName(t *testing.T) {
	heads := []classify.Head{{Name: "queue", Labels: []string{"billing", "login"}}, {Name: "tags", Labels: []string{"a", "b", "c"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}}
	p := classify.Prediction{Heads: heads, Scores: []classify.Score{{Label: 1, Probs: []float32{0.25, 0.75}}, {Label: 2, Probs: []float32{0.5, 0.25, 0.75}}}}
	for head, want := range map[string][]string{"queue": {"login"}, "": {"login"}, "tags": {"a", "c"}, "other": nil} {
		if diff := cmp.Diff(want, p.Labels(head)); diff != "" {
			t.Errorf("labels of %q (-want +got):\n%s", head, diff)
		}
	}
	if got := p.Label("queue") + p.Label("tags") + p.Label("") + p.Label("other"); got != "loginclogin" {
		t.Errorf("labels %q", got)
	}
	if p.Prob("queue", "billing") != 0.25 || p.Prob("", "login") != 0.75 || p.Prob("queue", "x") != 0 || p.Prob("other", "login") != 0 {
		t.Error("wrong probabilities")
	}
	if p := (classify.Prediction{}); p.Label("") != "" || p.Labels("") != nil {
		t.Error("a prediction of nothing has a label")
	}
	m := newModel(t, kinds[0].set)
	if got, want := m.Predict("not good").Label(m.Heads()[0].Name), m.Heads()[0].Labels[m.Predict("not good").Scores[0].Label]; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
}
