package compare

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
)

// The names of the baselines, for System.Baseline.
const (
	VADER    = "vader"    // VADER's lexicon and rules, for English sentiment
	Majority = "majority" // the most frequent label of the texts to learn from
	NBSVM    = "nbsvm"    // a linear model of the n-grams of the texts to learn from
)

// A System is one side of a comparison: one of Model, Baseline and Answers is set.
type System struct {
	Name     string // as comparisons have it
	Model    *classify.Model
	Baseline string // VADER, Majority or NBSVM
	Answers  string // a file of the answers of any tool, whose name ends in .csv, .tsv, .jsonl or .ndjson
}

// Parse returns the system that a name stands for if that is no model: a baseline or,
// by its ending, a file of answers.
func Parse(name string) (System, bool) {
	switch name {
	case VADER, Majority, NBSVM:
		return System{Name: name, Baseline: name}, true
	}
	return System{Name: name, Answers: name}, answersFormat(name) != ""
}

// Learns says whether a system wants texts to learn from.
func (s *System) Learns() bool { return s.Baseline == Majority || s.Baseline == NBSVM }

// Shorten leaves out the directories of the names, if that leaves them distinct.
func Shorten(systems []System) {
	short := make([]string, len(systems))
	for i, s := range systems {
		short[i] = filepath.Base(s.Name)
		if slices.Contains(short[:i], short[i]) {
			return
		}
	}
	for i := range systems {
		systems[i].Name = short[i]
	}
}

// answersFormat returns the ending of the name of a file of answers.
func answersFormat(file string) string {
	for _, ending := range []string{".csv", ".tsv", ".jsonl", ".ndjson"} {
		if strings.HasSuffix(strings.ToLower(file), ending) {
			return ending
		}
	}
	return ""
}

// predict answers q.
func (s *System) predict(ctx context.Context, q *question) (score.Predictions, error) {
	if s.Model != nil {
		return s.predictModel(ctx, q)
	}
	gold, rows, err := q.gold()
	if err != nil {
		return score.Predictions{}, err
	}
	var p *evaluate.Predictions
	if s.Answers != "" {
		p, err = q.fromFile(s.Answers, gold, rows)
	} else {
		var b baseline.Classifier
		if b, err = q.baseline(ctx, s.Baseline); err == nil {
			p, err = baseline.Predict(ctx, b, q.data.Texts(), gold, rows)
		}
	}
	if err != nil {
		return score.Predictions{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	return score.Predictions{Head: q.name, Single: p}, nil
}

func (s *System) predictModel(ctx context.Context, q *question) (score.Predictions, error) {
	head := q.head
	if s.Model.Head(head) < 0 {
		head = ""
	}
	all, err := score.Dataset(ctx, s.Model, q.data, head)
	if err != nil {
		return score.Predictions{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	p := all[0]
	q.name = p.Head
	if !p.Labelled() {
		return p, fmt.Errorf("%w: %s: head %s answers with a number, what is compared is labels", score.ErrLabels, s.Name, p.Head)
	}
	if p.Single != nil && !slices.Equal(p.Single.Labels, q.labels) {
		// Another order; or a head of more labels than the data has.
		if p.Single, err = p.Single.Restrict(q.labels...); err != nil {
			return p, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return p, nil
}
