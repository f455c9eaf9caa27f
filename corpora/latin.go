package corpora

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// letterShares lists, by language, the letters beyond ASCII and how many of ten
// thousand letters of running text each is, rounded. (Tables of letter frequencies
// such as those of de.wikipedia.org/wiki/Buchstabenhäufigkeit agree within what
// matters here.)
var letterShares = map[string]string{
	"fr": "é190 à49 è27 ê22 ç9 û6 ù6 â5 î5 œ2 ô2 ë1 ï1",
	"de": "ü100 ä58 ö44 ß31 é1",
	"es": "ó83 í73 á50 é43 ñ31 ú17 ü1 ¿8 ¡8",
	"pt": "ã73 ç53 é34 ó30 á50 ê45 ú21 í40 â10 õ15 à7 ô6",
	"it": "è40 à64 ù17 ò30 é8 ì10",
	"sv": "ä180 å134 ö131 é1",
	"da": "å120 ø94 æ87 é2",
	"fi": "ä358 ö44 å1",
	"is": "ð440 á180 í157 þ146 ó99 æ87 ö78 é65 ú61 ý23",
	"nl": "é3 ë3 ï1 è1 ö1 ü1",
	"sq": "ë600 ç40",

	"pl": "ł182 ę111 ą99 ó85 ż83 ś66 ć40 ń20 ź6",
	"cs": "í326 á224 ě165 é133 ř121 ý107 č95 ž99 š80 ů69 ú15 ň7 ť4 ď3 ó3",
	"sk": "á172 í110 č100 é90 š80 ž90 ý90 ú90 ť60 ľ40 ď20 ô20 ó30 ň10 ä10 ŕ1 ĺ1",
	"hu": "á344 é339 ő88 ó95 ö82 ü65 í47 ű17 ú10",
	"ro": "ă250 î100 â90 ş150 ţ120 ș5 ț5",
	"hr": "č98 š90 ć60 ž50 đ22",

	"tr": "ı510 ş178 ü185 ğ113 ç116 ö78 â2",

	"lt": "ė150 š130 ų120 ž80 ą60 į50 ū40 č40 ę20",
	"lv": "ā400 ē180 ī170 š70 ņ50 ļ30 ū40 ž20 č10 ģ10 ķ10",
	"et": "ä110 õ110 ü60 ö30 š2 ž1",
}

// latinEncodings are the encodings of one byte for Latin letters, the usual one
// first, with the languages that are written in it.
var latinEncodings = []struct{ name, languages string }{
	{"windows-1252", "fr de es pt it sv da fi is nl sq"},
	{"windows-1250", "pl cs sk hu ro hr"},
	{"iso-8859-2", "pl cs sk hu ro hr"},
	{"windows-1254", "tr"},
	{"windows-1257", "lt lv et"},
}

const (
	rareLetter = 1e-4 // what is left for a letter that a language does not have
	leastLatin = -5.0 // logarithm of the mean probability of what letters of a language can be
	latinProof = 10.0 // natural logarithm of how much likelier another than windows-1252 must be
)

// detectLatin returns the encoding by which the letters of window are likeliest in
// some language, nil if they are likely in none, and whether that is in doubt: it
// reads almost as well in another one, as another text.
func detectLatin(window []byte) (best encoding.Encoding, name string, doubt bool) {
	type candidate struct {
		enc    encoding.Encoding
		name   string
		text   string
		loglik float64
		n      int // letters and signs that it is the probability of
	}
	var usual, first, second candidate
	for i, c := range latinEncodings {
		enc, _, err := encodingByName(c.name)
		if err != nil {
			panic(err) // the names are part of the program
		}
		text, err := enc.NewDecoder().String(string(window))
		if err != nil {
			continue
		}
		x := candidate{enc: enc, name: c.name, text: text, loglik: math.Inf(-1)}
		for lang := range strings.FieldsSeq(c.languages) {
			if l, n := letterLikelihood(text, letterShares[lang]); l > x.loglik {
				x.loglik, x.n = l, n
			}
		}
		switch {
		case i == 0:
			usual, first = x, x
			second.loglik = math.Inf(-1)
		case x.text == first.text || x.text == second.text:
		case x.loglik > first.loglik:
			first, second = x, first
		case x.loglik > second.loglik:
			second = x
		}
	}
	doubt = first.loglik-second.loglik < latinProof
	if first.loglik-usual.loglik < latinProof {
		first = usual
	}
	if first.loglik < leastLatin*float64(first.n) {
		return nil, "", false
	}
	return first.enc, first.name, doubt
}

// letterLikelihood returns the logarithm of the probability of the characters beyond
// ASCII of text, by the shares of a language's letters, and how many they are.
func letterLikelihood(text, shares string) (loglik float64, n int) {
	share, sum := map[rune]float64{}, 0.0
	for _, s := range strings.Fields(shares) {
		r, size := utf8.DecodeRuneInString(s)
		of, err := strconv.ParseFloat(s[size:], 64)
		if err != nil {
			panic(err) // the table is part of the program
		}
		share[r] = of
		sum += of
	}
	prev := ' '
	for i, r := range text {
		if r >= utf8.RuneSelf {
			next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			p, known := share[unicode.ToLower(r)]
			switch beside := unicode.IsLetter(prev) || unicode.IsLetter(next); {
			case known:
				loglik += math.Log(p / sum)
				n++
			case unicode.IsPunct(r), strings.ContainsRune("\u00a0°©®™", r), !beside && strings.ContainsRune("€£²³½±×§", r):
				// says nothing
			default:
				loglik += math.Log(rareLetter)
				n++
			}
		}
		prev = r
	}
	return loglik, n
}

// isThai reports whether window reads as Thai in windows-874: its letters alone,
// and the vowels and tones that stand above or below a consonant behind one.
func isThai(window []byte) bool {
	letters, marks, faults := 0, 0, 0
	var prev byte
	for i, c := range window {
		switch {
		case c < 0x80, c >= 0x91 && c <= 0x97, c == 0x80, c == 0x85, c == 0xA0: // quotes and dashes
		case c >= 0xA1 && c <= 0xDA, c >= 0xDF && c <= 0xFB:
			letters++
			if c == 0xD1 || c >= 0xD4 && c <= 0xDA || c >= 0xE7 && c <= 0xEE {
				marks++
				if prev < 0xA1 || prev >= 0xDF && prev < 0xE7 {
					faults++
				}
			}
		case i < len(window)-1:
			faults++
		}
		prev = c
	}
	return letters >= 8 && marks*10 >= letters && faults*50 <= letters
}
