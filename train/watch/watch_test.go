package watch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/pretrain/lm"
	"github.com/textlstm/textlstm/pretrain/skipgram"
	"github.com/textlstm/textlstm/report/page"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/crossval"
	"github.com/textlstm/textlstm/train/tune"
	"github.com/textlstm/textlstm/train/watch"
)

// A training's OnProgress, in a log of lines.
func ExampleConsole() {
	c := watch.NewConsole(os.Stdout, false, false)
	var t train.Trainer
	t.OnProgress = c.Report
	// The trainer calls it after every batch and every epoch.
	t.OnProgress(train.Progress{
		Members: 1, Epoch: 1, Epochs: 8, Loss: 0.5, Tokens: 12_000, Elapsed: 2 * time.Second,
		Dev: &train.DevScore{Metric: "accuracy", Score: 0.75, Best: true},
	})
	// Output: epoch 1/8  loss 0.5000  dev accuracy 0.7500 *  2s  6,000 tokens/s
}

// evaluation has two figures.
func evaluation(accuracy, macroF1 evaluate.Score) *evaluate.Evaluation {
	e := new(evaluate.Evaluation)
	e.Accuracy, e.MacroF1 = accuracy, macroF1
	return e
}

// dev is the evaluation of an epoch.
func dev(score evaluate.Score) *train.DevScore {
	return &train.DevScore{Metric: "macro_f1", Score: score, LogLoss: 0.25, Heads: map[string]*evaluate.Evaluation{"mood": evaluation(0.5, score)}}
}

// printed is what calls print to a console that is no terminal.
func printed(logJSON, quiet bool, calls func(*watch.Console)) string {
	var b bytes.Buffer
	calls(watch.NewConsole(&b, logJSON, quiet))
	return b.String()
}

// course are the calls of a training of two members.
func course(c *watch.Console) {
	d := &corpora.Dataset{Heads: []string{"mood"}, Sources: []corpora.Source{{Labels: [][]string{strings.Split("abcdefghij", "")}}}}
	c.Texts(12, d, d)
	c.From("a\x1bmodel")
	c.From("")
	c.Report(train.Progress{Asked: 5, Texts: 10})
	c.Report(train.Progress{Resumed: true, Member: 2, Members: 2, Epoch: 1, Epochs: 10, Step: 3, Steps: 40})
	c.Report(train.Progress{Member: 2, Members: 2, Epoch: 1, Epochs: 10, Step: 4, Steps: 40, Loss: 0.75})
	c.Report(train.Progress{Member: 2, Members: 2, Epoch: 1, Epochs: 10, Step: 4, Steps: 40, Loss: 0.75, Dev: dev(0.5)})
	c.Report(train.Progress{Warning: &train.DivergedError{Epoch: 2, Step: 7, Name: "loss", Value: math.Inf(1)}})
	c.Report(train.Progress{Warning: errors.New("train: no\nspace")})
	c.Report(train.Progress{Refit: true, Members: 1, Epoch: 1, Epochs: 10})
	c.Report(train.Progress{Refit: true, Members: 1, Epoch: 1, Epochs: 10})
	c.Done()
}

func TestLines(t *testing.T) {
	want := `training on 12 texts, dev 0 texts; mood: a, b, c, d, e, f, g, h, … (10)
starting from a model
going on with member 2/2  epoch 1/10, at step 3 of 40
member 2/2  epoch  1/10  loss 0.7500  dev macro_f1 0.5000  0s  0 tokens/s
warning: epoch 2, step 7: loss is +Inf; back to the start of the epoch, at half the learning rate
warning: no space
once more, on the dev texts as well
`
	if diff := cmp.Diff(want, printed(false, false, course)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Warnings alone.
	if got := printed(false, true, course); strings.Count(got, "\n") != 2 || strings.Count(got, "warning: ") != 2 {
		t.Errorf("quiet, yet\n%s", got)
	}
	if f := watch.NewConsole(io.Discard, false, false).Painted(); f != nil {
		t.Error("a line is painted over and over where there is no terminal")
	}
}

// The JSON lines can be read back as learning curves.
func TestJSON(t *testing.T) {
	log := printed(true, false, course)
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) != 4 { // resumed, dev, two warnings; others come a second later
		t.Fatalf("%d lines:\n%s", len(lines), log)
	}
	var line struct {
		Member int
		Dev    struct{ Score float64 }
	}
	if err := json.Unmarshal([]byte(lines[1]), &line); err != nil || line.Member != 2 || line.Dev.Score != 0.5 {
		t.Errorf("%v: %s", err, lines[1])
	}
	series, err := page.ReadHistory(strings.NewReader("another program\n"+log), "log")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, s := range series {
		if s.Group == "dev macro f1" {
			found = s.Name == "dev, member 2" && len(s.X) == 1 && s.X[0] == 4 && s.Y[0] == 0.5
		}
	}
	if !found {
		t.Errorf("no curve of the dev score in %+v", series)
	}
}

func TestFoldsAndTrials(t *testing.T) {
	got := printed(false, false, func(c *watch.Console) {
		fold := c.Folds()
		done := &crossval.Fold{Epoch: 3, Heads: map[string]*evaluate.Evaluation{"b": evaluation(0.5, 0.25), "a": evaluation(1, 1)}}
		fold(crossval.Progress{Fold: 1, Folds: 10})
		fold(crossval.Progress{Fold: 1, Folds: 10, Kept: true, Done: done})
		fold(crossval.Progress{Fold: 2, Folds: 10, Group: "films", Done: done})
		s, err := tune.New(tune.Options{Space: tune.Space{{Path: "x", Kind: tune.Float, Low: 0, High: 1}}, Default: tune.Values{"x": 0.5}, Trials: 3, Metric: "height"})
		if err != nil {
			t.Fatal(err)
		}
		s.Runs = []tune.Run{{Task: tune.Task{Values: tune.Values{"x": 0.5}}, Score: 0.5}}
		trial := c.Trials(s)
		trial(s.Runs[0])
		trial(tune.Run{Task: tune.Task{Run: 1, Trial: 1, Epochs: 2, Values: tune.Values{"x": 0.25}}, Error: "no\tgood"})
	})
	want := `fold  1/10  a accuracy 1.0000 macro_f1 1.0000, b accuracy 0.5000 macro_f1 0.2500  epoch 3  kept
fold  2/10  films  a accuracy 1.0000 macro_f1 1.0000, b accuracy 0.5000 macro_f1 0.2500  epoch 3  0s, 0s to go
going on after 1 runs
trial 1 of 3  height 0.5000 *  x=0.5  0s
trial 2 of 3  epochs 2  failed: no good  x=0.25  0s
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPretraining(t *testing.T) {
	calls := func(c *watch.Console) {
		c.Language(lm.Progress{Progress: pretrain.Progress{Resumed: true, Epoch: 2, Epochs: 3, Step: 5, Steps: 9}})
		c.Language(lm.Progress{Progress: pretrain.Progress{Epoch: 2, Epochs: 3, Step: 6, Steps: 9}})
		c.Language(lm.Progress{Progress: pretrain.Progress{Warning: errors.New("the disk is full")}})
		c.Language(lm.Progress{Progress: pretrain.Progress{Epoch: 2, Epochs: 3, Loss: 4}, Dev: &lm.Epoch{Perplexity: map[string]float64{"next": 55}}})
		c.Vectors(skipgram.Progress{Progress: pretrain.Progress{Epoch: 1, Epochs: 5, Steps: 1}})
		c.Vectors(skipgram.Progress{Progress: pretrain.Progress{Epoch: 1, Epochs: 5, Loss: 2}, EndOfEpoch: true})
	}
	want := `going on with epoch 2/3, at step 5 of 9
warning: the disk is full
epoch 2/3  loss 4.0000  perplexity of the next word 55.0  0s  0 tokens/s
epoch 1/5  loss 2.0000  0s  0 tokens/s
`
	if diff := cmp.Diff(want, printed(false, false, calls)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := printed(false, true, calls); got != "warning: the disk is full\n" {
		t.Errorf("quiet, yet %q", got)
	}
}

// The board has what there is to see, and what it cannot write does not stop a training.
func TestBoard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	b, err := watch.OpenBoard(dir)
	if err != nil {
		t.Fatal(err)
	}
	b.Report(train.Progress{Step: 1, Steps: 10, Loss: 0.5})
	b.Report(train.Progress{Step: 2, Steps: 100_000, Loss: 0.5}) // one in eleven
	b.Report(train.Progress{Warning: errors.New("no")})
	b.Report(train.Progress{Step: 10, Steps: 10, Dev: dev(0.75)})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v: files %q", err, files)
	}
	events, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]int{"train/loss": 1, "train/rate": 1, "dev/macro_f1": 1, "dev/log_loss": 1, "dev mood/accuracy": 1} {
		if got := bytes.Count(events, []byte(tag)); got != want {
			t.Errorf("%s: %d times, want %d", tag, got, want)
		}
	}
	b.Report(train.Progress{Step: 1, Steps: 1})
	if err := b.Close(); err == nil {
		t.Error("writing to a closed file is no error")
	}
	if _, err := watch.OpenBoard(files[0]); err == nil {
		t.Error("a file is no directory")
	}
}

// The closing line tells what eight bits did to the model, or how to have them.
func TestSizes(t *testing.T) {
	text := "good film"
	d := &corpora.Dataset{Heads: []string{"mood"}, Examples: []corpora.Example{
		{Text: text, Labels: []string{"good"}}, {Text: text + " not", Labels: []string{"bad"}},
	}}
	var c train.Config
	c.Epochs, c.Model.Embed, c.Model.LSTM.HiddenSize, c.Model.Vocab.Buckets = 1, 64, 4, 5000
	tr := train.Trainer{Config: c}
	r, err := tr.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "m.model")
	if err := r.Model.Save(out); err != nil {
		t.Fatal(err)
	}
	summary := func(q *train.Quantized) string {
		r.Quantized = q
		return printed(false, false, func(c *watch.Console) { c.Summary(r, out) })
	}
	for _, tt := range []struct {
		q    *train.Quantized
		want string
	}{
		{nil, `: 1.3 MB; "sentiment model quantize ` + out + ` --out FILE" makes it smaller`},
		{&train.Quantized{Kept: true, Metric: "macro_f1", Before: 0.9, After: 0.9, Full: 33_400_000, Small: 8_749_000}, ": 8.7 MB in eight bits (33.4 MB in 32; dev macro_f1 0.9000, in 32 bits 0.9000)"},
		{&train.Quantized{Metric: "rmse", Before: 1, After: 1.5, Full: 2_000_000, Small: 600_000},
			`: 2.0 MB; "sentiment model quantize ` + out + ` --out FILE" makes that 600.0 kB, which costs on the dev texts (dev rmse 1.5000, in 32 bits 1.0000)`},
	} {
		if got := summary(tt.q); !strings.HasSuffix(got, "wrote "+out+tt.want+"\n") {
			t.Errorf("got %q, want it to end with %q", got, tt.want)
		}
	}
}
