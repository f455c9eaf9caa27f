package train

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
)

// TestSeveralLabels wants a head of texts with several labels, or with sets of them, to
// be multi-label without being told, and one where no text has two to stay as it is.
func TestSeveralLabels(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels []string
		want   nn.LossKind
		names  int
	}{
		{"some have two", []string{"a;b", "b", "c"}, nn.BinaryCrossEntropy, 3},
		{"sets of one", []string{";a", ";b", ";"}, nn.BinaryCrossEntropy, 2},
		{"one has none", []string{"a", "b", ";"}, nn.BinaryCrossEntropy, 2},
		{"none has two", []string{"a", "b", ""}, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &corpora.Dataset{Heads: []string{"topic"}, Separator: ";"}
			for _, l := range c.labels {
				d.Examples = append(d.Examples, corpora.Example{Text: "x", Labels: []string{l}})
			}
			heads, err := Heads(nil, d)
			if err != nil {
				t.Fatal(err)
			}
			if heads[0].Loss.Kind != c.want || len(heads[0].Labels) != c.names {
				t.Errorf("got loss %q and labels %q, want loss %q and %d labels", heads[0].Loss.Kind, heads[0].Labels, c.want, c.names)
			}
		})
	}
}

// An empty set of labels is no class of a head that is said to have one label a text.
func TestEmptySetIsNoClass(t *testing.T) {
	d := &corpora.Dataset{Heads: []string{"topic"}, Separator: ";"}
	for _, l := range []string{"b", ";", ";a"} {
		d.Examples = append(d.Examples, corpora.Example{Text: "x", Labels: []string{l}})
	}
	heads, err := Heads([]classify.Head{{Name: "topic", Loss: nn.Loss{Kind: nn.CrossEntropy}}}, d)
	if err != nil {
		t.Fatal(err)
	}
	var s set
	if err := s.addHead(&heads[0], d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{1, -1, 0}, s.targets[0].Labels); diff != "" {
		t.Errorf("labels %q (-want +got):\n%s", heads[0].Labels, diff)
	}
}

// A label that is hardly ever sure gets a threshold below a half, and the model
// gives it by that.
func TestThresholdsAreFitted(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	texts := func(n int) *corpora.Dataset {
		d := &corpora.Dataset{Heads: []string{"topic"}, Separator: ","}
		for i := range n {
			words := []string{"grain", "oil"}[i%2 : i%2+1]
			labels := words[0]
			if r.IntN(3) == 0 {
				words = append(words, "ship")
				if r.IntN(5) < 2 { // two in five texts of ships are about ships
					labels += ",ship"
				}
			}
			d.Examples = append(d.Examples, corpora.Example{Text: strings.Join(words, " "), Labels: []string{labels}})
		}
		return d
	}
	trainer := Trainer{Config: Config{Model: classify.Config{NoDeep: true, Ngrams: ngram.Config{Words: 1}}}}
	result, err := trainer.Fit(context.Background(), texts(300), texts(300))
	if err != nil {
		t.Fatal(err)
	}
	head := &result.Model.Heads()[0]
	if len(head.Thresholds) != 3 || head.Thresholds[2] >= 0.5 {
		t.Fatalf("thresholds %v for %q, want the last below 0.5", head.Thresholds, head.Labels)
	}
	if given := head.PredictedLabels(result.Model.Predict("oil ship").Scores[0]); strings.Join(given, ",") != "oil,ship" {
		t.Errorf("given %q", given)
	}
}

// A teacher's answers are those of its thresholds, the likeliest where there are
// none.
func TestTeach(t *testing.T) {
	logits := []float32{-1, 0.5, 2} // probabilities 0.27, 0.62 and 0.88 of a multi-label head
	several := classify.Head{Labels: []string{"a", "b", "c"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}
	low := several
	low.Thresholds = []float64{0.2, 0.7, 0.5}
	for _, tt := range []struct {
		head classify.Head
		want []float32 // by label
	}{
		{several, []float32{0, 1, 1}},
		{low, []float32{1, 0, 1}},
		{classify.Head{Labels: several.Labels, Loss: nn.Loss{Kind: nn.CrossEntropy}}, []float32{0, 0, 1}},
	} {
		var answer nn.Targets
		tt.head.AddAnswer(&answer, logits)
		for c, want := range tt.want {
			if got := at(&answer, 3, 0, c); got != want {
				t.Errorf("thresholds %v, %s: label %d has %v, want %v", tt.head.Thresholds, tt.head.Loss.Kind, c, got, want)
			}
		}
	}
}
