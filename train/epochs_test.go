package train_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/textlstm/textlstm/train"
)

// A training of more epochs than will ever be done begins at once, and knows
// its steps.
func TestManyEpochs(t *testing.T) {
	c := small()
	c.Epochs, c.BatchSize = 10_000_000, 2
	x := data([]string{"x"}, []string{"a", "one"}, []string{"b", "two"}, []string{"a", "three"})
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	tr := train.Trainer{Config: c, OnProgress: func(p train.Progress) {
		steps = p.Steps
		cancel()
	}}
	if _, err := tr.Fit(ctx, x, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	if want := 2 * c.Epochs; steps != want {
		t.Errorf("%d steps, want %d", steps, want)
	}
}

// A training is resumed in an epoch that was not counted beforehand.
func TestResumeAfterManyEpochs(t *testing.T) {
	c := small()
	c.Epochs = 1004
	c.Model.Embed, c.Model.LSTM.HiddenSize = 2, 2
	x := data([]string{"x"}, []string{"a", "one"}, []string{"b", "two"})
	want := modelBytes(t, fit(t, train.Trainer{Config: c}, x, nil).Model)
	tr := train.Trainer{Config: c, Checkpoint: t.TempDir(), CheckpointInterval: time.Hour, Resume: true}
	ctx, cancel := context.WithCancel(t.Context())
	tr.OnProgress = func(p train.Progress) {
		if p.Epoch > 1001 {
			cancel()
		}
	}
	if _, err := tr.Fit(ctx, x, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want it interrupted", err)
	}
	tr.OnProgress = nil
	if !bytes.Equal(modelBytes(t, fit(t, tr, x, nil).Model), want) {
		t.Error("resumed, the training gives another model")
	}
}
