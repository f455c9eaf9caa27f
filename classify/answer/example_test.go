package answer_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/pretrained"
)

// What the embedded model says of a text and of each of its sentences.
func ExampleAll() {
	m, err := pretrained.Default()
	if err != nil {
		log.Fatal(err)
	}
	texts := slices.Values([]answer.Text{{ID: "review", Text: "The food was superb. The service was awful."}})
	heads := m.Heads()
	for r, err := range answer.All(context.Background(), m, texts, answer.Options{Sentences: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.ID)
		for _, s := range r.Sentences {
			fmt.Printf("%s: %s\n", heads[0].Labels[s.Scores[0].Label], s.Text)
		}
	}
	// Output:
	// review
	// positive: The food was superb.
	// negative: The service was awful.
}

// Answers that are not sure enough have no label.
func ExampleNewWriter() {
	heads := []classify.Head{{Name: "folder", Labels: []string{"ham", "spam"}}}
	w := answer.NewWriter(os.Stdout, heads, answer.Options{Naming: answer.Naming{Abstain: 0.6}}, false)
	for i, probs := range [][]float32{{0.125, 0.875}, {0.5, 0.5}} {
		r := &answer.Record{ID: fmt.Sprint(i + 1)}
		r.Tokens = 4
		r.Scores = []classify.Score{{Label: 1 - i, Probs: probs}}
		if err := w.Write(r); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"id":"1","folder":{"label":"spam","prob":0.8750,"probs":{"ham":0.1250,"spam":0.8750}},"tokens":4,"unknown":0}
	// {"id":"2","folder":{"label":null,"prob":0.5000,"probs":{"ham":0.5000,"spam":0.5000}},"tokens":4,"unknown":0}
}
