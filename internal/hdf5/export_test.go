package hdf5

import (
	"bytes"
	"math/rand/v2"
)

// Mutate changes numbers of a file's structure: those of objects, trees, heaps and the
// messages in them, where a byte drawn anywhere would seldom be.
func Mutate(b []byte, r *rand.Rand) {
	var places []int
	for _, magic := range []string{"TREE", "SNOD", "HEAP", "GCOL", "\x01\x00\x02\x00\x01\x00\x00\x00", "\x11\x00\x10\x00", "\x03\x00", "\x08\x00"} {
		for at := 0; len(places) < 1<<12; {
			i := bytes.Index(b[at:], []byte(magic))
			if i < 0 {
				break
			}
			places = append(places, at+i)
			at += i + 1
		}
	}
	values := []uint64{0, 1, 2, 7, 8, 16, 255, 1 << 16, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1 << 63, undefined, uint64(len(b)), uint64(len(b) - 8)}
	for range 1 + r.IntN(4) {
		at := min(places[r.IntN(len(places))]+r.IntN(48), len(b)-8)
		switch r.IntN(4) {
		case 0:
			le.PutUint64(b[at:], values[r.IntN(len(values))])
		case 1:
			le.PutUint64(b[at&^7:], uint64(places[r.IntN(len(places))])) // another part's address
		case 2:
			le.PutUint16(b[at:], uint16(values[r.IntN(len(values))]))
		default:
			b[at] = byte(r.Uint32())
		}
	}
}
