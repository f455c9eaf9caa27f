package seq2seq

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/textlstm/textlstm/evaluate/translation"
	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/internal/resume"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// ErrFew says that there is too little to learn from. Errors that wrap it say how much.
var ErrFew = errors.New("seq2seq: too little to learn from")

// A Pair is a text and what it is to become.
type Pair struct{ Source, Target string }

// A Trainer learns models. Its fields are read once, when Fit begins.
type Trainer struct {
	Config

	pretrain.Run

	// OnProgress, if not nil, is called from Fit's goroutine after every batch and, with
	// Dev set, after every epoch.
	OnProgress func(Progress)
}

// A Progress says how far a training is.
type Progress struct {
	pretrain.Progress
	Dev *Epoch // set once an epoch
}

// An Epoch is one line of a training's history.
type Epoch struct {
	Epoch int     `json:"epoch"`
	Loss  float64 `json:"loss"` // mean over the epoch's batches, smoothing included

	// The figures of the dev pairs, 0 without any: the perplexity of a piece, and those
	// of greedy translations of the first 1,000 pairs.
	Perplexity float64 `json:"perplexity,omitempty"`
	BLEU       float64 `json:"bleu,omitempty"`
	ChrF       float64 `json:"chrf,omitempty"`

	Best bool `json:"best,omitempty"` // so far
}

// A Result is what Fit returns.
type Result struct {
	Model   *Model
	History []Epoch
	Pairs   int   // learned from
	Long    int   // left out, with more than MaxPieces pieces, or none
	Pieces  int64 // in those learned from, of both sides
}

// Train learns a model of pairs with the defaults of Trainer. Dev pairs, of which there
// may be none, choose the epoch.
func Train(ctx context.Context, c Config, pairs, dev []Pair) (*Model, error) {
	t := Trainer{Config: c}
	r, err := t.Fit(ctx, pairs, dev)
	if err != nil {
		return nil, err
	}
	return r.Model, nil
}

// Fit learns a model of pairs. The weights are those of the epoch with the best chrF on
// the dev pairs, which says something of short texts too, or, without any, the last. A number that is not finite sends it back
// to the start of the epoch, with half the learning rate; the fourth time is a
// *loop.DivergedError. What cannot fit into memory is a *loop.MemoryError. The other
// errors are ctx's, and those about config, pairs and checkpoints.
func (t *Trainer) Fit(ctx context.Context, pairs, dev []Pair) (*Result, error) {
	checkpoints, err := t.Open()
	if err != nil {
		return nil, fmt.Errorf("seq2seq: %w", err)
	}
	defer checkpoints.Close()
	f := &fit{t: t, cfg: t.Config.Resolve(), workers: t.NumWorkers()}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	if err := f.read(ctx, pairs, dev); err != nil {
		return nil, err
	}
	if checkpoints != nil {
		if err := checkpoints.Find(f.identity(), &f.history); err != nil {
			return nil, fmt.Errorf("seq2seq: %w", err)
		}
	}
	if err := f.begin(ctx, checkpoints); err != nil {
		return nil, err
	}
	if err := f.loop.Run(ctx, f); err != nil {
		return nil, err
	}
	f.result.Model, f.result.History = f.model, f.history
	return &f.result, nil
}

// A fit is one training under way: the task of a loop.
type fit struct {
	t       *Trainer
	cfg     Config
	workers int
	model   *Model
	train   []example
	dev     []example
	devText []Pair
	pass    *pass
	batches int // in an epoch; they differ from one to the next by a few
	history []Epoch
	loop    *loop.Loop
	result  Result
}

// read makes the languages, and the pairs into pieces.
func (f *fit) read(ctx context.Context, pairs, dev []Pair) (err error) {
	m := &Model{cfg: f.cfg}
	sources, targets := make([]string, len(pairs)), make([]string, len(pairs))
	for i, p := range pairs {
		sources[i], targets[i] = p.Source, p.Target
	}
	if f.cfg.Shared {
		sources = append(sources, targets...)
	}
	if m.source, err = learn(ctx, f.cfg, sources); err != nil {
		return err
	}
	m.target = m.source
	if !f.cfg.Shared {
		if m.target, err = learn(ctx, f.cfg, targets); err != nil {
			return err
		}
	}
	f.model = m
	source, target := m.source.encoder(), m.target.encoder()
	encoded := func(p Pair) example {
		most := max(f.cfg.MaxPieces, MaxSource)
		return example{append(source.encode(p.Source, most).ids, end), target.encode(p.Target, most).ids}
	}
	for _, p := range pairs {
		e := encoded(p)
		if len(e.source) > f.cfg.MaxPieces || len(e.target) > f.cfg.MaxPieces || len(e.source) == 1 || len(e.target) == 0 {
			f.result.Long++
			continue
		}
		f.train = append(f.train, e)
		f.result.Pieces += int64(e.len())
	}
	f.result.Pairs = len(f.train)
	if len(f.train) == 0 || m.source.vocab.Len() <= int(end)+1 || m.target.vocab.Len() <= int(end)+1 {
		return fmt.Errorf("%w: %d pairs of at most %d pieces a side, with %d and %d pieces that occur more than once",
			ErrFew, len(f.train), f.cfg.MaxPieces, m.source.vocab.Known()-2, m.target.vocab.Known()-2)
	}
	for i, p := range dev {
		e := encoded(p)
		if max(len(e.source)-1, len(e.target)) > MaxSource {
			return fmt.Errorf("the dev pairs: %w", &LongError{i})
		}
		f.dev = append(f.dev, e)
	}
	const most = 1000
	f.devText = dev[:min(most, len(dev))]
	f.batches = len(f.epoch(0))
	return ctx.Err()
}

// len is the number of pieces that are read.
func (e example) len() int { return len(e.source) + len(e.target) + 1 }

// epoch returns the batches of an epoch.
func (f *fit) epoch(epoch int) [][]int {
	r := seed.Rand(f.cfg.Seed, "seq2seq order", uint64(epoch))
	return loop.ByLength(r, len(f.train), func(i int) int { return f.train[i].len() }, f.cfg.BatchPieces/8+1, f.cfg.BatchPieces)
}

// identity lists what must be the same for a training to go on.
func (f *fit) identity() loop.Identity {
	var ids [][]vocab.ID
	for _, list := range [][]example{f.train, f.dev} {
		for _, e := range list {
			ids = append(ids, e.source, e.target)
		}
	}
	s := resume.NewSum()
	for _, p := range f.devText {
		s.Strings(p.Source, p.Target)
	}
	return append(pretrain.Identity("translation", loop.Kernel(), f.cfg.Seed, encode.Sum(ids), f.cfg), loop.Identity{{Name: "dev texts", Value: s.String()}}...)
}

func (f *fit) begin(ctx context.Context, checkpoints *loop.Checkpoints) (err error) {
	cfg := loop.Config{
		Epochs: f.cfg.Epochs, Patience: max(f.cfg.Patience, 0), Optimizer: f.cfg.Optimizer,
		ClipNorm: f.cfg.ClipNorm, EMA: f.cfg.EMA,
	}
	if len(f.dev) == 0 {
		cfg.Patience = 0
	}
	source, target := f.model.source.vocab.Len(), f.model.target.vocab.Len()
	if err := loop.CheckMemory(f.cfg.need(cfg, len(f.dev) > 0, source, target, f.cfg.BatchPieces/2+f.cfg.MaxPieces, f.cfg.BatchPieces/2+f.cfg.MaxPieces)); err != nil {
		return err
	}
	n, err := newNetwork(f.cfg, source, target)
	if err != nil {
		return err
	}
	if err := seed.Until(ctx, seed.Rand(f.cfg.Seed, "seq2seq init"), n.init); err != nil {
		return err
	}
	for _, p := range n.params {
		p.NeedGrad()
	}
	f.model.net = n
	f.pass = &pass{network: n, workers: f.workers}
	f.loop = &loop.Loop{
		Config: cfg, Params: n.params, Workers: f.workers, Checkpoints: checkpoints, State: &f.history,
		Check: f.check, OnProgress: f.report,
	}
	return nil
}

// check reports a position in a checkpoint that this training cannot reach.
func (f *fit) check(p loop.Position) error {
	if len(f.history) != p.Epoch {
		return fmt.Errorf("%d epochs told of, but %d done", len(f.history), p.Epoch)
	}
	if p.Epoch < f.cfg.Epochs && p.Batch > len(f.epoch(p.Epoch)) {
		return errors.New("more batches than the epoch has")
	}
	return nil
}

// steps is about how many there are.
func (f *fit) steps() int { return f.cfg.Epochs * f.batches }

// Epoch is loop.Task's.
func (f *fit) Epoch(_ context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		for _, order := range f.epoch(epoch)[skip:] {
			b := batch{fit: f}
			for _, i := range order {
				b.examples = append(b.examples, f.train[i])
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// Rate is loop.Task's.
func (f *fit) Rate(p loop.Position) float64 { return f.cfg.Schedule.LR(p.Step, f.steps()) }

// Evaluate is loop.Task's: the weights are the best if greedy translations of the dev
// pairs have the highest chrF.
func (f *fit) Evaluate(ctx context.Context, e loop.Epoch) (best bool, err error) {
	h := Epoch{Epoch: e.Epoch, Loss: e.Loss}
	if len(f.dev) > 0 {
		if h.Perplexity, err = f.pass.perplexity(ctx, f.dev); err != nil {
			return false, err
		}
		var hyps, refs []string
		for _, p := range f.devText {
			hyps, refs = append(hyps, p.Source), append(refs, p.Target)
		}
		answers, err := f.model.Translate(ctx, hyps, Search{Beam: 1, Workers: f.workers})
		if err != nil {
			return false, err
		}
		for i, a := range answers {
			hyps[i] = a.Text()
		}
		s, err := translation.Metric{}.Evaluate(hyps, refs)
		if err != nil {
			return false, err
		}
		h.BLEU, h.ChrF = s.BLEU, s.ChrF
		h.Best = true
		for _, before := range f.history {
			h.Best = h.Best && (h.ChrF > before.ChrF || h.ChrF == before.ChrF && h.Perplexity < before.Perplexity)
		}
	}
	f.history = append(f.history, h)
	f.send(Progress{Dev: &h}, loop.Progress{})
	return h.Best, nil
}

// report passes on what the loop tells.
func (f *fit) report(p loop.Progress) {
	f.send(Progress{}, p)
}

// send fills in how far the training is, and what the loop told.
func (f *fit) send(p Progress, told loop.Progress) {
	if f.t.OnProgress != nil {
		p.Progress = pretrain.ProgressOf(f.loop, f.steps(), told)
		f.t.OnProgress(p)
	}
}

// A batch is what a step learns from.
type batch struct {
	*fit
	examples []example
}

// Size is loop.Batch's; its tokens are pieces of both sides.
func (b batch) Size() (texts, tokens int) {
	for _, e := range b.examples {
		tokens += e.len()
	}
	return len(b.examples), tokens
}

// Learn is loop.Batch's.
func (b batch) Learn(step int) (float64, error) {
	b.pass.lay(b.examples)
	mode := nn.Mode{Train: true, Seed: seed.For(b.cfg.Seed, "seq2seq step", uint64(step))}
	return b.pass.learn(mode, b.cfg.Sampling*float64(step)/float64(max(b.steps(), step)))
}
