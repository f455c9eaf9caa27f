package evaluate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/evaluate"
)

func TestReadAnswers(t *testing.T) {
	want := []evaluate.Answer{
		{ID: "a", Label: "positive", Probs: map[string]float64{"negative": 0.1, "positive": 0.9}},
		{ID: "7", Label: "negative", Probs: map[string]float64{"negative": 1, "positive": 0}},
	}
	for name, text := range map[string]string{
		"nested": `{"id":"a","sentiment":{"label":"positive","prob":0.9,"probs":{"negative":0.1,"positive":0.9}},"topic":{"label":"x"}}` + "\n\n" +
			`{"id":7,"sentiment":{"label":"negative","probs":{"negative":1,"positive":0}}}`,
		"flat": "\ufeff" + `{"id":"a","label":"positive","probs":{"negative":0.1,"positive":0.9}}` + "\r\n" +
			`{"probs":{"positive":0,"negative":1},"label":"negative","id":"7"}` + "\n",
		"another head": `{"id":"a","mood":{"label":"positive","probs":{"negative":0.1,"positive":0.9}},"tokens":3}` + "\n" +
			`{"id":7,"mood":{"label":"negative","probs":{"negative":1,"positive":0}},"tokens":{}}`,
		"gold beside": `{"id":"a","label":"negative","predicted":"positive","probs":{"negative":0.1,"positive":0.9}}` + "\n" +
			`{"id":"7","label":"negative","predicted":"negative","probs":{"negative":1,"positive":0}}`,
	} {
		got, err := evaluate.ReadAnswersJSONL(strings.NewReader(text), "sentiment")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	csv, err := evaluate.ReadAnswersCSV(strings.NewReader("\ufeffid,text,Predicted,prob_negative,prob_positive\na,\"x,\ny\",positive,0.1,0.9\n7,,negative,1,0\n"), "h")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, csv); d != "" {
		t.Errorf("CSV (-want +got):\n%s", d)
	}
	for name, text := range map[string]string{
		"head's name":    "id,H,h_prob\na,x,0.5\n",
		"label and head": "h,id,label\ny,a,x\n",
		"predicted":      "predicted,label,h,id\nx,y,z,a\n",
	} {
		got, err := evaluate.ReadAnswersCSV(strings.NewReader(text), "h")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff([]evaluate.Answer{{ID: "a", Label: "x"}}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	tsv, err := evaluate.ReadAnswersTSV(strings.NewReader("label\tprobs.positive\tprobs.negative\ttext\tid\r\npositive\t0.9\t0.1\t\"quoted\ta\r\nnegative\t0\t1\t\t7"), "h")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, tsv); d != "" {
		t.Errorf("TSV (-want +got):\n%s", d)
	}
}

func TestReadAnswersErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\"label\":\"a\"}\n{":                 "line 2",
		"[1]":                                  "line 1",
		"null":                                 "want an object",
		`{"id":"a"}`:                           `neither "label" nor "probs"`,
		`{"label":"a","probs":{"a":"x"}}`:      "probs",
		`{"h":{"id":1}}`:                       "neither",
		`{"x":{"label":"a"},"y":{"probs":{}}}`: `heads ["x" "y"]`,
		"{\"label\":\"" + strings.Repeat("x", 17<<20): "too long",
	} {
		if _, err := evaluate.ReadAnswersJSONL(strings.NewReader(text), "h"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got error %v, want it to say %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                        "no header",
		"text,id\nx,1\n":          "no column",
		"label,prob_a\nx,1\ny,\n": `line 3, column "prob_a": "" is not a number`,
		"label,prob_a\nx\n":       "line 2",
		"label,prob_a\n\"x,1\n":   "line",
	} {
		if _, err := evaluate.ReadAnswersCSV(strings.NewReader(text), "h"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want it to say %q", text, err, want)
		}
	}
}

func TestReadAnswersTSVErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "no header",
		"label\tid\na\t1\nb\n":                  "line 3: 1 fields, the header has 2",
		"label\tprob_a\na\tmuch\n":              `line 2, column "prob_a": "much"`,
		"label\n" + strings.Repeat("x", 17<<20): "line 2",
	} {
		if _, err := evaluate.ReadAnswersTSV(strings.NewReader(text), "h"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got error %v, want it to say %q", text, err, want)
		}
	}
}

func TestFromAnswers(t *testing.T) {
	labels, gold := []string{"neg", "pos"}, []int{0, 1}
	rows := []evaluate.Row{{ID: "a"}, {}}
	got, err := evaluate.FromAnswers("h", labels, gold, rows, []evaluate.Answer{
		{ID: "a", Label: "pos", Probs: map[string]float64{"neg": 0.7, "pos": 0.3}}, // the tool's own answer stands
		{ID: "b", Probs: map[string]float64{"pos": 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &evaluate.Predictions{Head: "h", Labels: labels, Gold: gold, Rows: rows, Predicted: []int{1, 1}, Probs: []float64{0.7, 0.3, 0, 1}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	for want, answers := range map[string][]evaluate.Answer{
		"1 answers for 2 rows":           {{Label: "neg"}},
		`row 0: answer for "x"`:          {{ID: "x", Label: "neg"}, {Label: "neg"}},
		`row 1: label "neu"`:             {{Label: "neg"}, {Label: "neu"}},
		"labels other than":              {{Label: "neg"}, {Label: "neg", Probs: map[string]float64{"neu": 1}}},
		"row 0: probabilities sum to 0.": {{Probs: map[string]float64{"neg": 0.5}}, {Probs: map[string]float64{"neg": 1}}},
	} {
		if _, err := evaluate.FromAnswers("h", labels, gold, rows, answers); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want it to say %q", err, want)
		}
	}
}

func FuzzReadAnswers(f *testing.F) {
	f.Add("{\"id\":1,\"label\":\"a\",\"probs\":{\"a\":1}}\n")
	f.Add("id,label,prob_a\n1,a,0.5\n")
	f.Add("label\tprobs.a\n\"a\t1e400\n")
	f.Add("\ufeff\"label\"\n\xff\x00\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func() ([]evaluate.Answer, error){
			func() ([]evaluate.Answer, error) { return evaluate.ReadAnswersJSONL(strings.NewReader(text), "h") },
			func() ([]evaluate.Answer, error) { return evaluate.ReadAnswersCSV(strings.NewReader(text), "h") },
			func() ([]evaluate.Answer, error) { return evaluate.ReadAnswersTSV(strings.NewReader(text), "h") },
		} {
			answers, err := read()
			if err != nil {
				if !strings.HasPrefix(err.Error(), "evaluate: ") {
					t.Errorf("error %q does not say whose it is", err)
				}
				continue
			}
			// Whatever was read makes predictions or an error, never a panic.
			if p, err := evaluate.FromAnswers("h", []string{"a"}, make([]int, len(answers)), nil, answers); err == nil {
				if _, err := evaluate.New(p, evaluate.Options{}); err != nil {
					t.Errorf("predictions that cannot be evaluated: %v", err)
				}
			}
		}
	})
}
