package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/textlstm/textlstm/evaluate/checklist"
)

// TestFile checks that the file is what the program writes.
func TestFile(t *testing.T) {
	var want strings.Builder
	want.WriteString("label\ttext\n")
	for _, s := range generate(parse(source)) {
		fmt.Fprintf(&want, "%s\t%s\n", s.label, s.text)
	}
	got, err := os.ReadFile("../sentences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Error("pretrained/sentences.tsv is not what go run ./pretrained/sentences writes")
	}
}

var notWord = regexp.MustCompile(`[^\pL\pN]+`)

// normal is a text in lower case without punctuation, with spaces around.
func normal(text string) string {
	return " " + strings.Trim(notWord.ReplaceAllString(strings.ToLower(strings.ReplaceAll(text, "'", "")), " "), " ") + " "
}

// TestSuiteStaysATest checks that no sentence is one of the behavioural suite, nor
// differs from one by words that fill slots, here or there.
func TestSuiteStaysATest(t *testing.T) {
	g := parse(source)
	fillings := []string{" ", "  "}
	for name, words := range g.words {
		if name != "fact" {
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
				exact[n], masked[mask(n)] = true, text
			}
		}
	}
	for _, s := range generate(g) {
		for _, n := range []string{normal(s.text), normal(s.clean)} {
			if exact[n] {
				t.Errorf("%q is in the suite", s.text)
			} else if text, ok := masked[mask(n)]; ok {
				t.Errorf("%q is %q of the suite with other words", s.clean, text)
			}
		}
	}
}

// TestTemplates checks that there are many templates, and as many of each label.
func TestTemplates(t *testing.T) {
	g := parse(source)
	n := 0
	for label, templates := range g.templates {
		n += len(templates)
		if len(templates) < 70 {
			t.Errorf("%d templates are %s", len(templates), label)
		}
	}
	if n < 150 || len(g.templates) != 3 {
		t.Errorf("%d templates of %d labels", n, len(g.templates))
	}
}
