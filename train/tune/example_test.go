package tune_test

import (
	"context"
	"fmt"
	"log"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/train/tune"
)

// A study looks for the place of a peak. Usually the objective is that of a
// Trainer.
func Example() {
	s, err := tune.New(tune.Options{
		Space:   tune.Space{{Path: "x", Kind: tune.Float, Low: -10, High: 10}},
		Default: tune.Values{"x": 9.0},
		Trials:  60,
		Metric:  "height",
	})
	if err != nil {
		log.Fatal(err)
	}
	height := func(_ context.Context, t tune.Task) (tune.Outcome, error) {
		x := t.Values["x"].(float64)
		return tune.Outcome{Score: evaluate.Score(-(x - 2) * (x - 2))}, nil
	}
	if err := s.Run(context.Background(), height); err != nil {
		log.Fatal(err)
	}
	best, first := s.Best()
	fmt.Printf("near 2: %t; higher than at 9: %t\n", best.Score > -0.1, best.Score > first.Score)
	// Output: near 2: true; higher than at 9: true
}
