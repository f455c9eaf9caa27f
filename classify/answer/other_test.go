package answer

import (
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/pretrained"
)

// A text in a language that the model does not read has the answer of another model, which
// has one of the heads, if that reads the language; the other heads have none.
func TestOther(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	one := m.Heads()[:1]
	o := Options{
		Sentences: true,
		Foreign: func(text string) string {
			for _, l := range []string{"de", "zh"} {
				if strings.Contains(text, l) {
					return l
				}
			}
			return ""
		},
		Other: func(text, language string) (classify.Prediction, bool) {
			p := classify.Prediction{Heads: one, Scores: []classify.Score{{Label: 1, Probs: []float32{.2, .5, .3}}}, Tokens: len(text)}
			return p, language == "de"
		},
	}
	texts := []Text{{ID: "a", Text: "Good."}, {ID: "b", Text: "Gut (de). Ja!"}, {ID: "c", Text: "zh zh."}}
	var b strings.Builder
	w := NewWriter(&b, m.Heads(), o, false)
	for r, err := range All(t.Context(), m, slices.Values(texts), o) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Other != (r.ID == "b") || (r.Language == "") != (r.ID == "a") {
			t.Errorf("record %s: language %q, other %t", r.ID, r.Language, r.Other)
		}
		if got, want := r.Label("sentiment"), map[string]string{"a": "positive", "b": "neutral", "c": ""}[r.ID]; got != want {
			t.Errorf("record %s is %q, want %q", r.ID, got, want)
		}
		if topic := r.Label("topic"); (topic != "") != (r.ID == "a") {
			t.Errorf("record %s has the topic %q", r.ID, topic)
		}
		if r.ID == "b" && (r.Prob("sentiment", "positive") != .3 || r.Prob("topic", "World") != 0 || r.Shares(0, 3)[1] != 1 || r.Sentences[1].Tokens != len("Ja!")) {
			t.Errorf("record b: %+v", r)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i, want := range []string{
		`"sentiment":{"label":"positive"`,
		`"sentiment":{"label":"neutral","prob":0.5000,"probs":{"negative":0.2000,"neutral":0.5000,"positive":0.3000}},"topic":{"label":null,"prob":null,"probs":null},"language":"de"`,
		`"sentiment":{"label":null`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d has no %s:\n%s", i+1, want, lines[i])
		}
	}
}
