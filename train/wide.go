package train

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/seed"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
)

// buildDictionary returns the n-grams of the wide branch; it is nil where there is to be
// none.
func (f *fit) buildDictionary(ctx context.Context, d *corpora.Dataset) (*ngram.Dictionary, error) {
	cfg := f.cfg.Model
	if !cfg.HasWide() {
		return nil, nil
	}
	worth, err := f.worth(ctx, d)
	if err != nil {
		return nil, err
	}
	counter, err := countNgrams(ctx, cfg, d)
	switch {
	case err != nil:
		return nil, err
	case worth != nil:
		return counter.Best(cfg.Ngrams.Bits, worth), nil
	}
	return counter.Dictionary(cfg.Ngrams.Bits), nil
}

// worth learns a wide branch of candidates, where there are to be some, and returns what
// one is worth that n texts have: n times the variance that it brings to the scores.
func (f *fit) worth(ctx context.Context, d *corpora.Dataset) (func(h ngram.Hash, n int) float64, error) {
	if f.cfg.NgramCandidates == 0 {
		return nil, nil
	}
	first := Trainer{Config: f.cfg, Workers: f.t.Workers, Teacher: f.t.Teacher}
	first.Model.NoDeep, first.Model.Ngrams.Bits, first.NgramCandidates = true, f.cfg.NgramCandidates, 0
	r, err := first.fit(ctx, nil, d, nil)
	if err != nil {
		return nil, err
	}
	wide := r.Model.Wide()
	return func(h ngram.Hash, n int) float64 {
		row, ok := wide.Dictionary.Row(h)
		if !ok {
			return 0
		}
		variance := 0.0
		for _, l := range wide.Heads {
			variance += l.Variance(row)
		}
		return float64(n) * variance
	}, nil
}

// countNgrams counts the n-grams of the texts.
func countNgrams(ctx context.Context, cfg classify.Config, d *corpora.Dataset) (*ngram.Counter, error) {
	p, err := tokenize.Parse(cfg.Pipeline)
	if err != nil {
		return nil, err
	}
	counter := ngram.NewCounter(cfg.Ngrams.MinCount, len(d.Examples))
	const block = 256 // texts read before they are counted
	workers := runtime.GOMAXPROCS(0)
	features := make([][]ngram.Hash, block)
	extractors := make([]*ngram.Extractor, workers)
	for from := 0; from < len(d.Examples); from += block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		examples := d.Examples[from:min(from+block, len(d.Examples))]
		par.For(workers, workers, func(i int) {
			if extractors[i] == nil {
				extractors[i] = ngram.NewExtractor(cfg.Ngrams)
			}
			var tokens []tokenize.Token
			for j := i; j < len(examples); j += workers {
				tokens = p.AppendTokens(tokens[:0], examples[j].Text)
				features[j] = extractors[i].AppendFeatures(features[j][:0], tokens)
			}
		})
		counter.Add(workers, features[:len(examples)]...)
	}
	return counter, nil
}

// newWide returns a wide branch whose weights are 0.
func newWide(cfg classify.Config, d *ngram.Dictionary) *classify.Wide {
	w := &classify.Wide{Dictionary: d}
	for _, h := range cfg.Heads {
		l := h.Linear()
		l.Weights = make([]float32, d.Rows()*l.Columns())
		l.Bias = make([]float32, l.Columns())
		w.Heads = append(w.Heads, l)
	}
	return w
}

// fitWide learns the weights of the wide branch.
func (f *fit) fitWide(ctx context.Context, w *classify.Wide) error {
	data := ngram.Data{Rows: make([][]int32, len(f.train.texts)), Weights: f.train.weights}
	for i, t := range f.train.texts {
		data.Rows[i] = t.Rows
	}
	for h, l := range w.Heads {
		data.Labels, data.Task = l.Labels, l.Task
		data.Target = func(i, c int) float32 { return f.train.target(h, data.Labels, i, c) }
		if err := l.Fit(ctx, data, w.Dictionary.Rows(), f.cfg.NBSVM, seed.For(f.full.Seed, "wide", uint64(h)), f.workers()); err != nil {
			return err
		}
	}
	return nil
}

// target is what score c of C of head h should be for text i, NaN if that is not known: 1
// for a label that the text has, 0 for one that it has not, or the number. What no label
// says a teacher does.
func (s *set) target(h, C, i, c int) float32 {
	t := &s.targets[h]
	v := nan
	if t.Labels == nil || s.allowed[h] == nil || s.allowed[h][s.source[i]] == nil || s.allowed[h][s.source[i]][c] {
		v = at(t, C, i, c)
	}
	if v != v && s.taught != nil {
		v = at(&s.taught[h], C, i, c)
	}
	return v
}

// at is the target of score c of C for text i, NaN if there is none.
func at(t *nn.Targets, C, i, c int) float32 {
	switch {
	case t.Labels == nil:
		return t.Values[i*C+c]
	case t.Labels[i] < 0:
		return nan
	case int(t.Labels[i]) == c:
		return 1
	}
	return 0
}

// mix fits the scales of the branches of each head to the dev texts, by the
// least mean loss without smoothing; the lexicon keeps its weights. The scales
// stay positive: their logarithms have a standard normal prior, worth one text,
// since no scale is best where the scores separate the dev texts. The norm of the wide
// branch, where it is to be fitted, has that prior on its logit. A head without dev labels
// keeps 1.
func (f *fit) mix(ctx context.Context, dev *set) error {
	n := len(dev.texts)
	texts := make([]int, n)
	for i := range texts {
		texts[i] = i
	}
	var branches []classify.Branch // the learned ones
	var all [][][]float32          // their scores, by head [n*C]
	var rest [][][]float32         // those of the others
	model, lengths, typical := f.model, []float64(nil), 0.0
	if f.cfg.LengthNorm && model.Wide() != nil {
		model = withoutNorm(model)
		lengths, typical = logLengths(dev.texts)
	}
	for _, b := range model.Branches() {
		s, err := model.Only(b.Name()).Logits(ctx, dev.texts)
		if err != nil {
			return err
		}
		if learned(b) {
			branches, all = append(branches, b), append(all, s)
		} else {
			rest = append(rest, s)
		}
	}
	for h := range f.cfg.Model.Heads {
		head := &f.cfg.Model.Heads[h]
		C := head.Width()
		var t nn.Targets
		if !dev.gather(h, C, texts, &t) {
			continue
		}
		fixed := make([]float32, n*C)
		for _, r := range rest {
			for i, v := range r[h] {
				fixed[i] += v
			}
		}
		var own []scores // of this head
		for k, s := range all {
			own = append(own, scores{values: s[h]})
			if _, ok := branches[k].(*classify.Wide); ok {
				own[k].lengths = lengths
			}
		}
		loss := nn.Loss{Kind: head.Loss.Kind}
		scales, norm, err := bestScales(own, fixed, func(sum []float32) float64 { return loss.Eval(nil, sum, n, C, &t, 0) }, n)
		if err != nil {
			return err
		}
		had := *head
		head.ClearScales()
		for k, b := range branches { // whose scores were multiplied by the scales that head had
			*b.Scale(head) = scales[k] * cmp.Or(*b.Scale(&had), 1)
		}
		if lengths != nil {
			head.WideNorm = norm
			head.Wide *= math.Exp(norm * typical)
		}
	}
	return nil
}

// share gives each branch the same part in an answer that every branch gives whole, where
// no dev text has decided the scales.
func (f *fit) share() {
	branches := slices.DeleteFunc(slices.Clone(f.model.Branches()), func(b classify.Branch) bool { return !learned(b) })
	for h := range f.cfg.Model.Heads {
		head := &f.cfg.Model.Heads[h]
		decided := func(b classify.Branch) bool { return *b.Scale(head) != 0 }
		if head.WholeScores() && len(branches) > 1 && !slices.ContainsFunc(branches, decided) {
			for _, b := range branches {
				*b.Scale(head) = 1 / float64(len(branches))
			}
		}
	}
}

// withoutNorm is a model whose wide branch gives sums.
func withoutNorm(m *classify.Model) *classify.Model {
	heads := slices.Clone(m.Heads())
	for h := range heads {
		heads[h].WideNorm = 0
	}
	return m.With(heads, m.Card())
}

// logLengths returns the logarithms of the numbers of n-grams that texts have, less their mean,
// and that mean.
func logLengths(texts []classify.Encoded) (lengths []float64, mean float64) {
	for _, t := range texts {
		lengths = append(lengths, math.Log(float64(max(len(t.Rows), 1))))
	}
	mean = floats.Sum(lengths) / float64(max(len(lengths), 1))
	floats.AddConst(-mean, lengths)
	return lengths, mean
}

// scores are those that a branch gives to n texts.
type scores struct {
	values  []float32 // [n*C]
	lengths []float64 // [n] logarithms of the texts' lengths where a norm is to be fitted; else nil
}

// bestScales returns what to multiply the scores of branches on n texts by, and the norm
// of those with lengths, so that their sum with given ones has the least loss.
func bestScales(branches []scores, given []float32, loss func(sum []float32) float64, n int) (scales []float64, norm float64, err error) {
	K := len(branches)
	scale := func(x float64) float64 { return math.Exp(min(max(x, -7), 7)) }
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	start := make([]float64, K, K+1)
	if slices.ContainsFunc(branches, func(b scores) bool { return b.lengths != nil }) {
		start = append(start, 0)
	}
	sum := make([]float32, len(given))
	problem := optimize.Problem{Func: func(x []float64) float64 {
		copy(sum, given)
		for k, b := range branches {
			factor := float32(scale(x[k]))
			if b.lengths == nil {
				for i, v := range b.values {
					sum[i] += factor * v
				}
				continue
			}
			power, C := logistic(x[K]), len(b.values)/n
			for i, l := range b.lengths {
				shrunk := factor * float32(math.Exp(-power*l))
				for c := i * C; c < (i+1)*C; c++ {
					sum[c] += shrunk * b.values[c]
				}
			}
		}
		return loss(sum) + floats.Dot(x, x)/(2*float64(n))
	}}
	result, err := optimize.Minimize(problem, start, nil, &optimize.NelderMead{})
	if err != nil {
		return nil, 0, err
	}
	for _, x := range result.X[:K] {
		scales = append(scales, scale(x))
	}
	if len(start) > K {
		norm = logistic(result.X[K])
	}
	return scales, norm, nil
}

// learned says whether training fits a branch and its scales.
func learned(b classify.Branch) bool { return b.Scale(new(classify.Head)) != nil }

// Weigh returns a model with its branches weighed anew, as the end of a training weighs them:
// by scales, and where lengthNorm says so by a norm of the wide branch, that have the least
// loss on dev texts, which have the model's heads. Everything else is m's. The errors are
// those of dev and of ctx.
func Weigh(ctx context.Context, m *classify.Model, dev *corpora.Dataset, lengthNorm bool) (*classify.Model, error) {
	dev, err := named(m, dev)
	if err != nil {
		return nil, err
	}
	dev, _ = withoutForeign(m.Heads(), dev)
	set, err := newSet(ctx, m, dev)
	if err != nil {
		return nil, err
	}
	f := &fit{model: m, cfg: Config{Model: m.Config(), LengthNorm: lengthNorm}}
	f.cfg.Model.Heads = slices.Clone(m.Heads())
	if err := f.mix(ctx, set); err != nil {
		return nil, err
	}
	return m.With(f.cfg.Model.Heads, m.Card()), nil
}
