package tensorfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	metaKey      = "__metadata__"
	headerCRCKey = "crc32c.header"
	tensorCRCKey = "crc32c.tensors"
	prefixLen    = 8
	maxMeta      = 4096 // metadata entries
)

// An entry is one tensor as the header describes it.
type entry struct {
	name       string
	at         int64 // file offset of the name
	dtype      DType
	shape      []int
	begin, end int64 // data_offsets
}

// A header is the parsed and checked header of a file.
type header struct {
	entries  []entry // in the order of their data
	index    map[string]int
	meta     map[string]string
	crcAt    int // index in the header of the digits of crc32c.header, -1 if absent
	dataLen  int64
	tensorCk []uint32 // per entry; nil if the file has no checksums
}

// A parser reads the JSON subset that headers are made of: objects of strings,
// and per tensor a string and two arrays of integers. Written for this form it
// needs no recursion, sees duplicate keys, and knows the offset of each fault.
type parser struct {
	b   []byte // the header, without the length before it
	i   int
	lim Limits
}

func (p *parser) fail(at int, field string, format string, args ...any) error {
	return formatErr(int64(prefixLen+at), field, format, args...)
}

func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\r' || p.b[p.i] == '\t') {
		p.i++
	}
}

// peek skips space and returns the next byte, 0 at the end. (A real zero byte
// is no part of JSON either.)
func (p *parser) peek() byte {
	p.space()
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) expect(c byte, where string) error {
	if got := p.peek(); got != c {
		if p.i >= len(p.b) {
			return p.fail(p.i, where, "%w: ends where %q should be", ErrHeader, c)
		}
		return p.fail(p.i, where, "%w: %q where %q should be", ErrHeader, p.b[p.i], c)
	}
	p.i++
	return nil
}

// items reads "open item , item ... close", calling item at the start of each.
func (p *parser) items(open, end byte, where string, item func(n int) error) error {
	if err := p.expect(open, where); err != nil {
		return err
	}
	if p.peek() == end {
		p.i++
		return nil
	}
	for n := 0; ; n++ {
		if err := item(n); err != nil {
			return err
		}
		if p.peek() == ',' {
			p.i++
			continue
		}
		return p.expect(end, where)
	}
}

// key reads a string and the colon after it.
func (p *parser) key(where string) (string, error) {
	k, err := p.str(where)
	if err != nil {
		return "", err
	}
	return k, p.expect(':', where)
}

// str reads a string.
func (p *parser) str(where string) (string, error) {
	raw, escaped, err := p.raw(where)
	if err != nil || !escaped {
		return string(raw), err
	}
	return unescape(raw), nil
}

// unescape returns the text of a string whose escapes are good, which is no longer.
func unescape(raw []byte) string {
	p := parser{b: raw}
	var text strings.Builder
	text.Grow(len(raw))
	for p.i < len(raw) {
		run := bytes.IndexByte(raw[p.i:], '\\')
		if run < 0 {
			run = len(raw) - p.i
		}
		text.Write(raw[p.i : p.i+run])
		if p.i += run; p.i < len(raw) {
			r, _ := p.escape()
			text.WriteRune(r)
		}
	}
	return text.String()
}

// raw reads a string and returns what is between its quotes, and whether there
// are escapes in it, which are good.
func (p *parser) raw(where string) (raw []byte, escaped bool, err error) {
	if err := p.expect('"', where); err != nil {
		return nil, false, err
	}
	start := p.i
	for {
		for p.i < len(p.b) && p.b[p.i] >= ' ' && p.b[p.i] != '"' && p.b[p.i] != '\\' {
			p.i++
		}
		if p.i >= len(p.b) {
			return nil, false, p.fail(p.i, where, "%w: string does not end", ErrHeader)
		}
		switch c := p.b[p.i]; c {
		case '"':
			p.i++
			if raw = p.b[start : p.i-1]; !utf8.Valid(raw) {
				return nil, false, p.fail(start, where, "%w: string is not valid UTF-8", ErrHeader)
			}
			return raw, escaped, nil
		case '\\':
			escaped = true
			at := p.i
			if _, ok := p.escape(); !ok {
				return nil, false, p.fail(at, where, "%w: bad escape in a string", ErrHeader)
			}
		default:
			return nil, false, p.fail(p.i, where, "%w: control character %#02x in a string", ErrHeader, c)
		}
	}
}

// escape reads the escape sequence at p.i. Half of a surrogate pair is none.
func (p *parser) escape() (rune, bool) {
	if p.i+1 >= len(p.b) {
		return 0, false
	}
	c := p.b[p.i+1]
	p.i += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		r, ok := p.hex4()
		if !ok || !utf16.IsSurrogate(r) {
			return r, ok
		}
		if p.i+1 >= len(p.b) || p.b[p.i] != '\\' || p.b[p.i+1] != 'u' {
			return 0, false
		}
		p.i += 2
		low, ok := p.hex4()
		r = utf16.DecodeRune(r, low)
		return r, ok && r != utf8.RuneError
	}
	return 0, false
}

func (p *parser) hex4() (rune, bool) {
	if p.i+4 > len(p.b) {
		return 0, false
	}
	var r rune
	for _, c := range p.b[p.i : p.i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}

// number reads a non-negative integer without sign, leading zeros, fraction or
// exponent that fits an int64.
func (p *parser) number(where string) (int64, error) {
	p.space()
	start := p.i
	for p.i < len(p.b) && '0' <= p.b[p.i] && p.b[p.i] <= '9' {
		p.i++
	}
	s := p.b[start:p.i]
	if len(s) == 0 || len(s) > 1 && s[0] == '0' {
		return 0, p.fail(start, where, "%w: want a non-negative integer", ErrHeader)
	}
	if len(s) > 19 {
		return 0, p.fail(start, where, "%w: number of %d digits", ErrTooLarge, len(s))
	}
	v, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil {
		return 0, p.fail(start, where, "%w: %s", ErrTooLarge, s)
	}
	return v, nil
}

// parseHeader parses b, the header's JSON, and checks everything in it that
// can be checked without the data.
func parseHeader(b []byte, lim Limits) (*header, error) {
	h := &header{crcAt: -1}
	p := &parser{b: b, lim: lim}
	// No more memory than the tensors that there can be.
	h.entries = make([]entry, 0, min(bytes.Count(b, []byte(`"dtype"`)), lim.MaxTensors))
	described := false
	err := p.items('{', '}', "header", func(int) error {
		p.space()
		at := p.i
		name, err := p.key("header")
		if err != nil {
			return err
		}
		if name == metaKey {
			if described {
				return p.fail(at, quote(name), "%w", ErrDuplicate)
			}
			described = true
			return p.metadata(h)
		}
		if len(h.entries) >= lim.MaxTensors {
			return p.fail(at, "header", "%w: more than %d tensors", ErrTooLarge, lim.MaxTensors)
		}
		e, err := p.entry(name, at)
		h.entries = append(h.entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(b) {
		return nil, p.fail(p.i, "header", "%w: %q after the closing brace", ErrHeader, b[p.i])
	}
	if err := h.checkLayout(); err != nil {
		return nil, err
	}
	return h, h.parseChecksums()
}

func (p *parser) metadata(h *header) error {
	h.meta = make(map[string]string)
	return p.items('{', '}', metaKey, func(n int) error {
		if n >= maxMeta {
			return p.fail(p.i, metaKey, "%w: more than %d entries", ErrTooLarge, maxMeta)
		}
		p.space()
		at := p.i
		k, err := p.key(metaKey)
		if err != nil {
			return err
		}
		if _, dup := h.meta[k]; dup {
			return p.fail(at, metaKey+"."+quote(k), "%w", ErrDuplicate)
		}
		p.space()
		if k == headerCRCKey {
			h.crcAt = p.i + 1
		}
		h.meta[k], err = p.str(metaKey + "." + quote(k))
		return err
	})
}

func (p *parser) entry(name string, at int) (entry, error) {
	e := entry{name: name, at: int64(prefixLen + at)}
	field := tensorField(name)
	var seen [3]bool
	fields := [3]string{"dtype", "shape", "data_offsets"}
	err := p.items('{', '}', field, func(int) error {
		p.space()
		at := p.i
		k, escaped, err := p.raw(field)
		if err == nil {
			err = p.expect(':', field)
		}
		if err != nil {
			return err
		}
		if escaped {
			k = []byte(unescape(k))
		}
		i := slices.IndexFunc(fields[:], func(f string) bool { return f == string(k) })
		if i < 0 {
			return p.fail(at, field, "%w: unknown field %s", ErrHeader, quote(string(k)))
		}
		if seen[i] {
			return p.fail(at, field, "%w: %s", ErrDuplicate, k)
		}
		seen[i] = true
		switch fields[i] {
		case "dtype":
			e.dtype, err = p.dtype(field)
		case "shape":
			e.shape, err = p.shape(field)
		default:
			e.begin, e.end, err = p.offsets(field)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	for i, ok := range seen {
		if !ok {
			return e, p.fail(at, field, "%w: no %s", ErrHeader, fields[i])
		}
	}
	return e, nil
}

func (p *parser) dtype(field string) (DType, error) {
	p.space()
	at := p.i
	s, err := p.str(field)
	if err != nil {
		return 0, err
	}
	d, err := parseDType(s)
	if err != nil {
		err = p.fail(at, field, "%w", err)
	}
	return d, err
}

// shape returns no nil without an error: a scalar has no dimensions.
func (p *parser) shape(field string) ([]int, error) {
	shape := []int{}
	err := p.items('[', ']', field, func(n int) error {
		p.space()
		at := p.i
		if n >= p.lim.MaxRank {
			return p.fail(at, field, "%w: more than %d dimensions", ErrTooLarge, p.lim.MaxRank)
		}
		d, err := p.number(field)
		if err == nil && d > math.MaxInt {
			err = p.fail(at, field, "%w: dimension %d", ErrTooLarge, d)
		}
		shape = append(shape, int(d))
		return err
	})
	return shape, err
}

// offsets reads the two numbers of data_offsets.
func (p *parser) offsets(field string) (begin, end int64, err error) {
	var v [2]int64
	n := 0
	p.space()
	at := p.i
	err = p.items('[', ']', field, func(i int) (err error) {
		if i >= len(v) {
			return p.fail(p.i, field, "%w: data_offsets has more than two numbers", ErrHeader)
		}
		n++
		v[i], err = p.number(field)
		return err
	})
	if err == nil && n != len(v) {
		err = p.fail(at, field, "%w: data_offsets has %d numbers, want 2", ErrHeader, n)
	}
	return v[0], v[1], err
}

// checkLayout sorts the entries by their data and checks that each has a name of
// its own, that they cover the data without gap or overlap, and that each has the
// bytes its shape needs.
func (h *header) checkLayout() error {
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		if a.begin != b.begin {
			return cmp.Compare(a.begin, b.begin)
		}
		return cmp.Compare(a.end, b.end)
	})
	h.index = make(map[string]int, len(h.entries))
	for i := range h.entries {
		e := &h.entries[i]
		if j, dup := h.index[e.name]; dup {
			return formatErr(max(e.at, h.entries[j].at), quote(e.name), "%w", ErrDuplicate)
		}
		h.index[e.name] = i
	}
	for _, e := range h.entries {
		if e.begin != h.dataLen || e.end < e.begin {
			return formatErr(e.at, tensorField(e.name), "%w: data_offsets [%d,%d] where a tensor must begin at %d",
				ErrLayout, e.begin, e.end, h.dataLen)
		}
		n, ok := byteSize(e.dtype, e.shape)
		if !ok {
			return formatErr(e.at, tensorField(e.name), "%w: size of %v %v overflows", ErrTooLarge, e.dtype, e.shape)
		}
		if n != e.end-e.begin {
			return formatErr(e.at, tensorField(e.name), "%w: %v %v takes %d bytes, data_offsets [%d,%d] give %d",
				ErrLayout, e.dtype, e.shape, n, e.begin, e.end, e.end-e.begin)
		}
		h.dataLen = e.end
	}
	return nil
}

// parseChecksums reads the two checksum entries and takes them out of meta.
func (h *header) parseChecksums() error {
	text, list := h.meta[tensorCRCKey]
	_, whole := h.meta[headerCRCKey]
	if list != whole {
		return formatErr(prefixLen, metaKey, "%w: only one of %s and %s is there", ErrChecksum, headerCRCKey, tensorCRCKey)
	}
	if !list {
		return nil
	}
	delete(h.meta, tensorCRCKey)
	if want := max(0, 9*len(h.entries)-1); len(text) != want {
		return formatErr(prefixLen, tensorCRCKey, "%w: %d characters for %d tensors, want %d", ErrChecksum, len(text), len(h.entries), want)
	}
	h.tensorCk = make([]uint32, len(h.entries))
	for i := range h.entries {
		ck, ok := parseCRC(text[9*i : 9*i+8])
		if !ok || i > 0 && text[9*i-1] != ' ' {
			return formatErr(prefixLen, tensorCRCKey, "%w: entry %d is not eight hexadecimal digits", ErrChecksum, i)
		}
		h.tensorCk[i] = ck
	}
	return nil
}

// byteSize returns the number of bytes of a tensor, and whether it fits.
func byteSize(d DType, shape []int) (int64, bool) {
	n := uint64(d.Size())
	for _, s := range shape {
		hi, lo := bits.Mul64(n, uint64(s))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		n = lo
	}
	return int64(n), true
}

// parseCRC is strict: lower-case digits only, so that no two texts mean the
// same sum and a flipped case bit is an error.
func parseCRC(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 16, 32)
	return uint32(v), err == nil && s == formatCRC(uint32(v))
}

func formatCRC(v uint32) string { return fmt.Sprintf("%08x", v) }

func tensorField(name string) string { return "tensor " + quote(name) }

// quote shortens what comes from a file before it gets into a message.
func quote(s string) string {
	const limit = 120
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "..."
	}
	return strconv.Quote(s)
}

func headerLength(prefix []byte) uint64 { return binary.LittleEndian.Uint64(prefix) }
