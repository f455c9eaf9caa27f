package tokenize

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// DetectLanguage returns the language of text, one of [Languages], or "" if
// there are no letters in it that tell. It looks at the script first, and at
// letter trigrams and stop words if that is Latin.
//
// It always chooses one of the languages it knows, so Polish will be taken for
// another. It knows 99 % of the English and 98 % of the French sentences of
// Tatoeba, which have six words on average; Danish and Norwegian are often
// mistaken for each other. It reads the first 300 words, which takes some 50 µs.
func DetectLanguage(text string) Lang { return detect(text, nil) }

// Languages returns the codes of the languages that DetectLanguage tells apart,
// sorted.
func Languages() []Lang {
	var all []Lang
	for _, l := range langNames {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	slices.Sort(all)
	return all
}

// trigramFile has a line of language codes, then a line for each trigram of
// letters, _ being the edge of a word: its probability in each language, as a
// character from ! on, in steps of the logarithm. See testdata/gen_trigrams.py.
//
//go:embed trigrams.txt
var trigramFile string

// latin is what tells the languages of Latin script apart.
type latin struct {
	langs    []Lang
	trigrams map[string]string // a byte for each language
	stop     map[string]uint32 // a bit for each language
}

var latinModel = sync.OnceValue(func() *latin {
	m := &latin{trigrams: make(map[string]string), stop: make(map[string]uint32)}
	for line := range strings.Lines(trigramFile) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "# "):
		case m.langs == nil:
			for code := range strings.FieldsSeq(line) {
				m.langs = append(m.langs, Lang(code))
			}
		default:
			n := len(line) - len(m.langs)
			m.trigrams[line[:n]] = line[n:]
		}
	}
	for i, l := range m.langs {
		for w := range stopSets()[l] {
			m.stop[w] |= 1 << i
		}
	}
	return m
})

const (
	detectWords = 300 // how much of a text is looked at
	stopBonus   = 30  // steps of the logarithm for a stop word
)

// scripts are those that tell a language by themselves.
var scripts = []struct {
	table *unicode.RangeTable
	lang  Lang
}{
	{unicode.Han, "zh"}, {unicode.Hiragana, "ja"}, {unicode.Katakana, "ja"}, {unicode.Hangul, "ko"},
	{unicode.Thai, "th"}, {unicode.Arabic, "ar"}, {unicode.Hebrew, "he"}, {unicode.Greek, "el"},
	{unicode.Devanagari, "hi"}, {unicode.Cyrillic, "ru"},
}

// detect returns the language of text, of those in among; nil means of all.
func detect(text string, among []Lang) Lang {
	tokens, _ := words{}.segment(make([]Token, 0, detectWords), text, 0, detectWords)
	letters := make(map[Lang]int) // by script; "" is Latin
	for _, t := range tokens {
		if t.Kind != Word && t.Kind != Char {
			continue
		}
		r, _ := utf8.DecodeRuneInString(t.Text)
		if r < 0x370 {
			letters[""] += len(t.Text)
			continue
		}
		for _, s := range scripts {
			if unicode.Is(s.table, r) {
				letters[s.lang] += utf8.RuneCountInString(t.Text)
				break
			}
		}
	}
	if 10*letters["ja"] > letters["zh"] { // Japanese has both
		letters["ja"] += letters["zh"]
		letters["zh"] = 0
	}
	most := Lang("")
	for _, s := range scripts {
		if letters[s.lang] > letters[most] {
			most = s.lang
		}
	}
	if most == "" {
		return detectLatin(tokens, among)
	}
	if most == "ru" && strings.ContainsAny(text, "іїєґІЇЄҐ") && (among == nil || slices.Contains(among, "uk")) {
		most = "uk"
	}
	if among != nil && !slices.Contains(among, most) {
		return ""
	}
	return most
}

// detectLatin is naive Bayes on the trigrams of words, with a prize for stop
// words. It adds up whole numbers, so its answer is the same everywhere.
func detectLatin(tokens []Token, among []Lang) Lang {
	m := latinModel()
	scores := make([]int, len(m.langs))
	var word []byte
	for _, t := range tokens {
		if t.Kind != Word {
			continue
		}
		lower := lowerSurface(t.Text)
		bits := m.stop[lower]
		for i := range scores {
			scores[i] += stopBonus * int(bits>>i&1)
		}
		word = append(append(append(word[:0], '_'), lower...), '_')
		first := 0
		for first < len(word) { // the trigram that starts here
			_, size := utf8.DecodeRune(word[first:])
			end := first + size
			for range 2 {
				_, size := utf8.DecodeRune(word[end:])
				end += size
			}
			if p, ok := m.trigrams[string(word[first:end])]; ok {
				for i := range scores {
					scores[i] += int(p[i] - '!')
				}
			}
			first += size
		}
	}
	best := -1
	for i, l := range m.langs {
		if scores[i] > 0 && (best < 0 || scores[i] > scores[best]) && (among == nil || slices.Contains(among, l)) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return m.langs[best]
}
