// Package score runs a model over labelled texts and gathers its answers
// beside the gold labels, ready for package evaluate.
package score

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/nn"
)

// ErrLabels says that the labels of a data set are not those of a head.
var ErrLabels = errors.New("score: labels do not fit")

// A Pairing says which column of a data set is scored on which head.
type Pairing struct {
	Head   int // index into the model's heads
	Column int // index into the data set's heads
}

// Pair finds the columns of d that m has heads for, by name, leaving out those
// without a single label. A data set with one column of another name is scored
// on the one head there is, or that knows all of its labels, as a regression knows all
// numbers, or those of most rows. With head not empty only that head is wanted. It fails
// with ErrLabels, naming the labels, if there is nothing to score or a head knows none
// of its labels.
func Pair(m *classify.Model, d *corpora.Dataset, head string) ([]Pairing, error) {
	if head != "" && m.Head(head) < 0 {
		return nil, fmt.Errorf("%w: the model has no head %q, its heads are %s", ErrLabels, head, headNames(m))
	}
	var pairs []Pairing
	for c, name := range d.Heads {
		if h := m.Head(name); h >= 0 && (head == "" || head == name) {
			pairs = append(pairs, Pairing{h, c})
		}
	}
	if len(pairs) > 0 {
		return labelled(m, d, pairs, false)
	}
	if len(d.Heads) != 1 {
		return nil, fmt.Errorf("%w: the data has the heads %q, the model %s", ErrLabels, d.Heads, headNames(m))
	}
	if len(m.Heads()) == 1 {
		head = m.Heads()[0].Name
	}
	if head != "" {
		return labelled(m, d, []Pairing{{m.Head(head), 0}}, false)
	}
	var misfits []error
	for h := range m.Heads() {
		pair, err := labelled(m, d, []Pairing{{h, 0}}, true)
		if err != nil {
			misfits = append(misfits, err)
			continue
		}
		pairs = append(pairs, pair...)
	}
	switch len(pairs) {
	case 0:
		if pair, ok := most(m, d, 0); ok {
			return []Pairing{pair}, nil
		}
		return nil, errors.Join(misfits...)
	case 1:
		return pairs, nil
	}
	return nil, fmt.Errorf("%w: several heads know the labels of the data: name one of %s", ErrLabels, headNames(m))
}

func headNames(m *classify.Model) string {
	var names []string
	for _, h := range m.Heads() {
		names = append(names, h.Name)
	}
	return strings.Join(names, ", ")
}

// labelled returns those of the pairs whose column has labels. It fails if none
// has, or if the head of a column knows none of its labels; with all, if it lacks any.
func labelled(m *classify.Model, d *corpora.Dataset, pairs []Pairing, all bool) ([]Pairing, error) {
	var kept []Pairing
	var empty []string
	for _, p := range pairs {
		head := &m.Heads()[p.Head]
		found, foreign, err := labelsFor(head, d, p.Column)
		if err != nil {
			return nil, err
		}
		if len(foreign) == len(found) && len(found) > 0 || all && len(foreign) > 0 {
			return nil, fmt.Errorf("%w: the data has the label %q, head %s has %q; rename it with a label map", ErrLabels, foreign[0], head.Name, head.Labels)
		}
		if len(found) > 0 {
			kept = append(kept, p)
		} else {
			empty = append(empty, d.Heads[p.Column])
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("%w: none of the %d texts has a label for %s", ErrLabels, len(d.Examples), strings.Join(empty, ", "))
	}
	return kept, nil
}

// labelsFor lists the distinct labels of a column in order of first appearance, and those
// of them that the head does not know. It fails if one is no number for a regression.
func labelsFor(head *classify.Head, d *corpora.Dataset, column int) (found, foreign []string, err error) {
	seen := map[string]bool{}
	read := head.TargetReader(new(nn.Targets))
	for i := range d.Examples {
		for _, l := range Gold(d, &d.Examples[i], column, head.MultiLabel()) {
			if seen[l] {
				continue
			}
			seen[l] = true
			found = append(found, l)
			if head.Labelled() && !slices.Contains(head.Labels, l) {
				foreign = append(foreign, l)
			} else if err := read([]string{l}); err != nil {
				return nil, nil, fmt.Errorf("%w: %w", ErrLabels, err)
			}
		}
	}
	return found, foreign, nil
}

// most returns the pair of the head that knows the labels of most rows of a column, if
// those are more than half of the rows that have one and no other head knows as many.
func most(m *classify.Model, d *corpora.Dataset, column int) (best Pairing, ok bool) {
	highest := 0
	for h := range m.Heads() {
		head := &m.Heads()[h]
		rows, known := 0, 0
		for i := range d.Examples {
			gold := Gold(d, &d.Examples[i], column, head.MultiLabel())
			if len(gold) == 0 {
				continue
			}
			rows++
			if !slices.ContainsFunc(gold, func(l string) bool { return !slices.Contains(head.Labels, l) }) {
				known++
			}
		}
		if 2*known > rows && known >= highest {
			best, ok, highest = Pairing{h, column}, known > highest, known
		}
	}
	return best, ok
}

// Gold returns the labels of an example in a column. Several of a head that is not multi are
// one label, which the head does not know.
func Gold(d *corpora.Dataset, e *corpora.Example, column int, multi bool) []string {
	labels := corpora.SplitLabels(e.Label(column), d.Separator)
	if !multi && len(labels) > 1 {
		return []string{e.Label(column)}
	}
	return labels
}

// Dataset runs m over the texts of d. Texts without a label for a head are left
// out of that head's predictions. Where the data has only some of a head's
// labels, as a file of two classes for a head of three, only those are
// compared: the others' probability is shared out. A label that the head does not know
// has probability 0, so that its texts count as errors, as in scikit-learn; see
// Predictions.Foreign. The errors are ctx's, and ErrLabels as for Pair.
func Dataset(ctx context.Context, m *classify.Model, d *corpora.Dataset, head string) ([]Predictions, error) {
	return Watched(ctx, m, d, head, func(int) {})
}

// Watched is Dataset that tells how many texts have been answered, now and then.
func Watched(ctx context.Context, m *classify.Model, d *corpora.Dataset, head string, answered func(int)) ([]Predictions, error) {
	switch {
	case m == nil || len(m.Heads()) == 0:
		return nil, errors.New("score: an empty Model")
	case d == nil:
		return nil, fmt.Errorf("score: no data: %w", corpora.ErrData)
	}
	pairs, err := Pair(m, d, head)
	if err != nil {
		return nil, err
	}
	answers := make([]classify.Prediction, 0, d.Len())
	for len(answers) < d.Len() {
		window := d.Examples[len(answers):min(len(answers)+answerWindow, d.Len())]
		texts := make([]string, len(window))
		for i := range window {
			texts[i] = window[i].Text
		}
		some, err := m.PredictBatch(ctx, texts)
		if err != nil {
			return nil, err
		}
		answers = append(answers, some...)
		answered(len(answers))
	}
	return gatherAll(m.Heads(), d, pairs, answers)
}

// Answered is Dataset for answers of m that are there already, one for each text of d.
func Answered(m *classify.Model, d *corpora.Dataset, head string, answers []classify.Prediction) ([]Predictions, error) {
	pairs, err := Pair(m, d, head)
	if err != nil {
		return nil, err
	}
	return gatherAll(m.Heads(), d, pairs, answers)
}

// answerWindow is how many texts are answered at a time.
const answerWindow = 2048

// Encoded is Dataset for texts that m.Encode has already prepared.
func Encoded(ctx context.Context, m *classify.Model, d *corpora.Dataset, texts []classify.Encoded, head string) ([]Predictions, error) {
	answers, err := m.PredictEncoded(ctx, texts)
	if err != nil {
		return nil, err
	}
	return Answered(m, d, head, answers)
}

// gatherAll gathers the answers of each pair.
func gatherAll(heads []classify.Head, d *corpora.Dataset, pairs []Pairing, answers []classify.Prediction) ([]Predictions, error) {
	var out []Predictions
	for _, p := range pairs {
		one, err := gather(&heads[p.Head], d, p, answers)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Gather is Dataset for answers that are there already, one for each text of d,
// from a model of those heads or from several. Heads that d has no labels of
// are left out.
func Gather(heads []classify.Head, d *corpora.Dataset, answers []classify.Prediction) ([]Predictions, error) {
	var out []Predictions
	for h := range heads {
		p := Pairing{Head: h, Column: d.Head(heads[h].Name)}
		if p.Column < 0 {
			continue
		}
		found, _, err := labelsFor(&heads[h], d, p.Column)
		if err != nil {
			return nil, err
		}
		if found == nil {
			continue
		}
		one, err := gather(&heads[h], d, p, answers)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func gather(head *classify.Head, d *corpora.Dataset, p Pairing, answers []classify.Prediction) (Predictions, error) {
	found, foreign, err := labelsFor(head, d, p.Column)
	if err != nil {
		return Predictions{}, err
	}
	slices.Sort(foreign)
	out := newPredictions(head, foreign)
	for i := range d.Examples {
		e := &d.Examples[i]
		gold := Gold(d, e, p.Column, head.MultiLabel())
		if e.Label(p.Column) == "" || len(gold) == 0 && out.Multi == nil {
			continue // an empty set is an answer of a head of several labels alone
		}
		a := &answers[i]
		row := evaluate.Row{ID: d.Place(i).Name(), Text: e.Text, Tokens: a.Tokens}
		if int(e.Source) < len(d.Sources) {
			row.Source = d.Sources[e.Source].Name
		}
		if a.Tokens > 0 {
			row.Unknown = float64(a.Unknown) / float64(a.Tokens)
		}
		if err := out.add(head, gold, a.Scores[p.Head], row); err != nil {
			return out, fmt.Errorf("%w: %s: %w", ErrLabels, d.Place(i), err)
		}
	}
	if out.Single == nil {
		return out, nil
	}
	present := slices.DeleteFunc(slices.Clone(out.Single.Labels), func(l string) bool { return !slices.Contains(found, l) })
	if known := len(present) - len(foreign); known < 2 || known == len(head.Labels) {
		return out, nil
	}
	out.Single, err = out.Single.Restrict(present...)
	return out, err
}
