package baseline

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/textlstm/textlstm/internal/emoji"
	"github.com/textlstm/textlstm/internal/lexicon"
)

// A VADER tells how positive or negative English text is, by a lexicon and by
// rules for negation, degree words, capitals and punctuation (Hutto & Gilbert
// 2014, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
// Media Text). The scores are those of the authors' vaderSentiment 3.3.2, its
// slips included.
type VADER struct {
	ratings map[string]float64
	emoji   map[rune]string // what each shows
	labels  []string
	answer  [3]int // index of the label of a compound score below, around and above 0
	band    float64
}

// NewVADER returns a VADER that tells apart two or all of "negative", "neutral"
// and "positive", which keep the order given. With "neutral" it uses the authors'
// thresholds: from 0.05 a text is positive, from -0.05 negative. Without, the
// sign of the compound score decides, and 0 is positive.
func NewVADER(labels ...string) (*VADER, error) {
	v := &VADER{labels: labels, answer: [3]int{-1, -1, -1}}
	for i, l := range labels {
		k := slices.Index([]string{"negative", "neutral", "positive"}, l)
		if k < 0 || v.answer[k] >= 0 || len(labels) < 2 {
			return nil, errVADER(labels)
		}
		v.answer[k] = i
	}
	if labels == nil {
		return nil, errVADER(labels)
	}
	v.read()
	neutral := v.answer[1]
	if neutral < 0 {
		v.answer[1] = v.answer[2]
		return v, nil
	}
	v.band = 0.05
	for k, at := range v.answer {
		if at < 0 {
			v.answer[k] = neutral
		}
	}
	return v, nil
}

func errVADER(labels []string) error {
	return fmt.Errorf("baseline: VADER for the labels %q, want two or three of negative, neutral and positive", labels)
}

// read fills in the lexicon and the emoji.
func (v *VADER) read() {
	v.ratings = lexicon.Ratings()
	v.emoji = make(map[rune]string)
	for characters, name := range emoji.Names() {
		// The original looks sequences up but never finds them.
		if r, n := utf8.DecodeRuneInString(characters); n == len(characters) {
			v.emoji[r] = name
		}
	}
}

// Labels lists the labels.
func (v *VADER) Labels() []string { return v.labels }

// Classify returns the label that the compound score of text stands for. VADER
// has no probabilities.
func (v *VADER) Classify(dst []float32, text string) (label int, probs []float32) {
	switch c := v.Polarity(text).Compound; {
	case c < 0 && c <= -v.band:
		return v.answer[0], dst
	case c > 0 && c >= v.band:
		return v.answer[2], dst
	}
	return v.answer[1], dst
}

// A Polarity is how positive and negative a text is.
type Polarity struct {
	// Compound is the sum of the ratings after all rules, scaled to [-1, 1].
	Compound float64

	// The shares of the text that are negative, neutral and positive, with sum
	// 1, and 0 for a text without words. Rules that look beyond a word count for
	// little in them.
	Negative, Neutral, Positive float64
}

// Polarity scores a text. Compound is rounded to four decimals, the shares to
// three.
func (v *VADER) Polarity(text string) Polarity {
	text = strings.TrimFunc(v.describeEmoji(text), isSpace)
	var t vaderText
	for _, field := range strings.FieldsFunc(text, isSpace) {
		w := stripPunctuation(field)
		t.words = append(t.words, w)
		t.lower = append(t.lower, lower(w))
	}
	t.mixed = mixedCase(t.words)
	valences := make([]float64, len(t.words))
	for i, w := range t.lower {
		_, degree := degrees[w]
		if degree || w == "kind" && i+1 < len(t.lower) && t.lower[i+1] == "of" {
			continue
		}
		if rating, ok := v.ratings[w]; ok {
			valences[i] = v.valence(&t, i, rating)
		}
	}
	weighBut(t.lower, valences)
	return polarity(valences, emphasis(text))
}

// describeEmoji replaces emoji by their descriptions, set off by spaces on the
// left.
func (v *VADER) describeEmoji(text string) string {
	var b strings.Builder
	spaced := true
	for _, r := range text {
		description, ok := v.emoji[r]
		if !ok {
			b.WriteRune(r)
			spaced = r == ' '
			continue
		}
		if !spaced {
			b.WriteByte(' ')
		}
		b.WriteString(description)
		spaced = false
	}
	return b.String()
}

// isSpace is unicode.IsSpace and the information separators, as in Python.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" // all of ASCII's

// stripPunctuation takes ASCII punctuation off both ends, unless no more than two
// characters remain: then the field may be an emoticon.
func stripPunctuation(field string) string {
	stripped := strings.Trim(field, punctuation)
	if utf8.RuneCountInString(stripped) <= 2 {
		return field
	}
	return stripped
}

// lower is strings.ToLower, but for the dotted capital I, which keeps its dot.
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "\u0130", "i\u0307"))
}

// isUpper reports whether s has capitals and no other cased letters.
func isUpper(s string) bool {
	upper := false
	for _, r := range s {
		if unicode.In(r, unicode.Ll, unicode.Lt, unicode.Other_Lowercase) {
			return false
		}
		upper = upper || unicode.In(r, unicode.Lu, unicode.Other_Uppercase)
	}
	return upper
}

// mixedCase reports whether some words are in capitals and some are not, so
// that capitals mean emphasis.
func mixedCase(words []string) bool {
	n := 0
	for _, w := range words {
		if isUpper(w) {
			n++
		}
	}
	return n > 0 && n < len(words)
}

// emphasis is what the exclamation and question marks of a text add.
func emphasis(text string) float64 {
	e := float64(float64(min(strings.Count(text, "!"), 4)) * 0.292)
	switch n := strings.Count(text, "?"); {
	case n > 3:
		return e + 0.96
	case n > 1:
		return e + float64(float64(n)*0.18)
	}
	return e
}

// weighBut halves what comes before the first "but" and raises what comes after
// it by half. The original looks each valence up by its value and changes the
// first that has it; so does this, which matters where two are equal.
func weighBut(words []string, valences []float64) {
	but := -1
	for i, w := range words {
		if w == "but" {
			but = i
			break
		}
	}
	if but < 0 {
		return
	}
	first := make(map[float64]int) // no valence before it has this value
	for k := range valences {
		x := valences[k]
		i := first[x]
		for valences[i] != x {
			i++
		}
		first[x] = i
		switch {
		case i < but:
			valences[i] = x * 0.5
		case i > but:
			valences[i] = x * 1.5
		default:
			continue
		}
		if y := valences[i]; i < first[y] {
			first[y] = i
		}
	}
}

// polarity sums up the valences of the words.
func polarity(valences []float64, emphasis float64) Polarity {
	if len(valences) == 0 {
		return Polarity{}
	}
	var sum, positive, negative, neutral float64
	for _, x := range valences {
		sum += x
		switch { // a neutral word counts as 1, so a rating counts for 1 more
		case x > 0:
			positive += x + 1
		case x < 0:
			negative += 1 - x
		default:
			neutral++
		}
	}
	switch {
	case sum > 0:
		sum += emphasis
	case sum < 0:
		sum -= emphasis
	}
	switch {
	case positive > negative:
		positive += emphasis
	case positive < negative:
		negative += emphasis
	}
	const alpha = 15 // about the largest sum to expect
	total := positive + negative + neutral
	return Polarity{
		Compound: round(sum/math.Sqrt(float64(sum*sum)+alpha), 4),
		Negative: round(negative/total, 3),
		Neutral:  round(neutral/total, 3),
		Positive: round(positive/total, 3),
	}
}

// round rounds to that many decimals, exactly: as the decimal that x is.
func round(x float64, decimals int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', decimals, 64), 64)
	if err != nil {
		panic(err) // x is finite
	}
	return r
}
