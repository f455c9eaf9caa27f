package prose

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
		var words, given, want []string
		for _, tok := range doc.Tokens() {
			tag := ""
			if strings.HasPrefix(tok.Text, "http:") {
				tag = "NN"
			}
			words, given, want = append(words, tok.Text), append(given, tag), append(want, tok.Tag)
		}
		got := slices.Clone(given)
		tagger().tag(words, got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-prose +tagger):\n%s", text, diff)
		}
		for range 10 {
			again := slices.Clone(given)
			if tagger().tag(words, again); !slices.Equal(again, got) {
				t.Fatal("tags differ from call to call")
			}
		}
	}
}

// TestTaggerRepeats checks that a word is tagged by its place.
func TestTaggerRepeats(t *testing.T) {
	got := make([]string, 4)
	tagger().tag(strings.Fields("They play a play"), got)
	if diff := cmp.Diff([]string{"PRP", "VBP", "DT", "NN"}, got); diff != "" {
		t.Error(diff)
	}
}
