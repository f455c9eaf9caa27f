package tokenize

import (
	"strings"
	"unicode/utf8"
)

// The emoticons that start with an ASCII sign, by that sign. Within a list a
// longer one comes before its own beginning.
var emoticons = [utf8.RuneSelf][]string{
	':': {":'-(", ":'-)", ":'(", ":')", ":-))", ":-((", ":-)", ":-(", ":-D", ":-P", ":-p", ":-O", ":-o", ":-/", `:-\`, ":-|", ":-*",
		":-]", ":-[", ":-}", ":-{", ":-S", ":-s", ":-X", ":-x", ":-$", ":-@", ":-#", ":->", ":-<", ":o)", ":^)",
		":)", ":(", ":D", ":P", ":p", ":O", ":o", ":/", `:\`, ":|", ":*", ":3", ":]", ":[", ":}", ":{", ":S", ":s", ":X", ":x", ":$", ":@", ":#", ":>", ":<"},
	';':  {";-)", ";-(", ";-D", ";-P", ";-p", ";-;", ";_;", ";)", ";(", ";D", ";P", ";p", ";]"},
	'=':  {"='(", "=^_^=", "=^.^=", "=-)", "=)", "=(", "=D", "=P", "=p", "=/", `=\`, "=|", "=]", "=[", "=3", "=O", "=o", "=_="},
	'<':  {"</3", "<3", "<_<", "<.<", "<(^_^)>"},
	'>':  {">:-(", ">:-)", ">:-/", ">:-D", ">:(", ">:)", ">:D", ">:O", ">:/", ">:[", ">:|", ">;)", ">_<", ">.<", ">_>", ">.>", "><"},
	'(':  {"(^_^)", "(^-^)", "(^.^)", "(^o^)", "(^^)", "(-_-)", "(>_<)", "(;_;)", "(T_T)", "(*_*)", "(._.)", "(o_o)", "(o_O)", "(O_o)", "(y)", "(Y)", "(-:", "(-;", "(':", "(:", "(;", "(=", "(o:", "(╯°□°)╯︵ ┻━┻", "(╯°□°）╯︵ ┻━┻", "(╯°□°)╯", "(ツ)", "(ಠ_ಠ)", "(¬_¬)", "(づ｡◕‿‿◕｡)づ"},
	')':  {")-:", ")':", "):", ")="},
	'^':  {"^___^", "^__^", "^_^", "^-^", "^.^", "^o^", "^O^", "^^"},
	'-':  {"-__-", "-_-", "-.-"},
	'*':  {"*_*", "*.*"},
	'@':  {"@_@", "@-}--"},
	'.':  {"._."},
	'\\': {`\(^o^)/`, `\(^_^)/`, `\o/`, `\m/`},
	'[':  {"[-:", "[:", "[="},
	'|':  {"|-:", "|:"},
}

// The emoticons that start beyond ASCII.
var kaomoji = []string{`¯\_(ツ)_/¯`, `¯\(ツ)/¯`, "ಠ_ಠ", "ಠ▃ಠ", "ʕ•ᴥ•ʔ", "┻━┻", "┬─┬"}

// The emoticons that look like words.
const maxLetterEmoticon = 3

func isLetterEmoticon(s string) bool {
	switch s {
	case "xD", "XD", "xd", "Xd", "xDD", "XDD",
		"o_o", "O_o", "o_O", "O_O", "0_0", "o_0", "0_o", "T_T", "t_t", "u_u", "U_U", "v_v", "V_V", "x_x", "X_X", "n_n", "Q_Q", "q_q", "T.T":
		return true
	}
	return false
}

// emoticonEnd returns the end of the emoticon or :shortcode: at start, which is
// an ASCII sign, or 0. A repeated mouth belongs to the emoticon: :-))).
func emoticonEnd(text string, start int) int {
	list := emoticons[text[start]]
	if list == nil {
		return 0
	}
	for _, e := range list {
		if !strings.HasPrefix(text[start:], e) {
			continue
		}
		end := start + len(e)
		mouth := e[len(e)-1]
		if strings.IndexByte("()[]}|", mouth) >= 0 && !opensWithBracket(e) {
			for end < len(text) && text[end] == mouth {
				end++
			}
		}
		if standsAlone(text, start, end, e) {
			return end
		}
	}
	if text[start] == ':' {
		return shortcodeEnd(text, start)
	}
	return 0
}

func opensWithBracket(e string) bool { return strings.IndexByte("()[|", e[0]) >= 0 }

// standsAlone reports whether what is around text[start:end] lets it be the
// emoticon e:
//
//   - one that opens with a bracket must have space before it, and behind it too if
//     it ends in eyes, or the end of "(a film): see" would frown;
//   - one that ends in a letter or digit must touch no other on either side;
//   - no other but one that ends in ) may be followed by a letter or digit;
//   - >< and ^^ must not be part of a longer run.
func standsAlone(text string, start, end int, e string) bool {
	last := e[len(e)-1]
	switch {
	case opensWithBracket(e):
		return (start == 0 || isSpaceByte(text[start-1])) &&
			(end == len(text) || isSpaceByte(text[end]) || strings.IndexByte(":;=", last) < 0)
	case alnum[last]:
		return !followsWord(text, start) && !isWordRune(text, end)
	case e == "><" || e == "^^":
		return (end == len(text) || text[end] != last) && !isWordRune(text, end)
	}
	return last == ')' || !isWordRune(text, end)
}

func isSpaceByte(c byte) bool {
	return c < utf8.RuneSelf && class[c] == space
}

const maxShortcode = 48

// shortcodeEnd returns the end of a shortcode such as :thumbs_up: at start, or 0.
func shortcodeEnd(text string, start int) int {
	if followsWord(text, start) {
		return 0
	}
	letters := 0
	for i := start + 1; i < len(text) && i < start+maxShortcode; i++ {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letters++
		case c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+':
		case c == ':' && letters >= 2 && !isWordRune(text, i+1):
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// kaomojiEnd returns the end of the emoticon at start, which is beyond ASCII,
// or 0.
func kaomojiEnd(text string, start int) int {
	for _, k := range kaomoji {
		if strings.HasPrefix(text[start:], k) {
			return start + len(k)
		}
	}
	return 0
}
