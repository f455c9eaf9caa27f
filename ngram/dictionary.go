package ngram

import (
	"fmt"
	"math/bits"
)

// window is how many slots a feature may lie behind its own.
const window = 8

// A Dictionary is a set of features, each with a row in [0, Rows()). It is a hash
// table of slots, a power of 2, whose taken ones are the rows, in their order. It keeps
// 16 bits of each hash, so that a feature that is not in the set is taken for
// one that is with a chance of about window/65535. It does not change once
// built; any number of goroutines may read it.
type Dictionary struct {
	tags   []uint16 // by slot: 0 for an empty one
	bits   int      // the binary logarithm of the number of slots
	blocks []block  // of 64 slots
	rows   int
}

// A block says which of 64 slots are taken, and how many of those before it are.
type block struct {
	taken  uint64
	before int32
}

// NewDictionary returns an empty set with 2^bits slots, from 16.
func NewDictionary(bits int) *Dictionary {
	return index(make([]uint16, 1<<bits))
}

// FromTags returns the set with the given Tags.
func FromTags(tags []uint16) (*Dictionary, error) {
	n := len(tags)
	if n < 16 || n&(n-1) != 0 {
		return nil, fmt.Errorf("ngram: a dictionary of %d slots, want a power of 2 from 16", n)
	}
	return index(tags), nil
}

// index returns the set with the given tags, a power of 2.
func index(tags []uint16) *Dictionary {
	d := &Dictionary{tags: tags, bits: bits.Len(uint(len(tags))) - 1, blocks: make([]block, (len(tags)+63)/64)}
	for slot, tag := range tags {
		b := &d.blocks[slot/64]
		if slot%64 == 0 {
			b.before = int32(d.rows)
		}
		if tag != 0 {
			b.taken |= 1 << (slot % 64)
			d.rows++
		}
	}
	return d
}

// Tags returns what identifies the features, by slot: 0 for an empty one. It must not
// be changed.
func (d *Dictionary) Tags() []uint16 { return d.tags }

// Rows is the number of features.
func (d *Dictionary) Rows() int { return d.rows }

// row is that of a slot which is taken.
func (d *Dictionary) row(slot int) int32 {
	b := &d.blocks[slot/64]
	return b.before + int32(bits.OnesCount64(b.taken&(1<<(slot%64)-1)))
}

// place is a feature's first slot and its tag, which is not 0.
func (d *Dictionary) place(h Hash) (slot int, tag uint16) {
	h *= 0xd6e8feb86659fd93
	return int(h >> (64 - d.bits)), uint16(h)%65535 + 1
}

// Row returns the row of a feature, and false if it is not in the set.
func (d *Dictionary) Row(h Hash) (int32, bool) {
	slot, tag := d.place(h)
	for i := range window {
		at := (slot + i) & (len(d.tags) - 1)
		if d.tags[at] == tag {
			return d.row(at), true
		}
		if d.tags[at] == 0 {
			return 0, false
		}
	}
	return 0, false
}

// AppendRows appends the rows of the features that are in the set.
func (d *Dictionary) AppendRows(dst []int32, features []Hash) []int32 {
	for _, h := range features {
		if row, ok := d.Row(h); ok {
			dst = append(dst, row)
		}
	}
	return dst
}

// add puts a feature into the set, which has no index yet, and reports false if its
// slots are taken.
func (d *Dictionary) add(h Hash) bool {
	slot, tag := d.place(h)
	for i := range window {
		at := (slot + i) & (len(d.tags) - 1)
		if d.tags[at] == 0 {
			d.tags[at] = tag
		}
		if d.tags[at] == tag {
			return true
		}
	}
	return false
}
