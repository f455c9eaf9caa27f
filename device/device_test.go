package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/device/internal/compute"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/enginetest"
	"github.com/textlstm/textlstm/train/tune"
	"github.com/textlstm/textlstm/vocab"
)

// found returns a device, and skips the test where there is none.
func found(t *testing.T) *Device {
	t.Helper()
	list, err := List()
	if err != nil {
		t.Skip(err)
	}
	t.Logf("on %s", list[0].Name())
	return list[0]
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, found(t))
}

// reviews are texts whose label is said by one word among others.
func reviews(n int, seed uint64) *corpora.Dataset {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &corpora.Dataset{Heads: []string{"mood"}}
	fillers := strings.Fields("the a film story plot it was is and quite here one of what we saw")
	words := map[string][]string{"bad": {"awful", "dull", "poor"}, "good": {"great", "lovely", "superb"}}
	for range n {
		label := []string{"bad", "good"}[r.IntN(2)]
		text := []string{words[label][r.IntN(3)]}
		for range 1 + r.IntN(8) {
			text = append(text, fillers[r.IntN(len(fillers))])
		}
		r.Shuffle(len(text), func(i, j int) { text[i], text[j] = text[j], text[i] })
		d.Examples = append(d.Examples, corpora.Example{Labels: []string{label}, Text: strings.Join(text, " ")})
	}
	return d
}

// config is one of a small network that uses much.
func config() train.Config {
	c := train.Config{Model: classify.Config{Embed: 10, LSTM: lstm.Config{HiddenSize: 12, Direction: nn.Bidirectional, InputDropout: 0.2}, Dropout: 0.2}, Epochs: 5, BatchSize: 16}
	c.Model.Vocab.MinCount, c.Schedule.Rate, c.EMA.Decay = 1, 0.02, 0.9
	return c
}

func model(t *testing.T, r *train.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := r.Model.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A training learns, gives the same bytes again, and gives them also where it is interrupted.
func TestTraining(t *testing.T) {
	d, texts, dev := found(t), reviews(200, 1), reviews(60, 2)
	fit := func(ctx context.Context, tr train.Trainer) (*train.Result, error) {
		tr.Config, tr.Device = config(), d
		return tr.Fit(ctx, texts, dev)
	}
	r, err := fit(t.Context(), train.Trainer{})
	if err != nil {
		t.Fatal(err)
	}
	if best := r.History[len(r.History)-1].Dev.Score; !(best > 0.95) {
		t.Errorf("macro F1 %v on the dev texts after the last epoch", best)
	}
	want := model(t, r)
	if r, err = fit(t.Context(), train.Trainer{}); err != nil || !bytes.Equal(model(t, r), want) {
		t.Errorf("the second time another model, or %v", err)
	}
	dir := t.TempDir()
	stops := 0
	for ; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		r, err = fit(ctx, train.Trainer{Checkpoint: dir, Resume: true, OnProgress: func(train.Progress) {
			if n++; n == 17 {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			break
		}
	}
	if err != nil || stops < 2 || !bytes.Equal(model(t, r), want) {
		t.Errorf("after %d interruptions another model, or %v", stops, err)
	}
}

// A small device has little memory, and cannot be opened.
type small struct{ compute.Device }

func (small) Name() string    { return "small" }
func (small) Version() string { return "1" }
func (small) Memory() int64   { return 1 << 20 }
func (small) GPU() bool       { return true }

// What does not fit is refused, and fails a trial of a study, not the study.
func TestRefusals(t *testing.T) {
	d := &Device{small{}}
	c := config()
	c.Model.Heads = []classify.Head{{Name: "mood", Labels: []string{"bad", "good"}}}
	c = c.Resolve()
	if err := d.Check(c); err != nil {
		t.Error(err)
	}
	net, err := classify.NewNetwork(c.Model, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	var full *train.MemoryError
	if _, err := d.Open(net, c, 8192); !errors.As(err, &full) || !strings.Contains(err.Error(), "MiB: small has 1") {
		t.Errorf("error %v, want one about memory", err)
	}
	if _, err := d.Open(net, c, 1<<30); !errors.As(err, &full) || !strings.Contains(err.Error(), "numbers") {
		t.Errorf("error %v, want one about the size of an array", err)
	}
	data := &corpora.Dataset{Heads: []string{"mood"}}
	for i := range 20 {
		data.Examples = append(data.Examples, corpora.Example{Text: strings.Repeat("a film ", 5000), Labels: []string{[]string{"bad", "good"}[i%2]}})
	}
	study := tune.Trainer{Trainer: train.Trainer{Config: config(), Device: d}, Data: data, Dev: data}
	var failed *tune.TrialError
	if _, err := study.Try(t.Context(), tune.Task{}); !errors.As(err, &failed) || !errors.As(err, &full) {
		t.Errorf("error %v, want one of the trial alone, about memory", err)
	}
}

// What is asked of a device before the first step is what a step takes, of every kind of network.
func TestMemory(t *testing.T) {
	const texts, words = 60, 50
	d := found(t)
	for name, change := range map[string]func(*train.Config){
		"lstm":    func(*train.Config) {},
		"gru":     func(c *train.Config) { c.Model.Encoder = "gru" },
		"subword": func(c *train.Config) { c.Model.Subword.Bits = 12 },
		"merged": func(c *train.Config) {
			c.Model.LSTM = lstm.Config{Stack: []nn.Layer{{Units: 24, Direction: nn.Bidirectional, Merge: nn.Sum}, {Units: 24, Direction: nn.Bidirectional, Merge: nn.Sum}}}
		},
		"adversarial": func(c *train.Config) { c.Adversarial.VAT = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := train.Config{Model: classify.Config{Embed: 40, LSTM: lstm.Config{HiddenSize: 24, Direction: nn.Bidirectional, Layers: 2}}}
			c.Model.Heads = []classify.Head{{Name: "mood", Labels: []string{"bad", "good"}}}
			change(&c)
			c = c.Resolve()
			net, err := classify.NewNetwork(c.Model, texts*words)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := d.Open(net, c, texts*words)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close() // the test reads what it holds
			var batch []classify.Encoded
			for i := range texts {
				var text classify.Encoded
				for j := range words {
					id := vocab.ID(i*words + j)
					if c.Model.HasSubword() {
						id = ^vocab.ID(j)
						text.Unknown = append(text.Unknown, c.Model.Subword.AppendBuckets(nil, fmt.Sprint("w", i*words+j)))
					}
					text.IDs = append(text.IDs, id)
				}
				batch = append(batch, text)
			}
			logits, err := opened.Forward(batch, nn.Mode{Train: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := opened.Backward(logits); err != nil {
				t.Fatal(err)
			}
			holds, asks := int64(0), memory(net.Params(), c, texts*words)
			for _, a := range opened.(*engine).arrays {
				holds += 4 * int64(a.cap)
			}
			if holds > asks || asks > 2*holds {
				t.Errorf("it asks for %d bytes and holds %d", asks, holds)
			}
		})
	}
}

func TestFind(t *testing.T) {
	if d, err := Find("cpu"); d != nil || err != nil {
		t.Errorf("cpu is %v, %v", d, err)
	}
	if _, err := Find("auto"); err != nil {
		t.Error(err)
	}
	if _, err := Find("no such thing"); err == nil {
		t.Error("found a device by a name that none has")
	}
}
