package crossval

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// reviews are n texts whose first word gives the label away; one in ten is a
// copy.
func reviews(n int) *corpora.Dataset {
	d := &corpora.Dataset{Heads: []string{"label"}, Sources: []corpora.Source{{Name: "reviews"}}}
	for i := range n {
		label, word := "negative", "bad"
		if i%2 == 1 {
			label, word = "positive", "good"
		}
		k := i
		if i%10 < 2 && i%20 >= 10 {
			k = i - 10 // the text of ten rows before
		}
		d.Examples = append(d.Examples, corpora.Example{ID: fmt.Sprint(i), Text: fmt.Sprintf("%s film number%d", word, k), Labels: []string{label}})
	}
	return d
}

func tiny() train.Trainer {
	c := train.Config{
		Model:  classify.Config{Embed: 6, LSTM: lstm.Config{HiddenSize: 6}},
		Epochs: 6,
		Seed:   1,
	}
	c.Model.Vocab.MinCount = 1
	c.Schedule.Rate = 0.03
	return train.Trainer{Config: c}
}

func run(t *testing.T, d *corpora.Dataset, o Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), tiny(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryTextIsAnsweredOnceByAModelThatHasNotSeenIt(t *testing.T) {
	d := reviews(60)
	type sizes struct{ train, dev, test int }
	var seen []sizes
	var done int
	r := run(t, d, Options{Folds: 4, Seed: 3, OnFold: func(p Progress) {
		if p.Done != nil {
			done++
			return
		}
		seen = append(seen, sizes{p.Train, p.Dev, p.Test})
	}})
	total := 0
	for _, s := range seen {
		if s.train+s.dev+s.test != d.Len() || s.dev == 0 {
			t.Errorf("a fold has %+v texts, want them to sum to %d", s, d.Len())
		}
		total += s.test
	}
	if len(seen) != 4 || done != 4 || total != d.Len() {
		t.Errorf("%d folds begun, %d ended, %d texts tested", len(seen), done, total)
	}
	if p := r.Pooled[0].Single; p.Len() != d.Len() || len(r.Pooled) != 1 {
		t.Errorf("%d pooled answers", p.Len())
	}
	for i := range d.Examples {
		if len(r.Answers[i].Scores) != 1 {
			t.Fatalf("text %d has no answer", i)
		}
		for j := range i {
			if d.Examples[i].Text == d.Examples[j].Text && r.FoldOf[i] != r.FoldOf[j] {
				t.Errorf("texts %d and %d are equal, in folds %d and %d", i, j, r.FoldOf[i], r.FoldOf[j])
			}
		}
	}
	s, err := r.Spread("label", "accuracy")
	if err != nil {
		t.Fatal(err)
	}
	if s.N != 4 || s.Mean < 0.9 {
		t.Errorf("accuracy %+v, want about 1 on four folds", s)
	}
	if _, err := r.Spread("label", "beauty"); err == nil {
		t.Error("a figure that is none has a spread")
	}
}

func TestSplitDuplicates(t *testing.T) {
	d := reviews(60)
	for _, apart := range []bool{false, true} {
		fold, split := map[string]int{}, 0
		for i, f := range run(t, d, Options{Folds: 4, Seed: 3, SplitDuplicates: apart}).FoldOf {
			first, ok := fold[d.Examples[i].Text]
			if !ok {
				fold[d.Examples[i].Text] = f
			} else if first != f {
				split++
			}
		}
		if apart != (split > 0) {
			t.Errorf("copies apart %v: %d copies in another fold than the first", apart, split)
		}
	}
}

func TestTheSameSeedGivesTheSameAnswers(t *testing.T) {
	d := reviews(30)
	a, b := run(t, d, Options{Folds: 3, Seed: 7}), run(t, d, Options{Folds: 3, Seed: 7})
	if diff := cmp.Diff(a.Answers, b.Answers); diff != "" {
		t.Error(diff)
	}
	if c := run(t, d, Options{Folds: 3, Seed: 8}); slices.Equal(a.FoldOf, c.FoldOf) {
		t.Error("another seed gives the same folds")
	}
}

// A label that two texts have is missing from one fold's training or test.
func TestRareLabels(t *testing.T) {
	d := reviews(30)
	d.Examples[4].Labels = []string{"neutral"}
	d.Examples = append(d.Examples, corpora.Example{ID: "unlabelled", Text: "a film", Labels: []string{""}})
	r := run(t, d, Options{Folds: 3})
	if got := r.Heads[0].Labels; !slices.Equal(got, []string{"negative", "neutral", "positive"}) {
		t.Errorf("labels %q", got)
	}
	if n := r.Pooled[0].Single.Len(); n != 30 {
		t.Errorf("%d pooled answers, want those with labels, 30", n)
	}
}

func TestErrors(t *testing.T) {
	d := reviews(12)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context
		o    Options
		want string
	}{
		{"one fold", t.Context(), Options{Folds: 1}, "1 folds of 12 texts"},
		{"more folds than texts", t.Context(), Options{Folds: 13}, "13 folds of 12 texts"},
		{"all texts for dev", t.Context(), Options{Folds: 2, DevShare: 1}, "dev share 1"},
		{"interrupted", ended, Options{Folds: 2}, "fold 1 of 2: context canceled"},
	} {
		if _, err := Run(test.ctx, tiny(), d, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestSpread(t *testing.T) {
	// numpy.std([0.5, 0.7, 0.9], ddof=1) = 0.2
	s := newSpread([]float64{0.5, 0.7, 0.9})
	if math.Abs(float64(s.Mean)-0.7) > 1e-12 || math.Abs(float64(s.SD)-0.2) > 1e-12 || s.Low != 0.5 || s.High != 0.9 {
		t.Errorf("got %+v", s)
	}
	if s := newSpread([]float64{0.5}); s.SD.Defined() || s.Mean != 0.5 {
		t.Errorf("of one fold: %+v", s)
	}
	if s := newSpread(nil); s.Mean.Defined() {
		t.Errorf("of none: %+v", s)
	}
}

// Numbers are answered fold by fold, kept in the file, and taken from it; what cannot be an
// answer there is refused.
func TestNumbers(t *testing.T) {
	d := reviews(60)
	for i := range d.Examples {
		d.Examples[i].Labels = []string{map[string]string{"negative": "1", "positive": "5"}[d.Examples[i].Labels[0]]}
	}
	trainer := tiny()
	trainer.Model.Heads = []classify.Head{{Name: "label", Loss: nn.Loss{Kind: nn.SquaredError}}}
	file := filepath.Join(t.TempDir(), "state.json")
	o := Options{Folds: 3, File: file, Resume: true}
	first, err := Run(t.Context(), trainer, d, o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := first.Spread("label", "r2"); err != nil || s.N != 3 || !(s.Mean > 0.8) {
		t.Errorf("R² %+v, error %v", s, err)
	}
	again, err := Run(t.Context(), trainer, d, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Pooled, again.Pooled); diff != "" {
		t.Errorf("(-trained +kept):\n%s", diff)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(`"Probs":null`), []byte(`"Probs":[1]`), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), trainer, d, o); err == nil || !strings.Contains(err.Error(), "1 probabilities, want a finite number alone") {
		t.Errorf("error %v", err)
	}
	if _, err := LeaveOut(t.Context(), trainer, &corpora.Dataset{Heads: d.Heads, Sources: []corpora.Source{{Name: "a"}, {Name: "b"}}, Examples: append(slices.Clone(d.Examples), corpora.Example{Text: "other", Labels: []string{"2"}, Source: 1})}, []string{"a", "b"}, Options{}); err == nil || !strings.Contains(err.Error(), "label answers with a number") {
		t.Errorf("error %v", err)
	}
	if _, err := LabelErrors(t.Context(), trainer, d, 0, 2, nil); err == nil || !strings.Contains(err.Error(), "label answers with a number") {
		t.Errorf("error %v", err)
	}
}
