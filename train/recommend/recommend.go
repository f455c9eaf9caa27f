// Package recommend chooses the settings of a training by what its texts are like. The
// choices were made on dev texts of the corpora that docs/choices.md lists.
package recommend

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/train"
)

// For returns the settings that suit the training texts d: their language, number and
// length. They are what the train command begins with; fields may be changed before
// training.
func For(d *corpora.Dataset) train.Config {
	var p profile
	for i := range d.Examples {
		p.add(&d.Examples[i], d.Separator)
	}
	return p.settings(language(d))
}

// ForStudent is For where the training has a Teacher: a small network, which learns
// half from the labels where d has some. The n-grams do not learn a second time, so that
// agreement with the teacher can be measured on texts that the model has not learned.
func ForStudent(d *corpora.Dataset) train.Config {
	c := For(d)
	c.Model.LSTM.HiddenSize = 64
	c.RefitNgrams = false
	if len(d.Heads) > 0 {
		c.Distill.Labels = 0.5
	}
	return c
}

// ForStream is For for the texts of s, which it reads once.
func ForStream(ctx context.Context, s *train.Stream) (train.Config, error) {
	const sample = 200
	var p profile
	first := new(corpora.Dataset) // the order is random
	for ex, err := range s.Texts.Shuffled(0) {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return train.Config{}, err
		}
		p.add(&ex, s.Separator)
		if len(first.Examples) < sample {
			first.Examples = append(first.Examples, ex)
		}
	}
	return p.settings(language(first)), nil
}

// A profile is what a recommendation looks at, beside the language.
type profile struct {
	texts   int
	bytes   int
	several bool              // a text has a set of labels of a head
	labels  []map[string]bool // of each column, up to manyLabels
}

// fewTexts is the number of texts below which a training takes little time and
// what it learned elsewhere matters most; of short ones it may be more, up to
// fewBytes.
const (
	fewTexts = 10_000
	fewBytes = 4 << 20
)

// few says whether there are few texts, or little of them.
func few(texts, bytes int) bool { return texts < fewTexts || bytes < fewBytes }

// StartHelps says whether a training on d gains from a start that has read other
// texts of a language, such as language.Model for "en": d is of that language,
// and small.
func StartHelps(d *corpora.Dataset, lang tokenize.Lang) bool {
	bytes := 0
	for i := range d.Examples {
		bytes += len(d.Examples[i].Text)
	}
	return few(d.Len(), bytes) && language(d) == lang
}

// manyLabels is the number of labels from which on a head has many.
const manyLabels = 6

func (p *profile) add(ex *corpora.Example, separator string) {
	p.texts++
	p.bytes += len(ex.Text)
	for c, l := range ex.Labels {
		if c == len(p.labels) {
			p.labels = append(p.labels, map[string]bool{})
		}
		if l != "" && len(p.labels[c]) < manyLabels {
			p.labels[c][l] = true
		}
		p.several = p.several || separator != "" && strings.Contains(l, separator)
	}
}

// many says whether a head has many labels.
func (p *profile) many() bool {
	return slices.ContainsFunc(p.labels, func(l map[string]bool) bool { return len(l) == manyLabels })
}

// settings are those for texts of a profile in a language.
func (p *profile) settings(lang tokenize.Lang) train.Config {
	n, size := p.texts, p.bytes
	c := train.Config{
		Epochs:    epochs(size),
		BatchSize: 32,
		Schedule:  nn.Schedule{Kind: nn.OneCycle, Rate: 2e-3},
		EMA:       nn.EMAConfig{Decay: 0.998},
		Model: classify.Config{
			Pipeline:    pipeline,
			LSTM:        lstm.Config{HiddenSize: 128, Direction: lstm.Bidirectional, InputDropout: 0.4, Tied: true},
			WordDropout: 0.1,
			Dropout:     0.5,
		},
	}
	if n < 5000 {
		c.EMA.Decay = 0.99
	}
	// The dev texts, at most 1,000, are then a large enough share of all for the
	// n-grams to learn from them, too. The n-grams alone on 20 Newsgroups, asked about
	// the last 18 % of each group's training texts: 88.7 → 89.4. The network is not
	// worth twice the time (docs/choices.md).
	c.RefitNgrams = n < 15_000
	c.Quantize = true
	// The network takes longer to tell many labels apart. R52, a tenth of the
	// training texts: 79.8 alone and 94.6 with the n-grams in 5 epochs, 92.2 and 95.3
	// in 15.
	if p.several || p.many() {
		c.Epochs = max(c.Epochs, min(3000*c.BatchSize/max(n, 1), 16))
	}
	p.setNgrams(&c, lang)
	return c
}

// setNgrams chooses how n-grams are read and learned.
func (p *profile) setNgrams(c *train.Config, lang tokenize.Lang) {
	n, size := p.texts, p.bytes
	c.Model.Ngrams = ngram.Config{Words: 3, Skip: 2, Stem: stemmed(lang)}
	// So many features want a lower cost than the 1 of Wang & Manning, which is
	// for words and pairs alone, the lower the longer the texts, and then more of
	// the machine's own weights.
	c.NBSVM = ngram.Options{C: min(max(3*float64(n)/float64(max(size, 1)), 0.01), 0.1), Beta: 0.5}
	if n > 0 && size/n > 500 { // bytes: reviews and articles, not sentences
		// Pieces are read side by side, which is faster and learns better.
		c.Model.Chunk = 64
		c.NBSVM.Beta = 0.8
	} else if !cjk(lang) {
		c.Model.Ngrams.CharMin, c.Model.Ngrams.CharMax = 3, 5
	}
	if lang := c.Model.Ngrams.Stem; lang != "" && size < 1<<20 && !p.many() {
		// So few words are seen too seldom to tell their forms apart. Accuracy in
		// folds, with stems in place of words: MPQA 84.3 → 85.8, CR 81.0 → 81.8,
		// SST-2 81.3 → 81.6; but of many labels, TREC-6, 86.9 → 86.4.
		c.Model.Pipeline += stems + string(lang)
		c.Model.Ngrams.Stem = ""
	}
	if lang == "en" && few(n, size) {
		// Accuracy of the n-grams alone in folds, without and with: SST-2 81.6 → 82.7,
		// MR 79.5 → 80.1, CR 80.9 → 81.5, MPQA 85.1 → 86.1, TweetEval 73.0 → 73.7, and
		// the same for questions and topics.
		c.Model.Ngrams.Lexicon = "vader"
	}
	if cjk(lang) {
		// Accuracy on a fifth of the training texts, n-grams alone: ChnSentiCorp
		// 89.0 → 90.2, hotels 88.7 → 89.6.
		c.NBSVM = ngram.Options{C: 0.003, Beta: 1}
	}
	if p.several {
		c.NBSVM = ngram.Options{C: 0.1, Beta: 1}
	}
}

// epochs is fewer for more text: an epoch then has more steps.
func epochs(bytes int) int {
	switch {
	case bytes < 3<<20:
		return 8
	case bytes < 16<<20:
		return 5
	}
	return 2
}

// language is the most frequent one in a sample of the texts.
func language(d *corpora.Dataset) tokenize.Lang {
	const sample = 200
	counts := map[tokenize.Lang]int{}
	for i := 0; i < len(d.Examples); i += max(len(d.Examples)/sample, 1) {
		counts[tokenize.DetectLanguage(d.Examples[i].Text)]++
	}
	return slices.MaxFunc(tokenize.Languages(), func(a, b tokenize.Lang) int {
		return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(b, a))
	})
}

func cjk(lang tokenize.Lang) bool { return lang == "zh" || lang == "ja" || lang == "th" }

// pipeline is that for every language: characters where words have no spaces
// between them.
const pipeline = "html|unify|words|camel|quotes|lower|elongate|repeat|urls|mentions"

const stems = "|stem:" // which train.Config.WithWords undoes

// stemmed is the language if it has a stemmer, else "".
func stemmed(lang tokenize.Lang) tokenize.Lang {
	if _, err := tokenize.Parse("words" + stems + string(lang)); lang == "" || err != nil {
		return ""
	}
	return lang
}
