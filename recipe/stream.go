package recipe

import (
	"cmp"
	"context"
	"slices"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
	"github.com/textlstm/textlstm/train/recommend"
)

// A stream is training texts in a temporary file, and dev texts in memory.
type stream struct {
	spool  *corpora.Spool
	header corpora.Dataset // heads, sources and separator
	dev    *corpora.Dataset
	split  bool // dev was a part of the training texts
}

// SpoolTexts copies the training texts of a recipe to a temporary file in the directory
// temp, for corpora that are larger than memory, without the share of them that becomes
// the dev texts if the recipe has none (see corpora.Holdout). See ReadSources for opts
// and dir. Close removes the file.
func (r *Recipe) SpoolTexts(ctx context.Context, opts corpora.Options, dir, temp string, share float64) (_ Texts, err error) {
	s := &stream{}
	if len(r.Dev) > 0 {
		if i := slices.IndexFunc(r.Dev, func(s Source) bool { return s.Apart }); i >= 0 {
			return nil, errorf("%s: --stream reads all training texts, apart is for texts in memory", r.Dev[i].File)
		}
		if s.dev, err = ReadSources(opts, dir, r.Dev, r.Seed); err != nil {
			return nil, err
		}
		share = 0
	}
	if s.spool, err = corpora.NewSpool(temp, r.Seed); err != nil {
		return nil, err
	}
	held := corpora.NewHoldout(share, r.Seed)
	for _, src := range r.Data {
		for range max(src.Repeat, 1) {
			if err := s.add(ctx, opts, dir, src, held); err != nil {
				s.Close()
				return nil, err
			}
		}
	}
	for _, ex := range held.Rest() {
		if err := s.spool.Add(ex); err != nil {
			s.Close()
			return nil, err
		}
	}
	if dev := held.Dataset(&s.header); dev.Len() > 0 {
		s.dev, s.split = dev, true
	}
	return s, nil
}

// add copies the texts of one source.
func (s *stream) add(ctx context.Context, opts corpora.Options, dir string, src Source, held *corpora.Holdout) error {
	if src.Limit > 0 {
		return errorf("%s: --stream reads all of a file, limit = %d is for texts in memory", src.File, src.Limit)
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
		for _, ex := range held.Offer(ex) {
			if err := s.spool.Add(ex); err != nil {
				return err
			}
		}
	}
	return s.header.Append(&corpora.Dataset{Heads: heads, Sources: r.Sources(), Separator: r.Separator()})
}

func (s *stream) texts() *train.Stream {
	return &train.Stream{Heads: s.header.Heads, Sources: s.header.Sources, Separator: s.header.Separator, Texts: s.spool, Split: s.split}
}

func (s *stream) Recommend(ctx context.Context) (train.Config, error) {
	return recommend.ForStream(ctx, s.texts())
}

func (s *stream) Train() *corpora.Dataset { return nil }

func (s *stream) Dev() *corpora.Dataset { return s.dev }

func (s *stream) Len() int { return s.spool.Len() }

func (s *stream) Header() *corpora.Dataset { return &s.header }

func (s *stream) Fit(ctx context.Context, t *train.Trainer) (*train.Result, error) {
	return t.FitStream(ctx, s.texts(), s.dev)
}

func (s *stream) Close() error { return s.spool.Close() }
