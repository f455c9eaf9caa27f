package corpora

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
)

const (
	spoolBuckets = 256
	spoolBlock   = 128 << 10
)

// A Spool shuffles a corpus that does not fit into memory. Add deals the examples
// at random into 256 buckets of one temporary file; Shuffled reads the buckets in
// random order, one at a time, and shuffles each in memory.
//
// Memory: 32 MiB while adding; while reading twice the largest bucket, which is
// about a 256th of the corpus: some 80 MiB for 10 GB. The file takes as much room
// as the texts. Every order of one Shuffled is as likely as any other; from one
// Shuffled to the next examples stay with those of their bucket.
//
// A Spool serves one goroutine.
type Spool struct {
	file   *os.File
	remove bool // the file has to be removed by Close
	rng    *rand.Rand
	seed   uint64
	bufs   [spoolBuckets][]byte
	blocks [spoolBuckets][]spoolExtent
	size   int64
	n      int
	record []byte
	err    error
}

// A spoolExtent is a run of bytes of one bucket in the file.
type spoolExtent struct {
	offset int64
	length int
}

// NewSpool makes a Spool whose temporary file lies in dir, or in the system's
// directory for such files if dir is empty. It is gone after Close, and where the
// system allows also when the process dies. The same seed and examples give the
// same orders.
func NewSpool(dir string, seed uint64) (*Spool, error) {
	f, err := os.CreateTemp(dir, ".tmp-spool-")
	if err != nil {
		return nil, err
	}
	s := &Spool{file: f, seed: seed, rng: rand.New(rand.NewPCG(seed, 0x5900))}
	if runtime.GOOS == "windows" || os.Remove(f.Name()) != nil {
		s.remove = true
	}
	return s, nil
}

// Len returns the number of examples added.
func (s *Spool) Len() int { return s.n }

// Add adds one example.
func (s *Spool) Add(ex Example) error {
	if s.err != nil {
		return s.err
	}
	b := s.record[:0]
	str := func(v string) {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	str(ex.ID)
	str(ex.Text)
	b = binary.AppendUvarint(b, uint64(ex.Line))
	b = binary.AppendUvarint(b, uint64(len(ex.Labels)))
	for _, l := range ex.Labels {
		str(l)
	}
	b = binary.AppendUvarint(b, uint64(uint32(ex.Source)))
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(ex.Weight))
	s.record = b
	bucket := s.rng.IntN(spoolBuckets)
	if buf := s.bufs[bucket]; len(buf) > 0 && len(buf)+len(b)+binary.MaxVarintLen64 > spoolBlock {
		if err := s.flush(bucket); err != nil {
			return err
		}
	}
	s.bufs[bucket] = append(binary.AppendUvarint(s.bufs[bucket], uint64(len(b))), b...)
	if cap(s.bufs[bucket]) > 2*spoolBlock { // a long text
		if err := s.flush(bucket); err != nil {
			return err
		}
		s.bufs[bucket] = nil
	}
	s.n++
	return nil
}

func (s *Spool) flush(bucket int) error {
	buf := s.bufs[bucket]
	if len(buf) == 0 {
		return nil
	}
	if _, err := s.file.WriteAt(buf, s.size); err != nil {
		s.err = fmt.Errorf("corpora: spool: %w", err)
		return s.err
	}
	s.blocks[bucket] = append(s.blocks[bucket], spoolExtent{s.size, len(buf)})
	s.size += int64(len(buf))
	s.bufs[bucket] = buf[:0]
	return nil
}

// Shuffled ranges over all examples in an order that depends on the Spool's seed
// and on epoch. An error is yielded last.
func (s *Spool) Shuffled(epoch uint64) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for b := range s.bufs {
			if err := s.flush(b); err != nil {
				yield(Example{}, err)
				return
			}
			s.bufs[b] = nil
		}
		rng := rand.New(rand.NewPCG(s.seed, mix(epoch)))
		for _, b := range rng.Perm(spoolBuckets) {
			data, starts, err := s.load(b)
			if err != nil {
				yield(Example{}, err)
				return
			}
			rng.Shuffle(len(starts), func(i, j int) { starts[i], starts[j] = starts[j], starts[i] })
			for _, at := range starts {
				ex, err := decodeExample(data[at[0]:at[1]])
				if !yield(ex, err) || err != nil {
					return
				}
			}
		}
	}
}

var errSpool = errors.New("corpora: the spool's temporary file was changed")

// load reads a bucket and finds the records in it.
func (s *Spool) load(bucket int) ([]byte, [][2]int, error) {
	total := 0
	for _, e := range s.blocks[bucket] {
		total += e.length
	}
	data := make([]byte, total)
	at := 0
	for _, e := range s.blocks[bucket] {
		if _, err := s.file.ReadAt(data[at:at+e.length], e.offset); err != nil {
			if err == io.EOF {
				err = errSpool
			}
			return nil, nil, fmt.Errorf("corpora: spool: %w", err)
		}
		at += e.length
	}
	var records [][2]int
	for at := 0; at < total; {
		n, size := binary.Uvarint(data[at:])
		if size <= 0 || n > uint64(total-at-size) {
			return nil, nil, errSpool
		}
		at += size
		records = append(records, [2]int{at, at + int(n)})
		at += int(n)
	}
	return data, records, nil
}

func decodeExample(b []byte) (ex Example, err error) {
	r := bytes.NewReader(b)
	num := func() uint64 {
		v, e := binary.ReadUvarint(r)
		if e != nil || v > math.MaxUint32 {
			err = errSpool
			return 0
		}
		return v
	}
	str := func() string {
		n := num()
		at := uint64(len(b) - r.Len())
		if n > uint64(r.Len()) {
			err = errSpool
			return ""
		}
		r.Seek(int64(n), io.SeekCurrent)
		return string(b[at : at+n])
	}
	ex.ID, ex.Text, ex.Line = str(), str(), int(num())
	labels := num()
	if labels > uint64(r.Len()) {
		return ex, errSpool
	}
	if labels > 0 {
		ex.Labels = make([]string, labels)
	}
	for i := range ex.Labels {
		ex.Labels[i] = str()
	}
	ex.Source = int32(uint32(num()))
	if err == nil && r.Len() != 4 {
		err = errSpool
	}
	if err != nil {
		return Example{}, err
	}
	ex.Weight = math.Float32frombits(binary.LittleEndian.Uint32(b[len(b)-4:]))
	return ex, nil
}

// Close removes the temporary file.
func (s *Spool) Close() error {
	s.err = os.ErrClosed
	err := s.file.Close()
	if s.remove {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}
