package tokenize_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jdkato/prose/v2"

	"github.com/textlstm/textlstm/tokenize"
)

func TestSentences(t *testing.T) {
	tests := []struct {
		rule, text string
		want       []string
	}{
		{"empty", " \n", nil},
		{"one without an end", "no end", []string{"no end"}},
		{"abbreviations", "Mr. Smith saw Dr. Who at 5 p.m. in the U.S. today. He left.", []string{"Mr. Smith saw Dr. Who at 5 p.m. in the U.S. today.", "He left."}},
		{"marks", "Really?! Yes! Good.", []string{"Really?!", "Yes!", "Good."}},
		{"decimals", "It cost $3.50 there. I paid.", []string{"It cost $3.50 there.", "I paid."}},
		{"blank line", "A title\n\nA text", []string{"A title", "A text"}},
		{"Chinese", "你好。再见！“好。”他说", []string{"你好。", "再见！", "“好。”", "他说"}},
		{"leading and trailing space", "  One.  Two.  ", []string{"One.", "Two."}},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range tokenize.Sentences(tt.text) {
			got = append(got, tt.text[s.Start:s.End])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.rule, got, tt.want)
		}
	}
}

// Sentences that touch stay two.
func TestPipelineSentencesWithoutSpaces(t *testing.T) {
	const text = "你好。再见。 It was bad. It was good."
	if got, want := tokenize.MustParse("words").Sentences(text), tokenize.Sentences(text); !slices.Equal(got, want) || len(got) < 4 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestPipelineSentences(t *testing.T) {
	const text = "It <i>was</i> bad.<br /><br />Really &amp; truly."
	p := tokenize.MustParse("html|words")
	var got []string
	for _, s := range p.Sentences(text) {
		got = append(got, text[s.Start:s.End])
	}
	if want := []string{"It <i>was</i> bad.", "Really &amp; truly."}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSentencesProse compares with prose itself, on a few reviews because it
// rebuilds its model for each.
func TestSentencesProse(t *testing.T) {
	same, all := 0, 0
	p := tokenize.MustParse("html|words")
	for _, text := range corpusTexts(t, "imdb/test.tsv.zst", 30) {
		text = strings.ReplaceAll(text, "<br />", " ")
		doc, err := prose.NewDocument(text, prose.WithTagging(false), prose.WithExtraction(false), prose.WithTokenization(false))
		if err != nil {
			t.Fatal(err)
		}
		ours := make(map[string]bool)
		for _, s := range p.Sentences(text) {
			ours[text[s.Start:s.End]] = true
		}
		for _, s := range doc.Sentences() {
			all++
			if ours[s.Text] {
				same++
			}
		}
	}
	if same < all*99/100 {
		t.Errorf("%d of prose's %d sentences, want 99 %%", same, all)
	}
}
