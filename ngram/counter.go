package ngram

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/textlstm/textlstm/internal/par"
)

const (
	shardBits = 4 // a Counter has 2^shardBits parts, by the first bits of a hash
	shards    = 1 << shardBits

	maxBlocks = 1 << 16 // of 64 bytes in the filter of a shard: 64 MiB in all
	maxSlots  = 1 << 19 // of 16 bytes in the table of a shard: 128 MiB in all
)

// A Counter counts in how many texts each feature occurs, in bounded memory:
// at most 64 MiB for features seen once, which are most, and 128 MiB for those
// seen again. What it counts depends on the texts and their order alone.
//
// A feature seen once is three bits of a filter (a blocked Bloom filter, Putze,
// Sanders & Singler 2007). A feature whose bits are all there already is taken
// for one seen before, rightly but for a few in a thousand, and from then on
// counted exactly. A table that is full forgets the rarest features.
type Counter struct {
	minCount int
	shards   [shards]shard
}

// NewCounter returns a Counter of the features that occur in at least minCount
// texts. The filter is sized for about as many texts as given.
func NewCounter(minCount, texts int) *Counter {
	return newCounter(minCount, texts, maxBlocks, maxSlots)
}

// NewSmallCounter is NewCounter with half the bounds: 32 MiB for features seen
// once and 64 MiB for others, enough for a Dictionary of 20 bits.
func NewSmallCounter(minCount, texts int) *Counter {
	return newCounter(minCount, texts, maxBlocks/2, maxSlots/2)
}

func newCounter(minCount, texts, maxBlocks, maxSlots int) *Counter {
	c := &Counter{minCount: minCount}
	for i := range c.shards {
		c.shards[i].most = maxSlots
	}
	if minCount < 2 {
		return c // every feature goes to the tables
	}
	// 8 blocks, of 512 bits, for each text: a long review has 500 to 2,000
	// features that no other text shares.
	blocks := min(max(8*texts/shards, 16), maxBlocks)
	blocks = 1 << bits.Len(uint(blocks-1))
	for i := range c.shards {
		c.shards[i].once = make([][8]uint64, blocks)
	}
	return c
}

// Add counts the features of texts, each of which lists its distinct features
// in rising order, on at most workers goroutines.
func (c *Counter) Add(workers int, texts ...[]Hash) {
	par.For(workers, shards, func(i int) {
		first := Hash(i) << (64 - shardBits)
		s := &c.shards[i]
		for _, features := range texts {
			from, _ := slices.BinarySearch(features, first)
			for _, h := range features[from:] {
				if int(h>>(64-shardBits)) != i {
					break
				}
				s.add(h)
			}
		}
	})
}

// Dictionary returns the set of the features that were counted often enough. It has as
// many slots as they need to have one each, twice their number or more, but at most
// 2^most: then the most frequent features take seven eighths of them.
func (c *Counter) Dictionary(most int) *Dictionary {
	room := roomOf(most)
	least := c.least(room)
	var kept []count
	for i := range c.shards {
		for _, k := range c.shards[i].table {
			if k.n >= least {
				kept = append(kept, k)
			}
		}
	}
	slices.SortFunc(kept, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.h, b.h))
	})
	return dictionary(kept, most)
}

// Best returns the set that Dictionary returns, but of the features that are worth most in
// place of the most frequent ones, and without those whose worth is not above 0. What a
// feature is worth that n texts have says worth.
func (c *Counter) Best(most int, worth func(h Hash, n int) float64) *Dictionary {
	type candidate struct {
		count
		worth float64
	}
	var all []candidate
	for i := range c.shards {
		for _, k := range c.shards[i].table {
			if int(k.n) < max(c.minCount, 1) {
				continue
			}
			if w := worth(k.h, int(k.n)); w > 0 {
				all = append(all, candidate{k, w})
			}
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.h, b.h))
	})
	kept := make([]count, min(roomOf(most), len(all)))
	for i := range kept {
		kept[i] = all[i].count
	}
	return dictionary(kept, most)
}

// roomOf is how many features a table of 2^bits slots takes: a fuller one is slow and drops
// features that should stay.
func roomOf(bits int) int { return 1<<bits - 1<<bits/8 }

// dictionary returns the set of the first features, as many as there is room for in 2^most slots.
func dictionary(features []count, most int) *Dictionary {
	features = features[:min(roomOf(most), len(features))]
	for n := min(max(bits.Len(uint(2*len(features))), 4), most); ; n++ {
		if d, all := dictionaryOf(features, n); all || n == most {
			return d
		}
	}
}

// dictionaryOf returns a set of features with 2^bits slots, and whether it has all.
func dictionaryOf(features []count, bits int) (d *Dictionary, all bool) {
	d, all = NewDictionary(bits), true
	for _, k := range features {
		all = d.add(k.h) && all
	}
	return index(d.tags), all
}

// least is the smallest count of the room most frequent features, at least
// minCount.
func (c *Counter) least(room int) int32 {
	frequencies := map[int32]int{}
	for i := range c.shards {
		for _, k := range c.shards[i].table {
			if int(k.n) >= max(c.minCount, 1) {
				frequencies[k.n]++
			}
		}
	}
	counts := make([]int32, 0, len(frequencies))
	for n := range frequencies {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	least := int32(max(c.minCount, 1))
	for _, n := range slices.Backward(counts) {
		least = n
		if room -= frequencies[n]; room <= 0 {
			break
		}
	}
	return least
}

// A shard counts the features whose hashes begin with the same bits.
type shard struct {
	once  [][8]uint64 // nil if there is no filter
	table []count     // open addressing, a power of 2 long
	used  int
	most  int   // slots that the table may have
	floor int32 // features of this count or less have been forgotten
}

// A count is a slot of a table: n texts have feature h, none if it is empty.
type count struct {
	h Hash
	n int32
}

func (s *shard) add(h Hash) {
	n := int32(1)
	if s.once != nil {
		if !s.before(h) {
			return
		}
		n = 2
	}
	if 4*s.used >= 3*len(s.table) {
		s.makeRoom()
	}
	slot := s.slot(h)
	if slot.n == 0 {
		s.used++
		slot.h, slot.n = h, n
		return
	}
	slot.n++
}

// before says whether h has probably been seen before, and remembers it.
func (s *shard) before(h Hash) bool {
	x := uint64(h) * 0x9fb21c651e98df25
	block := &s.once[x>>32&uint64(len(s.once)-1)]
	seen := true
	for range 3 {
		word, bit := &block[x&7], uint64(1)<<(x>>3&63)
		if *word&bit == 0 {
			seen = false
			*word |= bit
		}
		x >>= 9
	}
	return seen
}

// slot returns the slot of h, or the empty one where it belongs.
func (s *shard) slot(h Hash) *count {
	mask := uint64(len(s.table) - 1)
	for i := uint64(h) * 0xd6e8feb86659fd93 >> 20; ; i++ {
		if k := &s.table[i&mask]; k.n == 0 || k.h == h {
			return k
		}
	}
}

// makeRoom doubles the table, or forgets the rarest features of one that may
// not grow.
func (s *shard) makeRoom() {
	old := s.table
	if len(old) < s.most {
		s.table = make([]count, max(2*len(old), 64))
	} else {
		s.table = make([]count, len(old))
		for kept := len(old); kept > len(old)/2; {
			s.floor++
			kept = 0
			for i := range old {
				if old[i].n > s.floor {
					kept++
				}
			}
		}
	}
	s.used = 0
	for _, k := range old {
		if k.n > s.floor {
			*s.slot(k.h) = k
			s.used++
		}
	}
}
