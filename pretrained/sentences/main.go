// Command sentences writes the sentences that the default model is trained on
// beside corpora. They are made by a grammar of many constructions, in which the
// words of opinion count the other way, or not at all: negation near and far,
// expectation, questions and answers, other people's opinions, facts, groups of
// people. From the root of the repository:
//
//	go run ./pretrained/sentences | zstd -19 >pretrained/sentences.tsv.zst
//
// With -held it writes sentences to judge by: all have words that no sentence for
// training has, and some constructions are in none of those. Each has the columns
// label, construction, seen (whether the construction is in training) and text;
// where two labels are right, both stand there, as in "positive|neutral".
//
// With -dev it writes those of them that are to weigh the branches of a model: in
// constructions that training has, with one right label.
//
// With files it writes changed copies of some of their texts, with their labels,
// in which nothing that matters differs: see change.
//
//	go run ./pretrained/sentences -n 20000 -without DEV FILE... >pretrained/changed.tsv
//
// The constructions are those of grammar.txt, the words those of words.txt.
package main

import (
	"bufio"
	_ "embed" // for the grammar
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/textlstm/textlstm/corpora"
)

//go:embed grammar.txt
var constructions string

//go:embed words.txt
var words string

// perTemplate is how many sentences each template gives, for training and for
// judging. Those about groups of people have so many times as many, so that no label goes with a group.
const perTemplate, perHeldTemplate, aboutGroups = 20, 6, 3

// One sentence in framed of those for training stands in a frame, which says nothing
// of its sentiment.
const framed = 4

// Lists of heldFrom words or more keep about one in heldShare for judging, but not
// those of groups of people: no group may be one that training has not treated as
// the others.
const heldFrom, heldShare = 20, 7

var neverHeld = []string{"nation", "faith", "orientation", "race"}

// heldOut says whether a word is for judging. That of related words, such as
// charm, charming and more charming, is the same.
func heldOut(word string) bool {
	word = strings.ToLower(word[strings.LastIndex(word, " ")+1:])
	h := fnv.New32a()
	h.Write([]byte(word[:min(4, len(word))]))
	return h.Sum32()%heldShare == 0
}

func main() {
	held := flag.Bool("held", false, "write the sentences to judge by")
	dev := flag.Bool("dev", false, "write those of the sentences to judge by that have one label and are of constructions trained on")
	n := flag.Int("n", 20000, "number of texts of FILE... to change")
	without := flag.String("without", "", "`file` of dev texts, which are not changed")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	writing := func() error { return write(out, *held, *n, *without, flag.Args()) }
	if *dev {
		writing = func() error { return writeDev(out) }
	}
	if err := writing(); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// write writes what the flags ask for.
func write(out io.Writer, held bool, n int, without string, files []string) error {
	if len(files) > 0 {
		return writeChanged(out, n, without, files)
	}
	if held {
		fmt.Fprintln(out, "label\tconstruction\tseen\ttext")
		for _, s := range judging() {
			fmt.Fprintf(out, "%s\t%s\t%t\t%s\n", s.label, s.construction, s.seen, s.text)
		}
		return nil
	}
	fmt.Fprintln(out, "label\ttext")
	for _, s := range training() {
		fmt.Fprintf(out, "%s\t%s\n", s.label, s.text)
	}
	return nil
}

// writeDev writes the sentences of words held out that a training may use as dev texts.
func writeDev(out io.Writer) error {
	fmt.Fprintln(out, "label\ttext")
	for _, s := range judging() {
		if s.seen && !strings.Contains(s.label, "|") {
			fmt.Fprintf(out, "%s\t%s\n", s.label, s.text)
		}
	}
	return nil
}

// A grammar is what grammar.txt and words.txt say.
type grammar struct {
	words     map[string][]string // every list
	held      map[string][]string // of the lists that hold some words out, those words
	templates []template
}

// A template is one line of a construction.
type template struct {
	construction string
	held         bool
	label, text  string
}

// A sentence is one row, and what it was before anything was misspelt.
type sentence struct {
	label, construction string
	seen                bool
	text, clean         string
}

// parse reads the two files.
func parse(constructions, words string) *grammar {
	g := &grammar{words: map[string][]string{}, held: map[string][]string{}}
	for line := range lines(words) {
		name, list, _ := strings.Cut(line, " = ")
		g.words[name] = append(g.words[name], strings.Split(list, " | ")...)
	}
	for name, all := range g.words {
		if len(all) < heldFrom || slices.Contains(neverHeld, name) {
			continue
		}
		g.words[name] = nil
		for _, w := range all {
			to := g.words
			if heldOut(w) {
				to = g.held
			}
			to[name] = append(to[name], w)
		}
	}
	var t template
	for line := range lines(constructions) {
		if line[0] == '[' {
			t.construction, t.held = strings.CutSuffix(strings.Trim(line, "[]"), ", held out")
			continue
		}
		t.label, t.text, _ = strings.Cut(line, ": ")
		g.templates = append(g.templates, t)
	}
	return g
}

// lines yields the lines of a file that are neither empty nor comments.
func lines(file string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(file) {
			line = strings.TrimSpace(line)
			if line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

// training and judging are all sentences for either.
var (
	training = sync.OnceValue(func() []sentence { return parse(constructions, words).generate(nil) })
	judging  = sync.OnceValue(func() []sentence { return parse(constructions, words).generate(training()) })
)

// generate returns the sentences for training, or those held out from the training that is
// given, no text twice.
func (g *grammar) generate(trained []sentence) []sentence {
	rng := rand.New(rand.NewPCG(20, 26))
	var all []sentence
	held := trained != nil
	seen, known := map[string]bool{}, map[string]bool{}
	for _, s := range trained {
		for w := range corpora.Words(s.clean) {
			known[w] = true
		}
	}
	for _, t := range g.templates {
		n := perTemplate
		if held {
			n = perHeldTemplate
		} else if t.held {
			continue
		} else if groups.MatchString(t.text) {
			n *= aboutGroups
		}
		// A template of few slots has fewer sentences than it is asked for.
		for tries := 3 * n; n > 0 && tries > 0; tries-- {
			f := filler{g: g, rng: rng, held: held}
			clean, label := f.fill(t)
			text := clean
			if held {
				news := false
				for w := range corpora.Words(clean) {
					news = news || !known[w]
				}
				if !news {
					continue
				}
			} else {
				text = disturb(rng, clean, f.opinions)
				label = oneOf(rng, label)
			}
			if seen[clean] || seen[text] {
				continue
			}
			seen[clean], seen[text] = true, true
			all = append(all, sentence{label, t.construction, !t.held, text, clean})
			n--
		}
	}
	return all
}

// oneOf returns one of the labels that are right.
func oneOf(rng *rand.Rand, label string) string {
	labels := strings.Split(label, "|")
	return labels[rng.IntN(len(labels))]
}

// A filler makes one sentence of a template.
type filler struct {
	g    *grammar
	rng  *rand.Rand
	held bool // take held-out words where there are some

	used     map[string]bool
	opinions []string // words of opinion in the sentence
}

var (
	groups  = regexp.MustCompile(`\{(group|` + strings.Join(neverHeld, "|") + `)\}`)
	slot    = regexp.MustCompile(`\{([\w.]+)\}`)
	vowel   = regexp.MustCompile(`\b([Aa]) ([aeioAEIO]|u[^ns]|un[^i])`)
	plural  = regexp.MustCompile(`((?:ch|sh|ss|x|\bbus))s\b`)
	plurals = regexp.MustCompile(`([^aeiou ])ys\b`)
	start   = regexp.MustCompile(`(?:^|[.?!] )\pL`)

	ofHim = strings.NewReplacer("{it}", "{person}", "{pron}", "he", "{adj.", "{trait.")
	ofHer = strings.NewReplacer("{it}", "{person}", "{pron}", "she", "{adj.", "{trait.")
)

// polarities are what x, y and z may be, with the opposite of each.
var polarities = []string{"positive", "negative", "neutral"}
var opposite = map[string]string{"positive": "negative", "negative": "positive", "neutral": "neutral"}

// isNot has the labels of what is not so.
var isNot = map[string]string{"positive": "negative", "negative": "positive|neutral", "neutral": "neutral"}

// fill fills the slots of a template, and those in the words that fill them. It
// returns the sentence and its label.
func (f *filler) fill(t template) (text, label string) {
	of := 2 // polarities to choose from
	if strings.Contains(t.text, ".z}") {
		of = 3
	}
	x := polarities[f.rng.IntN(of)]
	f.used = map[string]bool{}
	text = t.text
	if strings.Contains(text, "{it}") && !strings.Contains(text, "thing}") {
		switch f.rng.IntN(8) {
		case 0:
			text = ofHim.Replace(text)
		case 1:
			text = ofHer.Replace(text)
		}
	}
	text = strings.ReplaceAll(text, "{pron}", "it")
	if !f.held && len(f.g.words["frame"]) > 0 && f.rng.IntN(framed) == 0 {
		text = strings.Replace(f.word("frame"), "{sentence}", text, 1)
	}
	text = strings.NewReplacer(".x}", "."+x+"}", ".z}", "."+x+"}", ".y}", "."+opposite[x]+"}").Replace(text)
	for slot.MatchString(text) {
		text = slot.ReplaceAllStringFunc(text, func(s string) string { return f.word(s[1 : len(s)-1]) })
	}
	text = plural.ReplaceAllString(text, "${1}es")
	text = plurals.ReplaceAllString(text, "${1}ies")
	text = vowel.ReplaceAllString(text, "${1}n $2")
	text = start.ReplaceAllStringFunc(text, strings.ToUpper)

	switch name, negated := strings.CutPrefix(t.label, "not "); {
	case negated:
		label = isNot[x]
	case name == "x", name == "z":
		label = x
	case name == "y":
		label = opposite[x]
	default:
		label = name
	}
	return text, label
}

// word returns a word of a list, another one each time where there are some.
func (f *filler) word(list string) string {
	words, held := f.g.words[list], f.g.held[list]
	if f.held && held != nil {
		words = held
	}
	if len(words) == 0 {
		log.Fatalf("nothing fills {%s}", list)
	}
	w := words[f.rng.IntN(len(words))]
	for f.used[w] && len(words) > 3 {
		w = words[f.rng.IntN(len(words))]
	}
	f.used[w] = true
	if strings.HasSuffix(list, "tive") {
		f.opinions = append(f.opinions, w)
	}
	return w
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
	case p < 0.20:
		return strings.ReplaceAll(text, "n't", "nt")
	case p < 0.26 && len(word) > 4:
		return strings.Replace(text, word, misspell(rng, word), 1)
	case p < 0.29 && word != "":
		if i := strings.IndexAny(word, "aeiou"); i >= 0 {
			return strings.Replace(text, word, word[:i]+strings.Repeat(word[i:i+1], 3+rng.IntN(4))+word[i+1:], 1)
		}
	case p < 0.33:
		return strings.ReplaceAll(text, ".", strings.Repeat("!", 1+rng.IntN(3)))
	case p < 0.43:
		return strings.TrimRight(text, ".")
	}
	return text
}

// misspell makes one mistake behind the first letter of a word of ASCII.
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
