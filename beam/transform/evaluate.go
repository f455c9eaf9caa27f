package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

func init() { registerTypes(Judged{}, judgeFn{}) }

// An Evaluation says how answers are judged.
type Evaluation struct {
	Classifier Classifier       // that gave them
	Heads      []corpora.Head   // those of Source.Options
	Head       string           // of the model; "" means those that the labels fit
	Options    evaluate.Options // what is computed
	Style      report.Style     // of the report; "" means report.JSON
	All        bool             // every figure
}

// Judged is an accumulator of Evaluate: rows with their labels and answers, in any order, about
// 350 bytes for each. An exact area under a curve, an interval, and a sum that rounds like
// another one need every answer.
type Judged struct{ Rows []Answer }

// Evaluate judges the answers to rows that have labels, and gives one report, the one that
// "sentiment eval" prints of the same files: whatever the order in which they come and
// are gathered, they are judged in that of the files. Classifier.AnyLanguage should be set:
// an answer that is not the model's is an error.
func Evaluate(s beam.Scope, e Evaluation, answers beam.PCollection) beam.PCollection {
	s = s.Scope("textlstm.Evaluate")
	if e.Style == "" {
		e.Style = report.JSON
	}
	return beam.Combine(s, &judgeFn{Evaluation: encode(e)}, answers)
}

type judgeFn struct {
	Evaluation string // encoded
}

func (f *judgeFn) CreateAccumulator() Judged { return Judged{} }

func (f *judgeFn) AddInput(j Judged, a Answer) Judged {
	a.Fields = nil
	j.Rows = append(j.Rows, a)
	return j
}

func (f *judgeFn) MergeAccumulators(a, b Judged) Judged {
	a.Rows = append(a.Rows, b.Rows...)
	return a
}

func (f *judgeFn) ExtractOutput(j Judged) (string, error) {
	var e Evaluation
	if err := decode(f.Evaluation, &e); err != nil {
		return "", err
	}
	m, err := Model(context.Background(), e.Classifier.Model)
	if err != nil {
		return "", err
	}
	slices.SortFunc(j.Rows, func(a, b Answer) int { return a.before(&b.Row) })
	d := &corpora.Dataset{Heads: []string{"label"}}
	if e.Heads != nil {
		d.Heads = nil
		for _, h := range e.Heads {
			d.Heads = append(d.Heads, h.Name)
		}
	}
	heads := (&answer.Options{Heads: e.Classifier.Heads}).Pick(m.Heads())
	answers := make([]classify.Prediction, len(j.Rows))
	for i := range j.Rows {
		r := &j.Rows[i]
		if r.Other {
			return "", fmt.Errorf("transform: %s: the multilingual model has answered %s: set Classifier.AnyLanguage to judge the model", r.File, r.ID)
		}
		for int(r.Source) >= len(d.Sources) {
			d.Sources = append(d.Sources, corpora.Source{Name: r.File})
		}
		if r.Set {
			d.Separator = corpora.DefaultSeparator
		}
		d.Examples = append(d.Examples, corpora.Example{ID: r.ID, Line: int(r.Line), Labels: r.Labels, Source: r.Source})
		answers[i] = r.prediction(heads)
	}
	predictions, err := score.Answered(m, d, e.Head, answers)
	if err != nil {
		return "", err
	}
	var evals []*evaluate.Evaluation
	for _, p := range predictions {
		one, err := p.Evaluate(e.Options)
		if err != nil {
			return "", err
		}
		evals = append(evals, one)
	}
	var b strings.Builder
	if e.All {
		err = report.Write(&b, e.Style, evals...)
	} else {
		err = report.WriteBrief(&b, e.Style, evals...)
	}
	return b.String(), err
}
