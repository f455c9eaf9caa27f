package answer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/pretrained"
)

// German answers with one of a model's heads, that texts are neutral, and once.
type german struct {
	*classify.Model
	asked []string
}

func (g *german) PredictBatch(_ context.Context, texts []string) (answers []classify.Prediction, err error) {
	if g.asked != nil {
		return nil, errors.New("asked twice")
	}
	g.asked = texts
	for _, t := range texts {
		answers = append(answers, classify.Prediction{Heads: g.Heads()[:1], Scores: []classify.Score{{Label: 1, Probs: []float32{.2, .5, .3}}}, Tokens: len(t)})
	}
	return answers, nil
}

// A text in a language that the model does not read has the answer of another model, which
// has one of the heads, if that reads the language; the other heads have none.
func TestOther(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	other := &german{Model: m}
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
		Other: func(language string) Predictor {
			if language != "de" {
				return nil
			}
			return other
		},
	}
	texts := []Text{{ID: "a", Text: "Good."}, {ID: "b", Text: "Gut (de). Ja!"}, {ID: "c", Text: "zh zh."}, {ID: "d", Text: "de"}}
	var b strings.Builder
	w := NewWriter(&b, m.Heads(), o, false)
	for r, err := range All(t.Context(), m, slices.Values(texts), o) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Other != (r.ID == "b" || r.ID == "d") || (r.Language == "") != (r.ID == "a") {
			t.Errorf("record %s: language %q, other %t", r.ID, r.Language, r.Other)
		}
		if got, want := r.Label("sentiment"), map[string]string{"a": "positive", "b": "neutral", "c": "", "d": "neutral"}[r.ID]; got != want {
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
	if want := []string{"Gut (de). Ja!", "Gut (de).", "Ja!", "de", "de"}; !slices.Equal(other.asked, want) {
		t.Errorf("asked about %q, want %q at once", other.asked, want)
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
