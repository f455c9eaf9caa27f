package lm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A Trainer fits language models. Its fields are read once, when Fit begins.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work; 0 means
	// GOMAXPROCS. It changes no bit of the model.
	Workers int

	// Checkpoint, if not "", is a file in which Fit keeps its state, written
	// every so often and when ctx ends, each time whole or not at all.
	Checkpoint string

	// Every is the time between two checkpoints; 0 means 5 minutes.
	Every time.Duration

	// Resume makes Fit go on from the checkpoint, if there is one, and end with
	// the model that it would have ended with uninterrupted, byte for byte.
	// Texts and config must be the same. Without Resume, Fit refuses to
	// overwrite a checkpoint.
	Resume bool

	// OnProgress, if not nil, is called from Fit's goroutine after every batch
	// and, with Dev set, after every epoch.
	OnProgress func(Progress)
}

// A Progress says how far a training is.
type Progress struct {
	Epoch, Epochs int // the epoch under way, from 1
	Step, Steps   int
	Loss          float64 // mean over the recent batches, against samples
	Rate          float64
	Tokens        int64
	Elapsed       time.Duration
	Resumed       bool   // set once, where a training goes on from a checkpoint
	Dev           *Epoch // set once an epoch
}

// TokensPerSecond is the speed so far.
func (p Progress) TokensPerSecond() float64 {
	return float64(p.Tokens) / max(p.Elapsed.Seconds(), 1e-9)
}

// An Epoch is one line of a training's history.
type Epoch struct {
	Epoch int     `json:"epoch"`
	Loss  float64 `json:"loss"` // against samples, mean over the last batches

	// Perplexity is that of the texts set aside, over all known words, by
	// direction: "next" and "previous".
	Perplexity map[string]float64 `json:"perplexity"`
}

// A Result is what Fit returns.
type Result struct {
	Model   *Model
	History []Epoch
	Texts   int   // read
	Tokens  int64 // in them
	Unknown int64 // of these, words not in the vocabulary
}

// One text in devOneIn is set aside to measure perplexity on, at most devTokens
// words in all.
const (
	devOneIn  = 200
	devTokens = 50_000
)

// Fit trains a language model on texts. The errors are ctx's, and those about
// config, texts and the checkpoint.
func (t *Trainer) Fit(ctx context.Context, texts []string) (*Result, error) {
	f, err := t.read(ctx, texts)
	if err != nil {
		return nil, err
	}
	if err := f.begin(); err != nil {
		return nil, err
	}
	if err := f.run(ctx); err != nil {
		if ctx.Err() != nil && t.Checkpoint != "" {
			err = errors.Join(err, f.save())
		}
		return nil, err
	}
	r := &Result{Model: &Model{cfg: f.cfg, vocab: f.vocab, net: f.net}, History: f.History, Texts: len(texts)}
	for _, ids := range f.texts {
		r.Tokens += int64(len(ids))
		for _, id := range ids {
			if !f.vocab.IsKnown(id) {
				r.Unknown++
			}
		}
	}
	return r, nil
}

// A fit is one training under way.
type fit struct {
	t       *Trainer
	cfg     Config
	vocab   *vocab.Vocabulary
	texts   [][]vocab.ID
	train   []piece
	dev     []piece
	net     *network
	ws      workspace
	sampler *sampler

	optimizer *nn.Optimizer
	position
	batches int // in an epoch
	start   time.Time
	saved   time.Time
}

// A position is how far a training has come.
type position struct {
	Step    int           `json:"step"`
	Loss    float64       `json:"loss"`
	Tokens  int64         `json:"tokens"`
	Elapsed time.Duration `json:"elapsed"`
	History []Epoch       `json:"history,omitempty"`
}

// read begins a training: it turns the texts into ids and deals them out.
func (t *Trainer) read(ctx context.Context, texts []string) (*fit, error) {
	f := &fit{t: t, cfg: t.Config.Resolve(), start: time.Now()}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	f.ws.workers = t.Workers
	if f.ws.workers <= 0 {
		f.ws.workers = runtime.GOMAXPROCS(0)
	}
	var err error
	if f.vocab, f.texts, err = encode.Texts(ctx, texts, f.cfg.Pipeline, f.cfg.Vocab, f.ws.workers); err != nil {
		return nil, err
	}
	held := make([]bool, len(texts))
	aside := 0
	for _, i := range seed.Rand(f.cfg.Seed, "lm aside").Perm(len(texts))[:len(texts)/devOneIn] {
		if aside < devTokens {
			held[i] = true
			aside += len(f.texts[i])
		}
	}
	total := 0
	for _, p := range pieces(f.texts, f.cfg.Chunk) {
		if held[p.text] {
			f.dev = append(f.dev, p)
			continue
		}
		f.train = append(f.train, p)
		total += p.len()
	}
	if len(f.train) == 0 || f.vocab.Known() < 2 {
		return nil, fmt.Errorf("lm: %w", &vocab.TooFewError{Texts: len(texts), Words: f.vocab.Known(), MinCount: f.cfg.Vocab.MinCount})
	}
	f.batches = (total + f.cfg.BatchTokens - 1) / f.cfg.BatchTokens
	f.batches = min(f.batches, len(f.train))
	return f, nil
}

func (f *fit) begin() (err error) {
	if f.net, err = newNetwork(f.cfg, f.vocab); err != nil {
		return err
	}
	f.net.init(seed.Rand(f.cfg.Seed, "lm init"))
	f.sampler = newSampler(f.vocab, f.cfg.Samples)
	if f.optimizer, err = nn.NewOptimizer(f.cfg.Optimizer); err != nil {
		return err
	}
	f.saved = time.Now()
	return f.load()
}

func (f *fit) run(ctx context.Context) error {
	steps := f.cfg.Epochs * f.batches
	for f.Step < steps {
		epoch := f.Step / f.batches
		order := slices.Clone(f.train)
		seed.Rand(f.cfg.Seed, "lm order", uint64(epoch)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for b := f.Step % f.batches; b < f.batches; b++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f.step(order[b*len(order)/f.batches:(b+1)*len(order)/f.batches], steps); err != nil {
				return err
			}
			if b+1 < f.batches {
				f.report(nil)
				if err := f.saveDue(); err != nil {
					return err
				}
			}
		}
		e := Epoch{Epoch: epoch + 1, Loss: f.Loss}
		var err error
		if e.Perplexity, err = f.perplexity(); err != nil {
			return err
		}
		f.History = append(f.History, e)
		f.report(&f.History[len(f.History)-1])
		if err := f.saveDue(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fit) step(batch []piece, steps int) error {
	nn.ZeroGrad(f.net.params)
	s := f.sampler.draw(seed.Rand(f.cfg.Seed, "lm sample", uint64(f.Step)))
	mode := lstm.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "lm step", uint64(f.Step))}
	loss, err := f.net.step(&f.ws, f.texts, batch, s, mode)
	if err != nil {
		return err
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("lm: diverged at step %d: the loss is %v; lower the learning rate, schedule.rate = %v", f.Step+1, loss, f.cfg.Schedule.Rate)
	}
	nn.ClipNorm(f.net.params, f.cfg.ClipNorm)
	if err := f.optimizer.Step(f.net.params, float32(f.cfg.Schedule.LR(f.Step, steps))); err != nil {
		return fmt.Errorf("lm: step %d: %w", f.Step+1, err)
	}
	if f.Step == 0 {
		f.Loss = loss
	}
	f.Loss += 0.01 * (loss - f.Loss)
	for _, p := range batch {
		f.Tokens += int64(p.len())
	}
	f.Step++
	return nil
}

// perplexity is that of the texts set aside, by direction.
func (f *fit) perplexity() (map[string]float64, error) {
	words := f.sampler.words
	sums, counts := make([]float64, len(f.net.predictors)), make([]int, len(f.net.predictors))
	const together = 64 // pieces
	for from := 0; from < len(f.dev); from += together {
		f.net.lay(&f.ws, f.texts, f.dev[from:min(from+together, len(f.dev))])
		y, err := f.net.encode(&f.ws, lstm.Mode{})
		if err != nil {
			return nil, err
		}
		for d := range f.net.predictors {
			u := f.net.project(&f.ws, d, y, nn.Dropout{})
			sums[d] += f.ws.softmax.full(f.net.embed, f.net.bias, u, f.ws.targets[d], words, f.ws.workers)
			counts[d] += len(f.ws.targets[d])
		}
	}
	p := map[string]float64{}
	for d, predictor := range f.net.predictors {
		if counts[d] > 0 {
			p[predictor.name] = math.Exp(sums[d] / float64(counts[d]))
		}
	}
	return p, nil
}

func (f *fit) report(dev *Epoch) {
	if f.t.OnProgress == nil {
		return
	}
	steps := f.cfg.Epochs * f.batches
	at := max(f.Step-1, 0)
	f.t.OnProgress(Progress{
		Epoch: at/f.batches + 1, Epochs: f.cfg.Epochs, Step: f.Step, Steps: steps,
		Loss: f.Loss, Rate: f.cfg.Schedule.LR(at, steps), Tokens: f.Tokens, Elapsed: time.Since(f.start), Dev: dev,
	})
}
