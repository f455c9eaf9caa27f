package tune

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/train"
)

func texts(from, to int) *corpora.Dataset {
	d := &corpora.Dataset{Heads: []string{"label"}}
	for i := from; i < to; i++ {
		label, word := "negative", "bad"
		if i%2 == 1 {
			label, word = "positive", "good"
		}
		if i%7 == 0 {
			word = "odd"
		}
		d.Examples = append(d.Examples, corpora.Example{Text: fmt.Sprintf("%s film %d", word, i), Labels: []string{label}})
	}
	return d
}

func trainer() *Trainer {
	c := train.Config{Model: classify.Config{Embed: 4, LSTM: lstm.Config{HiddenSize: 4}}, Epochs: 9, Seed: 1}
	c.Model.Vocab.MinCount = 1
	c.Schedule.Rate = 1e-4
	return &Trainer{Trainer: train.Trainer{Config: c}, Data: texts(0, 40), Dev: texts(40, 60)}
}

var small = Space{
	{Path: "schedule.rate", Kind: Float, Low: 1e-4, High: 0.1, Log: true},
	{Path: "model.lstm.hidden_size", Kind: Int, Low: 2, High: 5},
}

func fit(t *testing.T, tr *Trainer, o Options) *Study {
	t.Helper()
	o.Space = small
	o, err := tr.Options(o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Memory, s.Need = 1<<30, tr.Need
	s.File = filepath.Join(t.TempDir(), "study.json")
	if err := s.Run(t.Context(), tr.Try); err != nil {
		t.Fatal(err)
	}
	return s
}

// A rate that is far too low is found out.
func TestTuningATraining(t *testing.T) {
	for _, o := range []Options{{Trials: 8}, {Method: Halving, Trials: 9}} {
		tr := trainer()
		s := fit(t, tr, o)
		best, first := s.Best()
		if best == first || best.Score < 0.8 || first.Score > 0.8 {
			t.Errorf("best %+v, with the defaults %+v", best, first)
		}
		// The best settings give the best score again.
		c, err := best.Values.Apply(tr.Config)
		if err != nil {
			t.Fatal(err)
		}
		one := train.Trainer{Config: c}
		r, err := one.Fit(t.Context(), tr.Data, tr.Dev)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Dev["joint"].Score; got != best.Score {
			t.Errorf("the best settings score %v, in the study %v", got, best.Score)
		}
	}
}

func TestTrialsAtTheSameTimeChangeNothing(t *testing.T) {
	o := Options{Method: Random, Trials: 4}
	a := fit(t, trainer(), o)
	o.Parallel = 2
	b := fit(t, trainer(), o)
	if diff := cmp.Diff(a.Runs, b.Runs, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Together" }, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

// A training that cannot come to an end is a bad trial.
func TestDivergence(t *testing.T) {
	tr := trainer()
	tr.Config.Schedule.Rate = math.MaxFloat32
	_, err := tr.Try(t.Context(), Task{})
	bad, ok := err.(*TrialError)
	if !ok || !strings.Contains(bad.Error(), "diverged") {
		t.Errorf("got %v", err)
	}
}

func TestTrainerOptions(t *testing.T) {
	tr := trainer()
	tr.Config.Metric = "label:log_loss"
	o, err := tr.Options(Options{Space: small, Method: Halving})
	if err != nil {
		t.Fatal(err)
	}
	if !o.Lower || o.Metric != "label:log_loss" || o.Epochs != 9 || o.Default.String() != "model.lstm.hidden_size=4 schedule.rate=0.0001" {
		t.Errorf("got %+v", o)
	}
	other := trainer()
	other.Config.Metric = tr.Config.Metric
	other.Dev = texts(40, 62)
	if p, err := other.Options(Options{Space: small}); err != nil || cmp.Equal(p.Identity, o.Identity) {
		t.Errorf("other texts have the same identity; %v", err)
	}
	if _, err := tr.Options(Options{Space: Space{{Path: "model.width", Kind: Int, Low: 1, High: 2}}}); err == nil || !strings.Contains(err.Error(), "width") {
		t.Errorf("got %v", err)
	}
}

// A trial starts from the model where its network has that model's shapes.
func TestStart(t *testing.T) {
	first := trainer()
	first.Epochs, first.Schedule.Rate = 3, 0.05
	r, err := first.Fit(t.Context(), first.Data, first.Dev)
	if err != nil {
		t.Fatal(err)
	}
	random, started := trainer(), trainer()
	if started.Start, err = train.FromClassifier(r.Model); err != nil {
		t.Fatal(err)
	}
	for size, same := range map[int]bool{3: true, 4: false} {
		task := Task{Values: Values{"model.lstm.hidden_size": size}, Epochs: 1}
		a, err := random.Try(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		b, err := started.Try(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		if (a.LogLoss == b.LogLoss) != same {
			t.Errorf("%d units: log loss %v from random weights, %v with a start of 4 units", size, a.LogLoss, b.LogLoss)
		}
	}
	a, err := random.Options(Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := started.Options(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(a.Identity, b.Identity) {
		t.Error("studies with and without a start are taken for the same")
	}
	if want := len(a.Space) - 2; len(b.Space) != want { // embed and hidden_size
		t.Errorf("%d settings to choose from, want %d", len(b.Space), want)
	}
}

// Whatever decides a score is part of a study's identity.
func TestIdentityOfAStudy(t *testing.T) {
	identity := func(change func(*Trainer)) train.Identity {
		tr := trainer()
		if change != nil {
			change(tr)
		}
		o, err := tr.Options(Options{Space: small})
		if err != nil {
			t.Fatal(err)
		}
		return o.Identity
	}
	want := identity(nil)
	if !cmp.Equal(want, identity(nil)) {
		t.Fatal("the same training has another identity")
	}
	for name, change := range map[string]func(*Trainer){
		"fingerprint":      func(tr *Trainer) { tr.Fingerprint = "other vectors" },
		"unlabelled texts": func(tr *Trainer) { tr.Unlabelled = texts(60, 70) },
		"sources":          func(tr *Trainer) { tr.Data.Sources = []corpora.Source{{Labels: [][]string{{"negative", "positive"}}}} },
		"dev texts":        func(tr *Trainer) { tr.Dev = texts(40, 61) },
		"settings":         func(tr *Trainer) { tr.Config.BatchSize = 7 },
	} {
		if cmp.Equal(want, identity(change)) {
			t.Errorf("%s: the same identity", name)
		}
	}
}
