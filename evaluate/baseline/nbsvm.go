package baseline

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
)

// An NBSVM is a linear model of the n-grams of a text: a support vector machine
// on features scaled by their naive Bayes log-count ratios (Wang & Manning 2012).
// Its probabilities are the softmax of its scores over a temperature.
type NBSVM struct {
	labels      []string
	pipeline    *tokenize.Pipeline
	config      ngram.Config
	dictionary  *ngram.Dictionary
	linear      *ngram.Linear
	temperature float64
	readers     sync.Pool // of *reader
}

// NBSVMOptions say what an NBSVM looks at and how it learns. The zero value is
// Wang & Manning's model on words, pairs and triples of words.
type NBSVMOptions struct {
	Pipeline string        // in the syntax of tokenize.Parse; "" means "words|lower"
	Ngrams   ngram.Config  // the zero value means Words 3
	Learn    ngram.Options // of package ngram
	Seed     uint64
}

// FitNBSVM learns from texts whose labels are indices into labels. A tenth of
// them, every tenth of each label in a random order, decides the temperature: a
// first model learns from the others, the second, which is kept, from all. With
// fewer than 20 texts the temperature is 1. The result does not depend on the
// number of processors. The errors are ctx's, a bad option, and data without two
// labels to tell apart.
func FitNBSVM(ctx context.Context, labels []string, texts []string, gold []int, o NBSVMOptions) (*NBSVM, error) {
	m, err := newNBSVM(labels, o)
	if err != nil {
		return nil, err
	}
	if len(texts) != len(gold) {
		return nil, fmt.Errorf("baseline: %d texts, %d labels of them", len(texts), len(gold))
	}
	for i, g := range gold {
		if g < 0 || g >= len(labels) {
			return nil, fmt.Errorf("baseline: text %d: label %d, want 0 to %d", i, g, len(labels)-1)
		}
	}
	if len(gold) == 0 || slices.Min(gold) == slices.Max(gold) {
		return nil, fmt.Errorf("baseline: NBSVM needs training texts of at least two of the labels %q", labels)
	}
	rows, err := m.index(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(texts) >= 20 {
		held := holdOut(gold, len(labels), o.Seed)
		if err := m.fit(ctx, rows, gold, func(i int) bool { return !held[i] }, o); err != nil {
			return nil, err
		}
		if err := m.calibrate(rows, gold, held); err != nil {
			return nil, err
		}
	}
	return m, m.fit(ctx, rows, gold, func(int) bool { return true }, o)
}

func newNBSVM(labels []string, o NBSVMOptions) (*NBSVM, error) {
	if o.Pipeline == "" {
		o.Pipeline = "words|lower"
	}
	if o.Ngrams == (ngram.Config{}) {
		o.Ngrams.Words = 3
	}
	m := &NBSVM{labels: labels, config: o.Ngrams.Resolve(), temperature: 1}
	if err := m.config.Validate(); err != nil {
		return nil, err
	}
	var err error
	m.pipeline, err = tokenize.Parse(o.Pipeline)
	return m, err
}

// A reader turns texts into features, for one goroutine at a time.
type reader struct {
	extractor *ngram.Extractor
	tokens    []tokenize.Token
	features  []ngram.Hash
}

// features of text, valid until the reader's next use.
func (m *NBSVM) features(text string) (features []ngram.Hash, done func()) {
	r, ok := m.readers.Get().(*reader)
	if !ok {
		r = &reader{extractor: ngram.NewExtractor(m.config)}
	}
	r.tokens = m.pipeline.AppendTokens(r.tokens[:0], text)
	r.features = r.extractor.AppendFeatures(r.features[:0], r.tokens)
	return r.features, func() { m.readers.Put(r) }
}

// index builds the dictionary and returns the rows of every text. It reads the
// texts twice, so that no more than a block's features are in memory.
func (m *NBSVM) index(ctx context.Context, texts []string) ([][]int32, error) {
	const block = 1024
	counter := ngram.NewCounter(m.config.MinCount, len(texts))
	for some := range slices.Chunk(texts, block) {
		features := make([][]ngram.Hash, len(some))
		m.each(ctx, some, func(i int, f []ngram.Hash) { features[i] = slices.Clone(f) })
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		counter.Add(runtime.GOMAXPROCS(0), features...)
	}
	m.dictionary = counter.Dictionary(m.config.Bits)
	rows := make([][]int32, len(texts))
	m.each(ctx, texts, func(i int, f []ngram.Hash) { rows[i] = m.dictionary.AppendRows(nil, f) })
	return rows, ctx.Err()
}

// each calls do with the features of every text, on all processors.
func (m *NBSVM) each(ctx context.Context, texts []string, do func(i int, features []ngram.Hash)) {
	par.For(runtime.GOMAXPROCS(0), len(texts), func(i int) {
		if ctx.Err() == nil {
			f, done := m.features(texts[i])
			do(i, f)
			done()
		}
	})
}

// holdOut marks every tenth text of each label, in a random order of the texts.
func holdOut(gold []int, labels int, seedValue uint64) []bool {
	held := make([]bool, len(gold))
	seen := make([]int, labels)
	for _, i := range seed.Rand(seedValue, "nbsvm hold out").Perm(len(gold)) {
		c := gold[i]
		held[i] = seen[c]%10 == 9
		seen[c]++
	}
	return held
}

// fit learns from the texts that use is true for.
func (m *NBSVM) fit(ctx context.Context, rows [][]int32, gold []int, use func(int) bool, o NBSVMOptions) error {
	data := ngram.Data{Labels: len(m.labels)}
	var of []int
	for i := range rows {
		if use(i) {
			data.Rows, of = append(data.Rows, rows[i]), append(of, gold[i])
		}
	}
	data.Target = func(i, c int) float32 {
		if of[i] == c {
			return 1
		}
		return 0
	}
	var err error
	m.linear, err = ngram.Fit(ctx, data, m.dictionary.Rows(), o.Learn, seed.For(o.Seed, "nbsvm"), runtime.GOMAXPROCS(0))
	return err
}

// calibrate fits the temperature to the texts that were held out.
func (m *NBSVM) calibrate(rows [][]int32, gold []int, held []bool) error {
	var logits []float64
	var of []int
	scores := make([]float32, len(m.labels))
	for i, h := range held {
		if !h {
			continue
		}
		m.linear.Score(scores, rows[i])
		for _, s := range scores {
			logits = append(logits, float64(s))
		}
		of = append(of, gold[i])
	}
	if len(of) == 0 {
		return nil
	}
	var err error
	m.temperature, err = evaluate.FitTemperature(logits, of)
	return err
}

// Labels lists the labels.
func (m *NBSVM) Labels() []string { return m.labels }

// Classify returns the label with the highest score, the first of equals, and
// appends the probabilities.
func (m *NBSVM) Classify(dst []float32, text string) (label int, probs []float32) {
	f, done := m.features(text)
	rows := m.dictionary.AppendRows(make([]int32, 0, len(f)), f)
	done()
	n := len(dst)
	dst = slices.Grow(dst, len(m.labels))[:n+len(m.labels)]
	scores := dst[n:]
	m.linear.Score(scores, rows)
	for c, s := range scores {
		if s > scores[label] {
			label = c
		}
	}
	top, sum := float64(scores[label]), 0.0
	for _, s := range scores {
		sum += math.Exp((float64(s) - top) / m.temperature)
	}
	for c, s := range scores {
		scores[c] = float32(math.Exp((float64(s)-top)/m.temperature) / sum)
	}
	return label, dst
}
