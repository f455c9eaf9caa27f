package vocab

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"
)

// A Counter counts tokens. The zero value is ready to use.
//
// A Counter is for one goroutine: count in one per goroutine and [Counter.Merge].
// It keeps its own copy of each distinct token, so that the texts which the
// tokens were cut from can be freed.
type Counter struct {
	slots  map[string]int32
	tokens []string
	counts []int64
	total  int64
}

// Add counts token once.
func (c *Counter) Add(token string) { c.AddSlot(c.Slot(token)) }

// AddN counts token n times. A negative n takes away.
func (c *Counter) AddN(token string, n int64) {
	c.counts[c.Slot(token)] += n
	c.total += n
}

// Slot returns the number under which c counts token, for [Counter.AddSlot].
// A caller that keeps slots beside a cache of its own, as tokenize.Encoder
// does, counts a known token without looking it up. Slots are given out from 0
// in order of arrival and never change.
func (c *Counter) Slot(token string) int32 {
	if s, ok := c.slots[token]; ok {
		return s
	}
	if c.slots == nil {
		c.slots = make(map[string]int32)
	}
	token = string(append([]byte(nil), token...)) // do not keep the whole text alive
	s := int32(len(c.tokens))
	c.slots[token] = s
	c.tokens = append(c.tokens, token)
	c.counts = append(c.counts, 0)
	return s
}

// AddSlot counts once the token to which Slot gave s.
func (c *Counter) AddSlot(s int32) {
	c.counts[s]++
	c.total++
}

// Merge adds the counts of other, which is left as it is.
func (c *Counter) Merge(other *Counter) {
	for i, token := range other.tokens {
		c.AddN(token, other.counts[i])
	}
}

// Len returns the number of distinct tokens.
func (c *Counter) Len() int { return len(c.tokens) }

// Total returns the number of tokens counted.
func (c *Counter) Total() int64 { return c.total }

// Count returns how often token was counted.
func (c *Counter) Count(token string) int64 {
	if s, ok := c.slots[token]; ok {
		return c.counts[s]
	}
	return 0
}

// All yields the tokens and their counts by falling count, ties by rising
// bytes: the order in which a Vocabulary numbers them.
func (c *Counter) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, s := range c.sorted() {
			if !yield(c.tokens[s], c.counts[s]) {
				return
			}
		}
	}
}

func (c *Counter) sorted() []int32 {
	order := make([]int32, len(c.tokens))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if n := cmp.Compare(c.counts[b], c.counts[a]); n != 0 {
			return n
		}
		return cmp.Compare(c.tokens[a], c.tokens[b])
	})
	return order
}

// Options choose the tokens that a vocabulary keeps. The zero value keeps every
// token and has no buckets.
type Options struct {
	// MinCount is the smallest count of a token that is kept. 0 means 1, where
	// the config around it has no other default.
	MinCount int64 `json:"min_count,omitempty"`

	// MaxSize is the largest number of tokens kept, the most frequent first.
	// Pad, Unk and the buckets are not counted. 0 means no limit, where the config
	// around it has no other default.
	MaxSize int `json:"max_size,omitempty"`

	// Buckets is the number of rows shared, by hash, among the unknown tokens.
	// 0 means that every unknown token is Unk.
	Buckets int `json:"buckets,omitempty"`
}

// Validate reports every field that is out of range.
func (o Options) Validate() error {
	var errs []error
	if o.MinCount < 0 {
		errs = append(errs, fmt.Errorf("vocab: MinCount = %d, want >= 0", o.MinCount))
	}
	if o.MaxSize < 0 || o.MaxSize > MaxTokens {
		errs = append(errs, fmt.Errorf("vocab: MaxSize = %d, want 0 to %d", o.MaxSize, MaxTokens))
	}
	if o.Buckets < 0 || o.Buckets > MaxTokens {
		errs = append(errs, fmt.Errorf("vocab: Buckets = %d, want 0 to %d", o.Buckets, MaxTokens))
	}
	return errors.Join(errs...)
}

// Build returns the vocabulary of the tokens of c that o keeps. Tokens that a
// vocabulary cannot hold are left out: the empty string, the names of Pad and
// Unk, invalid UTF-8, and tokens longer than [MaxTokenBytes].
func (c *Counter) Build(o Options) (*Vocabulary, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	minCount := max(o.MinCount, 1)
	limit := len(c.tokens)
	if o.MaxSize > 0 {
		limit = min(limit, o.MaxSize)
	}
	tokens := make([]string, 0, limit)
	counts := make([]int64, 0, limit)
	for token, n := range c.All() {
		if n < minCount || len(tokens) == limit {
			break
		}
		if checkToken(token) != nil {
			continue
		}
		tokens = append(tokens, token)
		counts = append(counts, n)
	}
	return New(tokens, counts, o.Buckets)
}

// checkToken reports why token cannot be in a vocabulary.
func checkToken(token string) error {
	switch {
	case token == "":
		return errEmpty
	case token == padName || token == unkName:
		return fmt.Errorf("%w: %s", ErrReserved, token)
	case len(token) > MaxTokenBytes:
		return fmt.Errorf("%w: a token of %d bytes, limit %d", ErrTooLarge, len(token), MaxTokenBytes)
	case !utf8.ValidString(token):
		return fmt.Errorf("%w: %q", ErrEncoding, token)
	}
	return nil
}
