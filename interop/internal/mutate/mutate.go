// Package mutate damages files and looks at what their readers do: an error or an answer,
// in bounded time and memory.
package mutate

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/metrics"
	"testing"
	"time"
)

var count = flag.Int("mutations", 1000, "damaged files that each reader of foreign files is given")

// The most that a reader may take for a file.
const (
	maxTime   = 5 * time.Second
	maxFactor = 4
	maxMore   = 64 << 20
)

// Test gives damaged copies of files to read, which reports what is no answer. damage says
// how, knowing the format; half of the copies are damaged by [Bytes] alone. read returns
// an error for a file that it refuses, and calls t.Errorf for a wrong answer.
func Test(t *testing.T, files [][]byte, damage func(r *rand.Rand, b []byte) []byte, read func(b []byte) error) {
	t.Helper()
	n, refused := *count, 0
	if testing.Short() {
		n = min(n, 200)
	}
	for _, b := range files {
		if err := read(b); err != nil {
			t.Fatalf("before any damage: %v", err)
		}
	}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 24))
		b := bytes.Clone(files[i/2%len(files)])
		if i%2 == 0 {
			b = damage(r, b)
		} else {
			b = Bytes(r, b)
		}
		if one(t, i, b, read) != nil {
			refused++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d damaged files, %d refused", n, refused)
	if refused == 0 || refused == n {
		t.Errorf("%d of %d damaged files refused: the damage is of no use", refused, n)
	}
}

// one reads one file and reports a panic, or too much time or memory.
func one(t *testing.T, i int, b []byte, read func(b []byte) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("mutation %d: panic: %v", i, p)
		}
	}()
	before, start := allocated(), time.Now()
	err = read(b)
	if d := time.Since(start); d > maxTime {
		t.Errorf("mutation %d: %v for %d bytes", i, d, len(b))
	}
	if n, most := allocated()-before, uint64(maxFactor*len(b)+maxMore); n > most {
		t.Errorf("mutation %d: %d bytes allocated for a file of %d, want at most %d", i, n, len(b), most)
	}
	return err
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// Bytes damages one to four places: bits, runs that go, come twice or are zeros, numbers of
// a telling size, a cut end.
func Bytes(r *rand.Rand, b []byte) []byte {
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		end := min(len(b), at+1+r.IntN(1+r.IntN(64)))
		switch r.IntN(7) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2:
			b = append(b[:at:at], b[end:]...)
		case 3:
			b = append(b[:end:end], b[at:]...)
		case 4:
			clear(b[at:end])
		case 5:
			Number(r, b[at:])
		case 6:
			if r.IntN(4) == 0 {
				b = b[:at]
			}
		}
	}
	return b
}

// telling are numbers at which sums and products go wrong.
var telling = []uint64{
	0, 1, 2, 127, 128, 255, 256, 1 << 15, 1<<16 - 1, 1 << 20, 1 << 28, math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 32, 1 << 40, math.MaxInt64, 1 << 63, math.MaxUint64,
}

// Telling returns one of the numbers at which sums and products go wrong.
func Telling(r *rand.Rand) uint64 { return telling[r.IntN(len(telling))] }

// Number writes a telling number of 1, 2, 4 or 8 bytes to the start of b, where it fits.
func Number(r *rand.Rand, b []byte) {
	v := make([]byte, 8)
	if r.IntN(4) == 0 {
		binary.BigEndian.PutUint64(v, Telling(r))
	} else {
		binary.LittleEndian.PutUint64(v, Telling(r))
	}
	copy(b, v[:1<<r.IntN(4)])
}

// Finite returns an error for answers that are not numbers.
func Finite(v []float32) error {
	for i, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("answer %d is %v", i, x)
		}
	}
	return nil
}
