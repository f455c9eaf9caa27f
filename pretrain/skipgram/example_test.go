package skipgram_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/pretrain/skipgram"
)

func Example() {
	texts := strings.Split(strings.Repeat("the cat eats fish\nthe dog eats meat\na car needs fuel\na lamp needs power\n", 500), "\n")
	trainer := skipgram.Trainer{Config: skipgram.Config{Embed: 8, Window: 2, Sample: 1, Rate: 0.05, Seed: 1}}
	r, err := trainer.Fit(context.Background(), texts)
	if err != nil {
		log.Fatal(err)
	}
	cat := r.Vocab.ID("cat")
	for _, n := range r.Embed.Nearest(r.Embed.Row(cat), 1, cat) {
		fmt.Println(r.Vocab.Token(n.ID))
	}
	// Output: dog
}
