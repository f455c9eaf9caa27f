package compare

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
)

// fromFile reads the answers of any tool.
func (q *question) fromFile(file string, gold []int, rows []evaluate.Row) (*evaluate.Predictions, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var answers []evaluate.Answer
	switch answersFormat(file) {
	case ".csv":
		answers, err = evaluate.ReadAnswersCSV(bytes.NewReader(b), q.name, q.spellings()...)
	case ".tsv":
		answers, err = evaluate.ReadAnswersTSV(bytes.NewReader(b), q.name, q.spellings()...)
	default:
		answers, err = evaluate.ReadAnswersJSONL(bytes.NewReader(b), q.name, q.spellings()...)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", corpora.ErrData, err)
	}
	if answers, err = q.align(answers, rows); err != nil {
		return nil, fmt.Errorf("%w: %w", corpora.ErrData, err)
	}
	labels := slices.Clone(q.labels)
	certain := false // some answer has no probabilities
	for i := range answers {
		a := &answers[i]
		a.ID = "" // they are aligned
		if a.Label != "" {
			a.Label = q.spell(a.Label)
		}
		certain = certain || a.Probs == nil
		probs := make(map[string]float64, len(a.Probs))
		for l, v := range a.Probs {
			probs[q.spell(l)] += v
		}
		if a.Probs != nil {
			a.Probs = probs
		}
	}
	if !certain {
		more := others(answers, labels)
		for _, l := range labels {
			if more != nil && !slices.ContainsFunc(answers, func(a evaluate.Answer) bool { _, ok := a.Probs[l]; return ok }) {
				return nil, fmt.Errorf("%w: probabilities of %q, none of %q; rename labels with a label map", score.ErrLabels, more, l)
			}
		}
		labels = append(labels, more...)
	}
	p, err := evaluate.FromAnswers(q.name, labels, gold, rows, answers)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", corpora.ErrData, err)
	}
	if len(labels) > len(q.labels) {
		return p.Restrict(q.labels...)
	}
	return p, nil
}

// others lists the labels of probabilities that are not among labels, sorted.
func others(answers []evaluate.Answer, labels []string) []string {
	var more []string
	seen := make(map[string]bool)
	for _, a := range answers {
		for l := range a.Probs {
			if !seen[l] && !slices.Contains(labels, l) {
				seen[l] = true
				more = append(more, l)
			}
		}
	}
	slices.Sort(more)
	return more
}

// spell is a label of another tool as the data has it.
func (q *question) spell(label string) string {
	if to, ok := q.mapping[label]; ok {
		label = to
	}
	return corpora.CanonicalLabel(label)
}

// spellings are what other tools may call the labels of the data.
func (q *question) spellings() []string {
	all := slices.Clone(q.labels)
	for _, as := range slices.Concat([]string{"neg", "neu", "pos"}, slices.Sorted(maps.Keys(q.mapping))) {
		if slices.Contains(q.labels, q.spell(as)) {
			all = append(all, as)
		}
	}
	return all
}

// align brings answers into the order of the rows: by ID where every row has an
// answer of its ID, else as they come, one for each row of the file or for each
// labelled one. Where the data has IDs of its own, they must be the same.
func (q *question) align(answers []evaluate.Answer, rows []evaluate.Row) ([]evaluate.Answer, error) {
	byID := make(map[string]int, len(answers))
	for i, a := range answers {
		byID[a.ID] = i
	}
	out := make([]evaluate.Answer, len(rows))
	missing := -1
	for i, r := range rows {
		k, ok := byID[r.ID]
		if !ok {
			missing = i
			break
		}
		out[i] = answers[k]
	}
	if missing < 0 && len(byID) == len(answers) {
		return out, nil
	}
	switch len(answers) {
	case q.total:
		for i, k := range q.index {
			out[i] = answers[k]
		}
	case len(rows):
		copy(out, answers)
	default:
		return nil, fmt.Errorf("%d answers, want one for each of the %d rows", len(answers), q.total)
	}
	for i, r := range rows {
		place := strings.HasPrefix(r.ID, r.Source+":") // not an ID but where the row is
		if id := out[i].ID; id != "" && !place && id != r.ID {
			return nil, fmt.Errorf("answer %d is for %q, want %q", i+1, id, r.ID)
		}
	}
	return out, nil
}
