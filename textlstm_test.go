package textlstm_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm"
	"github.com/textlstm/textlstm/train"
)

// Questions to a help desk, and the desk that each is for.
func Example() {
	ctx := context.Background()
	data, err := textlstm.Read("examples/classify/helpdesk.tsv", "desk")
	if err != nil {
		log.Fatal(err)
	}
	// The settings make a small model in a moment; Options{} is what suits the texts.
	o := textlstm.Options{Dev: data, Set: []string{"epochs=40", "model.lstm.hidden_size=16", "model.embed=16", "schedule.rate=0.02"}}
	model, err := textlstm.Train(ctx, data, o)
	if err != nil {
		log.Fatal(err)
	}
	p := model.Predict("i forgot my password again")
	fmt.Println(p.Label("desk"))
	// Output: account
}

// Texts and labels from anywhere.
func ExampleTexts() {
	data, err := textlstm.Texts([]string{"A superb film.", "A bore."}, []string{"positive", "negative"})
	if err != nil {
		log.Fatal(err)
	}
	model, err := textlstm.Default()
	if err != nil {
		log.Fatal(err)
	}
	all, err := textlstm.Evaluate(context.Background(), model, data)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range all {
		fmt.Printf("%s: %.2f right\n", e.Head, float64(e.Accuracy))
	}
	// Output: sentiment: 1.00 right
}

// What is nil or empty is an error, and writes no file.
func TestNothing(t *testing.T) {
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "z")
	data, err := textlstm.Texts([]string{"A superb film.", "A bore."}, []string{"positive", "negative"})
	if err != nil {
		t.Fatal(err)
	}
	model, err := textlstm.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"Train":            func() error { _, err := textlstm.Train(ctx, nil, textlstm.Options{}); return err },
		"Fit":              func() error { _, err := new(train.Trainer).Fit(ctx, nil, nil); return err },
		"Evaluate":         func() error { _, err := textlstm.Evaluate(ctx, model, nil); return err },
		"Evaluate nil":     func() error { _, err := textlstm.Evaluate(ctx, nil, data); return err },
		"Evaluate zero":    func() error { _, err := textlstm.Evaluate(ctx, new(textlstm.Model), data); return err },
		"Save":             func() error { return new(textlstm.Model).Save(file) },
		"Save nil":         func() error { return (*textlstm.Model)(nil).Save(file) },
		"PredictBatch":     func() error { _, err := new(textlstm.Model).PredictBatch(ctx, []string{"a"}); return err },
		"PredictBatch nil": func() error { _, err := (*textlstm.Model)(nil).PredictBatch(ctx, []string{"a"}); return err },
		"Logits":           func() error { _, err := new(textlstm.Model).Logits(ctx, nil); return err },
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file of no model")
	}
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "empty Model") {
			t.Errorf("Predict: %v", err)
		}
	}()
	new(textlstm.Model).Predict("a")
}

// Train makes the bytes that the command makes: without any option, from the embedded
// language model and a second time on all texts, and with a network of its own from
// random weights.
func TestTrainIsTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("trains models")
	}
	dir := t.TempDir()
	sentiment := filepath.Join(dir, "sentiment.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", sentiment, "./cmd/sentiment").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const helpdesk = "examples/classify/helpdesk.tsv"
	text, err := os.ReadFile(helpdesk)
	if err != nil {
		t.Fatal(err)
	}
	labelled := filepath.Join(dir, "labelled.tsv") // with a column that needs no flag
	if err := os.WriteFile(labelled, bytes.Replace(text, []byte("desk"), []byte("label"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file    string
		columns []string
		sets    []string
	}{
		"recommended": {file: labelled},
		"own":         {helpdesk, []string{"desk"}, []string{"epochs=2", "model.lstm.hidden_size=8", "model.embed=8", "seed=7"}},
	} {
		t.Run(name, func(t *testing.T) {
			command := filepath.Join(dir, name+".command")
			args := []string{"train", "--train", tt.file, "--out", command}
			for _, c := range tt.columns {
				args = append(args, "--head", c)
			}
			for _, s := range tt.sets {
				args = append(args, "--set", s)
			}
			if out, err := exec.CommandContext(t.Context(), sentiment, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			data, err := textlstm.Read(tt.file, tt.columns...)
			if err != nil {
				t.Fatal(err)
			}
			steps := 0
			m, err := textlstm.Train(t.Context(), data, textlstm.Options{Set: tt.sets, OnProgress: func(train.Progress) { steps++ }})
			if err != nil {
				t.Fatal(err)
			}
			library := filepath.Join(dir, name+".library")
			if err := m.Save(library); err != nil {
				t.Fatal(err)
			}
			a, err := os.ReadFile(command)
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(library)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, b) {
				t.Errorf("the command makes %d bytes, the library other %d", len(a), len(b))
			}
			if steps == 0 {
				t.Error("no progress")
			}
			again, err := textlstm.Load(library)
			if err != nil {
				t.Fatal(err)
			}
			if start := again.Card().Start; (start == "language") != (name == "recommended") {
				t.Errorf("started from %q", start)
			}
			if diff := cmp.Diff(m.Predict("a refund").Label(m.Heads()[0].Name), again.Predict("a refund").Label("")); diff != "" {
				t.Errorf("another answer after loading:\n%s", diff)
			}
		})
	}
}

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("text,queue,urgency\nI was charged twice.,billing,high\nI cannot log in.,login,low\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := textlstm.Read(file, "queue", "hurry=urgency")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"queue", "hurry"}, data.Heads); diff != "" {
		t.Errorf("heads (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"login", "low"}, data.Examples[1].Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if _, err := textlstm.Read(file, "colour"); err == nil {
		t.Error("a column that is not there is read")
	}
	if _, err := textlstm.Texts([]string{"a"}, []string{"x", "y"}); err == nil {
		t.Error("two labels of one text")
	}
	if _, err := textlstm.Train(t.Context(), data, textlstm.Options{Set: []string{"hidden=3"}}); err == nil {
		t.Error("a setting that is not there is taken")
	}
}
