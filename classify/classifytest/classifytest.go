// Package classifytest checks that a classifier keeps the promises of
// [classify.Model], whatever it is made of.
package classifytest

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
)

// A Classifier answers as a [classify.Model] does.
type Classifier interface {
	Heads() []classify.Head
	Predict(text string) classify.Prediction
	PredictBatch(ctx context.Context, texts []string) ([]classify.Prediction, error)
	PredictAll(ctx context.Context, texts iter.Seq[string]) iter.Seq2[classify.Prediction, error]
}

// Test runs the suite. newClassifier returns the classifier to test, each time
// a new one that has not been asked anything; all of them answer alike.
//
// A text gets the same bits alone, in a batch of any company and order, in a
// stream, and again. Probabilities are numbers from 0 to 1; they sum to 1 unless
// the head is multi-label. Any string is a text.
func Test(t *testing.T, newClassifier func(testing.TB) Classifier) {
	texts := slices.Concat(ordinary, hostile())
	t.Run("probabilities", func(t *testing.T) {
		c := newClassifier(t)
		for _, text := range texts {
			checkPrediction(t, c, text, c.Predict(text))
		}
	})
	t.Run("no words", func(t *testing.T) {
		c := newClassifier(t)
		empty := c.Predict("")
		if empty.Tokens != 0 {
			t.Errorf("the empty text has %d tokens", empty.Tokens)
		}
		same(t, "a text of spaces", empty, c.Predict(" \n\t "))
	})
	t.Run("company", func(t *testing.T) {
		company(t, newClassifier, texts)
	})
	t.Run("stream", func(t *testing.T) {
		stream(t, newClassifier(t), texts)
	})
	t.Run("cancelled", func(t *testing.T) {
		c := newClassifier(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		cancelled(t, ctx, c, texts)
	})
}

var ordinary = []string{
	"", "good", "not good", "The film is not really good, but the story was.",
	"A short story; not bad!", strings.Repeat("the film was very, very long and ", 40),
	"words that nobody knows: blorp flim zark", "Schön war's! 映画はとても面白かった。 😀👍🏽", "good",
}

// hostile are strings that break what takes them for ordinary text.
func hostile() []string {
	return []string{
		"\x00", "\xff\xfe\xfd", "a\xc3", "\ufeff", "\u202egood\u202c", "\r", "\n",
		strings.Repeat("a", 5000), strings.Repeat("@", 2000), "e" + strings.Repeat("\u0301", 2000),
		strings.Repeat("\U0001F468\u200d", 500), "http://" + strings.Repeat("x/", 1000), strings.Repeat("! ", 2000),
		"<b>good</b> &amp; \x1b[31mred", strings.Repeat("not ", 1500),
	}
}

func checkPrediction(t *testing.T, c Classifier, text string, p classify.Prediction) {
	t.Helper()
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	if len(p.Scores) != len(c.Heads()) {
		t.Fatalf("%q: %d scores for %d heads", text, len(p.Scores), len(c.Heads()))
	}
	if p.Tokens < 0 || p.Unknown < 0 || p.Unknown > p.Tokens {
		t.Errorf("%q: %d of %d tokens are unknown", text, p.Unknown, p.Tokens)
	}
	for h, head := range c.Heads() {
		s := p.Scores[h]
		if err := head.CheckAnswer(s); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !head.Labelled() {
			continue
		}
		sum := 0.0
		for _, v := range s.Probs {
			sum += float64(v)
		}
		if !head.MultiLabel() && math.Abs(sum-1) > 1e-6 {
			t.Errorf("%q, head %s: probabilities sum to %v", text, head.Name, sum)
		}
		if best := slices.Index(s.Probs, slices.Max(s.Probs)); s.Label != best {
			t.Errorf("%q, head %s: label %d of %v, want %d", text, head.Name, s.Label, s.Probs, best)
		}
	}
}

func company(t *testing.T, newClassifier func(testing.TB) Classifier, texts []string) {
	alone := make([]classify.Prediction, len(texts))
	c := newClassifier(t)
	for i, text := range texts {
		alone[i] = c.Predict(text)
	}
	for i, text := range texts {
		same(t, "asked again", alone[i], c.Predict(text))
	}
	batch := func(name string, c Classifier, order []int) {
		t.Helper()
		var list []string
		for _, i := range order {
			list = append(list, texts[i])
		}
		got, err := c.PredictBatch(t.Context(), list)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got) != len(list) {
			t.Fatalf("%s: %d answers for %d texts", name, len(got), len(list))
		}
		for k, i := range order {
			same(t, name, alone[i], got[k])
		}
	}
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	batch("in a batch, asked first", newClassifier(t), order)
	batch("in a batch", c, order)
	slices.Reverse(order)
	batch("in reverse", c, order)
	batch("twice", c, slices.Concat(order, order))
	batch("a batch of one", c, order[:1])
	batch("an empty batch", c, nil)
}

func cancelled(t testing.TB, ctx context.Context, c Classifier, texts []string) {
	if _, err := c.PredictBatch(ctx, texts); !errors.Is(err, context.Canceled) {
		t.Errorf("PredictBatch: err = %v, want context.Canceled", err)
	}
	n := 0
	for _, err := range c.PredictAll(ctx, slices.Values(texts)) {
		n++
		if !errors.Is(err, context.Canceled) {
			t.Errorf("PredictAll: err = %v, want context.Canceled", err)
		}
	}
	if n != 1 {
		t.Errorf("PredictAll: %d answers and errors, want one, context.Canceled", n)
	}
}

func stream(t *testing.T, c Classifier, texts []string) {
	want, err := c.PredictBatch(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for p, err := range c.PredictAll(t.Context(), slices.Values(texts)) {
		if err != nil {
			t.Fatal(err)
		}
		if i >= len(want) {
			t.Fatal("more answers than texts")
		}
		same(t, "in a stream", want[i], p)
		i++
	}
	if i != len(texts) {
		t.Errorf("%d answers for %d texts", i, len(texts))
	}
	for range c.PredictAll(t.Context(), slices.Values(texts)) {
		break // must not panic
	}
	for range c.PredictAll(t.Context(), slices.Values([]string(nil))) {
		t.Error("an answer without a text")
	}
}

func same(t *testing.T, name string, want, got classify.Prediction) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s the answer is another (-want +got):\n%s", name, diff)
	}
}
