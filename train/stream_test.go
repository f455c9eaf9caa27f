package train_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/vocab"
)

// streamOf puts d on disk.
func streamOf(t testing.TB, d *corpora.Dataset) *train.Stream {
	t.Helper()
	spool, err := corpora.NewSpool(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spool.Close() })
	for _, ex := range d.Examples {
		if err := spool.Add(ex); err != nil {
			t.Fatal(err)
		}
	}
	return &train.Stream{Heads: d.Heads, Sources: d.Sources, Separator: d.Separator, Texts: spool}
}

func fitStream(t testing.TB, tr train.Trainer, s *train.Stream, dev *corpora.Dataset) *train.Result {
	t.Helper()
	r, err := tr.FitStream(context.Background(), s, dev)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// windowed is joint with windows of 100 texts.
func windowed() train.Config {
	c := joint()
	c.BatchSize, c.Crop = 2, 0.5
	c.EMA.Decay = 0.9
	return c
}

// A batch of any number of texts is one of all that there are.
func TestLargestBatch(t *testing.T) {
	d := reviews(20, 1)
	for _, size := range []int{math.MaxInt/2 + 1, math.MaxInt} {
		c := joint()
		c.Epochs, c.BatchSize = 1, size
		total := 0
		tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) { total = max(total, p.Steps) }}
		fit(t, tr, d, nil)
		fitStream(t, tr, streamOf(t, d), nil)
		if total != 1 {
			t.Errorf("batches of %d texts: %d steps, want 1", size, total)
		}
	}
}

func TestStreamDependsOnSeedAlone(t *testing.T) {
	d, dev := reviews(250, 1), reviews(50, 2)
	c := windowed()
	c.Epochs = 2
	want := modelBytes(t, fitStream(t, train.Trainer{Config: c, Workers: 1}, streamOf(t, d), dev).Model)
	if got := modelBytes(t, fitStream(t, train.Trainer{Config: c, Workers: 3}, streamOf(t, d), dev).Model); string(got) != string(want) {
		t.Error("3 workers make another model than one")
	}
	c.Seed++
	if got := modelBytes(t, fitStream(t, train.Trainer{Config: c}, streamOf(t, d), dev).Model); string(got) == string(want) {
		t.Error("another seed makes the same model")
	}
}

func TestStreamLearnsWhatFitLearns(t *testing.T) {
	d, dev, test := reviews(600, 1), reviews(60, 2), reviews(200, 3)
	for _, tt := range []struct {
		name   string
		config train.Config
	}{
		{"joint", joint()},
		{"deep", small()},
		{"wide", train.Config{Model: classify.Config{NoDeep: true, Ngrams: ngram.Config{Words: 2, Bits: 10}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole := fit(t, train.Trainer{Config: tt.config}, d, dev)
			streamed := fitStream(t, train.Trainer{Config: tt.config}, streamOf(t, d), dev)
			if got, want := streamed.Model.Vocab().Len(), whole.Model.Vocab().Len(); got != want {
				t.Errorf("%d words, want %d", got, want)
			}
			for _, head := range d.Heads {
				got, want := accuracy(streamed.Model, test, head), accuracy(whole.Model, test, head)
				if got < want-0.02 || got < 0.9 {
					t.Errorf("%s: accuracy %.3f, %.3f of a model trained in memory", head, got, want)
				}
			}
		})
	}
}

func TestStreamSeesEveryTextOnce(t *testing.T) {
	d := reviews(250, 1)
	c := windowed()
	c.Crop, c.Model.Ngrams, c.Schedule.Kind = 0, ngram.Config{}, nn.OneCycle
	tokens := int64(0)
	for i := range d.Examples {
		tokens += int64(len(strings.Fields(d.Examples[i].Text)))
	}
	var last train.Progress
	steps := 0
	tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		if steps++; p.Step != steps {
			t.Errorf("step %d after %d steps", p.Step, steps)
		}
		last = p
	}}
	fitStream(t, tr, streamOf(t, d), nil)
	if want := int64(c.Epochs) * tokens; last.Tokens != want {
		t.Errorf("%d tokens seen in %d epochs, want %d", last.Tokens, c.Epochs, want)
	}
	if want := c.Epochs * 125; last.Step != want || last.Steps != want {
		t.Errorf("at step %d of %d, want %d", last.Step, last.Steps, want)
	}
	if last.Rate > c.Schedule.Rate/1000 {
		t.Errorf("the rate ends at %v, want a cycle down from %v to nearly 0", last.Rate, c.Schedule.Rate)
	}
}

func TestStreamOfSourcesWeightsAndLabelLists(t *testing.T) {
	d := data([]string{"mood", "about"},
		[]string{"good", "film;music", "great film with lovely songs"},
		[]string{"bad", "film", "awful film"},
		[]string{"", "music", "songs and songs"},
		[]string{"good", "", "a great day"},
	)
	for i := range d.Examples {
		d.Examples[i].Source = int32(i % 2)
	}
	d.Examples[1].Weight = 3
	d.Sources = []corpora.Source{{Name: "a", Labels: [][]string{{"bad", "good"}, nil}}, {Name: "b", Labels: [][]string{{"bad", "good"}, nil}}}
	c := joint()
	c.Model.LSTM = lstm.Config{HiddenSize: 4}
	whole := fit(t, train.Trainer{Config: c}, d, d).Model
	m := fitStream(t, train.Trainer{Config: c}, streamOf(t, d), d).Model
	for h, head := range m.Heads() {
		want := whole.Heads()[h]
		if fmt.Sprint(head.Labels) != fmt.Sprint(want.Labels) || head.MultiLabel() != want.MultiLabel() {
			t.Errorf("head %s has the labels %q, want %q", head.Name, head.Labels, want.Labels)
		}
	}
}

// broken is texts that cannot be read to the end in one epoch.
type broken struct {
	train.Texts
	epoch uint64
}

var errDisk = errors.New("the disk is gone")

func (b broken) Shuffled(epoch uint64) iter.Seq2[corpora.Example, error] {
	return func(yield func(corpora.Example, error) bool) {
		n := 0
		for ex, err := range b.Texts.Shuffled(epoch) {
			if n++; epoch == b.epoch && n > 120 {
				yield(corpora.Example{}, errDisk)
				return
			}
			if !yield(ex, err) {
				return
			}
		}
	}
}

func TestStreamErrors(t *testing.T) {
	d := reviews(200, 1)
	for epoch := range uint64(2) {
		s := streamOf(t, d)
		s.Texts = broken{s.Texts, epoch}
		if _, err := (&train.Trainer{Config: windowed()}).FitStream(t.Context(), s, nil); !errors.Is(err, errDisk) {
			t.Errorf("a disk that fails in epoch %d: error %v, want %v", epoch, err, errDisk)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	tr := train.Trainer{Config: windowed(), OnProgress: func(p train.Progress) {
		if p.Step == 70 {
			cancel()
		}
		if p.Step > 70 {
			t.Errorf("step %d after the end of the context", p.Step)
		}
	}}
	if _, err := tr.FitStream(ctx, streamOf(t, d), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	if _, err := new(train.Trainer).FitStream(t.Context(), streamOf(t, new(corpora.Dataset)), nil); !errors.Is(err, corpora.ErrData) {
		t.Errorf("no texts: error %v", err)
	}
}

// A weight that is not a number sends a stream back to the start of its epoch.
func TestStreamRollsBack(t *testing.T) {
	c := windowed()
	c.Epochs = 3
	run := func(poison bool) (history []train.Epoch, last train.Progress, warnings int) {
		var net *classify.Network
		tr := train.Trainer{Config: c, Prepare: func(n *classify.Network, _ *vocab.Vocabulary) error { net = n; return nil }}
		tr.OnProgress = func(p train.Progress) {
			last = p
			if p.Warning != nil {
				warnings++
			}
			if p.Epoch == 2 && p.Step == 190 && poison && warnings == 0 {
				w := net.Params()[0]
				for i := range w.Data {
					w.Data[i] = float32(math.NaN())
				}
				w.Changed()
			}
		}
		r := fitStream(t, tr, streamOf(t, reviews(250, 1)), nil)
		return r.History, last, warnings
	}
	want, wantLast, _ := run(false)
	got, last, warnings := run(true)
	if warnings != 1 || last.Step != wantLast.Step || last.Steps != wantLast.Steps || last.Tokens != wantLast.Tokens {
		t.Errorf("%d warnings; ended at step %d of %d after %d tokens, want 1; %d of %d after %d",
			warnings, last.Step, last.Steps, last.Tokens, wantLast.Step, wantLast.Steps, wantLast.Tokens)
	}
	if got[0].Loss != want[0].Loss || got[2].Rate != want[2].Rate/2 {
		t.Errorf("loss %v in epoch 1 and rate %v at the end, want %v and %v", got[0].Loss, got[2].Rate, want[0].Loss, want[2].Rate/2)
	}
}
