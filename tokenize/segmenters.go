package tokenize

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// fields is the segmenter "fields": runs of what is not white space, as
// strings.Fields; "fields:ascii" takes the spaces of ASCII alone for white space.
type fields struct{ ascii bool }

func (f fields) spec() string {
	if f.ascii {
		return "fields:ascii"
	}
	return "fields"
}

func (f fields) segment(dst []Token, text string, pos, n int) ([]Token, int) {
	space := unicode.IsSpace
	if f.ascii {
		space = func(r rune) bool { return r < utf8.RuneSelf && unicode.IsSpace(r) }
	}
	for n += len(dst); pos < len(text) && len(dst) < n; {
		start, end := nextField(text, pos, len(text), space)
		if start < end {
			dst = append(dst, Token{text[start:end], start, end, kindOf(text[start:end])})
		}
		pos = end
	}
	return dst, pos
}

// nextField returns the first field of text at or after pos, which is empty, at
// the end of text, if there is none. If the field is longer than most bytes, it
// returns a beginning that is longer, without looking for the end. Fields are what is
// between runes that are space.
func nextField(text string, pos, most int, space func(rune) bool) (start, end int) {
	for start = pos; start < len(text); {
		r, size := utf8.DecodeRuneInString(text[start:])
		if !space(r) {
			break
		}
		start += size
	}
	for end = start; end < len(text) && end-start <= most; {
		r, size := utf8.DecodeRuneInString(text[end:])
		if space(r) {
			break
		}
		end += size
	}
	return start, end
}

// kindOf returns the kind that "words" gives to s if s is one token of it.
// Otherwise s is a Word if it has a letter or digit in it, else Punct.
func kindOf(s string) Kind {
	const most = 64
	if len(s) > most {
		return Word
	}
	var buf [2]Token
	tokens, _ := words{}.segment(buf[:0], s, 0, 2)
	if len(tokens) == 1 && tokens[0].Text == s {
		return tokens[0].Kind
	}
	for _, r := range s {
		if classOf(r) >= runeLetter {
			return Word
		}
	}
	return Punct
}

// runes is the segmenter "runes": one token for each rune that is not white space;
// "runes:all" has one for each rune.
type runes struct{ all bool }

func (s runes) spec() string {
	if s.all {
		return "runes:all"
	}
	return "runes"
}

func (s runes) segment(dst []Token, text string, pos, n int) ([]Token, int) {
	for n += len(dst); pos < len(text) && len(dst) < n; {
		r, size := utf8.DecodeRuneInString(text[pos:])
		if s.all || !unicode.IsSpace(r) {
			dst = append(dst, Token{text[pos : pos+size], pos, pos + size, runeKind(r)})
		}
		pos += size
	}
	return dst, pos
}

func runeKind(r rune) Kind {
	switch classOf(r) {
	case runeChar:
		return Char
	case runeLetter, runeKatakana:
		if unicode.IsDigit(r) {
			return Number
		}
		return Word
	case runePunct:
		return Punct
	case runeEmoji:
		return Emoji
	}
	return Symbol
}

// chars is the segmenter "chars": in each field, every run of min to max runes,
// by start and then by length. A field shorter than min is one token.
type chars struct{ min, max int }

func (c chars) spec() string {
	if c.min == c.max {
		return "chars:" + strconv.Itoa(c.min)
	}
	return "chars:" + strconv.Itoa(c.min) + "-" + strconv.Itoa(c.max)
}

func (c chars) segment(dst []Token, text string, pos, n int) ([]Token, int) {
	for n += len(dst); pos < len(text) && len(dst) < n; {
		if r, size := utf8.DecodeRuneInString(text[pos:]); unicode.IsSpace(r) {
			pos += size
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:pos])
		atStart := pos == 0 || unicode.IsSpace(before)
		end, next := pos, pos
		for k := 1; k <= c.max && end < len(text); k++ {
			r, size := utf8.DecodeRuneInString(text[end:])
			if unicode.IsSpace(r) {
				if k <= c.min && atStart { // a short field
					dst = append(dst, Token{text[pos:end], pos, end, Word})
				}
				break
			}
			end += size
			if k == 1 {
				next = end
			}
			if k >= c.min || atStart && end == len(text) {
				dst = append(dst, Token{text[pos:end], pos, end, Word})
			}
		}
		pos = next
	}
	return dst, pos
}
