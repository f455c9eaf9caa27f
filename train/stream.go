package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// Bounds on what FitStream holds in memory.
const (
	windowBytes = 4 << 20 // of text in a window
	vocabTokens = 1 << 19 // different tokens counted
	wideTexts   = 200_000 // that the wide branch learns from
	wideRows    = 12 << 20
	streamCells = 100_000 // different labels of a column
)

// Texts are the examples of a corpus in an order that depends on epoch alone.
// [corpora.Spool] has them on disk.
type Texts interface {
	Len() int
	Shuffled(epoch uint64) iter.Seq2[corpora.Example, error]
}

// A Stream is a corpus for training that need not fit into memory. Heads,
// Sources and Separator are those of a corpora.Dataset.
type Stream struct {
	Heads     []string
	Sources   []corpora.Source
	Separator string
	Texts     Texts
}

// Recommend is the function Recommend for the texts of s, which it reads once.
func (s *Stream) Recommend(ctx context.Context) (Config, error) {
	const sample = 200
	var p profile
	first := new(corpora.Dataset) // the order is random
	for ex, err := range s.all(ctx, 0) {
		if err != nil {
			return Config{}, err
		}
		p.add(&ex, s.Separator)
		if len(first.Examples) < sample {
			first.Examples = append(first.Examples, ex)
		}
	}
	return recommend(p, language(first)), nil
}

// FitStream is Fit for texts that are read from disk again in every epoch, one
// window after the other: the texts of 50 batches, or 4 MiB of them. It reads
// them twice before the first epoch, to find the labels and to count words and
// n-grams.
//
// Memory, beside the model, what training keeps for each of its weights and the
// activations of a batch: 100 MiB at most for counting words (the rarest are
// forgotten where there are more than 524,288 different ones) and 96 MiB for
// counting n-grams, free again before training begins; then 50 MiB for windows,
// and the dev texts. None of it grows with the number of texts.
//
// The wide branch learns from a random sample of 200,000 texts, fewer if those
// have more than 12.6 million n-grams; its n-grams are chosen by all texts. The
// learning rate follows the share of the texts that have been seen. The model is a
// function of the texts, their orders, the config and the seed, but not the one
// that Fit makes. There are no checkpoints.
func (t *Trainer) FitStream(ctx context.Context, data *Stream, dev *corpora.Dataset) (*Result, error) {
	if t.Start != nil {
		return nil, errors.New("train: a streamed training does not start from another model: its vocabulary is counted on the way")
	}
	if t.Checkpoint != "" {
		return nil, fmt.Errorf("train: a streamed training has no checkpoints: leave Checkpoint %q out", t.Checkpoint)
	}
	if t.Teacher != nil {
		return nil, errors.New("train: a streamed training has no teacher: leave Teacher out")
	}
	f, err := t.startStream(ctx, data, dev)
	if err != nil {
		return nil, err
	}
	return f.run(ctx)
}

func (t *Trainer) startStream(ctx context.Context, data *Stream, dev *corpora.Dataset) (*fit, error) {
	f := &fit{t: t, cfg: t.Config.Resolve(), stream: data, dev: dev, start: time.Now()}
	if data.Texts.Len() == 0 {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	labels, err := data.labels(ctx)
	if err != nil {
		return nil, err
	}
	if f.cfg.Model.Heads, err = Heads(f.cfg.Model.Heads, labels); err != nil {
		return nil, err
	}
	if err := f.cfg.Validate(); err != nil {
		return nil, err
	}
	c, err := data.count(ctx, f.cfg.Model, f.workers())
	if err != nil {
		return nil, err
	}
	v, err := c.words.Build(f.cfg.Model.Vocab)
	if err != nil {
		return nil, err
	}
	var wide *classify.Wide
	if c.ngrams != nil {
		wide = wideOf(f.cfg.Model, c.ngrams.Dictionary(f.cfg.Model.Ngrams.Bits))
	}
	c.words, c.ngrams = nil, nil // they are large
	if err := f.startDeep(v); err != nil {
		return nil, err
	}
	if f.model, err = classify.New(f.cfg.Model, v, f.nets, wide, t.Card); err != nil {
		return nil, err
	}
	f.deep = f.model.DeepOnly()
	if err := f.readDev(ctx); err != nil {
		return nil, err
	}
	if err := f.readUnlabelled(ctx); err != nil {
		return nil, err
	}
	if f.train, err = f.sample(ctx, f.model.WideOnly()); err != nil {
		return nil, err
	}
	if f.nets != nil {
		if err := f.begin(0); err != nil {
			return nil, err
		}
	}
	if err := f.checkMemory(max(c.longest, f.cfg.BatchTokens, f.longestUnlabelled())); err != nil {
		return nil, err
	}
	if wide != nil {
		if err := f.fitWide(ctx, wide); err != nil {
			return nil, err
		}
	}
	f.train = nil
	return f, nil
}

// all ranges over the texts; an error, ctx's too, is yielded last.
func (s *Stream) all(ctx context.Context, epoch uint64) iter.Seq2[corpora.Example, error] {
	return func(yield func(corpora.Example, error) bool) {
		for ex, err := range s.Texts.Shuffled(epoch) {
			err = cmp.Or(err, ctx.Err())
			if !yield(ex, err) || err != nil {
				return
			}
		}
	}
}

// header is s without its examples.
func (s *Stream) header() *corpora.Dataset {
	return &corpora.Dataset{Heads: s.Heads, Sources: s.Sources, Separator: s.Separator}
}

// labels returns one example without a text for each label cell that s has.
func (s *Stream) labels(ctx context.Context) (*corpora.Dataset, error) {
	d := s.header()
	found := make([]map[string]bool, len(s.Heads))
	for h := range found {
		found[h] = map[string]bool{}
	}
	for ex, err := range s.all(ctx, 0) {
		if err != nil {
			return nil, err
		}
		for h, l := range ex.Labels {
			if l == "" || found[h][l] {
				continue
			}
			if len(found[h]) == streamCells {
				return nil, fmt.Errorf("train: head %s has more than %d different labels: %w", s.Heads[h], streamCells, corpora.ErrData)
			}
			found[h][l] = true
			one := corpora.Example{Labels: make([]string, len(s.Heads))}
			one.Labels[h] = l
			d.Examples = append(d.Examples, one)
		}
	}
	return d, nil
}

// windows cuts the texts of an epoch, in its order, into data sets of as many
// texts or, if it comes first, windowBytes of them.
func (s *Stream) windows(ctx context.Context, epoch, texts int) iter.Seq2[*corpora.Dataset, error] {
	return func(yield func(*corpora.Dataset, error) bool) {
		d, size := s.header(), 0
		for ex, err := range s.all(ctx, uint64(epoch)) {
			if err != nil {
				yield(nil, err)
				return
			}
			d.Examples = append(d.Examples, ex)
			if size += len(ex.Text); len(d.Examples) == texts || size >= windowBytes {
				if !yield(d, nil) {
					return
				}
				d, size = s.header(), 0
			}
		}
		if len(d.Examples) > 0 {
			yield(d, nil)
		}
	}
}

// counts are what has to be known of all texts before training.
type counts struct {
	words   *vocab.Counter
	ngrams  *ngram.Counter // nil without a wide branch
	longest int            // text, in tokens
}

// count counts the tokens and n-grams of the texts. The result does not depend
// on the number of workers.
func (s *Stream) count(ctx context.Context, cfg classify.Config, workers int) (*counts, error) {
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	const block = 256 // texts read before they are counted
	c := &counts{words: new(vocab.Counter)}
	tokens := make([][]tokenize.Token, block)
	features := make([][]ngram.Hash, block)
	extractors := make([]*ngram.Extractor, workers)
	if cfg.HasWide() {
		c.ngrams = ngram.NewSmallCounter(cfg.Ngrams.MinCount, s.Texts.Len())
		for i := range extractors {
			extractors[i] = ngram.NewExtractor(cfg.Ngrams)
		}
	}
	for d, err := range s.windows(ctx, 0, block) {
		if err != nil {
			return nil, err
		}
		par.For(workers, workers, func(i int) {
			for j := i; j < len(d.Examples); j += workers {
				tokens[j] = p.AppendTokens(tokens[j][:0], d.Examples[j].Text)
				if c.ngrams != nil {
					features[j] = extractors[i].AppendFeatures(features[j][:0], tokens[j])
				}
			}
		})
		for _, text := range tokens[:len(d.Examples)] {
			c.longest = max(c.longest, len(text))
			for k := range text {
				c.words.Add(text[k].Text)
			}
			if c.words.Len() > vocabTokens {
				c.words = halved(c.words)
			}
		}
		if c.ngrams != nil {
			c.ngrams.Add(workers, features[:len(d.Examples)]...)
		}
	}
	return c, nil
}

// halved keeps the more frequent half of what c has counted.
func halved(c *vocab.Counter) *vocab.Counter {
	kept := new(vocab.Counter)
	for token, n := range c.All() {
		if kept.Len() == c.Len()/2 {
			break
		}
		kept.AddN(token, n)
	}
	return kept
}

// sample reads the texts that the wide branch m, if there is one, learns from.
func (f *fit) sample(ctx context.Context, m *classify.Model) (*set, error) {
	all := new(set)
	if m == nil {
		return all, nil
	}
	rows := 0
	for d, err := range f.stream.windows(ctx, 0, f.cfg.BatchSize*pooled) {
		if err != nil {
			return nil, err
		}
		s, err := newSet(ctx, m, d)
		if err != nil {
			return nil, err
		}
		all.append(s)
		for i := range s.texts {
			rows += len(s.texts[i].Rows)
		}
		if len(all.texts) >= wideTexts || rows >= wideRows {
			break
		}
	}
	return all, nil
}

// runWindows trains on the texts of an epoch, window by window.
func (f *fit) runWindows(ctx context.Context) error {
	part := uint64(0)
	for d, err := range f.stream.windows(ctx, f.Epoch, f.cfg.BatchSize*pooled) {
		if err != nil {
			return err
		}
		if f.train, err = newSet(ctx, f.deep, d); err != nil {
			return err
		}
		texts, batches := f.train.epoch(f.cfg, f.Epoch, part)
		if err := f.runBatches(ctx, texts, batches); err != nil {
			return err
		}
		part++
	}
	return nil
}

// way is how many texts a streamed training has seen, of how many in all its
// epochs.
func (f *fit) way() (at, of int) {
	n := f.stream.Texts.Len()
	return f.Epoch*n + f.seen, f.cfg.Epochs * n
}

// estimateSteps tells how many steps a streamed training will have.
func (f *fit) estimateSteps() int {
	at, of := f.way()
	if f.Step == 0 || at == 0 {
		return (of + f.cfg.BatchSize - 1) / f.cfg.BatchSize
	}
	return int(math.Round(float64(f.Step) * float64(of) / float64(at)))
}
