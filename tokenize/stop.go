package tokenize

import (
	"embed"
	"strings"
	"sync"
)

// The stop words: function words compiled for this package, one language a
// file. Words that negate are not among them, because they turn the sense of a
// text round.
//
//go:embed stopwords/*.txt
var stopFiles embed.FS

// stopSets returns the stop words of each language, in lower case.
var stopSets = sync.OnceValue(func() map[Lang]map[string]bool {
	sets := make(map[Lang]map[string]bool)
	entries, err := stopFiles.ReadDir("stopwords")
	if err != nil {
		panic(err) // the files are part of the program
	}
	for _, e := range entries {
		data, err := stopFiles.ReadFile("stopwords/" + e.Name())
		if err != nil {
			panic(err)
		}
		set := make(map[string]bool)
		for line := range strings.Lines(string(data)) {
			if !strings.HasPrefix(line, "#") {
				for w := range strings.FieldsSeq(line) {
					set[w] = true
				}
			}
		}
		sets[Lang(strings.TrimSuffix(e.Name(), ".txt"))] = set
	}
	return sets
})

// newStop makes the filter that drops stop words, whatever their case.
func newStop(arg string, hasArg bool) (stage, error) {
	fixed, spec, err := langArg("stop", arg, hasArg, func(l Lang) bool { return stopSets()[l] != nil })
	return stage{spec: spec, m: func(dst []form, f form, lang Lang) []form {
		if fixed != "" {
			lang = fixed
		}
		if f.kind == Word && stopSets()[lang][lowerSurface(f.text)] {
			return dst
		}
		return append(dst, f)
	}}, err
}
