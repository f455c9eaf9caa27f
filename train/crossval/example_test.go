package crossval_test

import (
	"context"
	"fmt"
	"log"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
)

// How well can forty short reviews be told apart?
func ExampleRun() {
	data := &corpora.Dataset{Heads: []string{"label"}}
	for i := range 40 {
		label, word := "negative", "awful"
		if i%2 == 1 {
			label, word = "positive", "lovely"
		}
		data.Examples = append(data.Examples, corpora.Example{Text: fmt.Sprintf("a %s film, my %dth", word, i), Labels: []string{label}})
	}
	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}},
		Epochs: 10,
		Seed:   1,
	}}
	t.Schedule.Rate = 0.03
	result, err := crossval.Run(context.Background(), t, data, crossval.Options{Folds: 4})
	if err != nil {
		log.Fatal(err)
	}
	accuracy, err := result.Spread("label", "accuracy")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.2f ± %.2f over %d folds\n", float64(accuracy.Mean), float64(accuracy.SD), accuracy.N)
	// Output: accuracy 1.00 ± 0.00 over 4 folds
}
