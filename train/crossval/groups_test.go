package crossval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
)

// kinds are texts of four sources: films twice, of two labels; tweets of three
// labels; goods of two; and topics, which tell another head's labels apart. Every
// source has its first text a second time, and goods has a text of the films.
func kinds() (*corpora.Dataset, []string) {
	d := &corpora.Dataset{Heads: []string{"sentiment", "topic"}}
	two := []string{"negative", "positive"}
	add := func(name string, labels [][]string, n int, row func(i int) (text string, labels []string)) {
		d.Sources = append(d.Sources, corpora.Source{Name: name, Labels: labels})
		for i := range n {
			if i == n-1 {
				i = 0
			}
			text, labels := row(i)
			d.Examples = append(d.Examples, corpora.Example{
				ID: fmt.Sprint(name, i), Text: text, Labels: labels, Source: int32(len(d.Sources) - 1),
			})
		}
	}
	polar := func(noun string) func(int) (string, []string) {
		return func(i int) (string, []string) {
			return fmt.Sprintf("%s %s number%d", []string{"awful", "great"}[i%2], noun, i), []string{two[i%2], ""}
		}
	}
	add("reviews", [][]string{two, nil}, 12, polar("film"))
	add("sentences", [][]string{two, nil}, 12, polar("movie"))
	add("tweets", [][]string{{"negative", "neutral", "positive"}, nil}, 13, func(i int) (string, []string) {
		k := i % 3
		return fmt.Sprintf("%s day number%d", []string{"awful", "usual", "great"}[k], i), []string{[]string{"negative", "neutral", "positive"}[k], ""}
	})
	add("goods", [][]string{two, nil}, 12, func(i int) (string, []string) {
		if i == 3 {
			return "Great  FILM number3", []string{"positive", ""} // a text of the reviews
		}
		return polar("phone")(i)
	})
	add("news", [][]string{nil, {"Sports", "World"}}, 8, func(i int) (string, []string) {
		return fmt.Sprintf("%s news number%d", []string{"goal", "treaty"}[i%2], i), []string{"", []string{"Sports", "World"}[i%2]}
	})
	return d, []string{"films", "films", "tweets", "goods", ""}
}

func TestNoTextOfAGroupIsLearned(t *testing.T) {
	d, groups := kinds()
	var begun []Progress
	r, err := LeaveOut(t.Context(), tiny(), d, groups, Options{Seed: 3, OnFold: func(p Progress) {
		if p.Done == nil {
			begun = append(begun, p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"films", "tweets", "goods"}, r.Names); diff != "" {
		t.Error(diff)
	}
	// 57 texts, of which 24 are of films, 13 tweets, 12 goods; 2, 1 and 1 of them
	// are there again. The text that goods and films share is learned for neither.
	for k, want := range []struct{ learned, tested int }{{57 - 24 - 1, 22}, {57 - 13, 12}, {57 - 12 - 1, 11}} {
		p := begun[k]
		if got := p.Train + p.Dev; got > want.learned || got < want.learned-4 || p.Test != want.tested {
			t.Errorf("%s: %d learned or dev, %d tested, want at most %d (dev texts once) and %d", p.Group, got, p.Test, want.learned, want.tested)
		}
	}
	cuts := new(Groups).cut(d, groups)
	for k, c := range cuts {
		inside := map[string]bool{}
		for _, i := range c.inside {
			text := strings.Join(strings.Fields(strings.ToLower(d.Examples[i].Text)), " ")
			if inside[text] {
				t.Errorf("%s: %q is tested twice", c.group, text)
			}
			inside[text] = true
		}
		for _, i := range c.outside {
			e := d.Examples[i]
			if inside[strings.Join(strings.Fields(strings.ToLower(e.Text)), " ")] || groups[e.Source] == c.group {
				t.Errorf("%s: learns %q", c.group, e.Text)
			}
		}
		for _, i := range c.inside {
			if r.GroupOf[i] != k && d.Examples[i].Text != "Great  FILM number3" {
				t.Errorf("text %d is in group %d, want %d", i, r.GroupOf[i], k)
			}
		}
	}
	for i, g := range r.GroupOf {
		if (g >= 0) != (r.Answers[i].Scores != nil) {
			t.Errorf("text %d: group %d, answer %v", i, g, r.Answers[i])
		}
	}
}

func TestGroupsAreJudgedOnTheLabelsOfTheirSources(t *testing.T) {
	d, groups := kinds()
	trainer := tiny()
	trainer.Config.Epochs = 20
	r, err := LeaveOut(t.Context(), trainer, d, groups, Options{})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		group, labels string
		n             int
	}
	rows := func(list []GroupResult) (out []row) {
		for _, l := range list {
			if l.Head != "sentiment" {
				t.Errorf("head %s is judged, of which no group has labels", l.Head)
			}
			if l.Model.N != l.VADER.N {
				t.Errorf("%s: %d texts, %d for VADER", l.Group, l.Model.N, l.VADER.N)
			}
			out = append(out, row{l.Group, strings.Join(l.Labels, " "), l.Model.N})
		}
		return out
	}
	if diff := cmp.Diff([]row{{"films", "negative positive", 22}, {"tweets", "negative neutral positive", 12}, {"goods", "negative positive", 11}}, rows(r.Own), cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]row{{"films", "negative positive", 22}, {"tweets", "negative positive", 8}, {"goods", "negative positive", 11}}, rows(r.Common), cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
	// VADER knows both words, and says so of every text.
	s, err := r.Spread("sentiment", "accuracy", true)
	if err != nil || s.N != 3 || s.Mean != 1 {
		t.Errorf("VADER %+v, %v; want 1 on three groups", s, err)
	}
	if s, err = r.Spread("sentiment", "macro_f1", false); err != nil || s.N != 3 || s.Mean < 0.8 {
		t.Errorf("the models %+v, %v; want nearly 1 on three groups", s, err)
	}
}

// A group of sources with different labels: a row's answer is one of its source's.
func TestGatherBySource(t *testing.T) {
	heads := []classify.Head{
		{Name: "sentiment", Labels: []string{"negative", "neutral", "positive"}},
		{Name: "tags", Labels: []string{"a", "b"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}},
	}
	d := &corpora.Dataset{Heads: []string{"tags", "sentiment"}, Separator: " ", Sources: []corpora.Source{
		{Name: "two", Labels: [][]string{{"a", "b"}, {"negative", "positive"}}},
		{Name: "three", Labels: [][]string{nil, {"negative", "neutral", "positive"}}},
		{Name: "one", Labels: [][]string{nil, {"positive"}}},
	}}
	for i, labels := range [][]string{{"a b", "positive"}, {"", "neutral"}, {"", "positive"}, {"b", ""}} {
		d.Examples = append(d.Examples, corpora.Example{Labels: labels, Source: int32(i % 3)})
	}
	scores := []classify.Score{{Label: 1, Probs: []float32{0.1, 0.6, 0.3}}, {Probs: []float32{0.9, 0.2}}}
	answers := []classify.Prediction{{Scores: scores}, {Scores: scores}, {Scores: scores}, {Scores: scores}}
	got, err := gatherBySource(heads, d, answers)
	if err != nil {
		t.Fatal(err)
	}
	if got[1].Multi.Len() != 2 || got[1].Head != "tags" {
		t.Errorf("%+v, want the two rows with tags", got[1].Predictions)
	}
	p := got[0].Single
	want := []float64{0.25, 0, 0.75, 0.1, 0.6, 0.3, 0.1, 0.6, 0.3}
	for i, v := range want {
		if diff := p.Probs[i] - v; diff > 1e-6 || diff < -1e-6 {
			t.Errorf("probabilities %v, want %v", p.Probs, want)
			break
		}
	}
	if diff := cmp.Diff([]int{2, 1, 2}, p.Gold); diff != "" {
		t.Error(diff)
	}
}

func TestResumeEndsAsIfNothingHadHappened(t *testing.T) {
	d, groups := kinds()
	whole, err := LeaveOut(t.Context(), tiny(), d, groups, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "state.json")
	o := Options{Seed: 5, File: file, Resume: true}
	ctx, cancel := context.WithCancel(t.Context())
	o.OnFold = func(p Progress) {
		if p.Fold == 2 {
			cancel()
		}
	}
	if _, err := LeaveOut(ctx, tiny(), d, groups, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want it canceled in fold 2", err)
	}
	var kept []bool
	o.OnFold = func(p Progress) {
		if p.Done != nil {
			kept = append(kept, p.Kept)
		}
	}
	again, err := LeaveOut(t.Context(), tiny(), d, groups, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{true, false, false}, kept); diff != "" {
		t.Error(diff)
	}
	if a, b := asJSON(t, whole.Own), asJSON(t, again.Own); a != b {
		t.Errorf("%s\nuninterrupted:\n%s", b, a)
	}
	if diff := cmp.Diff(whole.Answers, again.Answers); diff != "" {
		t.Error(diff)
	}

	if left, err := filepath.Glob(file + "*"); err != nil || len(left) != 1 {
		t.Errorf("%q is left behind, %v", left, err)
	}

	// The same holds for k folds, for no other run, and not by accident.
	if _, err := LeaveOut(t.Context(), tiny(), d, groups, Options{Seed: 5, File: file}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v, want that the file is there", err)
	}
	var mismatch *MismatchError
	if _, err := Run(t.Context(), tiny(), d, o); !errors.As(err, &mismatch) {
		t.Errorf("%v, want a MismatchError", err)
	}
	other := o
	other.Seed++
	if _, err := LeaveOut(t.Context(), tiny(), d, groups, other); !errors.As(err, &mismatch) {
		t.Errorf("%v, want a MismatchError", err)
	}
	also, unlabelled := tiny(), tiny()
	also.Fingerprint, unlabelled.Unlabelled = "other vectors", d
	for _, other := range []train.Trainer{also, unlabelled} {
		if _, err := LeaveOut(t.Context(), other, d, groups, o); !errors.As(err, &mismatch) {
			t.Errorf("%v, want a MismatchError", err)
		}
	}
	saved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"unexpected end":   string(saved[:bytes.LastIndexByte(saved[:len(saved)/2], ',')+1]), // not in a number, which has errors of its own
		"is 3 there":       strings.Replace(string(saved), `"version":2`, `"version":3`, 1),
		"answers to 22":    strings.Replace(string(saved), `"answers":[{`, `"answers":[{},{`, 1),
		"answer 0 is of 0": strings.Replace(string(saved), `"Scores"`, `"scores_"`, 1),
		"label 3 and 3":    strings.Replace(string(saved), `"Label":0`, `"Label":3`, 1),
		"probability -":    strings.Replace(string(saved), `"Probs":[`, `"Probs":[-`, 1),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LeaveOut(t.Context(), tiny(), d, groups, o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

func TestErrorsOfGroups(t *testing.T) {
	d, groups := kinds()
	for name, g := range map[string][]string{
		"groups of 1 sources, want 5": {"a"},
		"1 groups with texts":         {"a", "a", "a", "", ""},
	} {
		if _, err := LeaveOut(t.Context(), tiny(), d, g, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
	if _, err := LeaveOut(t.Context(), tiny(), d, slices.Clone(groups), Options{DevShare: 1}); err == nil {
		t.Error("all texts may be dev texts")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Sources that say nothing of their labels have those of the head.
func TestSourcesWithoutLabels(t *testing.T) {
	d, groups := kinds()
	for i := range d.Sources {
		d.Sources[i].Labels = nil
	}
	r, err := LeaveOut(t.Context(), tiny(), d, groups, Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Folds) != 3 {
		t.Errorf("%d folds, want 3", len(r.Folds))
	}
}
