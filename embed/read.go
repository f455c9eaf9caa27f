package embed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/textlstm/textlstm/vocab"
)

// A Format is a file format of word vectors.
type Format uint8

// The formats that Read knows.
const (
	Auto         Format = iota // told by the file's first bytes
	GloVe                      // "word v1 ... vD" lines without a header; a word may contain spaces
	Word2VecText               // a line "rows D", then as GloVe; also fastText's .vec
	Word2VecBin                // a line "rows D", then binary float32
	FastTextBin                // fastText's .bin, not quantized
)

var formatNames = [...]string{"auto", "glove", "word2vec-text", "word2vec-binary", "fasttext-binary"}

// String returns the format's name, such as "glove".
func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// ReadOptions shape and bound a read. The zero value takes any format and
// dimension within the default limits.
type ReadOptions struct {
	Format Format
	Dim    int // of the vectors; 0 means whatever the file has, another number makes others ErrDim

	// Fold, if not nil, also gives a word the vector of one with the same
	// Fold: the first in the file, as long as the word itself is not there.
	// strings.ToLower matches regardless of case; a stemmer gives a stem the
	// vector of its most frequent word. FastTextBin, which has a vector for
	// every word, takes no notice of it.
	Fold func(word string) string

	// Partial accepts a text file that ends, after a whole row, before the
	// number of rows in its header, as the first lines of a larger file do.
	Partial bool

	MaxRows  int   // rows in the file; 0 means 4,000,000
	MaxDim   int   // 0 means 4096
	MaxBytes int64 // of the file, after decompression; 0 means 16 GiB
}

const (
	maxLine   = 1 << 20 // bytes of a line, and the size of the read buffer
	maxValues = 1 << 30 // of the table
)

func (o ReadOptions) resolve() ReadOptions {
	if o.MaxRows <= 0 {
		o.MaxRows = 4_000_000
	}
	if o.MaxDim <= 0 {
		o.MaxDim = 4096
	}
	o.MaxDim = min(o.MaxDim, maxLine/8)
	if o.MaxBytes <= 0 {
		o.MaxBytes = 16 << 30
	}
	return o
}

// Coverage says how much of a vocabulary a vector file knew. Words are the
// vocabulary's known tokens; the rows of padding, unknown words and hash
// buckets are not counted.
type Coverage struct {
	Format Format // of the file
	Rows   int    // in the file
	Dim    int    // of its vectors

	Found    int // words with a vector, Folded and Composed among them
	Folded   int // words found only by ReadOptions.Fold
	Composed int // words that FastTextBin made from character n-grams alone
	Missing  int // words without a vector

	FoundCount int64 // sum of the counts of the words found
	TotalCount int64 // sum of the counts of all words

	Duplicates int // rows for a word that already had its own; the first counts
	Spaced     int // rows whose word contains a space
}

// Share returns the share of words found, in [0, 1]; 0 for an empty vocabulary.
func (c Coverage) Share() float64 { return share(int64(c.Found), int64(c.Found+c.Missing)) }

// TokenShare returns the share of the texts' tokens whose word was found, in
// [0, 1], out of the tokens that are known words. It is 0 if the vocabulary has
// no counts.
func (c Coverage) TokenShare() float64 { return share(c.FoundCount, c.TotalCount) }

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// String returns the figures on one line.
func (c Coverage) String() string {
	s := fmt.Sprintf("%d of %d words have a vector (%.1f%%), %.1f%% of the tokens",
		c.Found, c.Found+c.Missing, 100*c.Share(), 100*c.TokenShare())
	if c.Folded > 0 {
		s += fmt.Sprintf("; %d folded", c.Folded)
	}
	if c.Composed > 0 {
		s += fmt.Sprintf("; %d from n-grams", c.Composed)
	}
	return s
}

// Read returns a table with one row for each ID of v, filled with the vectors
// in r of v's known tokens. A row "<unk>" in r goes to vocab.Unk. Rows without
// a vector are drawn from a normal distribution of mean 0 and the standard
// deviation of the vectors found (InitSD if none was), in ID order; with a nil
// rng they stay zero.
//
// Every row's length is checked, and in binary files every number. In text
// files the numbers of the first row and of the rows in use are parsed.
//
// The error is a *ParseError; there is no table then.
func Read(r io.Reader, v *vocab.Vocabulary, rng *rand.Rand, o ReadOptions) (*Table, Coverage, error) {
	o = o.resolve()
	src := &source{o: o}
	src.br = bufio.NewReaderSize(&countingReader{r: r, left: o.MaxBytes}, maxLine)
	f := newFiller(v, o)
	if err := src.read(f); err != nil {
		return nil, Coverage{}, err
	}
	t := f.finish(rng)
	return t, f.cov, nil
}

// ReadDim returns the dimension of the vectors in r, of which it reads no more
// than the beginning. The error is a *ParseError.
func ReadDim(r io.Reader, o ReadOptions) (int, error) {
	o = o.resolve()
	src := &source{o: o}
	src.br = bufio.NewReaderSize(&countingReader{r: r, left: o.MaxBytes}, maxLine)
	f := newFiller(new(vocab.Vocabulary), o)
	f.dimAlone = true
	if err := src.read(f); !errors.Is(err, errDimKnown) {
		return 0, err
	}
	return f.cov.Dim, nil
}

// errDimKnown ends a read that asks for the dimension alone.
var errDimKnown = errors.New("dimension is known")

// A countingReader fails, rather than end, after left bytes, so that a cut is
// never taken for the end.
type countingReader struct {
	r    io.Reader
	left int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, fmt.Errorf("%w: more bytes than MaxBytes", ErrTooLarge)
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1] // one more than allowed tells "too large" from "just right"
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return n - 1, nil // the next call reports it
	}
	return n, err
}

// A source is the file being read: br, and the place that errors name.
type source struct {
	br   *bufio.Reader
	o    ReadOptions
	line int   // number of the line read last; 0 in binary parts
	at   int64 // offset of the line or row being read
	next int64 // offset behind it
}

func (s *source) fail(format string, args ...any) error {
	return &ParseError{Line: s.line, Offset: s.at, Err: fmt.Errorf(format, args...)}
}

// read detects the format and reads all rows into f.
func (s *source) read(f *filler) error {
	start, err := s.br.Peek(maxLine)
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return s.fail("read: %w", err)
	}
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		start = start[3:]
		s.skip(3)
	}
	format := s.o.Format
	if format == Auto {
		if format, err = detect(start); err != nil {
			return s.fail("%w", err)
		}
	}
	f.cov.Format = format
	switch format {
	case GloVe:
		dim, err := modalDim(start)
		if err != nil {
			return s.fail("%w", err)
		}
		if s.o.Dim > 0 {
			dim = s.o.Dim // rows of another length will say so
		}
		return s.text(f, -1, dim)
	case Word2VecText, Word2VecBin:
		rows, dim, err := s.header()
		if err != nil {
			return err
		}
		if format == Word2VecText {
			return s.text(f, rows, dim)
		}
		return s.binary(f, rows, dim)
	case FastTextBin:
		return s.fastText(f)
	}
	return s.fail("%w: no format %v", ErrFormat, format)
}

// skip drops n bytes that are buffered.
func (s *source) skip(n int) {
	s.br.Discard(n)
	s.next += int64(n)
}

// checkSize checks the sizes that a header gives. rows is -1 if unknown.
func (s *source) checkSize(rows, dim int64) error {
	switch {
	case rows > int64(s.o.MaxRows):
		return s.fail("%w: %d rows, limit %d", ErrTooLarge, rows, s.o.MaxRows)
	case dim < 1:
		return s.fail("%w: dimension %d", ErrFormat, dim)
	case dim > int64(s.o.MaxDim):
		return s.fail("%w: dimension %d, limit %d", ErrTooLarge, dim, s.o.MaxDim)
	case s.o.Dim > 0 && dim != int64(s.o.Dim):
		return s.fail("%w: %d, want %d", ErrDim, dim, s.o.Dim)
	}
	return nil
}

// detect tells the format by the first bytes of a file.
func detect(b []byte) (Format, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b")), bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return 0, fmt.Errorf("%w: it is compressed", ErrFormat)
	case isFastText(b):
		return FastTextBin, nil
	}
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	if _, _, ok := parseHeader(first); !ok {
		return GloVe, nil
	}
	// Behind the first word of a text file there are but digits and signs.
	_, numbers, _ := bytes.Cut(rest, []byte(" "))
	for _, c := range numbers[:min(len(numbers), 32)] {
		if bytes.IndexByte([]byte("0123456789+-.eE \t\r\nnNaAiIfF"), c) < 0 {
			return Word2VecBin, nil
		}
		if c == '\n' {
			break
		}
	}
	return Word2VecText, nil
}

// States of a row while it is being filled.
const (
	rowEmpty = iota
	rowFolded
	rowComposed
	rowExact
)

// A filler puts vectors where they belong.
type filler struct {
	v     *vocab.Vocabulary
	fold  func(string) string
	folds map[string][]vocab.ID // by fold(token); nil without fold
	state []uint8               // by ID
	table *Table                // nil until the first row is known to be there

	dimAlone bool // end there
	cov      Coverage
}

func newFiller(v *vocab.Vocabulary, o ReadOptions) *filler {
	f := &filler{v: v, fold: o.Fold, state: make([]uint8, v.Len())}
	if f.fold != nil {
		f.folds = make(map[string][]vocab.ID, v.Known())
		for id, token := range v.All() {
			key := f.fold(token)
			f.folds[key] = append(f.folds[key], id)
		}
	}
	return f
}

// begin makes the table, once there is evidence for the dimension.
func (f *filler) begin(dim int) error {
	if f.table != nil {
		return nil
	}
	if f.v.Len() > maxValues/dim {
		return fmt.Errorf("%w: table of %d rows by %d, limit %d values", ErrTooLarge, f.v.Len(), dim, maxValues)
	}
	f.cov.Dim = dim
	if f.dimAlone {
		return errDimKnown
	}
	var err error
	f.table, err = New(f.v.Len(), dim)
	return err
}

// row takes one row of the file: the word, and a function that writes its
// vector to dst. The function is called only if the vector is wanted.
func (f *filler) row(word []byte, values func(dst []float32) error) error {
	f.cov.Rows++
	id, known := f.v.Lookup(string(word))
	if !known && string(word) == f.v.Token(vocab.Unk) {
		id, known = vocab.Unk, true
	}
	if known {
		if f.state[id] == rowExact {
			f.cov.Duplicates++
			return nil
		}
		f.state[id] = rowExact
		if err := values(f.table.Row(id)); err != nil {
			return err
		}
	}
	if f.fold == nil {
		return nil
	}
	for _, id := range f.folds[f.fold(string(word))] {
		if f.state[id] != rowEmpty {
			continue
		}
		f.state[id] = rowFolded
		if err := values(f.table.Row(id)); err != nil {
			return err
		}
	}
	return nil
}

// finish draws the rows that are missing and adds up the coverage.
func (f *filler) finish(rng *rand.Rand) *Table {
	for id := range f.v.All() {
		f.cov.TotalCount += f.v.Count(id)
		if f.state[id] == rowEmpty {
			f.cov.Missing++
			continue
		}
		f.cov.Found++
		f.cov.FoundCount += f.v.Count(id)
		switch f.state[id] {
		case rowFolded:
			f.cov.Folded++
		case rowComposed:
			f.cov.Composed++
		}
	}
	if rng != nil {
		sd := f.sd()
		for id := vocab.Pad + 1; int(id) < f.v.Len(); id++ {
			if f.state[id] == rowEmpty {
				row := f.table.Row(id)
				for i := range row {
					row[i] = float32(rng.NormFloat64() * sd)
				}
			}
		}
	}
	f.table.Weight.Changed()
	return f.table
}

// sd returns the standard deviation of the values found.
func (f *filler) sd() float64 {
	var n, sum, squares float64
	for id, state := range f.state {
		if state == rowEmpty {
			continue
		}
		for _, x := range f.table.Row(vocab.ID(id)) {
			n++
			sum += float64(x)
			squares += float64(x) * float64(x)
		}
	}
	if n == 0 {
		return InitSD
	}
	mean := sum / n
	return math.Sqrt(max(0, squares/n-mean*mean))
}
