package explain

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/ngram"
)

// An Ngram is a feature of the wide branch that is in the text, and its part of
// the score.
type Ngram struct {
	// Text is the feature in the text's own words at its first place; of a
	// character n-gram, its characters. ^ and $ are the edges of the text or of
	// the word.
	Text  string  `json:"text"`
	Chars bool    `json:"chars,omitempty"`
	Score float64 `json:"score"`
	Spans []Span  `json:"spans"` // its places
}

// A Span is the bytes Start to End-1 of the text.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// wide fills in the parts of the wide branch.
func (e *Explainer) wide(_ context.Context, q *question, x *Explanation) error {
	dictionary, linear := e.model.Wide().Dictionary, e.model.Wide().Heads[q.head]
	occurrences := ngram.NewExtractor(e.model.Config().Ngrams).AppendOccurrences(nil, q.tokens)
	count := map[ngram.Hash]int{} // of those that the branch knows
	for _, o := range occurrences {
		if _, ok := dictionary.Row(o.Feature); ok {
			count[o.Feature]++
		}
	}
	scale := e.model.Heads()[q.head].WideScale(len(count))
	// weight is the score that one row of Weights, or the Bias, gives.
	weight := func(columns []float32) float64 {
		if len(columns) == 1 && linear.Labels == 2 { // one column for opposite scores
			return scale * float64(columns[0]) / 2 * float64(q.direction[1]-q.direction[0])
		}
		sum := 0.0
		for c, w := range columns {
			sum += float64(q.direction[c]) * float64(w)
		}
		return scale * sum
	}
	x.Wide = &Branch{Base: weight(linear.Bias)}
	var columns []float32
	x.Wide.Score = x.Wide.Base
	at := map[ngram.Hash]int{} // of a feature in ngrams
	var ngrams []Ngram
	for _, o := range occurrences {
		row, ok := dictionary.Row(o.Feature)
		if !ok {
			continue
		}
		columns = linear.AppendRow(columns[:0], row)
		score := weight(columns)
		i, seen := at[o.Feature]
		if !seen {
			x.Wide.Score += score
			i = len(ngrams)
			at[o.Feature] = i
			ngrams = append(ngrams, Ngram{Text: ownWords(q, o), Chars: o.Chars, Score: score})
		}
		part := score / float64(count[o.Feature])
		if o.First == o.End {
			x.Wide.Base += part
			continue
		}
		ngrams[i].Spans = append(ngrams[i].Spans, Span{q.tokens[o.First].Start, q.tokens[o.End-1].End})
		for t := o.First; t < o.End; t++ {
			x.Wide.Base += q.places.share(t, part/float64(o.End-o.First), func(w int, part float64) { x.Words[w].Wide += part })
		}
	}
	ngrams = slices.DeleteFunc(ngrams, func(n Ngram) bool { return len(n.Spans) == 0 || n.Score == 0 })
	slices.SortStableFunc(ngrams, func(a, b Ngram) int { return cmp.Compare(math.Abs(b.Score), math.Abs(a.Score)) })
	if q.Ngrams >= 0 && len(ngrams) > q.Ngrams {
		ngrams = ngrams[:q.Ngrams]
	}
	x.Ngrams = ngrams
	return nil
}

// ownWords is a word n-gram in the words of the text.
func ownWords(q *question, o ngram.Occurrence) string {
	if o.Chars || o.First == o.End {
		return o.Text
	}
	var words []string
	if strings.HasPrefix(o.Text, "^ ") && o.First == 0 {
		words = append(words, "^")
	}
	for _, t := range q.tokens[o.First:o.End] {
		words = append(words, q.text[t.Start:t.End])
	}
	if strings.HasSuffix(o.Text, " $") && o.End == len(q.tokens) {
		words = append(words, "$")
	}
	return strings.Join(words, " ")
}
