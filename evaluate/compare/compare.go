// Package compare asks several systems about the same labelled texts and judges each
// of the others against the first: models, the baselines of package baseline, and the
// answers of any tool in a file.
//
// [Run] is the whole of it; package report prints what it returns.
package compare

import (
	"cmp"
	"context"
	"fmt"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/report"
)

// Options say how to compare.
type Options struct {
	evaluate.CompareOptions // its Seed is also NBSVM's

	// Head is the one column of labels to compare on, and the models' head that
	// answers it; "" means all columns.
	Head string

	// LabelMap renames the labels in files of answers.
	LabelMap map[string]string
}

// Run asks the systems about every column of data that has two labels or more, and
// compares the others with the first: for each column the comparisons in the order of
// the systems. Baselines learn from train, which may be nil if none Learns. The
// errors are ctx's, score.ErrLabels if a system has other labels than the data,
// corpora.ErrData for a file of answers that does not fit, and any of opening it.
func Run(ctx context.Context, systems []System, data, train *corpora.Dataset, o Options) ([]report.Comparison, error) {
	questions, err := questions(data, train, o)
	if err != nil {
		return nil, err
	}
	var done []report.Comparison
	for _, q := range questions {
		some, err := q.compare(ctx, systems, o.CompareOptions)
		if err != nil {
			return nil, err
		}
		done = append(done, some...)
	}
	return done, nil
}

// questions returns what the systems are asked about data.
func questions(data, train *corpora.Dataset, o Options) ([]*question, error) {
	var questions []*question
	for h, name := range data.Heads {
		if o.Head != "" && len(data.Heads) > 1 && name != o.Head {
			continue
		}
		q := &question{name: cmp.Or(o.Head, name), total: data.Len(), head: o.Head, mapping: o.LabelMap, seed: o.Seed}
		q.data, q.index = data.Column(h)
		q.labels = q.data.Labels(0)
		if len(q.labels) < 2 {
			if o.Head != "" || len(data.Heads) == 1 {
				return nil, fmt.Errorf("%w: column %s has the labels %q, want at least two", score.ErrLabels, name, q.labels)
			}
			continue
		}
		if train != nil {
			t := train.Head(name)
			if t < 0 && len(train.Heads) == 1 {
				t = 0
			}
			if t < 0 {
				return nil, fmt.Errorf("%w: the texts to learn from have the heads %q, want %q", score.ErrLabels, train.Heads, name)
			}
			q.train, _ = train.Column(t)
		}
		questions = append(questions, q)
	}
	if questions == nil {
		return nil, fmt.Errorf("%w: the data has the heads %q, none of them to compare on", score.ErrLabels, data.Heads)
	}
	return questions, nil
}

// compare judges every other system against the first.
func (q *question) compare(ctx context.Context, systems []System, o evaluate.CompareOptions) ([]report.Comparison, error) {
	predictions := make([]score.Predictions, len(systems))
	for _, models := range []bool{true, false} { // models know what the head is called
		for i := range systems {
			if (systems[i].Model != nil) != models {
				continue
			}
			var err error
			if predictions[i], err = systems[i].predict(ctx, q); err != nil {
				return nil, err
			}
		}
	}
	first := predictions[0]
	var done []report.Comparison
	for i, p := range predictions[1:] {
		one := report.Comparison{A: systems[0].Name, B: systems[i+1].Name}
		var err error
		switch {
		case (p.Multi != nil) != (first.Multi != nil):
			return nil, fmt.Errorf("%w: one of %s and %s gives several labels to a text, the other one", score.ErrLabels, one.A, one.B)
		case p.Multi != nil:
			one.Comparison, err = evaluate.CompareMulti(first.Multi, p.Multi, o)
		default:
			one.Comparison, err = evaluate.Compare(first.Single, p.Single, o)
		}
		if err != nil {
			return nil, fmt.Errorf("%s against %s: %w", one.B, one.A, err)
		}
		one.Head = q.name
		done = append(done, one)
	}
	return done, nil
}
