package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
)

// Adversarial adds to the loss that of word vectors which are moved a little
// way where it hurts most (Miyato, Dai & Goodfellow 2017):
//
//	L(x) + Weight*L(x + r) + VAT*KL(p(x) || p(x + r'))
//
// with r along the gradient of L and r' along that of the divergence, which is the error
// between the two answers where they are numbers. The zero value is off. Function
// perturbation says how r is measured. While the
// heads alone learn, as Finetune may ask, there are no such losses.
//
// A step takes 2 times as long with Weight alone, 3 times with VAT alone, 4
// times with both, and that of unlabelled texts 2 times more.
type Adversarial struct {
	// Weight is the weight of the adversarial loss, 1 in the paper; 0 means none.
	Weight float64 `json:"weight,omitempty"`

	// VAT is the weight of the virtual adversarial loss, which needs no labels
	// and is also taken of Trainer.Unlabelled; 1 in the paper, 0 means none.
	VAT float64 `json:"vat,omitempty"`

	// Epsilon is the norm of a text's perturbation in units of the standard
	// deviation of the word vectors; 0 means 2. The paper has 5, for long texts
	// and vectors learned before; a single sentence may then teach nothing.
	Epsilon float64 `json:"epsilon,omitempty"`
}

// On says whether there are such losses.
func (a Adversarial) On() bool { return a.Weight != 0 || a.VAT != 0 }

func (a Adversarial) resolve() Adversarial {
	if a.On() && a.Epsilon == 0 {
		a.Epsilon = 2
	}
	return a
}

func (a Adversarial) validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value float64
	}{{"weight", a.Weight}, {"vat", a.VAT}, {"epsilon", a.Epsilon}} {
		if !(f.value >= 0) || math.IsInf(f.value, 0) {
			errs = append(errs, fmt.Errorf("train: adversarial.%s = %v, want a number from 0 on", f.name, f.value))
		}
	}
	return errors.Join(errs...)
}

// An adversary is what a training with adversarial losses keeps beside the
// rest. Nothing of it lasts from step to step.
type adversary struct {
	unlabelled []classify.Encoded
	batches    [][]int   // of unlabelled
	noise      []float32 // [Rows][D]
	random     []float32
	clean      [][]float32 // by head: logits at x, then probabilities
	dLogits    [][]float32
}

// readUnlabelled reads the texts without labels, as batches of the size of the
// labelled ones.
func (f *fit) readUnlabelled(ctx context.Context) error {
	d := f.t.Unlabelled
	if d == nil || len(d.Examples) == 0 {
		return nil
	}
	if f.cfg.Adversarial.VAT == 0 || f.nets == nil {
		return errors.New("train: unlabelled texts are for virtual adversarial training of the deep branch: set adversarial.vat, or leave them out")
	}
	bare := *d
	bare.Heads, bare.Sources = nil, nil // with their labels
	s, err := newSet(ctx, f.model.Only("deep"), &bare)
	if err != nil {
		return fmt.Errorf("unlabelled texts: %w", err)
	}
	c := f.cfg
	c.Crop = 0
	f.adversary.unlabelled, f.adversary.batches = s.epoch(c, 0, seed.For(c.Seed, "unlabelled"))
	return nil
}

// longestUnlabelled is the number of tokens in the largest batch of unlabelled
// texts.
func (f *fit) longestUnlabelled() int {
	n := 0
	for _, batch := range f.adversary.batches {
		n = max(n, (&dealt{nil, f.adversary.unlabelled, batch}).tokens())
	}
	return n
}

// unlabelledBatch is the one that goes with a step: the batches are gone through
// again and again, each time in another order.
func (f *fit) unlabelledBatch(step int) []classify.Encoded {
	a := &f.adversary
	if len(a.batches) == 0 {
		return nil
	}
	pass, at := step/len(a.batches), step%len(a.batches)
	order := seed.Rand(f.cfg.Seed, "unlabelled", uint64(pass)).Perm(len(a.batches))
	return (&dealt{nil, a.unlabelled, a.batches[order[at]]}).gather()
}

// addAdversarial adds the gradients of the adversarial losses to those of a
// step, and returns the losses' sum. The engine has just given logits for
// the batch, and g, the gradient of its loss with respect to its word vectors.
func (f *fit) addAdversarial(step int, b dealt, logits [][]float32, g []float32) (sum float64, err error) {
	a := f.cfg.Adversarial
	f.keepClean(logits)
	if a.Weight != 0 {
		logits, err := f.perturb(g, a.Epsilon)
		if err != nil {
			return 0, err
		}
		loss, dLogits := f.loss(logits, b)
		scale(dLogits, a.Weight)
		if err := f.engine.Backward(dLogits); err != nil {
			return 0, err
		}
		sum = a.Weight * loss
	}
	if a.VAT == 0 {
		return sum, nil
	}
	loss, err := f.addVirtual(step, 0)
	if sum += loss; err != nil {
		return sum, err
	}
	texts := f.unlabelledBatch(step)
	if texts == nil {
		return sum, nil
	}
	mode := nn.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "unlabelled step", uint64(step))}
	if logits, err = f.engine.Forward(texts, mode); err != nil {
		return sum, err
	}
	f.keepClean(logits)
	loss, err = f.addVirtual(step, 1)
	return sum + loss, err
}

// keepClean copies the logits of the last Forward.
func (f *fit) keepClean(logits [][]float32) {
	a := &f.adversary
	if a.clean == nil {
		a.clean = make([][]float32, len(logits))
	}
	for h, l := range logits {
		a.clean[h] = append(a.clean[h][:0], l...)
	}
}

// addVirtual is addAdversarial for the virtual adversarial loss of the texts of
// the last Forward, whose logits are kept. The direction in which the divergence
// grows fastest comes from its gradient a little way off in a random direction,
// part's of this step: one step of the power method.
func (f *fit) addVirtual(step int, part uint64) (float64, error) {
	const off = 0.1 // in the units of Epsilon
	a, cfg := &f.adversary, f.cfg.Adversarial
	for h := range a.clean {
		head := &f.cfg.Model.Heads[h]
		head.Loss.Kind.Activate(a.clean[h], head.Width())
	}
	x, err := f.engine.Vectors()
	if err != nil {
		return 0, err
	}
	n := len(x)
	a.random = slices.Grow(a.random[:0], n)[:n]
	r := seed.Rand(f.cfg.Seed, "virtual", uint64(step), part)
	for i := range a.random {
		a.random[i] = float32(r.NormFloat64())
	}
	logits, err := f.perturb(a.random, off)
	if err != nil {
		return 0, err
	}
	_, dLogits := f.divergence(logits)
	g, err := f.engine.WordGradient(dLogits)
	if err != nil {
		return 0, err
	}
	if logits, err = f.perturb(g, cfg.Epsilon); err != nil {
		return 0, err
	}
	loss, dLogits := f.divergence(logits)
	scale(dLogits, cfg.VAT)
	return cfg.VAT * loss, f.engine.Backward(dLogits)
}

// divergence is the Kullback-Leibler divergence of the answers that logits give
// from those that are kept, the mean over the texts, and its gradient: the
// cross-entropy less its least value. For numbers it is the error between them.
func (f *fit) divergence(logits [][]float32) (sum float64, dLogits [][]float32) {
	a := &f.adversary
	if a.dLogits == nil {
		a.dLogits = make([][]float32, len(logits))
	}
	for h := range logits {
		head := &f.cfg.Model.Heads[h]
		p, C := a.clean[h], head.Width()
		loss := nn.Loss{Kind: head.Loss.Kind}
		t := nn.Targets{Values: p}
		a.dLogits[h] = slices.Grow(a.dLogits[h][:0], len(p))[:len(p)]
		l := loss.Eval(a.dLogits[h], logits[h], len(p)/C, C, &t, 0)
		l -= loss.Kind.Least(p, C)
		if w := head.Weight; w != 0 {
			l *= w
			scale(a.dLogits[h:h+1], w)
		}
		sum += l
	}
	return sum, a.dLogits
}

// scale multiplies gradients, nil for a head without one.
func scale(dLogits [][]float32, factor float64) {
	for _, d := range dLogits {
		for i := range d {
			d[i] *= float32(factor)
		}
	}
}
