package ngram

import (
	"fmt"
	"math/bits"
)

// window is how many slots a feature may lie behind its own.
const window = 8

// A Dictionary is a set of features, each with a row in [0, Rows()). It keeps
// 16 bits of each hash, so that a feature that is not in the set is taken for
// one that is with a chance of about window/65535. It does not change once
// built; any number of goroutines may read it.
type Dictionary struct {
	tags []uint16 // by row: 0 for an empty one
	bits int
}

// NewDictionary returns an empty set with 2^bits rows.
func NewDictionary(bits int) *Dictionary {
	return &Dictionary{tags: make([]uint16, 1<<bits), bits: bits}
}

// FromTags returns the set with the given Tags.
func FromTags(tags []uint16) (*Dictionary, error) {
	n := len(tags)
	if n < 16 || n&(n-1) != 0 {
		return nil, fmt.Errorf("ngram: a dictionary of %d rows, want a power of 2 from 16", n)
	}
	return &Dictionary{tags: tags, bits: bits.Len(uint(n)) - 1}, nil
}

// Tags returns what identifies the features, by row. It must not be changed.
func (d *Dictionary) Tags() []uint16 { return d.tags }

// Rows is the number of rows, empty ones included.
func (d *Dictionary) Rows() int { return len(d.tags) }

// Len is the number of features.
func (d *Dictionary) Len() int {
	n := 0
	for _, t := range d.tags {
		if t != 0 {
			n++
		}
	}
	return n
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
		row := (slot + i) & (len(d.tags) - 1)
		if d.tags[row] == tag {
			return int32(row), true
		}
		if d.tags[row] == 0 {
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

// add puts a feature into the set, and reports false if its slots are taken.
func (d *Dictionary) add(h Hash) bool {
	slot, tag := d.place(h)
	for i := range window {
		row := (slot + i) & (len(d.tags) - 1)
		switch d.tags[row] {
		case tag:
			return true
		case 0:
			d.tags[row] = tag
			return true
		}
	}
	return false
}
