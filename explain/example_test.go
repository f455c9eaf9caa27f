package explain_test

import (
	"context"
	"fmt"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// Why is this negative? A model of words and pairs of words alone, so that the
// parts are exact.
func ExampleExplainer_Explain() {
	data := &corpora.Dataset{Heads: []string{"sentiment"}}
	for _, text := range []string{"good", "very good", "a good film"} {
		data.Examples = append(data.Examples, corpora.Example{Text: text, Labels: []string{"positive"}})
	}
	for _, text := range []string{"not good", "bad", "a bad film"} {
		data.Examples = append(data.Examples, corpora.Example{Text: text, Labels: []string{"negative"}})
	}
	trainer := train.Trainer{Config: train.Config{
		Model: classify.Config{NoDeep: true, Vocab: vocab.Options{MinCount: 1}, Ngrams: ngram.Config{Words: 2, Bits: 10, MinCount: 1}},
	}}
	result, err := trainer.Fit(context.Background(), data, nil)
	if err != nil {
		panic(err)
	}
	x, err := explain.New(result.Model).Explain(context.Background(), "Really NOT good!", explain.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(x.Label)
	fmt.Println(x.Mark(false))
	for _, n := range x.Ngrams[:2] {
		fmt.Println(n.Text, n.Spans)
	}
	// Output:
	// negative
	// Really [+++NOT] [-good]!
	// NOT [{7 10}]
	// NOT good [{7 15}]
}
