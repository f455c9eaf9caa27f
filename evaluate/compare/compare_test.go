package compare_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/compare"
	"github.com/textlstm/textlstm/pretrained"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]compare.System{
		"vader": {Name: "vader", Baseline: compare.VADER}, "nbsvm": {Name: "nbsvm", Baseline: compare.NBSVM},
		"a/b.CSV": {Name: "a/b.CSV", Answers: "a/b.CSV"}, "x.ndjson": {Name: "x.ndjson", Answers: "x.ndjson"},
	} {
		got, ok := compare.Parse(name)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", name, ok, diff)
		}
		if learns := got.Learns(); learns != (name == "nbsvm") {
			t.Errorf("%s learns: %v", name, learns)
		}
	}
	if _, ok := compare.Parse("my.model"); ok {
		t.Error("a model is a baseline or a file of answers")
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct{ names, want string }{
		{"a/one.model b/two.model", "one.model two.model"},
		{"a/one.model b/one.model", "a/one.model b/one.model"},
	} {
		var systems []compare.System
		for name := range strings.FieldsSeq(tt.names) {
			systems = append(systems, compare.System{Name: filepath.FromSlash(name)})
		}
		compare.Shorten(systems)
		var got []string
		for _, s := range systems {
			got = append(got, filepath.ToSlash(s.Name))
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

const rows = "pos\tA superb film.\nneg\tAn awful bore.\n\tno label\npos\tI love it!\nneg\tI hate it.\n"

// accuracy compares a file of answers with VADER on rows and returns its accuracy.
func accuracy(t *testing.T, name, content string) (float64, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	answers, ok := compare.Parse(file)
	vader, _ := compare.Parse(compare.VADER)
	if !ok {
		t.Fatalf("%s is no file of answers", name)
	}
	o := compare.Options{CompareOptions: evaluate.CompareOptions{Resamples: 10}, LabelMap: map[string]string{"good": "pos"}}
	done, err := compare.Run(t.Context(), []compare.System{vader, answers}, read(rows), nil, o)
	if err != nil {
		return 0, err
	}
	if len(done) != 1 || done[0].N != 4 {
		t.Fatalf("%d comparisons of %d texts, want one of 4", len(done), done[0].N)
	}
	f, err := done[0].Metric("accuracy")
	return float64(f.B), err
}

// Answers may be for all rows or for the labelled ones, in their order or with their
// IDs, with other spellings of the labels and with probabilities of more.
func TestAnswersOfATool(t *testing.T) {
	for _, tt := range []struct {
		name, file, content string
		want                float64
	}{
		{"labelled rows", "a.csv", "label\npos\nneg\npositive\nneg\n", 1},
		{"all rows", "a.tsv", "predicted\ngood\nneg\nneg\nneg\npos\n", 0.5},
		{"IDs in another order", "a.jsonl", `{"id":"rows.tsv:2","label":"neg"}
{"id":"rows.tsv:1","label":"pos"}
{"id":"rows.tsv:5","label":"pos"}
{"id":"rows.tsv:4","label":"pos"}
`, 0.75},
		{"probabilities of a third label", "a.jsonl", strings.Repeat(`{"label":"other","probs":{"other":0.6,"good":0.3,"neg":0.1}}`+"\n", 4), 0.5},
		{"as classify writes it, the head about these labels", "a.csv", "id,topic,topic_prob,sentiment,sentiment_prob,tokens,unknown\nx,Sports,0.9,positive,0.9,1,0\nx,World,0.9,negative,0.9,1,0\nx,World,0.9,,,0,0\nx,World,0.9,pos,0.9,1,0\nx,World,0.9,,,0,0\n", 0.75},
		{"with the columns of the input", "a.tsv", "label\ttext\tpredicted_label\tpredicted_label_prob\npos\ta\tneg\t0.9\nneg\tb\tneg\t0.9\n\tc\tneg\t0.9\npos\td\tneg\t0.9\nneg\te\tneg\t0.9\n", 0.5},
		{"with all probabilities", "a.csv", "s,s_prob,s_prob_neg,s_prob_pos\npos,0.9,0.1,0.9\nneg,0.9,0.9,0.1\n,,0.2,0.8\nneg,0.6,0.6,0.4\n,,0.9,0.1\n", 0.75},
		{"JSON with the fields of the input", "a.jsonl", strings.Repeat(`{"label":"pos","text":"x","predicted_label":{"label":"neg","prob":0.9,"probs":{"neg":0.9,"pos":0.1}},"topic":{"label":"World","prob":1,"probs":{"World":1}}}`+"\n", 4), 0.5},
		{"JSON of a text that could not be read", "a.jsonl", `{"id":"1","s":{"label":"pos","probs":{"neg":0.1,"pos":0.9}}}
{"id":"2","error":"bad","s":null}
{"id":"3","s":{"label":null,"prob":null,"probs":{"neg":0.1,"pos":0.9}}}
{"id":"4","s":{"label":"neg","probs":{"neg":0.9,"pos":0.1}}}
`, 0.75},
	} {
		if got, err := accuracy(t, tt.file, tt.content); err != nil || got != tt.want {
			t.Errorf("%s: accuracy %v (%v), want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          error
		words         string
	}{
		{"too few", "label\npos\n", corpora.ErrData, "1 answers, want one for each of the 5 rows"},
		{"strange probabilities", "label,prob_yes,prob_no\n" + strings.Repeat("yes,0.9,0.1\n", 4), score.ErrLabels, "rename labels with a label map"},
	} {
		_, err := accuracy(t, "a.csv", tt.content)
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s: error %v, want %v: %s", tt.name, err, tt.want, tt.words)
		}
	}
	majority, _ := compare.Parse(compare.Majority)
	vader, _ := compare.Parse(compare.VADER)
	both := []compare.System{vader, majority}
	o := compare.Options{CompareOptions: evaluate.CompareOptions{Resamples: 10}}
	if _, err := compare.Run(t.Context(), both, read(rows), nil, o); err == nil || !strings.Contains(err.Error(), "majority: it learns from texts") {
		t.Errorf("nothing to learn from: error %v", err)
	}
	if _, err := compare.Run(t.Context(), both, read("pos\tone\npos\ttwo\n"), nil, o); !errors.Is(err, score.ErrLabels) {
		t.Errorf("one label: error %v", err)
	}
	if _, err := compare.Run(t.Context(), both, read(rows), &corpora.Dataset{Heads: []string{"a", "b"}}, o); !errors.Is(err, score.ErrLabels) {
		t.Errorf("other heads to learn from: error %v", err)
	}
}

// A model that knows more labels than the data is judged on those of the data.
func TestModelOfMoreLabels(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	vader, _ := compare.Parse(compare.VADER)
	done, err := compare.Run(t.Context(), []compare.System{vader, {Name: "default", Model: m}}, read(rows), nil,
		compare.Options{CompareOptions: evaluate.CompareOptions{Resamples: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 1 || done[0].Head != "sentiment" || done[0].N != 4 {
		t.Errorf("got %d comparisons, the first of head %s on %d texts", len(done), done[0].Head, done[0].N)
	}
	f, err := done[0].Metric("accuracy")
	if err != nil || f.A != 1 || f.B != 1 {
		t.Errorf("accuracy %v and %v (%v), want 1", f.A, f.B, err)
	}
}
