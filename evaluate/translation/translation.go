// Package translation judges translations by BLEU (Papineni et al. 2002) and chrF
// (Popović 2015), with the figures that sacreBLEU gives (Post 2018): its tokenisation
// 13a, its exponential smoothing, chrF2 without words and white space.
package translation

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// A Metric says how texts are compared. The zero value is sacreBLEU's default.
type Metric struct {
	Lowercase bool // compares lower case; sacreBLEU's -lc

	// Characters makes a token of every character that is not white space, for
	// languages that do not part words; sacreBLEU's -tok char. The default is 13a.
	Characters bool
}

// A Score is how good translations are.
type Score struct {
	BLEU float64 `json:"bleu"` // from 0 to 100
	ChrF float64 `json:"chrf"` // from 0 to 100

	// What BLEU is made of: the precisions of n-grams of 1 to 4 tokens in percent, the
	// brevity penalty, and the tokens of translations and references.
	Precisions      [order]float64 `json:"precisions"`
	Brevity         float64        `json:"brevity"`
	Tokens          int            `json:"tokens"`
	ReferenceTokens int            `json:"reference_tokens"`
	Translations    int            `json:"translations"`
}

const (
	order     = 4 // of words
	charOrder = 6
	beta      = 2 // recall counts as much more than precision in chrF
)

// Evaluate compares translations with one or more sets of references, each of which has
// one for every translation.
func (m Metric) Evaluate(translations []string, references ...[]string) (Score, error) {
	if len(references) == 0 {
		return Score{}, fmt.Errorf("translation: no references")
	}
	for i, r := range references {
		if len(r) != len(translations) {
			return Score{}, fmt.Errorf("translation: set %d has %d references, want %d, one for each translation", i+1, len(r), len(translations))
		}
	}
	var b bleu
	var c chrF
	for i, t := range translations {
		var refs []string
		for _, set := range references {
			refs = append(refs, m.lower(set[i]))
		}
		t = m.lower(t)
		b.add(m.tokens(t), refs, m.tokens)
		c.add(t, refs)
	}
	s := b.score()
	s.ChrF = c.score()
	s.Translations = len(translations)
	return s, nil
}

func (m Metric) lower(s string) string {
	if m.Lowercase {
		return cases.Lower(language.Und).String(s) // as Python does: a sigma at the end of a word is another
	}
	return s
}

func (m Metric) tokens(s string) []string {
	s = strings.TrimRightFunc(s, isSpace)
	if !m.Characters {
		return Tokens13a(s)
	}
	var tokens []string
	for _, r := range s {
		if !isSpace(r) {
			tokens = append(tokens, string(r))
		}
	}
	return tokens
}

// isSpace is Python's str.isspace of a character.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// The rules of mteval-v13a, in order.
var rules = []struct {
	at   *regexp.Regexp
	with string
}{
	{regexp.MustCompile("([\\{-\\~\\[-\\` -\\&\\(-\\+\\:-\\@\\/])"), " $1 "},
	{regexp.MustCompile(`([^0-9])([\.,])`), "$1 $2 "},
	{regexp.MustCompile(`([\.,])([^0-9])`), " $1 $2"},
	{regexp.MustCompile(`([0-9])(-)`), "$1 $2 "},
}

var entities = []*strings.Replacer{
	strings.NewReplacer("<skipped>", ""), strings.NewReplacer("-\n", ""), strings.NewReplacer("\n", " "),
	strings.NewReplacer("&quot;", `"`), strings.NewReplacer("&amp;", "&"), strings.NewReplacer("&lt;", "<"), strings.NewReplacer("&gt;", ">"),
}

// Tokens13a cuts a text as mteval-v13a.pl does.
func Tokens13a(s string) []string {
	for _, e := range entities {
		s = e.Replace(s)
	}
	s = " " + s + " "
	for _, r := range rules {
		s = r.at.ReplaceAllString(s, r.with)
	}
	return strings.FieldsFunc(s, isSpace)
}

// counts are the n-grams of tokens of one to so many.
func counts(tokens []string, most int) map[string]int {
	n := map[string]int{}
	for k := 1; k <= most; k++ {
		for i := range len(tokens) - k + 1 {
			n[fmt.Sprint(k)+"\x00"+strings.Join(tokens[i:i+k], "\x00")]++
		}
	}
	return n
}

// A bleu adds up what BLEU is made of.
type bleu struct {
	correct, total     [order]int
	length, references int
}

func (b *bleu) add(tokens []string, refs []string, tokenize func(string) []string) {
	most := map[string]int{}
	closest := -1
	for _, r := range refs {
		ref := tokenize(r)
		for g, n := range counts(ref, order) {
			most[g] = max(most[g], n)
		}
		d, old := abs(len(ref)-len(tokens)), abs(closest-len(tokens))
		if closest < 0 || d < old || d == old && len(ref) < closest {
			closest = len(ref)
		}
	}
	for g, n := range counts(tokens, order) {
		k := g[0] - '1'
		b.total[k] += n
		b.correct[k] += min(n, most[g])
	}
	b.length += len(tokens)
	b.references += closest
}

func abs(n int) int { return max(n, -n) }

func (b *bleu) score() Score {
	s := Score{Tokens: b.length, ReferenceTokens: b.references, Brevity: 1}
	if b.length < b.references {
		s.Brevity = 0
		if b.length > 0 {
			s.Brevity = math.Exp(1 - float64(b.references)/float64(b.length))
		}
	}
	if b.correct == [order]int{} {
		return s
	}
	smooth, sum := 1.0, 0.0
	for k := range order {
		switch {
		case b.total[k] == 0:
			sum = math.Inf(-1)
			continue
		case b.correct[k] == 0:
			smooth *= 2
			s.Precisions[k] = 100 / (smooth * float64(b.total[k]))
		default:
			s.Precisions[k] = 100 * float64(b.correct[k]) / float64(b.total[k])
		}
		sum += math.Log(s.Precisions[k])
	}
	s.BLEU = s.Brevity * math.Exp(sum/order)
	return s
}

// A chrF adds up what chrF is made of: for each order the n-grams of translations, of
// references, and what they have in common.
type chrF struct{ sums charCounts }

type charCounts [charOrder][3]int

func (c *chrF) add(translation string, refs []string) {
	own := charGrams(translation)
	var best charCounts
	most := -1.0
	for _, r := range refs {
		var n charCounts
		for k, ref := range charGrams(r) {
			for _, v := range ref {
				n[k][1] += v
			}
			for g, v := range own[k] {
				if len(ref) > 0 {
					n[k][0] += v
				}
				n[k][2] += min(v, ref[g])
			}
		}
		if f := n.score(); f > most {
			most, best = f, n
		}
	}
	for k := range best {
		for i, v := range best[k] {
			c.sums[k][i] += v
		}
	}
}

func charGrams(s string) (grams [charOrder]map[string]int) {
	var text []rune
	for _, r := range s {
		if !isSpace(r) {
			text = append(text, r)
		}
	}
	for k := range grams {
		grams[k] = map[string]int{}
		for i := range len(text) - k {
			grams[k][string(text[i:i+k+1])]++
		}
	}
	return grams
}

func (c *chrF) score() float64 { return c.sums.score() }

func (n charCounts) score() float64 {
	orders, precision, recall := 0.0, 0.0, 0.0
	for _, k := range n {
		if k[0] > 0 && k[1] > 0 {
			precision += float64(k[2]) / float64(k[0])
			recall += float64(k[2]) / float64(k[1])
			orders++
		}
	}
	if precision+recall == 0 {
		return 0
	}
	precision, recall = precision/orders, recall/orders
	return 100 * (1 + beta*beta) * precision * recall / (beta*beta*precision + recall)
}
