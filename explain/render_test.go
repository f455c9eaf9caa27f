package explain_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/explain"
)

// handmade is an explanation with known numbers.
func handmade() *explain.Explanation {
	third := 0.3
	return &explain.Explanation{
		ID: "a.txt", Text: "Not\x1b[31m good,\nreally", Head: "sentiment", Label: "negative", Prob: 0.75,
		Score: 1.5, Base: 0.25, Deep: &explain.Branch{Score: 1, Base: 0.25}, Wide: &explain.Branch{Score: 0.5},
		Words: []explain.Word{
			{Start: 0, End: 3, Text: "Not", Score: 2, Deep: 1.5, Wide: 0.5, Tokens: []string{"not"}, LeftOut: &third},
			{Start: 9, End: 13, Text: "good", Score: -1, Deep: -1, Tokens: []string{"good"}},
			{Start: 15, End: 21, Text: "really", Score: 0.1, Deep: 0.1, Tokens: []string{"realli"}, Unknown: true},
		},
		Ngrams: []explain.Ngram{{Text: "Not good", Score: 0.5, Spans: []explain.Span{{Start: 0, End: 13}}}},
		Path:   &explain.Path{Points: 9, Error: 0.002},
	}
}

func TestMark(t *testing.T) {
	x := handmade()
	if got, want := x.Mark(false), "[+++Not] [31m [--good], really"; got != want {
		t.Errorf("Mark(false) = %q, want %q", got, want)
	}
	if got, want := x.Mark(true), "\x1b[38;5;16;48;5;208mNot\x1b[0m [31m \x1b[38;5;16;48;5;117mgood\x1b[0m, really"; got != want {
		t.Errorf("Mark(true) = %q, want %q", got, want)
	}
	if got := new(explain.Explanation).Mark(true); got != "" {
		t.Errorf("Mark of nothing = %q", got)
	}
}

func TestWriteTable(t *testing.T) {
	var b bytes.Buffer
	if err := handmade().WriteTable(&b, 2, false); err != nil {
		t.Fatal(err)
	}
	want := `a.txt, sentiment: negative (0.7500)
score +1.500 = base +0.250, words +1.100; deep +1.000, wide +0.500

[+++Not] [31m [--good], really

word   score    deep    wide  left out  read as
Not   +2.000  +1.500  +0.500    +0.300  not
good  -1.000  -1.000  +0.000            good

n-gram     score  times  kind
Not good  +0.500      1  words

the deep parts sum to their difference within 0.20 % (9 gradients)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTopWords(t *testing.T) {
	x := handmade()
	for n, want := range map[int]string{0: "", 1: "Not", 2: "Not good", 9: "Not good really", -1: "Not good really"} {
		var got []string
		for _, w := range x.TopWords(n) {
			got = append(got, w.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("TopWords(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestWordRows(t *testing.T) {
	rows := handmade().WordRows()
	if len(rows) != 3 || len(rows[0]) != len(explain.WordHeader()) {
		t.Fatalf("%d rows of %d cells", len(rows), len(rows[0]))
	}
	want := []any{"a.txt", "sentiment", "negative", 0, 3, "Not", 2.0, 1.5, 0.5, 0.0, 0.3, nil, false}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestPageIsInert wants hostile text to stand on the page as text, wherever it
// comes in, and the style to be the one that the policy allows.
func TestPageIsInert(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>` + "\u202e</span></p>{{.}}&lt;\x00"
	x := handmade()
	x.ID, x.Head, x.Label, x.Against, x.Gold = hostile, hostile, hostile, hostile, hostile
	x.Text = hostile
	x.Words = []explain.Word{{Start: 2, End: 10, Text: hostile[2:10], Score: 1, Tokens: []string{hostile}}}
	x.Ngrams[0].Text = hostile
	var b bytes.Buffer
	if err := explain.WriteHTML(&b, hostile, []*explain.Explanation{x}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, bad := range []string{"<script", "<img", "\u202e", "\x00", "javascript:", "http://", "https://", "src=\"", "href"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(page, "<article>"); n != 1 || strings.Count(page, "</article>") != 1 {
		t.Errorf("%d articles", n)
	}
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	hash := sha256.Sum256([]byte(style))
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"; !strings.Contains(html.UnescapeString(page), want) {
		t.Errorf("the policy does not allow the style: want %s", want)
	}
}

func TestPageOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := explain.WriteHTML(&b, "Empty", nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "Nothing to explain.") {
		t.Errorf("page: %s", b.String())
	}
}
