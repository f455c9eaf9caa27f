package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train/loop"
	"github.com/textlstm/textlstm/vocab"
)

// Heads fills in the heads of a model from the data, as Fit does: all heads
// there are if none is given, and the labels found where a head has none. A regression
// has no labels; Fit sets its Mean and Scale. A head that the data tells nothing of, having
// no label of it or the same for all texts, is left out where there are others.
func Heads(heads []classify.Head, d *corpora.Dataset) ([]classify.Head, error) {
	if len(heads) == 0 {
		for _, name := range d.Heads {
			heads = append(heads, classify.Head{Name: name})
		}
	}
	var kept []classify.Head
	var dull error
	for _, h := range heads {
		column := slices.Index(d.Heads, h.Name)
		if column < 0 {
			return nil, fmt.Errorf("train: no labels for head %q, the data has %q: %w", h.Name, d.Heads, corpora.ErrData)
		}
		fillHead(&h, d, column)
		if len(h.Labels) >= 2 || !h.Labelled() {
			kept = append(kept, h)
		} else if dull == nil {
			dull = fmt.Errorf("train: head %s: the data has the labels %q only, want at least 2: %w", h.Name, h.Labels, corpora.ErrData)
		}
	}
	if len(kept) == 0 {
		return nil, dull
	}
	return kept, nil
}

// fillHead fills in a head from a column of the data.
func fillHead(h *classify.Head, d *corpora.Dataset, column int) {
	if !h.Labelled() {
		return
	}
	if h.Loss.Kind == "" && severalLabels(d, column) {
		h.Loss.Kind = nn.BinaryCrossEntropy
	}
	if len(h.Labels) == 0 {
		h.Labels = labelsOf(d, column, h.MultiLabel())
	}
	spelling := d.Spelling(column)
	maps.DeleteFunc(spelling, func(label, as string) bool {
		return !slices.Contains(h.Labels, label) || slices.Contains(h.Labels, as)
	})
	if h.Spelling == nil && len(spelling) > 0 {
		h.Spelling = spelling
	}
}

// warnLeftOut tells which heads of the data Heads has left out.
func (f *fit) warnLeftOut(d *corpora.Dataset) {
	for column, name := range d.Heads {
		labels := d.Labels(column)
		if f.t.ends != nil || len(labels) > 1 || slices.ContainsFunc(f.cfg.Model.Heads, func(h classify.Head) bool { return h.Name == name }) {
			continue
		}
		f.send(Progress{Warning: fmt.Errorf("head %s is left out: the data has the labels %q only", name, labels)})
	}
}

// withoutForeign returns d without the labels that the heads do not know, and names
// those.
func withoutForeign(heads []classify.Head, d *corpora.Dataset) (_ *corpora.Dataset, foreign []string) {
	out := *d
	for h := range heads {
		head, column := &heads[h], d.Head(heads[h].Name)
		if column < 0 || !head.Labelled() {
			continue
		}
		unknown := func(l string) bool { return !slices.Contains(head.Labels, l) }
		for i := range d.Examples {
			gold := score.Gold(d, &d.Examples[i], column, head.MultiLabel())
			if !slices.ContainsFunc(gold, unknown) {
				continue
			}
			for _, l := range gold {
				if what := fmt.Sprintf("%q of head %s", l, head.Name); unknown(l) && !slices.Contains(foreign, what) {
					foreign = append(foreign, what)
				}
			}
			if &out.Examples[0] == &d.Examples[0] {
				out.Examples = slices.Clone(d.Examples)
			}
			e := &out.Examples[i]
			e.Labels = slices.Clone(e.Labels)
			e.Labels[column] = ""
			if head.MultiLabel() {
				e.Labels[column] = d.Separator + strings.Join(slices.DeleteFunc(gold, unknown), d.Separator)
			}
		}
	}
	return &out, foreign
}

// standardized lets the heads see the targets of d where they have to know them. An
// example counts with its weight.
func standardized(heads []classify.Head, d *corpora.Dataset) ([]classify.Head, error) {
	heads = slices.Clone(heads)
	weights := weightsOf(d)
	for i := range heads {
		err := heads[i].Standardize(func(h *classify.Head) (nn.Targets, error) { return targetsOf(h, d) }, weights)
		if err != nil && !errors.Is(err, corpora.ErrData) {
			err = fmt.Errorf("train: %w: %w", err, corpora.ErrData)
		}
		if err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// weightsOf are the weights of the examples, nil if all have none.
func weightsOf(d *corpora.Dataset) []float32 {
	if !slices.ContainsFunc(d.Examples, func(e corpora.Example) bool { return e.Weight != 0 }) {
		return nil
	}
	weights := make([]float32, len(d.Examples))
	for i := range d.Examples {
		weights[i] = cmp.Or(d.Examples[i].Weight, 1)
	}
	return weights
}

// targetsOf are what the scores of head h should be for the examples.
func targetsOf(h *classify.Head, d *corpora.Dataset) (t nn.Targets, err error) {
	column, multi := slices.Index(d.Heads, h.Name), h.MultiLabel()
	read := h.TargetReader(&t)
	for i := range d.Examples {
		var labels []string
		if column >= 0 && d.Examples[i].Label(column) != "" {
			labels = append([]string{}, split(d, d.Examples[i].Label(column), multi)...)
		}
		if err := read(labels); err != nil {
			return t, fmt.Errorf("train: %s: %w: %w", d.Place(i), err, corpora.ErrData)
		}
	}
	return t, nil
}

// severalLabels says whether any text has a set of labels in a column, perhaps of one.
func severalLabels(d *corpora.Dataset, column int) bool {
	if d.Separator == "" {
		return false
	}
	for i := range d.Examples {
		if strings.Contains(d.Examples[i].Label(column), d.Separator) {
			return true
		}
	}
	return false
}

// labelsOf lists the labels of a column: numbers by value, else by bytes.
func labelsOf(d *corpora.Dataset, column int, multi bool) []string {
	found := map[string]bool{}
	for i := range d.Examples {
		for _, l := range split(d, d.Examples[i].Label(column), multi) {
			found[l] = true
		}
	}
	labels := make([]string, 0, len(found))
	numbers := true
	for l := range found {
		labels = append(labels, l)
		if _, err := strconv.Atoi(l); err != nil {
			numbers = false
		}
	}
	slices.Sort(labels)
	if numbers {
		slices.SortFunc(labels, func(a, b string) int {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return cmp.Compare(x, y)
		})
	}
	return labels
}

// split returns the labels of an example. Several of a head that is not multi are one
// label, which the head does not know.
func split(d *corpora.Dataset, label string, multi bool) []string {
	labels := corpora.SplitLabels(label, d.Separator)
	if !multi && len(labels) > 1 {
		return []string{label}
	}
	return labels
}

// buildVocab counts the tokens of the texts, and adds those of the texts that
// start, if there is one, has learned from.
func buildVocab(ctx context.Context, cfg classify.Config, d *corpora.Dataset, start *Start) (*vocab.Vocabulary, error) {
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	const shards = 8
	counters := make([]vocab.Counter, shards)
	par.For(runtime.GOMAXPROCS(0), shards, func(i int) {
		var tokens []tokenize.Token
		for j := i; j < len(d.Examples) && ctx.Err() == nil; j += shards {
			tokens = p.AppendTokens(tokens[:0], d.Examples[j].Text)
			for k := range tokens {
				counters[i].Add(tokens[k].Text)
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := 1; i < shards; i++ {
		counters[0].Merge(&counters[i])
	}
	if start != nil {
		for id, token := range start.vocab.All() {
			counters[0].AddN(token, start.vocab.Count(id))
		}
	}
	return counters[0].Build(cfg.Vocab)
}

// A set is texts as a model reads them, and their label indices.
type set struct {
	texts   []classify.Encoded
	targets []nn.Targets      // by head, of all texts
	allowed [][][]bool        // [heads][source]: the labels a source tells apart; nil for all
	source  []int32           // [n]
	weights []float32         // [n], nil for all 1
	stops   map[vocab.ID]bool // the tokens that end sentences

	taught []nn.Targets // by head, the answers of a teacher; nil without one
}

// newSet encodes d with the model's pipeline and vocabulary.
func newSet(ctx context.Context, m *classify.Model, d *corpora.Dataset) (*set, error) {
	n := len(d.Examples)
	texts := make([]string, n)
	s := &set{source: make([]int32, n), stops: map[vocab.ID]bool{}}
	for _, token := range []string{".", "!", "?", "...", "…", "。", "！", "？"} {
		if id, known := m.Vocab().Lookup(token); known {
			s.stops[id] = true
		}
	}
	for i := range d.Examples {
		texts[i] = d.Examples[i].Text
		s.source[i] = d.Examples[i].Source
	}
	s.weights = weightsOf(d)
	for h := range m.Heads() {
		if err := s.addHead(&m.Heads()[h], d); err != nil {
			return nil, err
		}
	}
	var err error
	s.texts, err = m.Encode(ctx, texts)
	return s, err
}

// append adds the n-grams, labels, sources and weights of t, which has the same
// heads.
func (s *set) append(t *set) {
	if s.weights != nil || t.weights != nil {
		for len(s.weights) < len(s.texts) {
			s.weights = append(s.weights, 1)
		}
		for i := range t.texts {
			w := float32(1)
			if t.weights != nil {
				w = t.weights[i]
			}
			s.weights = append(s.weights, w)
		}
	}
	for _, e := range t.texts {
		s.texts = append(s.texts, classify.Encoded{Rows: e.Rows})
	}
	s.source = append(s.source, t.source...)
	if s.targets == nil {
		s.targets, s.allowed = make([]nn.Targets, len(t.targets)), t.allowed
	}
	for h, more := range t.targets {
		s.targets[h].Labels = append(s.targets[h].Labels, more.Labels...)
		s.targets[h].Values = append(s.targets[h].Values, more.Values...)
	}
}

// addHead adds the targets of a head. Where it gives each text one label, they are
// compared with those only that the text's source tells apart.
func (s *set) addHead(h *classify.Head, d *corpora.Dataset) error {
	t, err := targetsOf(h, d)
	if err != nil {
		return err
	}
	var allowed [][]bool
	if column := slices.Index(d.Heads, h.Name); column >= 0 && t.Labels != nil {
		allowed = toldApart(d.Sources, column, h.Labels)
		if err := checkAllowed(h, column, t.Labels, allowed, d); err != nil {
			return err
		}
	}
	s.targets, s.allowed = append(s.targets, t), append(s.allowed, allowed)
	return nil
}

// toldApart says of each source which of the labels of a column it tells apart, nil for
// all.
func toldApart(sources []corpora.Source, column int, labels []string) (allowed [][]bool) {
	for k, src := range sources {
		// A source of one label is the file of that label: it tells it from all others.
		if column >= len(src.Labels) || len(src.Labels[column]) < 2 {
			continue
		}
		told := map[string]bool{}
		for _, l := range src.Labels[column] {
			told[l] = true
		}
		mask := make([]bool, len(labels))
		for c, l := range labels {
			mask[c] = told[l]
		}
		if slices.Contains(mask, false) {
			if allowed == nil {
				allowed = make([][]bool, len(sources))
			}
			allowed[k] = mask
		}
	}
	return allowed
}

// checkAllowed reports an example with a label that its source is said not to
// have, which a Reader never gives.
func checkAllowed(h *classify.Head, column int, labels []int32, allowed [][]bool, d *corpora.Dataset) error {
	if allowed == nil {
		return nil
	}
	for i, y := range labels {
		e := &d.Examples[i]
		if e.Source < 0 || int(e.Source) >= len(d.Sources) {
			return fmt.Errorf("train: example %d (%s): source %d of %d: %w", i, d.Place(i), e.Source, len(d.Sources), corpora.ErrData)
		}
		if mask := allowed[e.Source]; y >= 0 && mask != nil && !mask[y] {
			src := d.Sources[e.Source]
			return fmt.Errorf("train: example %d (%s): label %q of head %s is not among those of its source %s, which has %q: %w",
				i, d.Place(i), h.Labels[y], h.Name, src.Name, src.Labels[column], corpora.ErrData)
		}
	}
	return nil
}

// epoch returns the texts as the given epoch sees them, as ids, and a random
// order of them cut into batches of similar length. The result is a function
// of the seed and the epoch, and for texts that are a part of a corpus of the
// number of that part.
func (s *set) epoch(c Config, epoch int, part ...uint64) (texts []classify.Encoded, batches [][]int) {
	key := append([]uint64{uint64(epoch)}, part...)
	texts = s.cropped(c, key)
	r := seed.Rand(c.Seed, "shuffle", key...)
	length := func(i int) int { return len(texts[i].IDs) }
	return texts, loop.ByLength(r, len(texts), length, c.BatchSize, c.BatchTokens)
}

// cropped returns the texts, some long ones with a few sentences only.
func (s *set) cropped(c Config, epoch []uint64) []classify.Encoded {
	const long = 40 // tokens; shorter texts are left whole
	texts := slices.Clone(s.texts)
	for i, t := range texts {
		if c.Crop == 0 || len(t.IDs) <= long {
			continue
		}
		r := seed.Rand(c.Seed, "crop", append(epoch[:len(epoch):len(epoch)], uint64(i))...)
		if r.Float64() >= c.Crop {
			continue
		}
		ends := []int{0} // where sentences end
		for k, id := range t.IDs {
			if k+1 == len(t.IDs) || s.stops[id] && !s.stops[t.IDs[k+1]] {
				ends = append(ends, k+1)
			}
		}
		first := r.IntN(len(ends) - 1)
		last := min(first+1+r.IntN(3), len(ends)-1)
		texts[i].IDs = t.IDs[ends[first]:ends[last]]
	}
	return texts
}

// gather gathers what one head of C scores should have answered for the texts of a batch.
// It reports whether any of them has a label.
func (s *set) gather(h, C int, batch []int, t *nn.Targets) bool {
	*t = nn.Targets{Labels: t.Labels[:0], Values: t.Values[:0], Weights: t.Weights[:0], Allowed: t.Allowed[:0]}
	all, any := &s.targets[h], false
	for _, i := range batch {
		if all.Labels != nil {
			l := all.Labels[i]
			t.Labels = append(t.Labels, l)
			any = any || l >= 0
		} else {
			v := all.Values[i*C : (i+1)*C]
			t.Values = append(t.Values, v...)
			any = any || v[0] == v[0]
		}
		if s.weights != nil {
			t.Weights = append(t.Weights, s.weights[i])
		}
		if s.allowed[h] != nil {
			t.Allowed = append(t.Allowed, s.allowed[h][s.source[i]])
		}
	}
	if all.Labels == nil {
		t.Labels = nil
	}
	if s.weights == nil {
		t.Weights = nil
	}
	return any
}
