package ngram

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/textlstm/textlstm/internal/lexicon"
	"github.com/textlstm/textlstm/tokenize"
)

// A Config says what the features of a text are. It is comparable.
type Config struct {
	// Words is the longest word n-gram: 3 means single words, pairs and
	// triples. 0 means no word n-grams.
	Words int `json:"words,omitempty"`

	// Stem is a language whose Snowball stemmer makes word n-grams a second
	// time, of the words' stems; "" means none.
	Stem tokenize.Lang `json:"stem,omitempty"`

	// Lexicon makes word n-grams once more, with words of an opinion lexicon read
	// as one of six classes: very good and not <+2>. So a word that no training text
	// has counts as much as others that are rated like it. "vader" is the
	// lexicon of VADER, which is of English; "" means none.
	Lexicon string `json:"lexicon,omitempty"`

	// Skip adds pairs of words with up to Skip others between them (skip-bigrams,
	// Guthrie et al. 2006): "not a good film" has not _ good, not _ _ film. 0
	// means none.
	Skip int `json:"skip,omitempty"`

	// CharMin and CharMax are the lengths, in runes, of the character n-grams
	// of each word, which is read with a boundary mark at either end. 0 means
	// no character n-grams.
	CharMin int `json:"char_min,omitempty"`
	CharMax int `json:"char_max,omitempty"`

	// Bits is the binary logarithm of the most slots that a Dictionary may have; 0
	// means 20, which is room for 917,504 features.
	Bits int `json:"bits,omitempty"`

	// MinCount is the number of training texts that a feature must occur in;
	// 0 means 2.
	MinCount int `json:"min_count,omitempty"`
}

// Resolve returns c with its defaults filled in.
func (c Config) Resolve() Config {
	if c.Bits == 0 {
		c.Bits = 20
	}
	if c.MinCount == 0 {
		c.MinCount = 2
	}
	return c
}

// Validate reports everything that is wrong with a resolved config.
func (c Config) Validate() error {
	var errs []error
	if c.Words < 0 || c.Words > 8 {
		errs = append(errs, fmt.Errorf("ngram: words = %d, want 0 to 8", c.Words))
	}
	if c.Skip < 0 || c.Skip > 8 {
		errs = append(errs, fmt.Errorf("ngram: skip = %d, want 0 to 8", c.Skip))
	}
	if c.Stem != "" {
		if _, err := tokenize.Parse("words|stem:" + string(c.Stem)); err != nil {
			errs = append(errs, fmt.Errorf("ngram: stem: %w", err))
		}
	}
	if c.Lexicon != "" && c.Lexicon != "vader" {
		errs = append(errs, fmt.Errorf("ngram: lexicon = %q, want \"vader\" or none", c.Lexicon))
	}
	if c.Words == 0 && (c.Stem != "" || c.Lexicon != "" || c.Skip > 0) {
		errs = append(errs, fmt.Errorf("ngram: stem = %q, lexicon = %q, skip = %d without word n-grams: set words", c.Stem, c.Lexicon, c.Skip))
	}
	if c.CharMin < 0 || c.CharMax < c.CharMin || c.CharMax > 16 || (c.CharMin == 0) != (c.CharMax == 0) {
		errs = append(errs, fmt.Errorf("ngram: char_min, char_max = %d, %d, want 1 <= min <= max <= 16, or both 0", c.CharMin, c.CharMax))
	}
	if c.Words == 0 && c.CharMax == 0 {
		errs = append(errs, errors.New("ngram: neither word nor character n-grams"))
	}
	if c.Bits < 4 || c.Bits > 28 {
		errs = append(errs, fmt.Errorf("ngram: bits = %d, want 4 to 28", c.Bits))
	}
	if c.MinCount < 1 {
		errs = append(errs, fmt.Errorf("ngram: min_count = %d, want at least 1", c.MinCount))
	}
	return errors.Join(errs...)
}

// A Hash names a feature: 64 bits of its text.
type Hash uint64

const (
	wordSeed Hash = 0x9e3779b97f4a7c15
	stemSeed Hash = 0x94d049bb133111eb
	skipSeed Hash = 0xd1b54a32d192ed03
	rateSeed Hash = 0xa0761d6478bd642f
	charSeed Hash = 0xc2b2ae3d27d4eb4f
	edge          = "\x02" // beside the first and the last word, and around a word's runes
)

// An Extractor finds the features of texts. It belongs to one goroutine and
// remembers the character n-grams of the words it has seen, in bounded memory.
type Extractor struct {
	// Keep, if not nil, says which features are of use. Others may be left out, which
	// bounds the memory for a long text.
	Keep func(Hash) bool

	cfg   Config
	kinds []words           // of a text's words, stems and classes
	most  int               // features before they are sorted
	stems map[string]Hash   // hashes of stems by word
	chars map[string][]Hash // character n-grams by word
	held  int               // hashes in chars
	runes []int             // byte offsets of a word's runes
	buf   []byte

	unsorted []Hash  // of sort
	ends     []int32 // of sort, by first bits
}

// NewExtractor returns an Extractor for a valid config.
func NewExtractor(cfg Config) *Extractor {
	return &Extractor{cfg: cfg, stems: map[string]Hash{}, chars: map[string][]Hash{}}
}

// words are hashes of a text's words, of their stems, or of them with their classes,
// with the edges: those that n-grams yet to be found begin with or reach to.
type words struct {
	seed   Hash
	hash   func(word string) (h Hash, wanted bool)
	hashes []Hash
	wanted []bool // an n-gram has one of them
}

// AppendFeatures appends the distinct features of a text, given as tokens, in
// rising order.
func (x *Extractor) AppendFeatures(dst []Hash, tokens []tokenize.Token) []Hash {
	from := len(dst)
	x.Begin()
	dst = x.Append(dst, from, tokens)
	return x.End(dst, from)
}

// Begin begins a text whose tokens come some at a time, to Append, until End. What
// these return is for one text, and from is where its features begin in dst.
func (x *Extractor) Begin() {
	x.most = leastSorted
	if x.cfg.Words == 0 {
		return
	}
	if x.kinds == nil {
		x.addKind(wordSeed, func(w string) (Hash, bool) { return hashBytes(w), true })
		if x.cfg.Lexicon != "" {
			x.addKind(rateSeed, rate)
		}
		if x.cfg.Stem != "" {
			x.addKind(stemSeed, func(w string) (Hash, bool) { return x.stem(w), true })
		}
	}
	for k := range x.kinds {
		x.kinds[k].hashes = append(x.kinds[k].hashes[:0], hashBytes(edge))
		x.kinds[k].wanted = append(x.kinds[k].wanted[:0], x.kinds[k].seed != rateSeed)
	}
}

func (x *Extractor) addKind(seed Hash, hash func(string) (Hash, bool)) {
	x.kinds = append(x.kinds, words{seed: seed, hash: hash})
}

// Append appends features of the next tokens, in no order.
func (x *Extractor) Append(dst []Hash, from int, tokens []tokenize.Token) []Hash {
	for len(tokens) > 0 {
		n := min(len(tokens), blockTokens)
		for k := range x.kinds {
			w := &x.kinds[k]
			for i := range tokens[:n] {
				h, wanted := w.hash(tokens[i].Text)
				w.hashes, w.wanted = append(w.hashes, h), append(w.wanted, wanted)
			}
			dst = x.appendGrams(dst, w, len(w.hashes)-max(x.cfg.Words, x.cfg.Skip+2))
		}
		if x.cfg.CharMax > 0 {
			for i := range tokens[:n] {
				dst = append(dst, x.charGrams(tokens[i].Text)...)
			}
		}
		if len(dst)-from > x.most {
			if dst = x.distinct(dst, from); x.Keep != nil {
				dst = dst[:from+len(slices.DeleteFunc(dst[from:], func(h Hash) bool { return !x.Keep(h) }))]
			}
			x.most = max(leastSorted, 2*(len(dst)-from))
		}
		tokens = tokens[n:]
	}
	return dst
}

const (
	blockTokens = 1 << 10 // whose features are found at a time
	leastSorted = 1 << 18 // features that are sorted before the end of a text
)

// End appends the features of the end of the text, and sorts them all.
func (x *Extractor) End(dst []Hash, from int) []Hash {
	for k := range x.kinds {
		if w := &x.kinds[k]; len(w.hashes) > 1 { // there are tokens
			w.hashes, w.wanted = append(w.hashes, hashBytes(edge)), append(w.wanted, w.seed != rateSeed)
			dst = x.appendGrams(dst, w, len(w.hashes))
		}
	}
	return x.distinct(dst, from)
}

// distinct sorts what is in dst behind from, and leaves one of equals.
func (x *Extractor) distinct(dst []Hash, from int) []Hash {
	x.sort(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

// sort sorts features. As hashes they are spread evenly, so that a number of their first
// bits, one for each two features, brings them almost where they belong.
func (x *Extractor) sort(features []Hash) {
	const few = 64 // are sorted faster without
	n := len(features)
	if n < few {
		slices.Sort(features)
		return
	}
	shift := 64 - (bits.Len(uint(n)) - 1)
	x.ends = append(x.ends[:0], make([]int32, 1<<(64-shift)+1)...)
	for _, h := range features {
		x.ends[h>>shift+1]++
	}
	for i := 1; i < len(x.ends); i++ {
		x.ends[i] += x.ends[i-1]
	}
	x.unsorted = append(x.unsorted[:0], features...)
	for _, h := range x.unsorted {
		at := &x.ends[h>>shift]
		features[*at] = h
		*at++
	}
	moves := 16 * n // are enough, unless somebody has chosen words by their hashes
	for i := 1; i < n && moves > 0; i++ {
		h := features[i]
		j := i
		for ; j > 0 && features[j-1] > h; j-- {
			features[j] = features[j-1]
		}
		features[j] = h
		moves -= i - j
	}
	if moves <= 0 {
		slices.Sort(features)
	}
}

// appendGrams appends the n-grams that begin with the first n of the words, those with
// one that is wanted, and forgets these words.
func (x *Extractor) appendGrams(dst []Hash, w *words, n int) []Hash {
	for i := range n {
		h, has := w.seed, false
		for n := 0; n < x.cfg.Words && i+n < len(w.hashes); n++ {
			h, has = mix(h, w.hashes[i+n]), has || w.wanted[i+n]
			if has {
				dst = append(dst, h)
			}
		}
		if w.seed == wordSeed {
			for gap := 2; gap < x.cfg.Skip+2 && i+gap < len(w.hashes); gap++ {
				dst = append(dst, skipGram(w.hashes[i], w.hashes[i+gap]))
			}
		}
	}
	if n > 0 {
		w.hashes = append(w.hashes[:0], w.hashes[n:]...)
		w.wanted = append(w.wanted[:0], w.wanted[n:]...)
	}
	return dst
}

// rate returns the class of a rated word, which n-grams of classes have one of.
func rate(word string) (Hash, bool) {
	if class := lexicon.Class(word); class != "" {
		return hashBytes(class), true
	}
	return hashBytes(word), false
}

// skipGram is the pair of two words that have others between them, however many.
func skipGram(first, second Hash) Hash { return mix(mix(skipSeed, first), second) }

// stem returns the hash of a word's stem.
func (x *Extractor) stem(word string) Hash {
	if h, ok := x.stems[word]; ok {
		return h
	}
	const mostHeld = 1 << 16 // words
	if len(x.stems) > mostHeld {
		clear(x.stems)
	}
	h := hashBytes(tokenize.Stem(word, x.cfg.Stem))
	if len(word) <= longest {
		x.stems[strings.Clone(word)] = h
	}
	return h
}

// charGrams returns the character n-grams of a word.
func (x *Extractor) charGrams(word string) []Hash {
	if grams, ok := x.chars[word]; ok {
		return grams
	}
	const mostHeld = 1 << 21 // hashes
	if x.held > mostHeld {
		clear(x.chars)
		x.held = 0
	}
	x.split(word)
	var grams []Hash
	x.eachGram(func(gram []byte) { grams = append(grams, mix(charSeed, hashBytes(gram))) })
	if len(word) <= longest {
		x.chars[strings.Clone(word)] = grams // not a part of its text, which could then not be freed
		x.held += len(grams) + 16
	}
	return grams
}

const longest = 64 // bytes of a word that are read for character n-grams

// split puts a word between edges into buf and finds its runes.
func (x *Extractor) split(word string) {
	cut := word
	if len(cut) > longest {
		cut = cut[:longest]
	}
	x.buf = append(append(append(x.buf[:0], edge...), cut...), edge...)
	x.runes = x.runes[:0]
	for i := 0; i < len(x.buf); {
		x.runes = append(x.runes, i)
		_, n := utf8.DecodeRune(x.buf[i:])
		i += n
	}
	x.runes = append(x.runes, len(x.buf))
}

// eachGram calls f for every character n-gram of the word that was split.
func (x *Extractor) eachGram(f func(gram []byte)) {
	last := len(x.runes) - 1
	for i := range last {
		for n := x.cfg.CharMin; n <= x.cfg.CharMax && i+n <= last; n++ {
			f(x.buf[x.runes[i]:x.runes[i+n]])
		}
	}
}

// hashBytes is FNV-1a with 64 bits.
func hashBytes[T string | []byte](s T) Hash {
	h := Hash(14695981039346656037)
	for i := range len(s) {
		h = (h ^ Hash(s[i])) * 1099511628211
	}
	return h
}

// mix joins the hash of an n-gram and that of its next word.
func mix(h, next Hash) Hash {
	h = (h ^ next) * 0x9fb21c651e98df25
	return h ^ h>>29
}
