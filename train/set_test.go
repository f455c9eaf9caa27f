package train

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A head spells its labels as it is told to, else as the data does, where that spells
// labels of the head otherwise and as no other of its labels.
func TestHeadSpelling(t *testing.T) {
	d := &corpora.Dataset{Heads: []string{"x"}, Sources: []corpora.Source{{
		Labels:   [][]string{{"negative", "positive"}},
		Spelling: []map[string]string{{"negative": "neg", "positive": "pos"}},
	}}}
	for _, l := range []string{"negative", "positive"} {
		d.Examples = append(d.Examples, corpora.Example{Text: "a text", Labels: []string{l}})
	}
	plain := *d
	plain.Sources = nil
	own := map[string]string{"negative": "minus"}
	for _, tt := range []struct {
		name string
		head classify.Head
		data *corpora.Dataset
		want map[string]string
	}{
		{"the data's", classify.Head{Name: "x"}, d, map[string]string{"negative": "neg", "positive": "pos"}},
		{"its own", classify.Head{Name: "x", Spelling: own}, d, own},
		{"one that is another label", classify.Head{Name: "x", Labels: []string{"negative", "positive", "pos"}}, d, map[string]string{"negative": "neg"}},
		{"of the head's labels only", classify.Head{Name: "x", Labels: []string{"positive", "other"}}, d, map[string]string{"positive": "pos"}},
		{"none", classify.Head{Name: "x"}, &plain, nil},
	} {
		heads, err := Heads([]classify.Head{tt.head}, tt.data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, heads[0].Spelling); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A column with sets of labels is one head of several, unless its loss says otherwise; one
// of numbers has no labels.
func TestHeadLoss(t *testing.T) {
	d := &corpora.Dataset{Heads: []string{"one", "sets"}, Separator: ";"}
	for _, l := range [][]string{{"1", "a;b"}, {"2", "a"}} {
		d.Examples = append(d.Examples, corpora.Example{Labels: l})
	}
	for _, tt := range []struct {
		head   classify.Head
		loss   nn.LossKind
		labels []string
	}{
		{classify.Head{Name: "one"}, "", []string{"1", "2"}},
		{classify.Head{Name: "one", Loss: nn.Loss{Kind: nn.SquaredError}}, nn.SquaredError, nil},
		{classify.Head{Name: "sets"}, nn.BinaryCrossEntropy, []string{"a", "b"}},
		{classify.Head{Name: "sets", Loss: nn.Loss{Kind: nn.CrossEntropy}}, nn.CrossEntropy, []string{"a", "a;b"}},
	} {
		heads, err := Heads([]classify.Head{tt.head}, d)
		if err != nil {
			t.Fatal(err)
		}
		if h := heads[0]; h.Loss.Kind != tt.loss || !slices.Equal(h.Labels, tt.labels) {
			t.Errorf("head %s with loss %q: loss %q, labels %q, want %q, %q", tt.head.Name, tt.head.Loss.Kind, h.Loss.Kind, h.Labels, tt.loss, tt.labels)
		}
	}
}

// Labels that the heads do not know are taken out and named once, all of them; the data
// stays as it was.
func TestWithoutForeign(t *testing.T) {
	heads := []classify.Head{
		{Name: "x", Labels: []string{"a", "b"}},
		{Name: "tags", Labels: []string{"p", "q"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}},
		{Name: "of no column", Labels: []string{"a", "b"}},
	}
	rows := func(labels ...[]string) *corpora.Dataset {
		d := &corpora.Dataset{Heads: []string{"tags", "x"}, Separator: ";"}
		for _, l := range labels {
			d.Examples = append(d.Examples, corpora.Example{Labels: l})
		}
		return d
	}
	given := [][]string{{"p;r", "a"}, {"p;q", "c"}, {"", "b"}, {"r", "c"}, {"q", "d"}, {"p", ""}}
	d := rows(given...)
	got, foreign := withoutForeign(heads, d)
	if diff := cmp.Diff(rows([][]string{{";p", "a"}, {"p;q", ""}, {"", "b"}, {";", ""}, {"q", ""}, {"p", ""}}...), got); diff != "" {
		t.Errorf("without foreign labels (-want +got):\n%s", diff)
	}
	if want := []string{`"c" of head x`, `"d" of head x`, `"r" of head tags`}; !slices.Equal(foreign, want) {
		t.Errorf("foreign labels %q, want %q", foreign, want)
	}
	if diff := cmp.Diff(rows([][]string{{"p;r", "a"}, {"p;q", "c"}, {"", "b"}, {"r", "c"}, {"q", "d"}, {"p", ""}}...), d); diff != "" {
		t.Errorf("the data has changed (-want +got):\n%s", diff)
	}
}

// Windows of a stream that have weights and such that have none are joined: no weight
// is 1.
func TestSetAppend(t *testing.T) {
	window := func(weights []float32, labels ...int32) *set {
		return &set{
			texts: make([]classify.Encoded, len(labels)), source: make([]int32, len(labels)), weights: weights,
			targets: []nn.Targets{{Labels: labels}, {Values: make([]float32, 2*len(labels))}}, allowed: make([][][]bool, 2),
		}
	}
	for _, tt := range []struct {
		name    string
		windows []*set
		want    []float32
	}{
		{"none", []*set{window(nil, 0, 1), window(nil, 1)}, nil},
		{"later", []*set{window(nil, 0, 1), window([]float32{3}, 1)}, []float32{1, 1, 3}},
		{"earlier", []*set{window([]float32{2, 5}, 0, 1), window(nil, 1)}, []float32{2, 5, 1}},
		{"all", []*set{window([]float32{2}, 0), window([]float32{4, 1}, 1, 1)}, []float32{2, 4, 1}},
	} {
		all := new(set)
		for _, w := range tt.windows {
			all.append(w)
		}
		if !slices.Equal(all.weights, tt.want) {
			t.Errorf("%s: weights %v, want %v", tt.name, all.weights, tt.want)
		}
		n := 0
		for _, w := range tt.windows {
			n += len(w.texts)
		}
		if len(all.texts) != n || len(all.source) != n || len(all.targets[0].Labels) != n || len(all.targets[1].Values) != 2*n {
			t.Errorf("%s: %d texts, %d sources, %v, want those of %d", tt.name, len(all.texts), len(all.source), all.targets, n)
		}
	}
}

// The vocabulary has the words of every text, however many there are.
func TestVocabularyOfAllTexts(t *testing.T) {
	d := new(corpora.Dataset)
	for i := range 25 {
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprintf("all word%d", i)})
	}
	v, err := buildVocab(t.Context(), classify.Config{Pipeline: "words"}, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := v.Count(v.ID("all")); n != 25 {
		t.Errorf("a word of every text is counted %d times, want 25", n)
	}
	for i := range 25 {
		if word := fmt.Sprintf("word%d", i); v.ID(word) == vocab.Unk {
			t.Errorf("%s is unknown", word)
		}
	}
}
