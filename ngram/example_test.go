package ngram_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
)

// A wide model by hand: extract features, keep them in a dictionary, fit, score.
func Example() {
	texts := []string{
		"good film", "a good story", "really good",
		"not good", "a bad film", "not a good story", "really bad",
	}
	labels := []int{1, 1, 1, 0, 0, 0, 0}

	config := ngram.Config{Words: 2, MinCount: 1, Bits: 10}.Resolve()
	x := ngram.NewExtractor(config)
	extract := func(text string) []ngram.Hash {
		var list []tokenize.Token
		for _, w := range strings.Fields(text) {
			list = append(list, tokenize.Token{Text: w})
		}
		return x.AppendFeatures(nil, list)
	}

	counter := ngram.NewCounter(config.MinCount, len(texts))
	for _, t := range texts {
		counter.Add(1, extract(t))
	}
	dictionary := counter.Dictionary(config.Bits)
	data := ngram.Data{Labels: 2, Target: func(i, c int) float32 {
		if labels[i] == c {
			return 1
		}
		return 0
	}}
	for _, t := range texts {
		data.Rows = append(data.Rows, dictionary.AppendRows(nil, extract(t)))
	}
	model, err := ngram.Fit(context.Background(), data, dictionary.Rows(), ngram.Options{}, 1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range []string{"good", "not good", "a bad story"} {
		var scores [2]float32
		model.Score(scores[:], dictionary.AppendRows(nil, extract(t)))
		fmt.Printf("%-12s positive: %t\n", t, scores[1] > scores[0])
	}
	// Output:
	// good         positive: true
	// not good     positive: false
	// a bad story  positive: false
}

func ExampleExtractor_AppendFeatures() {
	x := ngram.NewExtractor(ngram.Config{Words: 2})
	text := []tokenize.Token{{Text: "not"}, {Text: "good"}}
	// The edge, not, good; edge-not, not-good, good-edge.
	fmt.Println(len(x.AppendFeatures(nil, text)))
	// Output: 6
}
