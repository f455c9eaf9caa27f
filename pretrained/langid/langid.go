// Package langid tells the languages of texts apart, by a model of character n-grams
// of its own. Only programs that import it carry its 0.2 MB. MODEL_CARD.md of package
// pretrained says what it was trained on and how often it is right.
package langid

import (
	_ "embed" // for the model
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/tokenize"
)

//go:embed langid.safetensors
var file []byte

// Model returns the embedded model, whose one head has the languages that it tells
// apart, by their ISO 639-1 codes. It is decoded at the first call; all calls return
// the same one.
func Model() (*classify.Model, error) { return load() }

var load = sync.OnceValues(func() (*classify.Model, error) { return classify.Decode(file) })

// Unknown is the code of a language that cannot be named (ISO 639-2).
const Unknown = "und"

const (
	// doubt is the probability of the languages that are read above which a text may be
	// in one of them. At most one English text in a thousand is below.
	doubt = 0.02

	// tellingBytes are the letters that a text must have to be judged, in bytes of UTF-8:
	// twelve Latin ones, four Chinese ones.
	tellingBytes = 12

	// most is the share of the letters that are of scripts which no language read is
	// written in.
	most = 0.8

	// maxBytes are read of a text, unless its firstBytes show that it may be in one of
	// the languages that are read, or its glanceBytes that it likely is.
	glanceBytes, firstBytes, maxBytes = 100, 250, 2000

	// likely is the probability of the languages that are read that glanceBytes must show.
	likely = 0.9
)

// Foreign returns the language of a text that is surely in none of the languages read,
// given by their ISO 639-1 codes: its code, or Unknown. It returns "" for all other
// texts, among them those that are too short to tell. A code may be that of a similar
// language: that a text is in none of the languages read is what is sure. It lets
// many texts in Danish, Dutch, Romanian and Swedish pass, for the model has seen words
// alone of these. Any number of goroutines may call it at once.
func Foreign(text string, read []string) string {
	for _, first := range []struct {
		bytes    int
		expected float32
	}{{glanceBytes, likely}, {firstBytes, doubt}} {
		if len(text) > first.bytes {
			if lang, told := foreign(clean(text, first.bytes), read, first.expected); told && lang == "" {
				return ""
			}
		}
	}
	lang, _ := foreign(Clean(text), read, doubt)
	return lang
}

// foreign is Foreign for a text that is clean, whose languages read have a probability of
// at least expected if it is in one; told says whether it is long enough to tell.
func foreign(text string, read []string, expected float32) (lang string, told bool) {
	latin, others := letters(text)
	if latin+others < tellingBytes {
		return "", false
	}
	m, err := Model()
	if err != nil {
		panic(err) // the file is a part of the program
	}
	p := m.Predict(text)
	labels, probs := m.Heads()[0].Labels, p.Scores[0].Probs
	known := float32(0)
	for _, l := range read {
		if c := slices.Index(labels, l); c >= 0 {
			known += probs[c]
		}
	}
	unread := known < expected
	script := float64(others) > most*float64(latin+others) && !slices.ContainsFunc(read, otherScript)
	if !unread && !script {
		return "", true
	}
	best := p.Label("")
	trigrams := string(tokenize.DetectLanguage(text))
	if best == "no" && (trigrams == "da" || trigrams == "sv") || best == "ru" && trigrams == "uk" {
		best = trigrams // of neighbours the model has seen one alone, or hardly another
	}
	switch {
	case script && unread && otherScript(best): // the model has not seen every script
		return best, true
	case script && trigrams != "":
		return trigrams, true
	case script:
		return Unknown, true
	case !slices.Contains(read, best):
		return best, true
	}
	return "", true
}

// ForeignTo returns Foreign for the languages that a model reads, nil if it does not say
// which. It is an answer.Options.Foreign.
func ForeignTo(m *classify.Model) func(text string) string {
	read := m.Config().Languages
	if len(read) == 0 {
		return nil
	}
	return func(text string) string { return Foreign(text, read) }
}

// otherScript says whether a language is not written in Latin letters.
func otherScript(lang string) bool {
	return slices.Contains([]string{"ar", "el", "fa", "he", "hi", "ja", "ko", "ru", "th", "uk", "zh"}, lang)
}

// letters returns the bytes of Latin and of other letters in a text.
func letters(text string) (latin, others int) {
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin += utf8.RuneLen(r)
		case unicode.IsLetter(r):
			others += utf8.RuneLen(r)
		}
	}
	return latin, others
}

// noWords are parts of a text that belong to no language.
var noWords = regexp.MustCompile(`(?i)https?://\S+|www\.\S+|\S+@\S+|@\w+|#\w+|<[^<>]*>|&\w+;`)

// Clean returns the beginning of a text without addresses, mentions, hash tags and
// markup, which belong to no language.
func Clean(text string) string { return clean(text, maxBytes) }

func clean(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	if !strings.ContainsAny(text, "@#<&") && !strings.Contains(text, "://") && !strings.Contains(text, "w.") && !strings.Contains(text, "W.") {
		return text
	}
	return noWords.ReplaceAllString(text, " ")
}
