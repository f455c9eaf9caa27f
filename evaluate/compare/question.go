package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
)

// A question is one column of labels that all systems answer.
type question struct {
	name    string           // of the models' head, else of the column
	data    *corpora.Dataset // its labelled rows, with this column alone
	index   []int            // of the rows of data in the file
	total   int              // rows of the file
	train   *corpora.Dataset // likewise; nil if there is none
	head    string           // Options.Head
	labels  []string         // sorted
	mapping map[string]string
	seed    uint64
}

// gold returns the labels of the rows as indices, and the rows.
func (q *question) gold() ([]int, []evaluate.Row, error) {
	gold := make([]int, q.data.Len())
	rows := make([]evaluate.Row, q.data.Len())
	for i := range q.data.Examples {
		e := &q.data.Examples[i]
		if gold[i] = slices.Index(q.labels, e.Labels[0]); gold[i] < 0 {
			return nil, nil, fmt.Errorf("%w: several labels to a text, here %q: only models answer that", score.ErrLabels, e.Labels[0])
		}
		rows[i] = evaluate.Row{ID: e.ID, Text: e.Text, Source: q.data.Sources[e.Source].Name}
	}
	return gold, rows, nil
}

// baseline makes the baseline of that name.
func (q *question) baseline(ctx context.Context, name string) (baseline.Classifier, error) {
	if name == VADER {
		v, err := baseline.NewVADER(q.labels...)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", score.ErrLabels, err)
		}
		return v, nil
	}
	if q.train == nil {
		return nil, errors.New("it learns from texts, there are none")
	}
	var texts []string
	var gold []int
	counts := make([]int, len(q.labels))
	for i := range q.train.Examples {
		e := &q.train.Examples[i]
		if c := slices.Index(q.labels, e.Labels[0]); c >= 0 {
			texts, gold = append(texts, e.Text), append(gold, c)
			counts[c]++
		}
	}
	if name == Majority {
		return baseline.NewMajority(q.labels, counts)
	}
	return baseline.FitNBSVM(ctx, q.labels, texts, gold, baseline.NBSVMOptions{Seed: q.seed})
}
