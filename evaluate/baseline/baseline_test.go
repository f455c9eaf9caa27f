package baseline_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
	"github.com/textlstm/textlstm/ngram"
)

// reviews are n texts of which the label cannot be told from single words:
// "not good" and "not bad" against "good" and "bad".
func reviews(n int, seed uint64) (texts []string, gold []int) {
	r := rand.New(rand.NewPCG(seed, 0))
	filler := strings.Fields("the film was long and we saw it on a rainy day with some of our friends")
	for range n {
		var words []string
		for range 3 + r.IntN(8) {
			words = append(words, filler[r.IntN(len(filler))])
		}
		g := r.IntN(2)
		phrase := [][]string{{"not good", "bad"}, {"not bad", "good"}}[g][r.IntN(2)]
		words = slices.Insert(words, r.IntN(len(words)), phrase)
		if r.IntN(20) == 0 {
			g = 1 - g // nobody is always right
		}
		texts, gold = append(texts, strings.Join(words, " ")), append(gold, g)
	}
	return texts, gold
}

var labels = []string{"negative", "positive"}

func fit(t testing.TB, o baseline.NBSVMOptions) *baseline.NBSVM {
	t.Helper()
	texts, gold := reviews(1000, 1)
	m, err := baseline.FitNBSVM(t.Context(), labels, texts, gold, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNBSVMLearnsPhrasesAndHowSureItIs(t *testing.T) {
	texts, gold := reviews(1000, 2)
	p, err := baseline.Predict(t.Context(), fit(t, baseline.NBSVMOptions{}), texts, gold, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluate.New(p, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Labels that are wrong one time in twenty have a log loss of 0.2 at best.
	if e.Accuracy < 0.92 || e.LogLoss > 0.3 {
		t.Errorf("accuracy %.3f, log loss %.3f, want at least 0.92, at most 0.3", e.Accuracy, e.LogLoss)
	}
	words, err := baseline.Predict(t.Context(), fit(t, baseline.NBSVMOptions{Ngrams: ngram.Config{Words: 1}}), texts, gold, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = evaluate.New(words, evaluate.Options{}); err != nil || e.Accuracy > 0.9 {
		t.Errorf("single words: accuracy %.3f, error %v, want less than 0.9", e.Accuracy, err)
	}
}

func TestNBSVMDoesNotDependOnProcessors(t *testing.T) {
	probs := func(procs int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		m := fit(t, baseline.NBSVMOptions{Seed: 3})
		var all []float32
		for _, text := range []string{"not good", "a good film", "", "nothing known"} {
			_, all = m.Classify(all, text)
		}
		return all
	}
	one, four := probs(1), probs(4)
	if d := cmp.Diff(one, four); d != "" {
		t.Errorf("one processor against four (-one +four):\n%s", d)
	}
	for i := 0; i < len(one); i += 2 {
		if sum := float64(one[i] + one[i+1]); math.Abs(sum-1) > 1e-6 {
			t.Errorf("probabilities %v sum to %v", one[i:i+2], sum)
		}
	}
}

func TestNBSVMOfSeveralLabels(t *testing.T) {
	labels := []string{"sport", "trade", "war"}
	words := []string{"goal", "price", "front"}
	var texts []string
	var gold []int
	for i := range 90 {
		texts = append(texts, fmt.Sprintf("%s number %d of the day", words[i%3], i%7))
		gold = append(gold, i%3)
	}
	m, err := baseline.FitNBSVM(t.Context(), labels, texts, gold, baseline.NBSVMOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for c, w := range words {
		if got, probs := m.Classify(nil, "the "+w); got != c || len(probs) != 3 || slices.Max(probs) != probs[c] {
			t.Errorf("%q: label %d of %v, want %d", w, got, probs, c)
		}
	}
}

func TestNBSVMErrors(t *testing.T) {
	texts := []string{"a", "b", "c"}
	tests := []struct {
		name  string
		texts []string
		gold  []int
		o     baseline.NBSVMOptions
		want  string
	}{
		{"sizes", texts, []int{0, 1}, baseline.NBSVMOptions{}, "3 texts, 2 labels"},
		{"label out of range", texts, []int{0, 1, 2}, baseline.NBSVMOptions{}, "text 2: label 2, want 0 to 1"},
		{"one label", texts, []int{1, 1, 1}, baseline.NBSVMOptions{}, "two of the labels"},
		{"nothing", nil, nil, baseline.NBSVMOptions{}, "two of the labels"},
		{"pipeline", texts, []int{0, 1, 1}, baseline.NBSVMOptions{Pipeline: "nonsense"}, "nonsense"},
		{"n-grams", texts, []int{0, 1, 1}, baseline.NBSVMOptions{Ngrams: ngram.Config{Words: -1}}, "-1"},
		{"learning", texts, []int{0, 1, 1}, baseline.NBSVMOptions{Learn: ngram.Options{C: -1}}, "-1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := baseline.FitNBSVM(t.Context(), labels, test.texts, test.gold, test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all, gold := reviews(100, 1)
	if _, err := baseline.FitNBSVM(ctx, labels, all, gold, baseline.NBSVMOptions{}); err != context.Canceled {
		t.Errorf("cancelled: error %v", err)
	}
	if _, err := baseline.Predict(ctx, fit(t, baseline.NBSVMOptions{}), all, gold, nil); err != context.Canceled {
		t.Errorf("cancelled: error %v", err)
	}
}

func TestMajority(t *testing.T) {
	m, err := baseline.NewMajority([]string{"ham", "spam"}, []int{3, 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := baseline.Predict(t.Context(), m, []string{"a", "b"}, []int{0, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, &evaluate.Predictions{Labels: []string{"ham", "spam"}, Gold: []int{0, 1}, Predicted: []int{0, 0}, Probs: []float64{0.75, 0.25, 0.75, 0.25}}); d != "" {
		t.Errorf("-got +want:\n%s", d)
	}
	for _, counts := range [][]int{{0, 0}, {1}, {2, -1}} {
		if _, err := baseline.NewMajority([]string{"ham", "spam"}, counts); err == nil {
			t.Errorf("counts %v: no error", counts)
		}
	}
}

func TestPredictKeepsOrder(t *testing.T) {
	v, err := baseline.NewVADER("negative", "positive")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var gold []int
	for i := range 1000 {
		texts = append(texts, []string{"terrible", "great"}[i*i%7%2])
		gold = append(gold, i*i%7%2)
	}
	p, err := baseline.Predict(t.Context(), v, texts, gold, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Predicted, gold) || p.Probs != nil {
		t.Error("answers in another order than the texts")
	}
	if _, err := baseline.Predict(t.Context(), v, texts, gold[1:], nil); err == nil {
		t.Error("1000 texts, 999 labels: no error")
	}
}
