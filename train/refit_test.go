package train_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// The second training is one on all texts for the epochs that were best, with
// the scales of the first.
func TestRefit(t *testing.T) {
	c := joint()
	d, dev := reviews(60, 1), reviews(20, 2)
	first := fit(t, train.Trainer{Config: c}, d, dev)
	best := first.Model.Card().Epochs

	c.Refit = true
	again := fit(t, train.Trainer{Config: c}, d, dev)
	if bytes.Equal(modelBytes(t, first.Model), modelBytes(t, again.Model)) {
		t.Fatal("the second training changed nothing")
	}
	all, err := corpora.Join(d, dev)
	if err != nil {
		t.Fatal(err)
	}
	c.Refit = false
	c.Model.Heads = first.Model.Heads()
	longer := train.Trainer{Config: c}
	if best == c.Epochs { // else the schedule would be another
		want := fit(t, longer, all, nil)
		x, y := want.Model.Predict("a good book"), again.Model.Predict("a good book")
		for h := range x.Scores {
			if !slices.Equal(x.Scores[h].Probs, y.Scores[h].Probs) {
				t.Errorf("head %d: %v, trained on all texts %v", h, y.Scores[h].Probs, x.Scores[h].Probs)
			}
		}
	} else {
		t.Errorf("the best epoch is %d of %d: choose texts of which it is the last", best, c.Epochs)
	}
	for h, head := range again.Model.Heads() {
		was := first.Model.Heads()[h]
		if head.Deep != was.Deep || head.Wide != was.Wide {
			t.Errorf("head %s: scales %v, %v, fitted were %v, %v", head.Name, head.Deep, head.Wide, was.Deep, was.Wide)
		}
	}
	if a, b := again.Model.Card(), first.Model.Card(); a.Epochs != b.Epochs || !maps.Equal(a.Figures, b.Figures) {
		t.Errorf("the card says %d epochs, %v; the first training's %d, %v", a.Epochs, a.Figures, b.Epochs, b.Figures)
	}
	kept := again.Model.Card()
	for i, e := range kept.History {
		told := i < len(again.History)
		if e.Refit == told || told && (e.Loss != again.History[i].Loss || e.DevLoss != float64(again.History[i].Dev.LogLoss) || e.Score != float64(again.History[i].Dev.Score)) || !told && e.DevLoss != 0 {
			t.Errorf("the card keeps %+v of epoch %d", e, i+1)
		}
	}
	if len(kept.History) != len(again.History)+best || kept.Metric != again.Config.Metric {
		t.Errorf("the card keeps %d epochs and the metric %q", len(kept.History), kept.Metric)
	}
	if got, want := again.Model.Vocab().Len(), first.Model.Vocab().Len(); got < want {
		t.Errorf("a vocabulary of %d, without the dev texts %d", got, want)
	}
}

// The second training ends after the best epoch of each member, not after the
// last.
func TestRefitEndsAtTheBestEpoch(t *testing.T) {
	c := small()
	c.Refit = true
	c.Schedule.Rate = 0.3 // so that more epochs do harm
	c.Model.Members = 2
	early := false
	for seed := range uint64(4) {
		c.Seed = seed
		trained := map[int]int{}
		r := fit(t, train.Trainer{Config: c, OnProgress: func(p train.Progress) {
			if p.Refit {
				trained[p.Member] = max(trained[p.Member], p.Epoch)
			}
		}}, reviews(60, seed), reviews(20, 2))
		best := map[int]int{}
		for _, e := range r.History {
			if e.Dev.Best {
				best[e.Member] = e.Epoch
			}
		}
		if !maps.Equal(trained, best) {
			t.Errorf("seed %d: epochs by member %v, the best were %v", seed, trained, best)
		}
		early = early || best[1] < c.Epochs
	}
	if !early {
		t.Error("the last epoch was always the best: nothing is tested")
	}
}

// An interrupted training goes on, in the first part or the second, to the same
// bytes, and leaves nothing behind.
func TestRefitResumes(t *testing.T) {
	c := joint()
	c.Refit = true
	d, dev := reviews(60, 1), reviews(20, 2)
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, dev).Model)
	for _, stop := range []int{3, 20, 35, 45} {
		dir := filepath.Join(t.TempDir(), "checkpoints")
		ctx, cancel := context.WithCancel(context.Background())
		batches, second := 0, false
		tr := train.Trainer{Config: c, Checkpoint: dir, OnProgress: func(p train.Progress) {
			second = p.Refit
			if batches++; batches == stop {
				cancel()
			}
		}}
		if _, err := tr.Fit(ctx, d, dev); !errors.Is(err, context.Canceled) {
			t.Fatalf("stop after %d batches: err = %v", stop, err)
		}
		if second != (stop > 32+4) {
			t.Errorf("stop after %d batches: in the second training: %t", stop, second)
		}
		tr.OnProgress = nil
		if _, err := tr.Fit(context.Background(), d, dev); !errors.Is(err, train.ErrUnfinished) {
			t.Errorf("stop after %d batches: begun anew: err = %v", stop, err)
		}
		tr.Resume = true
		if got := modelBytes(t, fit(t, tr, d, dev).Model); !bytes.Equal(got, want) {
			t.Errorf("stop after %d batches: another model", stop)
		}
		if err := train.RemoveCheckpoints(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("stop after %d batches: the directory stays: %v", stop, err)
		}
	}
}

// A dev set whose one column has another name than the head does the same as one
// with its name.
func TestDevOfAnotherName(t *testing.T) {
	c := joint()
	c.Refit = true
	d, dev := keep(reviews(60, 1), "sentiment"), keep(reviews(20, 2), "sentiment")
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, d, dev).Model)
	renamed := *dev
	renamed.Heads = []string{"gold"}
	if !bytes.Equal(modelBytes(t, fit(t, train.Trainer{Config: c}, d, &renamed).Model), want) {
		t.Error("the name of the dev column changes the model")
	}
	if renamed.Heads[0] != "gold" {
		t.Errorf("the caller's dev texts have the head %q now", renamed.Heads)
	}
}

func TestRefitOfAStudent(t *testing.T) {
	c := joint()
	d, dev := reviews(60, 1), reviews(20, 2)
	teacher := fit(t, train.Trainer{Config: c}, d, nil).Model
	c.Seed++
	first := fit(t, train.Trainer{Config: c, Teacher: teacher}, d, dev).Model
	c.Refit = true
	for h, head := range fit(t, train.Trainer{Config: c, Teacher: teacher}, d, dev).Model.Heads() {
		if was := first.Heads()[h]; head.Deep == 0 || head.Deep != was.Deep || head.Wide != was.Wide {
			t.Errorf("head %s: scales %v, %v, fitted were %v, %v", head.Name, head.Deep, head.Wide, was.Deep, was.Wide)
		}
	}
}

// The second training counts the steps that it takes.
func TestStepsOfRefit(t *testing.T) {
	c := small()
	c.Refit = true
	c.Schedule.Rate = 0.3
	var last train.Progress
	fit(t, train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		if p.Step > 0 {
			last = p
		}
	}}, reviews(60, 1), reviews(20, 2))
	if !last.Refit || last.Step != last.Steps {
		t.Errorf("ends at step %d of %d, second training %v", last.Step, last.Steps, last.Refit)
	}
}

// The n-grams alone learn again, from all texts; the network, the scales and what the card
// says stay those of the first training, and checkpoints change nothing.
func TestRefitNgrams(t *testing.T) {
	c := joint()
	d, dev := reviews(60, 1), reviews(20, 2)
	first := fit(t, train.Trainer{Config: c}, d, dev)
	c.RefitNgrams = true
	again := fit(t, train.Trainer{Config: c, Checkpoint: filepath.Join(t.TempDir(), "checkpoints")}, d, dev)
	all, err := corpora.Join(d, dev)
	if err != nil {
		t.Fatal(err)
	}
	alone := c
	alone.Model.NoDeep, alone.RefitNgrams = true, false
	wide := fit(t, train.Trainer{Config: alone}, all, nil)
	for h, l := range again.Model.Wide().Heads {
		if want := wide.Model.Wide().Heads[h]; !slices.Equal(l.Weights, want.Weights) || slices.Equal(l.Weights, first.Model.Wide().Heads[h].Weights) {
			t.Errorf("head %d: the n-grams have other weights than those of all texts, or those of the first training", h)
		}
	}
	for k, p := range again.Model.Deep().Params() {
		if !slices.Equal(p.Data, first.Model.Deep().Params()[k].Data) {
			t.Errorf("%s is not the first training's", p.Name)
		}
	}
	for h, head := range again.Model.Heads() {
		if was := first.Model.Heads()[h]; head.Deep != was.Deep || head.Wide != was.Wide {
			t.Errorf("head %s: scales %v, %v, fitted were %v, %v", head.Name, head.Deep, head.Wide, was.Deep, was.Wide)
		}
	}
	if a, b := again.Model.Card(), first.Model.Card(); a.Epochs != b.Epochs || !maps.Equal(a.Figures, b.Figures) || len(a.History) != len(b.History) {
		t.Errorf("the card says %d epochs, %v; the first training's %d, %v", a.Epochs, a.Figures, b.Epochs, b.Figures)
	}
}
