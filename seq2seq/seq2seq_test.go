package seq2seq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/internal/hostile"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/seq2seq"
)

// numbers draws pairs of English numbers and German ones, where units come first.
func numbers(n int) []seq2seq.Pair {
	english := strings.Fields("one two three four five six seven eight nine")
	german := strings.Fields("ein zwei drei vier fünf sechs sieben acht neun")
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
	zehner := strings.Fields("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var list []seq2seq.Pair
	for range n {
		var a, b []string
		for range 1 + r.IntN(3) {
			t, u := r.IntN(len(tens)), r.IntN(len(english))
			a = append(a, tens[t]+"-"+english[u])
			b = append(b, german[u]+"und"+zehner[t])
		}
		list = append(list, seq2seq.Pair{Source: strings.Join(a, ", "), Target: strings.Join(b, ", ")})
	}
	return list
}

func small() seq2seq.Config {
	return seq2seq.Config{Pieces: 60, Embed: 32, Hidden: 32, Epochs: 2, BatchPieces: 400, Dropout: -1, Schedule: nn.Schedule{Kind: nn.OneCycle, Rate: 0.02}}
}

func mustTrain(t testing.TB, c seq2seq.Config, pairs, dev []seq2seq.Pair) *seq2seq.Model {
	t.Helper()
	m, err := seq2seq.Train(t.Context(), c, pairs, dev)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustTranslate(t testing.TB, m *seq2seq.Model, s seq2seq.Search, texts ...string) []seq2seq.Translation {
	t.Helper()
	out, err := m.Translate(t.Context(), texts, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What is regular is learned, and said of what was not seen.
func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains for seconds")
	}
	c := small()
	c.Epochs, c.Sampling = 9, 0.2
	dev := numbers(60)
	m := mustTrain(t, c, numbers(1000), dev)
	right := 0
	for _, p := range dev {
		if mustTranslate(t, m, seq2seq.Search{}, p.Source)[0].Text() == p.Target {
			right++
		}
	}
	if right < 55 {
		t.Errorf("%d of %d are right", right, len(dev))
	}
}

func sources(pairs []seq2seq.Pair) []string {
	var list []string
	for _, p := range pairs {
		list = append(list, p.Source)
	}
	return list
}

// A translation does not depend, to the last bit, on batch-mates, batch size or workers,
// and hypotheses are in order, different and of the probabilities that they say.
func TestTranslateAlone(t *testing.T) {
	for _, c := range []seq2seq.Config{{}, {Attention: nn.Additive, Layers: 2, Encoder: "gru", Shared: true, NoFeeding: true}} {
		s := small()
		c.Pieces, c.Embed, c.Hidden, c.Epochs, c.Dropout, c.BatchPieces = s.Pieces, s.Embed, s.Hidden, 1, -1, 500
		m := mustTrain(t, c, numbers(150), nil)
		texts := append(sources(numbers(23)), "", "xyz", "two \x00 \xff two")
		search := seq2seq.Search{Beam: 4, Best: 4, Coverage: 0.1}
		var alone []seq2seq.Translation
		for _, text := range texts {
			alone = append(alone, mustTranslate(t, m, search, text)...)
		}
		for _, batch := range []int{1, 5, 100} {
			for _, workers := range []int{1, 3} {
				search.Batch, search.Workers = batch, workers
				if diff := cmp.Diff(alone, mustTranslate(t, m, search, texts...)); diff != "" {
					t.Fatalf("batches of %d, %d workers (-alone +together):\n%s", batch, workers, diff)
				}
			}
		}
		for i, tr := range alone {
			for k, h := range tr.Hypotheses {
				if k > 0 && (h.Score > tr.Hypotheses[k-1].Score || slices.Equal(h.Pieces, tr.Hypotheses[k-1].Pieces)) {
					t.Errorf("%q: hypothesis %d is better than the one before, or the same", texts[i], k+1)
				}
				if len(h.Attention) != len(h.Pieces) || len(h.Attention[0]) != len(tr.Source) || h.LogProb > 0 {
					t.Errorf("%q: %d rows of attention for %d pieces, probability exp %v", texts[i], len(h.Attention), len(h.Pieces), h.LogProb)
				}
			}
		}
	}
}

// What has no pieces becomes nothing: no pair has taught what it is.
func TestNothingBecomesNothing(t *testing.T) {
	c := small()
	c.Epochs = 1
	m := mustTrain(t, c, numbers(60), nil)
	for i, tr := range mustTranslate(t, m, seq2seq.Search{Beam: 3, Best: 3}, "", "one", " \t ") {
		if h := tr.Hypotheses; (len(h) == 1 && h[0].Text == "") != (i != 1) {
			t.Errorf("text %d: %d hypotheses, the first %q", i, len(h), h[0].Text)
		}
	}
}

// The same seed gives the same bytes, whatever the workers, and so does a training that
// was interrupted. A saved model answers with the same bits.
func TestBytes(t *testing.T) {
	dir := t.TempDir()
	pairs, dev := numbers(120), numbers(12)
	c := small()
	c.Dropout, c.Sampling, c.Layers, c.EMA = 0.2, 0.3, 2, nn.EMAConfig{Decay: 0.9}
	bytesOf := func(m *seq2seq.Model) []byte {
		path := filepath.Join(dir, "m")
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	m := mustTrain(t, c, pairs, dev)
	want := bytesOf(m)
	loaded, err := seq2seq.Load(filepath.Join(dir, "m"))
	if err != nil {
		t.Fatal(err)
	}
	search := seq2seq.Search{Best: 3}
	if diff := cmp.Diff(mustTranslate(t, m, search, sources(dev)...), mustTranslate(t, loaded, search, sources(dev)...)); diff != "" {
		t.Errorf("a saved model answers otherwise (-before +after):\n%s", diff)
	}
	if !bytes.Equal(bytesOf(loaded), want) {
		t.Error("a model that was loaded is saved with other bytes")
	}
	for _, workers := range []int{1, 3} {
		tr := seq2seq.Trainer{Config: c}
		tr.Workers = workers
		r, err := tr.Fit(t.Context(), pairs, dev)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(r.Model), want) {
			t.Errorf("%d workers give other bytes", workers)
		}
	}
	for run := 0; ; run++ {
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		tr := seq2seq.Trainer{Config: c, OnProgress: func(seq2seq.Progress) {
			if steps++; steps == 7 {
				cancel()
			}
		}}
		tr.Checkpoint, tr.CheckpointInterval, tr.Resume = filepath.Join(dir, "checkpoints"), time.Nanosecond, run > 0
		r, err := tr.Fit(ctx, pairs, dev)
		cancel()
		if err == nil {
			if run == 0 || !bytes.Equal(bytesOf(r.Model), want) {
				t.Errorf("%d interruptions: other bytes, or none", run)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// Unknown words are copied from where attention looks, with the space before them.
func TestCopiesUnknownWords(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains for seconds")
	}
	r := rand.New(rand.NewPCG(4, 4))
	words := strings.Fields("alpha beta gamma delta epsilon zeta eta theta")
	var pairs []seq2seq.Pair
	for i := range 900 {
		var line []string
		for range 2 + r.IntN(3) {
			line = append(line, words[r.IntN(len(words))])
		}
		line[r.IntN(len(line))] = fmt.Sprintf("name%d", i) // met once
		text := strings.Join(line, " ")
		pairs = append(pairs, seq2seq.Pair{Source: text, Target: text})
	}
	c := small()
	c.WholeWords, c.Shared, c.Epochs, c.BatchPieces = true, true, 12, 200
	m := mustTrain(t, c, pairs, nil)
	for _, text := range []string{"alpha Zürich beta", "Zürich gamma", "gamma delta Zürich"} {
		if got := mustTranslate(t, m, seq2seq.Search{}, text)[0].Text(); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// What cannot be learned from, or searched for, is refused with what is wrong.
func TestRefusals(t *testing.T) {
	pairs := numbers(20)
	long := []seq2seq.Pair{{Source: strings.Repeat("one ", 500), Target: "eins"}, {Source: "one", Target: ""}}
	for name, tt := range map[string]struct {
		c     seq2seq.Config
		pairs []seq2seq.Pair
		want  string
	}{
		"none":      {want: "0 pairs"},
		"long":      {pairs: long, want: "0 pairs of at most 100 pieces"},
		"pipeline":  {c: seq2seq.Config{Pipeline: "wrods"}, pairs: pairs, want: "wrods"},
		"encoder":   {c: seq2seq.Config{Encoder: "rnn"}, pairs: pairs, want: "want lstm or gru"},
		"attention": {c: seq2seq.Config{Attention: "dot"}, pairs: pairs, want: "unknown attention"},
		"tie":       {c: seq2seq.Config{Tie: seq2seq.TieAll}, pairs: pairs, want: "want shared too"},
		"sampling":  {c: seq2seq.Config{Sampling: 1}, pairs: pairs, want: "sampling = 1"},
		"negative":  {c: seq2seq.Config{Hidden: -3}, pairs: pairs, want: "hidden = -3"},
		"huge":      {c: seq2seq.Config{Hidden: 1 << 20}, pairs: pairs, want: "memory"},
	} {
		if _, err := seq2seq.Train(t.Context(), tt.c, tt.pairs, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	c := small()
	c.Epochs = 1
	m := mustTrain(t, c, pairs, nil)
	for _, s := range []seq2seq.Search{{Beam: -1}, {Beam: 3, Best: 4}, {Coverage: -1}, {Beam: 1 << 20}, {MaxPieces: -1}} {
		if _, err := m.Translate(t.Context(), []string{"one"}, s); err == nil {
			t.Errorf("%+v is no error", s)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Translate(ctx, []string{"one"}, seq2seq.Search{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled translation: %v", err)
	}
	if got := mustTranslate(t, m, seq2seq.Search{MaxPieces: 3}, "twenty-one")[0].Hypotheses[0]; len(got.Pieces) > 3 {
		t.Errorf("%d pieces, want at most 3", len(got.Pieces))
	}
}

// A text of more pieces than are translated is named, and so is one of the dev pairs,
// before the training.
func TestLongTexts(t *testing.T) {
	c := small()
	c.Epochs, c.WholeWords = 1, true
	pairs := numbers(50)
	m := mustTrain(t, c, pairs, nil)
	text := func(n int) string { return strings.TrimSpace(strings.Repeat("one ", n)) }
	mustTranslate(t, m, seq2seq.Search{MaxPieces: 1, Beam: 1}, text(seq2seq.MaxSource))
	var long *seq2seq.LongError
	for _, n := range []int{seq2seq.MaxSource + 1, 1_000_000} {
		_, err := m.Translate(t.Context(), []string{"one", text(n)}, seq2seq.Search{})
		if !errors.As(err, &long) || long.Text != 1 || !strings.Contains(err.Error(), "text 2 has more than 1024 pieces") {
			t.Errorf("%d pieces: %v", n, err)
		}
	}
	dev := []seq2seq.Pair{pairs[0], {Source: "one", Target: text(seq2seq.MaxSource + 1)}}
	if _, err := seq2seq.Train(t.Context(), c, pairs, dev); !errors.As(err, &long) || long.Text != 1 {
		t.Errorf("a long dev pair: %v", err)
	}
}

// Weights that are too large for finite scores are an error, not NaN in an answer.
func TestHugeWeights(t *testing.T) {
	c := small()
	c.Epochs = 1
	m := mustTrain(t, c, numbers(30), nil)
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] = math.MaxFloat32
		}
		p.Changed()
	}
	if _, err := m.Translate(t.Context(), []string{"one two"}, seq2seq.Search{}); err == nil || !strings.Contains(err.Error(), "no finite numbers") {
		t.Errorf("%v, want that the weights are too large", err)
	}
}

// A model whose bytes are not those that were saved is an error.
func TestDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	c := small()
	c.Epochs = 1
	if err := mustTrain(t, c, numbers(30), nil).Save(path); err != nil {
		t.Fatal(err)
	}
	hostile.Damage(t, path, seq2seq.ErrFormat, func(path string) error {
		_, err := seq2seq.Load(path)
		return err
	})
	if _, err := seq2seq.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// No bytes make Decode panic, and what it accepts translates.
func FuzzDecode(f *testing.F) {
	path := filepath.Join(f.TempDir(), "m")
	c := small()
	c.Pieces, c.Embed, c.Hidden, c.Epochs = 30, 2, 2, 1
	if err := mustTrain(f, c, numbers(30), nil).Save(path); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := seq2seq.Decode(b)
		if err != nil {
			if !errors.Is(err, seq2seq.ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		if _, err := m.Translate(t.Context(), []string{"one two"}, seq2seq.Search{MaxPieces: 3}); err != nil {
			t.Fatal(err)
		}
	})
}
