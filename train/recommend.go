package train

import (
	"cmp"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
)

// Recommend returns the settings that suit the training texts d: their
// language, number and length. They are what the train command begins with;
// fields may be changed before training. The choices were made on dev texts
// of the corpora that docs/results.md lists.
func Recommend(d *corpora.Dataset) Config {
	size := 0
	for i := range d.Examples {
		size += len(d.Examples[i].Text)
	}
	return recommend(len(d.Examples), size, language(d))
}

// recommend is Recommend for n texts of size bytes in all.
func recommend(n, size int, lang tokenize.Lang) Config {
	long := n > 0 && size/n > 500 // bytes: reviews and articles, not sentences
	c := Config{
		Epochs:    epochs(size),
		BatchSize: 32,
		Schedule:  nn.Schedule{Kind: nn.OneCycle, Rate: 2e-3},
		EMA:       nn.EMAConfig{Decay: 0.998},
		Model: classify.Config{
			Pipeline:    pipelineFor(lang),
			LSTM:        lstm.Config{HiddenSize: 128, Direction: lstm.Bidirectional, InputDropout: 0.4},
			WordDropout: 0.1,
			Dropout:     0.5,
			Ngrams:      ngram.Config{Words: 3},
		},
	}
	if long {
		// Pieces are read side by side, which is faster and learns better.
		c.Model.Chunk = 64
	} else if !cjk(lang) {
		c.Model.Ngrams.CharMin, c.Model.Ngrams.CharMax = 3, 5
	}
	if n < 5000 {
		c.EMA.Decay = 0.99
	}
	return c
}

// epochs is fewer for more text: an epoch then has more steps.
func epochs(bytes int) int {
	switch {
	case bytes < 3<<20:
		return 8
	case bytes < 100<<20:
		return 5
	}
	return 3
}

// language is the most frequent one in a sample of the texts.
func language(d *corpora.Dataset) tokenize.Lang {
	const sample = 200
	counts := map[tokenize.Lang]int{}
	for i := 0; i < len(d.Examples); i += max(len(d.Examples)/sample, 1) {
		counts[tokenize.DetectLanguage(d.Examples[i].Text)]++
	}
	langs := tokenize.Languages()
	if len(langs) == 0 {
		return ""
	}
	return slices.MaxFunc(langs, func(a, b tokenize.Lang) int {
		return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(b, a))
	})
}

func cjk(lang tokenize.Lang) bool { return lang == "zh" || lang == "ja" || lang == "th" }

// pipelineFor is the pipeline for a language: characters where words have no
// spaces between them, Snowball stems where there is a stemmer.
func pipelineFor(lang tokenize.Lang) string {
	const base = "html|words|quotes|lower|elongate|repeat|urls|mentions"
	if stemmed := base + "|stem:" + string(lang); lang != "" {
		if _, err := tokenize.Parse(stemmed); err == nil {
			return stemmed
		}
	}
	return base
}
