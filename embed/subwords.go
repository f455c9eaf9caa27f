package embed

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/vocab"
)

// A SubwordConfig says which character n-grams of a word have vectors of their
// own (Bojanowski et al. 2017, section 3.2). The zero value means none.
type SubwordConfig struct {
	// Min and Max are the least and the largest n in runes, the two edges of the
	// word counted in; 0 means 3 and 6.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`

	// Bits says that the n-grams share 1<<Bits vectors, by hash; 0 means 16.
	Bits int `json:"bits,omitempty"`
}

// Resolve returns c with its defaults filled in, unless it is zero.
func (c SubwordConfig) Resolve() SubwordConfig {
	if c == (SubwordConfig{}) {
		return c
	}
	if c.Min == 0 {
		c.Min = 3
	}
	if c.Max == 0 {
		c.Max = max(6, c.Min)
	}
	if c.Bits == 0 {
		c.Bits = 16
	}
	return c
}

// Validate reports everything that is wrong with a resolved config.
func (c SubwordConfig) Validate() error {
	if c == (SubwordConfig{}) {
		return nil
	}
	var errs []error
	if c.Min < 1 || c.Max < c.Min || c.Max > maxGram {
		errs = append(errs, fmt.Errorf("embed: subword.min = %d, max = %d, want 1 <= min <= max <= %d", c.Min, c.Max, maxGram))
	}
	if c.Bits < 1 || c.Bits > maxBits {
		errs = append(errs, fmt.Errorf("embed: subword.bits = %d, want 1 to %d", c.Bits, maxBits))
	}
	return errors.Join(errs...)
}

const (
	maxGram  = 64
	maxBits  = 24
	maxBytes = 64 // read of a word
)

// AppendBuckets appends the numbers of the vectors of word's n-grams, which are
// fastText's. One that occurs twice is there twice. Only the
// first 64 bytes of a word count.
func (c SubwordConfig) AppendBuckets(dst []int32, word string) []int32 {
	for h := range ngrams("<"+word[:min(len(word), maxBytes)]+">", c.Min, c.Max) {
		dst = append(dst, int32(h*0x9e3779b1>>(32-c.Bits))) // its high bits, which depend on all of h
	}
	return dst
}

// Subwords are the vectors of character n-grams. A word's vector is its row of
// a Table, or the row of vocab.Unk if it has none, plus the mean of its n-grams'
// vectors. The mean, and not the sum, so that the length of a word does not
// decide how much its n-grams weigh beside its row.
//
// Any number of goroutines may read them as long as none writes.
type Subwords struct {
	// Weight is the matrix: name "embedding.subword", shape [1<<Bits][Dim],
	// sparse gradient. It may be in eight bits.
	Weight *nn.Param

	cfg   SubwordConfig
	table Table // around Weight

	words   *vocab.Vocabulary
	starts  []int32 // of the words of the least ids: the buckets of id are buckets[starts[id]:starts[id+1]]
	buckets []int32 // maxIndexed and those of one word at most
}

// NewSubwords returns vectors of zeros for a resolved config that is not zero.
func NewSubwords(cfg SubwordConfig, dim int) (*Subwords, error) { return newSubwords(cfg, dim, New) }

// NewSubwordsInt8 is NewSubwords in eight bits, as NewInt8 is New.
func NewSubwordsInt8(cfg SubwordConfig, dim int) (*Subwords, error) {
	return newSubwords(cfg, dim, NewInt8)
}

func newSubwords(cfg SubwordConfig, dim int, newTable func(rows, dim int) (*Table, error)) (*Subwords, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t, err := newTable(1<<cfg.Bits, dim)
	if err != nil {
		return nil, err
	}
	t.Weight.Name = "embedding.subword"
	return &Subwords{Weight: t.Weight, cfg: cfg, table: *t}, nil
}

// Init draws every value as Table.Init does.
func (s *Subwords) Init(rng *rand.Rand) {
	for i := range s.Weight.Data {
		s.Weight.Data[i] = float32(rng.NormFloat64() * InitSD)
	}
	s.Weight.Changed()
}

// maxIndexed is the most buckets that Index keeps, 8 MiB. A word may have 2,000,
// for as many as its own bytes a hundred times over; 50,000 ordinary words have
// fewer.
const maxIndexed = 2 << 20

// Index finds the n-grams of v's words, for Of. It changes s.
func (s *Subwords) Index(v *vocab.Vocabulary) {
	if s.words == v {
		return
	}
	s.words, s.starts, s.buckets = v, []int32{0}, nil
	for id := range vocab.ID(v.Len()) {
		if len(s.buckets) >= maxIndexed {
			break
		}
		if v.IsKnown(id) {
			s.buckets = s.cfg.AppendBuckets(s.buckets, v.Token(id))
		}
		s.starts = append(s.starts, int32(len(s.buckets)))
	}
}

// IndexLike is Index by the words of others of the same config, if they have them.
func (s *Subwords) IndexLike(o *Subwords) {
	s.words, s.starts, s.buckets = o.words, o.starts, o.buckets
}

// Of returns the buckets of a word's n-grams: none of an id that is no word,
// and none before Index.
func (s *Subwords) Of(id vocab.ID) []int32 {
	switch {
	case int(id)+1 < len(s.starts):
		return s.buckets[s.starts[id]:s.starts[id+1]]
	case s.words != nil && s.words.IsKnown(id): // a rare word of a large vocabulary
		return s.cfg.AppendBuckets(nil, s.words.Token(id))
	}
	return nil
}

// AddMean is
//
//	for _, b := range buckets { dst += Weight[b] / len(buckets) }
//
// in that order. dst is [Dim].
func (s *Subwords) AddMean(dst []float32, buckets []int32) {
	var scratch []float32
	if s.Weight.Int8 != nil {
		scratch = make([]float32, s.table.Dim())
	}
	share := 1 / float32(len(buckets))
	for _, b := range buckets {
		vec.Axpy(share, s.table.row(scratch, vocab.ID(b)), dst)
	}
}

// AddGrad adds dY [Dim], the gradient of what AddMean added to, to the gradient
// of the vectors, and marks them as touched. Without a gradient (Weight.Grad is
// nil) it does nothing.
func (s *Subwords) AddGrad(buckets []int32, dY []float32) {
	p, d := s.Weight, s.table.Dim()
	if p.Grad == nil {
		return
	}
	share := 1 / float32(len(buckets))
	for _, b := range buckets {
		vec.Axpy(share, dY, p.Grad[int(b)*d:(int(b)+1)*d])
		p.Touch(b)
	}
}
