package score_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/vocab"
)

var (
	three = classify.Head{Name: "sentiment", Labels: []string{"negative", "neutral", "positive"}}
	topic = classify.Head{Name: "topic", Labels: []string{"film", "book"}}
	tags  = classify.Head{Name: "tags", Labels: []string{"a", "b", "c"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}
)

// model has random weights: what is scored is not how good it is.
func model(t *testing.T, heads ...classify.Head) *classify.Model {
	t.Helper()
	c := classify.Config{Embed: 4, LSTM: lstm.Config{HiddenSize: 4}, Heads: heads}.Resolve()
	v, err := vocab.New([]string{"good", "bad", "film"}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := classify.NewDeep(c, v.Len())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range n.Params() {
		nn.Uniform(p, 1, r)
	}
	m, err := classify.New(c, v, classify.Card{}, n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var words = strings.Fields("good bad film what else good_film bad!")

// table has one row of labels for each of rows; texts are made up.
func table(heads string, rows ...string) *corpora.Dataset {
	d := &corpora.Dataset{Heads: strings.Fields(heads), Separator: ";", Sources: []corpora.Source{{Name: "first"}, {Name: "second"}}}
	for i, r := range rows {
		labels := strings.Split(r, ",")
		d.Examples = append(d.Examples, corpora.Example{
			ID: r, Text: strings.Join(words[:i%len(words)], " "), Labels: labels, Source: int32(i % 3), // the third is no source
		})
	}
	return d
}

func TestPair(t *testing.T) {
	two := classify.Head{Name: "polarity", Labels: []string{"negative", "positive"}}
	for _, tt := range []struct {
		name  string
		heads []classify.Head
		data  *corpora.Dataset
		head  string
		want  []score.Pairing
		err   []string // in the error
	}{
		{"by name", []classify.Head{three, topic}, table("topic sentiment", "film,positive"), "", []score.Pairing{{Head: 1, Column: 0}, {Head: 0, Column: 1}}, nil},
		{"one of them is wanted", []classify.Head{three, topic}, table("topic sentiment", "film,positive"), "sentiment", []score.Pairing{{Head: 0, Column: 1}}, nil},
		{"columns that the model lacks are left out", []classify.Head{topic}, table("year topic", "1999,film"), "", []score.Pairing{{Head: 0, Column: 1}}, nil},
		{"columns without labels are left out", []classify.Head{three, topic}, table("topic sentiment", ",positive", ",negative"), "", []score.Pairing{{Head: 0, Column: 1}}, nil},
		{"one column by its labels", []classify.Head{three, topic}, table("label", "book", "film"), "", []score.Pairing{{Head: 1, Column: 0}}, nil},
		{"one column with some of a head's labels", []classify.Head{topic, three}, table("label", "positive"), "", []score.Pairing{{Head: 1, Column: 0}}, nil},
		{"one column for the head that is named", []classify.Head{three, two}, table("label", "positive"), "polarity", []score.Pairing{{Head: 1, Column: 0}}, nil},
		{"a name wins over labels", []classify.Head{three, two}, table("polarity", "positive"), "", []score.Pairing{{Head: 1, Column: 0}}, nil},
		{"several labels a row", []classify.Head{three, tags}, table("label", "a;c", "b"), "", []score.Pairing{{Head: 1, Column: 0}}, nil},

		{"two heads know the labels", []classify.Head{three, two}, table("label", "positive"), "", nil, []string{"several heads", "sentiment, polarity"}},
		{"no head knows a label", []classify.Head{three, topic}, table("label", "positive", "mixed"), "", nil, []string{`"positive"`, `"mixed"`, "head sentiment", "head topic"}},
		{"the named head lacks a label", []classify.Head{three, topic}, table("label", "positive", "mixed"), "sentiment", []score.Pairing{{Head: 0, Column: 0}}, nil},
		{"the head that knows most rows", []classify.Head{three, topic}, table("label", "positive", "mixed", "negative"), "", []score.Pairing{{Head: 0, Column: 0}}, nil},
		{"the one head there is", []classify.Head{three}, table("label", "positive", "mixed", "odd"), "", []score.Pairing{{Head: 0, Column: 0}}, nil},
		{"the named head knows no label", []classify.Head{three, topic}, table("label", "mixed"), "sentiment", nil, []string{`"mixed"`, "head sentiment", `"neutral"`, "label map"}},
		{"the head of that name lacks a label", []classify.Head{three}, table("sentiment", "good"), "", nil, []string{`"good"`, "head sentiment"}},
		{"another spelling is another label", []classify.Head{three}, table("sentiment", "Positive"), "", nil, []string{`"Positive"`}},
		{"several labels where there is one", []classify.Head{three}, table("sentiment", "positive;negative"), "", nil, []string{`"positive;negative"`}},
		{"no such head", []classify.Head{three, topic}, table("sentiment", "positive"), "language", nil, []string{`"language"`, "sentiment, topic"}},
		{"several columns of other names", []classify.Head{three}, table("a b", "positive,x"), "", nil, []string{`["a" "b"]`, "sentiment"}},
		{"several columns, none of the head that is named", []classify.Head{three, topic}, table("topic b", "film,x"), "sentiment", nil, []string{`["topic" "b"]`}},
		{"no columns", []classify.Head{three}, table(""), "", nil, []string{"[]"}},
		{"no labels", []classify.Head{three}, table("sentiment", "", ""), "", nil, []string{"none of the 2 texts", "sentiment"}},
		{"no texts", []classify.Head{three}, table("label"), "sentiment", nil, []string{"none of the 0 texts"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, tt.heads...)
			got, err := score.Pair(m, tt.data, tt.head)
			if tt.err == nil {
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("err = %v, pairs (-want +got):\n%s", err, diff)
				}
				return
			}
			if !errors.Is(err, score.ErrLabels) || got != nil {
				t.Fatalf("pairs %v, err = %v, want it to wrap ErrLabels", got, err)
			}
			for _, want := range tt.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("err = %q, want it to say %s", err, want)
				}
			}
			if _, err := score.Dataset(t.Context(), m, tt.data, tt.head); !errors.Is(err, score.ErrLabels) {
				t.Errorf("Dataset: err = %v, want it to wrap ErrLabels", err)
			}
		})
	}
}

func scoreOf(t *testing.T, m *classify.Model, d *corpora.Dataset, head string) []score.Predictions {
	t.Helper()
	p, err := score.Dataset(t.Context(), m, d, head)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wide(p []float32) []float64 {
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = float64(v)
	}
	return out
}

// Labels that the head does not know are labels of the predictions, of probability 0:
// their texts are errors of recall 0, as scikit-learn has it.
func TestForeignLabels(t *testing.T) {
	m := model(t, topic, tags)
	d := table("topic tags", "film,a", "book,zz;b", "play,a;zz", "film,c", "play,b", "comic,a")
	got := scoreOf(t, m, d, "")
	one, several := got[0], got[1]
	if diff := cmp.Diff([]string{"film", "book", "comic", "play"}, one.Single.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1, 3, 0, 3, 2}, one.Single.Gold); diff != "" {
		t.Errorf("gold labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"play": 2, "comic": 1}, one.Foreign); diff != "" {
		t.Errorf("foreign labels (-want +got):\n%s", diff)
	}
	e, err := one.Evaluate(evaluate.Options{})
	if err != nil || e.N != 6 {
		t.Fatalf("%d rows, error %v", e.N, err)
	}
	right := 0
	for i, x := range d.Examples {
		if m.Predict(x.Text).Label("topic") == x.Labels[0] {
			right++
		}
		if one.Single.Probs[4*i+2] != 0 || one.Single.Probs[4*i+3] != 0 {
			t.Errorf("row %d: probabilities %v", i, one.Single.Probs[4*i:4*i+4])
		}
	}
	if got := float64(e.Accuracy); got != float64(right)/6 {
		t.Errorf("accuracy %v, want %d of 6", got, right)
	}
	if e.PerLabel[3].Support != 2 || e.PerLabel[3].Recall != 0 {
		t.Errorf("a foreign label: %+v, want 2 rows and recall 0", e.PerLabel[3])
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "zz"}, several.Multi.Labels); diff != "" || several.Foreign["zz"] != 2 {
		t.Errorf("several labels: %v, (-want +got):\n%s", several.Foreign, diff)
	}
	other := scoreOf(t, m, table("topic tags", "film,a;yy"), "tags")[0]
	if _, _, err := several.Choose(other, 0, evaluate.Options{}); err != nil || len(several.Multi.Thresholds) != 4 {
		t.Errorf("thresholds %v, error %v", several.Multi.Thresholds, err)
	}
	if _, err := several.Evaluate(evaluate.Options{}); err != nil {
		t.Error(err)
	}
}

// Every labelled row is there, in order, with what the model says of it.
func TestDataset(t *testing.T) {
	m := model(t, three, topic)
	d := table("topic sentiment", "film,positive", "book,", ",negative", "film,neutral", ",", "book,positive")
	got := scoreOf(t, m, d, "")
	if len(got) != 2 || got[0].Head != "topic" || got[1].Head != "sentiment" {
		t.Fatalf("heads of the predictions: %v", got)
	}
	for k, column := range [][]int{{0, 1, -1, 0, -1, 1}, {2, -1, 0, 1, -1, 2}} {
		p := got[k].Single
		head := m.Heads()[m.Head(got[k].Head)]
		if diff := cmp.Diff(head.Labels, p.Labels); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		n := 0
		for i, gold := range column {
			if gold < 0 {
				continue
			}
			e := d.Examples[i]
			answer := m.Predict(e.Text)
			if p.Gold[n] != gold {
				t.Errorf("%s, row %d: gold label %d, want %d", got[k].Head, n, p.Gold[n], gold)
			}
			C := len(head.Labels)
			if want := wide(answer.Scores[m.Head(got[k].Head)].Probs); !cmp.Equal(want, p.Probs[n*C:(n+1)*C]) {
				t.Errorf("%s, row %d: %v, want %v", got[k].Head, n, p.Probs[n*C:(n+1)*C], want)
			}
			row := evaluate.Row{ID: e.ID, Text: e.Text, Tokens: answer.Tokens, Source: []string{"first", "second", ""}[i%3]}
			if answer.Tokens > 0 {
				row.Unknown = float64(answer.Unknown) / float64(answer.Tokens)
			}
			if diff := cmp.Diff(row, p.Rows[n]); diff != "" {
				t.Errorf("%s, row %d (-want +got):\n%s", got[k].Head, n, diff)
			}
			n++
		}
		if p.Len() != n {
			t.Errorf("%s: %d rows, want %d", got[k].Head, p.Len(), n)
		}
		e, err := got[k].Evaluate(evaluate.Options{})
		if err != nil || e.N != n || e.Head != got[k].Head {
			t.Errorf("%s: evaluation of %+v, err = %v", got[k].Head, e, err)
		}
	}
	if one := scoreOf(t, m, d, "sentiment"); len(one) != 1 || !cmp.Equal(one[0], got[1]) {
		t.Error("one head alone is scored otherwise")
	}
}

// A file of two labels for a head of three compares these two: the third's
// probability is shared out in proportion.
func TestTwoLabelsOfThree(t *testing.T) {
	m := model(t, three)
	d := table("polarity", "positive", "negative", "positive", "negative")
	p := scoreOf(t, m, d, "")[0].Single
	if diff := cmp.Diff([]string{"negative", "positive"}, p.Labels); diff != "" {
		t.Fatalf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 0, 1, 0}, p.Gold); diff != "" {
		t.Errorf("gold labels (-want +got):\n%s", diff)
	}
	for i, e := range d.Examples {
		probs := wide(m.Predict(e.Text).Scores[0].Probs)
		want := probs[0] / (probs[0] + probs[2])
		if got := p.Probs[2*i]; math.Abs(got-want) > 1e-9 || math.Abs(got+p.Probs[2*i+1]-1) > 1e-9 {
			t.Errorf("text %d: %v, want %v, %v", i, p.Probs[2*i:2*i+2], want, 1-want)
		}
	}
	// One label says nothing about the others: all stay.
	p = scoreOf(t, m, table("polarity", "positive", "positive"), "")[0].Single
	if diff := cmp.Diff(three.Labels, p.Labels); diff != "" {
		t.Errorf("labels of a file of one (-want +got):\n%s", diff)
	}
	// Labels of the file in the order of the head.
	p = scoreOf(t, m, table("polarity", "positive", "neutral", "negative"), "")[0].Single
	if diff := cmp.Diff(three.Labels, p.Labels); diff != "" {
		t.Errorf("labels of a file of three (-want +got):\n%s", diff)
	}
}

func TestMultiLabel(t *testing.T) {
	m := model(t, tags)
	d := table("tags", "a;c", "", "b", " c ; b;a", ";")
	p := scoreOf(t, m, d, "")[0]
	if p.Single != nil || p.Multi == nil {
		t.Fatal("a multi-label head has single labels")
	}
	want := []bool{true, false, true, false, true, false, true, true, true, false, false, false}
	if diff := cmp.Diff(want, p.Multi.Gold); diff != "" {
		t.Errorf("gold labels (-want +got):\n%s", diff)
	}
	if got := m.Predict(d.Examples[2].Text).Scores[0].Probs; !cmp.Equal(wide(got), p.Multi.Probs[3:6]) {
		t.Errorf("probabilities of the third text %v, want %v", p.Multi.Probs[3:6], got)
	}
	e, err := p.Evaluate(evaluate.Options{})
	if err != nil || !e.MultiLabel || e.N != 4 {
		t.Errorf("evaluation %+v, err = %v", e, err)
	}
}

// What is no label is none of a head with one label, whatever its class 0 is.
func TestEmptySetOfSingleLabelHead(t *testing.T) {
	m := model(t, three)
	d := table(three.Name, three.Labels[0], ";", three.Labels[1], ";"+three.Labels[2])
	p := scoreOf(t, m, d, "")[0]
	if diff := cmp.Diff([]int{0, 1, 2}, p.Single.Gold); diff != "" {
		t.Errorf("gold labels (-want +got):\n%s", diff)
	}
}

// Nor is it a number.
func TestEmptySetOfNumbers(t *testing.T) {
	m := model(t, classify.Head{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}})
	p := scoreOf(t, m, table("stars", "1", ";", "3"), "")[0]
	if diff := cmp.Diff([]float64{1, 3}, p.Values.Gold); diff != "" {
		t.Errorf("gold numbers (-want +got):\n%s", diff)
	}
}

func TestEncoded(t *testing.T) {
	m := model(t, three)
	d := table("sentiment", "positive", "negative", "neutral")
	var texts []string
	for _, e := range d.Examples {
		texts = append(texts, e.Text)
	}
	encoded, err := m.Encode(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	got, err := score.Encoded(t.Context(), m, d, encoded, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scoreOf(t, m, d, ""), got); diff != "" {
		t.Errorf("encoded texts are scored otherwise (-texts +encoded):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := score.Dataset(ctx, m, d, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Dataset: err = %v, want context.Canceled", err)
	}
	if _, err := score.Encoded(ctx, m, d, encoded, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Encoded: err = %v, want context.Canceled", err)
	}
}

// The threshold is found on other texts; a metric that cannot be reached says so.
func TestChoose(t *testing.T) {
	of := func(probs ...float32) score.Predictions {
		p := score.Predictions{Head: "mood", Single: &evaluate.Predictions{Head: "mood", Labels: []string{"bad", "good"}}}
		for i, v := range probs {
			p.Single.Add(1, []float32{1 - v, v}, evaluate.Row{Text: fmt.Sprint("the text number ", i)})
		}
		return p
	}
	p, dev := of(0.9, 0.8, 0.4), of(0.95, 0.1)
	o, found, err := p.Choose(dev, 0, evaluate.Options{Level: 0.5})
	if err != nil || !found || o.Abstain != 0 || o.Level != 0.5 {
		t.Errorf("no precision: %+v, %v, %v", o, found, err)
	}
	if o, found, err = p.Choose(dev, 0.9, o); err != nil || !found || !(o.Abstain > 0.9 && o.Abstain <= 0.95) {
		t.Errorf("precision 0.9: abstain %v, %v, %v", o.Abstain, found, err)
	}
	if _, found, err := p.Choose(of(0.1, 0.2), 0.9, o); err != nil || found {
		t.Errorf("never right: %v, %v", found, err)
	}
	if err := p.SetLanguages(t.Context()); err != nil || p.Rows()[0].Language != "en" {
		t.Errorf("language %q, %v", p.Rows()[0].Language, err)
	}
}

// The columns that are named after heads and have labels, if there are several.
func TestColumns(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	for rows, want := range map[string]int{
		"sentiment\ttopic\ttext\npositive\tSports\ta\n": 2, "sentiment\ttopic\ttext\npositive\t\ta\n": 0, "label\ttext\npositive\ta\n": 0,
	} {
		file := filepath.Join(t.TempDir(), "a.tsv")
		if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := score.Columns(corpora.Options{}, file, m); len(got) != want {
			t.Errorf("%q: %v, want %d columns", rows, got, want)
		}
	}
	if got := score.Columns(corpora.Options{}, corpora.Stdin, m); got != nil {
		t.Errorf("standard input: %v", got)
	}
}

// Numbers are scored as numbers, and a head of numbers takes the column that is all
// numbers.
func TestNumbers(t *testing.T) {
	stars := classify.Head{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}, Mean: 3, Scale: 2}
	m := model(t, topic, stars)
	d := table("rating", "1", "", " 2.5", "4e0")
	all, err := score.Dataset(t.Context(), m, d, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Head != "stars" || all[0].Single != nil || all[0].Multi != nil {
		t.Fatalf("%+v, want the numbers of stars", all)
	}
	p := all[0].Values
	if diff := cmp.Diff([]float64{1, 2.5, 4}, p.Gold); diff != "" {
		t.Error(diff)
	}
	for k, i := range []int{0, 2, 3} {
		if want := m.Predict(d.Examples[i].Text).Value("stars"); p.Predicted[k] != float64(want) || all[0].Rows()[k].ID != d.Examples[i].ID {
			t.Errorf("row %d: %v, want %v", k, p.Predicted[k], want)
		}
	}
	if e, err := all[0].Evaluate(evaluate.Options{}); err != nil || !e.RMSE.Defined() {
		t.Errorf("%v, error %v", e, err)
	}
	if _, err := score.Dataset(t.Context(), m, table("stars", "1", "many"), ""); !errors.Is(err, score.ErrLabels) || !strings.Contains(err.Error(), `"many" is not a number`) {
		t.Errorf("error %v", err)
	}
}
