package tokenize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Classes of runes, in an order that lets >= runeLetter mean: part of a word.
const (
	runeSpace    = iota // white space, controls and invisible format characters
	runeBad             // a byte that is not UTF-8
	runePunct           //
	runeSymbol          //
	runeEmoji           // a pictograph or a regional indicator
	runeLetter          // also digits of any script and letter-like numbers
	runeMark            // a mark that combines with the rune before it
	runeKatakana        // joins itself, not letters, as UAX #29 has it
	runeChar            // of a script without spaces: each is a token
)

// none is the class of no rune.
const none = -1

// classOf returns the class of a rune. The first cases are common ranges that
// need no search of the tables.
func classOf(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		switch class[r] {
		case letter, digit:
			return runeLetter
		case punct, under:
			return runePunct
		case symbol:
			return runeSymbol
		}
		return runeSpace
	case r >= 0xC0 && r <= 0x24F:
		if r == '×' || r == '÷' {
			return runeSymbol
		}
		return runeLetter
	case r >= 0x300 && r <= 0x36F:
		return runeMark
	case r >= 0x400 && r <= 0x481 || r >= 0x48A && r <= 0x52F, r >= 0xAC00 && r <= 0xD7A3:
		return runeLetter
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0x3041 && r <= 0x3096:
		return runeChar
	case r >= 0x30A1 && r <= 0x30FA, r == 0x30FC:
		return runeKatakana
	case r >= 0x2010 && r <= 0x2027:
		return runePunct
	}
	switch {
	case unicode.IsLetter(r):
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			return runeChar
		case unicode.Is(unicode.Katakana, r):
			return runeKatakana
		}
		return runeLetter
	case unicode.IsMark(r):
		return runeMark
	case unicode.Is(unicode.Nd, r):
		return runeLetter
	case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Cc, r):
		return runeSpace
	case isPictograph(r) || r >= regionalA && r <= regionalZ:
		return runeEmoji
	case unicode.IsPunct(r):
		return runePunct
	}
	return runeSymbol
}

// wordRunes returns the end of the run of letters, digits, marks and inner
// underscores and format characters at pos. The rune before pos has class prev,
// none if it is not of the same word.
func (s *scanner) wordRunes(pos, prev int) int {
	text := s.text
	end := pos // of the last letter, digit or mark
	for i := pos; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			switch class[c] {
			case letter, digit:
				if prev == runeKatakana {
					return end
				}
				i++
				end, prev = i, runeLetter
				continue
			case under:
				for i < len(text) && text[i] == '_' {
					i++
				}
				if !isWordRune(text, i) {
					return end
				}
				continue
			}
			return end
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch cl := classOf(r); cl {
		case runeLetter, runeKatakana:
			if prev != none && prev != cl {
				return end
			}
			i += size
			end, prev = i, cl
		case runeMark:
			if r == combiningKeycap {
				return end
			}
			i += size
			end = i
		default:
			// Format characters belong to a word only between its letters.
			j := skipFormat(text, i)
			if j == i || j == len(text) || prev == none || !isWordRune(text, j) {
				return end
			}
			i = j
		}
	}
	return end
}

// skipFormat returns the position behind the format characters at i: joiners,
// soft hyphens, direction marks.
func skipFormat(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.Is(unicode.Cf, r) {
			break
		}
		i += size
	}
	return i
}

// rune scans what starts with a rune beyond ASCII.
func (s *scanner) rune(dst []Token, start int) ([]Token, int) {
	text := s.text
	r, size := utf8.DecodeRuneInString(text[start:])
	if r == utf8.RuneError && size == 1 {
		end := start + 1
		for end < len(text) && !utf8.FullRuneInString(text[end:]) || end < len(text) && isBad(text[end:]) {
			end++
		}
		return s.emit(dst, start, end, Symbol), end
	}
	end := start + size
	switch classOf(r) {
	case runeSpace:
		return dst, end
	case runeLetter:
		if unicode.IsDigit(r) {
			if end := s.wordRunes(start, none); isDigits(text[start:end]) {
				return s.emit(dst, start, end, Number), end
			}
		}
		if r == 'ಠ' || r == 'ʕ' {
			if end := kaomojiEnd(text, start); end > 0 {
				return s.emit(dst, start, end, Emoji), end
			}
		}
		return s.word(dst, start)
	case runeKatakana:
		end := s.wordRunes(start, none)
		return s.emit(dst, start, end, Word), end
	case runeChar:
		end = skipMarks(text, end)
		return s.emit(dst, start, end, Char), end
	case runeEmoji:
		end = emojiEnd(text, start)
		return s.emit(dst, start, end, Emoji), end
	case runeMark:
		end = skipMarks(text, end)
		return s.emit(dst, start, end, Symbol), end
	}
	if size := apostropheAt(text, start); size > 0 {
		if stop := s.wordRunes(end, none); isEnclitic(text[end:stop]) {
			return s.emit(dst, start, stop, Word), stop
		}
	}
	if end := kaomojiEnd(text, start); end > 0 {
		return s.emit(dst, start, end, Emoji), end
	}
	if strings.HasPrefix(text[end:], variationEmoji) { // ©️, ↔️
		end += len(variationEmoji)
		return s.emit(dst, start, end, Emoji), end
	}
	for strings.HasPrefix(text[end:], text[start:start+size]) {
		end += size
	}
	kind := Punct
	if classOf(r) == runeSymbol {
		kind = Symbol
	}
	return s.emit(dst, start, end, kind), end
}

func isBad(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return r == utf8.RuneError && size == 1
}

func skipMarks(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if classOf(r) != runeMark {
			break
		}
		i += size
	}
	return i
}

func isDigits(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

func hasLetter(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) }) >= 0
}

func betweenHebrew(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	return unicode.Is(unicode.Hebrew, before) && unicode.Is(unicode.Hebrew, after)
}
