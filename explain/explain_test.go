package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/nn"
)

// sums adds up the parts of the words.
func sums(x *explain.Explanation) (deep, wide, all float64) {
	for _, w := range x.Words {
		deep += w.Deep
		wide += w.Wide
		all += w.Score
	}
	return deep, wide, all
}

// check wants what holds of every explanation.
func check(t *testing.T, m *classify.Model, x *explain.Explanation, tolerance float64) {
	t.Helper()
	deep, wide, all := sums(x)
	near := func(what string, got, want, within float64) {
		t.Helper()
		if !(math.Abs(got-want) <= within) {
			t.Errorf("%q, %s: %s = %v, want %v within %v", x.Text, x.Label, what, got, want, within)
		}
	}
	slack := 0.0
	if x.Deep != nil {
		slack = tolerance*max(math.Abs(x.Deep.Score-x.Deep.Base), 0.01) + 1e-6
		near("deep base and parts", x.Deep.Base+deep, x.Deep.Score, slack)
	}
	if x.Path != nil && (x.Path.Error > tolerance || x.Path.Exceeded) {
		t.Errorf("%q, %s: error %v after %d points", x.Text, x.Label, x.Path.Error, x.Path.Points)
	}
	if x.Wide != nil {
		near("wide base and parts", x.Wide.Base+wide, x.Wide.Score, 1e-9*(1+math.Abs(x.Wide.Score)))
	}
	if x.Lexicon != nil {
		sum := x.Lexicon.Base
		for _, w := range x.Words {
			sum += w.Lexicon
		}
		near("lexicon base and parts", sum, x.Lexicon.Score, 1e-9*(1+math.Abs(x.Lexicon.Score)))
	}
	near("base and parts", x.Base+all, x.Score, slack+1e-9*(1+math.Abs(x.Score)))

	// The score is the model's.
	encoded, err := m.Encode(t.Context(), []string{x.Text})
	if err != nil {
		t.Fatal(err)
	}
	logits, err := m.Logits(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	h := m.Head(x.Head)
	head := &m.Heads()[h]
	l := logits[h]
	want := float64(l[slices.Index(head.Labels, x.Label)])
	if x.Against != "" {
		want -= float64(l[slices.Index(head.Labels, x.Against)])
	} else if !head.MultiLabel() {
		for c, label := range head.Labels {
			if label != x.Label {
				want -= float64(l[c]) / float64(len(l)-1)
			}
		}
	}
	near("score", x.Score, want, 1e-4*(1+math.Abs(want)))

	// Words are the text's own, in order and apart.
	end := 0
	for _, w := range x.Words {
		if w.Start < end || w.End <= w.Start || w.End > len(x.Text) || x.Text[w.Start:w.End] != w.Text || len(w.Tokens) == 0 {
			t.Errorf("%q: word %+v", x.Text, w)
		}
		end = w.End
	}
}

func TestCompleteness(t *testing.T) {
	for _, kind := range kinds {
		for _, gain := range []float32{0.7, 1.2} {
			m := random(t, gain, kind.set)
			e := explain.New(m)
			for _, text := range texts {
				for _, head := range m.Heads() {
					for _, label := range head.Labels {
						x, err := e.Explain(t.Context(), text, explain.Options{Head: head.Name, Label: label})
						if err != nil {
							t.Fatalf("%s: %v", kind.name, err)
						}
						check(t, m, x, 0.01)
					}
				}
			}
			if t.Failed() {
				t.Fatalf("%s, gain %v", kind.name, gain)
			}
		}
	}
}

// TestTighterTolerance wants a smaller error for more points.
func TestTighterTolerance(t *testing.T) {
	m := random(t, 2, kinds[0].set)
	e := explain.New(m)
	loose, err := e.Explain(t.Context(), texts[6], explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tight, err := e.Explain(t.Context(), texts[6], explain.Options{Tolerance: 1e-3, MaxPoints: 2000})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m, tight, 1e-3)
	if tight.Path.Points <= loose.Path.Points {
		t.Errorf("%d points for a tolerance of 0.001, %d for 0.01", tight.Path.Points, loose.Path.Points)
	}
	few, err := e.Explain(t.Context(), texts[6], explain.Options{Tolerance: 1e-9, MaxPoints: 20})
	if err != nil {
		t.Fatal(err)
	}
	if !few.Path.Exceeded || few.Path.Points > 20 {
		t.Errorf("%+v, want at most 20 points, exceeded", few.Path)
	}
}

// TestNearlyLinear: with small vectors the network is its own linear
// approximation, and a word's part is its vector times the gradient anywhere.
func TestNearlyLinear(t *testing.T) {
	m := random(t, 1, func(c *classify.Config) { c.Pool = []nn.Pooling{nn.Mean} })
	for i := range m.Embed().Weight.Data {
		m.Embed().Weight.Data[i] *= 1e-3
	}
	m = m.WithoutCache()
	const text = "the film was not good"
	x, err := explain.New(m).Explain(t.Context(), text, explain.Options{Label: "positive"})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := m.Encode(t.Context(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	traces, err := m.NewTracer().Trace(new(classify.Workspace), []classify.Point{{IDs: encoded[0].IDs, Scale: 1}}, 0, []float32{-0.5, -0.5, 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range encoded[0].IDs {
		want := 0.0
		for j, v := range m.Embed().Row(id) {
			want += float64(v) * float64(traces[0].Gradient[i*m.Config().Embed+j])
		}
		if got := x.Words[i].Deep; math.Abs(got-want) > 0.01*math.Abs(want)+1e-9 {
			t.Errorf("%s: part %v, gradient times vector %v", x.Words[i].Text, got, want)
		}
	}
}

// TestJump has a text on which the trained network tips over on the way: the
// jump is shared out, and the parts still sum.
func TestJump(t *testing.T) {
	m := trainedModel(t)
	x, err := explain.New(m).Explain(t.Context(), texts[6], explain.Options{Label: "positive"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m, x, 0.01)
	if x.Path.Jumped < 0.1 {
		t.Errorf("no jump in %+v", x.Path)
	}
}

// TestZeroVector: what the network cannot see has no part.
func TestZeroVector(t *testing.T) {
	m := random(t, 2, kinds[0].set)
	clear(m.Embed().Row(m.Vocab().ID("film")))
	x, err := explain.New(m.WithoutCache()).Explain(t.Context(), "the film was good", explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if x.Words[1].Text != "film" || x.Words[1].Score != 0 || x.Words[3].Score == 0 {
		t.Errorf("words %+v", x.Words)
	}
}

func TestTrained(t *testing.T) {
	m := trainedModel(t)
	e := explain.New(m)
	for _, tt := range []struct{ text, label, word string }{
		{"the film was superb .", "positive", "superb"},
		{"what a boring story , really", "negative", "boring"},
		{"I found it average and long", "neutral", "average"},
	} {
		x, err := e.Explain(t.Context(), tt.text, explain.Options{LeaveOut: true})
		if err != nil {
			t.Fatal(err)
		}
		check(t, m, x, 0.01)
		if x.Label != tt.label {
			t.Errorf("%q is %s, want %s", tt.text, x.Label, tt.label)
		}
		best := slices.MaxFunc(x.Words, func(a, b explain.Word) int {
			if a.Score < b.Score {
				return -1
			}
			return 1
		})
		if best.Text != tt.word {
			t.Errorf("%q: the word of the largest part is %q, want %q", tt.text, best.Text, tt.word)
		}
		if x.Agreement == nil || *x.Agreement < 0.5 {
			t.Errorf("%q: agreement with leaving out %v", tt.text, x.Agreement)
		}
		if len(x.Ngrams) == 0 || !slices.ContainsFunc(x.Ngrams, func(n explain.Ngram) bool { return strings.Contains(n.Text, tt.word) }) {
			t.Errorf("%q: n-grams %+v", tt.text, x.Ngrams)
		}
	}
}

// TestWide wants the wide branch's own scores, the n-grams summing to them.
func TestWide(t *testing.T) {
	plain := trainedModel(t).Only("wide")
	heads := slices.Clone(plain.Heads())
	for h := range heads {
		heads[h].WideNorm = 0.5
	}
	for _, m := range []*classify.Model{plain, plain.With(heads, classify.Card{})} {
		testWide(t, m)
	}
}

func testWide(t *testing.T, m *classify.Model) {
	t.Helper()
	e := explain.New(m)
	for _, text := range append(texts, "", "good good good", "\xff") {
		for _, o := range []explain.Options{{}, {Label: "negative"}, {Label: "positive", Against: "negative"}} {
			o.Ngrams = -1
			x, err := e.Explain(t.Context(), text, o)
			if err != nil {
				t.Fatal(err)
			}
			check(t, m, x, 0)
			if x.Deep != nil || x.Path != nil {
				t.Errorf("%q: a deep branch in %+v", text, x)
			}
			sum, words := 0.0, 0.0
			for _, n := range x.Ngrams {
				sum += n.Score
				for _, s := range n.Spans {
					if s.Start < 0 || s.End > len(text) || s.Start >= s.End {
						t.Errorf("%q: n-gram %+v", text, n)
					}
				}
			}
			_, words, _ = sums(x)
			if math.Abs(sum-words) > 1e-9 {
				t.Errorf("%q: n-grams sum to %v, words to %v", text, sum, words)
			}
		}
	}
}

// TestLexicon wants the words that the lexicon rates, turned round by negations,
// to have its part of the score.
func TestLexicon(t *testing.T) {
	m := random(t, 1, func(c *classify.Config) {
		c.Pipeline, c.Heads[0].Lexicon = "html|words|lower", []float64{-1, 0, 2}
	})
	const (
		text = "a good film , not good"
		good = 1.9 // the lexicon's rating
	)
	x, err := explain.New(m).Explain(t.Context(), text, explain.Options{Label: "positive", Against: "negative"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, m, x, 0.01)
	n := 1 + math.Pow(2, 1.5)
	want := []float64{0, 3 * good / n, 0, 0, 0, -0.74 * 3 * good / n}
	for i, w := range x.Words {
		if math.Abs(w.Lexicon-want[i]) > 1e-9 {
			t.Errorf("%q has %v of the lexicon, want %v", w.Text, w.Lexicon, want[i])
		}
	}
	var b strings.Builder
	if err := x.WriteTable(&b, -1, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "lexicon") {
		t.Errorf("no lexicon in\n%s", &b)
	}
	for _, text := range append(texts, "") {
		for _, head := range []string{"sentiment", "topic"} {
			x, err := explain.New(m).Explain(t.Context(), text, explain.Options{Head: head})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m, x, 0.01)
			if (x.Lexicon != nil) != (head == "sentiment") {
				t.Errorf("head %s has of the lexicon %+v", head, x.Lexicon)
			}
		}
	}
}

// TestQuantised: the parts of a model that predicts with eight bits are those
// of its rounded weights, near the ones before.
func TestQuantised(t *testing.T) {
	m := trainedModel(t)
	q, err := m.Quantize()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		want, err := explain.New(m).Explain(t.Context(), text, explain.Options{Label: "positive"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := explain.New(q).Explain(t.Context(), text, explain.Options{Label: "positive"})
		if err != nil {
			t.Fatal(err)
		}
		if got.Path.Error > 0.01 {
			t.Errorf("%q: error %v", text, got.Path.Error)
		}
		if d := math.Abs(got.Score - want.Score); d > 0.05*(1+math.Abs(want.Score)) {
			t.Errorf("%q: score %v, before quantisation %v", text, got.Score, want.Score)
		}
	}
}

// TestOwnWords wants the words as the user wrote them, whatever the pipeline
// makes of them.
func TestOwnWords(t *testing.T) {
	m := trainedModel(t)
	const text = "<p>I LOVED it &amp; don&#39;t <i>regret</i> http://example.org/films?x=1 stories 😀👍🏽 naïve</p>"
	x, err := explain.New(m).Explain(t.Context(), text, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range x.Words {
		got = append(got, w.Text)
	}
	want := []string{"I", "LOVED", "it", "&amp;", "do", "n&#39;t", "regret", "http://example.org/films?x=1", "stories", "😀", "👍🏽", "naïve"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stori"}, x.Words[8].Tokens); diff != "" {
		t.Errorf("tokens of stories (-want +got):\n%s", diff)
	}
	check(t, m, x, 0.01)
}

// TestSameAgain wants the same bits again, from many goroutines and with any
// number of processors.
func TestSameAgain(t *testing.T) {
	m := trainedModel(t)
	e := explain.New(m)
	o := explain.Options{LeaveOut: true}
	want, err := e.Explain(t.Context(), texts[6], o)
	if err != nil {
		t.Fatal(err)
	}
	for _, procs := range []int{1, 5} {
		old := runtime.GOMAXPROCS(procs)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				got, err := e.Explain(t.Context(), texts[6], o)
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d processors (-first +again):\n%s", procs, diff)
				}
			})
		}
		wg.Wait()
		runtime.GOMAXPROCS(old)
	}
}

func TestAttention(t *testing.T) {
	m := random(t, 2, kinds[2].set)
	x, err := explain.New(m).Explain(t.Context(), texts[2], explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, w := range x.Words {
		sum += *w.Attention
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("attention sums to %v", sum)
	}
}

// TestNoWords wants a whole answer for texts without words.
func TestNoWords(t *testing.T) {
	for _, m := range []*classify.Model{trainedModel(t), random(t, 1, kinds[0].set)} {
		for _, text := range []string{"", " \n", "<br/>"} {
			x, err := explain.New(m).Explain(t.Context(), text, explain.Options{LeaveOut: true})
			if err != nil {
				t.Fatal(err)
			}
			check(t, m, x, 0)
			if len(x.Words) != 0 || x.Score != x.Base || x.Path != nil || x.Agreement != nil {
				t.Errorf("%q: %+v", text, x)
			}
			if b, err := json.Marshal(x); err != nil || !strings.Contains(string(b), `"words":[]`) {
				t.Errorf("%q: %s, %v", text, b, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	e := explain.New(trainedModel(t))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		ctx  context.Context
		o    explain.Options
		want error
		text string
	}{
		{t.Context(), explain.Options{Head: "topic"}, explain.ErrHead, "topic"},
		{t.Context(), explain.Options{Label: "sad"}, explain.ErrLabel, "sad"},
		{t.Context(), explain.Options{Against: "sad"}, explain.ErrLabel, "sad"},
		{t.Context(), explain.Options{Label: "positive", Against: "positive"}, explain.ErrLabel, "itself"},
		{t.Context(), explain.Options{MaxTokens: 2}, explain.ErrTooLong, "at most 2"},
		{canceled, explain.Options{}, context.Canceled, "cancel"},
	} {
		x, err := e.Explain(tt.ctx, "a good film", tt.o)
		if !errors.Is(err, tt.want) || x != nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%+v: %v, %v, want %v", tt.o, x, err, tt.want)
		}
	}
}

// A number is explained in its own unit: the score is what it is above the head's mean.
func TestNumber(t *testing.T) {
	m := random(t, 1, func(c *classify.Config) {
		c.Heads = []classify.Head{{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}, Mean: 3, Scale: 1.5, Deep: 0.5}}
	})
	e := explain.New(m)
	for _, text := range texts {
		x, err := e.Explain(t.Context(), text, explain.Options{})
		if err != nil {
			t.Fatal(err)
		}
		value := m.Predict(text).Value("stars")
		if got := 3 + x.Score; math.Abs(got-float64(value)) > 1e-4 || !x.Number || x.Prob != 0 {
			t.Errorf("%q: 3 + score = %v, number %t, prob %v, want %v", text, got, x.Number, x.Prob, value)
		}
		_, _, words := sums(x)
		if got := x.Base + words; math.Abs(got-x.Score) > 0.02*max(math.Abs(x.Score-x.Base), 0.01)+1e-5 {
			t.Errorf("%q: base and words %v, score %v", text, got, x.Score)
		}
		if want := fmt.Sprintf("stars: %v", value); x.Title() != want {
			t.Errorf("title %q, want %q", x.Title(), want)
		}
	}
	if _, err := e.Explain(t.Context(), "good", explain.Options{Label: "5"}); !errors.Is(err, explain.ErrLabel) {
		t.Errorf("error %v, want ErrLabel", err)
	}
}
