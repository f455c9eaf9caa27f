package baseline

import (
	"strings"

	"github.com/textlstm/textlstm/internal/lexicon"
)

// The constants of Hutto & Gilbert 2014, from ratings of sentences with and
// without each feature.
const (
	degreeStep  = 0.293 // of a word such as "very"
	capitalStep = 0.733 // of a word in capitals among others
)

// degrees are the words that raise or lower the next ones.
var degrees = func() map[string]float64 {
	m := make(map[string]float64)
	for _, w := range strings.Fields(`
		absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous
		enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin
		frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella
		highly hugely incredible incredibly intensely major majorly more most particularly purely quite really
		remarkably so substantially thoroughly total totally tremendous tremendously uber unbelievably unusually
		utter utterly very`) {
		m[w] = degreeStep
	}
	for _, w := range strings.Fields(`
		almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally partly
		scarce scarcely slight slightly somewhat sorta sortof sort-of`) {
		m[w] = -degreeStep
	}
	for _, w := range []string{"just enough", "kind of", "sort of"} {
		m[w] = -degreeStep
	}
	return m
}()

// idioms are rated as wholes.
var idioms = map[string]float64{
	"the shit": 3, "the bomb": 3, "bad ass": 1.5, "badass": 1.5, "bus stop": 0,
	"yeah right": -2, "kiss of death": -1.5, "to die for": 3, "beating heart": 3.5,
}

// A vaderText is the words of a text, as they stand and in lower case.
type vaderText struct {
	words, lower []string
	mixed        bool // only some are in capitals
}

// valence is the rating of word i after the rules.
func (v *VADER) valence(t *vaderText, i int, rating float64) float64 {
	x := rating
	w := t.lower
	if w[i] == "no" && i+1 < len(w) && v.rated(w[i+1]) {
		x = 0 // it negates the next word instead
	}
	if i > 0 && w[i-1] == "no" || i > 1 && w[i-2] == "no" ||
		i > 2 && w[i-3] == "no" && (w[i-1] == "or" || w[i-1] == "nor") {
		x = rating * lexicon.Negation
	}
	if t.mixed && isUpper(t.words[i]) {
		if x > 0 {
			x += capitalStep
		} else {
			x -= capitalStep
		}
	}
	for back := 1; back <= min(3, i); back++ {
		if v.rated(w[i-back]) {
			continue
		}
		// The further away, the less a degree word does.
		x += float64(t.degree(i-back, x) * [...]float64{1, 1, 0.95, 0.9}[back])
		x = negate(w, i, back, x)
		if back == 3 {
			x = idiom(w, i, x)
		}
	}
	if i > 0 && w[i-1] == "least" && !v.rated("least") && (i == 1 || w[i-2] != "at" && w[i-2] != "very") {
		x *= lexicon.Negation
	}
	return x
}

func (v *VADER) rated(word string) bool {
	_, ok := v.ratings[word]
	return ok
}

// degree is what word i adds to the valence x of a later word.
func (t *vaderText) degree(i int, x float64) float64 {
	d, ok := degrees[t.lower[i]]
	if !ok {
		return 0
	}
	if x < 0 {
		d = -d
	}
	if t.mixed && isUpper(t.words[i]) {
		if x > 0 {
			d += capitalStep
		} else {
			d -= capitalStep
		}
	}
	return d
}

// negate is the valence x of word i after what the word that many places before
// it does. "Never so" and "never this" raise; "without doubt" does nothing.
func negate(w []string, i, back int, x float64) float64 {
	soOrThis := func(j int) bool { return w[j] == "so" || w[j] == "this" }
	switch back {
	case 2:
		if w[i-2] == "never" && soOrThis(i-1) {
			return x * 1.25
		}
		if w[i-2] == "without" && w[i-1] == "doubt" {
			return x
		}
	case 3:
		// The original asks for "never" with the nearer word only.
		if w[i-3] == "never" && soOrThis(i-2) || soOrThis(i-1) {
			return x * 1.25
		}
		if w[i-3] == "without" && (w[i-2] == "doubt" || w[i-1] == "doubt") {
			return x
		}
	}
	if lexicon.Negates(w[i-back]) {
		return x * lexicon.Negation
	}
	return x
}

// idiom is the valence x of word i if it is not in an idiom, else the idiom's,
// and the step of a degree word of two words before it.
func idiom(w []string, i int, x float64) float64 {
	for _, s := range []string{
		w[i-1] + " " + w[i],
		w[i-2] + " " + w[i-1] + " " + w[i],
		w[i-2] + " " + w[i-1],
		w[i-3] + " " + w[i-2] + " " + w[i-1],
		w[i-3] + " " + w[i-2],
	} {
		if r, ok := idioms[s]; ok {
			x = r
			break
		}
	}
	if i+1 < len(w) {
		if r, ok := idioms[w[i]+" "+w[i+1]]; ok {
			x = r
		}
	}
	if i+2 < len(w) {
		if r, ok := idioms[w[i]+" "+w[i+1]+" "+w[i+2]]; ok {
			x = r
		}
	}
	for _, s := range []string{w[i-3] + " " + w[i-2] + " " + w[i-1], w[i-3] + " " + w[i-2], w[i-2] + " " + w[i-1]} {
		x += degrees[s]
	}
	return x
}
