//go:build linux

package hostile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/seq2seq"
)

// numerals are pairs to learn from.
func numerals() (pairs []seq2seq.Pair) {
	source, target := strings.Fields("one two three four"), strings.Fields("eins zwei drei vier")
	for i := range 64 {
		a, b, c := i%4, i/4%4, i/16
		pairs = append(pairs, seq2seq.Pair{
			Source: source[a] + " " + source[b] + " " + source[c], Target: target[a] + " " + target[b] + " " + target[c],
		})
	}
	return pairs
}

// Damaged translators whose sums are right are refused, or translate with finite scores, in
// bounded time and memory.
func TestTranslateMutants(t *testing.T) {
	small := seq2seq.Config{Pieces: 40, Embed: 6, Hidden: 5, Epochs: 1, BatchPieces: 300}
	shared, words := small, small
	shared.Shared, shared.Encoder, shared.Layers = true, "gru", 2
	words.WholeWords, words.Attention, words.NoFeeding, words.Tie = true, nn.Additive, true, seq2seq.TieNone
	words.Embed, words.Hidden = 10, 10
	var files []victim
	for _, c := range []seq2seq.Config{small, shared, words} {
		m, err := seq2seq.Train(t.Context(), c, numerals(), nil)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, saved(t, m.Save))
	}
	tryMutants(t, 9, files, "textlstm.seq2seq", thrifty(func(b []byte) (string, error) { return askTranslator(t.Context(), b) }))
}

// askTranslator says what came of a file, and what should not have.
func askTranslator(ctx context.Context, b []byte) (outcome string, wrong error) {
	defer func() {
		if p := recover(); p != nil {
			wrong = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	m, err := seq2seq.Decode(b)
	if err != nil {
		if !errors.Is(err, seq2seq.ErrFormat) || len(err.Error()) > screen {
			return "refused", fmt.Errorf("%w", err)
		}
		return "refused", nil
	}
	answers, err := m.Translate(ctx, []string{"one two three", "", "\x1b[31m \x00 ten \xff"}, seq2seq.Search{Beam: 3, Best: 2, Coverage: 0.2})
	if err != nil {
		if len(err.Error()) > screen {
			return "no answer", err
		}
		return "no answer", nil
	}
	if _, err := json.Marshal(answers); err != nil { // NaN and infinity have no JSON
		return "answered", err
	}
	return "answered", nil
}

// A line of megabytes is translated in bounded memory, or refused.
func TestTranslateLongLines(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "pairs.tsv"), filepath.Join(dir, "m.model")
	var pairs strings.Builder
	for _, p := range numerals() {
		fmt.Fprintf(&pairs, "%s\t%s\n", p.Source, p.Target)
	}
	if err := os.WriteFile(data, []byte(pairs.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	u := run(t, "translate", "train", "--quiet", "--train", data, "--epochs", "1", "--out", model,
		"--set", "pieces=40", "--set", "embed=8", "--set", "hidden=8")
	if u.Status != 0 {
		t.Fatalf("training: status %d", u.Status)
	}
	rep := strings.Repeat
	cases := map[string]string{
		"words":           rep("one two ", 500_000),
		"a word":          rep("onetwo", 700_000),
		"an unknown word": rep("x", 4_000_000), // one piece
		"NUL bytes":       rep("\x00", 1_000_000),
		"combining marks": "e" + rep("\u0301", 500_000),
	}
	each(t, cases, nil, func(t *testing.T, name, text string) {
		file := filepath.Join(t.TempDir(), "text.txt")
		if err := os.WriteFile(file, []byte(text+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		statuses := []int{0, 3}
		if name == "words" {
			statuses = statuses[1:]
		}
		u := run(t, "translate", "--model", model, file)
		if !slices.Contains(statuses, u.Status) || len(u.Message) > screen || u.CPU > timeLimit || u.Peak > 4*int64(len(text))+memoryLimit {
			t.Errorf("status %d, %v, %d MiB, a message of %d bytes", u.Status, u.CPU, u.Peak>>20, len(u.Message))
		}
	})
}
