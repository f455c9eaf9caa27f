package embed

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/textlstm/textlstm/internal/vec"
	"github.com/textlstm/textlstm/vocab"
)

const (
	fastTextMagic = 793712314 // begins a .bin file since 2017
	maxNgram      = 32        // characters; models have 6
)

func isFastText(b []byte) bool {
	return len(b) >= 4 && binary.LittleEndian.Uint32(b) == fastTextMagic
}

// fastTextArgs are the training arguments in a .bin file.
type fastTextArgs struct {
	Magic, Version                                                 int32
	Dim, WindowSize, Epoch, MinCount, Neg, WordNgrams, Loss, Model int32
	Bucket, Minn, Maxn, LRUpdateRate                               int32
	SamplingThreshold                                              float64
}

// fastTextDict is the fixed part of the dictionary.
type fastTextDict struct {
	Size, Words, Labels int32
	Tokens, Pruned      int64
}

// fastText reads the word vectors of a .bin file, as "fasttext
// print-word-vectors" prints them: the mean of the rows of the input matrix for
// the word and for its n-grams. The matrix is streamed, since it is mostly rows of
// n-grams that no word of the vocabulary has.
func (s *source) fastText(f *filler) error {
	var args fastTextArgs
	var dict fastTextDict
	if err := s.decode(&args); err != nil {
		return err
	}
	const supervised = 3
	if args.Version == 11 && args.Model == supervised {
		args.Maxn = 0 // the field meant nothing then
	}
	switch {
	case args.Magic != fastTextMagic:
		return s.fail("%w: not a fastText .bin", ErrFormat)
	case args.Version != 11 && args.Version != 12:
		return s.fail("%w: fastText version %d, want 11 or 12", ErrFormat, args.Version)
	case args.Bucket < 0, args.Minn < 0, args.Maxn < 0, args.Maxn > 0 && args.Bucket == 0:
		return s.fail("%w: bucket %d, minn %d, maxn %d", ErrFormat, args.Bucket, args.Minn, args.Maxn)
	case args.Maxn > maxNgram:
		return s.fail("%w: n-grams of up to %d characters, limit %d", ErrTooLarge, args.Maxn, maxNgram)
	}
	if err := s.decode(&dict); err != nil {
		return err
	}
	if dict.Words < 1 || dict.Labels < 0 || int64(dict.Size) != int64(dict.Words)+int64(dict.Labels) {
		return s.fail("%w: dictionary of %d entries, %d words and %d labels", ErrFormat, dict.Size, dict.Words, dict.Labels)
	}
	if dict.Pruned >= 0 {
		return s.fail("%w: pruned fastText model (.ftz)", ErrFormat)
	}
	if err := s.checkSize(int64(dict.Size), int64(args.Dim)); err != nil {
		return err
	}

	// Which rows of the matrix go to which IDs.
	wanted := make(map[int64][]vocab.ID)
	parts := make([]int32, f.v.Len()) // rows that ID is the mean of
	want := func(row int64, id vocab.ID) {
		wanted[row] = append(wanted[row], id)
		parts[id]++
	}
	if err := s.fastTextWords(f, dict, want); err != nil {
		return err
	}
	if args.Maxn > 0 {
		for id, token := range f.v.All() {
			if token == "</s>" {
				continue
			}
			for h := range ngrams("<"+token+">", int(args.Minn), int(args.Maxn)) {
				want(int64(dict.Words)+int64(h%uint32(args.Bucket)), id)
			}
		}
	}

	var matrix struct {
		Quantized  bool
		Rows, Cols int64
	}
	if err := s.decode(&matrix); err != nil {
		return err
	}
	buckets := int64(args.Bucket)
	switch {
	case matrix.Quantized:
		return s.fail("%w: quantized fastText model (.ftz)", ErrFormat)
	case matrix.Cols != int64(args.Dim):
		return s.fail("%w: matrix of %d columns, dimension %d", ErrFormat, matrix.Cols, args.Dim)
	case matrix.Rows < int64(dict.Words) || matrix.Rows > int64(dict.Words)+buckets || args.Maxn > 0 && matrix.Rows != int64(dict.Words)+buckets:
		return s.fail("%w: matrix of %d rows for %d words and %d buckets", ErrFormat, matrix.Rows, dict.Words, args.Bucket)
	}
	return s.fastTextMatrix(f, matrix.Rows, int(args.Dim), wanted, parts)
}

// decode reads a fixed-size structure of numbers.
func (s *source) decode(v any) error {
	s.at = s.next
	err := binary.Read(s.br, binary.LittleEndian, v)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return s.fail("%w: it ends in the header", ErrTruncated)
	}
	if err != nil {
		return s.fail("read: %w", err)
	}
	s.next += int64(binary.Size(v))
	return nil
}

// fastTextWords reads the dictionary: word, zero byte, count, kind. The rows
// of the matrix are in its order, words before labels.
func (s *source) fastTextWords(f *filler, dict fastTextDict, want func(int64, vocab.ID)) error {
	for row := range int64(dict.Size) {
		s.at = s.next
		b, err := s.br.ReadSlice(0)
		s.next += int64(len(b))
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				return s.fail("%w: word of more than %d bytes", ErrTooLarge, maxLine)
			}
			return s.cut(err, int(row), int(dict.Size))
		}
		word := bytes.TrimSuffix(b, []byte{0})
		if row < int64(dict.Words) {
			f.cov.Rows++
			if id, ok := f.v.Lookup(string(word)); ok {
				if f.state[id] == rowExact {
					f.cov.Duplicates++
				} else {
					f.state[id] = rowExact
					want(row, id)
				}
			}
		}
		if n, err := s.br.Discard(8 + 1); err != nil {
			s.next += int64(n)
			return s.cut(err, int(row), int(dict.Size))
		}
		s.next += 8 + 1
	}
	return nil
}

// fastTextMatrix streams the matrix and takes the means.
func (s *source) fastTextMatrix(f *filler, rows int64, dim int, wanted map[int64][]vocab.ID, parts []int32) error {
	values := make([]float32, dim)
	for row := range rows {
		s.at = s.next
		b, err := s.br.Peek(4 * dim)
		if err != nil {
			return s.cut(err, int(row), int(rows))
		}
		if err := f.begin(dim); err != nil {
			return s.fail("%w", err)
		}
		if ids := wanted[row]; ids != nil {
			getFloats(values, b)
			for i, x := range values {
				if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
					return s.fail("%w: row %d, number %d", ErrNotFinite, row+1, i+1)
				}
			}
			for _, id := range ids {
				vec.Axpy(1/float32(parts[id]), values, f.table.Row(id))
			}
		}
		s.skip(4 * dim)
	}
	for id := range f.v.All() {
		if parts[id] > 0 && f.state[id] == rowEmpty {
			f.state[id] = rowComposed
		}
	}
	return nil
}

// ngrams yields the hashes of the n-grams of minn to maxn characters of word,
// which has the marks of its beginning and end: all but the marks alone.
func ngrams(word string, minn, maxn int) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		inside := func(j int) bool { return j < len(word) && word[j]&0xc0 == 0x80 }
		for i := range len(word) {
			if inside(i) {
				continue
			}
			for j, n := i, 1; j < len(word) && n <= maxn; n++ {
				for j++; inside(j); j++ {
				}
				if n >= minn && !(n == 1 && (i == 0 || j == len(word))) && !yield(hash(word[i:j])) {
					return
				}
			}
		}
	}
}

// hash is FNV-1a, but for bytes from 0x80 being sign-extended, as fastText's
// models were trained.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(int8(s[i]))) * 16777619
	}
	return h
}
