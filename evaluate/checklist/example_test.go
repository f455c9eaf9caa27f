package checklist_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/textlstm/textlstm/evaluate/checklist"
)

// A classifier that looks for one word knows nothing of negation.
func ExampleSuite_Run() {
	suite, err := checklist.Parse([]byte(`
capability = "negation"

[[test]]
name = "not and a good word"
type = "MFT"
want = ["negative"]
texts = ["It was not {good}.", "It was not tasty."]
fill.good = ["good", "very good"]

[[test]]
name = "contractions"
type = "INV"
pairs = [["It was not good.", "It wasn't good."]]
`))
	if err != nil {
		log.Fatal(err)
	}
	labels := []string{"negative", "positive"}
	result, err := suite.Run(context.Background(), labels, func(_ context.Context, texts []string) ([][]float32, error) {
		probs := make([][]float32, len(texts))
		for i, text := range texts {
			probs[i] = []float32{0.9, 0.1}
			if strings.Contains(text, "good") {
				probs[i] = []float32{0.1, 0.9}
			}
		}
		return probs, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range result.Rates {
		fmt.Printf("%s %s: %d of %d\n", r.Capability, r.Type, r.Passed, r.Cases)
	}
	// Output:
	// negation MFT: 1 of 3
	// negation INV: 1 of 1
}
