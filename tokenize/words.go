package tokenize

import (
	"strings"
	"unicode/utf8"
)

// words is the segmenter "words". See the package comment for its rules.
//
// The scanner is our own rather than uax29's iterator with corrections after
// it, for two reasons: the corrections (contractions, acronyms, hosts) would
// have to rescan what UAX #29 joins into one long word, in quadratic time on
// hostile text; and ASCII, which is most text, needs no property look-ups. The
// tests hold it against uax29.
type words struct{}

func (words) spec() string { return "words" }

// Classes of ASCII bytes.
const (
	other  = iota // control characters: skipped, as space is
	space         //
	letter        //
	digit         //
	under         // _, which joins letters and digits
	punct         //
	symbol        //
	beyond        // part of a rune beyond ASCII
)

var class = func() (class [256]uint8) {
	for c := range class {
		switch {
		case c >= utf8.RuneSelf:
			class[c] = beyond
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			class[c] = letter
		case c >= '0' && c <= '9':
			class[c] = digit
		case c == '_':
			class[c] = under
		case c == ' ' || c >= '\t' && c <= '\r':
			class[c] = space
		case strings.IndexByte("$+<=>^|~", byte(c)) >= 0:
			class[c] = symbol
		case c > ' ' && c < 0x7f:
			class[c] = punct
		}
	}
	return class
}()

// alnum are the ASCII letters and digits.
var alnum = func() (alnum [256]bool) {
	for c := range alnum {
		alnum[c] = class[c] == letter || class[c] == digit
	}
	return alnum
}()

// isAlnum reports whether text has an ASCII letter or digit at i, which may be
// out of range.
func isAlnum(text string, i int) bool {
	return i >= 0 && i < len(text) && alnum[text[i]]
}

// isASCIILetter is isAlnum for letters alone.
func isASCIILetter(text string, i int) bool {
	return i >= 0 && i < len(text) && class[text[i]] == letter
}

// isWordRune reports whether a letter, digit or mark is at i.
func isWordRune(text string, i int) bool {
	if i >= len(text) {
		return false
	}
	if text[i] < utf8.RuneSelf {
		return isAlnum(text, i)
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return classOf(r) >= runeLetter
}

// followsWord reports whether a letter, digit or mark ends at i.
func followsWord(text string, i int) bool {
	if i == 0 {
		return false
	}
	if text[i-1] < utf8.RuneSelf {
		return isAlnum(text, i-1)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return classOf(r) >= runeLetter
}

func (words) segment(dst []Token, text string, pos, n int) ([]Token, int) {
	s := scanner{text: text, at: -1, seen: pos}
	n += len(dst)
	for pos < len(text) && len(dst) < n {
		switch class[text[pos]] {
		case letter:
			dst, pos = s.word(dst, pos)
		case digit:
			dst, pos = s.number(dst, pos)
		case space, other:
			pos++
		case beyond:
			dst, pos = s.rune(dst, pos)
		default:
			dst, pos = s.punct(dst, pos)
		}
	}
	return dst, pos
}

// A scanner finds the tokens of text. Each of its methods is called where a
// token of its sort may start, and returns the position behind it.
type scanner struct {
	text string

	// at is the first @ at or after the current position among the bytes
	// before seen, or -1 if there is none.
	at, seen int
}

func (s *scanner) emit(dst []Token, start, end int, kind Kind) []Token {
	return append(dst, Token{s.text[start:end], start, end, kind})
}

// word scans a word that starts with a letter, or with anything else that the
// caller knows to belong to a word.
func (s *scanner) word(dst []Token, start int) ([]Token, int) {
	text := s.text
	end := start
	for end < len(text) && alnum[text[end]] {
		end++
	}
	if end < len(text) {
		switch c := text[end]; {
		case c == ' ' || c == ',':
			// The common case first.
		case c >= utf8.RuneSelf || c == '_':
			prev := runeLetter
			if end == start {
				prev = none
			}
			end = s.wordRunes(end, prev)
		}
	}
	if s.at >= start || s.seen <= start+maxLocal {
		if end, ok := s.email(start); ok {
			return s.emit(dst, start, end, Email), end
		}
	}
	if end == len(text) {
		return s.plain(dst, start, end), end
	}
	switch text[end] {
	case '\'', 0xE2, '"':
		return s.apostrophe(dst, start, end)
	case '.':
		if end, ok := s.acronym(start, end); ok {
			return s.emit(dst, start, end, Word), end
		}
		if end, ok := s.host(start, end); ok {
			return s.emit(dst, start, end, URL), end
		}
	case '-':
		if end, ok := s.host(start, end); ok {
			return s.emit(dst, start, end, URL), end
		}
	case ':':
		if strings.HasPrefix(text[end:], "://") && end-start <= maxScheme && isWordRune(text, end+3) {
			end = s.urlEnd(end + 3)
			return s.emit(dst, start, end, URL), end
		}
	}
	return s.plain(dst, start, end), end
}

// plain emits a word that is not a URL, an e-mail address or a contraction.
func (s *scanner) plain(dst []Token, start, end int) []Token {
	kind := Word
	if end-start <= maxLetterEmoticon && isLetterEmoticon(s.text[start:end]) {
		kind = Emoji
	}
	return s.emit(dst, start, end, kind)
}

// apostrophe goes on with a word behind which there may be an apostrophe.
//
// Contractions are split as the Penn Treebank does: does|n't, it|'s, they|'ll.
// The negation then is one token, n't, whatever the verb; text that was split
// beforehand, as many corpora are, gives the same tokens; and the parts are in
// the vocabularies of the usual word vectors. Any other word with an inner
// apostrophe stays whole: o'clock, l'amour.
func (s *scanner) apostrophe(dst []Token, start, end int) ([]Token, int) {
	text := s.text
	for {
		size := apostropheAt(text, end)
		if size == 0 {
			if end < len(text) && text[end] == '"' && betweenHebrew(text, end) {
				size = 1
			} else {
				return s.plain(dst, start, end), end
			}
		}
		tail := end + size
		stop := s.wordRunes(tail, none)
		if stop == tail {
			return s.plain(dst, start, end), end
		}
		switch suffix := text[tail:stop]; {
		case end > start && (suffix == "t" || suffix == "T") && text[end-1]|0x20 == 'n':
			if end-1 > start {
				dst = s.plain(dst, start, end-1)
			}
			return s.emit(dst, end-1, stop, Word), stop
		case isEnclitic(suffix):
			dst = s.plain(dst, start, end)
			return s.emit(dst, end, stop, Word), stop
		}
		if end = stop; end == len(text) {
			return s.plain(dst, start, end), end
		}
	}
}

// apostropheAt returns the size of the apostrophe at i, straight or curly, or 0.
func apostropheAt(text string, i int) int {
	switch {
	case i >= len(text):
		return 0
	case text[i] == '\'':
		return 1
	case strings.HasPrefix(text[i:], "\u2019"):
		return len("\u2019")
	}
	return 0
}

// isEnclitic reports whether s, behind an apostrophe, is a token of its own.
func isEnclitic(s string) bool {
	switch len(s) {
	case 1:
		switch s[0] | 0x20 {
		case 's', 'd', 'm':
			return true
		}
	case 2:
		switch string([]byte{s[0] | 0x20, s[1] | 0x20}) {
		case "re", "ve", "ll":
			return true
		}
	}
	return false
}

// number scans what starts with an ASCII digit: digits with inner points and
// commas, ratings and dates (8/10, 1/2/2003), or a word such as 3rd or 80s.
func (s *scanner) number(dst []Token, start int) ([]Token, int) {
	text := s.text
	end := start
	for end < len(text) {
		c := text[end]
		if class[c] != digit {
			if c != '.' && c != ',' && c != '/' || end+1 == len(text) || text[end+1] < '0' || text[end+1] > '9' {
				break
			}
		}
		end++
	}
	if end < len(text) {
		switch c := text[end]; {
		case class[c] == letter, c == '_', c >= utf8.RuneSelf:
			// A word, an emoji keycap, or a number with something else behind it.
			if keycap := keycapEnd(text, end); keycap > 0 {
				if end == start+1 {
					return s.emit(dst, start, keycap, Emoji), keycap
				}
				return s.emit(dst, start, end-1, Number), end - 1
			}
			if s.wordRunes(end, runeLetter) > end && !strings.ContainsAny(text[start:end], ".,/") {
				return s.word(dst, start)
			}
		case c == '@' || c == '-' || c == '.':
			if end, ok := s.email(start); ok {
				return s.emit(dst, start, end, Email), end
			}
		}
	}
	return s.emit(dst, start, end, Number), end
}

// punct scans what starts with an ASCII character that is neither letter nor
// digit nor space.
func (s *scanner) punct(dst []Token, start int) ([]Token, int) {
	text := s.text
	c := text[start]
	if start+1 < len(text) {
		if end := emoticonEnd(text, start); end > 0 {
			return s.emit(dst, start, end, Emoji), end
		}
		next := text[start+1]
		switch {
		case c == '\'':
			// The 's of text that was split beforehand, or the 've of shouldn't've.
			if stop := s.wordRunes(start+1, none); isEnclitic(text[start+1 : stop]) {
				return s.emit(dst, start, stop, Word), stop
			}
		case c == '@' && !followsWord(text, start):
			if end := s.wordRunes(start+1, none); end > start+1 {
				return s.emit(dst, start, end, Mention), end
			}
		case c == '#' || c == '*':
			if end := keycapEnd(text, start+1); end > 0 {
				return s.emit(dst, start, end, Emoji), end
			}
			if c == '#' && !followsWord(text, start) {
				if end := s.wordRunes(start+1, none); end > start+1 && hasLetter(text[start+1:end]) {
					return s.emit(dst, start, end, Hashtag), end
				}
			}
		case c == '.' && next >= '0' && next <= '9' && !followsWord(text, start):
			_, end := s.number(nil, start+1)
			return s.emit(dst, start, end, Number), end
		}
	}
	end := start + 1
	if c == '!' || c == '?' {
		for end < len(text) && (text[end] == '!' || text[end] == '?') {
			end++
		}
	} else {
		for end < len(text) && text[end] == c {
			end++
		}
	}
	kind := Punct
	if class[c] == symbol {
		kind = Symbol
	}
	return s.emit(dst, start, end, kind), end
}
