package tokenize

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/textlstm/textlstm/internal/emoji"
)

// Emoji keep their case and their selectors in all filters of this file but emojiWords.

func lower(dst []form, f form, _ Lang) []form {
	if f.kind != Emoji {
		f.text = strings.ToLower(f.text)
	}
	return append(dst, f)
}

// lowerASCII knows the letters of ASCII alone, and no emoticons, as TensorFlow's
// strings.lower does.
func lowerASCII(dst []form, f form, _ Lang) []form {
	f.text = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, f.text)
	return append(dst, f)
}

// depunct takes out the punctuation marks and symbols of ASCII.
func depunct(dst []form, f form, _ Lang) []form {
	f.text = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return r
	}, f.text)
	return append(dst, f)
}

func fold(dst []form, f form, _ Lang) []form {
	if f.kind != Emoji {
		f.text = cases.Fold().String(f.text)
	}
	return append(dst, f)
}

func nfc(dst []form, f form, _ Lang) []form {
	f.text = norm.NFC.String(f.text)
	return append(dst, f)
}

func nfkc(dst []form, f form, _ Lang) []form {
	if f.kind != Emoji {
		f.text = strings.ReplaceAll(norm.NFKC.String(f.text), " ", "") // ´ becomes a space and an accent
	}
	return append(dst, f)
}

// accents removes the combining marks of Latin, Greek and Cyrillic. The marks of
// other scripts, which are vowels and not ornaments, stay.
func accents(dst []form, f form, _ Lang) []form {
	if f.kind != Emoji && !isASCII(f.text) {
		f.text = norm.NFC.String(strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) && (r <= 0x036F || r >= 0x1AB0 && r <= 0x1AFF || r >= 0x1DC0 && r <= 0x1DFF) {
				return -1
			}
			return r
		}, norm.NFD.String(f.text)))
	}
	return append(dst, f)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

var quoteReplacer = strings.NewReplacer(
	"``", `"`, "''", `"`, // before their halves
	"‘", "'", "’", "'", "‚", "'", "‛", "'", "′", "'", "ʼ", "'", "`", "'", "´", "'",
	"“", `"`, "”", `"`, "„", `"`, "‟", `"`, "″", `"`, "«", `"`, "»", `"`)

func quotes(dst []form, f form, _ Lang) []form {
	if f.kind <= Symbol {
		f.text = quoteReplacer.Replace(f.text)
	}
	return append(dst, f)
}

// elided are the French and Italian words that lose their vowel before another.
const elided = " l d j t m n s c qu jusqu lorsqu puisqu quoiqu un dell all nell sull dall "

// elidedSnowball are those that Snowball's French stemmer cuts off.
const elidedSnowball = " l d j t m n s c qu "

// elision removes an elided article or pronoun: l'amour becomes amour.
func elision(dst []form, f form, _ Lang) []form {
	if f.kind == Word {
		f.text = cutElided(f.text, elided)
	}
	return append(dst, f)
}

// cutElided cuts off s a word of the list and the apostrophe behind it.
func cutElided(s, list string) string {
	const longest = 7
	i, size := strings.IndexByte(s, '\''), 1
	if i < 0 {
		i, size = strings.Index(s, "\u2019"), len("\u2019")
	}
	if i <= 0 || i > longest || i+size == len(s) || !strings.Contains(list, " "+strings.ToLower(s[:i])+" ") {
		return s
	}
	return s[i+size:]
}

// elongate shortens runs of three or more of one letter to two: soooo, soo.
func elongate(dst []form, f form, _ Lang) []form {
	if f.kind == Word || f.kind == Hashtag {
		f.text = shorten(f.text, unicode.IsLetter)
	}
	return append(dst, f)
}

// shorten cuts runs of three or more of one rune that is holds of to two.
func shorten(s string, is func(rune) bool) string {
	var last rune
	run, cut := 0, -1
	for i, r := range s {
		if r != last {
			last, run = r, 0
		}
		if run++; run == 3 && is(r) {
			cut = i
			break
		}
	}
	if cut < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)), s[:cut]...)
	for _, r := range s[cut:] {
		if r != last {
			last, run = r, 0
		}
		if run++; run <= 3 && (run < 3 || !is(r)) || !is(r) {
			out = utf8.AppendRune(out, r)
		}
	}
	return string(out)
}

// repeat gives runs of punctuation a few forms: one sign, two for any more,
// "?!" for any mixture of both, "..." for dots; and shortens the mouths of
// emoticons.
func repeat(dst []form, f form, _ Lang) []form {
	switch {
	case f.kind != Punct && f.kind != Symbol && f.kind != Emoji || len(f.text) < 2:
	case f.kind == Emoji:
		f.text = shorten(f.text, unicode.IsPunct)
	case strings.Trim(f.text, "!?") == "" && strings.Trim(f.text, f.text[:1]) != "":
		f.text = "?!"
	case strings.Trim(f.text, ".") == "" || strings.Trim(f.text, "…") == "":
		f.text = "..."
	default:
		f.text = shorten(f.text, func(rune) bool { return true })
	}
	return append(dst, f)
}

// numbersClass replaces numbers by <num>. Ratings such as 8/10 stay.
func numbersClass(dst []form, f form, _ Lang) []form {
	if f.kind == Number && strings.IndexByte(f.text, '/') < 0 {
		f.text = "<num>"
	}
	return append(dst, f)
}

func urlsClass(dst []form, f form, _ Lang) []form {
	switch f.kind {
	case URL:
		f.text = "<url>"
	case Email:
		f.text = "<email>"
	}
	return append(dst, f)
}

func mentionsClass(dst []form, f form, _ Lang) []form {
	if f.kind == Mention {
		f.text = "<user>"
	}
	return append(dst, f)
}

func hashtagWord(dst []form, f form, _ Lang) []form {
	if f.kind == Hashtag {
		f = form{strings.TrimPrefix(f.text, "#"), Word}
	}
	return append(dst, f)
}

// camelWords makes a hashtag of several words those words: #BestDayEver, #not_bad.
// One of one word stays: it names a topic.
func camelWords(dst []form, f form, _ Lang) []form {
	if f.kind != Hashtag {
		return append(dst, f)
	}
	n := len(dst)
	tag := strings.TrimPrefix(f.text, "#")
	start := 0
	add := func(end int) {
		if word := strings.Trim(tag[start:end], "_"); word != "" {
			kind := Word
			if isDigits(word) {
				kind = Number
			}
			dst = append(dst, form{word, kind})
		}
		start = end
	}
	var before, last rune // the two runes in front of r
	for i, r := range tag {
		switch {
		case r == '_', unicode.IsUpper(r) && unicode.IsLower(last):
			add(i)
		case unicode.IsLower(r) && unicode.IsUpper(last) && !unicode.IsLower(before) && before != 0:
			add(i - utf8.RuneLen(last)) // HTMLPage is HTML and Page, Top10Films Top10 and Films
		}
		before, last = last, r
	}
	add(len(tag))
	if len(dst) == n+1 {
		dst[n] = f
	}
	return dst
}

// capsMarker is the token that caps puts before a word in capitals.
const capsMarker = "<caps>"

// caps marks words of two letters or more that are all capitals.
func caps(dst []form, f form, _ Lang) []form {
	if f.kind == Word {
		upper := 0
		for _, r := range f.text {
			if unicode.IsUpper(r) {
				upper++
			} else if unicode.IsLetter(r) {
				return append(dst, f)
			}
		}
		if upper >= 2 {
			dst = append(dst, form{capsMarker, Symbol})
		}
	}
	return append(dst, f)
}

// bareNegations are the negations, in lower case, that are no other word without
// their apostrophe; of wont and cant the other word is rare.
var bareNegations = wordSet(`aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt
	neednt shouldnt wasnt werent wont wouldnt`)

// contractions splits a negation without its apostrophe as the segmenter words
// splits it with one: dont, do|n't.
func contractions(dst []form, f form, _ Lang) []form {
	if n := len(f.text) - len("nt"); f.kind == Word && n > 0 && n < maxNegator && bareNegations[strings.ToLower(f.text)] {
		return append(dst, form{f.text[:n], Word}, form{f.text[n:n+1] + "'" + f.text[n+1:], Word})
	}
	return append(dst, f)
}

// emojiWords replaces an emoji by the words of its name.
func emojiWords(dst []form, f form, _ Lang) []form {
	if f.kind != Emoji || isASCII(f.text) {
		return append(dst, f)
	}
	name := emoji.Name(f.text)
	tokens, _ := words{}.segment(nil, name, 0, len(name))
	n := len(dst)
	for _, t := range tokens {
		if t.Kind == Word || t.Kind == Number {
			dst = append(dst, form{t.Text, t.Kind})
		}
	}
	if len(dst) == n {
		dst = append(dst, f)
	}
	return dst
}

// newDrop makes the filter that drops tokens of some kinds.
func newDrop(arg string, _ bool) (stage, error) {
	kinds, err := parseKinds(arg)
	if err != nil {
		return stage{}, err
	}
	return stage{m: func(dst []form, f form, _ Lang) []form {
		if kinds[f.kind] {
			return dst
		}
		return append(dst, f)
	}}, nil
}
