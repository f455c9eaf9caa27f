package train

import (
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/train/loop"
)

// A batch is what a step of a fit learns from.
type batch struct {
	f *fit
	dealt
}

// Size is loop.Batch's.
func (b *batch) Size() (texts, tokens int) { return len(b.rows), b.tokens() }

// Learn is loop.Batch's.
func (b *batch) Learn(step int) (loss float64, err error) {
	f := b.f
	f.net.HeadsOnly = f.loop.Epoch < f.cfg.Finetune.HeadEpochs
	mode := nn.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "step", uint64(step))}
	logits, err := f.engine.Forward(b.gather(), mode)
	if err != nil {
		return 0, err
	}
	loss, dLogits := f.loss(logits, b.dealt)
	if !finite(loss) {
		return loss, nil
	}
	if !f.cfg.Adversarial.On() || f.net.HeadsOnly {
		return loss, f.engine.Backward(dLogits)
	}
	g, err := f.engine.BackwardWords(dLogits)
	if err != nil {
		return 0, err
	}
	more, err := f.addAdversarial(step, b.dealt, logits, g)
	if err != nil {
		return 0, err
	}
	if loss += more; !finite(loss) {
		return 0, &loop.DivergedError{Name: "adversarial loss", Value: loss}
	}
	return loss, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// A head is one of a model's, with its place among them.
type head struct {
	*classify.Head
	index int
}

// An objective says how far the scores of a head are from what it should say.
type objective interface {
	// loss returns the loss of head h on a batch, whose gradient it writes to d. The
	// labels of the batch are in t, and labelled says whether there are any. ok is
	// false where there is nothing to learn.
	loss(h *head, d, logits []float32, b dealt, t *nn.Targets, labelled bool) (l float64, ok bool)
}

// labels is the objective of a training on labels.
type labels struct{}

func (labels) loss(h *head, d, logits []float32, b dealt, t *nn.Targets, labelled bool) (float64, bool) {
	if !labelled {
		return 0, false
	}
	return h.Loss.Eval(d, logits, len(b.rows), h.Width(), t, 0), true
}

// loss returns the loss of a batch, and its gradient by head, nil for a head with
// nothing to learn.
func (f *fit) loss(logits [][]float32, b dealt) (loss float64, dLogits [][]float32) {
	dLogits = slices.Clone(f.dLogits)
	for i := range logits {
		h := &head{&f.cfg.Model.Heads[i], i}
		labelled := b.set.gather(i, h.Width(), b.rows, &f.targets[i])
		if len(f.dLogits[i]) < len(logits[i]) {
			f.dLogits[i] = make([]float32, len(logits[i]))
		}
		d := f.dLogits[i][:len(logits[i])]
		l, ok := f.objective.loss(h, d, logits[i], b, &f.targets[i], labelled)
		if !ok {
			dLogits[i] = nil
			continue
		}
		dLogits[i] = d
		if w := h.Weight; w != 0 {
			l *= w
			scale(dLogits[i:i+1], w)
		}
		loss += l
	}
	return loss, dLogits
}
