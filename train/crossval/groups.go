package crossval

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/evaluate"
	"github.com/textlstm/textlstm/evaluate/baseline"
	"github.com/textlstm/textlstm/train"
)

// A GroupResult is how a model did on the texts of a group that was left out of its
// training.
type GroupResult struct {
	Head   string               `json:"head"`
	Group  string               `json:"group"`
	Labels []string             `json:"labels"` // those that are told apart
	Model  *evaluate.Evaluation `json:"model"`

	// VADER is how its rules do on the same texts; nil where the labels are not
	// negative, positive and perhaps neutral.
	VADER *evaluate.Evaluation `json:"vader,omitempty"`
}

// Groups are what LeaveOut returns.
type Groups struct {
	Heads []classify.Head
	Names []string // of the groups, in the order of the sources
	Folds []Fold   // by group

	// GroupOf [n] is the group in which each text of the data is answered, -1 for
	// those that are not: texts without a group, and a text's second occurrence.
	GroupOf []int
	Answers []classify.Prediction // [n]

	// Own has, by head and group, the metrics on the labels that the group's
	// sources tell apart, and Common those on the labels that all groups of the
	// head do: the metrics that can be set side by side. Common is empty for a
	// head whose groups share fewer than two labels, and for one of several
	// labels to a text.
	Own, Common []GroupResult
}

// LeaveOut trains t once for each group, on the texts of the others and those of
// none, and judges it on the texts of that group: how well it does on a kind of
// texts that it has not met (scikit-learn's LeaveOneGroupOut). groups names the
// group of each of data's sources, "" for none. Neither training nor the choice of
// the epoch sees a text of the group, nor one that is equal to one of it up to case
// and white space. Where texts within a group are equal, the first alone is judged.
//
// A text is judged on the labels that its source tells apart: the likeliest of
// those is the answer, and they share all of the probability. A group without
// labels of a head is not judged on it.
//
// Errors and options are those of Run; two groups at least must have texts.
func LeaveOut(ctx context.Context, t train.Trainer, data *corpora.Dataset, groups []string, o Options) (*Groups, error) {
	if len(groups) != len(data.Sources) {
		return nil, fmt.Errorf("crossval: groups of %d sources, want %d", len(groups), len(data.Sources))
	}
	g := &Groups{Answers: make([]classify.Prediction, data.Len())}
	cuts := g.cut(data, groups)
	if len(cuts) < 2 {
		return nil, fmt.Errorf("crossval: %d groups with texts, want at least 2: %w", len(cuts), corpora.ErrData)
	}
	s, err := newSession(t, data, o, cuts)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(s.heads, func(h classify.Head) bool { return !h.Labelled() }); i >= 0 {
		return nil, fmt.Errorf("crossval: head %s answers with a number: kinds of texts are left out for labels alone: %w", s.heads[i].Name, corpora.ErrData)
	}
	g.Heads = s.heads
	tested := make([][]judged, 0, len(cuts)) // by group
	if g.Folds, err = s.run(ctx, g.Answers, func(d *corpora.Dataset, a []classify.Prediction) ([]score.Predictions, error) {
		some, err := gatherBySource(s.heads, d, a)
		var p []score.Predictions
		for _, one := range some {
			p = append(p, one.Predictions)
		}
		tested = append(tested, some)
		return p, err
	}); err != nil || !o.Shard.Whole() {
		return g, err
	}
	for _, h := range g.Heads {
		if err := g.judge(ctx, h.Name, tested); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// cut names the groups and returns one fold for each.
func (g *Groups) cut(data *corpora.Dataset, groups []string) []cut {
	g.GroupOf = make([]int, data.Len())
	of := func(i int) string { return groups[data.Examples[i].Source] }
	for i := range g.GroupOf {
		g.GroupOf[i] = -1
		if name := of(i); name != "" && !slices.Contains(g.Names, name) {
			g.Names = append(g.Names, name)
		}
	}
	var cuts []cut
	for k, name := range g.Names {
		c := cut{group: name, repeated: true}
		var all, rest []int
		for i := range data.Examples {
			if of(i) == name {
				all = append(all, i)
			} else {
				rest = append(rest, i)
			}
		}
		inside, outside := data.Subset(all), data.Subset(rest)
		again := make([]bool, len(all))
		for _, same := range inside.Duplicates() {
			for _, j := range same[1:] {
				again[j] = true
			}
		}
		for j, i := range all {
			if !again[j] {
				c.inside = append(c.inside, i)
				g.GroupOf[i] = k
			}
		}
		known := make([]bool, len(rest))
		for _, leak := range corpora.Leaks(inside, outside) {
			known[leak.Test] = true
		}
		for j, i := range rest {
			if !known[j] {
				c.outside = append(c.outside, i)
			}
		}
		cuts = append(cuts, c)
	}
	return cuts
}

// Judged predictions are those of one head, with what the source of each row
// tells apart.
type judged struct {
	score.Predictions
	may [][]string // [n] labels in the head's order; nil for a head of several labels to a text
}

// gatherBySource is score.Gather with each text judged on the labels of its
// source.
func gatherBySource(heads []classify.Head, d *corpora.Dataset, answers []classify.Prediction) ([]judged, error) {
	var out []judged
	for h := range heads {
		head := &heads[h]
		column := d.Head(head.Name)
		if column < 0 || !slices.ContainsFunc(d.Examples, func(e corpora.Example) bool { return e.Label(column) != "" }) {
			continue
		}
		if head.MultiLabel() {
			some, err := score.Gather(heads[h:h+1], d, only(answers, h))
			if err != nil {
				return nil, err
			}
			out = append(out, judged{some[0], nil})
			continue
		}
		one, err := gatherOne(head, h, d, column, answers)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// only returns the answers of one head.
func only(answers []classify.Prediction, h int) []classify.Prediction {
	one := slices.Clone(answers)
	for i := range one {
		one[i].Scores = one[i].Scores[h : h+1]
	}
	return one
}

func gatherOne(head *classify.Head, h int, d *corpora.Dataset, column int, answers []classify.Prediction) (judged, error) {
	allowed := make([][]string, len(d.Sources))
	var rows []int
	used := map[string]bool{}
	for i := range d.Examples {
		e := &d.Examples[i]
		if len(score.Gold(d, e, column, false)) == 0 {
			continue
		}
		rows = append(rows, i)
		if allowed[e.Source] == nil {
			var told []string
			if labels := d.Sources[e.Source].Labels; column < len(labels) {
				told = labels[column]
			}
			allowed[e.Source] = sourceLabels(head, told)
		}
		for _, l := range allowed[e.Source] {
			used[l] = true
		}
	}
	p := &evaluate.Predictions{Head: head.Name}
	p.Labels = slices.DeleteFunc(slices.Clone(head.Labels), func(l string) bool { return !used[l] })
	out := judged{Predictions: score.Predictions{Head: head.Name, Single: p}}
	probs := make([]float32, len(p.Labels))
	for _, i := range rows {
		e := &d.Examples[i]
		gold := slices.Index(p.Labels, score.Gold(d, e, column, false)[0])
		if gold < 0 {
			return out, fmt.Errorf("%w: the data has the label %q, head %s has %q", score.ErrLabels, e.Label(column), head.Name, head.Labels)
		}
		may := allowed[e.Source]
		given := answers[i].Scores[h].Probs
		sum := float32(0)
		for c, l := range head.Labels {
			if slices.Contains(may, l) {
				sum += given[c]
			}
		}
		for c, l := range p.Labels {
			switch {
			case !slices.Contains(may, l):
				probs[c] = 0
			case sum > 0:
				probs[c] = min(given[slices.Index(head.Labels, l)]/sum, 1)
			default:
				probs[c] = 1 / float32(len(may))
			}
		}
		p.Add(gold, probs, evaluate.Row{ID: e.ID, Text: e.Text, Source: d.Sources[e.Source].Name, Tokens: answers[i].Tokens})
		out.may = append(out.may, may)
	}
	return out, nil
}

// sourceLabels returns the labels of the head that a source tells apart, in the
// head's order. A source of one label is the file of that label: it tells it from
// all others.
func sourceLabels(head *classify.Head, labels []string) []string {
	if len(labels) < 2 {
		return head.Labels
	}
	return slices.DeleteFunc(slices.Clone(head.Labels), func(l string) bool { return !slices.Contains(labels, l) })
}

// judge fills in Own and Common for one head.
func (g *Groups) judge(ctx context.Context, head string, tested [][]judged) error {
	var names []string
	var single []*evaluate.Predictions
	var common []string // to all sources
	for k, some := range tested {
		for _, p := range some {
			if p.Head != head {
				continue
			}
			if p.Multi != nil {
				g.Own = append(g.Own, GroupResult{Head: head, Group: g.Names[k], Labels: p.Multi.Labels, Model: g.Folds[k].Heads[head]})
				continue
			}
			one, err := left(ctx, g.Names[k], p.Single, p.may)
			if err != nil {
				return err
			}
			g.Own = append(g.Own, one)
			if single == nil {
				common = slices.Clone(p.Single.Labels)
			}
			names, single = append(names, g.Names[k]), append(single, p.Single)
			for _, may := range p.may {
				common = slices.DeleteFunc(common, func(l string) bool { return !slices.Contains(may, l) })
			}
		}
	}
	if len(common) < 2 {
		return nil
	}
	for k, p := range single {
		if !slices.ContainsFunc(p.Gold, func(c int) bool { return slices.Contains(common, p.Labels[c]) }) {
			continue
		}
		p, err := p.Restrict(common...)
		if err != nil {
			return err
		}
		one, err := left(ctx, names[k], p, slices.Repeat([][]string{common}, p.Len()))
		if err != nil {
			return err
		}
		g.Common = append(g.Common, one)
	}
	return nil
}

// left evaluates p, and VADER on the same texts and labels.
func left(ctx context.Context, group string, p *evaluate.Predictions, may [][]string) (GroupResult, error) {
	l := GroupResult{Head: p.Head, Group: group, Labels: p.Labels}
	var err error
	if l.Model, err = evaluate.New(p, evaluate.Options{}); err != nil {
		return l, err
	}
	rules, err := vader(ctx, p, may)
	if err != nil || rules == nil {
		return l, err
	}
	l.VADER, err = evaluate.New(rules, evaluate.Options{})
	return l, err
}

// vader answers each row of p by VADER for the labels in may; nil if they are not
// VADER's.
func vader(ctx context.Context, p *evaluate.Predictions, may [][]string) (*evaluate.Predictions, error) {
	rows := map[string][]int{} // by labels
	var sets []string
	for i := range p.Gold {
		key := strings.Join(may[i], "\x00")
		if rows[key] == nil {
			sets = append(sets, key)
		}
		rows[key] = append(rows[key], i)
	}
	out := &evaluate.Predictions{Head: p.Head, Labels: p.Labels, Gold: p.Gold, Predicted: make([]int, p.Len())}
	for _, key := range sets {
		v, err := baseline.NewVADER(strings.Split(key, "\x00")...)
		if err != nil {
			return nil, nil // other labels
		}
		var texts []string
		for _, i := range rows[key] {
			texts = append(texts, p.Rows[i].Text)
		}
		answers, err := baseline.Predict(ctx, v, texts, make([]int, len(texts)), nil)
		if err != nil {
			return nil, err
		}
		for k, i := range rows[key] {
			out.Predicted[i] = slices.Index(p.Labels, v.Labels()[answers.Predicted[k]])
		}
	}
	return out, nil
}

// Spread returns the spread over the groups of a metric for one head, of the
// models or of VADER: on the labels that all groups have, or if there are none on
// the groups' own.
func (g *Groups) Spread(head, metric string, ofVADER bool) (Spread, error) {
	var values []float64
	for _, l := range g.Comparable(head) {
		e := l.Model
		if ofVADER {
			e = l.VADER
		}
		if e == nil {
			continue
		}
		v, err := e.Get(metric)
		if err != nil {
			return Spread{}, err
		}
		values = append(values, v)
	}
	return newSpread(slices.DeleteFunc(values, math.IsNaN)), nil
}

// Comparable returns the metrics of one head by group that can be set side by
// side: those of Common, or if there are none of Own.
func (g *Groups) Comparable(head string) []GroupResult {
	for _, list := range [][]GroupResult{g.Common, g.Own} {
		some := slices.DeleteFunc(slices.Clone(list), func(l GroupResult) bool { return l.Head != head })
		if len(some) > 0 {
			return some
		}
	}
	return nil
}
