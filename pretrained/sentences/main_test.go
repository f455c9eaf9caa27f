package main

import (
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate/checklist"
)

// alone skips a test where the detector of races would only slow it down.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one goroutine writes all sentences, for seconds")
	}
}

// TestFile checks that the file is what the program writes.
func TestFile(t *testing.T) {
	alone(t)
	f, err := os.Open("../sentences.tsv.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := corpora.Decompress(f, corpora.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := write(&want, false, 0, "", nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("pretrained/sentences.tsv.zst is not what go run ./pretrained/sentences writes")
	}
}

// TestDev checks that the sentences to weigh branches by are some of those to judge by,
// and in no construction that is held out.
func TestDev(t *testing.T) {
	alone(t)
	var b bytes.Buffer
	if err := writeDev(&b); err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(b.String()) {
		rows[strings.TrimSpace(line)] = true
	}
	seen := 0
	for _, s := range judging() {
		switch row := s.label + "\t" + s.text; {
		case rows[row] && (!s.seen || strings.Contains(s.label, "|")):
			t.Errorf("%q is of a construction held out, or has two labels", row)
		case rows[row]:
			seen++
		}
	}
	if want := len(rows) - 1; seen != want || seen < 1000 {
		t.Errorf("%d of %d rows are sentences to judge by", seen, want)
	}
}

// TestHeldOut checks that what is held out is in no sentence for training: every
// sentence to judge by has a word, and some have a construction, of which training
// has none.
func TestHeldOut(t *testing.T) {
	alone(t)
	trained, known := map[string]bool{}, map[string]bool{}
	for _, s := range training() {
		trained[s.construction] = true
		for w := range corpora.Words(s.clean) {
			known[w] = true
		}
	}
	unseen := 0
	for _, s := range judging() {
		if s.seen != trained[s.construction] {
			t.Errorf("%q: its construction %q is in training: %t", s.text, s.construction, trained[s.construction])
		}
		if !s.seen {
			unseen++
		}
		news := 0
		for w := range corpora.Words(s.clean) {
			if !known[w] {
				news++
			}
		}
		if news == 0 {
			t.Errorf("%q has no word that training has not", s.text)
		}
	}
	if unseen < 200 {
		t.Errorf("%d sentences of unseen constructions, want at least 200", unseen)
	}
}

// TestLabels checks what a construction makes of the polarity of its word.
func TestLabels(t *testing.T) {
	alone(t)
	g := parse("[not]\nnot z: {it} isn't {adj.z}\n[others]\ny: {who} said {adj.x}, I say {adj.y}",
		"it = a day\nperson = a clerk\nwho = you\nadj.positive = good\nadj.negative = bad\nadj.neutral = red\n"+
			"trait.positive = kind\ntrait.negative = rude\ntrait.neutral = tall")
	got := map[string]string{}
	f := filler{g: g, rng: rand.New(rand.NewPCG(1, 2))}
	for range 100 {
		for _, t := range g.templates {
			text, label := f.fill(t)
			got[text] = label
		}
	}
	want := map[string]string{
		"A day isn't good": "negative", "A day isn't bad": "positive|neutral", "A day isn't red": "neutral",
		"A clerk isn't kind": "negative", "A clerk isn't rude": "positive|neutral", "A clerk isn't tall": "neutral",
		"You said good, I say bad": "negative", "You said bad, I say good": "positive",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestChange checks that a change leaves the words that tell alone but for their
// spelling, and that all kinds of changes are made.
func TestChange(t *testing.T) {
	alone(t)
	c := newChanger(parse(constructions, words))
	got := map[string]bool{}
	for range 400 {
		got[c.change("Anna isn't an awful Kenyan guide, 10 of 10.")] = true
	}
	for _, like := range []string{`^\p{Lu}\w+ isn't an awful \p{Lu}[\pL ]+ guide, \d\d of \d\d\.? http`, `^[a-z]+ isn't an awful`, `AWFUL`, ` isnt an `, `^@\w+ `, `\d$`, `[^(awful)]+guide`} {
		re := regexp.MustCompile(like)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(got)), re.MatchString) {
			t.Errorf("no change like %s", like)
		}
	}
}

var notWord = regexp.MustCompile(`[^\pL\pN]+`)

// normal is a text in lower case without punctuation, with spaces around.
func normal(text string) string {
	return " " + strings.Trim(notWord.ReplaceAllString(strings.ToLower(strings.ReplaceAll(text, "'", "")), " "), " ") + " "
}

// clauses are lists of parts of sentences, beside those whose parts have three words in the mean: a text with one more is another text.
var clauses = []string{"fact", "when", "where", "mid", "saying", "misfortune", "luck", "praise", "blame",
	"clause.positive", "clause.negative", "negated.positive", "negated.negative", "plainclause", "deny", "rejected", "affirm", "ask", "wonder",
	"yes", "no", "heard", "turn", "refuted", "confirmed", "concede", "yet", "although", "earlier", "now",
	"does.positive", "does.negative", "does.neutral", "nowhere", "fully", "mishap", "favour", "suffer", "pleasure", "notice", "irony", "deed.positive", "deed.negative", "couldnt", "could"}

// TestSuiteStaysATest checks that no sentence is one of the behavioural suite, nor
// differs from one by words that fill slots, here or there.
func TestSuiteStaysATest(t *testing.T) {
	alone(t)
	g := parse(constructions, words)
	fillings := []string{" ", "  "}
	for name, words := range g.words {
		if !slices.Contains(clauses, name) && strings.Count(strings.Join(words, " "), " ")+1 < 3*len(words) {
			fillings = append(fillings, words...)
		}
	}
	files, err := filepath.Glob("../../evaluate/checklist/suite/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var suite struct {
			Test []struct{ Fill map[string][]string }
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := toml.Unmarshal(b, &suite); err != nil {
			t.Fatal(err)
		}
		for _, test := range suite.Test {
			for _, words := range test.Fill {
				fillings = append(fillings, words...)
			}
		}
	}
	slices.SortFunc(fillings, func(a, b string) int { return len(b) - len(a) }) // phrases before their words
	var pairs []string
	for _, w := range fillings {
		if n := normal(w); n != "  " {
			pairs = append(pairs, n, " _ ")
		}
	}
	blank := strings.NewReplacer(pairs...)
	mask := func(text string) string {
		for range 3 { // neighbours share a space
			text = blank.Replace(text)
		}
		return text
	}
	exact, masked := map[string]bool{}, map[string]string{}
	for _, test := range checklist.Default() {
		for _, texts := range test.Cases {
			for _, text := range texts {
				n := normal(text)
				if n == "  " {
					continue // signs alone
				}
				exact[n] = true
				if m := mask(n); strings.Trim(m, " _") != "" { // else words of the lists are all there is of it
					masked[m] = text
				}
			}
		}
	}
	for _, s := range slices.Concat(training(), judging()) {
		for _, n := range []string{normal(s.text), normal(s.clean)} {
			if exact[n] {
				t.Errorf("%q is in the suite", s.text)
			} else if text, ok := masked[mask(n)]; ok {
				t.Errorf("%q is %q of the suite with other words", s.clean, text)
			}
		}
	}
}

// TestGrammar checks that there are many constructions of all labels, and that no
// label prevails.
func TestGrammar(t *testing.T) {
	alone(t)
	names, labels, all := map[string]bool{}, map[string]int{}, 0
	for _, s := range training() {
		names[s.construction] = true
		labels[s.label]++
		all++
	}
	if len(names) < 20 || all < 30_000 {
		t.Errorf("%d sentences of %d constructions", all, len(names))
	}
	for label, n := range labels {
		if share := float64(n) / float64(all); share < 0.25 || share > 0.4 {
			t.Errorf("%.0f %% of the sentences are %s", 100*share, label)
		}
	}
}
