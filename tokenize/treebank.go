package tokenize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/textlstm/textlstm/tokenize/internal/plugin"
)

// treebank is the segmenter "treebank": the tokenizer of prose/v2, by way of
// plugin. It follows the Penn Treebank; its faults are worked around:
//
//   - It drops whatever follows a contraction without a space ("isn't." loses the
//     negation and the full stop). So a space is put there first, and an opening
//     single quotation mark, which it may take for a contraction ('must), is
//     made a double one.
//   - It takes time quadratic in the length of a field. So fields are cut to
//     maxField bytes.
//   - It mixes up offsets in a word and in its lower-case form. So characters
//     that change length, and bytes that are not UTF-8, are hidden from it.
//   - It gives no offsets, and changes quotation marks. So its tokens are aligned
//     with what it was given, and whatever it should lose all the same is
//     put back.
type treebank struct{}

func (treebank) spec() string { return "treebank" }

const (
	maxField = 256  // bytes of a field; longer ones are cut
	maxChunk = 8192 // bytes given to prose at a time
)

func (treebank) segment(dst []Token, text string, pos, n int) ([]Token, int) {
	for n += len(dst); pos < len(text) && len(dst) < n; {
		var d disguise
		pos = d.fill(text, pos)
		if d.text.Len() == 0 {
			continue
		}
		dst = d.tokens(dst, text)
	}
	return dst, pos
}

// A disguise is a stretch of text as prose may see it, and the bytes of the
// source, from[i] to upto[i], that its byte i stands for.
type disguise struct {
	text       strings.Builder
	from, upto []int
}

// put appends s, which stands for the bytes from to upto of the source.
func (d *disguise) put(s string, from, upto int) {
	for range len(s) {
		d.from, d.upto = append(d.from, from), append(d.upto, upto)
	}
	d.text.WriteString(s)
}

// fill disguises fields of text from pos on, and returns where it stopped.
func (d *disguise) fill(text string, pos int) int {
	for d.text.Len() < maxChunk {
		start, end := nextField(text, pos, maxField, unicode.IsSpace)
		if start == end {
			pos = end
			break
		}
		if end-start > maxField {
			end = start + maxField
			for end > start+1 && end > start+maxField-utf8.UTFMax && !utf8.RuneStart(text[end]) {
				end--
			}
		}
		if d.text.Len() > 0 {
			d.put(" ", start, start)
		}
		d.field(text, start, end)
		pos = end
	}
	return pos
}

// field disguises the field text[start:end].
func (d *disguise) field(text string, start, end int) {
	opening := true // a quotation mark here opens
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:end])
		quote := apostropheAt(text[:end], i) > 0 || r == '‘'
		if strings.HasPrefix(text[i:end], "&rsquo;") {
			quote, size = true, len("&rsquo;")
		}
		switch {
		case r == '“' || r == '”':
			d.put(`"`, i, i+size)
		case quote:
			stop := contractionEnd(text[:end], i, size)
			next, _ := utf8.DecodeRuneInString(text[i+size : end])
			if opening && unicode.IsLetter(next) && stop != end {
				d.put(`"`, i, i+size)
				break
			}
			d.put(`'`, i, i+size)
			if stop > 0 && stop < end {
				for k := i + size; k < stop; k++ {
					d.put(text[k:k+1], k, k+1)
				}
				d.put(" ", stop, stop)
				size = stop - i
			}
		case r == utf8.RuneError && size == 1, utf8.RuneLen(unicode.ToLower(r)) != size:
			d.put("x", i, i+size)
		default:
			d.put(text[i:i+size], i, i+size)
		}
		opening = strings.ContainsRune(`([{"-“`, r)
		i += size
	}
}

// contractionEnd returns the end of the contraction of which the apostrophe, of
// the given size, is at i: n't, 's, 'm, 're or 'll. It returns 0 if there is none.
func contractionEnd(text string, i, size int) int {
	rest := text[i+size:]
	for _, s := range [...]string{"ll", "re", "s", "m"} {
		if len(rest) >= len(s) && strings.EqualFold(rest[:len(s)], s) {
			return i + size + len(s)
		}
	}
	if i > 0 && text[i-1]|0x20 == 'n' && rest != "" && rest[0]|0x20 == 't' {
		return i + size + 1
	}
	return 0
}

// tokens appends the tokens that prose finds, and any text that it loses.
func (d *disguise) tokens(dst []Token, source string) []Token {
	text := d.text.String()
	at := 0 // bytes of text that are in tokens
	add := func(start, end int) {
		for start < end && text[start] == ' ' {
			start++
		}
		for start < end { // one token, or several where something was lost
			stop := end
			if i := strings.IndexByte(text[start:end], ' '); i >= 0 {
				stop = start + i
			}
			from, to := d.from[start], d.upto[stop-1]
			dst = append(dst, Token{source[from:to], from, to, kindOf(source[from:to])})
			for start = stop; start < end && text[start] == ' '; {
				start++
			}
		}
	}
	for _, t := range plugin.Treebank(text) {
		i := strings.Index(text[at:min(len(text), at+len(t)+maxField)], t)
		if i < 0 {
			continue
		}
		add(at, at+i)
		add(at+i, at+i+len(t))
		at += i + len(t)
	}
	add(at, len(text))
	return dst
}
