package seq2seq_test

import (
	"context"
	"fmt"
	"log"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/seq2seq"
)

// Pairs of texts make a model that translates.
func Example() {
	var pairs []seq2seq.Pair
	for range 30 {
		pairs = append(pairs,
			seq2seq.Pair{Source: "Guten Morgen!", Target: "Good morning!"},
			seq2seq.Pair{Source: "Guten Abend!", Target: "Good evening!"},
			seq2seq.Pair{Source: "Gute Nacht!", Target: "Good night!"},
		)
	}
	ctx := context.Background()
	model, err := seq2seq.Train(ctx, seq2seq.Config{
		Embed: 16, Hidden: 16, Epochs: 30, BatchPieces: 200, Schedule: nn.Schedule{Rate: 0.02},
	}, pairs, nil)
	if err != nil {
		log.Fatal(err)
	}
	answers, err := model.Translate(ctx, []string{"Guten Abend!", "Gute Nacht!"}, seq2seq.Search{Beam: 3})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		fmt.Println(a.Text())
	}
	// Output:
	// Good evening!
	// Good night!
}
