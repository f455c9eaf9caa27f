package crossval

import (
	"context"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/train"
)

// LabelErrors finds the labels of one head of data that are probably wrong, the surest
// first: it trains t once for each fold on the texts outside it, asks the model about
// those inside, and compares their labels with the answers, as corpora.LabelErrors
// does. The folds are cut by t.Seed. onFold, if not nil, is called before each training
// with the number of the fold, from 1. A head of fewer than two labels has no errors; a
// data set with a separator, which has several labels to a text, is one that wraps
// corpora.ErrData.
func LabelErrors(ctx context.Context, t train.Trainer, data *corpora.Dataset, head, folds int, onFold func(int)) ([]corpora.WrongLabel, error) {
	if data.Separator != "" {
		return nil, fmt.Errorf("crossval: label errors are looked for where a text has one label: %w", corpora.ErrData)
	}
	if slices.ContainsFunc(t.Model.Heads, func(h classify.Head) bool { return h.Name == data.Heads[head] && !h.Labelled() }) {
		return nil, fmt.Errorf("crossval: head %s answers with a number: label errors are looked for among labels: %w", data.Heads[head], corpora.ErrData)
	}
	labels := data.Labels(head)
	if len(labels) < 2 {
		return nil, nil
	}
	// One head alone: a text without its label tells nothing.
	one, original := data.Column(head)
	one.Sources = []corpora.Source{{Name: data.Heads[head], Labels: [][]string{labels}}}
	gold := make([]int, one.Len())
	for i := range one.Examples {
		one.Examples[i].Source = 0
		gold[i], _ = slices.BinarySearch(labels, one.Examples[i].Labels[0])
	}
	probs := make([][]float32, one.Len())
	foldOf := one.FoldOf(t.Seed, folds)
	for fold := range folds {
		if onFold != nil {
			onFold(fold + 1)
		}
		var trained, tested []int
		for i, f := range foldOf {
			if f == fold {
				tested = append(tested, i)
			} else {
				trained = append(trained, i)
			}
		}
		if len(trained) == 0 {
			return nil, oneFold(folds, one)
		}
		result, err := t.Fit(ctx, one.Subset(trained), nil)
		if err != nil {
			return nil, err
		}
		answers, err := result.Model.PredictBatch(ctx, one.Subset(tested).Texts())
		if err != nil {
			return nil, err
		}
		known := result.Model.Heads()[0].Labels
		for n, i := range tested {
			probs[i] = make([]float32, len(labels))
			for j, p := range answers[n].Scores[0].Probs {
				if at, ok := slices.BinarySearch(labels, known[j]); ok {
					probs[i][at] = p
				}
			}
		}
	}
	found, err := corpora.LabelErrors(gold, probs)
	if err != nil {
		return nil, err
	}
	out := make([]corpora.WrongLabel, len(found))
	for i, e := range found {
		out[i] = corpora.WrongLabel{Index: original[e.Index], Head: data.Heads[head], Given: labels[e.Given], Suggested: labels[e.Suggested], Margin: e.Margin}
	}
	return out, nil
}
