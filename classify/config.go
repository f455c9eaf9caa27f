package classify

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/embed"
	"github.com/textlstm/textlstm/gru"
	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/ngram"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/tokenize"
	"github.com/textlstm/textlstm/vocab"
)

// DefaultPipeline is the text pipeline of a Config that names none.
const DefaultPipeline = "unify|words|camel|lower"

// languageCode is a code of ISO 639-1, or of ISO 639-3 for the languages that have none.
var languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)

// A Config describes a model before it is trained. The zero value of every
// field but Heads is the documented default. The dropouts act in training only.
type Config struct {
	// Pipeline turns a text into tokens, in the syntax of tokenize.Parse;
	// "" means DefaultPipeline.
	Pipeline string `json:"pipeline,omitempty"`

	// Languages are those that the model reads, by their ISO 639-1 codes, such as "en".
	// Texts of others can be refused then; see answer.Options. Empty says nothing.
	Languages []string `json:"languages,omitempty"`

	// Vocab says which tokens of the training texts get a vector of their own.
	// A zero MinCount means 2, a zero MaxSize 30,000.
	Vocab vocab.Options `json:"vocab,omitzero"`

	// Embed is the width of the word vectors; 0 means 100.
	Embed int `json:"embed,omitempty"`

	// Subword adds to the vector of a word the mean of the vectors of its
	// character n-grams. A word that is not in the vocabulary then has them
	// beside the vector of unknown words, so that a misspelling is near its
	// word. The zero value means none.
	Subword embed.SubwordConfig `json:"subword,omitzero"`

	// LSTM is the encoder. InputSize follows Embed; a zero HiddenSize means 128
	// and then the encoder is bidirectional.
	LSTM lstm.Config `json:"lstm,omitzero"`

	// Encoder is "lstm", which "" means too, or "gru": then GRU describes it. What
	// that leaves zero, sizes and dropouts, follows LSTM.
	Encoder string     `json:"encoder,omitempty"`
	GRU     gru.Config `json:"gru,omitzero"`

	// Chunk cuts texts into pieces of this many tokens that are encoded side by
	// side and pooled as one (Johnson & Zhang 2016, section 3). It takes the
	// sequential depth out of long texts. 0 means whole texts.
	Chunk int `json:"chunk,omitempty"`

	// Pool reduces the encoder's outputs to one vector; empty means max, mean.
	Pool []nn.Pooling `json:"pool,omitempty"`

	// Padded is the number of tokens to which the program that a model comes from pads texts
	// before it takes the maximum (nn.PoolConfig): that of a shorter text is 0 at least. 0
	// means none.
	Padded int `json:"padded,omitempty"`

	// WordDropout removes all tokens of a word from a batch (Gal & Ghahramani
	// 2016), Dropout values of the pooled vector. Dropout of word vectors is
	// LSTM.InputDropout.
	WordDropout float64 `json:"word_dropout,omitempty"`
	Dropout     float64 `json:"dropout,omitempty"`

	// Ngrams describes the wide branch, which looks at n-grams alone. The zero
	// value means none: a deep model, the LSTM alone.
	Ngrams ngram.Config `json:"ngrams,omitzero"`

	// NoDeep leaves the LSTM out: a wide model, the n-grams alone.
	NoDeep bool `json:"no_deep,omitempty"`

	// Members is the number of networks that make up the deep branch: they
	// differ in their weights alone, and their scores are averaged. 0 means 1.
	// Directions, one for each member, replace that of the encoder: forward and
	// reverse make of two members the ensemble of both readings.
	Members    int            `json:"members,omitempty"`
	Directions []nn.Direction `json:"directions,omitempty"`

	// Int8 says that the file holds word vectors and encoder in eight bits and
	// the wide branch in sixteen, and that inference multiplies with eight bits.
	// Model.Quantize sets it.
	Int8 bool `json:"int8,omitempty"`

	// Heads are the questions that the model answers; at least one.
	Heads []Head `json:"heads"`
}

// Resolve returns c with the defaults filled in, as a model file stores it, so
// that a changed default never changes an old model.
func (c Config) Resolve() Config {
	if c.Pipeline == "" {
		c.Pipeline = DefaultPipeline
	}
	if c.Vocab.MinCount == 0 {
		c.Vocab.MinCount = 2
	}
	if c.Vocab.MaxSize == 0 {
		c.Vocab.MaxSize = 30_000
	}
	if c.Embed == 0 {
		c.Embed = 100
	}
	c.Subword = c.Subword.Resolve()
	c = c.resolveEncoder()
	if len(c.Pool) == 0 {
		c.Pool = []nn.Pooling{nn.Max, nn.Mean}
	}
	if c.HasWide() {
		c.Ngrams = c.Ngrams.Resolve()
	}
	if (c.Members == 0 || c.Members == 1) && len(c.Directions) <= 1 {
		c = c.Member(0)
	}
	return c
}

// HasWide says whether there is a wide branch.
func (c Config) HasWide() bool { return c.Ngrams != ngram.Config{} }

// HasLexicon says whether a head looks at the lexicon's ratings.
func (c Config) HasLexicon() bool {
	return slices.ContainsFunc(c.Heads, func(h Head) bool { return len(h.Lexicon) > 0 })
}

// withoutLexicon returns c with heads that do not look at them.
func (c Config) withoutLexicon() Config {
	c.Heads = slices.Clone(c.Heads)
	for h := range c.Heads {
		c.Heads[h].Lexicon = nil
	}
	return c
}

// The most that a config may ask for, so that one from a file takes no more time or
// memory to refuse than the file.
const (
	maxHeads    = 1 << 10
	maxLabels   = 1 << 16 // of all heads
	maxPools    = 16
	maxLayers   = 1 << 12 // that are listed
	maxPipeline = 1 << 12 // bytes
	maxErrors   = 10      // that Validate lists
)

// checkCounts reports what there is too much of.
func (c Config) checkCounts() error {
	labels, numbers, layers := 0, 0, len(c.LSTM.Stack)+len(c.GRU.Stack)
	for _, h := range c.Heads {
		labels += len(h.Labels)
		layers += len(h.Layers)
		numbers = max(numbers, len(h.Thresholds), len(h.Lexicon), len(h.Loss.LabelWeights), len(h.Loss.PositiveWeights))
	}
	for _, n := range []struct {
		what        string
		count, most int
	}{
		{"heads", len(c.Heads), maxHeads},
		{"labels", labels, maxLabels},
		{"numbers for the labels of a head", numbers, maxLabels},
		{"layers of the encoder and the heads", layers, maxLayers},
		{"kinds of pooling", len(c.Pool), maxPools},
		{"directions", len(c.Directions), maxMembers},
		{"bytes of a pipeline", len(c.Pipeline), maxPipeline},
	} {
		if n.count > n.most {
			return fmt.Errorf("classify: %d %s, want at most %d", n.count, n.what, n.most)
		}
	}
	return nil
}

// firstOf joins errors, the first ones and a count of the others.
func firstOf(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(errs[:maxErrors], fmt.Errorf("classify: and %d more", more))
	}
	return errors.Join(errs...)
}

// Validate reports what is wrong with a resolved config: ten errors at most, and
// how many more there are. It takes time linear in the config.
func (c Config) Validate() error {
	if err := c.checkCounts(); err != nil {
		return err
	}
	errs := c.checkEach()
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("classify: "+format, args...)) }
	if err := c.Subword.Validate(); err != nil {
		errs = append(errs, err)
	}
	if c.HasSubword() && c.Vocab.Buckets > 0 {
		bad("vocab.buckets = %d and subword both give unknown words vectors: leave one out", c.Vocab.Buckets)
	}
	encoder := c.checkEncoder()
	errs = append(errs, encoder, c.checkMembers())
	if encoder == nil {
		errs = append(errs, c.poolConfig().Validate())
	}
	if c.HasWide() {
		errs = append(errs, c.Ngrams.Validate())
	} else if c.NoDeep {
		bad("no_deep without ngrams: nothing is left of the model")
	}
	if len(c.Heads) == 0 {
		bad("no heads: name at least one, with its labels")
	}
	var changing []string // filters of the pipeline that change words
	for _, f := range strings.Split(c.Pipeline, "|") {
		if name, _, _ := strings.Cut(f, ":"); name == "stem" || name == "neg" {
			changing = append(changing, f)
		}
	}
	names := map[string]bool{}
	for _, h := range c.Heads {
		if h.Name == "" || names[h.Name] {
			bad("head name %q is empty or used twice", h.Name)
		}
		names[h.Name] = true
		errs = append(errs, h.check(c.Pipeline, changing)...)
	}
	for _, h := range c.Heads {
		errs = append(errs, h.checkHidden(names)...)
	}
	return firstOf(errs)
}

// CheckSettings is Validate for a resolved config that is still to get its heads or some of
// its shapes: it looks at the counts, and at each setting that means the same with any
// others.
func (c Config) CheckSettings() error {
	if err := c.checkCounts(); err != nil {
		return err
	}
	return firstOf(c.checkEach())
}

// checkEach reports what is wrong with settings whatever the others are.
func (c Config) checkEach() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("classify: "+format, args...)) }
	if _, err := tokenize.Parse(c.Pipeline); err != nil {
		errs = append(errs, err)
	}
	const mostLanguages = 200
	for i, l := range c.Languages[:min(len(c.Languages), mostLanguages+1)] {
		if i == mostLanguages || !languageCode.MatchString(l) || slices.Contains(c.Languages[:i], l) {
			bad("languages: number %d is %q, want at most %d distinct ISO 639 codes, such as en", i+1, l, mostLanguages)
			break
		}
	}
	if err := c.Vocab.Validate(); err != nil {
		errs = append(errs, err)
	}
	if c.Embed < 1 {
		bad("embed = %d, want at least 1", c.Embed)
	}
	if c.Chunk < 0 {
		bad("chunk = %d, want 0 or more tokens", c.Chunk)
	}
	for _, d := range []struct {
		name string
		p    float64
	}{{"word_dropout", c.WordDropout}, {"dropout", c.Dropout}} {
		if !(d.p >= 0 && d.p < 1) {
			bad("%s = %v, want 0 <= p < 1", d.name, d.p)
		}
	}
	return errs
}

// numDeepParams counts the weights of the deep branch of a valid config for a
// vocabulary of rows ids. It is a float64 because a config can ask for more
// than an int holds.
func (c Config) numDeepParams(rows int) float64 {
	if c.NumMembers() > 1 {
		n := 0.0
		for k := range c.Members {
			n += c.Member(k).numDeepParams(rows)
		}
		return n
	}
	shape := c.EncoderShape()
	n := float64(rows)*float64(c.Embed) + c.NumEncoderParams() + c.poolConfig().NumParams()
	if c.HasSubword() {
		n += float64(int(1)<<c.Subword.Bits) * float64(c.Embed)
	}
	pooled := float64(max(len(c.Pool), 1)) * float64(shape.Layer(shape.Layers-1).Width())
	for _, h := range c.Heads {
		n += h.numParams(pooled)
	}
	return n
}

func (c Config) poolConfig() nn.PoolConfig {
	shape := c.EncoderShape()
	return nn.PoolConfig{
		Size:          shape.OutputSize(),
		Kinds:         c.Pool,
		Bidirectional: shape.Direction == nn.Bidirectional,
		Reverse:       shape.Direction == nn.Reverse,
		Merge:         shape.Layer(shape.Layers - 1).Merge,
		Padded:        c.Padded,
	}
}
