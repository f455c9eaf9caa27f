package transform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/mtime"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
)

func init() { registerTypes(Answer{}, classifyFn{}) }

// An Answer is what a model says of a row.
type Answer struct {
	Row // without its text

	Scores          []Score // by head of the classifier
	Tokens, Unknown int32
	Language        string // of a text that the model does not read
	Other           bool   // as in classify.Prediction
}

// A Score is the answer of one head; see classify.Score.
type Score struct {
	Label int32
	Probs []float32
	Value float32
}

// prediction is the answer as package classify has it.
func (a *Answer) prediction(heads []classify.Head) classify.Prediction {
	p := classify.Prediction{Heads: heads, Tokens: int(a.Tokens), Unknown: int(a.Unknown), Language: a.Language, Other: a.Other}
	for _, s := range a.Scores {
		p.Scores = append(p.Scores, classify.Score{Label: int(s.Label), Probs: s.Probs, Value: s.Value})
	}
	return p
}

// record is the answer as the command writes it.
func (a *Answer) record(heads []classify.Head) *answer.Record {
	r := &answer.Record{ID: a.ID, Source: a.File}
	for _, f := range a.Fields {
		r.Fields = append(r.Fields, answer.Field(f))
	}
	if a.Error != "" {
		r.Bad = errors.New(a.Error)
		return r
	}
	r.Prediction = a.prediction(heads)
	return r
}

// Classify answers rows. Those that could not be read come out apart, as answers that say
// why: flattened with the others they are what --bad-records mark writes. In the global
// window texts are answered in batches, across the elements of a bundle, in others one by
// one.
func Classify(s beam.Scope, c Classifier, rows beam.PCollection) (answers, bad beam.PCollection) {
	s = s.Scope("textlstm.Classify")
	return beam.ParDo2(s, &classifyFn{Classifier: c}, rows)
}

// batch is how many texts are answered at a time.
const batch = 512

type classifyFn struct {
	Classifier Classifier

	model   *classify.Model
	options answer.Options
	waiting []Row

	answered, unlabelled beam.Counter
	micros               beam.Distribution
}

func (f *classifyFn) Setup(ctx context.Context) (err error) {
	f.answered, f.unlabelled = beam.NewCounter("textlstm", "texts_answered"), beam.NewCounter("textlstm", "texts_without_label")
	f.micros = beam.NewDistribution("textlstm", "batch_microseconds")
	f.model, f.options, err = f.Classifier.load(ctx)
	return err
}

func (f *classifyFn) StartBundle(context.Context, func(Answer), func(Answer)) { f.waiting = nil }

func (f *classifyFn) ProcessElement(ctx context.Context, w beam.Window, row Row, emit, bad func(Answer)) error {
	if row.Error != "" {
		bad(Answer{Row: row})
		return nil
	}
	if f.waiting = append(f.waiting, row); len(f.waiting) < batch && w.MaxTimestamp() == mtime.EndOfGlobalWindowTime {
		return nil
	}
	return f.flush(ctx, emit)
}

func (f *classifyFn) FinishBundle(ctx context.Context, emit, _ func(Answer)) error {
	return f.flush(ctx, emit)
}

// flush answers what is waiting.
func (f *classifyFn) flush(ctx context.Context, emit func(Answer)) error {
	start, n := time.Now(), 0
	texts := func(yield func(answer.Text) bool) {
		for i := range f.waiting {
			if !yield(answer.Text{ID: f.waiting[i].ID, Text: f.waiting[i].Text}) {
				return
			}
		}
	}
	for r, err := range answer.All(ctx, f.model, texts, f.options) {
		if err != nil {
			return err
		}
		a := Answer{Row: f.waiting[n], Tokens: int32(r.Tokens), Unknown: int32(r.Unknown), Language: r.Language, Other: r.Other}
		a.Text = ""
		n++
		for _, s := range r.Scores {
			a.Scores = append(a.Scores, Score{Label: int32(s.Label), Probs: s.Probs, Value: s.Value})
		}
		if r.Tokens == 0 || r.Language != "" && !r.Other {
			f.unlabelled.Inc(ctx, 1)
		}
		emit(a)
	}
	if n != len(f.waiting) {
		return fmt.Errorf("transform: %d answers to %d texts", n, len(f.waiting))
	}
	if n > 0 {
		f.answered.Inc(ctx, int64(n))
		f.micros.Update(ctx, time.Since(start).Microseconds())
	}
	f.waiting = f.waiting[:0]
	return nil
}
