package pretrain_test

import (
	"context"
	"fmt"
	"os"

	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/vocab"
)

func Example() {
	dir, err := os.MkdirTemp("", "checkpoints")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	trainer := skipgram.Trainer{
		Config: skipgram.Config{Embed: 8, Vocab: vocab.Options{MinCount: 1}},
		Run:    pretrain.Run{Checkpoint: dir, Resume: true}, // goes on if it was interrupted
	}
	r, err := trainer.Fit(context.Background(), []string{"the kettle boils", "the train leaves"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Vocab.Known(), "words in", r.Tokens)
	fmt.Println(pretrain.RemoveCheckpoints(dir))
	// Output:
	// 5 words in 6
	// <nil>
}
