package tokenize_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/tokenize"
)

// TestSnowball compares stems with the official vocabularies of Snowball 3 (May
// 2026). Every difference has its reason here, with the number of words.
//
// "Version 3" means a rule that Snowball got after the algorithms of
// kljensen/snowball were written; the older stem is the correct one by the
// older rules. "Library" means a fault of kljensen/snowball.
func TestSnowball(t *testing.T) {
	type reason struct {
		why   string
		words string // a regular expression that the whole word matches
		count int
	}
	languages := []struct {
		file, lang string
		size       int
		reasons    []reason
	}{
		{"english", "en", 42649, []reason{
			{"version 3: -ogist becomes -og", `\w+ogists?`, 11},
			{"version 3: a doubled consonant stays in a stem of three letters", `(add|ebb|err|off)(ed|ing)`, 7},
			{"version 3: -ying behind a single letter becomes -ie", `[hv]ying`, 2},
			{"version 3: words exempt from rules that confused them with others (organ, organic)",
				`(emergenc|evening|interfer|intern|interv|later|organ|past|univers)\w*`, 37},
			{"library: a word of apostrophes has no stem", `'+`, 1},
		}},
		{"spanish", "es", 28378, []reason{
			{"version 3: -acion and -ucion without their accent are suffixes", `\w+[au]cion`, 9},
			{"library: a word of two bytes is left alone", `ó`, 1},
		}},
		{"french", "fr", 21655, []reason{
			{"version 2: ë and ï count as consonants in suffixes", `.*[ëï].*`, 83},
			{"version 3: -oux becomes -ou", `.*oux`, 9},
			{"version 3: -ais stays in nouns and goes with its feminine", `.+aise?s?`, 17},
			{"version 3: forms of nier", `ni(ée?s?|e|er.*)`, 7},
			{"version 3: a word of two letters is stemmed", `es`, 1},
		}},
		{"russian", "ru", 49785, []reason{
			{"library: a word of two letters is left alone", `..`, 11},
			{"library: the superlative goes before the region is checked", `злейший`, 1},
		}},
		{"swedish", "sv", 30738, []reason{
			{"version 3: the neuter article -et is cut off", `.+ets?`, 506},
			{"version 3: -öst becomes -ös", `.+öst.*`, 47},
		}},
		{"norwegian", "no", 20895, []reason{
			{"version 3: ê ò ó ô are vowels", `.*[êòóô].*`, 109},
			{"version 3: -ers stays in words where it is no plural", `.*ers`, 27},
		}},
		{"hungarian", "hu", 29881, []reason{
			{"library: short words lose a letter more", `\p{L}{3,9}`, 69},
			{"library: suffixes behind abbreviations", `.*[.-].*`, 8},
			{"library: -nnyá and -nnyé lose a letter more", `.*ny[áé]`, 3},
		}},
	}
	for _, l := range languages {
		t.Run(l.file, func(t *testing.T) {
			counts := make([]int, len(l.reasons))
			lines := corpusLines(t, "snowball/"+l.file+".tsv.zst", math.MaxInt)
			if len(lines) != l.size {
				t.Errorf("%d words, want %d", len(lines), l.size)
			}
		words:
			for _, line := range lines {
				word, want, _ := strings.Cut(line, "\t")
				got := tokenize.Stem(word, tokenize.Lang(l.lang))
				if got == want {
					continue
				}
				for i, r := range l.reasons {
					if regexp.MustCompile("^(" + r.words + ")$").MatchString(word) {
						counts[i]++
						continue words
					}
				}
				t.Errorf("Stem(%q) = %q, want %q, for no known reason", word, got, want)
			}
			for i, r := range l.reasons {
				if counts[i] != r.count {
					t.Errorf("%s: %d words, want %d", r.why, counts[i], r.count)
				}
			}
		})
	}
}
