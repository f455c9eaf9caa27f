package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// Bounds on what FitStream holds in memory.
const (
	windowBytes = 4 << 20 // of text in a window
	vocabTokens = 1 << 19 // different tokens counted
	wideTexts   = 200_000 // that the wide branch learns from
	wideRows    = 12 << 20
	streamCells = 100_000 // different labels, or numbers, of a column
	mostWeight  = 1 << 20 // of the texts of one label that are counted as one: larger sums lose texts
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

	// Split says that the dev texts were a part of the corpus: the heads have the labels
	// of both.
	Split bool
}

// FitStream is Fit for texts that are read from disk again in every epoch, one
// window after the other: the texts of 50 batches, or 4 MiB of them. It reads
// them twice before the first epoch, to find the labels and to count words and
// n-grams. A column has 100,000 different labels or numbers at most.
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
// that Fit makes. A resumed training reads its epoch again up to where it was, and
// the texts once more to tell that they are the same.
func (t *Trainer) FitStream(ctx context.Context, data *Stream, dev *corpora.Dataset) (*Result, error) {
	if t.Start != nil {
		return nil, errors.New("train: a streamed training does not start from another model: its vocabulary is counted on the way")
	}
	if t.Teacher != nil {
		return nil, errors.New("train: a streamed training has no teacher: leave Teacher out")
	}
	if t.NgramCandidates != 0 {
		return nil, errors.New("train: a streamed training keeps the most frequent n-grams: leave NgramCandidates out")
	}
	if t.Balance {
		return nil, errors.New("train: a streamed training does not balance labels, which are counted on the way: leave Balance out")
	}
	checkpoints, err := t.openCheckpoints(t.Checkpoint)
	if err != nil {
		return nil, err
	}
	defer checkpoints.Close()
	f, err := t.startStream(ctx, checkpoints, data, dev)
	if err != nil {
		return nil, err
	}
	return f.run(ctx)
}

func (t *Trainer) startStream(ctx context.Context, checkpoints *loop.Checkpoints, data *Stream, dev *corpora.Dataset) (*fit, error) {
	f := t.newFit(checkpoints, dev)
	if data.Texts.Len() == 0 {
		return nil, fmt.Errorf("train: no texts: %w", corpora.ErrData)
	}
	labels, sum, err := data.labels(ctx)
	if err != nil {
		return nil, err
	}
	if data.Split && dev != nil {
		all, err := corpora.Join(labels, dev)
		if err != nil {
			return nil, err
		}
		if f.cfg.Model.Heads, err = Heads(f.cfg.Model.Heads, all); err != nil {
			return nil, err
		}
	}
	if f.cfg.Model.Heads, err = t.heads(f.cfg, labels); err != nil {
		return nil, err
	}
	f.warnLeftOut(labels)
	if err := f.validate(); err != nil {
		return nil, err
	}
	if checkpoints != nil {
		if err := f.find(sum); err != nil {
			return nil, err
		}
	}
	c, err := data.count(ctx, f.cfg.Model, f.workers())
	if err != nil {
		return nil, err
	}
	v, err := c.words.Build(f.cfg.Model.Vocab)
	if err != nil {
		return nil, err
	}
	var ngrams *ngram.Dictionary
	if c.ngrams != nil {
		ngrams = c.ngrams.Dictionary(f.cfg.Model.Ngrams.Bits)
	}
	c.words, c.ngrams = nil, nil // they are large
	if err := f.newModel(v, ngrams, min(data.Texts.Len(), wideTexts)); err != nil {
		return nil, err
	}
	f.source = &onDisk{data, f.model.Only("deep")}
	if err := f.readDev(ctx); err != nil {
		return nil, err
	}
	if err := f.readUnlabelled(ctx); err != nil {
		return nil, err
	}
	if f.train, err = data.sample(ctx, f.model.Only("wide"), data.pooled(f.cfg.BatchSize)); err != nil {
		return nil, err
	}
	if err := f.prepare(ctx, max(c.longest, f.cfg.BatchTokens, f.longestUnlabelled())); err != nil {
		return nil, err
	}
	f.train = nil // it is large
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

// labels returns one example without a text for each label cell that s has, with the
// weight of all that have it, and the fingerprint of s.
func (s *Stream) labels(ctx context.Context) (_ *corpora.Dataset, fingerprint string, err error) {
	d := s.header()
	sum := newTextSum(d)
	found := make([]map[string]int, len(s.Heads)) // places in d
	for h := range found {
		found[h] = map[string]int{}
	}
	for ex, err := range s.all(ctx, 0) {
		if err != nil {
			return nil, "", err
		}
		sum.add(&ex)
		for h, l := range ex.Labels {
			if l == "" {
				continue
			}
			weight := cmp.Or(ex.Weight, 1)
			at, known := found[h][l]
			if known && d.Examples[at].Weight < mostWeight {
				d.Examples[at].Weight += weight
				continue
			}
			if !known && len(found[h]) == streamCells {
				return nil, "", fmt.Errorf("train: head %s has more than %d different labels: %w", s.Heads[h], streamCells, corpora.ErrData)
			}
			found[h][l] = len(d.Examples)
			one := corpora.Example{Labels: make([]string, len(s.Heads)), Weight: weight}
			one.Labels[h] = l
			d.Examples = append(d.Examples, one)
		}
	}
	return d, sum.String(), nil
}

// pooled is the number of texts in a window for batches of a size, which may be the largest
// int.
func (s *Stream) pooled(size int) int { return min(size, s.Texts.Len()) * loop.Pooled }

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
func (s *Stream) sample(ctx context.Context, m *classify.Model, texts int) (*set, error) {
	all := new(set)
	if m == nil {
		return all, nil
	}
	rows := 0
	for d, err := range s.windows(ctx, 0, texts) {
		if err != nil {
			return nil, err
		}
		window, err := newSet(ctx, m, d)
		if err != nil {
			return nil, err
		}
		all.append(window)
		for i := range window.texts {
			rows += len(window.texts[i].Rows)
		}
		if len(all.texts) >= wideTexts || rows >= wideRows {
			break
		}
	}
	return all, nil
}

// onDisk is the source of a stream's texts. It cuts an epoch into windows, and each of
// them into batches.
type onDisk struct {
	stream *Stream
	deep   *classify.Model // reads the texts
}

// epoch reads the windows before the first batch as well, since how many batches
// are in a window follows from its texts.
func (s *onDisk) epoch(ctx context.Context, c Config, epoch, skip int) iter.Seq2[dealt, error] {
	return func(yield func(dealt, error) bool) {
		part := uint64(0)
		for d, err := range s.stream.windows(ctx, epoch, s.stream.pooled(c.BatchSize)) {
			var window *set
			if err == nil {
				window, err = newSet(ctx, s.deep, d)
			}
			if err != nil {
				yield(dealt{}, err)
				return
			}
			texts, batches := window.epoch(c, epoch, part)
			part++
			before := min(skip, len(batches))
			skip -= before
			for _, rows := range batches[before:] {
				if !yield(dealt{window, texts, rows}, nil) {
					return
				}
			}
		}
	}
}

// way goes by the texts seen.
func (s *onDisk) way(c Config, _ int, p loop.Position) (at, of int) {
	n := s.stream.Texts.Len()
	return p.Epoch*n + p.Texts, c.Epochs * n
}

// steps estimates the steps of each member by those that there were.
func (s *onDisk) steps(c Config, member int, p loop.Position) (done, of int) {
	at, all := s.way(c, member, p)
	each := (all-1)/c.BatchSize + 1
	if p.Step > 0 && at > 0 {
		each = int(math.Round(float64(p.Step) * float64(all) / float64(at)))
	}
	return member*each + p.Step, c.Model.NumMembers() * each
}

// check knows the number of texts only.
func (s *onDisk) check(_ Config, _ int, p loop.Position) error {
	if n := s.stream.Texts.Len(); p.Texts > n || (p.Texts > 0) != (p.Batch > 0) {
		return fmt.Errorf("%d of %d texts, batch %d are not a place in this training", p.Texts, n, p.Batch)
	}
	return nil
}
