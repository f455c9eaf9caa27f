package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/textlstm/textlstm/corpora"
)

// writeChanged writes changed copies of n texts of the files, with their labels, but
// of none that stands in the file without, if there is one.
func writeChanged(out io.Writer, n int, without string, files []string) error {
	d, _, err := corpora.ReadFiles(corpora.Options{}, files...)
	if err != nil {
		return err
	}
	if without != "" {
		dev, _, err := corpora.ReadFiles(corpora.Options{}, without)
		if err != nil {
			return err
		}
		d, _ = d.Without(dev)
	}
	c := newChanger(parse(constructions, words))
	fmt.Fprintln(out, "label\ttext")
	for _, e := range d.Sample(c.rng.Uint64(), n).Examples {
		fmt.Fprintf(out, "%s\t%s\n", e.Label(0), c.change(e.Text))
	}
	return nil
}

// A changer changes in texts what says nothing of their sentiment.
type changer struct {
	rng     *rand.Rand
	g       *grammar
	swapped map[string]string // the list that a word may be swapped in
}

// swappable are the lists whose words stand for one another.
var swappable = []string{"name", "surname", "place", "nation", "faith", "day", "month"}

func newChanger(g *grammar) *changer {
	c := &changer{rand.New(rand.NewPCG(20, 27)), g, map[string]string{}}
	for _, list := range swappable {
		for _, w := range g.words[list] {
			c.swapped[w] = list
		}
	}
	return c
}

var (
	capital = regexp.MustCompile(`\b\p{Lu}\pL+\b`)
	number  = regexp.MustCompile(`\b\d+\b`)
	long    = regexp.MustCompile(`\b[a-z]{5,}\b`)
)

// change swaps names, places and groups of people for others and numbers for
// others, and then writes the text otherwise: with a typing mistake, without its
// case, final stop or apostrophes, or with an address in it.
func (c *changer) change(text string) string {
	text = capital.ReplaceAllStringFunc(text, func(w string) string {
		if list := c.g.words[c.swapped[w]]; list != nil {
			return list[c.rng.IntN(len(list))]
		}
		return w
	})
	text = number.ReplaceAllStringFunc(text, func(n string) string {
		digits := []byte(n)
		for i := range digits {
			digits[i] = byte('1' + c.rng.IntN(9))
		}
		return string(digits)
	})
	switch c.rng.IntN(8) {
	case 0:
		return strings.ToLower(text)
	case 1:
		return strings.ToUpper(text)
	case 2:
		return strings.TrimRight(text, ".!? ")
	case 3:
		return strings.NewReplacer("'", "", "’", "").Replace(text)
	case 4:
		return fmt.Sprintf("%s https://t.co/%x", text, c.rng.Uint32())
	case 5:
		return fmt.Sprintf("@%s%d %s", c.g.words["name"][c.rng.IntN(len(c.g.words["name"]))], c.rng.IntN(100), text)
	}
	for range 1 + c.rng.IntN(2) {
		if found := long.FindAllStringIndex(text, -1); found != nil {
			at := found[c.rng.IntN(len(found))]
			text = text[:at[0]] + misspell(c.rng, text[at[0]:at[1]]) + text[at[1]:]
		}
	}
	return text
}
