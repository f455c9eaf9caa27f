package corpora

import (
	"cmp"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/internal/seed"
)

// Bounds on the dev texts that are set aside from a stream.
const (
	holdoutTexts = 10_000
	holdoutBytes = 8 << 20
)

// A Holdout sets a random share of the texts of a stream aside, within bounds: at most
// 10,000 texts and 8 MiB.
// Equal texts, up to case and white space, go the same way, and which way
// depends on them and the seed alone, but for the bounds: where texts are too many
// it gives those back whose numbers are largest. It serves one goroutine.
type Holdout struct {
	seed  uint64
	limit uint64 // texts with a lower number are kept
	kept  []numbered
	bytes int
}

// A numbered example has a random number that depends on its text.
type numbered struct {
	number  uint64
	example Example
}

// NewHoldout returns a holdout of a share, 0 to below 1.
func NewHoldout(share float64, seed uint64) *Holdout {
	return &Holdout{seed: seed, limit: uint64(math.Ldexp(share, 64))}
}

// number is the same for texts that are equal up to case and white space.
func (h *Holdout) number(text string) uint64 {
	sum := fnv.New64a()
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		io.WriteString(sum, word)
		sum.Write([]byte{' '})
	}
	return seed.For(h.seed, "holdout", sum.Sum64())
}

// Offer keeps ex or returns it, and now and then returns others that were kept before.
func (h *Holdout) Offer(ex Example) []Example {
	if h.limit == 0 {
		return []Example{ex}
	}
	n := h.number(ex.Text)
	if n >= h.limit {
		return []Example{ex}
	}
	h.kept = append(h.kept, numbered{n, ex})
	if h.bytes += len(ex.Text); len(h.kept) > holdoutTexts*5/4 || h.bytes > holdoutBytes*5/4 {
		return h.Rest()
	}
	return nil
}

// Rest returns what is kept beyond the bounds. It belongs after the last Offer.
func (h *Holdout) Rest() []Example {
	slices.SortStableFunc(h.kept, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	n, bytes := 0, 0
	for n < min(len(h.kept), holdoutTexts) && bytes+len(h.kept[n].example.Text) <= holdoutBytes {
		bytes += len(h.kept[n].example.Text)
		n++
	}
	if n < len(h.kept) {
		h.limit = h.kept[n].number
		for n > 0 && h.kept[n-1].number == h.limit { // equal texts
			n--
			bytes -= len(h.kept[n].example.Text)
		}
	}
	var rest []Example
	for _, k := range h.kept[n:] {
		rest = append(rest, k.example)
	}
	clear(h.kept[n:])
	h.kept, h.bytes = h.kept[:n], bytes
	return rest
}

// Dataset returns the texts that were set aside, each once, with the heads, sources and
// separator of header.
func (h *Holdout) Dataset(header *Dataset) *Dataset {
	d := &Dataset{Heads: header.Heads, Sources: header.Sources, Separator: header.Separator}
	for _, k := range h.kept {
		d.Examples = append(d.Examples, k.example)
	}
	d.Dedup()
	return d
}
