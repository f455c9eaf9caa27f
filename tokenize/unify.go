package tokenize

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unify returns text with one way of writing what Unicode can write in several,
// and where each part of the result came from. Text that is written in that way
// is returned as it is, with no runs.
//
//   - Letters and their marks are composed: normal form C.
//   - Styled, full-width and half-width letters and digits, and ligatures, are the
//     plain ones of normal form KC. Signs that KC would spell out stay: ½ ² ™ …
//   - Default-ignorable characters, such as soft hyphens, zero-width spaces and
//     direction marks, are dropped; those that make up an emoji stay.
//   - Every apostrophe is the straight one; a grave, an acute or a prime is an
//     apostrophe beside a letter.
//
// Once ctx has ended the rest is left as it is.
func unify(ctx context.Context, text string) (string, []run) {
	r := rewriter{text: text}
	var it norm.Iter
	for i := nextSpecial(ctx, text, 0); i < len(text) && ctx.Err() == nil; i = nextSpecial(ctx, text, i) {
		it.InitString(norm.NFC, text[i:])
		for from := i; !it.Done() && (i == from || !isPlainAt(text, i)); {
			segment := it.Next()
			start, end := i, from+it.Pos()
			if with := r.unified(string(segment), start, end); with != text[start:end] {
				r.replace(start, end, with)
			}
			i = end
		}
	}
	if r.runs == nil {
		return text, nil
	}
	r.verbatim(len(text))
	return r.out.String(), r.runs
}

// nextSpecial returns the first place from i on that isPlainAt does not hold of, or the
// end once ctx has ended.
func nextSpecial(ctx context.Context, text string, i int) int {
	const often = 1 << 20
	for i < len(text) && isPlainAt(text, i) {
		if i++; i%often == 0 && ctx.Err() != nil {
			return len(text)
		}
	}
	return i
}

// isPlainAt reports whether at i is an ASCII character but a grave accent, which
// no mark behind it can change.
func isPlainAt(text string, i int) bool {
	return text[i] < utf8.RuneSelf && text[i] != '`' && (i+1 == len(text) || text[i+1] < utf8.RuneSelf)
}

// unified returns what a segment of normal form C, from start to end of the
// source, becomes.
func (r *rewriter) unified(segment string, start, end int) string {
	first, _ := utf8.DecodeRuneInString(segment)
	if first < utf8.RuneSelf && first != '`' || first == utf8.RuneError {
		return segment
	}
	var out strings.Builder
	for i, c := range segment {
		if isIgnorable(c) {
			if r.inEmoji(c, start+min(i, end-start)) {
				out.WriteRune(c)
			}
			continue
		}
		for _, c := range plainForm(c) { // of ŉ an apostrophe and n
			if isApostrophe(c) || isAccentSign(c) && r.besideLetter(start, end) {
				c = '\''
			}
			out.WriteRune(c)
		}
	}
	return out.String()
}

// ignorable is Unicode's property Default_Ignorable_Code_Point, but for the
// filler of Khmer vowels, which fonts show.
var ignorable = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00AD, 0x00AD, 1}, {0x034F, 0x034F, 1}, {0x061C, 0x061C, 1}, {0x115F, 0x1160, 1}, {0x180B, 0x180F, 1},
		{0x200B, 0x200F, 1}, {0x202A, 0x202E, 1}, {0x2060, 0x206F, 1}, {0x3164, 0x3164, 1}, {0xFE00, 0xFE0F, 1},
		{0xFEFF, 0xFEFF, 1}, {0xFFA0, 0xFFA0, 1}, {0xFFF0, 0xFFF8, 1},
	},
	R32:         []unicode.Range32{{0x1BCA0, 0x1BCA3, 1}, {0x1D173, 0x1D17A, 1}, {0xE0000, 0xE0FFF, 1}},
	LatinOffset: 1,
}

func isIgnorable(r rune) bool { return r >= 0xAD && unicode.Is(ignorable, r) }

// inEmoji reports whether the ignorable r at i is part of an emoji: a joiner or
// a selector behind a symbol, or the tags of a flag.
func (w *rewriter) inEmoji(r rune, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(w.text[:i])
	switch {
	case r == 0x200D:
		return isPictograph(before) || before == 0xFE0F || before >= skinLight && before <= skinDark
	case r == 0xFE0E || r == 0xFE0F:
		return before != utf8.RuneError && classOf(before) < runeLetter || strings.ContainsRune("0123456789", before)
	}
	return r >= tagFirst && r <= tagCancel && (before == 0x1F3F4 || before >= tagFirst && before <= tagCancel)
}

// isApostrophe reports whether r is an apostrophe wherever it stands.
func isApostrophe(r rune) bool {
	switch r {
	case '‘', '’', '‛', 'ʼ', 'ʻ', '＇':
		return true
	}
	return false
}

// isAccentSign reports whether r is a sign that people type for an apostrophe.
func isAccentSign(r rune) bool { return r == '`' || r == '´' || r == '′' }

// besideLetter reports whether a letter stands before start or at end, and not
// the sign that lies between once more: “ is a quotation mark.
func (w *rewriter) besideLetter(start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(w.text[:start])
	after, _ := utf8.DecodeRuneInString(w.text[end:])
	if sign, _ := utf8.DecodeRuneInString(w.text[start:]); sign == before || sign == after {
		return false
	}
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
	return letter(before) || letter(after)
}

// plainForm returns the letters or digits that r is a form of, or r itself. The
// full-width signs of ASCII are forms too.
func plainForm(r rune) string {
	switch {
	case r < 0x100:
		return string(r) // º is a sign: nº is not no
	case r >= 0xFF01 && r <= 0xFF5E:
		return string(r - 0xFF01 + '!')
	case isPictograph(r) || !unicode.In(r, unicode.L, unicode.Nd, unicode.Nl, unicode.So):
		return string(r)
	}
	form := norm.NFKC.String(string(r))
	for i, c := range form {
		isLetter := unicode.IsLetter(c) || unicode.Is(unicode.Nd, c)
		jamo := c >= 0x1100 && c <= 0x11FF // of which ㅋㅋ would become half syllables
		if jamo || !isLetter && (i == 0 || !unicode.IsMark(c)) {
			return string(r)
		}
	}
	if unicode.Is(unicode.So, r) && utf8.RuneCountInString(form) > 1 {
		return string(r) // ℡ is no word
	}
	return form
}
