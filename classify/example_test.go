package classify_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

// learn trains a little model on eight texts.
func learn() *classify.Model {
	d := &corpora.Dataset{Heads: []string{"sentiment"}}
	for _, row := range [][2]string{
		{"positive", "a superb film"}, {"positive", "we saw a lovely film"},
		{"positive", "superb acting"}, {"positive", "a lovely evening"},
		{"negative", "an awful film"}, {"negative", "we saw a dull film"},
		{"negative", "awful acting"}, {"negative", "a dull evening"},
	} {
		d.Examples = append(d.Examples, corpora.Example{Labels: row[:1], Text: row[1]})
	}
	t := train.Trainer{Config: train.Config{
		Model:  classify.Config{Embed: 8, LSTM: lstm.Config{HiddenSize: 8}},
		Epochs: 60,
		Seed:   1,
	}}
	t.Model.Vocab.MinCount = 1
	t.Schedule.Rate = 0.02
	result, err := t.Fit(context.Background(), d, nil)
	if err != nil {
		panic(err)
	}
	return result.Model
}

func Example() {
	model := learn()
	head := model.Heads()[0]
	for _, text := range []string{"a lovely film", "dull acting"} {
		answer := model.Predict(text).Scores[0]
		fmt.Printf("%s: %s, sure: %t\n", text, head.Labels[answer.Label], answer.Prob() > 0.8)
	}
	// Output:
	// a lovely film: positive, sure: true
	// dull acting: negative, sure: true
}

// A stream of texts is answered in bounded memory, in order.
func ExampleModel_PredictAll() {
	model := learn()
	texts := slices.Values([]string{"superb", "awful", "lovely"})
	for answer, err := range model.PredictAll(context.Background(), texts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(model.Heads()[0].Labels[answer.Scores[0].Label])
	}
	// Output:
	// positive
	// negative
	// positive
}

// A model is one safetensors file; what is read answers as what was written.
func ExampleModel_WriteTo() {
	model := learn()
	var file bytes.Buffer
	if _, err := model.WriteTo(&file); err != nil {
		fmt.Println(err)
		return
	}
	again, err := classify.Decode(file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	a, b := model.Predict("a superb evening").Scores[0], again.Predict("a superb evening").Scores[0]
	fmt.Println(slices.Equal(a.Probs, b.Probs))
	// Output: true
}
