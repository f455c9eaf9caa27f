package skipgram

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/internal/encode"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/vocab"
)

// A Trainer learns word vectors. Its fields are read once, when Fit begins.
type Trainer struct {
	Config

	// Workers is the number of goroutines that share the work, of which training
	// can use 8; 0 means GOMAXPROCS. It changes no bit of the vectors.
	Workers int

	// OnProgress, if not nil, is called from Fit's goroutine after every batch.
	OnProgress func(Progress)
}

// A Progress says how far a training is.
type Progress struct {
	Epoch, Epochs int // the epoch under way, from 1
	Step, Steps   int
	Loss          float64 // of a pair, mean over the recent batches
	Rate          float64
	Tokens        int64 // read, those left out among them
	Elapsed       time.Duration
	EndOfEpoch    bool
}

// TokensPerSecond is the speed so far.
func (p Progress) TokensPerSecond() float64 {
	return float64(p.Tokens) / max(p.Elapsed.Seconds(), 1e-9)
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

// Fit learns the vectors of the words of texts. It may be called again. The
// errors are ctx's, and those about config and texts.
func (t *Trainer) Fit(ctx context.Context, texts []string) (*Result, error) {
	f := &fit{t: t, cfg: t.Config.Resolve(), workers: t.Workers, start: time.Now()}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	if f.workers <= 0 {
		f.workers = runtime.GOMAXPROCS(0)
	}
	r := &Result{Config: f.cfg}
	v, ids, err := encode.Texts(ctx, texts, f.cfg.Pipeline, f.cfg.Vocab, f.workers)
	if err != nil {
		return nil, err
	}
	r.Vocab = v
	if v.Known() < 2 {
		return nil, fmt.Errorf("skipgram: %w", &vocab.TooFewError{Texts: len(texts), Words: v.Known(), MinCount: f.cfg.Vocab.MinCount})
	}
	for _, text := range ids {
		r.Tokens += int64(len(text))
		f.spans = appendSpans(f.spans, text)
	}
	r.Unknown = r.Tokens - v.Total()
	f.tokens = r.Tokens
	if r.Embed, err = embed.New(v.Len(), f.cfg.Embed); err != nil {
		return nil, err
	}
	f.keep, f.noise = keepShares(v, f.cfg.Sample), newNoise(v)
	f.model = newModel(f.cfg.Embed, r.Embed.Weight.Data)
	f.model.init(v, seed.Rand(f.cfg.Seed, "skipgram init"))
	if err := f.run(ctx); err != nil {
		return nil, err
	}
	r.Loss = f.loss
	r.Embed.Weight.Changed()
	return r, nil
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

// A fit is one training under way.
type fit struct {
	t       *Trainer
	cfg     Config
	workers int
	spans   []span
	tokens  int64 // of spans
	keep    []float32
	noise   *noise
	model   *model
	pieces  [batchPieces]piece
	loss    float64
	start   time.Time
}

func (f *fit) run(ctx context.Context) error {
	pieces := min(int((f.tokens+pieceTokens-1)/pieceTokens), len(f.spans))
	batches := (pieces + batchPieces - 1) / batchPieces
	steps := f.cfg.Epochs * batches
	done := int64(0)
	for epoch := range f.cfg.Epochs {
		order := slices.Clone(f.spans)
		seed.Rand(f.cfg.Seed, "skipgram order", uint64(epoch)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for b := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			step := epoch*batches + b
			rate := f.cfg.Rate * float64(steps-step) / float64(steps)
			lo, hi := cut(b, batches, pieces), cut(b+1, batches, pieces)
			loss := f.step(hi-lo, float32(rate), func(i int) (*rand.Rand, []span) {
				p := lo + i
				return seed.Rand(f.cfg.Seed, "skipgram piece", uint64(epoch), uint64(p)), order[cut(p, pieces, len(order)):cut(p+1, pieces, len(order))]
			})
			if step == 0 {
				f.loss = loss
			}
			f.loss += 0.01 * (loss - f.loss)
			for _, s := range order[cut(lo, pieces, len(order)):cut(hi, pieces, len(order))] {
				done += int64(len(s))
			}
			last := b+1 == batches
			if last && !f.model.finite() {
				return fmt.Errorf("skipgram: diverged in epoch %d: lower the learning rate, rate = %v", epoch+1, f.cfg.Rate)
			}
			if f.t.OnProgress != nil {
				f.t.OnProgress(Progress{
					Epoch: epoch + 1, Epochs: f.cfg.Epochs, Step: step + 1, Steps: steps,
					Loss: f.loss, Rate: rate, Tokens: done, Elapsed: time.Since(f.start), EndOfEpoch: last,
				})
			}
		}
	}
	return nil
}

// step moves the weights by one batch of n pieces, of which get gives what is to be
// drawn from and the spans, and returns the mean loss of a pair of the first.
func (f *fit) step(n int, rate float32, get func(i int) (*rand.Rand, []span)) float64 {
	loss := 0.0
	par.For(f.workers, n, func(i int) {
		p := &f.pieces[i]
		r, spans := get(i)
		p.draw(r, spans, f.keep, f.noise, f.cfg.Window, f.cfg.Negatives)
		if l := p.eval(f.model, i == 0); i == 0 {
			loss = l
		}
	})
	const shards = 8 // of the rows of each table
	par.For(f.workers, 2*shards, func(w int) {
		f.model.move(w%2, f.pieces[:n], rate, func(id vocab.ID) bool { return int(id)%shards == w/2 })
	})
	return loss
}
