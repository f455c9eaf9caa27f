package mutate

import (
	"fmt"
	"os"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/interop"
)

// Files reads files, the names of which take the place of %s in a pattern.
func Files(t testing.TB, pattern string, names ...string) (out [][]byte) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(fmt.Sprintf(pattern, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// Answer makes a classifier of what was read of a file, and has it answer a text, with a
// finite number. A network that is none is an error.
func Answer(t testing.TB, n *interop.Network, text string) error {
	t.Helper()
	m, err := n.Model(classify.Card{})
	if err != nil {
		return err
	}
	s := m.Predict(text).Scores[0]
	if err := Finite(append(s.Probs, s.Value)); err != nil {
		t.Error(err)
	}
	return nil
}
