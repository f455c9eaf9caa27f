package lm_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
)

func Example() {
	texts := strings.Split(strings.Repeat("one two three four five\nfive four three two one\n", 100), "\n")
	trainer := lm.Trainer{Config: lm.Config{
		Embed: 8, LSTM: lstm.Config{HiddenSize: 8, Direction: lstm.Bidirectional}, Samples: 4,
		BatchTokens: 50, Epochs: 10, Schedule: nn.Schedule{Rate: 0.03}, Seed: 1,
	}}
	r, err := trainer.Fit(context.Background(), texts)
	if err != nil {
		log.Fatal(err)
	}
	p := r.History[9].Perplexity["next"]
	fmt.Println(r.Tokens, "words; the next one is known but for the first turn:", p < 1.5)
	// Output: 1000 words; the next one is known but for the first turn: true
}
