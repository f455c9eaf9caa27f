package language_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/pretrained/language"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// What starts from the language model has an idea of words that its own few
// texts lack.
func ExampleModel() {
	start, err := language.Model()
	if err != nil {
		log.Fatal(err)
	}
	r, err := corpora.New(strings.NewReader(`label	text
happy	we had a great time and the food was good
happy	a beautiful place with a very nice view
happy	it was excellent and so much fun
happy	i really love this one
sad	we had a bad time and the food was poor
sad	an ugly place with a terrible view
sad	it was horrible and so boring
sad	i really hate this one
`), "feelings.tsv", corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	data, err := corpora.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}

	t := train.Trainer{Start: train.FromLanguageModel(start)}
	t.Config = recommend.For(data).From(t.Start, data.Len())
	t.Epochs, t.BatchSize = 30, 4
	result, err := t.Fit(context.Background(), data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"wonderful", "awful", "what a lovely evening", "what a dull evening"} {
		fmt.Println(text+":", result.Model.Heads()[0].Labels[result.Model.Predict(text).Scores[0].Label])
	}
	// Output:
	// wonderful: happy
	// awful: sad
	// what a lovely evening: happy
	// what a dull evening: sad
}
