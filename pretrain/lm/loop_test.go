package lm

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime/debug"
	"testing"
	"time"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/pretrain"
)

// A rate that throws the weights out of the numbers is halved, and then given up.
func TestDiverges(t *testing.T) {
	c := small()
	c.Schedule.Rate = 1e37
	warnings := 0
	tr := Trainer{Config: c, OnProgress: func(p Progress) {
		if p.Warning != nil {
			warnings++
		}
	}}
	var diverged *pretrain.DivergedError
	if _, err := tr.Fit(t.Context(), sentences(200)); !errors.As(err, &diverged) || warnings != 3 || diverged.Halvings != 3 {
		t.Errorf("err = %v after %d warnings", err, warnings)
	}
}

// What does not fit into memory is refused before it is made.
func TestMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(300 << 20))
	for name, change := range map[string]func(*Config){
		"embed": func(c *Config) { c.Embed = math.MaxInt32 },
		"units": func(c *Config) { c.LSTM.HiddenSize = 200_000 },
		"4,000": func(c *Config) { c.LSTM.HiddenSize = 4000 },
	} {
		c := small()
		change(&c)
		begin := time.Now()
		var full *pretrain.MemoryError
		if _, err := (&Trainer{Config: c}).Fit(t.Context(), sentences(200)); !errors.As(err, &full) || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: err = %v after %v", name, err, time.Since(begin))
		}
	}
}

// The averages are what is kept, and measured.
func TestAverages(t *testing.T) {
	texts := sentences(600)
	fit := func(decay float64) (*Result, []byte) {
		c := small()
		c.Epochs, c.EMA.Decay = 2, decay
		r, err := (&Trainer{Config: c}).Fit(t.Context(), texts)
		if err != nil {
			t.Fatal(err)
		}
		return r, encoded(t, r.Model)
	}
	plain, a := fit(0)
	averaged, b := fit(0.9)
	if bytes.Equal(a, b) || plain.History[1].Perplexity["next"] == averaged.History[1].Perplexity["next"] {
		t.Error("averages change nothing")
	}
	if plain.History[1].Loss != averaged.History[1].Loss {
		t.Error("averages change the training")
	}
	for name, p := range averaged.History[1].Perplexity {
		if math.IsNaN(p) || p <= 1 {
			t.Errorf("perplexity %v of the %s word", p, name)
		}
	}
}

// A start that takes minutes ends with its context.
func TestCancelInit(t *testing.T) {
	c := small()
	c.LSTM = lstm.Config{HiddenSize: 1500, Direction: lstm.Bidirectional}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begin := time.Now()
	if _, err := (&Trainer{Config: c}).Fit(ctx, sentences(100)); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 3*time.Second {
		t.Errorf("err = %v after %v", err, time.Since(begin))
	}
}
