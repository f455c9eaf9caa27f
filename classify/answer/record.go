package answer

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/tokenize"
)

// A Predictor answers texts: a [classify.Model], or what stands in front of one.
type Predictor interface {
	Heads() []classify.Head
	Pipeline() *tokenize.Pipeline

	// PredictAll answers texts in their order. It may ask for texts before it answers
	// those it has; after an error it stops.
	PredictAll(ctx context.Context, texts iter.Seq[string]) iter.Seq2[classify.Prediction, error]
}

// A Field is one of a text's row: a [corpora.Field].
//
// [corpora.Field]: https://pkg.go.dev/github.com/textlstm/textlstm/corpora#Field
type Field struct {
	Name, Value string
	JSON        bool // Value is JSON as it stands
}

// A Text is what to answer.
type Text struct {
	ID, Text string

	// Source names the file that the text is from, for a summary.
	Source string

	// Fields are what Options.Keep keeps.
	Fields []Field

	// Bad says why the text could not be read: then its record has no answer.
	Bad error
}

// A Record is the answer for one text.
type Record struct {
	ID, Source string
	Fields     []Field
	Bad        error // why there is no answer

	// Prediction has the scores of the heads that Options name, none for a text that
	// could not be read. A text without a single token has no label, whatever the
	// scores say.
	classify.Prediction

	// Sentences are those of the text in its order; nil unless they are asked for.
	Sentences []Sentence

	// Words are the five that weigh most in the answer of each head, the first by
	// their part; nil unless they are asked for. A text that is too long to explain
	// has none.
	Words [][]explain.Word
}

// A Sentence is a stretch of a text and the answer for it.
type Sentence struct {
	tokenize.Span
	Text string
	classify.Prediction
}

// A pending record waits for its answers, of which the text's comes first.
type pending struct {
	record   Record
	text     string // if it is to be explained, or foreign
	language string // if it is foreign
	have     int    // answers
}

// done says whether the record has all of its answers.
func (p *pending) done() bool { return p.record.Bad != nil || p.have == 1+len(p.record.Sentences) }

// All answers texts as they come, in bounded memory and in order, as
// [classify.Model.PredictAll] does. After an error it stops. The errors are those of
// m, which for a model are ctx's, and those of Options.Explainer.
func All(ctx context.Context, m Predictor, texts iter.Seq[Text], o Options) iter.Seq2[*Record, error] {
	heads := o.Pick(m.Heads())
	return func(yield func(*Record, error) bool) {
		var queue []*pending // whose answers are on their way, first come first
		asked := func(ask func(string) bool) {
			for t := range texts {
				p := newPending(m, t, &o)
				queue = append(queue, p)
				parts := p.record.Sentences // the answer may be there before ask returns
				if t.Bad != nil {
					continue
				}
				if !ask(t.Text) {
					return
				}
				for _, s := range parts {
					if !ask(s.Text) {
						return
					}
				}
			}
		}
		give := func() error { // the first records, as far as they are done
			for len(queue) > 0 && queue[0].done() {
				p := queue[0]
				queue = queue[1:]
				if o.Explainer != nil && p.record.Bad == nil && p.language == "" {
					if err := p.explain(ctx, o.Explainer, heads); err != nil {
						return err
					}
				}
				if !yield(&p.record, nil) {
					return errStop
				}
			}
			return nil
		}
		for answer, err := range m.PredictAll(ctx, asked) {
			if err == nil {
				err = give() // texts before this one that could not be read
			}
			if err == nil {
				queue[0].add(answer, heads, o.Other)
				err = give()
			}
			if err != nil {
				if err != errStop {
					yield(nil, err)
				}
				return
			}
		}
		if err := give(); err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

// newPending is the record of a text without answers.
func newPending(m Predictor, t Text, o *Options) *pending {
	p := &pending{record: Record{ID: t.ID, Source: t.Source, Fields: t.Fields, Bad: t.Bad}}
	if t.Bad != nil {
		return p
	}
	if o.Foreign != nil {
		p.language = o.Foreign(t.Text)
	}
	if o.Sentences {
		for _, span := range m.Pipeline().Sentences(t.Text) {
			p.record.Sentences = append(p.record.Sentences, Sentence{Span: span, Text: t.Text[span.Start:span.End]})
		}
	}
	if o.Explainer != nil || p.language != "" {
		p.text = t.Text
	}
	return p
}

// errStop says that nobody wants more records.
var errStop = errors.New("answer: stop")

// add puts the next answer in its place, or another one of a text that is foreign.
func (p *pending) add(answer classify.Prediction, heads []classify.Head, other func(text, language string) (classify.Prediction, bool)) {
	answer = only(answer, heads)
	answer.Language = p.language
	text, at := p.text, &p.record.Prediction
	if p.have > 0 {
		s := &p.record.Sentences[p.have-1]
		text, at = s.Text, &s.Prediction
	}
	if p.language != "" && other != nil {
		if q, ok := other(text, p.language); ok {
			answer = inPlaceOf(answer, q)
		}
	}
	*at = answer
	p.have++
}

// inPlaceOf returns the answer p with the scores that q has of the same heads, and none of
// others.
func inPlaceOf(p, q classify.Prediction) classify.Prediction {
	scores := make([]classify.Score, len(p.Heads))
	for i, h := range p.Heads {
		if k := find(q.Heads, h.Name); k >= 0 && slices.Equal(q.Heads[k].Labels, h.Labels) {
			scores[i] = q.Scores[k]
		}
	}
	return classify.Prediction{Scores: scores, Tokens: q.Tokens, Unknown: q.Unknown, Language: p.Language, Other: true, Heads: p.Heads}
}

// only returns an answer with the scores of those heads alone.
func only(p classify.Prediction, heads []classify.Head) classify.Prediction {
	if len(heads) == len(p.Heads) {
		return p
	}
	scores := make([]classify.Score, len(heads))
	for i, h := range heads {
		scores[i] = p.Scores[find(p.Heads, h.Name)]
	}
	p.Scores, p.Heads = scores, heads
	return p
}

// explain finds the words that weigh most in the answer of each head.
func (p *pending) explain(ctx context.Context, e *explain.Explainer, heads []classify.Head) error {
	const most = 5
	for _, h := range heads {
		x, err := e.Explain(ctx, p.text, explain.Options{Head: h.Name})
		switch {
		case errors.Is(err, explain.ErrTooLong):
			p.record.Words = append(p.record.Words, nil)
		case err != nil:
			return err
		default:
			p.record.Words = append(p.record.Words, x.TopWords(most))
		}
	}
	return nil
}

// Unlabelled says whether a text has no label of a head, by its number, whatever the scores
// say: because it has no token, or because the model does not read its language.
func Unlabelled(p classify.Prediction, head int) bool { return p.Tokens == 0 || p.Unread(head) }

// Shares returns the share of the sentences that have each of so many labels of a
// head, by the head's number.
func (r *Record) Shares(head, labels int) []float32 {
	share := make([]float32, labels)
	for _, s := range r.Sentences {
		if s.Unread(head) {
			return make([]float32, labels) // they have none
		}
		share[s.Scores[head].Label] += 1 / float32(len(r.Sentences))
	}
	return share
}
