package lm

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A Trainer fits language models. Its fields are read once, when Fit begins.
type Trainer struct {
	Config

	pretrain.Run

	// Device, if not nil, trains the network. Its name is then part of what decides the
	// model, and checkpoints are for the device that they are from.
	Device Device

	// OnProgress, if not nil, is called from Fit's goroutine after every batch
	// and, with Dev set, after every epoch.
	OnProgress func(Progress)
}

// A Progress says how far a training is. Its loss is against samples.
type Progress struct {
	pretrain.Progress
	Dev *Epoch // set once an epoch
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

// Fit trains a language model on texts. A number that is not finite sends it back to
// the start of the epoch, with half the learning rate from there on; the fourth time
// is a *DivergedError. What cannot fit into memory is a *MemoryError before the
// network is made. The other errors are ctx's, and those about config, texts and
// checkpoints.
func (t *Trainer) Fit(ctx context.Context, texts []string) (*Result, error) {
	checkpoints, err := t.Open()
	if err != nil {
		return nil, fmt.Errorf("lm: %w", err)
	}
	defer checkpoints.Close()
	f, err := t.read(ctx, texts)
	if err != nil {
		return nil, err
	}
	if checkpoints != nil {
		if err := checkpoints.Find(f.identity(), &f.history); err != nil {
			return nil, fmt.Errorf("lm: %w", err)
		}
	}
	if err := f.begin(ctx, checkpoints); err != nil {
		return nil, err
	}
	err = f.loop.Run(ctx, f)
	if closed := f.engine.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	r := &Result{Model: &Model{cfg: f.cfg, vocab: f.vocab, net: f.net}, History: f.history, Texts: len(texts)}
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

// A fit is one training under way: the task of a loop.
type fit struct {
	t       *Trainer
	cfg     Config
	vocab   *vocab.Vocabulary
	texts   [][]vocab.ID
	train   []piece
	dev     []piece
	net     *network
	engine  Engine
	ws      workspace
	sampler *sampler
	total   int // words to learn from
	batches int // in an epoch
	history []Epoch
	loop    *loop.Loop
}

// read begins a training: it turns the texts into ids and deals them out.
func (t *Trainer) read(ctx context.Context, texts []string) (*fit, error) {
	f := &fit{t: t, cfg: t.Config.Resolve()}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	f.ws.workers = t.NumWorkers()
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
	for _, p := range pieces(f.texts, f.cfg.Chunk) {
		if held[p.text] {
			f.dev = append(f.dev, p)
			continue
		}
		f.train = append(f.train, p)
		f.total += p.len()
	}
	if len(f.train) == 0 || f.vocab.Known() < 2 {
		return nil, fmt.Errorf("lm: %w", &vocab.TooFewError{Texts: len(texts), Words: f.vocab.Known(), MinCount: f.cfg.Vocab.MinCount})
	}
	f.batches = (f.total + f.cfg.BatchTokens - 1) / f.cfg.BatchTokens
	f.batches = min(f.batches, len(f.train))
	return f, nil
}

// identity lists what must be the same for a training to go on.
func (f *fit) identity() loop.Identity {
	kernel := loop.Kernel()
	if f.t.Device != nil {
		kernel = f.t.Device.Name()
	}
	return pretrain.Identity("language model", kernel, f.cfg.Seed, encode.Sum(f.texts), f.cfg)
}

func (f *fit) begin(ctx context.Context, checkpoints *loop.Checkpoints) (err error) {
	cfg := loop.Config{Epochs: f.cfg.Epochs, Optimizer: f.cfg.Optimizer, ClipNorm: f.cfg.ClipNorm, EMA: f.cfg.EMA}
	if err := loop.CheckMemory(f.cfg.need(cfg, f.vocab.Len(), min(f.cfg.BatchTokens, f.total))); err != nil {
		return err
	}
	if f.net, err = newNetwork(f.cfg, f.vocab); err != nil {
		return err
	}
	if err := seed.Until(ctx, seed.Rand(f.cfg.Seed, "lm init"), f.net.init); err != nil {
		return err
	}
	f.sampler = newSampler(f.vocab, f.cfg.Samples)
	f.loop = &loop.Loop{
		Config: cfg, Params: f.net.params, Workers: f.ws.workers, Checkpoints: checkpoints, State: &f.history,
		Check: f.check, OnProgress: f.report,
	}
	return f.open()
}

// check reports a position in a checkpoint that this training cannot reach.
func (f *fit) check(p loop.Position) error {
	if len(f.history) != p.Epoch {
		return fmt.Errorf("%d epochs told of, but %d done", len(f.history), p.Epoch)
	}
	return pretrain.CheckPosition(p, f.batches)
}

// steps is how many there are.
func (f *fit) steps() int { return f.cfg.Epochs * f.batches }

// deal returns the batches of an epoch.
func (f *fit) deal(epoch int) [][]piece {
	order := slices.Clone(f.train)
	seed.Rand(f.cfg.Seed, "lm order", uint64(epoch)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	batches := make([][]piece, f.batches)
	for b := range batches {
		batches[b] = order[b*len(order)/f.batches : (b+1)*len(order)/f.batches]
	}
	return batches
}

// Epoch is loop.Task's.
func (f *fit) Epoch(_ context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for _, pieces := range f.deal(epoch)[skip:] {
			if !yield(step{f, pieces}, nil) {
				return
			}
		}
	}
}

// Rate is loop.Task's.
func (f *fit) Rate(p loop.Position) float64 { return f.cfg.Schedule.LR(p.Step, f.steps()) }

// Evaluate is loop.Task's.
func (f *fit) Evaluate(ctx context.Context, e loop.Epoch) (best bool, err error) {
	r := Epoch{Epoch: e.Epoch, Loss: f.loop.Loss}
	if r.Perplexity, err = f.perplexity(ctx); err != nil {
		return false, err
	}
	f.history = append(f.history, r)
	f.send(Progress{Dev: &r}, loop.Progress{})
	return false, nil
}

// A step is loop.Batch's: the pieces that it learns from.
type step struct {
	f      *fit
	pieces []piece
}

// Size is loop.Batch's.
func (s step) Size() (texts, tokens int) {
	for _, p := range s.pieces {
		tokens += p.len()
	}
	return len(s.pieces), tokens
}

// Learn is loop.Batch's.
func (s step) Learn(number int) (loss float64, err error) {
	f := s.f
	drawn := f.sampler.draw(seed.Rand(f.cfg.Seed, "lm sample", uint64(number)))
	mode := nn.Mode{Train: true, Seed: seed.For(f.cfg.Seed, "lm step", uint64(number))}
	f.net.prepare(&f.ws, f.texts, s.pieces, drawn, mode)
	return f.engine.Learn(&f.ws.batch)
}

// perplexity is that of the texts set aside, by direction.
func (f *fit) perplexity(ctx context.Context) (map[string]float64, error) {
	words := f.sampler.words
	sums, counts := make([]float64, len(f.net.predictors)), make([]int, len(f.net.predictors))
	const together = 64 // pieces
	for from := 0; from < len(f.dev); from += together {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f.net.lay(&f.ws, f.texts, f.dev[from:min(from+together, len(f.dev))])
		y, err := f.net.encode(&f.ws, nn.Mode{})
		if err != nil {
			return nil, err
		}
		for d := range f.net.predictors {
			u := f.net.project(&f.ws, d, y, nn.Dropout{})
			targets := f.ws.batch.Predictions[d].Targets
			sums[d] += f.ws.softmax.full(f.net.embed, f.net.bias, u, targets, words, f.ws.workers)
			counts[d] += len(targets)
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

// report passes on what the loop tells, but for the last batch of an epoch: Evaluate
// does that.
func (f *fit) report(p loop.Progress) {
	if f.loop.Batch < f.batches || p.Resumed || p.Warning != nil {
		f.send(Progress{}, p)
	}
}

// send fills in how far the training is, and what the loop told.
func (f *fit) send(p Progress, told loop.Progress) {
	if f.t.OnProgress != nil {
		p.Progress = pretrain.ProgressOf(f.loop, f.steps(), told)
		f.t.OnProgress(p)
	}
}
