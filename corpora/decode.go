package corpora

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/saintfish/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	sniffBytes  = 64 << 10 // looked at to detect an encoding
	replacement = "\uFFFD"
)

// encodingByName finds an encoding by its WHATWG name or label; nil for UTF-8.
func encodingByName(name string) (encoding.Encoding, string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "utf8", "utf-8", "utf-8-sig", "ascii", "us-ascii":
		return nil, "utf-8", nil
	case "utf-16", "utf16", "ucs-2":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16", nil
	case "gb-18030":
		name = "gb18030"
	case "latin-1":
		name = "latin1"
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, "", fmt.Errorf("corpora: encoding %q is not known: %w", name, ErrFormat)
	}
	canonical, err := htmlindex.Name(e)
	if err != nil || canonical == "replacement" || canonical == "x-user-defined" {
		return nil, "", fmt.Errorf("corpora: encoding %q is not read: %w", name, ErrFormat)
	}
	return e, canonical, nil
}

func checkEncoding(name string) error {
	if name == "" || name == "auto" {
		return nil
	}
	_, _, err := encodingByName(name)
	return err
}

// A decoder turns a stream of some encoding into valid UTF-8 without a byte
// order mark. An encoding that neither options, mark nor declaration name is
// taken for UTF-8 until the first byte that is not, and judged from there.
type decoder struct {
	br       *bufio.Reader
	strict   bool
	name     string    // of the encoding, once known
	how      string    // "given", "by its byte order mark", "as declared", "as detected", ""
	from     io.Reader // decodes, once the encoding is known not to be UTF-8
	settled  bool      // the encoding is known
	evidence int       // sequences of several bytes of good UTF-8 so far, up to 64
	bad      int64     // bytes (or units of another encoding) replaced
	pending  []byte    // decoded, not yet returned
	err      error
	more     func() bool // whether to wait for more bytes to judge by; nil is yes
}

// newDecoder decodes br, whose buffer must hold sniffBytes, by the named
// encoding, or by the one that it finds.
func newDecoder(br *bufio.Reader, name string, strict bool) (*decoder, error) {
	d := &decoder{br: br, strict: strict}
	if name != "" && name != "auto" {
		e, canonical, err := encodingByName(name)
		if err != nil {
			return nil, err
		}
		d.settle(e, canonical, "given")
		d.skipBOM()
		return d, nil
	}
	head, _ := br.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		d.settle(nil, "utf-8", "by its byte order mark")
		d.skipBOM()
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}), bytes.Equal(head, []byte{0, 0, 0xfe, 0xff}):
		return nil, fmt.Errorf("UTF-32 is not read: convert the file to UTF-8: %w", ErrFormat)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		d.settle(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), "utf-16le", "by its byte order mark")
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		d.settle(unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), "utf-16be", "by its byte order mark")
	default:
		head, _ := br.Peek(br.Buffered())
		if e, name := guessUTF16(head); e != nil {
			d.settle(e, name, "as detected")
		} else if e, name := declared(head); e != nil {
			d.settle(e, name, "as declared")
		} else {
			d.name = "utf-8"
		}
	}
	return d, nil
}

func (d *decoder) settle(e encoding.Encoding, name, how string) {
	d.name, d.how, d.settled = name, how, true
	if e != nil {
		d.from = transform.NewReader(d.br, e.NewDecoder())
	}
}

func (d *decoder) skipBOM() {
	if head, _ := d.br.Peek(3); d.from == nil && string(head) == "\xef\xbb\xbf" {
		d.br.Discard(3)
	}
}

// guessUTF16 recognises UTF-16 without a mark by its zero bytes: text of Latin
// letters has them at every other place.
func guessUTF16(head []byte) (encoding.Encoding, string) {
	head = head[:min(len(head), 4096)]
	var zero [2]int
	for i, b := range head {
		if b == 0 {
			zero[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half < 2:
	case zero[1] > half/2 && zero[0] <= half/64:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le"
	case zero[0] > half/2 && zero[1] <= half/64:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be"
	}
	return nil, ""
}

var declaration = regexp.MustCompile(`(?i)^(?:#.*coding[:=][ \t]*|<\?xml [^>]*encoding=["']|(?:<!doctype[^>]*>\s*)?<html[^>]*>\s*<head[^>]*>\s*<meta [^>]*charset=["']?)([-\w.:]+)`)

// declared finds an encoding that the file names in its first line: a "coding:"
// comment, an XML declaration, or the charset of an HTML head.
func declared(head []byte) (encoding.Encoding, string) {
	m := declaration.FindSubmatch(head[:min(len(head), 1024)])
	if m == nil {
		return nil, ""
	}
	e, name, err := encodingByName(string(m[1]))
	if err != nil || strings.HasPrefix(name, "utf-16") { // it was read as bytes, so it is not
		return nil, ""
	}
	return e, name
}

// Read fills p with valid UTF-8.
func (d *decoder) Read(p []byte) (int, error) {
	for {
		if len(d.pending) > 0 {
			n := copy(p, d.pending)
			d.pending = d.pending[n:]
			return n, nil
		}
		if d.err != nil {
			return 0, d.err
		}
		if d.from != nil {
			n, err := d.from.Read(p)
			if bad := bytes.Count(p[:n], []byte(replacement)); bad > 0 {
				d.bad += int64(bad)
				if d.strict {
					return 0, d.fail(fmt.Errorf("bytes that are not %s: %w", d.name, ErrEncoding))
				}
			}
			return n, err
		}
		if n := d.readUTF8(p); n > 0 {
			return n, nil
		}
	}
}

func (d *decoder) fail(err error) error {
	d.err = err
	return err
}

// readUTF8 copies good UTF-8 to p. It returns 0 when it left something in
// pending or err, or found that the encoding is another.
func (d *decoder) readUTF8(p []byte) int {
	if _, err := d.br.Peek(1); err != nil {
		d.err = err
		return 0
	}
	b, _ := d.br.Peek(min(d.br.Buffered(), len(p)))
	good := validPrefix(b)
	if good > 0 {
		n := copy(p, b[:good])
		d.note(b[:good])
		d.br.Discard(n)
		return n
	}
	b, _ = d.br.Peek(utf8.UTFMax) // the rune may lie across the buffer's end
	if r, size := utf8.DecodeRune(b); r != utf8.RuneError || size > 1 {
		d.pending = append(d.pending[:0], b[:size]...)
		d.br.Discard(size)
		return 0
	}
	fault := b[0] // window may move what the buffer holds
	if !d.settled {
		d.settled = true
		if e, name, doubt := detect(d.window(), d.evidence); e != nil {
			how := "as detected"
			if doubt {
				how = "in doubt (--encoding)"
			}
			d.settle(e, name, how)
			return 0
		}
	}
	d.bad++
	if d.strict {
		d.fail(fmt.Errorf("byte 0x%02x is not UTF-8: %w", fault, ErrEncoding))
		return 0
	}
	d.pending = append(d.pending[:0], replacement...)
	d.br.Discard(1)
	return 0
}

// window returns what the encoding is judged by: up to sniffBytes, fewer if a slow
// source has no more yet.
func (d *decoder) window() []byte {
	b, err := d.br.Peek(d.br.Buffered())
	for len(b) < sniffBytes && err == nil && (d.more == nil || d.more()) {
		b, err = d.br.Peek(max(len(b)+1, d.br.Buffered()))
	}
	return b
}

// note counts the sequences of several bytes in b, as far as they matter.
func (d *decoder) note(b []byte) {
	if d.settled || d.evidence >= 64 {
		return
	}
	for _, c := range b {
		if c >= 0xc0 {
			if d.evidence++; d.evidence >= 64 {
				return
			}
		}
	}
}

// validPrefix returns the length of the longest prefix of b that is whole, valid
// UTF-8.
func validPrefix(b []byte) int {
	if utf8.Valid(b) {
		return len(b)
	}
	n := 0
	for len(b)-n > 256 { // Valid is much faster than DecodeRune
		end := n + 256
		for end > n && !utf8.RuneStart(b[end]) {
			end--
		}
		if end == n || !utf8.Valid(b[n:end]) {
			break
		}
		n = end
	}
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		n += size
	}
	return n
}

// detect judges the encoding of a text that is not UTF-8 at its first byte,
// after evidence good sequences of several bytes. It returns nil where UTF-8 with faults is the better explanation, and whether the
// text is too short or too odd to be sure.
func detect(window []byte, evidence int) (_ encoding.Encoding, name string, doubt bool) {
	good, bad := evidence, 0
	for b := window; len(b) > 0; {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			if utf8.FullRune(b) { // not merely cut by the window
				bad++
			}
		case size > 1:
			good++
		}
		b = b[size:]
	}
	if good >= bad {
		return nil, "", false
	}
	if isThai(window) {
		e, name, _ := encodingByName("windows-874")
		return e, name, false
	}
	results, err := chardet.NewTextDetector().DetectAll(window)
	if err != nil {
		results = nil
	}
	// The detector's own order depends on goroutines where confidences are equal.
	slices.SortFunc(results, func(a, b chardet.Result) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Charset, b.Charset))
	})
	latin, latinName, latinDoubt := detectLatin(window)
	latinFits := latin != nil && plausible(window, latin)
	for _, r := range results {
		name := strings.ToLower(r.Charset)
		if r.Confidence < 10 || strings.HasPrefix(name, "utf") || strings.HasPrefix(name, "ibm") {
			continue
		}
		e, canonical, err := encodingByName(name)
		switch isLatin := slices.Contains(latinNames, name); {
		case err != nil || e == nil:
		case isLatin && latinFits:
			return latin, latinName, latinDoubt
		case !isLatin && plausible(window, e):
			return e, canonical, r.Confidence < 20
		}
	}
	if latinFits {
		return latin, latinName, latinDoubt
	}
	return nil, "", false
}

// latinNames are the names that the detector has for Latin encodings.
var latinNames = []string{"iso-8859-1", "windows-1252", "iso-8859-2", "windows-1250", "iso-8859-9", "windows-1254"}

// plausible reports whether window reads as text in the encoding: hardly any
// undecodable byte and no control characters.
func plausible(window []byte, e encoding.Encoding) bool {
	text, err := e.NewDecoder().Bytes(window)
	if err != nil {
		return false
	}
	var foreign, faults int
	for i, r := range string(text) {
		if r < utf8.RuneSelf {
			continue
		}
		foreign++
		if r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r >= 0xe000 && r < 0xf900 {
			if i < len(text)-4 { // the window may cut the last character
				faults++
			}
		}
	}
	return foreign > 0 && faults*50 <= foreign
}
