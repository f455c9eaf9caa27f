package explain_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/pretrained"
)

// written is what a writer prints of an explanation n times.
func written(t *testing.T, output string, x *explain.Explanation, n int) string {
	t.Helper()
	var b strings.Builder
	w, err := explain.NewWriter(&b, output)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriter(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	x, err := explain.New(m).Explain(t.Context(), "not bad", explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		var list []explain.Explanation
		if err := json.Unmarshal([]byte(written(t, "json", x, n)), &list); err != nil || len(list) != n {
			t.Errorf("json of %d: %v, %d", n, err, len(list))
		}
		if got := strings.Count(written(t, "jsonl", x, n), "\n"); got != n {
			t.Errorf("jsonl of %d has %d lines", n, got)
		}
		if got, want := strings.Count(written(t, "csv", x, n), "\n"), 1+2*n; got != want {
			t.Errorf("csv of %d has %d lines, want %d", n, got, want)
		}
		if got := strings.Count(written(t, "text", x, n), "\n"); got != n {
			t.Errorf("text of %d has %d lines", n, got)
		}
		if page := written(t, "html", x, n); !strings.Contains(page, "<title>Explanations</title>") {
			t.Errorf("a page without its title: %.100s", page)
		}
	}
	one, two := written(t, "table", x, 1), written(t, "table", x, 2)
	if two != one+"\n"+one {
		t.Errorf("two tables are not apart by a blank line:\n%s", two)
	}
	if _, err := explain.NewWriter(nil, "yaml"); err == nil || !strings.Contains(err.Error(), "jsonl") {
		t.Errorf("an unknown output: %v", err)
	}
}

// Mistakes are explained as the answer against the true label, one that is too long
// not at all.
func TestMistakes(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	e := &evaluate.Evaluation{Head: "sentiment", Mistakes: []evaluate.Mistake{
		{Row: evaluate.Row{ID: "a", Text: "good"}, Gold: []string{"negative"}, Predicted: []string{"positive"}, Loss: 2},
		{Row: evaluate.Row{ID: "b", Text: "a b c d"}, Gold: []string{"negative"}, Predicted: []string{"positive"}},
	}}
	found, err := explain.New(m).Mistakes(t.Context(), e, explain.Options{MaxTokens: 2})
	if err != nil {
		t.Fatal(err)
	}
	if x := found[0]; x == nil || x.ID != "a" || x.Label != "positive" || x.Against != "negative" || x.Gold != "negative" || x.Loss != 2 {
		t.Errorf("got %+v", x)
	}
	if found[1] != nil {
		t.Error("a text that is too long is explained")
	}
	// A label that the head lacks is a mistake that has nothing to compare with.
	e.Mistakes[0].Gold[0] = "sad"
	found, err = explain.New(m).Mistakes(t.Context(), e, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if x := found[0]; x == nil || x.Label != "positive" || x.Against != "" || x.Gold != "sad" {
		t.Errorf("a label that the head lacks: %+v", x)
	}
	e.MultiLabel = true
	e.Mistakes[0].Gold, e.Mistakes[1].Gold = []string{"sad", "positive"}, []string{"sad", "negative", "positive"}
	if found, err = explain.New(m).Mistakes(t.Context(), e, explain.Options{}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"positive", "negative"} { // the answer, and what is missing
		if x := found[i]; x == nil || x.Label != want || x.Against != "" {
			t.Errorf("several labels: %+v, want %s", x, want)
		}
	}
	e.Head = "mood"
	if _, err := explain.New(m).Mistakes(t.Context(), e, explain.Options{}); !errors.Is(err, explain.ErrHead) || !strings.Contains(err.Error(), "a: ") {
		t.Errorf("a head that the model lacks: %v", err)
	}
}
