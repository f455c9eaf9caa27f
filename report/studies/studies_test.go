package studies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/checklist"
	"github.com/textlstm/textlstm/evaluate/compare"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/report/studies"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
	"github.com/textlstm/textlstm/train/tune"
)

// The embedded suite, asked of VADER: its lexicon knows emphasis.
func ExampleWriteChecklist() {
	vader, _ := compare.Parse(compare.VADER)
	suite := checklist.Suite{{
		Capability: "words", Type: checklist.MFT, Name: "plain", Want: []string{"positive"},
		Cases: [][]string{{"A superb film."}, {"Not what I hoped for."}},
	}}
	labels, ask, err := vader.Asked("", suite)
	if err != nil {
		log.Fatal(err)
	}
	r, err := suite.Run(context.Background(), labels, ask)
	if err != nil {
		log.Fatal(err)
	}
	if err := studies.WriteChecklist(os.Stdout, report.CSV, r, studies.ChecklistOptions{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// capability,type,cases,passed,rate
	// words,MFT,2,1,0.5
	// all,MFT,2,1,0.5
	// all,,2,1,0.5
}

// evaluation is of n texts of two labels, of which so many are answered rightly.
func evaluation(t *testing.T, n, right int) *evaluate.Evaluation {
	t.Helper()
	p := &evaluate.Predictions{Head: "mood", Labels: []string{"bad", "good"}}
	for i := range n {
		probs := []float32{0.75, 0.25}
		if (i%2 == 1) == (i < right) {
			probs = []float32{0.25, 0.75}
		}
		p.Add(i%2, probs, evaluate.Row{ID: fmt.Sprint(i)})
	}
	e, err := evaluate.New(p, evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// lines are the lines that write prints, without the spaces that align them.
func lines(t *testing.T, write func(*strings.Builder) error) []string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(b.String()) {
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return out
}

// contains checks that each of the lines is there.
func contains(t *testing.T, got []string, want ...string) {
	t.Helper()
	in := map[string]bool{}
	for _, line := range got {
		in[line] = true
	}
	for _, line := range want {
		if !in[line] {
			t.Errorf("no line %q in\n%s", line, strings.Join(got, "\n"))
		}
	}
}

// holds looks for parts of a page.
func holds(t *testing.T, write func(*strings.Builder) error, want ...string) {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	for _, part := range append(want, "<!DOCTYPE html>", "</html>", "prefers-color-scheme") {
		if !strings.Contains(b.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func TestWriteFolds(t *testing.T) {
	heads := []classify.Head{{Name: "mood", Labels: []string{"bad", "good"}}}
	r := &crossval.Result{Heads: heads}
	for _, right := range []int{8, 6} {
		r.Folds = append(r.Folds, crossval.Fold{Texts: 8, Epoch: 1, Heads: map[string]*evaluate.Evaluation{"mood": evaluation(t, 8, right)}})
	}
	pooled := []*evaluate.Evaluation{evaluation(t, 16, 14)}
	got := lines(t, func(b *strings.Builder) error { return studies.WriteFolds(b, report.CSV, r, pooled, false) })
	contains(t, got, "head,figure,mean,sd,low,high,folds", "mood,accuracy,0.875,0.1767766952966369,0.75,1,2")
	if len(got) != 5 {
		t.Errorf("%d lines of CSV, want one for each figure and the header", len(got))
	}
	got = lines(t, func(b *strings.Builder) error { return studies.WriteFolds(b, report.Text, r, pooled, false) })
	contains(t, got, "mood accuracy 0.8750 0.1768 0.7500 1.0000 2")
	if !strings.Contains(strings.Join(got, "\n"), "macro avg") {
		t.Error("no report of all answers together")
	}
	var doc struct {
		Folds []struct{ Texts int }
		Heads map[string]struct {
			Spread map[string]struct{ Mean float64 }
			Pooled struct{ Accuracy float64 }
		}
	}
	for _, style := range []report.Style{report.JSON, report.JSONL} {
		got = lines(t, func(b *strings.Builder) error { return studies.WriteFolds(b, style, r, pooled, false) })
		if err := json.Unmarshal([]byte(strings.Join(got, "\n")), &doc); err != nil {
			t.Fatal(err)
		}
		if h := doc.Heads["mood"]; len(doc.Folds) != 2 || h.Spread["accuracy"].Mean != 0.875 || h.Pooled.Accuracy != 0.875 {
			t.Errorf("%s: %+v", style, doc)
		}
		if (style == report.JSONL) != (len(got) == 1) {
			t.Errorf("%s has %d lines", style, len(got))
		}
	}
	holds(t, func(b *strings.Builder) error { return studies.WriteFolds(b, report.HTML, r, pooled, false) }, "<title>Cross-validation</title>", "<figcaption>mood: accuracy by fold</figcaption>", "Confusion matrix", `<td class="number">0.1768</td>`)
}

func TestWriteGroups(t *testing.T) {
	labels := []string{"bad", "good"}
	left := func(group string, n, right int) crossval.GroupResult {
		return crossval.GroupResult{Head: "mood", Group: group, Labels: labels, Model: evaluation(t, n, right)}
	}
	r := &crossval.Groups{Heads: []classify.Head{{Name: "mood", Labels: labels}, {Name: "none"}}, Names: []string{"a", "b"}}
	r.Own = []crossval.GroupResult{left("a", 8, 8), left("b", 4, 2)}
	r.Own[0].VADER = evaluation(t, 8, 4)
	r.Common = r.Own
	got := lines(t, func(b *strings.Builder) error { return studies.WriteGroups(b, report.TSV, r) })
	want := []string{
		"head group labels n accuracy macro_f1 vader_accuracy vader_macro_f1",
		"mood a bad,good 8 1 1 0.5 0.5", "mood b bad,good 4 0.5 0.5", "mood (mean) bad,good 12 0.75 0.75 0.5 0.5",
	}
	contains(t, got, want...)
	holds(t, func(b *strings.Builder) error { return studies.WriteGroups(b, report.HTML, r) }, "<title>Left-out groups</title>", "<figcaption>mood</figcaption>", "<td>bad,good</td>")
	got = lines(t, func(b *strings.Builder) error { return studies.WriteGroups(b, report.JSON, r) })
	var doc struct {
		Groups, Means []struct {
			Group    string
			N        int
			Accuracy float64
			VADER    *float64 `json:"vader_accuracy"`
		}
	}
	if err := json.Unmarshal([]byte(strings.Join(got, "\n")), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Groups) != 2 || doc.Groups[1].VADER != nil || len(doc.Means) != 1 || doc.Means[0].Accuracy != 0.75 || doc.Means[0].N != 12 {
		t.Errorf("got %+v", doc)
	}
}

func TestWriteStudy(t *testing.T) {
	s, err := tune.New(tune.Options{
		Space: tune.Space{{Path: "x", Kind: tune.Float, Low: 0, High: 10}}, Default: tune.Values{"x": 1.0}, Trials: 3, Metric: "height",
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, score := range []evaluate.Score{0.5, 0.25, 0.75} {
		s.Runs = append(s.Runs, tune.Run{Task: tune.Task{Run: i, Trial: i, Values: tune.Values{"x": float64(i)}}, Score: score, LogLoss: 1})
	}
	write := func(style report.Style) []string {
		return lines(t, func(b *strings.Builder) error { return studies.WriteStudy(b, style, s) })
	}
	if diff := cmp.Diff([]string{"trial,height,log_loss,x", "1,0.5,1,0", "2,0.25,1,1", "3,0.75,1,2"}, write(report.CSV)); diff != "" {
		t.Errorf("csv (-want +got):\n%s", diff)
	}
	text := write(report.Text)
	contains(t, text, "3 0.7500 1.0000 2", "Trial 3 is better than the settings that the study began with: height 0.7500 against 0.5000.")
	if i := strings.Index(strings.Join(text, "\n"), "3 0.7500"); i > strings.Index(strings.Join(text, "\n"), "1 0.5000") {
		t.Error("the best trial is not the first")
	}
	holds(t, func(b *strings.Builder) error { return studies.WriteStudy(b, report.HTML, s) }, "<title>Search for settings</title>", "<p>Trial 3 is better than the settings that the study began with: height 0.7500 against 0.5000.</p>",
		`<td class="number">3</td><td class="number">0.7500</td>`, "<figcaption>height</figcaption>", "How much of the differences")
	s.Runs = s.Runs[:2]
	contains(t, write(report.Markdown), "No trial is better than the settings that the study began with: height 0.5000.")
	s.Runs[0].Error, s.Runs[0].Score = "no good", evaluate.Score(math.NaN())
	var doc struct {
		Improved bool
		Best     struct{ Trial int }
		Default  *struct{ Run int }
		Runs     []struct{}
	}
	if err := json.Unmarshal([]byte(strings.Join(write(report.JSON), "\n")), &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.Improved || doc.Best.Trial != 1 || doc.Default != nil || len(doc.Runs) != 2 {
		t.Errorf("got %+v", doc)
	}
}

func TestWriteSuiteAndFailures(t *testing.T) {
	suite := checklist.Suite{
		{Capability: "words", Type: checklist.MFT, Name: "plain", Want: []string{"good", "fine"}, Cases: [][]string{{"yes"}}},
		{Capability: "names", Type: checklist.INV, Name: "people", Cases: [][]string{{"Ann", "Bob"}}},
		{Capability: "more", Type: checklist.DIR, Name: "very", Up: "good", Cases: [][]string{{"so", "very so"}}},
	}
	contains(t, lines(t, func(b *strings.Builder) error { return studies.WriteSuite(b, report.CSV, suite) }),
		"words,MFT,plain,good or fine,yes,", "names,INV,people,the same,Ann,Bob", "more,DIR,very,no less good,so,very so")

	// Answers that fail each: bad, another label, less.
	r, err := suite.Run(t.Context(), []string{"bad", "good", "fine"}, func(_ context.Context, texts []string) ([][]float32, error) {
		var out [][]float32
		for _, text := range texts {
			p := []float32{0.75, 0.25, 0}
			if text == "Bob" || text == "so" {
				p = []float32{0.25, 0.75, 0}
			}
			out = append(out, p)
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := lines(t, func(b *strings.Builder) error {
		return studies.WriteChecklist(b, report.TSV, r, studies.ChecklistOptions{Tests: true, Failures: true})
	})
	holds(t, func(b *strings.Builder) error {
		return studies.WriteChecklist(b, report.HTML, r, studies.ChecklistOptions{Failures: true})
	}, "<title>Checklist</title>", "<figcaption>Cases that passed</figcaption>", "<h2>Failures</h2>", "<td>good or fine</td>")
	contains(t, got, "words MFT plain 1 0 0", "all MFT 1 0 0", "words MFT plain good or fine bad 0.75 yes",
		"names INV people bad 0.75 Ann", "names INV people bad good 0.75 Bob", "more DIR very good 0.75 so", "more DIR very no less good good 0.25 very so")
}

func TestWriteRates(t *testing.T) {
	var points []train.RatePoint
	for i := range 40 {
		points = append(points, train.RatePoint{Rate: float64(i+1) / 1000, Loss: 0.5})
	}
	got := lines(t, func(b *strings.Builder) error { return studies.WriteRates(b, report.Text, points, 0.002) })
	contains(t, got, "0.001 0.5000", "0.003 0.5000", "a tenth of the best: train --set schedule.rate=0.002")
	if got := lines(t, func(b *strings.Builder) error { return studies.WriteRates(b, report.CSV, points, 0.002) }); len(got) != 21 {
		t.Errorf("%d lines of CSV, want a header and twenty", len(got))
	}
	var doc struct {
		Rate   float64
		Points []struct{}
	}
	text := lines(t, func(b *strings.Builder) error { return studies.WriteRates(b, report.JSON, points, 0.002) })
	if err := json.Unmarshal([]byte(strings.Join(text, "\n")), &doc); err != nil || doc.Rate != 0.002 || len(doc.Points) != 40 {
		t.Errorf("%v: %+v", err, doc)
	}
}

// What a model is made of, and that it is not changed by nothing.
func TestWriteModel(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	got := lines(t, func(b *strings.Builder) error { return studies.WriteModel(b, report.Text, m) })
	contains(t, got, "head sentiment negative, neutral, positive", "pipeline "+m.Pipeline().String())
	var doc struct{ Vocabulary int }
	text := lines(t, func(b *strings.Builder) error { return studies.WriteModel(b, report.JSON, m) })
	if err := json.Unmarshal([]byte(strings.Join(text, "\n")), &doc); err != nil || doc.Vocabulary != m.Vocab().Known() {
		t.Errorf("%v: %+v", err, doc)
	}
	d, err := corpora.NewDataset("sentiment", []string{"superb", "awful"}, []string{"positive", "negative"})
	if err != nil {
		t.Fatal(err)
	}
	got = lines(t, func(b *strings.Builder) error {
		return studies.WriteChange(t.Context(), b, report.CSV, m, m, d, "sentiment")
	})
	contains(t, got, "sentiment,accuracy,1.0000,1.0000,+0.0000")
}

// The curves that a model keeps are those of its log.
func TestHistory(t *testing.T) {
	card := classify.Card{Metric: "macro_f1", History: []classify.Epoch{
		{Epoch: 1, Loss: 0.9, DevLoss: 0.8, Score: 0.5}, {Epoch: 2, Loss: 0.6}, {Epoch: 1, Loss: 0.7, Refit: true}, {Epoch: 1, Member: 2, Loss: 1},
	}}
	want := []page.Series{
		{Group: "loss", Name: "train", Unit: "epoch", X: []float64{1, 2}, Y: []float64{0.9, 0.6}},
		{Group: "loss", Name: "dev", Unit: "epoch", X: []float64{1}, Y: []float64{0.8}},
		{Group: "dev macro f1", Name: "dev", Unit: "epoch", X: []float64{1}, Y: []float64{0.5}},
		{Group: "loss", Name: "train, once more with the dev texts", Unit: "epoch", X: []float64{1}, Y: []float64{0.7}},
		{Group: "loss", Name: "train, member 2", Unit: "epoch", X: []float64{1}, Y: []float64{1}},
	}
	if diff := cmp.Diff(want, studies.History(card)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
