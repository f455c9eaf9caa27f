package embed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// nextLine returns the next line without its end, io.EOF after the last. The
// line is valid until the next read.
func (s *source) nextLine() ([]byte, error) {
	line, err := s.br.ReadSlice('\n')
	if len(line) == 0 && err == io.EOF {
		return nil, io.EOF
	}
	s.line++
	s.at = s.next
	s.next += int64(len(line))
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, s.fail("%w: line of more than %d bytes", ErrTooLarge, maxLine)
	case err != nil && err != io.EOF:
		return nil, s.fail("read: %w", err)
	}
	if i := bytes.IndexByte(line, '\t'); i >= 0 {
		for ; i < len(line); i++ {
			if line[i] == '\t' {
				line[i] = ' '
			}
		}
	}
	return bytes.TrimRight(line, " \r\n"), nil
}

// header reads the line "rows dim".
func (s *source) header() (rows, dim int, err error) {
	line, err := s.nextLine()
	if err == io.EOF {
		s.line = 1
		return 0, 0, s.fail("%w: no header", ErrFormat)
	}
	if err != nil {
		return 0, 0, err
	}
	r, d, ok := parseHeader(line)
	if !ok {
		return 0, 0, s.fail("%w: no header of rows and dimension", ErrFormat)
	}
	return int(min(r, math.MaxInt32)), int(min(d, math.MaxInt32)), s.checkSize(r, d)
}

// parseHeader parses two non-negative integers. Numbers beyond an int64 count
// as the largest.
func parseHeader(line []byte) (rows, dim int64, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) != 2 {
		return 0, 0, false
	}
	var v [2]int64
	for i, f := range fields {
		for _, c := range f {
			if c < '0' || c > '9' {
				return 0, 0, false
			}
		}
		v[i], _ = strconv.ParseInt(string(f), 10, 64) // the one error left, range, gives MaxInt64
	}
	return v[0], v[1], true
}

// modalDim returns the dimension of a file without header: the most frequent
// number of fields after the first among the first lines, the smaller of
// equals. A single line would not do, as a word may contain spaces.
func modalDim(b []byte) (int, error) {
	const lines = 100
	counts := make(map[int]int)
	dim := 0
	for n := 0; n < lines; n++ {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole && n > 0 {
			break // perhaps cut by the window; one line alone must do
		}
		if f := len(bytes.FieldsFunc(line, isSpace)) - 1; f > 0 {
			counts[f]++
			if counts[f] > counts[dim] || counts[f] == counts[dim] && f < dim {
				dim = f
			}
		}
		b = rest
	}
	if dim == 0 {
		return 0, fmt.Errorf("%w: no row of a word and numbers", ErrFormat)
	}
	return dim, nil
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' }

// text reads rows of a word and dim numbers. rows is the number that the
// header gave, -1 without header.
func (s *source) text(f *filler, rows, dim int) error {
	if err := s.checkSize(int64(rows), int64(dim)); err != nil {
		return err
	}
	scratch := make([]float32, dim)
	for {
		line, err := s.nextLine()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		if rows >= 0 && f.cov.Rows == rows {
			return s.fail("%w: more rows than the %d of the header", ErrFormat, rows)
		}
		if f.cov.Rows == s.o.MaxRows {
			return s.fail("%w: more than %d rows", ErrTooLarge, s.o.MaxRows)
		}
		word, numbers, err := s.splitRow(line, dim, rows < 0)
		if err != nil {
			return err
		}
		if f.cov.Rows == 0 {
			if err := s.parseRow(scratch, numbers); err != nil {
				return err
			}
			if err := f.begin(dim); err != nil {
				return s.fail("%w", err)
			}
		}
		if bytes.IndexByte(word, ' ') >= 0 {
			f.cov.Spaced++
		}
		if err := f.row(word, func(dst []float32) error { return s.parseRow(dst, numbers) }); err != nil {
			return err
		}
	}
	if f.cov.Rows == 0 {
		return s.fail("%w: no rows", ErrFormat)
	}
	if f.cov.Rows < rows && !s.o.Partial {
		return s.fail("%w: %d rows, the header says %d", ErrTruncated, f.cov.Rows, rows)
	}
	return nil
}

// splitRow splits a line into the word and the last dim fields. Only a file
// without header may have words with spaces (GloVe's of 840 billion tokens
// has ". . ." and "at name@domain.com"), none of which ends in a number: that
// would be a row with too many.
func (s *source) splitRow(line []byte, dim int, spaced bool) (word, numbers []byte, err error) {
	n := bytes.Count(line, []byte(" "))
	if n == dim {
		i := bytes.IndexByte(line, ' ')
		return line[:i], line[i+1:], nil
	}
	if n > dim && spaced {
		i := len(line)
		for range dim {
			i = bytes.LastIndexByte(line[:i], ' ')
		}
		word, numbers = line[:i], line[i+1:]
		last := word[bytes.LastIndexByte(word, ' ')+1:]
		if _, err := strconv.ParseFloat(string(last), 64); err != nil && len(last) > 0 {
			return word, numbers, nil
		}
	}
	return nil, nil, s.fail("%w: %d numbers, want %d", ErrRagged, n, dim)
}

// parseRow parses len(dst) numbers separated by single spaces.
func (s *source) parseRow(dst []float32, numbers []byte) error {
	for i := range dst {
		var field []byte
		field, numbers, _ = bytes.Cut(numbers, []byte(" "))
		v, err := parseFloat(field)
		if err != nil {
			return s.fail("number %d: %w", i+1, err)
		}
		dst[i] = v
	}
	return nil
}

// parseFloat parses a finite decimal number. strconv alone would also take
// hexadecimal, "inf" and "nan".
func parseFloat(b []byte) (float32, error) {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			if v, err := strconv.ParseFloat(string(b), 64); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
				return 0, fmt.Errorf("%w: %s", ErrNotFinite, b)
			}
			return 0, fmt.Errorf("%w: %.40q", ErrNumber, b)
		}
	}
	v, err := strconv.ParseFloat(string(b), 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%w: %.40s", ErrNotFinite, b)
	case err != nil:
		return 0, fmt.Errorf("%w: %.40q", ErrNumber, b)
	}
	return float32(v), nil
}
