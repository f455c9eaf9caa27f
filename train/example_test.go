package train_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

// A model learns from eight labelled texts and is asked about two new ones.
func Example() {
	r, err := corpora.New(strings.NewReader(`label	text
positive	what a superb film
positive	a superb and lovely film
positive	superb acting
positive	we had a lovely evening
negative	what an awful film
negative	an awful and dull film
negative	awful acting
negative	we had a dull evening
`), "films.tsv", corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	data, err := corpora.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}

	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}},
		Epochs: 60,
		Seed:   1,
	}}
	t.Model.Vocab.MinCount = 1
	t.Schedule.Rate = 0.02
	result, err := t.Fit(context.Background(), data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"a lovely film", "dull acting"} {
		answer := result.Model.Predict(text).Scores[0]
		fmt.Println(text+":", result.Model.Heads()[0].Labels[answer.Label])
	}
	// Output:
	// a lovely film: positive
	// dull acting: negative
}

// The texts go from the file to the disk, row by row, and from there to the
// model: they are never all in memory.
func ExampleTrainer_FitStream() {
	var file strings.Builder // a large one
	file.WriteString("label\ttext\n")
	for range 20 {
		file.WriteString("positive\ta lovely film\npositive\tsuperb acting\nnegative\tan awful film\nnegative\tdull acting\n")
	}
	r, err := corpora.New(strings.NewReader(file.String()), "films.tsv", corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	spool, err := corpora.NewSpool("", 1)
	if err != nil {
		log.Fatal(err)
	}
	defer spool.Close()
	for ex, err := range r.Accepted() {
		if err != nil {
			log.Fatal(err)
		}
		if err := spool.Add(ex); err != nil {
			log.Fatal(err)
		}
	}

	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}},
		Epochs: 20,
		Seed:   1,
	}}
	t.Schedule.Rate = 0.02
	result, err := t.FitStream(context.Background(), &train.Stream{
		Heads: r.Heads(), Sources: r.Sources(), Separator: r.Separator(), Texts: spool,
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	answer := result.Model.Predict("superb film").Scores[0]
	fmt.Println(result.Model.Heads()[0].Labels[answer.Label])
	// Output:
	// positive
}
