package vocab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/textlstm/textlstm/internal/fsx"
)

// header begins the first line of a vocabulary file. The number is the version
// of the format.
const header = "#vocab 1 buckets="

// A ParseError says where a vocabulary file is bad.
type ParseError struct {
	Line int // from 1
	Err  error
}

func (e *ParseError) Error() string { return fmt.Sprintf("vocab: line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Read reads a vocabulary. The format is UTF-8 text:
//
//	#vocab 1 buckets=0
//	the<TAB>322198
//	good<TAB>15149
//
// one known token a line, in ID order, with its count. In a token, backslash,
// tab, newline and carriage return are written \\, \t, \n and \r. The last
// newline may be missing.
//
// Errors other than those of r itself are *ParseErrors. Memory stays within a
// small factor of the bytes read.
func Read(r io.Reader) (*Vocabulary, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	b := builder{ids: make(map[string]ID)}
	var buckets int
	var line []byte
	for n := 1; ; n++ {
		var err error
		line, err = readLine(br, line[:0])
		if err == io.EOF {
			if n == 1 {
				return nil, &ParseError{n, fmt.Errorf("%w: it is empty", ErrFormat)}
			}
			return b.build(buckets), nil
		}
		if err == nil {
			if n == 1 {
				buckets, err = parseHeader(string(line))
			} else {
				err = b.addLine(string(line))
			}
		} else if !errors.Is(err, ErrTooLarge) {
			return nil, fmt.Errorf("vocab: line %d: %w", n, err)
		}
		if err != nil {
			return nil, &ParseError{n, err}
		}
	}
}

// maxLine is the longest line Read takes: an escaped token, a tab, a count.
const maxLine = 2*MaxTokenBytes + 32

// readLine appends the next line, without its newline, to dst. It returns
// io.EOF only when there is none.
func readLine(br *bufio.Reader, dst []byte) ([]byte, error) {
	for {
		part, err := br.ReadSlice('\n')
		dst = append(dst, part...)
		if len(dst) > maxLine {
			return dst, fmt.Errorf("%w: line longer than %d bytes", ErrTooLarge, maxLine)
		}
		switch {
		case err == nil:
			return dst[:len(dst)-1], nil
		case err == io.EOF && len(dst) > 0:
			return dst, nil
		case err != bufio.ErrBufferFull:
			return dst, err
		}
	}
}

func parseHeader(line string) (buckets int, err error) {
	rest, ok := strings.CutPrefix(line, header)
	if !ok {
		return 0, fmt.Errorf("%w: want a first line %q followed by a number, got %q", ErrFormat, header, clip(line))
	}
	buckets, err = strconv.Atoi(rest)
	if err != nil || buckets < 0 || buckets > MaxTokens {
		return 0, fmt.Errorf("%w: buckets=%q, want 0 to %d", ErrFormat, clip(rest), MaxTokens)
	}
	return buckets, nil
}

func (b *builder) addLine(line string) error {
	escaped, number, ok := strings.Cut(line, "\t")
	if !ok {
		return fmt.Errorf("%w: want token<TAB>count, got %q", ErrFormat, clip(line))
	}
	count, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: count %q of token %q is not a number", ErrFormat, clip(number), clip(escaped))
	}
	token, err := unescape(escaped)
	if err != nil {
		return err
	}
	return b.add(token, count)
}

// clip shortens s for an error message.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

var escaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '\r') >= 0 {
		return "", fmt.Errorf("%w: carriage return in %q; line ends are LF alone", ErrFormat, clip(s))
	}
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		i++
		var c byte
		if i < len(s) {
			switch s[i] {
			case '\\':
				c = '\\'
			case 't':
				c = '\t'
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			}
		}
		if c == 0 {
			return "", fmt.Errorf("%w: bad escape in %q", ErrFormat, clip(s))
		}
		out = append(out, c)
	}
	return string(out), nil
}

// WriteTo writes v in the format that Read reads. Reading it back gives an
// equal vocabulary, and equal vocabularies give equal bytes.
func (v *Vocabulary) WriteTo(w io.Writer) (int64, error) {
	cw := &fsx.CountingWriter{W: w}
	bw := bufio.NewWriterSize(cw, 1<<16)
	fmt.Fprintf(bw, "%s%d\n", header, v.buckets)
	var number []byte
	for i, token := range v.tokens {
		escaper.WriteString(bw, token)
		number = append(number[:0], '\t')
		number = strconv.AppendInt(number, v.counts[i], 10)
		bw.Write(append(number, '\n'))
	}
	err := bw.Flush() // reports the first error of any write above
	return cw.N, err
}
