package train

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/textlstm/textlstm/internal/memlimit"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
)

// A MemoryError says that a training cannot fit into memory.
type MemoryError struct {
	Need   int64 // bytes at the peak, about
	Limit  int64 // bytes that there are
	Source string

	// What needs it: what is there already, texts and weights above all; then
	// either what goes with the weights and the activations of the largest
	// batch, or the fitting of the wide branch.
	Data, Weights, Batch, Wide int64
	Tokens                     int // of the largest batch
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("train: this needs about %s of memory: %s for texts and model, then %s for the optimizer and %s for a batch of %d tokens, or %s for n-grams; %s is %s: "+
		"cut long texts with the filter max:N of the pipeline, or lower batch_tokens, vocab.max_size, ngrams.bits or the model's sizes",
		size(e.Need), size(e.Data), size(e.Weights), size(e.Batch), e.Tokens, size(e.Wide), e.Source, size(e.Limit))
}

func size(n int64) string {
	if n < 10<<30 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// checkMemory compares the peak of what is to come with what there is. It runs
// before the first step, and counts what is live: a collector that is given
// more room uses more.
func (f *fit) checkMemory(tokens int) error {
	limit, source := memlimit.Get()
	weights, batch, wide := f.weightBytes(), f.batchBytes(tokens), f.wideBytes()
	need := max(weights+batch, wide) // the wide branch is fitted before
	live := liveBytes()
	if live+need > limit {
		runtime.GC() // what is garbage does not count
		live = liveBytes()
	}
	if live+need <= limit {
		return nil
	}
	return &MemoryError{
		Need: live + need, Limit: limit, Source: source,
		Data: live, Weights: weights, Batch: batch, Wide: wide, Tokens: tokens,
	}
}

func liveBytes() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// weightBytes is what is still to be allocated for each weight: the optimiser's
// moments, the best weights, the state at the start of an epoch.
func (f *fit) weightBytes() int64 {
	if f.net == nil {
		return 0
	}
	copies := 1 + 2*f.moments() // one of each at the start of the epoch
	if f.ema != nil {
		copies += 2 // the averages at the start of the epoch, and while they are swapped in
	}
	if f.dev != nil {
		copies++
	}
	n, grads := largest(f.nets), int64(0) // those of the first member are there
	for _, p := range f.net.Params() {
		grads += int64(len(p.Grad))
	}
	return 4 * (n*int64(copies) + n - grads)
}

// moments is how many numbers the optimiser keeps for each weight.
func (f *fit) moments() int {
	o := f.cfg.Optimizer
	n := 0
	switch o.Kind {
	case nn.Adam:
		return 2
	case nn.RMSprop:
		n = 1
	}
	if o.Momentum != 0 {
		n++
	}
	return n
}

// batchBytes is what a step on so many tokens keeps: the word vectors with
// their gradient; for each layer and direction the gates, the cell, the output; and the gradients of the outputs. Slices grow by a quarter more than
// they need.
func (f *fit) batchBytes(tokens int) int64 {
	if f.net == nil {
		return 0
	}
	c := f.cfg.Model.LSTM
	H, D := int64(c.HiddenSize), int64(1)
	if c.Direction == lstm.Bidirectional || slices.Contains(f.full.Model.Directions, lstm.Bidirectional) {
		D = 2
	}
	L := int64(max(c.Layers, 1))
	vectors := 3
	if f.cfg.Adversarial.on() {
		vectors += 3 // those moved, how far, and the random direction
	}
	floats := int64(vectors*f.cfg.Model.Embed) + L*D*(4*H+H+H) + 3*D*H
	return (4*floats + 16) * int64(tokens) * 5 / 4
}

// wideBytes is what fitting the wide branch takes: for each label fitted at a
// time the ratios, weights and counts of all rows, and a few numbers a text.
func (f *fit) wideBytes() int64 {
	if !f.cfg.Model.HasWide() {
		return 0
	}
	rows := int64(1) << f.cfg.Model.Ngrams.Bits
	columns := int64(0)
	for _, h := range f.cfg.Model.Heads {
		columns = max(columns, int64(len(h.Labels)))
	}
	atOnce := min(columns, int64(f.workers()))
	return atOnce*(24*rows+64*int64(len(f.train.texts))) + 4*rows*columns
}
