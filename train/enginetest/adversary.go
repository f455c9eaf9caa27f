package enginetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/loop/looptest"
)

// adversary does to both what adversarial losses do after a Backward, in the same directions: the vectors are
// moved, their gradient is asked for, alone and with those of the weights, and other texts follow.
func adversary(t *testing.T, r *rand.Rand, here, there *trainee) {
	t.Helper()
	both := func(what string, f func(train.Words) ([][]float32, error)) [][]float32 {
		t.Helper()
		want, err := f(here.words)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f(there.words)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			looptest.Compare(t, fmt.Sprint(what, " ", i), got[i], want[i])
		}
		return want
	}
	one := func(f func(train.Words) ([]float32, error)) func(train.Words) ([][]float32, error) {
		return func(w train.Words) ([][]float32, error) {
			x, err := f(w)
			return [][]float32{x}, err
		}
	}
	texts := newTexts(r, here.net.Config(), false)
	for range 2 {
		moved := slices.Clone(both("word vectors", one(train.Words.Vectors))[0])
		for i := range moved {
			moved[i] += float32(0.1 * r.NormFloat64())
		}
		forward := func(w train.Words) ([][]float32, error) { return w.ForwardVectors(moved) }
		dLogits := derivatives(r, both("scores at moved vectors", forward), false)
		both("gradient of the word vectors", one(func(w train.Words) ([]float32, error) { return w.WordGradient(dLogits) }))
		both("scores at moved vectors again", forward) // a Forward has one Backward
		both("gradient beside those of the weights", one(func(w train.Words) ([]float32, error) { return w.BackwardWords(dLogits) }))

		var tokens, gotTokens []int
		here.words.EachToken(func(row, text int) { tokens = append(tokens, row, text) })
		there.words.EachToken(func(row, text int) { gotTokens = append(gotTokens, row, text) })
		if !slices.Equal(gotTokens, tokens) {
			t.Errorf("tokens %v, want %v", gotTokens, tokens)
		}
		s := r.Uint64()
		here.forward(t, texts, s)
		there.forward(t, texts, s)
	}
}
