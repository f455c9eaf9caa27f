package main

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// trainingTexts are what a training reads, in memory or on disk.
type trainingTexts interface {
	recommend(context.Context) (train.Config, error)
	inMemory() *corpora.Dataset // the training texts; nil if they are on disk
	show(*progress)
	fit(context.Context, *train.Trainer) (*train.Result, error)
	close()
}

// A memory is training and dev texts in memory; dev is nil if there are none.
type memory struct {
	train, dev *corpora.Dataset
	split      bool // dev was a part of the training texts
}

func readMemory(opts corpora.Options, dir string, r *trainRecipe, share float64) (trainingTexts, error) {
	trainSet, devSet, err := readTrainingData(opts, dir, r.Data, r.Dev, share, r.Seed)
	return memory{trainSet, devSet, devSet != nil && len(r.Dev) == 0}, err
}

func (m memory) recommend(context.Context) (train.Config, error) {
	return recommend.For(m.train), nil
}

func (m memory) inMemory() *corpora.Dataset { return m.train }

func (m memory) show(p *progress) { p.data(m.train, m.dev) }

func (m memory) fit(ctx context.Context, t *train.Trainer) (*train.Result, error) {
	if m.split {
		// A rare label may have all its texts among those set aside.
		all, err := corpora.Join(m.train, m.dev)
		if err != nil {
			return nil, err
		}
		if t.Model.Heads, err = train.Heads(t.Model.Heads, all); err != nil {
			return nil, err
		}
	}
	return t.Fit(ctx, m.train, m.dev)
}

func (m memory) close() {}

// A stream is training texts in a temporary file, and dev texts in memory.
type stream struct {
	spool  *corpora.Spool
	header corpora.Dataset // heads, sources and separator
	dev    *corpora.Dataset
}

// readStream copies the training texts of a recipe to a temporary file in the
// directory of out, without the share of them that becomes the dev texts if the
// recipe has none.
func readStream(ctx context.Context, opts corpora.Options, out, dir string, r *trainRecipe, share float64) (_ trainingTexts, err error) {
	s := &stream{}
	if len(r.Dev) > 0 {
		if s.dev, err = readSources(opts, dir, r.Dev, r.Seed); err != nil {
			return nil, err
		}
		share = 0
	}
	if s.spool, err = corpora.NewSpool(filepath.Dir(out), r.Seed); err != nil {
		return nil, err
	}
	held := newHoldout(share, r.Seed)
	for _, src := range r.Data {
		for range max(src.Repeat, 1) {
			if err := s.add(ctx, opts, dir, src, held); err != nil {
				s.close()
				return nil, err
			}
		}
	}
	for _, ex := range held.cut() {
		if err := s.spool.Add(ex); err != nil {
			s.close()
			return nil, err
		}
	}
	if dev := held.dataset(&s.header); dev.Len() > 0 {
		s.dev = dev
	}
	return s, nil
}

// add copies the texts of one source.
func (s *stream) add(ctx context.Context, opts corpora.Options, dir string, src source, held *holdout) error {
	if src.Limit > 0 {
		return usagef("%s: --stream reads all of a file, limit = %d is for texts in memory", src.File, src.Limit)
	}
	r, heads, err := src.open(opts, dir)
	if err != nil {
		return err
	}
	defer r.Close()
	column := make([]int, len(heads)) // of each head in the header
	for h, name := range heads {
		if column[h] = s.header.Head(name); column[h] < 0 {
			column[h] = len(s.header.Heads)
			s.header.Heads = append(s.header.Heads, name)
		}
	}
	base := int32(len(s.header.Sources))
	for ex, err := range r.Accepted() {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		ex.Source += base
		labels := make([]string, len(s.header.Heads))
		for h, l := range ex.Labels {
			labels[column[h]] = l
		}
		ex.Labels = labels
		for _, ex := range held.offer(ex) {
			if err := s.spool.Add(ex); err != nil {
				return err
			}
		}
	}
	if base == 0 {
		s.header.Separator = r.Separator()
	}
	// What is appended last decides the separator of a data set without examples.
	if have := r.Separator(); have != s.header.Separator {
		return usagef("%s: separator %q, the files before have %q: use --label-sep", src.File, have, s.header.Separator)
	}
	return s.header.Append(&corpora.Dataset{Heads: heads, Sources: r.Sources(), Separator: r.Separator()})
}

// open opens the file of a source, with the names of its heads.
func (s source) open(opts corpora.Options, dir string) (*corpora.Reader, []string, error) {
	r, err := corpora.Open(s.options(opts), s.path(dir))
	if err != nil {
		return nil, nil, err
	}
	heads := slices.Clone(r.Heads())
	if s.Head != "" {
		if len(heads) != 1 {
			return nil, nil, errors.Join(usagef("%s: head = %q for a file with the heads %q", s.File, s.Head, heads), r.Close())
		}
		heads = []string{s.Head}
	}
	return r, heads, nil
}

func (s *stream) texts() *train.Stream {
	return &train.Stream{Heads: s.header.Heads, Sources: s.header.Sources, Separator: s.header.Separator, Texts: s.spool}
}

func (s *stream) recommend(ctx context.Context) (train.Config, error) {
	return recommend.ForStream(ctx, s.texts())
}

func (s *stream) inMemory() *corpora.Dataset { return nil }

func (s *stream) show(p *progress) { p.texts(s.spool.Len(), &s.header, s.dev) }

// fit keeps the garbage collector close behind: by default a heap grows to twice
// what is in use.
func (s *stream) fit(ctx context.Context, t *train.Trainer) (*train.Result, error) {
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}
	return t.FitStream(ctx, s.texts(), s.dev)
}

// close removes the temporary file. What was in it is of no more use, so that
// an error would be of none.
func (s *stream) close() { s.spool.Close() }

// Bounds on the dev texts that are set aside from a stream.
const (
	holdoutTexts = 10_000
	holdoutBytes = 8 << 20
)

// A holdout sets a random share of the texts of a stream aside, within bounds.
// Equal texts, up to case and white space, go the same way, and which way
// depends on them and the seed alone, but for the bounds: of too many texts it
// gives those back whose numbers are largest.
type holdout struct {
	seed  uint64
	limit uint64 // texts with a lower number are kept
	kept  []numbered
	bytes int
}

// A numbered example has a random number that depends on its text.
type numbered struct {
	number  uint64
	example corpora.Example
}

func newHoldout(share float64, seed uint64) *holdout {
	return &holdout{seed: seed, limit: uint64(math.Ldexp(share, 64))}
}

// number is the same for texts that are equal up to case and white space.
func (h *holdout) number(text string) uint64 {
	sum := fnv.New64a()
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		io.WriteString(sum, word)
		sum.Write([]byte{' '})
	}
	return seed.For(h.seed, "holdout", sum.Sum64())
}

// offer keeps ex, or returns what is not kept.
func (h *holdout) offer(ex corpora.Example) []corpora.Example {
	if h.limit == 0 {
		return []corpora.Example{ex}
	}
	n := h.number(ex.Text)
	if n >= h.limit {
		return []corpora.Example{ex}
	}
	h.kept = append(h.kept, numbered{n, ex})
	if h.bytes += len(ex.Text); len(h.kept) > holdoutTexts*5/4 || h.bytes > holdoutBytes*5/4 {
		return h.cut()
	}
	return nil
}

// cut returns what is beyond the bounds.
func (h *holdout) cut() []corpora.Example {
	slices.SortStableFunc(h.kept, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	n, bytes := 0, 0
	for n < min(len(h.kept), holdoutTexts) && bytes+len(h.kept[n].example.Text) <= holdoutBytes {
		bytes += len(h.kept[n].example.Text)
		n++
	}
	if n < len(h.kept) {
		h.limit = h.kept[n].number
		for n > 0 && h.kept[n-1].number == h.limit { // equal texts
			n--
			bytes -= len(h.kept[n].example.Text)
		}
	}
	var rest []corpora.Example
	for _, k := range h.kept[n:] {
		rest = append(rest, k.example)
	}
	clear(h.kept[n:])
	h.kept, h.bytes = h.kept[:n], bytes
	return rest
}

// dataset returns the texts that were set aside, each once.
func (h *holdout) dataset(header *corpora.Dataset) *corpora.Dataset {
	d := &corpora.Dataset{Heads: header.Heads, Sources: header.Sources, Separator: header.Separator}
	for _, k := range h.kept {
		d.Examples = append(d.Examples, k.example)
	}
	d.Dedup()
	return d
}
