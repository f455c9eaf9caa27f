package answer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/pretrained"
)

// Records come in the order of their texts, each with the answers that its text and
// its sentences get alone, also where a window of texts ends between sentences.
func TestRecordsAreInOrder(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	var texts []Text
	for i := range 1500 {
		texts = append(texts, Text{ID: fmt.Sprint(i), Text: fmt.Sprintf("Number %d is good. It is not bad!", i)})
	}
	texts[7].Text = ""
	n := 0
	for r, err := range All(t.Context(), m, slices.Values(texts), Options{Sentences: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != texts[n].ID {
			t.Fatalf("record %d is of %s", n, r.ID)
		}
		if want := 2 * min(len(texts[n].Text), 1); len(r.Sentences) != want {
			t.Fatalf("record %d has %d sentences, want %d", n, len(r.Sentences), want)
		}
		if n%250 == 7 {
			if diff := cmp.Diff(m.Predict(texts[n].Text), r.Prediction); diff != "" {
				t.Errorf("record %d (-alone +record):\n%s", n, diff)
			}
			for _, s := range r.Sentences {
				if diff := cmp.Diff(m.Predict(s.Text), s.Prediction); diff != "" {
					t.Errorf("record %d, %q (-alone +record):\n%s", n, s.Text, diff)
				}
			}
		}
		n++
	}
	if n != len(texts) {
		t.Errorf("%d records of %d texts", n, len(texts))
	}
}

// Not more than a window is read ahead, be the texts unreadable or their fields long.
func TestWindowIsBounded(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		text Text
		most int
	}{
		{"unreadable", Text{Bad: io.ErrUnexpectedEOF}, 4096},
		{"long fields", Text{Text: "good", Fields: []Field{{Name: "html", Value: strings.Repeat("x", 1<<20)}}}, 4},
		{"long and unreadable", Text{Bad: io.ErrUnexpectedEOF, Text: strings.Repeat("x", 1<<20)}, 4},
		{"long fields, unreadable", Text{Bad: io.ErrUnexpectedEOF, Fields: []Field{{Name: strings.Repeat("x", 1<<20)}}}, 4},
	} {
		read := 0
		texts := func(yield func(Text) bool) {
			for read++; read <= 2*tt.most && yield(tt.text); read++ {
			}
		}
		for _, err := range All(t.Context(), m, texts, Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if read != tt.most {
			t.Errorf("%s: %d texts are read before the first record, want %d", tt.name, read, tt.most)
		}
	}
}

// A text that the model does not read has no label, nor have its sentences, and no words
// explain one; the texts around it are answered as ever.
func TestForeign(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Sentences: true, Explainer: explain.New(m), Foreign: func(text string) string {
		if strings.HasPrefix(text, "Gut") {
			return "de"
		}
		return ""
	}}
	texts := []Text{{ID: "a", Text: "Good. Bad!"}, {ID: "b", Text: "Gut. Schlecht!"}, {ID: "c", Text: "Nice."}}
	var b strings.Builder
	w := NewWriter(&b, m.Heads(), o, false)
	for r, err := range All(t.Context(), m, slices.Values(texts), o) {
		if err != nil {
			t.Fatal(err)
		}
		foreign := r.ID == "b"
		if (r.Language == "de") != foreign || (r.Label("") == "") != foreign || (r.Labels("") == nil) != foreign || (r.Words == nil) != foreign {
			t.Errorf("record %s: language %q, label %q, words %v", r.ID, r.Language, r.Label(""), r.Words)
		}
		shares := float32(0)
		for _, s := range r.Shares(0, 3) {
			shares += s
		}
		if want := float32(1); foreign == (shares == want) {
			t.Errorf("record %s: shares of %v in all", r.ID, shares)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	for i, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		nulls, languages := strings.Count(line, `"label":null`), strings.Count(line, `"language":"de"`)
		if want := (i % 2) * 3; nulls != want*len(m.Heads()) || languages != want {
			t.Errorf("line %d has %d labels that are null and %d languages:\n%s", i+1, nulls, languages, line)
		}
	}
}

// A text that is too long to explain has its answer, and says why no words stand beside it.
func TestUnexplained(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Explainer: explain.New(m)}
	var b strings.Builder
	w := NewWriter(&b, m.Heads(), o, false)
	long := Text{ID: "long", Text: strings.Repeat("good ", 200_000)}
	for r, err := range All(t.Context(), m, slices.Values([]Text{long, {ID: "short", Text: "Nice."}}), o) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(b.String(), "\n")
	if !strings.Contains(lines[0], `"label":"positive"`) || !strings.Contains(lines[0], `"unexplained":"explain: text too long`) {
		t.Errorf("the long text: %s", lines[0])
	}
	if strings.Contains(lines[1], "unexplained") {
		t.Errorf("the short text: %s", lines[1])
	}
}

// A context that has ended ends the records.
func TestAllStops(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range All(ctx, m, slices.Values([]Text{{ID: "a", Text: "good"}, {ID: "b", Text: "bad"}}), Options{}) {
		if err != context.Canceled {
			t.Errorf("error %v", err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d records and errors, want one error", n)
	}
}
