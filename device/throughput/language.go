package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/vocab"
)

// language times the training of a bidirectional language model with 8,192 samples, on words as frequent as
// Zipf says: tokens a second after a warm-up. A nil device is this processor.
func language(on lm.Device, embed, hidden, tokens int, seconds float64, r *rand.Rand) (float64, error) {
	c := lm.Config{
		Pipeline: "words", Vocab: vocab.Options{MinCount: 1}, Embed: embed, Samples: 8192, BatchTokens: tokens, Epochs: math.MaxInt32,
		LSTM: lstm.Config{HiddenSize: hidden, Direction: nn.Bidirectional},
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var begin lm.Progress
	var speed float64
	started := time.Now()
	t := lm.Trainer{Config: c, Device: on, OnProgress: func(p lm.Progress) {
		switch {
		case begin.Step == 0:
			if time.Since(started).Seconds() > seconds/4 {
				begin = p
			}
		case (p.Elapsed - begin.Elapsed).Seconds() > seconds:
			speed = float64(p.Tokens-begin.Tokens) / (p.Elapsed - begin.Elapsed).Seconds()
			cancel()
		}
	}}
	_, err := t.Fit(ctx, randomTexts(20*tokens, r))
	if !errors.Is(err, context.Canceled) {
		return 0, err
	}
	return speed, nil
}

// randomTexts have about so many words: each of the 20,000 once, the others as Zipf says.
func randomTexts(tokens int, r *rand.Rand) []string {
	const length = 1000
	z := rand.NewZipf(r, 1.1, 10, words-1)
	texts := make([]string, 0, 199) // of more, some would be set aside
	var b strings.Builder
	for n := range max(tokens, words) {
		word := uint64(n)
		if n >= words {
			word = z.Uint64()
		}
		fmt.Fprintf(&b, "w%d ", word)
		if (n+1)%length == 0 && len(texts) < cap(texts)-1 {
			texts = append(texts, b.String())
			b.Reset()
		}
	}
	return append(texts, b.String())
}
