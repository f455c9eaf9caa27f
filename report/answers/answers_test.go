package answers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/tokenize"
)

// Heads of every kind have nothing to say of a foreign text.
func TestForeignOfEveryKind(t *testing.T) {
	heads := []classify.Head{
		{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}},
		{Name: "tags", Labels: []string{"x", "y"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}},
	}
	r := &answer.Record{ID: "a", Prediction: classify.Prediction{Language: "fr", Tokens: 3, Scores: []classify.Score{{Value: 2}, {Probs: []float32{0.75, 0.25}}}}}
	for style, want := range map[report.Style]string{
		report.JSONL: `{"id":"a","stars":{"value":null},"tags":{"label":null,"labels":[],"prob":null,"probs":{"x":0.7500,"y":0.2500}},"language":"fr","tokens":3,"unknown":0}` + "\n",
		report.CSV:   "id,stars,tags,tags_prob,tokens,unknown\na,,,,3,0\n",
	} {
		if diff := cmp.Diff(want, written(t, style, heads, Options{}, r, 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", style, diff)
		}
	}
}

// All styles give a text the same set of labels, which may be empty.
func TestSetsOfLabels(t *testing.T) {
	heads := []classify.Head{{Name: "tags", Labels: []string{"x", "y"}, Spelling: map[string]string{"y": "Y"}, Loss: nn.Loss{Kind: nn.BinaryCrossEntropy}}}
	for _, tt := range []struct {
		probs     []float32
		abstain   float64
		json, csv string
		summary   string
	}{
		{[]float32{0.75, 0.625}, 0, `["x","Y"]`, `"x,Y",0.7500`, "x,1,1\n,tags,Y,1,1\n"},
		{[]float32{0.75, 0.625}, 0.7, `["x"]`, `x,0.7500`, "x,1,1\n,tags,Y,0,0\n"},
		{[]float32{0.25, 0.125}, 0, `[]`, `,0.2500`, "x,0,0\n,tags,Y,0,0\n,tags,,1,1\n"},
	} {
		p := classify.Prediction{Tokens: 3, Heads: heads, Scores: []classify.Score{{Probs: tt.probs}}}
		r := &answer.Record{ID: "a", Prediction: p}
		o := Options{Options: answer.Options{Naming: answer.Naming{Abstain: tt.abstain}}}
		if got := written(t, report.JSONL, heads, o, r, 1); !strings.Contains(got, `"labels":`+tt.json) {
			t.Errorf("%v: %s, want %s", tt.probs, got, tt.json)
		}
		if diff := cmp.Diff("id,tags,tags_prob,tokens,unknown\na,"+tt.csv+",3,0\n", written(t, report.CSV, heads, o, r, 1)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.probs, diff)
		}
		o.Summary = true
		if got := written(t, report.CSV, heads, o, r, 1); !strings.HasSuffix(got, tt.summary) {
			t.Errorf("%v: %s, want %s", tt.probs, got, tt.summary)
		}
		r.Sentences = []answer.Sentence{{Prediction: p}, {Prediction: p}}
		var want []float32
		for _, p := range tt.probs {
			want = append(want, map[bool]float32{true: 1}[p >= 0.5])
		}
		if diff := cmp.Diff(want, r.Shares(0, 2)); diff != "" {
			t.Errorf("%v: shares of sentences (-want +got):\n%s", tt.probs, diff)
		}
	}
}

func TestWriters(t *testing.T) {
	heads := []classify.Head{{Name: "mood", Labels: []string{"negative", "positive"}}}
	prediction := func(label int, probs ...float32) classify.Prediction {
		return classify.Prediction{Scores: []classify.Score{{Label: label, Probs: probs}}, Tokens: 3, Unknown: 1}
	}
	r := &answer.Record{
		ID: "a\"b", Prediction: prediction(1, 0.25, 0.75),
		Sentences: []answer.Sentence{{Span: tokenize.Span{Start: 0, End: 5}, Text: "Good.", Prediction: prediction(1, 0.125, 0.875)}, {Span: tokenize.Span{Start: 6, End: 10}, Text: "Bad!", Prediction: prediction(0, 0.5, 0.5)}},
		Words:     [][]explain.Word{{{Start: 0, End: 4, Text: "Good", Score: 1.5}}},
	}
	o := Options{Options: answer.Options{Naming: answer.Naming{Neutral: 0.6}, Sentences: true, Explainer: new(explain.Explainer)}}
	mood := func(label string, negative, positive float64) string {
		return fmt.Sprintf(`"mood":{"label":%q,"prob":%.4f,"probs":{"negative":%.4f,"positive":%.4f}},"tokens":3,"unknown":1`, label, max(negative, positive), negative, positive)
	}
	object := `{"id":"a\"b",` + mood("positive", 0.25, 0.75) + `,"words":{"mood":[{"start":0,"end":4,"text":"Good","score":1.5000}]},` +
		`"sentences":[{"start":0,"end":5,"text":"Good.",` + mood("positive", 0.125, 0.875) + `},{"start":6,"end":10,"text":"Bad!",` + mood("neutral", 0.5, 0.5) + `}],` +
		`"shares":{"mood":{"negative":0.5000,"positive":0.5000}}}`
	for style, want := range map[report.Style][3]string{ // by number of records
		report.JSONL: {"", object + "\n", object + "\n" + object + "\n"},
		report.JSON:  {"[]\n", "[\n" + object + "\n]\n", "[\n" + object + ",\n" + object + "\n]\n"},
	} {
		for n, text := range want {
			if diff := cmp.Diff(text, written(t, style, heads, o, r, n)); diff != "" {
				t.Errorf("%s of %d records (-want +got):\n%s", style, n, diff)
			}
		}
	}
	const header, rows = "id,mood,mood_prob,mood_words,tokens,unknown,sentence\n",
		"\"a\"\"b\",positive,0.7500,Good +1.50,3,1,\n\"a\"\"b#1\",positive,0.8750,,3,1,Good.\n\"a\"\"b#2\",neutral,0.5000,,3,1,Bad!\n"
	for _, n := range []int{0, 1, 600} { // rows go out some at a time
		if diff := cmp.Diff(header+strings.Repeat(rows, n), written(t, report.CSV, heads, o, r, n)); diff != "" {
			t.Errorf("csv of %d records (-want +got):\n%s", n, diff)
		}
	}
}

// What is flushed has come, and a table has its header once.
func TestFlush(t *testing.T) {
	heads := []classify.Head{{Name: "mood", Labels: []string{"negative", "positive"}}}
	r := &answer.Record{ID: "a", Prediction: classify.Prediction{Scores: []classify.Score{{Probs: []float32{0.75, 0.25}}}}}
	for style, want := range map[report.Style][3]int{ // lines after each of two records, and at the end
		report.JSONL: {1, 2, 2}, report.JSON: {1, 2, 4}, report.CSV: {2, 3, 3}, report.TSV: {2, 3, 3},
		report.Text: {2, 3, 3}, report.Markdown: {3, 4, 4},
	} {
		var b strings.Builder
		w := NewWriter(&b, style, heads, Options{})
		var got [3]int
		for i := range got {
			f := w.Close
			if i < 2 {
				if err := w.Write(r); err != nil {
					t.Fatal(err)
				}
				f = w.Flush
			}
			if err := f(); err != nil {
				t.Fatal(err)
			}
			got[i] = strings.Count(b.String(), "\n")
		}
		if got != want {
			t.Errorf("%s: %v lines, want %v:\n%s", style, got, want, b.String())
		}
	}
}

// A table goes out in pieces, however many records come without a pause.
func TestTableInPieces(t *testing.T) {
	heads := []classify.Head{{Name: "mood", Labels: []string{"negative", "positive"}}}
	r := &answer.Record{ID: "a", Prediction: classify.Prediction{Scores: []classify.Score{{Probs: []float32{0.75, 0.25}}}}}
	for _, style := range []report.Style{report.Text, report.Markdown, report.CSV, report.TSV} {
		var b strings.Builder
		w := NewWriter(&b, style, heads, Options{})
		for n := range 2000 {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
			if out := strings.Count(b.String(), "\n"); n-out > 600 {
				t.Fatalf("%s: %d lines after %d records", style, out, n)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "mood_prob"); n != 1 {
			t.Errorf("%s: %d headers", style, n)
		}
	}
}

// A header of several lines comes once.
func TestHeaderOfSeveralLines(t *testing.T) {
	var o Options
	o.Keep = true
	r := &answer.Record{Fields: []answer.Field{{Name: "a\nb", Value: "x\ny"}}}
	for style, want := range map[report.Style][2]string{
		report.CSV: {"\"a\nb\",tokens,unknown\n", "\"x\ny\",0,0\n"},
		report.TSV: {"a b\ttokens\tunknown\n", "\"x\ny\"\t0\t0\n"},
	} {
		if diff := cmp.Diff(want[0]+strings.Repeat(want[1], 600), written(t, style, nil, o, r, 600)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", style, diff)
		}
	}
}

// HTML and LaTeX come as a whole; HTML is a page, with a plot of the labels.
func TestWholeAtTheEnd(t *testing.T) {
	heads := []classify.Head{{Name: "mood", Labels: []string{"negative", "positive"}, Spelling: map[string]string{"negative": "neg"}}}
	p := classify.Prediction{Scores: []classify.Score{{Probs: []float32{0.75, 0.25}}}, Tokens: 1}
	for _, style := range []report.Style{report.HTML, report.LaTeX} {
		for _, summary := range []bool{false, true} {
			var b strings.Builder
			w := NewWriter(&b, style, heads, Options{Summary: summary})
			for _, r := range []*answer.Record{{ID: "a<b", Source: "s<t", Prediction: p}, {ID: "c", Bad: errors.New("broken")}} {
				if err := w.Write(r); err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(); err != nil || b.Len() > 0 {
					t.Fatalf("%s: %q, error %v", style, b.String(), err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			wants := []string{"\\begin{tabular}", "neg"}
			if style == report.HTML {
				wants = []string{"<!DOCTYPE html>", "charset", "<title>Answers</title>", "<svg", "neg", "&lt;"}
			}
			for _, want := range wants {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s, summary %v: no %q in\n%.600s", style, summary, want, b.String())
				}
			}
		}
	}
}

// written is what a writer prints of the same record n times.
func written(t *testing.T, style report.Style, heads []classify.Head, o Options, r *answer.Record, n int) string {
	t.Helper()
	var b strings.Builder
	w := NewWriter(&b, style, heads, o)
	for range n {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A head that answers with a number has a value, no label and no share.
func TestWritersOfNumbers(t *testing.T) {
	heads := []classify.Head{
		{Name: "stars", Loss: nn.Loss{Kind: nn.SquaredError}},
		{Name: "mood", Labels: []string{"negative", "positive"}},
	}
	p := classify.Prediction{Scores: []classify.Score{{Value: 3.5}, {Label: 1, Probs: []float32{0.25, 0.75}}}, Tokens: 3}
	r := &answer.Record{ID: "a", Prediction: p, Sentences: []answer.Sentence{{Span: tokenize.Span{Start: 0, End: 5}, Text: "Good.", Prediction: p}}}
	o := Options{Options: answer.Options{Sentences: true, Naming: answer.Naming{Abstain: 0.5}}}
	const answers = `"stars":{"value":3.5},"mood":{"label":"positive","prob":0.7500,"probs":{"negative":0.2500,"positive":0.7500}},"tokens":3,"unknown":0`
	for style, want := range map[report.Style]string{
		report.JSONL: `{"id":"a",` + answers + `,"sentences":[{"start":0,"end":5,"text":"Good.",` + answers + `}],"shares":{"mood":{"negative":0.0000,"positive":1.0000}}}` + "\n",
		report.CSV:   "id,stars,mood,mood_prob,tokens,unknown,sentence\na,3.5,positive,0.7500,3,0,\na#1,3.5,positive,0.7500,3,0,Good.\n",
	} {
		if diff := cmp.Diff(want, written(t, style, heads, o, r, 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", style, diff)
		}
	}
}
