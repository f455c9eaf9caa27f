package skipgram

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/pretrain"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// A Trainer learns word vectors. Its fields are read once, when Fit begins.
type Trainer struct {
	Config

	pretrain.Run

	// OnProgress, if not nil, is called from Fit's goroutine after every batch.
	OnProgress func(Progress)
}

// A Progress says how far a training is. Its loss is that of a pair; its tokens are those
// read, those left out among them.
type Progress struct {
	pretrain.Progress
	EndOfEpoch bool
}

// A Result is what Fit returns.
type Result struct {
	Config  Config // resolved
	Vocab   *vocab.Vocabulary
	Embed   *embed.Table // rows of padding, unknown words and buckets are zero
	Loss    float64      // of a pair, mean over the last batches
	Tokens  int64        // in the texts
	Unknown int64        // of these, words not in the vocabulary
}

const (
	pieceTokens = 256 // in the mean, and the most of a span
	batchPieces = 8
)

// Fit learns the vectors of the words of texts. It may be called again. A vector
// that is not finite at the end of an epoch sends it back to the start, with half the
// learning rate from there on; the fourth time is a *DivergedError. What cannot fit
// into memory is a *MemoryError before the vectors are made. The other errors are
// ctx's, and those about config, texts and checkpoints.
func (t *Trainer) Fit(ctx context.Context, texts []string) (*Result, error) {
	checkpoints, err := t.Open()
	if err != nil {
		return nil, fmt.Errorf("skipgram: %w", err)
	}
	defer checkpoints.Close()
	f := &fit{t: t, cfg: t.Config.Resolve(), workers: t.NumWorkers()}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Result{Config: f.cfg}
	ids, err := f.read(ctx, texts, r)
	if err != nil {
		return nil, err
	}
	if checkpoints != nil {
		if err := checkpoints.Find(f.identity(ids), new(any)); err != nil {
			return nil, fmt.Errorf("skipgram: %w", err)
		}
	}
	if r.Embed, err = embed.New(r.Vocab.Len(), f.cfg.Embed); err != nil {
		return nil, err
	}
	words := r.Embed.Weight
	f.model = newModel(f.cfg.Embed, words.Data)
	neighbours := &nn.Param{Name: "neighbours.weight", Shape: words.Shape, Sparse: true, Data: f.model.tables[out]}
	f.model.init(r.Vocab, seed.Rand(f.cfg.Seed, "skipgram init"))
	f.scratch = make(chan *scratch, min(f.workers, batchPieces))
	for range cap(f.scratch) {
		f.scratch <- new(scratch)
	}
	f.loop = &loop.Loop{
		Config: loop.Config{Epochs: f.cfg.Epochs}, Params: []*nn.Param{words, neighbours}, Checkpoints: checkpoints,
		NewOptimizer: func() (loop.Optimizer, error) { return mover{f}, nil },
		Check:        f.check, OnProgress: f.report,
	}
	if err := f.loop.Run(ctx, f); err != nil {
		return nil, err
	}
	r.Loss = f.loop.Loss
	return r, nil
}

// read turns the texts into ids, and begins the result with what is in them.
func (f *fit) read(ctx context.Context, texts []string, r *Result) (ids [][]vocab.ID, err error) {
	if r.Vocab, ids, err = encode.Texts(ctx, texts, f.cfg.Pipeline, f.cfg.Vocab, f.workers); err != nil {
		return nil, err
	}
	v := r.Vocab
	if v.Known() < 2 {
		return nil, &vocab.TooFewError{Texts: len(texts), Words: v.Known(), MinCount: f.cfg.Vocab.MinCount}
	}
	for _, text := range ids {
		r.Tokens += int64(len(text))
		f.spans = appendSpans(f.spans, text)
	}
	r.Unknown = r.Tokens - v.Total()
	f.pieces = min(int((r.Tokens+pieceTokens-1)/pieceTokens), len(f.spans))
	f.batches = (f.pieces + batchPieces - 1) / batchPieces
	f.keep, f.noise = keepShares(v, f.cfg.Sample), newNoise(v)
	table := 4 * float64(v.Len()) * float64(f.cfg.Embed)
	return ids, loop.CheckMemory(loop.Need{Model: 2 * table, Weights: 2 * table, Batch: f.cfg.batchBytes(), Tokens: batchPieces * pieceTokens})
}

// identity lists what must be the same for a training to go on.
func (f *fit) identity(texts [][]vocab.ID) loop.Identity {
	return pretrain.Identity("word vectors", loop.Kernel(), f.cfg.Seed, encode.Sum(texts), f.cfg)
}

// appendSpans cuts a text into spans of about the same length.
func appendSpans(dst []span, text []vocab.ID) []span {
	n := (len(text) + pieceTokens - 1) / pieceTokens
	for i := range n {
		dst = append(dst, text[cut(i, n, len(text)):cut(i+1, n, len(text))])
	}
	return dst
}

// cut returns where part i begins of total things in parts of about the same size.
func cut(i, parts, total int) int { return int(int64(i) * int64(total) / int64(parts)) }

// A fit is one training under way: the task of a loop.
type fit struct {
	t       *Trainer
	cfg     Config
	workers int
	spans   []span
	pieces  int // in an epoch
	batches int // in an epoch
	keep    []float32
	noise   *noise
	model   *model
	loop    *loop.Loop
	work    [batchPieces]piece
	at      int           // pieces of work in the batch under way
	scratch chan *scratch // for as many goroutines as work
}

// Epoch is loop.Task's.
func (f *fit) Epoch(_ context.Context, epoch, skip int) iter.Seq2[loop.Batch, error] {
	return func(yield func(loop.Batch, error) bool) {
		order := slices.Clone(f.spans)
		seed.Rand(f.cfg.Seed, "skipgram order", uint64(epoch)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for b := skip; b < f.batches; b++ {
			if !yield(batch{f, epoch, order, cut(b, f.batches, f.pieces), cut(b+1, f.batches, f.pieces)}, nil) {
				return
			}
		}
	}
}

// steps is how many there are.
func (f *fit) steps() int { return f.cfg.Epochs * f.batches }

// Rate is loop.Task's: it falls in a straight line.
func (f *fit) Rate(p loop.Position) float64 {
	return f.cfg.Rate * float64(f.steps()-p.Step) / float64(f.steps())
}

// Evaluate is loop.Task's.
func (f *fit) Evaluate(context.Context, loop.Epoch) (best bool, err error) {
	f.send(Progress{EndOfEpoch: true}, loop.Progress{})
	return false, nil
}

// check reports a position in a checkpoint that this training cannot reach.
func (f *fit) check(p loop.Position) error { return pretrain.CheckPosition(p, f.batches) }

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

// A batch is some pieces of an epoch.
type batch struct {
	f        *fit
	epoch    int
	order    []span // of the epoch
	from, to int    // pieces
}

// spans returns those of pieces from..to.
func (b batch) spans(from, to int) []span {
	return b.order[cut(from, b.f.pieces, len(b.order)):cut(to, b.f.pieces, len(b.order))]
}

// Size is loop.Batch's.
func (b batch) Size() (texts, tokens int) {
	for _, s := range b.spans(b.from, b.to) {
		tokens += len(s)
	}
	return b.to - b.from, tokens
}

// Learn is loop.Batch's. The loss is the mean of a pair of the first piece, and the
// gradients stay in the pieces.
func (b batch) Learn(int) (loss float64, err error) {
	f := b.f
	f.at = b.to - b.from
	par.For(f.workers, f.at, func(i int) {
		p := &f.work[i]
		p.scratch = <-f.scratch
		defer func() { f.scratch <- p.scratch }()
		r := seed.Rand(f.cfg.Seed, "skipgram piece", uint64(b.epoch), uint64(b.from+i))
		p.draw(r, b.spans(b.from+i, b.from+i+1), f.keep, f.noise, f.cfg.Window, f.cfg.Negatives)
		if l := p.eval(f.model, i == 0); i == 0 {
			loss = l
		}
	})
	return loss, nil
}

// A mover is the optimiser: it adds the gradients of the pieces to the rows that
// they are of. It remembers nothing.
type mover struct{ f *fit }

func (m mover) Step(params []*nn.Param, rate float32) error {
	f := m.f
	const shards = 8 // of the rows of each table
	par.For(f.workers, 2*shards, func(w int) {
		f.model.move(w%2, f.work[:f.at], rate, func(id vocab.ID) bool { return int(id)%shards == w/2 })
	})
	for _, p := range params {
		p.Changed()
	}
	return nil
}

func (mover) State() []*nn.Param { return nil }

func (mover) LoadState([]*nn.Param, int, []*nn.Param) error { return nil }

func (mover) Moments() int { return 0 }
