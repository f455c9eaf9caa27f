package answer

import (
	"context"
	"errors"
	"iter"

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

// Options say what a record holds beside the answer for its text, and how the
// answers are called.
type Options struct {
	Naming

	// Sentences also answers each sentence of a text.
	Sentences bool

	// Explainer, if not nil, finds the words that weigh most in each answer. It must
	// be the model's.
	Explainer *explain.Explainer
}

// A Text is what to answer.
type Text struct{ ID, Text string }

// A Record is the answer for one text.
type Record struct {
	ID string
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
	record Record
	text   string // if it is to be explained
	have   int    // answers
}

// All answers texts as they come, in bounded memory and in order, as
// [classify.Model.PredictAll] does. After an error it stops. The errors are those of
// m, which for a model are ctx's, and those of Options.Explainer.
func All(ctx context.Context, m Predictor, texts iter.Seq[Text], o Options) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		var queue []*pending // whose answers are on their way, first come first
		asked := func(ask func(string) bool) {
			for t := range texts {
				p := &pending{record: Record{ID: t.ID}, text: t.Text}
				queue = append(queue, p)
				if o.Sentences {
					for _, span := range m.Pipeline().Sentences(t.Text) {
						p.record.Sentences = append(p.record.Sentences, Sentence{Span: span, Text: t.Text[span.Start:span.End]})
					}
				}
				parts := p.record.Sentences // the answer may be there before ask returns
				if o.Explainer == nil {
					p.text = ""
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
		for answer, err := range m.PredictAll(ctx, asked) {
			if err != nil {
				yield(nil, err)
				return
			}
			p := queue[0]
			if !p.add(answer) {
				continue
			}
			queue = queue[1:]
			if o.Explainer != nil {
				if err := p.explain(ctx, o.Explainer, m.Heads()); err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(&p.record, nil) {
				return
			}
		}
	}
}

// add puts the next answer in its place and reports whether it is the last one.
func (p *pending) add(answer classify.Prediction) bool {
	r := &p.record
	if p.have == 0 {
		r.Prediction = answer
	} else {
		r.Sentences[p.have-1].Prediction = answer
	}
	p.have++
	return p.have == 1+len(r.Sentences)
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

// Shares returns the share of the sentences that have each of so many labels of a
// head, by the head's number.
func (r *Record) Shares(head, labels int) []float32 {
	share := make([]float32, labels)
	for _, s := range r.Sentences {
		share[s.Scores[head].Label] += 1 / float32(len(r.Sentences))
	}
	return share
}
