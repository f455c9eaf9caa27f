package tokenize

import (
	"fmt"
	"slices"
	"strings"
)

// A Lang is a language, by its ISO 639-1 code: "en". The empty Lang is a
// language that is not known.
type Lang string

// langNames are the languages that stages know by code and by English name.
var langNames = map[string]Lang{
	"english": "en", "french": "fr", "spanish": "es", "russian": "ru", "swedish": "sv", "norwegian": "no", "hungarian": "hu",
	"german": "de", "italian": "it", "portuguese": "pt", "dutch": "nl", "danish": "da", "finnish": "fi",
	"nb": "no", "nn": "no",
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

func isKnownLang(l Lang) bool {
	for _, k := range langNames {
		if k == l {
			return true
		}
	}
	return false
}

func langList(is func(Lang) bool) string {
	var known []string
	for _, l := range langNames {
		if is(l) && !slices.Contains(known, string(l)) {
			known = append(known, string(l))
		}
	}
	slices.Sort(known)
	return strings.Join(known, ", ")
}
