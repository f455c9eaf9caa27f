package train_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

func TestLabelsFromData(t *testing.T) {
	for _, tt := range []struct {
		name   string
		labels []string
		multi  bool
		want   []string
	}{
		{"words by their bytes", []string{"b", "a", "B", "é", "b"}, false, []string{"B", "a", "b", "é"}},
		{"numbers by value", []string{"10", "9", "-1", "2", "10"}, false, []string{"-1", "2", "9", "10"}},
		{"numbers among words by their bytes", []string{"10", "9", "x"}, false, []string{"10", "9", "x"}},
		{"a separator tells that a row has several", []string{"a;b", "a"}, false, []string{"a", "b"}},
		{"several labels a row", []string{"b;a", "c", "a"}, true, []string{"a", "b", "c"}},
		{"an empty set is no label", []string{";", "b", ";a"}, true, []string{"a", "b"}},
		{"missing labels are no label", []string{"", "b", "", "a"}, false, []string{"a", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rows [][]string
			for _, l := range tt.labels {
				rows = append(rows, []string{l, "some text"})
			}
			c := small()
			c.Epochs = 1
			if tt.multi {
				c.Model.Heads = []classify.Head{{Name: "x", Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}}
			}
			m := fit(t, train.Trainer{Config: c}, data([]string{"x"}, rows...), nil).Model
			if diff := cmp.Diff(tt.want, m.Heads()[0].Labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsInData(t *testing.T) {
	two := data([]string{"x"}, []string{"a", "one"}, []string{"b", "two"})
	head := func(name string, labels ...string) []classify.Head {
		return []classify.Head{{Name: name, Labels: labels}}
	}
	// The file of the third text is said to have the labels a and b, and no fourth file to exist.
	sources := func(labels string, third int32) *corpora.Dataset {
		d := data([]string{"x"}, []string{"a", "one"}, []string{"b", "two"}, []string{labels, "three"})
		d.Sources = []corpora.Source{{Name: "f", Labels: [][]string{{"a", "b"}}}, {Name: "g", Labels: [][]string{{"c", "d"}}}}
		d.Examples[2].Source = third
		return d
	}
	for _, tt := range []struct {
		name      string
		heads     []classify.Head
		data, dev *corpora.Dataset
		is        error // may be nil
		want      string
	}{
		{"no texts", nil, data([]string{"x"}), nil, corpora.ErrData, "want at least 2"},
		{"no texts, labels given", head("x", "a", "b"), data([]string{"x"}), nil, corpora.ErrData, "no texts"},
		{"no labels", nil, data([]string{"x"}, []string{"", "one"}), nil, corpora.ErrData, "want at least 2"},
		{"one label", nil, data([]string{"x"}, []string{"a", "one"}, []string{"a", "two"}), nil, corpora.ErrData, `["a"]`},
		{"no heads", nil, data(nil, []string{"one"}), nil, nil, "no heads"},
		{"a head that the data lacks", head("y", "a", "b"), two, nil, nil, `"y"`},
		{"a label that the head lacks", head("x", "a", "c"), two, nil, corpora.ErrData, `row 2: label "b"`},
		{"a label that its source lacks", head("x", "a", "b", "c", "d"), sources("c", 0), nil, corpora.ErrData, `example 2 (row 3): label "c" of head x is not among those of its source f, which has ["a" "b"]`},
		{"a source that is not there", head("x", "a", "b", "c", "d"), sources("c", 2), nil, corpora.ErrData, "example 2 (row 3): source 2 of 2"},
		{"a label that only the dev texts have", nil, two, data([]string{"x"}, []string{"c", "one"}), score.ErrLabels, `"c"`},
		{"dev texts of other heads", nil, two, data([]string{"y", "z"}, []string{"a", "b", "one"}), score.ErrLabels, `"y"`},
		{"dev texts without a label", nil, two, data([]string{"x"}, []string{"", "one"}), score.ErrLabels, "none of the 1 texts"},
		{"no dev texts", nil, two, data([]string{"x"}), score.ErrLabels, "none of the 0 texts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := small()
			c.Model.Heads = tt.heads
			tr := train.Trainer{Config: c}
			r, err := tr.Fit(t.Context(), tt.data, tt.dev)
			if err == nil || r != nil {
				t.Fatal("no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("err = %v, want it to wrap %v", err, tt.is)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %q, want it to say %q", err, tt.want)
			}
		})
	}
}

// Little data of any kind trains, and the answers are numbers.
func TestDegenerateData(t *testing.T) {
	x := []string{"x"}
	for _, tt := range []struct {
		name      string
		data, dev *corpora.Dataset
	}{
		{"one text, labels given", data(x, []string{"a", "one"}), nil},
		{"two texts, batches of eight", data(x, []string{"a", "one"}, []string{"b", "two"}), nil},
		{"all texts empty", data(x, []string{"a", ""}, []string{"b", ""}, []string{"a", "  "}), data(x, []string{"a", ""})},
		{"some texts empty", data(x, []string{"a", ""}, []string{"b", "two"}, []string{"a", " "}), nil},
		{"all words of the dev texts unknown", data(x, []string{"a", "one"}, []string{"b", "two"}), data(x, []string{"a", "three four"})},
		{"a label of one text", data(x, []string{"a", "one"}, []string{"a", "two"}, []string{"a", "three"}, []string{"b", "four"}), nil},
		{"equal texts of both labels", data(x, []string{"a", "one"}, []string{"b", "one"}), data(x, []string{"a", "one"}, []string{"b", "one"})},
		{"one long text", data(x, []string{"a", strings.Repeat("long ", 3000)}, []string{"b", "short"}), nil},
		{"odd bytes", data(x, []string{"a", "\x00\xff\xfe"}, []string{"b", "\u202e\u0301\u0301"}), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := joint()
			c.Epochs, c.BatchTokens = 2, 64
			c.Model.Heads = []classify.Head{{Name: "x", Labels: []string{"a", "b"}}}
			m := fit(t, train.Trainer{Config: c}, tt.data, tt.dev).Model
			for _, text := range []string{"", "one", "long " + strings.Repeat("x", 100)} {
				if p := m.Predict(text).Scores[0].Probs; !(p[0]+p[1] > 0.999 && p[0]+p[1] < 1.001) {
					t.Errorf("probabilities of %q are %v", text, p)
				}
			}
		})
	}
}

// initial returns a Prepare that keeps the weights as they were drawn.
func initial(into map[string][]float32) func(*classify.Network, *vocab.Vocabulary) error {
	return func(n *classify.Network, _ *vocab.Vocabulary) error {
		for _, p := range n.Params() {
			into[p.Name] = slices.Clone(p.Data)
		}
		return nil
	}
}

// A head without labels in the data stays as it was drawn, while the encoder
// learns from the others.
func TestMissingLabelsAreMasked(t *testing.T) {
	d := reviews(40, 1)
	for i := range d.Examples {
		d.Examples[i].Labels[1] = ""
	}
	c := small()
	c.Model.Heads = []classify.Head{
		{Name: "sentiment"},
		{Name: "topic", Labels: []string{"book", "film"}, Hidden: 3},
	}
	first := map[string][]float32{}
	m := fit(t, train.Trainer{Config: c, Prepare: initial(first)}, d, keep(reviews(20, 2), "sentiment")).Model
	for _, p := range m.Deep().Params() {
		if same, want := slices.Equal(p.Data, first[p.Name]), strings.HasPrefix(p.Name, "heads.topic"); same != want {
			t.Errorf("%s: unchanged %t, want %t", p.Name, same, want)
		}
	}
}

// Rows of one head among rows of another: each learns its own.
func TestHeadsFromDifferentRows(t *testing.T) {
	d := reviews(240, 1)
	for i := range d.Examples {
		d.Examples[i].Labels[i%2] = ""
	}
	c := joint()
	c.Epochs = 12
	dev := reviews(60, 2)
	m := fit(t, train.Trainer{Config: c}, d, nil).Model
	for _, head := range d.Heads {
		if a := accuracy(m, dev, head); a < 0.95 {
			t.Errorf("head %s: accuracy %v", head, a)
		}
	}
}

// sourced puts the rows of one source after those of another.
func sourced(d *corpora.Dataset, labels ...[]string) *corpora.Dataset {
	for k, l := range labels {
		d.Sources = append(d.Sources, corpora.Source{Name: strings.Join(l, "+"), Labels: [][]string{l}})
		for i := range d.Examples {
			if i*len(labels)/len(d.Examples) == k {
				d.Examples[i].Source = int32(k)
			}
		}
	}
	return d
}

// Rows of a source that does not know a label say nothing about it: neither
// its row of the last layer nor its column of the wide branch moves. A source
// that knows it says that it is not the answer.
func TestSourcesThatTellSomeLabelsApart(t *testing.T) {
	all := []string{"negative", "neutral", "positive"}
	c := joint()
	c.Epochs = 8
	c.Model.Heads = []classify.Head{{Name: "sentiment", Labels: all}}
	for _, tt := range []struct {
		name    string
		sources [][]string
		moves   bool
	}{
		{"two of three labels", [][]string{{"negative", "positive"}}, false},
		{"all labels", [][]string{all}, true},
		{"no sources", nil, true},
		{"one source of each", [][]string{{"negative", "positive"}, all}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := sourced(keep(reviews(100, 1), "sentiment"), tt.sources...)
			first := map[string][]float32{}
			m := fit(t, train.Trainer{Config: c, Prepare: initial(first)}, d, nil).Model
			moved := false
			for _, p := range m.Deep().Params() {
				if p.Name == "heads.sentiment.bias" {
					moved = p.Data[1] != first[p.Name][1]
					if p.Data[0] == first[p.Name][0] {
						t.Error("the bias of a label of the source did not move")
					}
				}
				if p.Name == "heads.sentiment.weight" {
					n := p.Shape[1]
					if same := slices.Equal(p.Data[n:2*n], first[p.Name][n:2*n]); same == tt.moves {
						t.Errorf("the weights of neutral moved: %t, want %t", !same, tt.moves)
					}
				}
			}
			if moved != tt.moves {
				t.Errorf("the bias of neutral moved: %t, want %t", moved, tt.moves)
			}
			wide := m.Wide().Heads[0]
			for r := range m.Wide().Dictionary.Rows() {
				if wide.Weights[3*r+1] != 0 {
					t.Fatalf("neutral, which no text has, has a weight in the wide branch")
				}
			}
			// The rest of the work is not disturbed.
			if a := accuracy(m, keep(reviews(40, 3), "sentiment"), "sentiment"); a < 0.9 {
				t.Errorf("accuracy %v", a)
			}
		})
	}
}

// In the wide branch too, the texts of a source say nothing of a label that it
// does not know: their words have no weight for it.
func TestWideBranchMasksSources(t *testing.T) {
	d := data([]string{"sentiment"},
		[]string{"negative", "xylophone bad"}, []string{"positive", "xylophone good"},
		[]string{"negative", "bad"}, []string{"neutral", "plain"}, []string{"positive", "good"}, []string{"neutral", "usual"},
	)
	c := joint()
	c.Model.NoDeep = true
	c.Model.Ngrams.Words = 1
	c.Model.Ngrams.CharMin, c.Model.Ngrams.CharMax = 0, 0
	weights := func(d *corpora.Dataset) (of [3]bool) {
		m := fit(t, train.Trainer{Config: c}, d, nil).Model
		features := ngram.NewExtractor(m.Config().Ngrams).AppendFeatures(nil, []tokenize.Token{{Text: "xylophone"}})
		edge := ngram.NewExtractor(m.Config().Ngrams).AppendFeatures(nil, []tokenize.Token{{Text: "nowhere"}})
		for _, h := range features {
			if slices.Contains(edge, h) {
				continue
			}
			row, ok := m.Wide().Dictionary.Row(h)
			if !ok {
				t.Fatal("the word is not in the dictionary")
			}
			for k := range of {
				of[k] = m.Wide().Heads[0].Weights[3*int(row)+k] != 0
			}
		}
		return of
	}
	if got := weights(d); got != [3]bool{true, true, true} {
		t.Errorf("without sources: labels with a weight %v, want all", got)
	}
	d.Sources = []corpora.Source{
		{Name: "two.tsv", Labels: [][]string{{"negative", "positive"}}},
		{Name: "three.tsv", Labels: [][]string{{"negative", "neutral", "positive"}}},
	}
	for i := range d.Examples {
		d.Examples[i].Source = int32(min(i/2, 1))
	}
	if got := weights(d); got != [3]bool{true, false, true} {
		t.Errorf("with a source of two labels: labels with a weight %v, want all but neutral", got)
	}
}

// A file of one label is one label's file: it is told from those of the others.
func TestOneFileForEachLabel(t *testing.T) {
	d := keep(reviews(100, 1), "sentiment")
	slices.SortStableFunc(d.Examples, func(a, b corpora.Example) int { return strings.Compare(a.Labels[0], b.Labels[0]) })
	d.Sources = []corpora.Source{{Name: "neg.txt", Labels: [][]string{{"negative"}}}, {Name: "pos.txt", Labels: [][]string{{"positive"}}}}
	for i := range d.Examples {
		if d.Examples[i].Labels[0] == "positive" {
			d.Examples[i].Source = 1
		}
	}
	c := joint()
	c.Epochs = 8
	m := fit(t, train.Trainer{Config: c}, d, nil).Model
	for name, m := range map[string]*classify.Model{"deep": m.Only("deep"), "wide": m.Only("wide")} {
		if a := accuracy(m, keep(reviews(40, 3), "sentiment"), "sentiment"); a < 0.9 {
			t.Errorf("%s: accuracy %v", name, a)
		}
	}
}

func TestMultiLabel(t *testing.T) {
	d := reviews(160, 1)
	join := func(d *corpora.Dataset) *corpora.Dataset {
		out := &corpora.Dataset{Heads: []string{"tags"}, Separator: ";"}
		for _, e := range d.Examples {
			e.Labels = []string{e.Labels[0] + "; " + e.Labels[1]}
			out.Examples = append(out.Examples, e)
		}
		return out
	}
	c := joint()
	c.Epochs = 12
	c.Model.Heads = []classify.Head{{Name: "tags", Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}}
	dev := join(reviews(50, 2))
	r := fit(t, train.Trainer{Config: c}, join(d), dev)
	if diff := cmp.Diff([]string{"book", "film", "negative", "positive"}, r.Model.Heads()[0].Labels); diff != "" {
		t.Fatalf("labels (-want +got):\n%s", diff)
	}
	for _, branch := range []string{"joint", "deep", "wide"} {
		if a := r.Dev[branch].Heads["tags"].MicroF1; !(a > 0.95) {
			t.Errorf("%s: micro F1 %v", branch, a)
		}
	}
	probs := r.Model.Predict("a superb book").Scores[0].Probs
	if sum := probs[0] + probs[1] + probs[2] + probs[3]; sum < 1.2 {
		t.Errorf("probabilities %v of two labels sum to %v, want about 2", probs, sum)
	}
}

// Weight 0 is the default, 1; a weight of 2 in the wide branch is a text twice.
func TestExampleWeights(t *testing.T) {
	d := reviews(24, 1)
	weighted := func(w float32) *corpora.Dataset {
		e := *d
		e.Examples = slices.Clone(d.Examples)
		for i := range e.Examples {
			e.Examples[i].Weight = w
		}
		return &e
	}
	tr := train.Trainer{Config: joint()}
	want := modelBytes(t, fit(t, tr, d, nil).Model)
	if !bytes.Equal(want, modelBytes(t, fit(t, tr, weighted(1), nil).Model)) {
		t.Error("weights of 1 change the model")
	}

	c := joint()
	c.Model.NoDeep = true
	c.NBSVM.Passes, c.NBSVM.Tolerance = 20_000, 1e-6
	twice, heavy := *d, weighted(0)
	for i := range d.Examples {
		if i%3 == 0 {
			twice.Examples = append(twice.Examples[:len(twice.Examples):len(twice.Examples)], d.Examples[i])
			heavy.Examples[i].Weight = 2
		}
	}
	a, b := fit(t, train.Trainer{Config: c}, &twice, nil).Model, fit(t, train.Trainer{Config: c}, heavy, nil).Model
	for i := range d.Examples {
		p, q := a.Predict(d.Examples[i].Text), b.Predict(d.Examples[i].Text)
		for h := range p.Scores {
			if diff := p.Scores[h].Probs[0] - q.Scores[h].Probs[0]; diff > 1e-4 || diff < -1e-4 {
				t.Errorf("text %d, head %d: %v where texts are repeated, %v where they weigh 2", i, h, p.Scores[h].Probs, q.Scores[h].Probs)
			}
		}
	}
}

// In the deep branch a batch's loss is the weighted mean: a heavy text wins
// against light ones that contradict it.
func TestHeavyTextsWin(t *testing.T) {
	x := []string{"x"}
	d := data(x, []string{"a", "same words"}, []string{"b", "same words"}, []string{"b", "same words"})
	d.Examples[0].Weight = 20
	c := small()
	c.Epochs = 30
	m := fit(t, train.Trainer{Config: c}, d, nil).Model
	if p := m.Predict("same words").Scores[0].Probs; p[0] < 0.8 {
		t.Errorf("probabilities %v, want about 20/22 for the heavy text's label", p)
	}
}

func TestDatasetIsNotChanged(t *testing.T) {
	d, dev := reviews(20, 1), reviews(10, 2)
	if _, err := (&train.Trainer{Config: joint()}).Fit(context.Background(), d, dev); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(d, reviews(20, 1)) || !cmp.Equal(dev, reviews(10, 2)) {
		t.Error("Fit changed its data")
	}
}
