package tokenize

import (
	"strings"
	"unicode/utf8"
)

const (
	zeroWidthJoiner = "\u200d"
	variationEmoji  = "\ufe0f"
	combiningKeycap = '\u20e3'

	regionalA = 0x1F1E6
	regionalZ = 0x1F1FF
	skinLight = 0x1F3FB
	skinDark  = 0x1F3FF
	tagFirst  = 0xE0020
	tagCancel = 0xE007F
)

// isPictograph reports whether r is an emoji by itself: has Unicode's property
// Extended_Pictographic, and is not ordinary text without a variation selector, as
// © ® ™, arrows, information and math signs are.
func isPictograph(r rune) bool {
	switch {
	case r < 0x231A:
		return false
	case r >= 0x1F000 && r <= 0x1FAFF:
		return r >= 0x1F900 || // before: what lies between the pictographs
			(r < 0x1F0FF) ||
			(r >= 0x1F18E && r <= 0x1F19A) ||
			(r >= 0x1F201 && r <= 0x1F265) ||
			(r >= 0x1F300 && r <= 0x1F64F) ||
			(r >= 0x1F680 && r <= 0x1F6FF) ||
			(r >= 0x1F7E0 && r <= 0x1F7F0)
	case r >= 0x2600 && r <= 0x27BF:
		return !(r >= 0x2768 && r <= 0x2793) || r == 0x2776
	case r >= 0x231A && r <= 0x23FF:
		return r <= 0x231B || r == 0x2328 || r == 0x23CF || r >= 0x23E9 && r <= 0x23FA
	}
	switch r {
	case 0x25AA, 0x25AB, 0x25B6, 0x25C0, 0x25FB, 0x25FC, 0x25FD, 0x25FE, 0x2B50, 0x2B55, 0x2B1B, 0x2B1C, 0x3297, 0x3299:
		return true
	}
	return false
}

// emojiEnd returns the end of the emoji that starts at i: a pictograph with its
// modifiers and whatever is joined to it, or a flag.
func emojiEnd(text string, i int) int {
	r, size := utf8.DecodeRuneInString(text[i:])
	i += size
	if r >= regionalA && r <= regionalZ {
		if r, size := utf8.DecodeRuneInString(text[i:]); r >= regionalA && r <= regionalZ {
			i += size
		}
		return i
	}
	for {
		i = emojiModifiers(text, i)
		if !strings.HasPrefix(text[i:], zeroWidthJoiner) {
			return i
		}
		next := i + len(zeroWidthJoiner)
		r, size := utf8.DecodeRuneInString(text[next:])
		// A joiner may also join signs that are no emoji alone: ♀ is, ↔ is not.
		if size == 0 || classOf(r) != runeEmoji && classOf(r) != runeSymbol {
			return i
		}
		i = next + size
	}
}

func emojiModifiers(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r != '\ufe0f' && r != '\ufe0e' && r != combiningKeycap &&
			(r < skinLight || r > skinDark) && (r < tagFirst || r > tagCancel) {
			break
		}
		i += size
	}
	return i
}

// keycapEnd returns the end of the rest, at i, of a keycap emoji such as 1️⃣,
// or 0 if there is none.
func keycapEnd(text string, i int) int {
	rest := strings.TrimPrefix(text[i:], variationEmoji)
	if !strings.HasPrefix(rest, string(combiningKeycap)) {
		return 0
	}
	return len(text) - len(rest) + len(string(combiningKeycap))
}
