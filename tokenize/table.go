package tokenize

import (
	"math/bits"
	"strings"
)

// A table maps token texts to numbers. It is a hash table with linear probing
// whose keys, up to 16 bytes, lie in the slots themselves: a look-up loads two
// words of the text, and touches one line of memory if all goes well. It costs a
// third of a Go map's look-up. The zero value is ready to use.
//
// A table holds at most maxTable texts; then, or on reset, it forgets them all.
type table struct {
	slots []slot         // a power of two of them
	shift uint           // 64 - log2(len(slots))
	n     int            // slots in use
	long  map[form]int32 // the texts too long for a slot
}

type slot struct {
	lo, hi uint64 // the text, padded with zeros
	value  int32
	tag    uint16 // length + 1 and kind; 0 if the slot is free
}

const (
	// maxTable is more than the distinct words of most corpora. A full table
	// takes 6 MB.
	maxTable    = 1 << 17
	minSlots    = 1 << 10
	maxShort    = 16
	maxProbes   = 64 // so that no choice of keys makes a look-up slow
	maxLongKeys = 1 << 13
	maxLongKey  = 128
)

func tagOf(n int, kind Kind) uint16 { return uint16(n+1)<<8 | uint16(kind) }

// load returns the first 16 bytes of text[start:end], which is no longer.
func load(text string, start, end int) (lo, hi uint64) {
	n := uint(end - start)
	if start+maxShort > len(text) {
		for i := end - 1; i >= start; i-- {
			hi = hi<<8 | lo>>56
			lo = lo<<8 | uint64(text[i])
		}
		return lo, hi
	}
	s := text[start : start+maxShort]
	lo = uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	if n <= 8 {
		return lo & (1<<(8*n) - 1), 0
	}
	hi = uint64(s[8]) | uint64(s[9])<<8 | uint64(s[10])<<16 | uint64(s[11])<<24 |
		uint64(s[12])<<32 | uint64(s[13])<<40 | uint64(s[14])<<48 | uint64(s[15])<<56
	return lo, hi & (1<<(8*(n-8)) - 1)
}

// hashWords mixes the words of a key as wyhash does.
func hashWords(lo, hi uint64, tag uint16) uint64 {
	a, b := bits.Mul64(lo^0xa0761d6478bd642f, hi^uint64(tag)^0xe7037ed1a0b428db)
	return a ^ b
}

// get returns the number of text[start:end] of the given kind.
func (t *table) get(text string, start, end int, kind Kind) (value int32, ok bool) {
	if end-start > maxShort {
		value, ok = t.long[form{text[start:end], kind}]
		return value, ok
	}
	if t.n == 0 {
		return 0, false
	}
	lo, hi := load(text, start, end)
	tag := tagOf(end-start, kind)
	mask := uint64(len(t.slots) - 1)
	i := hashWords(lo, hi, tag) >> t.shift
	for range maxProbes {
		s := &t.slots[i&mask]
		if s.lo == lo && s.hi == hi && s.tag == tag {
			return s.value, true
		}
		if s.tag == 0 {
			return 0, false
		}
		i++
	}
	return 0, false
}

// full reports whether the table must be reset before another put.
func (t *table) full() bool { return t.n >= maxTable || len(t.long) >= maxLongKeys }

// reset forgets all texts.
func (t *table) reset() {
	clear(t.slots)
	clear(t.long)
	t.n = 0
}

// put gives text, which has no number yet, the number value. A text too long, or
// one for which there is no free slot nearby, is not remembered; then put returns
// false.
func (t *table) put(text string, kind Kind, value int32) bool {
	if len(text) > maxLongKey {
		return false
	}
	if len(text) > maxShort {
		if t.long == nil {
			t.long = make(map[form]int32)
		}
		t.long[form{strings.Clone(text), kind}] = value
		return true
	}
	if 2*t.n >= len(t.slots) {
		t.grow()
	}
	lo, hi := load(text, 0, len(text))
	return t.insert(slot{lo, hi, value, tagOf(len(text), kind)})
}

func (t *table) insert(s slot) bool {
	mask := uint64(len(t.slots) - 1)
	i := hashWords(s.lo, s.hi, s.tag) >> t.shift
	for range maxProbes {
		if free := &t.slots[i&mask]; free.tag == 0 {
			*free = s
			t.n++
			return true
		}
		i++
	}
	return false
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(minSlots, 2*len(old)))
	t.shift = uint(64 - bits.Len(uint(len(t.slots)-1)))
	t.n = 0
	for _, s := range old {
		if s.tag != 0 {
			t.insert(s)
		}
	}
}
