package vocab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"github.com/textlstm/textlstm/internal/flatjson"
)

// An ID is a row of an embedding table.
type ID int32

const (
	Pad ID = 0 // padding; never the answer of a lookup
	Unk ID = 1 // any unknown token, unless the vocabulary has buckets

	firstToken = 2
)

// The names that Token gives to Pad and Unk.
const (
	padName = "<pad>"
	unkName = "<unk>"
)

// Limits of a vocabulary. They bound what a damaged or hostile file can ask for.
const (
	MaxTokens     = 1 << 26 // known tokens, and also buckets
	MaxTokenBytes = 1 << 16 // bytes of one token
)

// Errors that callers may test for with errors.Is.
var (
	ErrDuplicate = errors.New("vocab: duplicate token")
	ErrReserved  = errors.New("vocab: reserved token")
	ErrEncoding  = errors.New("vocab: token is not valid UTF-8")
	ErrTooLarge  = errors.New("vocab: limit exceeded")
	ErrFormat    = errors.New("vocab: not a vocabulary file")

	errEmpty = errors.New("vocab: empty token")
)

// A TooFewError says that texts hold too few words for a model to learn from.
type TooFewError struct {
	Texts    int // texts read
	Words    int // different words that occur at least MinCount times
	MinCount int64
}

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d texts with %d words that occur at least %d times are too few to learn from", e.Texts, e.Words, e.MinCount)
}

// A Vocabulary is an immutable set of numbered tokens with their counts. Its
// methods are safe for concurrent use. The zero value knows no token.
type Vocabulary struct {
	ids     map[string]ID
	tokens  []string // of ID firstToken+i
	counts  []int64
	total   int64
	buckets int
}

// New returns the vocabulary whose known tokens are tokens, numbered from 2 in
// the order given, with buckets hash buckets behind them. counts is as long as
// tokens, or nil for unknown counts (all 0). The slices are copied.
//
// It fails with ErrDuplicate, ErrReserved, ErrEncoding or ErrTooLarge, naming
// the token's place.
func New(tokens []string, counts []int64, buckets int) (*Vocabulary, error) {
	if counts != nil && len(counts) != len(tokens) {
		return nil, fmt.Errorf("vocab: %d counts for %d tokens", len(counts), len(tokens))
	}
	if len(tokens) > MaxTokens || buckets < 0 || buckets > MaxTokens {
		return nil, fmt.Errorf("%w: %d tokens and %d buckets, want 0 to %d of each", ErrTooLarge, len(tokens), buckets, MaxTokens)
	}
	n := len(tokens)
	b := builder{ids: make(map[string]ID, n), tokens: slices.Grow([]string(nil), n), counts: slices.Grow([]int64(nil), n)}
	for i, token := range tokens {
		var n int64
		if counts != nil {
			n = counts[i]
		}
		if err := b.add(token, n); err != nil {
			return nil, fmt.Errorf("token %d: %w", i, err)
		}
	}
	return b.build(buckets), nil
}

// A builder is a Vocabulary in the making.
type builder struct {
	ids    map[string]ID
	tokens []string
	counts []int64
	total  int64
}

func (b *builder) add(token string, count int64) error {
	if err := checkToken(token); err != nil {
		return err
	}
	if count < 0 {
		return fmt.Errorf("vocab: count of %q is %d, want >= 0", token, count)
	}
	if len(b.tokens) == MaxTokens {
		return fmt.Errorf("%w: more than %d tokens", ErrTooLarge, MaxTokens)
	}
	if at, ok := b.ids[token]; ok {
		return fmt.Errorf("%w: %q, already token %d", ErrDuplicate, token, at-firstToken)
	}
	b.ids[token] = ID(firstToken + len(b.tokens))
	b.tokens = append(b.tokens, token)
	b.counts = append(b.counts, count)
	b.total += count
	return nil
}

func (b *builder) build(buckets int) *Vocabulary {
	return &Vocabulary{
		ids: b.ids, tokens: slices.Clip(b.tokens), counts: slices.Clip(b.counts),
		total: b.total, buckets: buckets,
	}
}

// Len returns the number of rows: Pad, Unk, the known tokens and the buckets.
func (v *Vocabulary) Len() int { return firstToken + len(v.tokens) + v.buckets }

// Known returns the number of known tokens.
func (v *Vocabulary) Known() int { return len(v.tokens) }

// Buckets returns the number of hash buckets.
func (v *Vocabulary) Buckets() int { return v.buckets }

// Total returns the sum of the counts of the known tokens.
func (v *Vocabulary) Total() int64 { return v.total }

// Lookup returns the ID of a known token and true. For any other token it returns
// what ID returns, and false.
func (v *Vocabulary) Lookup(token string) (ID, bool) {
	if id, ok := v.ids[token]; ok {
		return id, true
	}
	return v.unknown(token), false
}

// ID returns the row of token: its own if it is known, else its bucket, or Unk
// if there are no buckets. It is never Pad.
func (v *Vocabulary) ID(token string) ID {
	if id, ok := v.ids[token]; ok {
		return id
	}
	return v.unknown(token)
}

// IsKnown reports whether id is the row of a known token.
func (v *Vocabulary) IsKnown(id ID) bool {
	return id >= firstToken && int(id) < firstToken+len(v.tokens)
}

func (v *Vocabulary) unknown(token string) ID {
	if v.buckets == 0 {
		return Unk
	}
	hi, _ := bits.Mul64(hash(token), uint64(v.buckets))
	return ID(firstToken + len(v.tokens) + int(hi))
}

// hash is 64-bit FNV-1a followed by the finalizer of MurmurHash3, which FNV
// needs because the bucket is taken from the high bits. It is part of the file
// format: a change would move the buckets of every stored model.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Token returns the token of id: "<pad>" and "<unk>" of the first two, "<0>",
// "<1>", ... of the buckets, and "" if id is out of range.
func (v *Vocabulary) Token(id ID) string {
	switch i := int(id) - firstToken; {
	case id == Pad:
		return padName
	case id == Unk:
		return unkName
	case i < 0 || i >= len(v.tokens)+v.buckets:
		return ""
	case i >= len(v.tokens):
		return fmt.Sprintf("<%d>", i-len(v.tokens))
	default:
		return v.tokens[i]
	}
}

// Count returns how often the known token of id was counted, and 0 of any
// other id.
func (v *Vocabulary) Count(id ID) int64 {
	if !v.IsKnown(id) {
		return 0
	}
	return v.counts[id-firstToken]
}

// All yields the known tokens in ID order.
func (v *Vocabulary) All() iter.Seq2[ID, string] {
	return func(yield func(ID, string) bool) {
		for i, token := range v.tokens {
			if !yield(ID(firstToken+i), token) {
				return
			}
		}
	}
}

// vocabularyJSON is the JSON form of a Vocabulary.
type vocabularyJSON struct {
	Buckets int      `json:"buckets,omitempty"`
	Tokens  []string `json:"tokens"`
	Counts  []int64  `json:"counts"`
}

// MarshalJSON writes {"buckets": B, "tokens": [...], "counts": [...]}, the known
// tokens in ID order.
func (v *Vocabulary) MarshalJSON() ([]byte, error) {
	return json.Marshal(vocabularyJSON{
		Buckets: v.buckets,
		Tokens:  append([]string{}, v.tokens...),
		Counts:  append([]int64{}, v.counts...),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. Counts may be absent. It is the
// one method that changes a Vocabulary: call it before sharing v.
func (v *Vocabulary) UnmarshalJSON(data []byte) error {
	j, ok := readPlain(data)
	if !ok {
		j = vocabularyJSON{}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&j); err != nil {
			return err
		}
	}
	n, err := New(j.Tokens, j.Counts, j.Buckets)
	if err != nil {
		return err
	}
	*v = *n
	return nil
}

// readPlain reads what MarshalJSON writes, and not all else that encoding/json reads or
// refuses.
func readPlain(data []byte) (j vocabularyJSON, ok bool) {
	r := flatjson.NewReader(data)
	for key := range r.Object {
		switch {
		case key == "buckets" && j.Buckets == 0:
			n := r.Int()
			if j.Buckets = int(n); int64(j.Buckets) != n {
				r.Fail()
			}
		case key == "tokens" && j.Tokens == nil:
			j.Tokens = []string{}
			for range r.Array {
				j.Tokens = append(j.Tokens, r.String())
			}
		case key == "counts" && j.Counts == nil:
			j.Counts = []int64{}
			for range r.Array {
				j.Counts = append(j.Counts, r.Int())
			}
		default:
			r.Fail()
		}
	}
	return j, r.Done()
}
