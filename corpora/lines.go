package corpora

import (
	"bytes"
	"io"
)

const (
	lineBuffer = 64 << 10 // bytes read at a time
	maxIdle    = 1 << 20  // a buffer that a long line made larger than this is given back
)

// A lineReader finds lines in a stream, holding one record of bounded length.
// A line ends in LF or CRLF; where the first 64 KiB hold CR but no LF, in CR.
// A CR anywhere else belongs to the line. The last line needs no end.
type lineReader struct {
	src io.Reader
	max int // longest record

	buf      []byte
	pos, end int   // unread bytes are buf[pos:end]
	err      error // what the source ended with
	sniffed  bool
	delim    byte

	line   int   // number of the line at pos, from 1
	offset int64 // of buf[pos] in the stream
}

func newLineReader(src io.Reader, max int) *lineReader {
	return &lineReader{src: src, max: max, delim: '\n', line: 1}
}

// fill reads more bytes behind buf[end], moving the unread ones if it must.
func (l *lineReader) fill() {
	if l.pos > 0 && (l.pos == l.end || len(l.buf)-l.end < lineBuffer/2) {
		n := copy(l.buf, l.buf[l.pos:l.end])
		l.pos, l.end = 0, n
		if len(l.buf) > maxIdle && n < lineBuffer/2 {
			l.buf = append(make([]byte, 0, lineBuffer), l.buf[:n]...)[:lineBuffer]
		}
	}
	if len(l.buf)-l.end < lineBuffer/2 {
		// Twice as much, but not far beyond the longest record.
		grown := make([]byte, max(len(l.buf)+lineBuffer, min(2*len(l.buf), l.max+2*lineBuffer)))
		copy(grown, l.buf[:l.end])
		l.buf = grown
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.end:])
		l.end += n
		if err != nil {
			l.err = err
		}
		if n > 0 || err != nil {
			break
		}
	}
	if !l.sniffed && l.end > 0 {
		l.sniffed = true
		head := l.buf[:l.end]
		if bytes.IndexByte(head, '\n') < 0 && l.err == nil {
			// The whole head is one line so far: look at all of it, not at what
			// one Read happened to give.
			for len(head) < lineBuffer/2 && l.err == nil && bytes.IndexByte(head, '\n') < 0 {
				n, err := l.src.Read(l.buf[l.end:])
				l.end += n
				l.err = err
				head = l.buf[:l.end]
			}
		}
		// A CR that is the last byte may be half of CRLF.
		if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head[:len(head)-1], '\r') >= 0 {
			l.delim = '\r'
		}
	}
}

// peek returns the unread bytes, at least n unless enough says that they will do
// or the stream ends, and whether that is all of it. They are valid until the next
// call of any other method.
func (l *lineReader) peek(n int, enough func([]byte) bool) (b []byte, whole bool) {
	for l.err == nil && l.end-l.pos < n && !enough(l.buf[l.pos:l.end]) {
		l.fill()
	}
	return l.buf[l.pos:l.end], l.err != nil
}

// holdsLine reports whether next would return without reading.
func (l *lineReader) holdsLine() bool {
	return l.err != nil || l.end-l.pos > l.max || bytes.IndexByte(l.buf[l.pos:l.end], l.delim) >= 0
}

// rest returns a reader of what was not taken.
func (l *lineReader) rest() io.Reader {
	return io.MultiReader(bytes.NewReader(bytes.Clone(l.buf[l.pos:l.end])), l.src)
}

// ahead finds the line that begins from bytes after the position, without
// taking it. The line is l.at(from, end) and the next one begins next bytes after
// the position. At the end of the stream it returns io.EOF, or the error that
// the stream ended with: what was read of an unfinished line is then no line.
// ErrTooLong means that the record would exceed the limit: see skip.
func (l *lineReader) ahead(from int) (end, next int, err error) {
	scan := from
	for {
		if i := bytes.IndexByte(l.buf[l.pos+scan:l.end], l.delim); i >= 0 {
			end, next = scan+i, scan+i+1
			break
		}
		scan = l.end - l.pos
		if l.err == io.EOF {
			if scan == from {
				return 0, 0, io.EOF
			}
			end, next = scan, scan
			break
		}
		if l.err != nil {
			return 0, 0, l.err
		}
		if scan > l.max+1 { // 1 for the CR of CRLF
			return 0, 0, ErrTooLong
		}
		l.fill()
	}
	if end > from && l.buf[l.pos+end-1] == '\r' && l.delim == '\n' {
		end--
	}
	if end > l.max {
		return 0, 0, ErrTooLong
	}
	return end, next, nil
}

// at returns bytes of the record at the position; they are valid until the next
// call of ahead, take or skip.
func (l *lineReader) at(from, end int) []byte { return l.buf[l.pos+from : l.pos+end] }

// take moves the position on by n bytes, which hold the given number of lines.
func (l *lineReader) take(n, lines int) {
	l.pos += n
	l.offset += int64(n)
	l.line += lines
}

// next returns the line at the position and takes it.
func (l *lineReader) next() ([]byte, error) {
	end, next, err := l.ahead(0)
	if err != nil {
		return nil, err
	}
	line := l.at(0, end)
	l.take(next, 1)
	return line, nil
}

// skip takes the rest of the line at the position, however long it is.
func (l *lineReader) skip() {
	for {
		if i := bytes.IndexByte(l.buf[l.pos:l.end], l.delim); i >= 0 {
			l.take(i+1, 1)
			return
		}
		l.take(l.end-l.pos, 0)
		if l.err != nil {
			l.line++
			return
		}
		l.fill()
	}
}
