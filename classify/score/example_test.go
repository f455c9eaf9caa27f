package score_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

// A model of three labels is judged on texts of two of them.
func ExampleDataset() {
	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}},
		Epochs: 60,
		Seed:   1,
	}}
	t.Model.Vocab.MinCount = 1
	t.Schedule.Rate = 0.02
	result, err := t.Fit(context.Background(), read("pos\tgood\npos\tfine\nneg\tbad\nneg\tpoor\nneutral\tplain\nneutral\tusual\n"), nil)
	if err != nil {
		log.Fatal(err)
	}
	predictions, err := score.Dataset(context.Background(), result.Model, read("negative\tpoor\npositive\tgood\npositive\tbad\n"), "")
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range predictions {
		e, err := p.Evaluate(evaluate.Options{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %q: %d texts, accuracy %.3f\n", p.Head, p.Single.Labels, p.Single.Len(), float64(e.Accuracy))
	}
	// Output: label ["negative" "positive"]: 3 texts, accuracy 0.667
}

func read(rows string) *corpora.Dataset {
	r, err := corpora.New(strings.NewReader("label\ttext\n"+rows), "rows.tsv", corpora.Options{})
	if err != nil {
		log.Fatal(err)
	}
	d, err := corpora.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	return d
}
