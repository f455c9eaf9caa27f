package tokenize

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jdkato/prose/v2"
)

// TestTagger compares with prose's own tagger, in sentences that repeat no word:
// prose gives all occurrences of a word the same tag.
func TestTagger(t *testing.T) {
	sentences := []string{
		"The lovely film was not really directed by Mr. Jones in 1999 , and its actors did n't play as badly .",
		"I had feared that they sing 24 hours a day !",
		"Who would have thought that zxqj flurbs could blorp so well-meaningly ?",
		`" Nobody , says the critic of New York Times .`,
		"See http://example.org - it 's there .",
		"If you like sharks , guns and slow music ( as we do ) this is $ 5 well spent .",
		"Highly recommended !",
	}
	for _, text := range sentences {
		doc, err := prose.NewDocument(text, prose.WithSegmentation(false), prose.WithExtraction(false))
		if err != nil {
			t.Fatal(err)
		}
		var tokens []Token
		var want []string
		at := 0
		for _, tok := range doc.Tokens() {
			at += strings.Index(text[at:], tok.Text)
			tokens = append(tokens, Token{tok.Text, at, at + len(tok.Text), kindOf(tok.Text)})
			want = append(want, tok.Tag)
			at += len(tok.Text)
		}
		got := tagger().tag(tokens, text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-prose +tagger):\n%s", text, diff)
		}
		for range 10 {
			if again := tagger().tag(tokens, text); !slices.Equal(again, got) {
				t.Fatal("tags differ from call to call")
			}
		}
	}
}

// TestTaggerRepeats checks that a word is tagged by its place.
func TestTaggerRepeats(t *testing.T) {
	const text = "They play a play"
	got := tagger().tag(MustParse("words").AppendTokens(nil, text), text)
	if diff := cmp.Diff([]string{"PRP", "VBP", "DT", "NN"}, got); diff != "" {
		t.Error(diff)
	}
}
