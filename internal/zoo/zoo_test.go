package zoo_test

import (
	"context"
	"testing"

	"github.com/textlstm/textlstm/internal/zoo"
)

// Every model can be made, tells the texts apart, and the texts have what they should.
func TestKinds(t *testing.T) {
	texts := zoo.Texts(200)
	for _, k := range zoo.Kinds() {
		m, err := zoo.Make(k, 1)
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		enc, err := m.Encode(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, e := range enc {
			rows += len(e.Rows)
		}
		if m.Wide() != nil && rows < 200 {
			t.Errorf("%s: %d rows of n-grams in 200 texts", k.Name, rows)
		}
		scores, err := m.Logits(context.Background(), enc)
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := scores[0][0], scores[0][0]
		for _, s := range scores[0] {
			lo, hi = min(lo, s), max(hi, s)
		}
		if hi-lo < 0.5 {
			t.Errorf("%s: all scores are from %v to %v", k.Name, lo, hi)
		}
	}
}
