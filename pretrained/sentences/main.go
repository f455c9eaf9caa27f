// Command sentences writes the sentences that the default model is trained on
// beside corpora: negation, facts, questions, change over time, emoji and other
// things of which reviews have too little. From the root of the repository:
//
//	go run ./pretrained/sentences >pretrained/sentences.tsv
//
// The templates and words are those of templates.txt.
package main

import (
	"bufio"
	_ "embed" // for the templates
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed templates.txt
var source string

// perLabel is how many sentences each label gets.
const perLabel = 850

func main() {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "label\ttext")
	for _, s := range generate(parse(source)) {
		fmt.Fprintf(out, "%s\t%s\n", s.label, s.text)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// A grammar is what templates.txt says.
type grammar struct {
	words     map[string][]string
	templates map[string][]string // by label
}

// A sentence is one row, and what it was before anything was misspelt.
type sentence struct{ label, text, clean string }

// parse reads templates.txt.
func parse(source string) grammar {
	g := grammar{map[string][]string{}, map[string][]string{}}
	label := ""
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			label = strings.Trim(line, "[]")
		case label == "":
			name, list, _ := strings.Cut(line, " = ")
			g.words[name] = strings.Split(list, " | ")
		default:
			g.templates[label] = append(g.templates[label], line)
		}
	}
	return g
}

// generate returns the sentences of all labels, one of each template in turn, no
// text twice.
func generate(g grammar) []sentence {
	rng := rand.New(rand.NewPCG(20, 26))
	var all []sentence
	seen := map[string]bool{}
	for _, label := range slices.Sorted(maps.Keys(g.templates)) {
		for n, turn := 0, 0; n < perLabel; turn++ {
			t := g.templates[label][turn%len(g.templates[label])]
			clean, opinions := g.fill(rng, t)
			text := disturb(rng, clean, opinions)
			if seen[clean] || seen[text] {
				continue
			}
			seen[clean], seen[text] = true, true
			all = append(all, sentence{label, text, clean})
			n++
		}
	}
	return all
}

var (
	slot  = regexp.MustCompile(`\{(\w+)\}`)
	vowel = regexp.MustCompile(`\b([Aa]) ([aeio]|u[^s])`)
)

// fill fills the slots of a template, and those in the words that fill them. It
// also returns the words of opinion that it used.
func (g grammar) fill(rng *rand.Rand, t string) (text string, opinions []string) {
	used := map[string]bool{}
	for slot.MatchString(t) {
		t = slot.ReplaceAllStringFunc(t, func(s string) string {
			name := s[1 : len(s)-1]
			words := g.words[name]
			if len(words) == 0 {
				log.Fatalf("nothing fills %s in %q", s, t)
			}
			w := words[rng.IntN(len(words))]
			for used[w] && len(words) > 3 {
				w = words[rng.IntN(len(words))]
			}
			used[w] = true
			switch name {
			case "good", "bad", "liked", "hated":
				opinions = append(opinions, w)
			}
			return w
		})
	}
	t = vowel.ReplaceAllString(t, "${1}n $2")
	first, size := utf8.DecodeRuneInString(t)
	return string(unicode.ToUpper(first)) + t[size:], opinions
}

// disturb writes some texts as people do: in lower case without a full stop, in
// capitals, without apostrophes, with a word misspelt or stretched.
func disturb(rng *rand.Rand, text string, opinions []string) string {
	word := ""
	if len(opinions) > 0 {
		word = opinions[rng.IntN(len(opinions))]
	}
	switch p := rng.Float64(); {
	case p < 0.08:
		return strings.TrimRight(strings.ToLower(text), ".")
	case p < 0.11:
		return strings.ToUpper(text)
	case p < 0.24:
		return strings.ReplaceAll(text, "n't", "nt")
	case p < 0.38 && len(word) > 4:
		return strings.Replace(text, word, misspell(rng, word), 1)
	case p < 0.41 && word != "":
		if i := strings.IndexAny(word, "aeiou"); i >= 0 {
			return strings.Replace(text, word, word[:i]+strings.Repeat(word[i:i+1], 3+rng.IntN(4))+word[i+1:], 1)
		}
	case p < 0.45:
		return strings.ReplaceAll(text, ".", strings.Repeat("!", 1+rng.IntN(3)))
	}
	return text
}

// misspell makes one mistake behind the first letter of an ASCII word.
func misspell(rng *rand.Rand, word string) string {
	i := 1 + rng.IntN(len(word)-2)
	switch rng.IntN(4) {
	case 0: // changed over
		return word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:]
	case 1: // left out
		return word[:i] + word[i+1:]
	case 2: // doubled
		return word[:i] + word[i:i+1] + word[i:]
	}
	return word[:i] + string(rune('a'+rng.IntN(26))) + word[i+1:]
}
