package pretrained_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/pretrained"
)

// TestPhrases asks for what no single word says: negation in fragments, wishes, mock thanks,
// figures of speech, slang, and plain sentences in the same words.
func TestPhrases(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	h := m.Head("sentiment")
	for want, texts := range map[string][]string{
		"negative": {
			"I have never been so bored",
			"not the best camera out there",
			"I don't think they care",
			"far from ideal",
			"far from being funny",
			"I wish it lasted longer than a week",
			"If only the screen was brighter",
			"I used to enjoy their pizza",
			"It would have been great if it had arrived on time",
			"should have been so much better",
			"Thanks for ruining my weekend",
			"Wonderful, the elevator is broken again.",
			"nothing short of a catastrophe",
			"They could not care less",
			"The service leaves a great deal to be desired.",
			"it doesn't get much worse than this",
			"I've seen better",
		},
		"negative|neutral": {
			"sounds too good to be true",
		},
		"neutral": {
			"it's ok",
			"We used to live in Berlin",
			"If it rains we stay inside",
			"The store isn't far from the station",
		},
		"neutral|positive": {
			"I don't think the food is bad here",
			"It's not like I didn't enjoy it",
		},
		"positive": {
			"couldn't be any happier with this purchase",
			"I've never slept so well in a hotel",
			"cannot recommend this place highly enough",
			"There's nothing not to love here",
			"thanks for fixing this so fast",
			"badass soundtrack",
			"nothing short of amazing service",
			"not bad at all",
			"never fails to amaze",
			"hard to beat for the price",
		},
		"positive|neutral": {
			"no delays, no hassle",
		},
	} {
		for _, text := range texts {
			got := m.Heads()[h].Labels[m.Predict(text).Scores[h].Label]
			if !slices.Contains(strings.Split(want, "|"), got) {
				t.Errorf("%q is %s, want %s", text, got, want)
			}
		}
	}
}
