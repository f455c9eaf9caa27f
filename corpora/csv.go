package corpora

import (
	"bytes"
	"fmt"
	"io"
)

// A span is a field's place in the record, or in scratch if it was quoted.
type span struct {
	from, to int
	quoted   bool
}

// rescanGrace is what may be read twice, on top of twice the file so far, to go
// on behind a quote that is never closed.
const rescanGrace = 16 << 20

// splitCSV finds the fields of the record at the position, which may take
// several lines. Quotes inside a field that does not begin with one are
// ordinary. It returns the number of lines and the column of a fault.
//
// A record with a fault ends at its first line, so that a stray quote costs one
// row and not the rest of the file; but where this would make the time more
// than linear, it ends where the fault is.
func (t *tableRows) splitCSV() (lines, column int, err error) {
	t.spans, t.scratch = t.spans[:0], t.scratch[:0]
	end, next, err := t.lines.ahead(0)
	if err != nil {
		return 0, 0, err
	}
	firstEnd := next
	lines = 1
	p, lineStart := 0, 0
	rec := t.lines.at(0, end)
	fault := func(col int, err error) (int, int, error) {
		t.length = next
		if lines > 1 {
			if t.rescan -= int64(next); t.rescan+2*t.lines.offset+rescanGrace >= 0 {
				t.length, lines = firstEnd, 1
			}
		}
		return lines, col, err
	}
	for {
		if p < len(rec) && rec[p] == '"' {
			open, openLine, start := p-lineStart+1, t.lines.line+lines-1, len(t.scratch)
			p++
			for {
				i := bytes.IndexByte(rec[p:], '"')
				if i >= 0 {
					t.scratch = append(t.scratch, rec[p:p+i]...)
					p += i + 1
					if p < len(rec) && rec[p] == '"' {
						t.scratch = append(t.scratch, '"')
						p++
						continue
					}
					break
				}
				t.scratch = append(t.scratch, t.lines.at(p, next)...) // with its line end
				p, lineStart = next, next
				end, after, err := t.lines.ahead(next)
				switch {
				case err == ErrTooLong, err == io.EOF:
					return fault(open, fmt.Errorf("the quote that opens at %d:%d is not closed within the %d bytes of a row or the file: %w", openLine, open, t.lines.max, ErrQuote))
				case err != nil:
					return 0, 0, err
				}
				next = after
				rec = t.lines.at(0, end)
				lines++
			}
			t.spans = append(t.spans, span{start, len(t.scratch), true})
			if p == len(rec) {
				break
			}
			if rec[p] != t.comma {
				return fault(p-lineStart+1, fmt.Errorf("%q after a closing quote: %w", rec[p], ErrQuote))
			}
			p++
			continue
		}
		i := bytes.IndexByte(rec[p:], t.comma)
		if i < 0 {
			t.spans = append(t.spans, span{p, len(rec), false})
			break
		}
		t.spans = append(t.spans, span{p, p + i, false})
		p += i + 1
	}
	t.fields = t.fields[:0]
	for _, s := range t.spans {
		if s.quoted {
			t.fields = append(t.fields, t.scratch[s.from:s.to])
		} else {
			t.fields = append(t.fields, rec[s.from:s.to])
		}
	}
	t.length = next
	return lines, 0, nil
}

// isSentinel reports whether err is about the content of one row.
func isSentinel(err error) bool {
	for err != nil {
		if _, ok := err.(sentinel); ok {
			return err != ErrEncoding && err != ErrTooLarge
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return false
		}
		err = u.Unwrap()
	}
	return false
}
