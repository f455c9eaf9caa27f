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

// A Predictor answers texts: a [classify.Model], or what stands in front of one. Options.Other
// compares Predictors with ==.
type Predictor interface {
	Heads() []classify.Head
	Pipeline() *tokenize.Pipeline

	// PredictBatch answers texts in their order.
	PredictBatch(ctx context.Context, texts []string) ([]classify.Prediction, error)
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
	// has none, and Unexplained says so.
	Words       [][]explain.Word
	Unexplained error // an explain.ErrTooLong
}

// A Sentence is a stretch of a text and the answer for it.
type Sentence struct {
	tokenize.Span
	Text string
	classify.Prediction
}

// A window is records that are answered together.
type window struct {
	records []*Record
	texts   []string // of the records
	parts   []part
	bytes   int // of the parts, and what else the records hold
}

// A part is a text or a sentence, and the place of its answer.
type part struct {
	text, language string
	answer         *classify.Prediction
}

// All answers texts as they come, in their order and in bounded memory: it reads ahead a
// window of some thousand texts and sentences or a few megabytes of them and their fields.
// After an error it stops. The errors are those of m and of Options.Other, which for a model
// are ctx's, and those of Options.Explainer.
func All(ctx context.Context, m Predictor, texts iter.Seq[Text], o Options) iter.Seq2[*Record, error] {
	const (
		windowParts = 4096
		windowBytes = 4 << 20
	)
	return func(yield func(*Record, error) bool) {
		var w window
		for t := range texts {
			w.add(m, t, &o)
			if max(len(w.parts), len(w.records)) >= windowParts || w.bytes >= windowBytes {
				if !w.answer(ctx, m, &o, yield) {
					return
				}
				w = window{}
			}
		}
		w.answer(ctx, m, &o, yield)
	}
}

// add adds the record of a text, and what is to be answered of it.
func (w *window) add(m Predictor, t Text, o *Options) {
	r := &Record{ID: t.ID, Source: t.Source, Fields: t.Fields, Bad: t.Bad}
	w.records, w.texts = append(w.records, r), append(w.texts, t.Text)
	for _, f := range t.Fields {
		w.bytes += len(f.Name) + len(f.Value)
	}
	if t.Bad != nil { // it has no part
		w.bytes += len(t.Text)
		return
	}
	language := ""
	if o.Foreign != nil {
		language = o.Foreign(t.Text)
	}
	w.ask(t.Text, language, &r.Prediction)
	if !o.Sentences {
		return
	}
	spans := m.Pipeline().Sentences(t.Text)
	r.Sentences = make([]Sentence, len(spans))
	for i, span := range spans {
		s := &r.Sentences[i]
		s.Span, s.Text = span, t.Text[span.Start:span.End]
		w.ask(s.Text, language, &s.Prediction)
	}
}

func (w *window) ask(text, language string, answer *classify.Prediction) {
	w.parts = append(w.parts, part{text, language, answer})
	w.bytes += len(text)
}

// answer answers the parts and yields the records; false says that no more are wanted.
func (w *window) answer(ctx context.Context, m Predictor, o *Options, yield func(*Record, error) bool) bool {
	heads := o.Pick(m.Heads())
	if err := predict(ctx, m, w.parts, heads, o.Other); err != nil {
		yield(nil, err)
		return false
	}
	for i, r := range w.records {
		if o.Explainer != nil && r.Bad == nil && r.Language == "" {
			if err := r.explain(ctx, w.texts[i], o.Explainer, heads); err != nil {
				yield(nil, err)
				return false
			}
		}
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

// predict answers parts by the heads of m: m those that it reads and those that nobody
// does, and each other Predictor all of its own together.
func predict(ctx context.Context, m Predictor, parts []part, heads []classify.Head, other func(language string) Predictor) error {
	predictors, groups := []Predictor{m}, [][]part{nil}
	for _, p := range parts {
		by := m
		if p.language != "" && other != nil {
			if q := other(p.language); q != nil {
				by = q
			}
		}
		g := slices.Index(predictors, by)
		if g < 0 {
			g = len(predictors)
			predictors, groups = append(predictors, by), append(groups, nil)
		}
		groups[g] = append(groups[g], p)
	}
	for g, group := range groups {
		if len(group) == 0 {
			continue
		}
		texts := make([]string, len(group))
		for i, p := range group {
			texts[i] = p.text
		}
		answers, err := predictors[g].PredictBatch(ctx, texts)
		if err != nil {
			return err
		}
		for i, p := range group {
			*p.answer = withHeads(answers[i], heads)
			p.answer.Language, p.answer.Other = p.language, g > 0
		}
	}
	return nil
}

// withHeads returns the answer p with its scores of those heads alone, by name and labels; one
// that it lacks has none.
func withHeads(p classify.Prediction, heads []classify.Head) classify.Prediction {
	scores := make([]classify.Score, len(heads))
	for i, h := range heads {
		if k := find(p.Heads, h.Name); k >= 0 && slices.Equal(p.Heads[k].Labels, h.Labels) {
			scores[i] = p.Scores[k]
		}
	}
	p.Scores, p.Heads = scores, heads
	return p
}

// explain finds the words that weigh most in the answer of each head.
func (r *Record) explain(ctx context.Context, text string, e *explain.Explainer, heads []classify.Head) error {
	const most = 5
	for _, h := range heads {
		x, err := e.Explain(ctx, text, explain.Options{Head: h.Name})
		switch {
		case errors.Is(err, explain.ErrTooLong):
			r.Words, r.Unexplained = append(r.Words, nil), err
		case err != nil:
			return err
		default:
			r.Words = append(r.Words, x.TopWords(most))
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
		part := 1 / float32(len(r.Sentences))
		if head >= len(s.Heads) || !s.Heads[head].MultiLabel() {
			share[s.Scores[head].Label] += part
			continue
		}
		for _, l := range s.Heads[head].PredictedLabels(s.Scores[head]) {
			share[slices.Index(s.Heads[head].Labels, l)] += part
		}
	}
	return share
}
