package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/evaluate/baseline"
	"github.com/textlstm/textlstm/evaluate/checklist"
)

// Asked returns what a checklist asks, and the labels that it has: a model's head of
// that name, or with "" the one that knows most of the suite's labels; or VADER, whose
// answers count as certain. Other systems cannot be asked about new texts, which is an
// error; score.ErrLabels says that no head fits, or more than one.
func (s *System) Asked(head string, suite checklist.Suite) ([]string, checklist.Classifier, error) {
	switch {
	case s.Baseline == VADER:
		v, err := baseline.NewVADER("negative", "neutral", "positive")
		if err != nil {
			return nil, nil, err
		}
		return v.Labels(), certain(v), nil
	case s.Model == nil:
		return nil, nil, errors.New("compare: only a model or vader can be asked")
	}
	h, err := headFor(s.Model, head, suite.Labels())
	if err != nil {
		return nil, nil, err
	}
	if asked := &s.Model.Heads()[h]; !asked.Labelled() {
		return nil, nil, fmt.Errorf("%w: head %s answers with a number, a checklist is about labels", score.ErrLabels, asked.Name)
	}
	return s.Model.Heads()[h].Labels, func(ctx context.Context, texts []string) ([][]float32, error) {
		answers, err := s.Model.PredictBatch(ctx, texts)
		if err != nil {
			return nil, err
		}
		probs := make([][]float32, len(texts))
		for i := range answers {
			probs[i] = answers[i].Scores[h].Probs
		}
		return probs, nil
	}, nil
}

// headFor returns the head of that name, or the one that knows most of the labels.
// A suite without labels suits a model of one head.
func headFor(m *classify.Model, name string, labels []string) (int, error) {
	heads := m.Heads()
	if name != "" {
		if h := m.Head(name); h >= 0 {
			return h, nil
		}
		return 0, fmt.Errorf("%w: the model has no head %q", score.ErrLabels, name)
	}
	if len(labels) == 0 && len(heads) == 1 {
		return 0, nil
	}
	best, most, several := -1, 0, false
	for h := range heads {
		n := 0
		for _, l := range labels {
			if slices.Contains(heads[h].Labels, l) {
				n++
			}
		}
		switch {
		case n > most:
			best, most, several = h, n, false
		case n == most && best >= 0:
			several = true
		}
	}
	if best < 0 || several {
		return 0, fmt.Errorf("%w: the suite is about %q: no head, or more than one, knows them: name one with --score", score.ErrLabels, labels)
	}
	return best, nil
}

// certain gives the label of b all of the probability.
func certain(b baseline.Classifier) checklist.Classifier {
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		probs := make([][]float32, len(texts))
		for i, text := range texts {
			label, _ := b.Classify(nil, text)
			probs[i] = make([]float32, len(b.Labels()))
			probs[i][label] = 1
		}
		return probs, ctx.Err()
	}
}
