package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/score"
	"github.com/textlstm/textlstm/vocab"
)

var nan = float32(math.NaN())

// A Trainer fits models. Its fields are read once, when Fit begins; the zero
// value trains with the default Config. It may be used for several trainings,
// one after the other.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS. It changes no bit of the model.
	Workers int

	// Card describes the model; Fit adds seed, epochs and figures.
	Card classify.Card

	// OnProgress, if not nil, is called from Fit's goroutine after every batch
	// and after every evaluation. It should return soon.
	OnProgress func(Progress)

	// Prepare, if not nil, is called once with the network as it was drawn, for
	// instance to fill in pretrained word vectors.
	Prepare func(*classify.Network, *vocab.Vocabulary) error
}

// A Result is what Fit returns.
type Result struct {
	Model   *classify.Model
	Config  Config // resolved
	History []Epoch

	// Dev has the evaluations on the dev texts, if there were any, of the whole
	// model as "joint" and of its branches alone as "deep" and "wide".
	Dev map[string]*DevScore
}

// Fit trains a model on the texts of data. With dev it keeps the weights of the
// epoch that scores best there; without (nil) those of the last epoch. The same
// data, config and seed give the same model, byte for byte, whatever Workers is.
//
// The errors are ctx's, *DivergedError and *nn.DivergedError, and those about
// config and data.
func (t *Trainer) Fit(ctx context.Context, data, dev *corpora.Dataset) (*Result, error) {
	f, err := t.start(ctx, data, dev)
	if err != nil {
		return nil, err
	}
	for f.net != nil && f.epoch < f.cfg.Epochs && !f.stalled() {
		if err := f.runEpoch(ctx); err != nil {
			return nil, err
		}
	}
	return f.finish(ctx)
}

// A fit is one training under way.
type fit struct {
	t      *Trainer
	cfg    Config
	model  *classify.Model   // around the network in training
	net    *classify.Network // nil without a deep branch
	train  *set
	dev    *corpora.Dataset // nil without one
	devSet *set

	optimizer *nn.Optimizer
	ema       *nn.EMA
	ws        classify.Workspace
	targets   []nn.Targets // by head
	dLogits   [][]float32

	epoch, step, steps int // done; steps in all
	tokens             int64
	start              time.Time
	loss               float64 // running mean
	history            []Epoch
	best               *DevScore
	bestWeights        [][]float32
}

func (t *Trainer) start(ctx context.Context, data, dev *corpora.Dataset) (*fit, error) {
	f := &fit{t: t, cfg: t.Config.Resolve(), dev: dev, start: time.Now()}
	var err error
	if f.cfg.Model.Heads, err = headsOf(f.cfg.Model.Heads, data); err != nil {
		return nil, err
	}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	if len(data.Examples) == 0 {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	v, err := buildVocab(ctx, f.cfg.Model, data)
	if err != nil {
		return nil, err
	}
	if !f.cfg.Model.NoDeep {
		if err := f.startDeep(v); err != nil {
			return nil, err
		}
	}
	var wide *classify.Wide
	if f.cfg.Model.HasWide() {
		if wide, err = newWide(ctx, f.cfg.Model, data); err != nil {
			return nil, err
		}
	}
	if f.model, err = classify.New(f.cfg.Model, v, f.net, wide, t.Card); err != nil {
		return nil, err
	}
	if f.train, err = newSet(ctx, f.model, data); err != nil {
		return nil, err
	}
	if dev != nil {
		if _, err := score.Pair(f.model, dev, ""); err != nil {
			return nil, fmt.Errorf("dev texts: %w", err)
		}
		if f.devSet, err = newSet(ctx, f.model, dev); err != nil {
			return nil, fmt.Errorf("dev texts: %w", err)
		}
	}
	for e := range f.cfg.Epochs {
		_, batches := f.train.epoch(f.cfg, e)
		f.steps += len(batches)
	}
	if wide != nil {
		return f, f.fitWide(ctx, wide)
	}
	return f, nil
}

// startDeep draws the network and sets up what moves it.
func (f *fit) startDeep(v *vocab.Vocabulary) (err error) {
	if f.net, err = classify.NewNetwork(f.cfg.Model, v.Len()); err != nil {
		return err
	}
	f.net.Init(seed.Rand(f.cfg.Seed, "init"))
	if f.t.Prepare != nil {
		if err := f.t.Prepare(f.net, v); err != nil {
			return err
		}
	}
	if f.optimizer, err = nn.NewOptimizer(f.cfg.Optimizer); err != nil {
		return err
	}
	if f.cfg.EMA.Decay != 0 {
		if f.ema, err = nn.NewEMA(f.net.Params(), f.cfg.EMA); err != nil {
			return err
		}
	}
	for _, p := range f.net.Params() {
		p.NeedGrad()
	}
	f.ws.Workers = f.workers()
	f.targets = make([]nn.Targets, len(f.cfg.Model.Heads))
	f.dLogits = make([][]float32, len(f.cfg.Model.Heads))
	return nil
}

func (f *fit) workers() int {
	if f.t.Workers > 0 {
		return f.t.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// stalled says whether the dev score has not risen for Patience epochs.
func (f *fit) stalled() bool {
	return f.cfg.Patience > 0 && f.best != nil && f.epoch-f.best.Epoch >= f.cfg.Patience
}

func (f *fit) runEpoch(ctx context.Context) error {
	sum, norm := 0.0, 0.0
	texts, batches := f.train.epoch(f.cfg, f.epoch)
	for _, batch := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		loss, n, err := f.runStep(texts, batch)
		if err != nil {
			return err
		}
		sum += loss
		norm = n
		f.report(n, nil)
	}
	f.epoch++
	record := Epoch{Epoch: f.epoch, Loss: sum / float64(len(batches)), GradNorm: norm, Rate: f.rate(), Seconds: time.Since(f.start).Seconds()}
	if f.dev != nil {
		d, err := f.evaluate(ctx)
		if err != nil {
			return err
		}
		record.Dev = d
		f.report(norm, d)
	}
	f.history = append(f.history, record)
	return nil
}

func (f *fit) rate() float64 { return f.cfg.Schedule.LR(f.step, f.steps) }

// runStep trains on one batch and returns its loss and gradient norm.
func (f *fit) runStep(all [][]vocab.ID, batch []int) (loss, norm float64, err error) {
	texts := make([][]vocab.ID, len(batch))
	for k, i := range batch {
		texts[k] = all[i]
		f.tokens += int64(len(texts[k]))
	}
	params := f.net.Params()
	nn.ZeroGrad(params)
	mode := lstm.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "step", uint64(f.step))}
	logits, err := f.net.Forward(&f.ws, texts, mode)
	if err != nil {
		return 0, 0, err
	}
	dLogits := slices.Clone(f.dLogits)
	for h := range logits {
		head := &f.cfg.Model.Heads[h]
		C, t := len(head.Labels), &f.targets[h]
		if !f.train.targets(h, C, batch, t) {
			dLogits[h] = nil
			continue
		}
		if len(f.dLogits[h]) < len(logits[h]) {
			f.dLogits[h] = make([]float32, len(logits[h]))
		}
		dLogits[h] = f.dLogits[h][:len(logits[h])]
		l := head.Loss.Eval(dLogits[h], logits[h], len(batch), C, t, 0)
		if w := head.Weight; w != 0 {
			l *= w
			for i := range dLogits[h] {
				dLogits[h][i] *= float32(w)
			}
		}
		loss += l
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return 0, 0, &DivergedError{Epoch: f.epoch + 1, Step: f.step + 1, Loss: loss}
	}
	if err := f.net.Backward(&f.ws, dLogits); err != nil {
		return 0, 0, err
	}
	norm = nn.ClipNorm(params, f.cfg.ClipNorm)
	if f.ema != nil {
		f.ema.Update()
	}
	if err := f.optimizer.Step(params, float32(f.rate())); err != nil {
		return 0, 0, fmt.Errorf("epoch %d, step %d: %w", f.epoch+1, f.step+1, err)
	}
	f.step++
	if f.step == 1 {
		f.loss = loss
	}
	f.loss += 0.02 * (loss - f.loss)
	return loss, norm, nil
}

// evaluate scores the dev texts and keeps the weights if they are the best.
func (f *fit) evaluate(ctx context.Context) (*DevScore, error) {
	if f.ema != nil {
		f.ema.Swap()
		defer f.ema.Swap()
	}
	d, err := f.score(ctx, f.model.DeepOnly())
	if err != nil {
		return nil, err
	}
	if d.Best = f.cfg.better(d, f.best); d.Best {
		f.best = d
		if f.bestWeights == nil {
			f.bestWeights = make([][]float32, len(f.net.Params()))
		}
		for i, p := range f.net.Params() {
			f.bestWeights[i] = append(f.bestWeights[i][:0], p.Data...)
		}
	}
	return d, nil
}

// score evaluates a model on the dev texts.
func (f *fit) score(ctx context.Context, m *classify.Model) (*DevScore, error) {
	predictions, err := score.Encoded(ctx, m, f.dev, f.devSet.texts, "")
	if err != nil {
		return nil, err
	}
	return f.cfg.devScore(f.epoch, predictions)
}

func (f *fit) report(norm float64, dev *DevScore) {
	if f.t.OnProgress == nil {
		return
	}
	p := Progress{
		Epoch: min(f.epoch+1, f.cfg.Epochs), Epochs: f.cfg.Epochs, Step: f.step, Steps: f.steps,
		Loss: f.loss, Rate: f.rate(), GradNorm: norm, Tokens: f.tokens, Elapsed: time.Since(f.start), Dev: dev,
	}
	if dev != nil {
		p.Epoch = f.epoch
	}
	f.t.OnProgress(p)
}

// finish puts the best weights in place, fits the scales of the branches and
// joins them to a model.
func (f *fit) finish(ctx context.Context) (*Result, error) {
	switch {
	case f.bestWeights != nil:
		for i, p := range f.net.Params() {
			copy(p.Data, f.bestWeights[i])
			p.Changed()
		}
	case f.net != nil && f.dev != nil:
		return nil, errors.New("train: no epoch gave a dev score that is a number")
	case f.ema != nil:
		f.ema.Swap()
	}
	if f.net != nil {
		for _, p := range f.net.Params() {
			p.Grad = nil
		}
	}
	if f.devSet != nil {
		if err := f.mix(ctx, f.devSet); err != nil {
			return nil, err
		}
	}
	r := &Result{Config: f.cfg, History: f.history}
	card := f.t.Card
	card.Seed, card.Epochs = f.cfg.Seed, f.epoch
	if f.best != nil {
		card.Epochs = f.best.Epoch
	}
	card.Figures = map[string]float64{}
	var err error
	if f.dev != nil {
		if r.Dev, err = f.scoreBranches(ctx); err != nil {
			return nil, err
		}
		for name, e := range r.Dev["joint"].Heads {
			card.Figures["dev "+name+" accuracy"] = float64(e.Accuracy)
			card.Figures["dev "+name+" macro_f1"] = float64(e.MacroF1)
		}
	}
	r.Model, err = classify.New(f.cfg.Model, f.model.Vocab(), f.net, f.model.Wide(), card)
	return r, err
}

// scoreBranches evaluates the finished model and its branches on the dev texts.
func (f *fit) scoreBranches(ctx context.Context) (map[string]*DevScore, error) {
	whole, err := classify.New(f.cfg.Model, f.model.Vocab(), f.net, f.model.Wide(), classify.Card{})
	if err != nil {
		return nil, err
	}
	scores := map[string]*DevScore{}
	for _, b := range []struct {
		name string
		m    *classify.Model
	}{{"joint", whole}, {"deep", whole.DeepOnly()}, {"wide", whole.WideOnly()}} {
		if b.m == nil {
			continue
		}
		if scores[b.name], err = f.score(ctx, b.m); err != nil {
			return nil, err
		}
	}
	return scores, nil
}
