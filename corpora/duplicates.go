package corpora

import (
	"crypto/sha256"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A textKey identifies a text up to case and white space.
type textKey [16]byte

// normalizer computes text keys; it holds scratch space.
type normalizer struct{ buf []byte }

// key returns the key of text: of its lower-case form with every run of white
// space made one space and none at the ends.
func (n *normalizer) key(text string) textKey {
	sum := sha256.Sum256(n.normalize(text))
	return textKey(sum[:16])
}

// normalize returns the lower-case form; it is valid until the next call.
func (n *normalizer) normalize(text string) []byte {
	b := n.buf[:0]
	space := false
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		if r == ' ' || r < utf8.RuneSelf && '\t' <= r && r <= '\r' || r >= utf8.RuneSelf && unicode.IsSpace(r) {
			space = true
			continue
		}
		if space && len(b) > 0 {
			b = append(b, ' ')
		}
		space = false
		switch {
		case 'A' <= r && r <= 'Z':
			b = append(b, byte(r)+'a'-'A')
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		default:
			b = utf8.AppendRune(b, unicode.ToLower(r))
		}
	}
	n.buf = b
	return b
}

// Dedup drops every example whose text, up to case and white space, an earlier
// example has, whatever its labels, and returns how many. It changes d.
func (d *Dataset) Dedup() (dropped int) {
	var n normalizer
	seen := make(map[textKey]bool, len(d.Examples))
	kept := d.Examples[:0]
	for _, ex := range d.Examples {
		if k := n.key(ex.Text); !seen[k] {
			seen[k] = true
			kept = append(kept, ex)
		}
	}
	dropped = len(d.Examples) - len(kept)
	clear(d.Examples[len(kept):])
	d.Examples = kept
	return dropped
}

// Amount says how many texts d has and, where some are equal up to case and white space,
// how few are different: what Split and Folds can cut.
func (d *Dataset) Amount() string {
	var n normalizer
	different := map[textKey]bool{}
	for i := range d.Examples {
		different[n.key(d.Examples[i].Text)] = true
	}
	switch total := d.Len(); {
	case total == 0:
		return "no texts"
	case total == 1:
		return "1 text"
	case len(different) == total:
		return fmt.Sprintf("%d texts", total)
	case len(different) > 1:
		return fmt.Sprintf("%d texts, of which %d are different", total, len(different))
	case strings.TrimSpace(d.Examples[0].Text) == "":
		return fmt.Sprintf("%d texts that are all empty", total)
	default:
		return fmt.Sprintf("%d texts that are all equal", total)
	}
}

// Duplicates returns the groups of examples of d, by index, that have one text
// up to case and white space; groups of one are left out. The groups and their
// members are in the order of d.
func (d *Dataset) Duplicates() [][]int {
	var n normalizer
	place := make(map[textKey]int, len(d.Examples))
	groups := make([][]int, 0, len(d.Examples))
	for i := range d.Examples {
		k := n.key(d.Examples[i].Text)
		g, ok := place[k]
		if !ok {
			g = len(groups)
			place[k] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return slices.DeleteFunc(groups, func(g []int) bool { return len(g) < 2 })
}

// A Conflict is one text that examples label differently.
type Conflict struct {
	Head    int
	Indices []int    // of the examples with the text that have a label
	Labels  []string // the different labels, sorted
}

// Conflicts returns the texts that have more than one label of a head.
func (d *Dataset) Conflicts() []Conflict {
	var out []Conflict
	for _, group := range d.Duplicates() {
		for h := range d.Heads {
			c := Conflict{Head: h}
			labels := map[string]bool{}
			for _, i := range group {
				if l := d.Examples[i].Label(h); l != "" {
					labels[l] = true
					c.Indices = append(c.Indices, i)
				}
			}
			if len(labels) > 1 {
				c.Labels = sortedKeys(labels)
				out = append(out, c)
			}
		}
	}
	return out
}

// A Leak is an example of one dataset whose text another has too.
type Leak struct {
	Test, Train int // indices; Train is the first example with the text
}

// Leaks returns the examples of test whose text, up to case and white space, is
// in train.
func Leaks(train, test *Dataset) []Leak {
	var n normalizer
	first := make(map[textKey]int, len(train.Examples))
	for i := range train.Examples {
		k := n.key(train.Examples[i].Text)
		if _, ok := first[k]; !ok {
			first[k] = i
		}
	}
	var out []Leak
	for i := range test.Examples {
		if j, ok := first[n.key(test.Examples[i].Text)]; ok {
			out = append(out, Leak{Test: i, Train: j})
		}
	}
	return out
}

// Without returns the examples of d whose text other has not, and the number of those that
// it has, be it with other mentions (@name), addresses or signs: corpora of tweets write these in
// their own ways.
func (d *Dataset) Without(other *Dataset) (rest *Dataset, dropped int) {
	var n normalizer
	has := make(map[textKey]bool, len(other.Examples))
	for i := range other.Examples {
		has[n.wording(other.Examples[i].Text)] = true
	}
	keep := make([]int, 0, d.Len())
	for i := range d.Examples {
		if !has[n.wording(d.Examples[i].Text)] {
			keep = append(keep, i)
		}
	}
	return d.Subset(keep), d.Len() - len(keep)
}

// wording returns the key of the letters and digits of text, in lower case, without mentions and
// addresses; that of the whole text if nothing is left.
func (n *normalizer) wording(text string) textKey {
	var b []byte
	for word := range strings.FieldsSeq(strings.ToLower(html.UnescapeString(text))) {
		if word[0] == '@' || strings.HasPrefix(word, "http") || strings.HasPrefix(word, "www.") {
			continue
		}
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	if len(b) == 0 {
		return n.key(text)
	}
	sum := sha256.Sum256(b)
	return textKey(sum[:16])
}
