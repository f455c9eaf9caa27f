package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
)

// A system is one side of a comparison: a model, a baseline, or the answers of
// any tool in a file.
type system struct {
	name    string
	model   *classify.Model // nil for the others
	answers string          // file
}

// The baselines, and the name of the embedded model.
const (
	vaderName    = "vader"
	majorityName = "majority"
	nbsvmName    = "nbsvm"
	defaultName  = "default"
)

// openSystem finds out what a name of the command line means. A model's name may
// end in :deep or :wide.
func openSystem(name string) (system, error) {
	s := system{name: name}
	switch name {
	case vaderName, majorityName, nbsvmName:
		return s, nil
	}
	file, branch := name, "joint"
	for _, b := range []string{"deep", "wide", "joint"} {
		if cut, ok := strings.CutSuffix(name, ":"+b); ok {
			file, branch = cut, b
		}
	}
	if answersFormat(file) != "" {
		s.answers = file
		return s, nil
	}
	if file == defaultName {
		file = ""
	}
	m, err := loadModel(file)
	if err != nil {
		return s, err
	}
	s.model, err = branchOf(m, branch)
	return s, err
}

// shorten leaves out the directories of the names, if that leaves them distinct.
func shorten(systems []system) {
	short := make([]string, len(systems))
	for i, s := range systems {
		short[i] = filepath.Base(s.name)
		if slices.Contains(short[:i], short[i]) {
			return
		}
	}
	for i := range systems {
		systems[i].name = short[i]
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

// A question is one column of labels that all systems answer.
type question struct {
	name    string           // of the models' head, else of the column
	data    *corpora.Dataset // its labelled rows, with this column alone
	index   []int            // of the rows of data in the file
	total   int              // rows of the file
	train   *corpora.Dataset // likewise; nil without --train
	head    string           // wanted by --score
	labels  []string         // sorted
	mapping map[string]string
	seed    uint64
}

// column returns the rows of d that have a label in column c, with that column
// alone, and their indices.
func column(d *corpora.Dataset, c int) (*corpora.Dataset, []int) {
	one := &corpora.Dataset{Heads: d.Heads[c : c+1], Separator: d.Separator}
	for _, s := range d.Sources {
		one.Sources = append(one.Sources, corpora.Source{Name: s.Name, Labels: s.Labels[c : c+1]})
	}
	var index []int
	for i, e := range d.Examples {
		if l := e.Label(c); l != "" {
			e.Labels = []string{l}
			one.Examples = append(one.Examples, e)
			index = append(index, i)
		}
	}
	return one, index
}

// predict answers q.
func (s *system) predict(ctx context.Context, q *question) (score.Predictions, error) {
	if s.model != nil {
		return s.predictModel(ctx, q)
	}
	gold, rows, err := q.gold()
	if err != nil {
		return score.Predictions{}, err
	}
	var p *evaluate.Predictions
	if s.answers != "" {
		p, err = q.fromFile(s.answers, gold, rows)
	} else {
		var b baseline.Classifier
		if b, err = q.baseline(ctx, s.name); err == nil {
			p, err = baseline.Predict(ctx, b, q.texts(), gold, rows)
		}
	}
	if err != nil {
		return score.Predictions{}, fmt.Errorf("%s: %w", s.name, err)
	}
	return score.Predictions{Head: q.name, Single: p}, nil
}

func (s *system) predictModel(ctx context.Context, q *question) (score.Predictions, error) {
	head := q.head
	if s.model.Head(head) < 0 {
		head = ""
	}
	all, err := score.Dataset(ctx, s.model, q.data, head)
	if err != nil {
		return score.Predictions{}, fmt.Errorf("%s: %w", s.name, err)
	}
	p := all[0]
	q.name = p.Head
	if p.Single != nil && !slices.Equal(p.Single.Labels, q.labels) {
		// Another order; or a head of more labels than the data has.
		if p.Single, err = p.Single.Restrict(q.labels...); err != nil {
			return p, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return p, nil
}

func (q *question) texts() []string {
	texts := make([]string, q.data.Len())
	for i := range texts {
		texts[i] = q.data.Examples[i].Text
	}
	return texts
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
	if name == vaderName {
		v, err := baseline.NewVADER(q.labels...)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", score.ErrLabels, err)
		}
		return v, nil
	}
	if q.train == nil {
		return nil, usagef("%s learns from texts: name them with --train", name)
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
	if name == majorityName {
		return baseline.NewMajority(q.labels, counts)
	}
	return baseline.FitNBSVM(ctx, q.labels, texts, gold, baseline.NBSVMOptions{Seed: q.seed})
}

// fromFile reads the answers of any tool.
func (q *question) fromFile(file string, gold []int, rows []evaluate.Row) (*evaluate.Predictions, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var answers []evaluate.Answer
	switch answersFormat(file) {
	case ".csv":
		answers, err = evaluate.ReadAnswersCSV(bytes.NewReader(b), q.name)
	case ".tsv":
		answers, err = evaluate.ReadAnswersTSV(bytes.NewReader(b), q.name)
	default:
		answers, err = evaluate.ReadAnswersJSONL(bytes.NewReader(b), q.name)
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
		a.Label = q.spell(a.Label)
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
