package classify

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/textlstm/textlstm/internal/tensorfile"
	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// A Wide is the branch of a model that looks at n-grams alone: no order beyond
// them, no vectors, one linear score for each label of a head, or for its number (Cheng et al.
// 2016 call the combination wide and deep). It does not change.
type Wide struct {
	Dictionary *ngram.Dictionary
	Heads      []*ngram.Linear // by head
}

// Name is "wide".
func (w *Wide) Name() string { return "wide" }

// Scale is Head.Wide.
func (w *Wide) Scale(h *Head) *float64 { return &h.Wide }

// NumParams counts the weights.
func (w *Wide) NumParams() (n int) {
	for _, l := range w.Heads {
		n += l.NumWeights() + len(l.Bias)
	}
	return n
}

func (w *Wide) check(cfg Config, _ *vocab.Vocabulary) error {
	if len(w.Heads) != len(cfg.Heads) {
		return fmt.Errorf("classify: a wide branch of %d heads for a model of %d", len(w.Heads), len(cfg.Heads))
	}
	var errs []error
	for h, l := range w.Heads {
		head := &cfg.Heads[h]
		if want := head.Linear(); l.Labels != want.Labels || l.Task != want.Task || l.NumWeights() != w.Dictionary.Rows()*l.Columns() || len(l.Bias) != l.Columns() {
			errs = append(errs, fmt.Errorf("classify: wide branch of head %s: %d labels, %d weights, want %d labels, %d weights",
				head.Name, l.Labels, l.NumWeights(), head.Width(), w.Dictionary.Rows()*l.Columns()))
		}
	}
	return errors.Join(errs...)
}

func (w *Wide) readsTokens(Config) bool { return true }

func (w *Wide) begin(m *Model, scratch *worker) {
	if scratch.ngrams == nil {
		scratch.ngrams = ngram.NewExtractor(m.cfg.Ngrams)
		scratch.ngrams.Keep = func(h ngram.Hash) bool {
			_, ok := w.Dictionary.Row(h)
			return ok
		}
	}
	scratch.ngrams.Begin()
	scratch.hashes = scratch.hashes[:0]
}

func (w *Wide) read(scratch *worker, tokens []tokenize.Token) {
	scratch.hashes = scratch.ngrams.Append(scratch.hashes, 0, tokens)
}

func (w *Wide) end(scratch *worker, e *Encoded) {
	scratch.hashes = scratch.ngrams.End(scratch.hashes, 0)
	e.Rows = w.Dictionary.AppendRows(e.Rows, scratch.hashes)
}

// WideScale is what the scores of the wide branch are multiplied by for a text in which it
// finds n n-grams.
func (h *Head) WideScale(n int) float64 {
	scale := cmp.Or(h.Wide, 1)
	if h.WideNorm != 0 {
		scale *= math.Pow(float64(max(n, 1)), -h.WideNorm)
	}
	return scale
}

func (w *Wide) addScores(m *Model, scratch *worker, sums [][]float32) error {
	for h, l := range w.Heads {
		C := l.Labels
		scratch.scores = grow(scratch.scores, C)
		for i, t := range scratch.texts {
			l.Score(scratch.scores, t.Rows)
			vec.Axpy(float32(m.cfg.Heads[h].WideScale(len(t.Rows))), scratch.scores, sums[h][i*C:(i+1)*C])
		}
	}
	return nil
}

// tensors are "wide.tags" [slots][2], the low and the high byte of each tag, and for
// each head the weights [rows][columns] and the bias [columns].
func (w *Wide) tensors(c Config) []tensorfile.Tensor {
	tags, rows := w.Dictionary.Tags(), w.Dictionary.Rows()
	bytes := make([]uint8, 0, 2*len(tags))
	for _, t := range tags {
		bytes = append(bytes, uint8(t), uint8(t>>8))
	}
	tensors := []tensorfile.Tensor{tensorfile.Uint8("wide.tags", bytes, len(tags), 2)}
	for h, l := range w.Heads {
		name := "wide." + c.Heads[h].Name
		weights := tensorfile.Float32(name+".weight", l.Weights, rows, l.Columns())
		switch {
		case l.Half != nil:
			weights = tensorfile.Half(name+".weight", l.Half, rows, l.Columns())
		case c.Int8:
			weights = tensorfile.Float16(name+".weight", l.Weights, rows, l.Columns())
		}
		tensors = append(tensors, weights,
			tensorfile.Float32(name+".bias", l.Bias, l.Columns()))
	}
	return tensors
}

// loadWide reads the wide branch of a model file. Older files have 2^Bits slots and a
// row of weights for each slot, an empty one too.
func loadWide(f *tensorfile.File, d description) (b Branch, names []string, err error) {
	cfg := d.Config
	w := new(Wide)
	if w.Dictionary, err = loadDictionary(f, 1<<cfg.Ngrams.Bits); err != nil {
		return nil, nil, err
	}
	names = []string{"wide.tags"}
	for _, head := range cfg.Heads {
		l := head.Linear()
		name, rows := "wide."+head.Name, w.Dictionary.Rows()
		t, ok := f.Lookup(name + ".weight")
		slots := len(w.Dictionary.Tags())
		old := ok && len(t.Shape) == 2 && t.Shape[0] == slots && rows < slots
		if old {
			rows = slots
		}
		if ok && cfg.Int8 && t.DType == tensorfile.F16 {
			l.Half, err = f.Half(name+".weight", rows, l.Columns())
		} else {
			l.Weights, err = f.Float32(name+".weight", rows, l.Columns())
		}
		if err != nil {
			return nil, nil, err
		}
		if old {
			l.Pack(w.Dictionary)
		}
		if l.Bias, err = f.Float32(name+".bias", l.Columns()); err != nil {
			return nil, nil, err
		}
		w.Heads = append(w.Heads, l)
		names = append(names, name+".weight", name+".bias")
	}
	return w, names, nil
}

// loadDictionary reads the tags of a dictionary of at most so many slots.
func loadDictionary(f *tensorfile.File, most int) (*ngram.Dictionary, error) {
	slots := most
	if t, ok := f.Lookup("wide.tags"); ok && len(t.Shape) > 0 {
		slots = min(t.Shape[0], most)
	}
	bytes, err := f.Uint8("wide.tags", slots, 2)
	if err != nil {
		return nil, err
	}
	tags := make([]uint16, slots)
	for i := range tags {
		tags[i] = uint16(bytes[2*i]) | uint16(bytes[2*i+1])<<8
	}
	return ngram.FromTags(tags)
}
