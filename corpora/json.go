package corpora

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// jsonRows reads JSON objects: one per line, or the elements of an array.
type jsonRows struct {
	*file
	lines          *lineReader
	values         *valueReader // nil if there is an object per line
	array, wrapped bool         // the values are the elements of an array, of an object's member

	opts   Options  // with the names of the columns, once known
	keys   []string // of the last row
	cols   columns
	used   []jsonColumn
	fields [][]byte // by key, of those that are used as text
}

// A jsonColumn is a key whose value is used.
type jsonColumn struct {
	at          int
	text, label bool
}

// newJSON finds out how the objects of a stream are laid out.
func (f *file) newJSON(lines *lineReader) (rows, error) {
	t := &jsonRows{file: f, lines: lines, opts: f.Reader.opts}
	if f.Reader.opts.Before != (Position{}) {
		return t, nil // a piece of JSON lines
	}
	head, _ := lines.peek(jsonHead, func(b []byte) bool { // no more than it takes: the stream may be slow
		line, _, whole := bytes.Cut(bytes.TrimLeft(b, " \t\r\n"), []byte("\n"))
		return bytes.HasPrefix(line, []byte("[")) || whole && len(bytes.TrimSpace(line)) > 1
	})
	start, err := jsonStart(head)
	if err != nil {
		return nil, &ParseError{File: f.name, Line: 1, Err: err}
	}
	if start != nil {
		f.lines = nil // Ready can tell of lines alone
		t.values = newValueReader(lines.rest(), f.Reader.opts.Limits.RecordBytes)
		for range start {
			t.values.byte()
		}
		if t.array = len(start) > 0; t.array {
			f.guess("layout", "a JSON array")
		}
		t.wrapped = bytes.Contains(start, []byte("{"))
	}
	return t, nil
}

// jsonHead is how far the beginning of a JSON file is looked at.
const jsonHead = 64 << 10

// jsonStart returns what stands before the first object of a JSON file that is an
// array, or an object whose member "data" is one; nothing, but not nil, of objects
// that take several lines each; and nil of JSON lines. It refuses the layouts of
// pandas that are not row by row.
func jsonStart(head []byte) ([]byte, error) {
	const advice = `: write it as a list of rows, with pandas to_json(orient="records"): %w`
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	at := len(head) - len(trimmed)
	if bytes.HasPrefix(trimmed, []byte("[")) {
		return head[:at+1], nil
	}
	if !bytes.HasPrefix(trimmed, []byte("{")) {
		return nil, nil
	}
	s := jsonScanner{b: trimmed, i: 1}
	for first := true; ; first = false {
		key, ok := s.key()
		if !ok {
			break
		}
		value := bytes.TrimLeft(trimmed[s.i:], " \t\r\n")
		inner := ""
		if len(value) > 1 {
			inner = string(bytes.TrimLeft(value[1:], " \t\r\n"))
		}
		switch {
		case key == "data" && bytes.HasPrefix(value, []byte("[")) && strings.HasPrefix(inner, "{"):
			return head[:len(head)-len(value)+1], nil
		case key == "data" && bytes.HasPrefix(value, []byte("[")) && strings.HasPrefix(inner, "["):
			return nil, fmt.Errorf("rows without names"+advice, ErrFormat)
		case first && bytes.HasPrefix(value, []byte("{")) && (strings.HasPrefix(inner, `"0"`) || key == "0"):
			return nil, fmt.Errorf("a table by columns or by index"+advice, ErrFormat)
		}
		if !s.skip() {
			break
		}
	}
	if line, _, more := bytes.Cut(trimmed, []byte("\n")); more && len(bytes.TrimSpace(line)) == 1 {
		return []byte{}, nil
	}
	return nil, nil
}

// A jsonScanner walks the members of an object that may be cut off or not be JSON.
type jsonScanner struct {
	b []byte
	i int
}

// key moves behind the next key and its colon.
func (s *jsonScanner) key() (string, bool) {
	rest := bytes.TrimLeft(s.b[s.i:], " \t\r\n,")
	if len(rest) == 0 || rest[0] != '"' {
		return "", false
	}
	start := len(s.b) - len(rest)
	s.i = start
	if !s.skip() {
		return "", false
	}
	key := string(s.b[start+1 : s.i-1])
	rest = bytes.TrimLeft(s.b[s.i:], " \t\r\n")
	s.i = len(s.b) - len(rest) + 1
	return key, len(rest) > 0 && rest[0] == ':'
}

// skip moves behind the value at i and reports whether it is whole.
func (s *jsonScanner) skip() bool {
	var v valueState
	for ; s.i < len(s.b); s.i++ {
		if v.started && v.depth == 0 && v.scalar && (s.b[s.i] == ',' || s.b[s.i] == '}') {
			return true
		}
		if v.add(s.b[s.i]) {
			s.i++
			return true
		}
	}
	return false
}

// A valueState follows the bytes of a JSON value to its end.
type valueState struct {
	depth           int
	started, scalar bool // scalar: a number or a word, which ends before what follows
	text, escaped   bool // within a string
}

// add adds a byte and reports whether it is the last of a string, list or object.
func (v *valueState) add(c byte) bool {
	switch {
	case v.escaped:
		v.escaped = false
	case v.text:
		v.escaped, v.text = c == '\\', c != '"'
		return c == '"' && v.depth == 0
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
	case c == '"':
		v.started, v.text = true, true
	case c == '{' || c == '[':
		v.started = true
		v.depth++
	case c == '}' || c == ']':
		v.depth--
		return v.depth <= 0
	default:
		v.scalar = v.scalar || !v.started
		v.started = true
	}
	return false
}

// A valueReader cuts a stream into JSON values, between which there may be commas.
type valueReader struct {
	br     *bufio.Reader
	max    int
	buf    []byte
	line   int // of the next byte
	offset int64
	closed bool // the bracket that ends the array was read
}

func newValueReader(src io.Reader, max int) *valueReader {
	return &valueReader{br: bufio.NewReaderSize(src, lineBuffer), max: max, line: 1}
}

func (r *valueReader) byte() (byte, error) {
	c, err := r.br.ReadByte()
	if err != nil {
		return 0, err
	}
	r.offset++
	if c == '\n' {
		r.line++
	}
	return c, nil
}

// next returns the next value, valid until the next call, and where it begins. It
// returns io.EOF at the end of the stream or behind the bracket that ends the array,
// and ErrTooLong for a value that it has passed over.
func (r *valueReader) next() (value []byte, line int, offset int64, err error) {
	if cap(r.buf) > maxIdle {
		r.buf = nil
	}
	r.buf = r.buf[:0]
	var v valueState
	long := false
	for {
		c, err := r.byte()
		switch {
		case err == io.EOF && v.started && !v.scalar:
			return nil, line, offset, io.ErrUnexpectedEOF
		case err == io.EOF && v.started:
			return r.buf, line, offset, nil
		case err != nil:
			return nil, r.line, r.offset, err
		}
		if !v.started {
			switch c {
			case ' ', '\t', '\r', '\n', ',':
				continue
			case ']':
				r.closed = true
				return nil, r.line, r.offset, io.EOF
			}
			line, offset = r.line, r.offset-1
		}
		if v.scalar && (c == ',' || c == ']' || c == '\n') {
			r.br.UnreadByte()
			r.offset--
			if c == '\n' {
				r.line--
			}
			return r.buf, line, offset, nil
		}
		end := v.add(c)
		if long = long || len(r.buf) >= r.max; !long {
			r.buf = append(r.buf, c)
		}
		if end {
			if long {
				return nil, line, offset, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.max)
			}
			return r.buf, line, offset, nil
		}
	}
}

func (t *jsonRows) next(ex *Example) error {
	for {
		value, err := t.value()
		if err != nil {
			return err
		}
		if value = bytes.TrimSpace(value); len(value) == 0 {
			t.blank()
			continue
		}
		if !json.Valid(value) {
			column := 0
			err := json.Unmarshal(value, new(json.RawMessage))
			if se, ok := errors.AsType[*json.SyntaxError](err); ok && t.values == nil {
				column = int(se.Offset)
			}
			return t.refuse(column, fmt.Errorf("%w: %w", ErrSyntax, err))
		}
		if value[0] != '{' {
			if t.values != nil {
				return t.refuse(1, fmt.Errorf("want a JSON object: %w", ErrSyntax))
			}
			return t.refuse(1, fmt.Errorf("want one JSON object per line: %w", ErrSyntax))
		}
		if err := t.object(ex, value); err != nil {
			return t.rowError(err)
		}
		return nil
	}
}

// value returns the next line or element.
func (t *jsonRows) value() ([]byte, error) {
	if t.values == nil {
		return t.line(t.lines)
	}
	value, line, offset, err := t.values.next()
	t.begin(line, offset)
	switch {
	case errors.Is(err, ErrTooLong):
		return nil, t.refuse(0, err)
	case err == io.EOF && t.array && !t.values.closed:
		err = fmt.Errorf("the array does not end: %w", io.ErrUnexpectedEOF)
	case err == io.EOF && t.array && !t.wrapped:
		if more, _, _, last := t.values.next(); last != io.EOF {
			err = fmt.Errorf("%.40q follows the array: %w", more, ErrSyntax)
		}
	}
	if err != nil && err != io.EOF {
		err = &ParseError{File: t.name, Line: line, Offset: offset, Err: err}
	}
	return value, err
}

// object makes an example of a valid JSON object.
func (t *jsonRows) object(ex *Example, b []byte) error {
	n := 0
	same := true
	for key, value := range objectFields(b) {
		if same = same && n < len(t.keys) && t.keys[n] == key; !same {
			t.keys = append(t.keys[:n], key)
		}
		if n == len(t.fields) {
			t.fields = append(t.fields, nil)
		}
		t.fields[n] = value
		n++
	}
	if !same || n != len(t.keys) || t.cols.text == nil {
		t.keys = t.keys[:n]
		if err := t.setColumns(); err != nil {
			t.keys, t.cols.text = nil, nil
			return err
		}
	}
	if t.opts.Keep {
		for i, key := range t.keys {
			ex.Fields = append(ex.Fields, Field{key, t.text(t.fields[i]), true})
		}
	}
	for _, u := range t.used {
		var err error
		value := t.fields[u.at]
		switch {
		case u.text && strings.IndexByte("{[tf", value[0]) >= 0:
			return fmt.Errorf("key %q is %s, want a string: %w", t.keys[u.at], kind(value), ErrSyntax)
		case u.label:
			t.fields[u.at], err = labelValue(value)
		default:
			t.fields[u.at], err = scalar(value)
		}
		if err != nil {
			return fmt.Errorf("key %q: %w", t.keys[u.at], err)
		}
	}
	return t.example(ex, &t.cols, t.fields)
}

// setColumns finds the columns among the keys of a row. The text column of the
// first row is that of all, and so is a label column once there is one.
func (t *jsonRows) setColumns() error {
	cols, err := t.opts.resolve(t.keys, true)
	switch {
	case errors.Is(err, errAmbiguous) && t.header == nil:
		return &ParseError{File: t.name, Line: t.at, Offset: t.offset, Err: err}
	case err != nil:
		return t.keyError(err)
	}
	if len(cols.text) == 0 {
		return fmt.Errorf("no text column, the keys are %s: name it (--text-col): %w", quoteList(t.keys), ErrColumns)
	}
	t.used = t.used[:0]
	for _, i := range cols.used() {
		if slices.Contains(t.keys[i+1:], t.keys[i]) {
			return fmt.Errorf("key %q twice: %w", t.keys[i], ErrSyntax)
		}
		isLabel := slices.ContainsFunc(cols.labels, func(l labelColumn) bool { return slices.Contains(l.at, i) })
		isText := slices.Contains(cols.text, i)
		if isText || !isLabel || !t.opts.Unlabelled {
			t.used = append(t.used, jsonColumn{i, isText, isLabel})
		}
	}
	t.cols = cols
	if t.header == nil {
		t.header = slices.Clone(t.keys)
	}
	if !t.labelled { // what later rows lack is not noted again
		t.guessColumns(&cols, t.keys)
	}
	if len(t.opts.TextColumns) == 0 {
		t.opts.TextColumns = []string{t.keys[cols.text[0]]}
	}
	if at := cols.labels[0].at; len(at) > 0 {
		t.labelled = true
		if len(t.opts.Heads) == 0 {
			t.opts.Heads = []Head{{t.heads[0], t.keys[at[0]]}}
		}
	}
	return nil
}

// keyError says of a row whose text column was known that it lacks it.
func (t *jsonRows) keyError(err error) error {
	for _, name := range t.opts.TextColumns {
		if findColumn(t.keys, []string{name}) < 0 && len(t.opts.TextColumns) == 1 {
			return fmt.Errorf("no key %q: %w", name, ErrColumns)
		}
	}
	return err
}

// labelValue returns the label that a JSON value is, or the cell of a list of them.
func labelValue(value []byte) ([]byte, error) {
	if value[0] == '[' {
		var parts []json.RawMessage
		if err := json.Unmarshal(value, &parts); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		cell := []byte(setMark)
		for i, p := range parts {
			s, err := labelValue(p)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				cell = append(cell, DefaultSeparator...)
			}
			cell = append(cell, s...)
		}
		return cell, nil
	}
	if kind(value) == "a number" && bytes.ContainsAny(value, ".eE") {
		if v, err := strconv.ParseFloat(string(value), 64); err == nil {
			return appendNumber(nil, v, 64), nil
		}
	}
	return scalar(value)
}

// scalar returns a JSON string without quotes and escapes, a number or truth
// value as written, and nothing for null.
func scalar(value []byte) ([]byte, error) {
	switch value[0] {
	case '"':
		if bytes.IndexByte(value, '\\') < 0 {
			return value[1 : len(value)-1], nil
		}
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		return []byte(s), nil
	case 'n':
		return nil, nil
	case '{', '[':
		return nil, fmt.Errorf("%s, want a string or a number: %w", kind(value), ErrSyntax)
	}
	return value, nil
}

func kind(value []byte) string {
	switch value[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a truth value"
	case 'n':
		return "null"
	}
	return "a number"
}

// objectFields ranges over the keys and values of an object that is known to be
// valid JSON.
func objectFields(b []byte) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		i := 1 // behind '{'
		for {
			for b[i] != '"' {
				if b[i] == '}' {
					return
				}
				i++
			}
			end := skipString(b, i)
			key := string(b[i+1 : end-1])
			if strings.IndexByte(key, '\\') >= 0 {
				json.Unmarshal(b[i:end], &key)
			}
			for i = end; b[i] != ':'; i++ {
			}
			for i++; b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n'; i++ {
			}
			end = skipValue(b, i)
			if !yield(key, b[i:end]) {
				return
			}
			i = end
		}
	}
}

// skipString returns the end of the string that begins at b[i].
func skipString(b []byte, i int) int {
	i++
	if end := i + bytes.IndexByte(b[i:], '"'); bytes.IndexByte(b[i:end], '\\') < 0 {
		return end + 1
	}
	for ; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the end of the value that begins at b[i].
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for !bytes.ContainsRune([]byte(",}] \t\r\n"), rune(b[i])) {
		i++
	}
	return i
}
