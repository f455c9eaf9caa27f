package prose

import (
	"bytes"
	"encoding/gob"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jdkato/prose/v2"
)

// A perceptron is the part-of-speech tagger of prose/v2: its model and its
// features (Honnibal 2013, "A Good Part-of-Speech Tagger in about 200 Lines of
// Python"). Prose itself decodes the model for every text, which takes 200 ms;
// gives all occurrences of a word in a text the tag of the last one (2 % of the
// tags of film reviews are wrong for it); and adds weights up in the order of a
// Go map, so that one tag in 40,000 differs from run to run. This one does not.
type perceptron struct {
	tags    []string            // sorted
	known   map[string]string   // words that have but one tag
	weights map[string][]weight // by feature
}

// A weight is that of one tag, by its place in tags.
type weight struct {
	tag   int
	value float64
}

// tagger returns the model, decoded once. It is immutable.
var tagger = sync.OnceValue(func() *perceptron {
	var p perceptron
	var byFeature map[string]map[string]float64
	decodeModel("tags.gob", &p.known)
	decodeModel("weights.gob", &byFeature)
	index := make(map[string]int)
	for _, byTag := range byFeature {
		for tag := range byTag {
			index[tag] = 0
		}
	}
	p.tags = slices.Sorted(maps.Keys(index))
	for i, tag := range p.tags {
		index[tag] = i
	}
	p.weights = make(map[string][]weight, len(byFeature))
	for feature, byTag := range byFeature {
		list := make([]weight, 0, len(byTag))
		for tag, value := range byTag {
			list = append(list, weight{index[tag], value})
		}
		p.weights[feature] = list // of one weight for each tag: their order does not matter
	}
	return &p
})

func decodeModel(name string, into any) {
	data, err := prose.Asset("model/AveragedPerceptron/" + name)
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(data)).Decode(into)
	}
	if err != nil {
		panic("prose: the model: " + err.Error()) // it is part of the program
	}
}

// tag puts the Penn Treebank tags of words into the empty ones of tags.
func (p *perceptron) tag(words, tags []string) {
	context := make([]string, 0, len(words)+4)
	context = append(context, "-START-", "-START2-")
	for _, w := range words {
		context = append(context, normalWord(w))
	}
	context = append(context, "-END-", "-END2-")

	scores := make([]float64, len(p.tags))
	var key []byte
	prev, prev2 := "-START-", "-START2-"
	for i, w := range words {
		switch tag, ok := p.known[w]; {
		case tags[i] != "":
		case w == "-":
			tags[i] = "-"
		case ok:
			tags[i] = tag
		default:
			tags[i] = p.predict(scores, &key, w, context[i:i+5], prev, prev2)
		}
		prev, prev2 = tags[i], prev
	}
}

// predict returns the best tag of the word w, which is in the middle of c; at a
// tie the first by name. scores and key are scratch memory.
func (p *perceptron) predict(scores []float64, key *[]byte, w string, c []string, prev, prev2 string) string {
	clear(scores)
	features := [...][3]string{
		{"bias"},
		{"i suffix", suffix3(w)},
		{"i pref1", string(rune(w[0]))},
		{"i-1 tag", prev},
		{"i-2 tag", prev2},
		{"i tag+i-2 tag", prev, prev2},
		{"i word", c[2]},
		{"i-1 tag+i word", prev, c[2]},
		{"i-1 word", c[1]},
		{"i-1 suffix", suffix3(c[1])},
		{"i-2 word", c[0]},
		{"i+1 word", c[3]},
		{"i+1 suffix", suffix3(c[3])},
		{"i+2 word", c[4]},
	}
	for _, f := range features {
		k := append((*key)[:0], f[0]...)
		for _, part := range f[1:] {
			if part != "" {
				k = append(append(k, ' '), part...)
			}
		}
		*key = k
		for _, w := range p.weights[string(k)] {
			scores[w.tag] += w.value
		}
	}
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	return p.tags[best]
}

func suffix3(s string) string { return s[max(0, len(s)-3):] }

// normalWord is the form of a word that the features look at.
func normalWord(s string) string {
	switch {
	case strings.IndexByte(s, '-') > 0:
		return "!HYPHEN"
	case len(s) == 4 && isYear(s):
		return "!YEAR"
	case s[0] >= '0' && s[0] <= '9':
		return "!DIGITS"
	}
	return strings.ToLower(s)
}

func isYear(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}
