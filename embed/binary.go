package embed

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// binary reads the rows of word2vec's binary format: word, space, dim float32,
// and a newline that some writers leave out.
func (s *source) binary(f *filler, rows, dim int) error {
	s.line = 0
	var word []byte
	for n := range rows {
		s.at = s.next
		b, err := s.br.ReadSlice(' ')
		s.next += int64(len(b))
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				return s.fail("%w: word of row %d has more than %d bytes", ErrTooLarge, n+1, maxLine)
			}
			return s.cut(err, n, rows)
		}
		word = append(word[:0], bytes.TrimLeft(b[:len(b)-1], "\n")...)
		values, err := s.br.Peek(4 * dim)
		if err != nil {
			return s.cut(err, n, rows)
		}
		for i := range dim {
			if bits := binary.LittleEndian.Uint32(values[4*i:]); bits&0x7f800000 == 0x7f800000 {
				return s.fail("%w: row %d, %q, number %d", ErrNotFinite, n+1, word[:min(len(word), 40)], i+1)
			}
		}
		if err := f.begin(dim); err != nil {
			return s.fail("%w", err)
		}
		if err := f.row(word, func(dst []float32) error { getFloats(dst, values); return nil }); err != nil {
			return err
		}
		s.skip(4 * dim)
	}
	s.at = s.next
	if rows == 0 {
		return s.fail("%w: no rows", ErrFormat)
	}
	switch rest, err := s.br.Peek(2); {
	case err != nil && err != io.EOF:
		return s.fail("read: %w", err)
	case len(bytes.TrimPrefix(rest, []byte("\n"))) > 0:
		return s.fail("%w: bytes after the %d rows of the header", ErrFormat, rows)
	}
	return nil
}

// cut reports that row n (from 0) of rows cannot be read.
func (s *source) cut(err error, n, rows int) error {
	if err == io.EOF {
		return s.fail("%w: it ends in row %d of %d", ErrTruncated, n+1, rows)
	}
	return s.fail("read: %w", err)
}

func getFloats(dst []float32, b []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
}
