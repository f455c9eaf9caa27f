package skipgram

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/textlstm/textlstm/pretrain"
)

// Interrupted at every few batches, with any number of workers, the vectors end with
// the same bits.
func TestResume(t *testing.T) {
	texts := sentences(3000)
	whole, err := (&Trainer{Config: testConfig()}).Fit(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	tr := Trainer{Config: testConfig(), Run: pretrain.Run{Checkpoint: t.TempDir(), Resume: true}}
	stops, resumed := 0, 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		tr.Workers = 1 + stops%3
		tr.OnProgress = func(p Progress) {
			if p.Resumed {
				resumed++
			} else if n++; n == 4 {
				cancel()
			}
		}
		r, err := tr.Fit(ctx, texts)
		cancel()
		if errors.Is(err, context.Canceled) {
			stops++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Embed.Weight.Data, whole.Embed.Weight.Data) || r.Loss != whole.Loss {
			t.Errorf("other vectors after %d interruptions", stops)
		}
		break
	}
	if stops < 5 || resumed != stops {
		t.Errorf("resumed %d times after %d interruptions", resumed, stops)
	}
	tr.Window++
	var other *pretrain.MismatchError
	if _, err := tr.Fit(t.Context(), texts); !errors.As(err, &other) || other.Field != "window" {
		t.Errorf("another window: %v", err)
	}
	tr.Window--
	if _, err := tr.Fit(t.Context(), texts[1:]); !errors.As(err, &other) || other.Field != "texts" {
		t.Errorf("other texts: %v", err)
	}
	tr.Resume = false
	if _, err := tr.Fit(t.Context(), texts); !errors.Is(err, pretrain.ErrUnfinished) {
		t.Errorf("without Resume: %v", err)
	}
	if err := pretrain.RemoveCheckpoints(tr.Checkpoint); err != nil {
		t.Error(err)
	}
}

// A rate that throws the vectors out of the numbers is halved, and then given up.
func TestDiverges(t *testing.T) {
	c := testConfig()
	c.Rate = math.MaxFloat32
	warnings := 0
	tr := Trainer{Config: c, OnProgress: func(p Progress) {
		if p.Warning != nil {
			warnings++
		}
	}}
	var diverged *pretrain.DivergedError
	if _, err := tr.Fit(t.Context(), sentences(500)); !errors.As(err, &diverged) || warnings != 3 || diverged.Halvings != 3 {
		t.Errorf("err = %v after %d warnings", err, warnings)
	}
}

// Vectors that are too wide are refused before they are made.
func TestMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(300 << 20))
	c := testConfig()
	c.Embed = math.MaxInt32
	begin := time.Now()
	var full *pretrain.MemoryError
	if _, err := (&Trainer{Config: c}).Fit(t.Context(), sentences(500)); !errors.As(err, &full) || time.Since(begin) > 5*time.Second {
		t.Errorf("err = %v after %v", err, time.Since(begin))
	}
}
