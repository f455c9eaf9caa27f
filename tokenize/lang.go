package tokenize

import (
	"fmt"
	"slices"
	"strings"
)

// A Lang is a language, by its ISO 639-1 code: "en". The empty Lang is a
// language that is not known.
type Lang string

// langNames are the codes of the languages that stages know, by their English
// names and by the codes of their varieties.
var langNames = map[string]Lang{
	"arabic": "ar", "chinese": "zh", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
	"german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "italian": "it", "japanese": "ja",
	"korean": "ko", "norwegian": "no", "nb": "no", "nn": "no", "portuguese": "pt", "romanian": "ro", "russian": "ru",
	"spanish": "es", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk",
}

// parseLang parses a language for which is holds.
func parseLang(s string, is func(Lang) bool) (Lang, error) {
	l := Lang(s)
	if code, ok := langNames[s]; ok {
		l = code
	}
	if !is(l) {
		return "", fmt.Errorf("language %q, want one of %s", s, langList(is))
	}
	return l, nil
}

// langArg parses the optional language of the stage name, and returns the
// stage's canonical spec.
func langArg(name, arg string, hasArg bool, is func(Lang) bool) (l Lang, spec string, err error) {
	if !hasArg {
		return "", name, nil
	}
	l, err = parseLang(arg, is)
	return l, name + ":" + string(l), err
}

// setLang takes the argument of the stage "lang".
func (p *preparation) setLang(arg string) error {
	if p.lang != "" || p.detect {
		return fmt.Errorf("a second language")
	}
	auto, rest, some := strings.Cut(arg, ":")
	if auto != "auto" {
		var err error
		p.lang, err = parseLang(arg, isKnownLang)
		return err
	}
	p.detect = true
	if !some {
		return nil
	}
	for name := range strings.SplitSeq(rest, ",") {
		l, err := parseLang(name, isKnownLang)
		if err != nil {
			return err
		}
		if !slices.Contains(p.among, l) {
			p.among = append(p.among, l)
		}
	}
	slices.Sort(p.among)
	return nil
}

func isKnownLang(l Lang) bool { return slices.Contains(Languages(), l) }

func langList(is func(Lang) bool) string {
	var known []string
	for _, l := range Languages() {
		if is(l) {
			known = append(known, string(l))
		}
	}
	return strings.Join(known, ", ")
}
